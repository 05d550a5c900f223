/** Losses made fit for a Gaussian process. */

import { normalQuantile } from '../../math/quantile.ts';

/** Standardised values, and the same map for one loss. */
export interface Warped {
  readonly values: Float64Array;
  readonly map: (loss: number) => number;
}

/** How the worse losses are pressed together. */
export type Pressing = 'soft' | 'ranks';

/** Losses this many spreads above the median begin to be pressed, softly, and never stand further out than so many more. */
const SOFT = 2;
const MOST_OVER = 3;

/**
 * Keep the better half of the losses as they are and press the worse together, so that one huge loss does not flatten
 * all others; then standardise to mean 0, variance 1. Losses must be finite. `soft`: from two spreads of the better
 * half above the median on, by a logarithm up to three more: one run that diverged to 1e16 would else be all the
 * variance. `ranks`: by Gaussian quantiles of their ranks (Song et al. 2024, Vizier's half-rank warper, arXiv
 * 2408.11527), for losses that mean different things, such as those of unfinished runs.
 */
export function warp(losses: ArrayLike<number>, pressing: Pressing = 'soft'): Warped {
  const n = losses.length;
  const size = Array.from(losses).reduce((most, loss) => Math.max(most, Math.abs(loss)), 0);
  // Squares of numbers beyond 1e154 are no numbers, and those below 1e-154 nothing.
  if (size > 1e100 || (size < 1e-100 && size > 0)) {
    const { values, map } = warp(
      Float64Array.from(losses, (loss) => loss / size),
      pressing,
    );
    return { values, map: (loss) => map(loss / size) };
  }
  const sorted = Float64Array.from(losses).sort();
  const middle = sorted[Math.floor((n - 1) / 2)]!;
  let squares = 0;
  let count = 0;
  for (const loss of sorted) {
    if (loss > middle) break;
    squares += (loss - middle) ** 2;
    count++;
  }
  const spread = Math.sqrt(squares / Math.max(1, count)) || (sorted[n - 1]! - sorted[0]!) / 2 || 1;
  const half = (loss: number): number => {
    if (loss <= middle) return loss;
    if (pressing === 'soft') {
      const over = (loss - middle) / spread - SOFT;
      return over <= 0 ? loss : middle + spread * (SOFT + Math.min(MOST_OVER, Math.log1p(over)));
    }
    // Mid-rank among all, mapped to the upper half of a normal.
    const rank = (below(sorted, loss) + upTo(sorted, loss)) / 2;
    const p = 0.5 + (0.5 * (rank - n / 2)) / (n / 2 + 1);
    return middle + spread * normalQuantile(Math.min(0.999, Math.max(0.5 + 1e-6, p)));
  };
  const cache = new Map<number, number>();
  const values = Float64Array.from({ length: n }, (_, i) => {
    const loss = losses[i]!;
    let value = cache.get(loss);
    if (value === undefined) cache.set(loss, (value = half(loss)));
    return value;
  });
  let mean = 0;
  for (const value of values) mean += value / n;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / n;
  const sd = Math.sqrt(variance) || 1;
  for (let i = 0; i < n; i++) values[i] = (values[i]! - mean) / sd;
  return { values, map: (loss) => (half(loss) - mean) / sd };
}

/** How many of the sorted numbers are less than x. */
function below(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many are at most x. */
function upTo(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
