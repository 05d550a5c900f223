/** Learning curves by formula: what there is to go by before any sibling has finished. */

import { type Curve } from './pruner.ts';

/** Where a curve is expected to be, and how sure that is. */
export interface Forecast {
  readonly mean: number;
  readonly sd: number;
}

/** Shapes that fall to a level: level + scale × shape(t), t the share of the run; scale and level are solved for. */
type Shape = (t: number) => number;

/** pow4 (Domhan et al. 2015, table 1): (t + shift)^−power, exponents and shifts on a grid. */
const POW4: readonly Shape[] = spaced(0.02, 3, 24).flatMap((power) =>
  [0, ...spaced(1e-3, 1, 8)].map(
    (shift): Shape =>
      (t) =>
        (t + shift) ** -power,
  ),
);
/** ilog2 (the same table): 1 / ln(s t + 1), by how fast the clock runs. */
const ILOG2: readonly Shape[] = spaced(5, 1e6, 30).map(
  (speed): Shape =>
    (t) =>
      1 / Math.log(speed * t + 1.0001),
);
const FAMILIES = [POW4, ILOG2];

/** The first part of what was seen is warm-up and steep descent: it says little of how the curve ends, and bends the fit. */
const SKIPPED = 0.3;
/** Nor does the very start of a run. */
const START = 0.01;
const FEWEST = 4;
const KEPT = 6;
/** Share of the promised gain that is doubted: ends then lie within 1.28 sd in nine of ten runs (`bench -- scaling`). */
const GAIN = 0.2;
/** More points than this only cost time. */
const MOST = 60;

/**
 * The mean of what pow4 and ilog2 say of step `longest`; undefined before four reports. Its sd is the families'
 * disagreement, their misfit and a part of the gain they promise together, doubled: training schedules that decay make
 * every family aim too high or too low, and all of them the same way.
 */
export function byFamilies(run: Curve, longest: number): Forecast | undefined {
  if (run.steps.length < FEWEST) return undefined;
  const places = placesOf(run, longest);
  const t = places.map((i) => Math.max(run.steps[i]! / longest, 1e-9));
  const y = places.map((i) => run.losses[i]!);
  const found = FAMILIES.map((shapes) => bestOf(shapes, t, y)).filter((fit) => fit !== undefined);
  if (found.length === 0) return undefined;
  const ends = found.map(({ end }) => end);
  const mean = ends.reduce((a, b) => a + b, 0) / ends.length;
  const spread = Math.max(...ends) - Math.min(...ends);
  const misfit = Math.sqrt(Math.min(...found.map(({ squares }) => squares)) / t.length);
  const gain = GAIN * Math.abs(mean - y.at(-1)!);
  return { mean, sd: 2 * Math.hypot(spread, misfit, gain) };
}

/** Indices of the reports that are fitted. */
function placesOf({ steps }: Curve, longest: number): number[] {
  const all = Array.from(steps, (_, i) => i);
  const from = Math.max(START * longest, SKIPPED * steps.at(-1)!);
  const late = all.filter((i) => steps[i]! >= from);
  const used = late.length >= KEPT ? late : all;
  if (used.length <= MOST) return used;
  return Array.from({ length: MOST }, (_, i) => used[Math.round((i * (used.length - 1)) / (MOST - 1))]!);
}

/** Least squares over the shapes of a family. A loss that is above zero everywhere also ends there. */
function bestOf(
  shapes: readonly Shape[],
  t: readonly number[],
  y: readonly number[],
): { readonly end: number; readonly squares: number } | undefined {
  const n = t.length;
  const positive = y.every((v) => v > 0);
  const my = y.reduce((a, b) => a + b, 0) / n;
  const g = new Float64Array(n);
  let best: { end: number; squares: number } | undefined;
  for (const shape of shapes) {
    let mg = 0;
    for (let i = 0; i < n; i++) mg += (g[i] = shape(t[i]!)) / n;
    let [xy, xx] = [0, 0];
    for (let i = 0; i < n; i++) {
      xy += (g[i]! - mg) * (y[i]! - my);
      xx += (g[i]! - mg) ** 2;
    }
    if (!(xx > 0)) continue;
    let scale = Math.max(0, xy / xx);
    let level = my - scale * mg;
    if (positive && level < 0) {
      let [gy, gg] = [0, 0];
      for (let i = 0; i < n; i++) {
        gy += g[i]! * y[i]!;
        gg += g[i]! ** 2;
      }
      [scale, level] = [Math.max(0, gy / gg), 0];
    }
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (y[i]! - level - scale * g[i]!) ** 2;
    if (best === undefined || squares < best.squares) best = { end: level + scale * shape(1), squares };
  }
  return best;
}

function spaced(from: number, to: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => from * (to / from) ** (i / (n - 1)));
}
