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
