/** Profile intervals: how far one parameter can go when all others are fitted anew, before the fit gets worse. */

import { normalQuantile } from '../math/index.ts';
import { type Landscape, type Patience, polish } from './polish.ts';

/** Ends of an interval; an open end is where the search range ends and the fit is still as good. */
export interface Profile {
  readonly low: number;
  readonly high: number;
  readonly openLow: boolean;
  readonly openHigh: boolean;
}

const ENOUGH: Patience = { tolerance: 1e-8, most: 80, rounds: 2 };
const DOUBLINGS = 12;
const BISECTIONS = 7;

/**
 * What the objective may rise by within an interval of this level. For a sum of Huber losses ρ(r) the rise times
 * 2 E[ψ′] / E[ψ²] is χ² with one degree of freedom (Hampel et al. 1986, Robust Statistics, section 7.2).
 * `residuals` are those of the fit.
 */
export function huberRise(residuals: readonly number[], delta: number, level: number): number {
  const sizes = residuals.map(Math.abs).sort((a, b) => a - b);
  // E[ψ′] is the share within ±δ. Within a wider window, scaled back, it is less a matter of chance.
  const window = Math.max(delta, sizes[Math.floor(sizes.length / 2)]! / 2);
  const inside = sizes.filter((size) => size <= window).length;
  const slope = (Math.max(1, inside) / sizes.length) * (delta / window);
  let squares = 0;
  for (const size of sizes) squares += Math.min(size, delta) ** 2;
  return (normalQuantile((1 + level) / 2) ** 2 * squares) / sizes.length / (2 * slope);
}

/**
 * The interval of parameter `which` in [least, most] within which the objective, minimised over the others, rises by at
 * most `rise`. `scale` is the first step tried; it need not be good.
 */
export function profile(
  land: Landscape,
  best: Float64Array,
  which: number,
  rise: number,
  [least, most]: readonly [number, number],
  scale: number,
): Profile {
  const limit = land.value(best, new Float64Array(best.length)) + rise;
  const others = Array.from(best, (_, i) => i).filter((i) => i !== which);
  const centre = best[which]!;
  const end = (sign: number, edge: number): { at: number; open: boolean } => {
    // The best fit itself may lie at or beyond the range.
    if (sign * (centre - edge) >= 0) return { at: centre, open: true };
    let inside = best;
    let step = scale;
    const tried = (at: number): Float64Array | undefined => {
      const start = Float64Array.from(inside);
      start[which] = at;
      const found = polish(land, start, others, ENOUGH);
      return found.value <= limit ? found.x : undefined;
    };
    for (let i = 0; i < DOUBLINGS; i++, step *= 2) {
      const asked = centre + sign * step;
      const atEdge = sign * (asked - edge) >= 0;
      const found = tried(atEdge ? edge : asked);
      if (found !== undefined) {
        inside = found;
        if (atEdge) return { at: edge, open: true };
        continue;
      }
      let outside = atEdge ? edge : asked;
      for (let k = 0; k < BISECTIONS; k++) {
        const middle = (inside[which]! + outside) / 2;
        const kept = tried(middle);
        if (kept === undefined) outside = middle;
        else inside = kept;
      }
      return { at: (inside[which]! + outside) / 2, open: false };
    }
    return { at: edge, open: true };
  };
  const [low, high] = [end(-1, least), end(1, most)];
  return { low: low.at, high: high.at, openLow: low.open, openHigh: high.open };
}
