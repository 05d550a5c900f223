/** Random numbers of the gamma family. */

import type { Rng } from '../math/rng.ts';

/** Gamma with shape > 0 and scale 1 (Marsaglia & Tsang 2000, ACM TOMS 26(3); below shape 1 by their remark on it). */
export function gamma(shape: number, random: Rng): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Beta(a, b) in (0, 1); a, b > 0. */
export function beta(a: number, b: number, random: Rng): number {
  const x = gamma(a, random);
  return x / (x + gamma(b, random));
}

/** Chi-square with df > 0 degrees of freedom. */
export function chiSquare(df: number, random: Rng): number {
  return 2 * gamma(df / 2, random);
}
