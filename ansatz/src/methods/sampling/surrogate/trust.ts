/**
 * A box around the best point, for searches in many dimensions that stand still: the trust region of TuRBO (Eriksson et
 * al. 2019, arXiv 1910.01739). Expected improvement looks where the surrogate is least sure, and over many dimensions that
 * is nearly everywhere; what is left to gain close by is then never looked for. While the search makes headway, it is better
 * off without (docs/log.md).
 */

import type { Observation } from '../sampler.ts';
import type { Box } from './search.ts';

/** Side of the box when it is first drawn, beside the whole range; it is given up when it grows or shrinks beyond these. */
const FIRST = 0.4;
const WIDEST = 0.8;
const NARROWEST = 0.5 ** 7;
/** Gains in a row that double the side. */
const GAINS = 3;
/** What counts as a gain, as a share of the best loss. */
const LEAST_GAIN = 1e-3;

/**
 * Side of the box after a history, replayed from its beginning; undefined while the whole space is searched. As many
 * results in a row without a gain as there are dimensions draw it; half as many halve it, three gains in a row double it.
 * Pending points and results of other studies say nothing, and the first `startup` results are of points that were
 * not meant to be better.
 */
export function trustSide(history: readonly Observation[], dimensions: number, startup: number): number | undefined {
  let side: number | undefined;
  let [best, gained, failed, seen] = [Infinity, 0, 0, 0];
  for (const { status, loss, study } of history) {
    if (status === 'pending' || study !== undefined) continue;
    const better = loss !== undefined && loss < best - (best === Infinity ? 0 : LEAST_GAIN * Math.abs(best));
    if (loss !== undefined && loss < best) best = loss;
    if (++seen <= startup) continue;
    [gained, failed] = better ? [gained + 1, 0] : [0, failed + 1];
    if (side === undefined) {
      if (failed >= dimensions) [side, gained, failed] = [FIRST, 0, 0];
      continue;
    }
    if (gained >= GAINS) [side, gained] = [2 * side, 0];
    if (failed >= dimensions / 2) [side, failed] = [side / 2, 0];
    if (side < NARROWEST || side > WIDEST) [side, gained, failed] = [undefined, 0, 0];
  }
  return side;
}

/**
 * The box with that side around a row of a layout: longer where the loss changes slowly, in proportion to the length scales
 * (`lengths`, natural logarithms), shorter where it changes fast, by a factor of `most` at the most. Choices without order
 * are free.
 */
export function trustBox(
  centre: ArrayLike<number>,
  side: number,
  lengths: ArrayLike<number>,
  category: ArrayLike<number>,
  most = Infinity,
): Box {
  const d = centre.length;
  const low = new Float64Array(d);
  const high = new Float64Array(d).fill(1);
  let middle = 0;
  for (let i = 0; i < d; i++) middle += lengths[i]! / d;
  for (let i = 0; i < d; i++) {
    // A parameter that does not matter at the centre has no place to stay near to.
    if (category[i] === 1 || centre[i]! < 0) continue;
    const stretched = Math.min(most, Math.max(1 / most, Math.exp(lengths[i]! - middle)));
    const half = (side * stretched) / 2;
    low[i] = Math.max(0, centre[i]! - half);
    high[i] = Math.min(1, centre[i]! + half);
  }
  return { low, high };
}
