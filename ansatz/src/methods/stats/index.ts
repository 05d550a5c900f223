export { sampleNoise, type Noise, type SampleNoise } from './noise.ts';
export { compare, meanMargin, type Comparison, type Sample } from './compare.ts';
export { type Outcome, violationOf, dominates, beats, fronts, crowding, nondominated, hypervolume } from './pareto.ts';
