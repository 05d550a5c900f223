/** Rank correlation. Spearman, "The proof and measurement of association between two things", 1904; ties share their mean rank. */

import { normalCdf } from '../math/quantile.ts';

/**
 * Spearman's ρ of two lists of equal length: 1 when both order things alike, −1 when the other way round. NaN below two
 * entries, where one list is all alike, or where a value is no number.
 */
export function spearman(a: readonly number[], b: readonly number[]): number {
  if (a.length < 2 || [...a, ...b].some(Number.isNaN)) return NaN;
  return correlation(ranksOf(a), ranksOf(b));
}

/** Pearson's correlation of two lists of ranks. */
function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (x.length + 1) / 2;
  const product = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, rank, i) => sum + (rank - mean) * (other[i]! - mean), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

/**
 * The same where values carry noise: `within` are the differences of each list (in its unit, 0 or more) that mean
 * little. A pair counts as ordered by Φ(difference ÷ within), so that two values which cannot be told apart share their
 * ranks, about; with 0 for both it is Spearman's ρ.
 */
export function softSpearman(a: readonly number[], b: readonly number[], within: readonly [number, number]): number {
  if (a.length < 2 || [...a, ...b].some(Number.isNaN)) return NaN;
  const soft = (values: readonly number[], width: number): number[] =>
    width > 0 ? values.map((x) => values.reduce((sum, y) => sum + normalCdf((x - y) / width), 0.5)) : ranksOf(values);
  return correlation(soft(a, within[0]), soft(b, within[1]));
}

/** Rank of each value from 1, the lowest first; equal ones share the mean of the ranks they would have. */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value);
  const ranks = values.map(() => 0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && order[to]!.value === order[from]!.value) to++;
    for (let at = from; at < to; at++) ranks[order[at]!.i] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
