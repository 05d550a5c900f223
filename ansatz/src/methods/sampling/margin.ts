/**
 * Whole numbers for CMA-ES: a distribution over the line, seen through cells that each stand for one value.
 *
 * The margin keeps every neighbouring value reachable: Hamano, Saito, Nomura & Shirakawa 2022, "CMA-ES with Margin"
 * (arXiv 2205.13482), eq. 10-21, with each cell's own edges instead of cells of equal width, so that it serves
 * logarithmic scales too.
 */

import { normalCdf, normalQuantile } from '../math/quantile.ts';
import { decodeParam, encodeParam, gridOf } from '../space/encode.ts';
import type { Domain } from '../space/space.ts';

/** The stretch of the line that stands for one value; the outer edges of the first and the last are infinite. */
export interface Cell {
  readonly low: number;
  readonly high: number;
}

/** Whether a parameter has a grid: ints, quantised floats and ordered choices. */
export function hasCells(param: Domain): boolean {
  return param.kind === 'choice' || gridOf(param) > 0;
}

/** The cell around u, for a parameter with a grid and at least two values. */
export function cellAt(param: Domain, u: number): Cell {
  if (param.kind === 'choice') {
    const count = param.choices.length;
    const index = Math.min(count - 1, Math.max(0, Math.floor(u * count)));
    return {
      low: index === 0 ? -Infinity : index / count,
      high: index === count - 1 ? Infinity : (index + 1) / count,
    };
  }
  const value = Number(decodeParam(param, u));
  const grid = gridOf(param);
  const slack = 1e-9 * grid;
  return {
    low: value - grid < param.low - slack ? -Infinity : encodeParam(param, value - grid / 2),
    high: value + grid > param.high + slack ? Infinity : encodeParam(param, value + grid / 2),
  };
}

/**
 * A place in the cell, drawn from N(mean, sd²) cut to it; `share` is a uniform number in [0, 1). A history has values
 * only: this puts back where in its cell the sample may have been, so that steps smaller than a cell are still seen.
 */
export function placeIn({ low, high }: Cell, mean: number, sd: number, share: number): number {
  const below = normalCdf((low - mean) / sd);
  const above = normalCdf((high - mean) / sd);
  const p = below + share * (above - below);
  const place = p > 1e-12 && p < 1 - 1e-12 ? mean + sd * normalQuantile(p) : mean;
  return Math.min(high, Math.max(low, place));
}

/**
 * Move `mean` and widen `sd` of one coordinate just so far that the values on either side keep at least the probability
 * `alpha` together (one side: alpha, both sides: alpha / 2 each). Unchanged when they have it.
 */
export function withMargin(cell: Cell, mean: number, sd: number, alpha: number): { mean: number; sd: number } {
  const { low, high } = cell;
  if (low === -Infinity && high === Infinity) return { mean, sd };
  if (low === -Infinity || high === Infinity) {
    const edge = low === -Infinity ? high : low;
    const reach = normalQuantile(1 - alpha) * sd;
    return { mean: edge + Math.sign(mean - edge) * Math.min(Math.abs(mean - edge), reach), sd };
  }
  const least = alpha / 2;
  const below = normalCdf((low - mean) / sd);
  const above = normalCdf((mean - high) / sd);
  if (below >= least && above >= least) return { mean, sd };
  const inside = 1 - below - above;
  const [fromBelow, fromAbove] = [Math.max(least, below), Math.max(least, above)];
  const excess = (1 - fromBelow - fromAbove - inside) / (fromBelow + fromAbove + inside - 3 * least);
  const toLow = normalQuantile(1 - (fromBelow + excess * (fromBelow - least)));
  const toHigh = normalQuantile(1 - (fromAbove + excess * (fromAbove - least)));
  return { mean: (low * toHigh + high * toLow) / (toLow + toHigh), sd: (high - low) / (toLow + toHigh) };
}
