/** Smooth minimisation inside a box. */

/** Value at `x`; the gradient is written into `gradient`. May give a non-finite value: then `x` is refused. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly evaluations: number;
}

const MEMORY = 8;
const ARMIJO = 1e-4;

/**
 * Projected L-BFGS with backtracking (Nocedal & Wright 2006, algorithms 7.4-7.5; active set as in Bertsekas 1982):
 * coordinates at a bound whose gradient points outward are held, the others take the quasi-Newton step, clipped.
 * Stops after `most` evaluations, or when a step changes the value by less than `tolerance`. The best point seen is
 * returned; it is the start when nothing was better.
 */
export function minimise(
  f: Smooth,
  start: Float64Array,
  low: Float64Array,
  high: Float64Array,
  most: number,
  tolerance = 1e-6,
): Minimum {
  const n = start.length;
  let x = Float64Array.from(start, (v, i) => Math.min(high[i]!, Math.max(low[i]!, v)));
  let gradient = new Float64Array(n);
  let value = f(x, gradient);
  let evaluations = 1;
  if (!Number.isFinite(value)) return { x, value: Infinity, evaluations };
  const steps: Float64Array[] = [];
  const turns: Float64Array[] = [];
  const scales: number[] = [];

  while (evaluations < most) {
    const held = (i: number): boolean =>
      (x[i]! <= low[i]! && gradient[i]! > 0) || (x[i]! >= high[i]! && gradient[i]! < 0);
    const direction = new Float64Array(n);
    for (let i = 0; i < n; i++) direction[i] = held(i) ? 0 : -gradient[i]!;
    twoLoops(direction, steps, turns, scales);
    let slope = 0;
    for (let i = 0; i < n; i++) {
      if (held(i)) direction[i] = 0;
      slope += direction[i]! * gradient[i]!;
    }
    if (slope >= 0) {
      if (steps.length === 0) break;
      steps.length = turns.length = scales.length = 0;
      continue;
    }
    let size = steps.length > 0 ? 1 : Math.min(1, 0.3 / norm(direction));
    let next = x;
    let nextGradient = gradient;
    let nextValue = Infinity;
    while (evaluations < most) {
      next = Float64Array.from(x, (v, i) => Math.min(high[i]!, Math.max(low[i]!, v + size * direction[i]!)));
      nextGradient = new Float64Array(n);
      nextValue = f(next, nextGradient);
      evaluations++;
      let gain = 0;
      for (let i = 0; i < n; i++) gain += gradient[i]! * (next[i]! - x[i]!);
      if (nextValue <= value + ARMIJO * gain) break;
      nextValue = Number.isFinite(nextValue) ? nextValue : Infinity;
      // Minimum of the parabola through value, slope and the refused value, kept within a tenth and a half.
      const better = nextValue === Infinity ? 0.1 : (-slope * size) / (2 * (nextValue - value - slope * size));
      size *= Math.min(0.5, Math.max(0.1, better));
      nextValue = Infinity;
      if (size < 1e-10) break;
    }
    if (!(nextValue < Infinity)) {
      if (steps.length === 0) break;
      steps.length = turns.length = scales.length = 0;
      if (size < 1e-10) break;
      continue;
    }
    const step = Float64Array.from(next, (v, i) => v - x[i]!);
    const turn = Float64Array.from(nextGradient, (v, i) => v - gradient[i]!);
    const curvature = dot(step, turn);
    if (curvature > 1e-10 * norm(step) * norm(turn)) {
      steps.push(step);
      turns.push(turn);
      scales.push(1 / curvature);
      if (steps.length > MEMORY) {
        steps.shift();
        turns.shift();
        scales.shift();
      }
    }
    const gained = value - nextValue;
    x = next;
    gradient = nextGradient;
    value = nextValue;
    if (gained < tolerance) break;
  }
  return { x, value, evaluations };
}

/** Turn minus the gradient into minus the inverse Hessian times the gradient, in place. */
function twoLoops(direction: Float64Array, steps: Float64Array[], turns: Float64Array[], scales: number[]): void {
  const count = steps.length;
  if (count === 0) return;
  const weights = new Float64Array(count);
  for (let k = count - 1; k >= 0; k--) {
    weights[k] = scales[k]! * dot(steps[k]!, direction);
    for (let i = 0; i < direction.length; i++) direction[i]! -= weights[k]! * turns[k]![i]!;
  }
  const last = turns[count - 1]!;
  const size = 1 / (scales[count - 1]! * dot(last, last));
  for (let i = 0; i < direction.length; i++) direction[i]! *= size;
  for (let k = 0; k < count; k++) {
    const change = weights[k]! - scales[k]! * dot(turns[k]!, direction);
    for (let i = 0; i < direction.length; i++) direction[i]! += change * steps[k]![i]!;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
