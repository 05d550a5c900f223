export {
  type Chinchilla,
  type Fitted,
  type Runs,
  chinchillaLoss,
  computeOptimal,
  exponents,
  fitChinchilla,
} from './chinchilla.ts';
export { type Bootstrap, type PerParameter, bootstrapChinchilla } from './bootstrap.ts';
export { type Identified, chinchillaWarnings, identify } from './identify.ts';
export { type FittedLaw } from './laws.ts';
export { type LawName, LAWS, backtest, fitLaw, identifyLaw, toldOf } from './curves.ts';
export { type Choice, type LawForecast, WIDTHS, chooseLaw, doubt, forecastLaw, strongest } from './auto.ts';
export { type IsoFit, type Isoflop, type IsoRun, type Optimum, fitIsoflop } from './isoflop.ts';
export {
  type DataConstrained,
  type Decay,
  type RepeatedRuns,
  MUENNIGHOFF,
  dataConstrainedObjective,
  fitDataConstrained,
  repeatedLoss,
} from './dataconstrained.ts';
export { type Attempts, type BetaFit, betaObjective, coverage, fitBeta, meanPassAtK, passAtK } from './passk.ts';
export {
  type AnswerCounts,
  type Scored,
  bestOfK,
  bestOfKDivergence,
  majorityAtK,
  majorityLimit,
  voteOf,
} from './votes.ts';
export {
  type Scores,
  type Sigmoid,
  type SigmoidName,
  type SigmoidParams,
  fitSigmoid,
  sigmoidRange,
  sigmoidSlope,
} from './sigmoid.ts';
export {
  type Climbed,
  type ClimbedTask,
  type ClimbWish,
  LADDER_WIDTHS,
  type Target,
  type Task,
  climb,
  climbTask,
  computeBacktest,
  ladderDoubt,
  largestOut,
  lossBacktest,
  taskBacktest,
} from './ladder.ts';
export { combined, headroom, saturated } from './saturation.ts';
export { type Contender, type Forecasts, type NextRun, type ScaleRun, forecastScales, LEAST_SCALES } from './scales.ts';
