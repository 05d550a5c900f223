/**
 * Boundaries for looking at a comparison several times (group sequential tests with an error-spending function; Lan &
 * DeMets 1983, Biometrika 70, 659-663). Closer than a confidence sequence where the most runs are known beforehand.
 */

import { normalCdf, normalQuantile } from '../math/quantile.ts';

/** Points of the grid on which paths that have not crossed are followed. */
const GRID = 240;
/** Standard deviations below 0 at which the grid ends: what is lower never comes back in time. */
const LOW = 6;
/** Share by which the information of two looks must differ. */
const ALIKE = 0.005;

/** A look at the data: how much there was (1 / variance, in any unit), and the deviate that would have been enough. */
export interface Look {
  readonly information: number;
  readonly boundary: number;
}

/**
 * Boundaries z₁, z₂, … of a one-sided test that looks at information t₁ < t₂ < …: under no effect the chance that the
 * standardised difference ever exceeds them is at most `alpha`, spent in proportion to the information (Kim & DeMets
 * 1987, ρ = 1) and gone at `most`. The recursion over the density of the paths still open is that of Armitage,
 * McPherson & Rowe (1969, JRSS A 132, 235-244). `earlier` are boundaries of the looks before, so that only the newest
 * has to be found.
 */
export function nextBoundary(earlier: readonly Look[], information: number, most: number, alpha: number): number {
  const spent = (t: number): number => alpha * Math.min(1, t / most);
  // Information may go down where the noise turned out larger: such a look, and one at nearly the same, are one with
  // the look before.
  const before: Look[] = [];
  for (const look of earlier) {
    if (look.information > (before.at(-1)?.information ?? 0) * (1 + ALIKE)) before.push(look);
  }
  const reached = before.at(-1);
  if (reached !== undefined && information <= reached.information * (1 + ALIKE)) return reached.boundary;
  const last = before.at(-1);
  const spend = spent(information) - (last === undefined ? 0 : spent(last.information));
  // Nothing is left to spend: no evidence can suffice any more.
  if (!(spend > 1e-15)) return Infinity;
  if (last === undefined) return -normalQuantile(spend);
  const open = stillOpen(before);
  const step = Math.sqrt(information - last.information);
  const crossing = (z: number): number =>
    open.reduce((sum, { at, mass }) => sum + mass * normalCdf((at - z * Math.sqrt(information)) / step), 0);
  let low = 0;
  let high = 12;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (crossing(middle) > spend) low = middle;
    else high = middle;
  }
  return high;
}

interface Cell {
  /** Score: the sum whose variance is the information. */
  readonly at: number;
  readonly mass: number;
}

/** Where the score may be at the last of these looks when it has crossed at none. */
function stillOpen(looks: readonly Look[]): Cell[] {
  let cells: Cell[] = [{ at: 0, mass: 1 }];
  let reached = 0;
  for (const { information, boundary } of looks) {
    const step = Math.sqrt(information - reached);
    const [low, high] = [-LOW * Math.sqrt(information), Math.min(boundary, LOW) * Math.sqrt(information)];
    const width = (high - low) / GRID;
    const next: Cell[] = [];
    for (let i = 0; i < GRID; i++) {
      const at = low + (i + 0.5) * width;
      let mass = 0;
      for (const cell of cells) mass += cell.mass * gaussian((at - cell.at) / step);
      next.push({ at, mass: (mass * width) / step });
    }
    cells = next;
    reached = information;
  }
  return cells;
}

function gaussian(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}
