/** A score near the best that can be had: what is gained there can hardly be seen. */

/** Standard errors between a score and its ceiling within which it is saturated, and from which on it counts in full. */
const NEAR = 2;
const FULL = 4;

/** Whether a score lies within two of its standard errors of the ceiling. */
export function saturated(score: number, ceiling: number, se: number): boolean {
  return ceiling - score <= NEAR * se;
}

/**
 * What a score counts beside others, in [0, 1]: the way to the ceiling in units of four standard errors. A score at its
 * ceiling counts nothing, a saturated one at most half.
 */
export function headroom(score: number, ceiling: number, se: number): number {
  if (!(se > 0)) return ceiling > score ? 1 : 0;
  return Math.min(1, Math.max(0, (ceiling - score) / (FULL * se)));
}

/** Weighted mean; the plain one where nothing has any weight. */
export function combined(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, w) => sum + w, 0);
  const counted = total > 0 ? weights : weights.map(() => 1);
  return values.reduce((sum, value, i) => sum + value * counted[i]!, 0) / counted.reduce((sum, w) => sum + w, 0);
}
