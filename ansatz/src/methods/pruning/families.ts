/** Learning curves by formula: what there is to go by before any sibling has finished. */

import { median } from '../math/summary.ts';
import { type Curve } from './pruner.ts';

/** Where a curve is expected to be, and how sure that is. */
export interface Forecast {
  readonly mean: number;
  readonly sd: number;
}

/** Shapes that fall to a level: level + scale × shape(t). Exponents and shifts are tried, level and scale solved for. */
const SHAPES: readonly ((t: number, longest: number) => number)[] = [
  // pow4 (Domhan et al. 2015, table 1) with its exponent and shift on a grid
  ...[0.25, 0.5, 1, 2].flatMap((power) => [0, 0.05].map((shift) => powerLaw(power, shift))),
  // ilog2 (the same table): level − scale / log(t)
  (t) => 1 / Math.log(t + 1),
  // exp: level + scale × e^(−t/τ)
  (t, longest) => Math.exp((-5 * t) / longest),
];

function powerLaw(power: number, shift: number): (t: number, longest: number) => number {
  return (t, longest) => (t + shift * longest) ** -power;
}

/**
 * The median of the families that fit, at step `longest`; undefined before four reports. Its sd is the families'
 * disagreement and their misfit together, doubled: training schedules that decay make every family aim too high or
 * too low, and all of them the same way.
 */
export function byFamilies(run: Curve, longest: number): Forecast | undefined {
  const n = run.steps.length;
  if (n < 4) return undefined;
  const ends: number[] = [];
  let misfit = Infinity;
  for (const shape of SHAPES) {
    const x = run.steps.map((step) => shape(Math.max(step, 1e-9), longest));
    const mx = x.reduce((a, b) => a + b, 0) / n;
    const my = run.losses.reduce((a, b) => a + b, 0) / n;
    let sxy = 0;
    let sxx = 0;
    for (let i = 0; i < n; i++) {
      sxy += (x[i]! - mx) * (run.losses[i]! - my);
      sxx += (x[i]! - mx) ** 2;
    }
    if (!(sxx > 0)) continue;
    const slope = sxy / sxx;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (run.losses[i]! - my - slope * (x[i]! - mx)) ** 2;
    misfit = Math.min(misfit, Math.sqrt(squares / n));
    ends.push(my + slope * (shape(longest, longest) - mx));
  }
  if (ends.length === 0) return undefined;
  const mean = median(ends);
  const spread = median(ends.map((end) => Math.abs(end - mean))) * 1.4826;
  return { mean, sd: 2 * Math.hypot(spread, misfit) };
}
