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
export { type LawName, LAWS, backtest, fitLaw, identifyLaw } from './curves.ts';
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
export { type Attempts, type BetaFit, coverage, fitBeta, meanPassAtK, passAtK } from './passk.ts';
