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
