export { rng, type Rng } from './rng.ts';
export { sobol, SOBOL_MAX_DIMENSION } from './sobol.ts';
export { studentQuantile, studentCdf, normalQuantile, normalCdf, fQuantile } from './quantile.ts';
export { mean, variance, median, quantile } from './summary.ts';
