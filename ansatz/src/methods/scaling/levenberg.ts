/** Least squares in a few parameters inside a box: Levenberg-Marquardt with analytic derivatives. */

import { factor, solve } from '../math/cholesky.ts';

/** Residuals at `p` (length m) into `residuals`, their derivatives into `jacobian` (m×k, row-major). */
export type Residuals = (p: Float64Array, residuals: Float64Array, jacobian: Float64Array) => void;

/** Where it ended; `value` is the sum of squares. */
export interface LeastSquares {
  readonly p: Float64Array;
  readonly value: number;
}

const STEPS = 100;
const TOLERANCE = 1e-10;

/**
 * Levenberg-Marquardt with Nielsen's damping (Madsen, Nielsen & Tingleff 2004, algorithm 3.16). Steps are clipped to
 * the box; a parameter at a bound that pushes outward is held. The best point seen is returned, the start at worst.
 */
export function leastSquares(
  f: Residuals,
  m: number,
  start: Float64Array,
  low: readonly number[],
  high: readonly number[],
): LeastSquares {
  const k = start.length;
  const clip = (v: number, i: number): number => Math.min(high[i]!, Math.max(low[i]!, v));
  let p = Float64Array.from(start, clip);
  const [residuals, trial] = [new Float64Array(m), new Float64Array(m)];
  const [jacobian, spare] = [new Float64Array(m * k), new Float64Array(m * k)];
  f(p, residuals, jacobian);
  let value = squares(residuals);
  const gram = new Float64Array(k * k);
  const slope = new Float64Array(k);
  let damping = -1;
  let growth = 2;
  for (let step = 0; step < STEPS && Number.isFinite(value); step++) {
    normal(jacobian, residuals, m, k, gram, slope);
    const free: number[] = [];
    for (let i = 0; i < k; i++) {
      if (!((p[i]! <= low[i]! && slope[i]! > 0) || (p[i]! >= high[i]! && slope[i]! < 0))) free.push(i);
    }
    if (damping < 0) damping = 1e-3 * Math.max(...free.map((i) => gram[i * k + i]!), 1e-12);
    let better = false;
    let gained = 0;
    while (!better && damping < 1e12) {
      const move = damped(gram, slope, k, free, damping);
      const next = p.map((v, i) => clip(v + move[i]!, i));
      f(next, trial, spare);
      const at = squares(trial);
      let promised = 0;
      for (let i = 0; i < k; i++) promised += (next[i]! - p[i]!) * (damping * (next[i]! - p[i]!) - slope[i]!);
      if (at < value) {
        better = true;
        gained = value - at;
        const quality = promised > 0 ? gained / promised : 1;
        damping *= Math.max(1 / 3, 1 - (2 * quality - 1) ** 3);
        growth = 2;
        [p, value] = [next, at];
        residuals.set(trial);
        jacobian.set(spare);
      } else {
        damping *= growth;
        growth *= 2;
      }
    }
    if (!better || gained <= TOLERANCE * value) break;
  }
  return { p, value };
}

function squares(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
}

/** Jᵀ J and Jᵀ r. */
function normal(j: Float64Array, r: Float64Array, m: number, k: number, gram: Float64Array, slope: Float64Array): void {
  gram.fill(0);
  slope.fill(0);
  for (let i = 0; i < m; i++) {
    const row = i * k;
    for (let a = 0; a < k; a++) {
      slope[a]! += j[row + a]! * r[i]!;
      for (let b = 0; b <= a; b++) gram[a * k + b]! += j[row + a]! * j[row + b]!;
    }
  }
}

function damped(
  gram: Float64Array,
  slope: Float64Array,
  k: number,
  free: readonly number[],
  damping: number,
): Float64Array {
  const n = free.length;
  const block = new Float64Array(n * n);
  const move = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) block[i * n + j] = gram[free[i]! * k + free[j]!]!;
    block[i * n + i]! += damping;
    move[i] = -slope[free[i]!]!;
  }
  const whole = new Float64Array(k);
  if (!factor(block, n)) return whole;
  solve(block, n, n, move);
  for (let i = 0; i < n; i++) whole[free[i]!] = move[i]!;
  return whole;
}
