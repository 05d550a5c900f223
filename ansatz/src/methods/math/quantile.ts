/** Distribution functions and their inverses, from jStat (checked against SciPy in quantile.test.ts). */

import jstat from 'jstat';

/** P(Z ≤ x) for the standard normal. */
export { cdf as normalCdf } from './normal.ts';

/** Quantile of Student's t: the x with P(T ≤ x) = p. p in (0, 1), df > 0. */
export function studentQuantile(p: number, df: number): number {
  return jstat.studentt.inv(p, df);
}

/** P(T ≤ x) for Student's t with df > 0 degrees of freedom. */
export function studentCdf(x: number, df: number): number {
  return jstat.studentt.cdf(x, df);
}

/** Quantile of the standard normal. p in (0, 1). */
export function normalQuantile(p: number): number {
  return jstat.normal.inv(p, 0, 1);
}

/** Quantile of Snedecor's F with `df1` and `df2` degrees of freedom. p in (0, 1). */
export function fQuantile(p: number, df1: number, df2: number): number {
  return jstat.centralF.inv(p, df1, df2);
}

/** P(F ≤ x) for Snedecor's F with `df1` and `df2` degrees of freedom. x ≥ 0. */
export function fCdf(x: number, df1: number, df2: number): number {
  return x <= 0 ? 0 : x === Infinity ? 1 : jstat.centralF.cdf(x, df1, df2);
}
