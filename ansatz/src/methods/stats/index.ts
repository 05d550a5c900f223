export { sampleNoise, type Noise, type SampleNoise } from './noise.ts';
export { compare, meanMargin, type Comparison, type Sample } from './compare.ts';
export { type Outcome, violationOf, dominates, beats, fronts, crowding, nondominated, hypervolume } from './pareto.ts';
export { importances, type Importance, type ImportanceOptions, type Result } from './importance.ts';
export {
  fitForest,
  marginal,
  decompose,
  type Forest,
  type ForestOptions,
  type Spread,
  type Decomposition,
} from './forest.ts';
export { wilson } from './wilson.ts';
export { pressedEdges, type PressedEdge } from './edges.ts';
