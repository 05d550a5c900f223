/**
 * Looking after every run without fooling oneself: the normal mixture of Robbins (1970, Ann. Math. Stat. 41,
 * 1397-1409), as intervals and as evidence. Both hold at every moment at once, so one may stop whenever one likes.
 */

import { logCdf } from '../math/normal.ts';
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from '../math/quantile.ts';

/**
 * Radius of the confidence sequence of a mean after `t` > 0 results of standard deviation 1:
 * √((t r + 1) / (t² r) · 2 ln(√(t r + 1) / alpha)). `alpha` in (0, 1) is two-sided; `spread` r > 0 is the variance of
 * the mixing normal, see {@link spreadFor}. For a difference of means `t` is the information 1 / (1/n + 1/m).
 */
export function mixtureRadius(t: number, alpha: number, spread = 1): number {
  const grown = t * spread + 1;
  return Math.sqrt((grown / (t * t * spread)) * 2 * Math.log(Math.sqrt(grown) / alpha));
}

/**
 * The spread that makes the radius at `t` results nearly the smallest it can be at level `alpha`
 * (Howard et al. 2021, Ann. Stat. 49, eq. 3.7): it is elsewhere wider, and valid all the same.
 */
export function spreadFor(t: number, alpha: number): number {
  const twice = -2 * Math.log(alpha);
  return (twice + Math.log(twice) + 1) / t;
}

/** The standard normal deviate with the tail of a Student t deviate: what the pair says when the variance is estimated. */
export function normalEquivalent(t: number, df: number): number {
  if (!(df < 1e4)) return t;
  const tail = studentCdf(-Math.abs(t), df);
  // Beyond what the quantile can resolve, the ratio of logarithms goes on.
  const z = tail > 1e-300 ? -normalQuantile(tail) : 37;
  return Math.sign(t) * Math.min(Math.abs(t), Math.max(0, z));
}

/** The other way round: the Student t deviate with the tail of a standard normal one. */
export function studentEquivalent(z: number, df: number): number {
  if (!(df < 1e4)) return z;
  const tail = Math.max(1e-15, normalCdf(-Math.abs(z)));
  return Math.sign(z) * Math.max(Math.abs(z), -studentQuantile(tail, df));
}

/**
 * ln of the evidence (e-value) for "better" against "not better" after `t` results whose mean lies `z` standard errors
 * above 0: the likelihood ratio averaged over a half-normal of variance `spread` for the true mean. Under "not better"
 * the chance that it ever reaches ln(1/alpha) is at most alpha (Ville 1939).
 */
export function logEvidence(z: number, t: number, spread = 1): number {
  const grown = t * spread + 1;
  const share = (t * spread) / grown;
  return Math.LN2 - 0.5 * Math.log(grown) + 0.5 * z * z * share + logCdf(z * Math.sqrt(share));
}

/** The smallest deviate z at which {@link logEvidence} reaches ln(1/alpha). One-sided alpha in (0, 1). */
export function boundary(t: number, alpha: number, spread = 1): number {
  const goal = -Math.log(alpha);
  let low = 0;
  let high = 1;
  while (logEvidence(high, t, spread) < goal) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (logEvidence(middle, t, spread) < goal) low = middle;
    else high = middle;
  }
  return high;
}
