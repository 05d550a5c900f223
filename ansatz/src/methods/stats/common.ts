/** Do runs with the same seed share their luck? Then a paired comparison needs fewer of them. */

import { mean } from '../math/summary.ts';

/** Results of one trial by seed. */
export type BySeed = ReadonlyMap<number, number>;

/** The share of the noise that comes with the seed, whatever the setting. */
export interface Common {
  /** Correlation of two settings' results at the same seed, in [−1, 1]; 0 while unknown (`pairs` is 0). */
  readonly rho: number;
  /** What a test may count on: two standard errors below `rho`, never below 0 or above .95. */
  readonly usable: number;
  /** Pairs of residuals it rests on. */
  readonly pairs: number;
}

/** Pairs of results below which nothing is counted on. */
const FEWEST = 4;

/**
 * Correlation of results at common random numbers, from trials that were run with several of the same seeds. Each pair
 * of trials gives the covariance of its results over the seeds they share, degrees of freedom one less than those. On
 * devices whose arithmetic is not repeatable it may well be 0: it is measured, never assumed.
 */
export function commonLuck(trials: readonly BySeed[]): Common {
  let product = 0;
  let squares = 0;
  let df = 0;
  for (let a = 0; a < trials.length; a++) {
    for (let b = a + 1; b < trials.length; b++) {
      const seeds = [...trials[a]!.keys()].filter((seed) => trials[b]!.has(seed));
      if (seeds.length < 2) continue;
      const xs = seeds.map((seed) => trials[a]!.get(seed)!);
      const ys = seeds.map((seed) => trials[b]!.get(seed)!);
      const [mx, my] = [mean(xs), mean(ys)];
      for (let i = 0; i < seeds.length; i++) {
        product += (xs[i]! - mx) * (ys[i]! - my);
        squares += ((xs[i]! - mx) ** 2 + (ys[i]! - my) ** 2) / 2;
      }
      df += seeds.length - 1;
    }
  }
  if (df === 0 || squares === 0) return { rho: 0, usable: 0, pairs: 0 };
  const rho = Math.max(-1, Math.min(1, product / squares));
  // Pairs of trials share members: count each trial's own degrees of freedom once.
  const independent = Math.min(df, trials.reduce((sum, trial) => sum + Math.max(0, trial.size - 1), 0) / 2);
  const error = (1 - rho * rho) / Math.sqrt(Math.max(1, independent - 1));
  const usable = independent < FEWEST ? 0 : Math.min(0.95, Math.max(0, rho - 2 * error));
  return { rho, usable, pairs: df };
}
