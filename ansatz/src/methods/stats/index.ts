export { sampleNoise, type Noise, type SampleNoise } from './noise.ts';
export { pooledNoise, brownForsythe } from './pool.ts';
export { commonLuck, type BySeed, type Common } from './common.ts';
export { compare, meanMargin, type Comparison, type Sample, type Shared } from './compare.ts';
export { mixtureRadius, spreadFor, logEvidence, boundary, normalEquivalent, studentEquivalent } from './confidence.ts';
export { nextBoundary, type Look } from './sequential.ts';
export { effectPrior, shrink, type EffectPrior } from './shrink.ts';
export { holm, spend } from './family.ts';
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
export { ranksOf, softSpearman, spearman } from './rank.ts';
export { pressedEdges, type PressedEdge } from './edges.ts';
