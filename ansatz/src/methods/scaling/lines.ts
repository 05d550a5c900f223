/**
 * Lines of several recipes at once: a_k − c_k z for each, the slopes c drawn to a common one, and to each other where recipes
 * are alike. Bayesian, linear and normal: c ~ N(slope, spread² R), noise of known size, flat priors on the intercepts, or where
 * recipes are known to be alike a flat one on their common level and N(0, height² R) about it: of many runs of nearly the same,
 * the luckiest is not the best.
 */

import { factor, inverse, solve } from '../math/cholesky.ts';

/** A point of a line: v = a − c u + noise of standard deviation `sd`. */
export interface Place {
  readonly u: number;
  readonly v: number;
  readonly sd: number;
}

/** What is believed of the lines; recipes by their index. */
export interface Lines {
  readonly slope: (k: number) => number;
  /** The line of recipe k at z. */
  readonly at: (k: number, z: number) => number;
  /** Covariance of line i at zi and line j at zj. */
  readonly covariance: (i: number, zi: number, j: number, zj: number) => number;
}

/** More recipes than this are taken one by one: a matrix of all would take longer than it tells. */
const MOST_TOGETHER = 80;
/** What two recipes that are alike in all may still differ by, as a share of the variance between slopes. */
const OWN_SHARE = 0.02;
/** Heights may lie further apart than those that were seen do, by this factor; their level is as good as free at so many of it. */
const WIDER = 2;
const FLAT = 10;

/** The beliefs; `alike` is how far the slopes of two recipes go together, in [0, 1] and a valid correlation; absent = not at all. */
export function believeLines(
  places: readonly (readonly Place[])[],
  slope: number,
  spread: number,
  alike?: (i: number, j: number) => number,
): Lines {
  const n = places.length;
  if (alike === undefined || n > MOST_TOGETHER) return oneByOne(places, slope, spread);
  const { level, height } = heightOf(places, slope);
  const slopes = priorPrecision(n, (i, j) => spread ** 2 * shared(alike, i, j));
  const heights = priorPrecision(n, (i, j) => height ** 2 * (shared(alike, i, j) + FLAT ** 2));
  if (slopes === undefined || heights === undefined) return oneByOne(places, slope, spread);
  const m = 2 * n;
  const p = new Float64Array(m * m);
  const mean = new Float64Array(m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, c] = [heights(i, j), slopes(i, j)];
      p[i * m + j]! += a;
      p[(n + i) * m + n + j]! += c;
      mean[i]! += a * level;
      mean[n + i]! += c * slope;
    }
  places.forEach((group, k) => {
    for (const { u, v, sd } of group) {
      const w = 1 / (sd * sd);
      p[k * m + k]! += w;
      p[k * m + n + k]! -= u * w;
      p[(n + k) * m + k]! -= u * w;
      p[(n + k) * m + n + k]! += u * u * w;
      mean[k]! += v * w;
      mean[n + k]! -= u * v * w;
    }
  });
  if (!factor(p, m)) return oneByOne(places, slope, spread);
  solve(p, m, m, mean);
  const sigma = inverse(p, m, m);
  const cov = (i: number, j: number): number => sigma[Math.max(i, j) * m + Math.min(i, j)]!;
  return {
    slope: (k) => mean[n + k]!,
    at: (k, z) => mean[k]! - mean[n + k]! * z,
    covariance: (i, zi, j, zj) => cov(i, j) - zj * cov(i, n + j) - zi * cov(n + i, j) + zi * zj * cov(n + i, n + j),
  };
}

/** The part of a correlation that two recipes have in common, and the rest of it that is each one's own. */
function shared(alike: (i: number, j: number) => number, i: number, j: number): number {
  return (1 - OWN_SHARE) * alike(i, j) + (i === j ? OWN_SHARE : 0);
}

/** The inverse of a covariance; undefined where it has none. */
function priorPrecision(
  n: number,
  covariance: (i: number, j: number) => number,
): ((i: number, j: number) => number) | undefined {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = covariance(i, j);
  if (!factor(matrix, n)) return undefined;
  const precision = inverse(matrix, n, n);
  return (i, j) => precision[Math.max(i, j) * n + Math.min(i, j)]!;
}

/** Where the lines lie in the middle, and how far apart: by each alone under the common slope. */
function heightOf(
  places: readonly (readonly Place[])[],
  slope: number,
): { readonly level: number; readonly height: number } {
  const own = places.map((group) => group.reduce((sum, { u, v }) => sum + v + slope * u, 0) / group.length);
  const level = own.reduce((sum, a) => sum + a, 0) / own.length;
  const squares = own.reduce((sum, a) => sum + (a - level) ** 2, 0) / Math.max(1, own.length - 1);
  const noise = Math.max(...places.flat().map(({ sd }) => sd));
  return { level, height: Math.max(noise, WIDER * Math.sqrt(squares)) };
}

/** The same without a word of any about another: a two by two system for each. */
function oneByOne(places: readonly (readonly Place[])[], slope: number, spread: number): Lines {
  const lines = places.map((group) => {
    let [p00, p01, p11] = [0, 0, spread ** -2];
    let [r0, r1] = [0, slope * spread ** -2];
    for (const { u, v, sd } of group) {
      const w = 1 / (sd * sd);
      p00 += w;
      p01 -= u * w;
      p11 += u * u * w;
      r0 += v * w;
      r1 -= u * v * w;
    }
    const d = p00 * p11 - p01 * p01;
    const [aa, ac, cc] = [p11 / d, -p01 / d, p00 / d];
    return { a: aa * r0 + ac * r1, c: ac * r0 + cc * r1, aa, ac, cc };
  });
  return {
    slope: (k) => lines[k]!.c,
    at: (k, z) => lines[k]!.a - lines[k]!.c * z,
    covariance: (i, zi, j, zj) => {
      if (i !== j) return 0;
      const { aa, ac, cc } = lines[i]!;
      return aa - (zi + zj) * ac + zi * zj * cc;
    },
  };
}

/** Spreads that are looked at, in units of the guess. */
const SPREADS = Array.from({ length: 41 }, (_, i) => 10 ** ((i - 20) / 20));

/**
 * How much slopes differ beyond noise: the likeliest spread under normal slopes of which each is known to its own variance,
 * with a guess that counts as much as `weight` of them. (Moments would let one badly known slope speak as loudly as all.)
 */
export function spreadOf(
  own: readonly { readonly slope: number; readonly variance: number }[],
  guess: number,
  weight: number,
): number {
  let [best, most] = [guess, -Infinity];
  for (const times of SPREADS) {
    const spread = times * guess;
    const known = own.map((one) => ({ ...one, w: 1 / (spread ** 2 + one.variance) }));
    const total = known.reduce((sum, { w }) => sum + w, 0);
    const centre = known.reduce((sum, one) => sum + one.w * one.slope, 0) / (total || 1);
    let value = -weight * (Math.log(spread) + 0.5 * (guess / spread) ** 2);
    for (const { slope, w } of known) value += 0.5 * (Math.log(w) - w * (slope - centre) ** 2);
    // The centre was fitted to them.
    if (known.length > 0) value -= 0.5 * Math.log(total);
    if (value > most) [best, most] = [spread, value];
  }
  return best;
}
