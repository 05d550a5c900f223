/** Local refinement of a fit whose parameters pull in very different directions: quasi-Newton in whitened coordinates. */

import { factor, solveLower, solveUpper } from '../math/cholesky.ts';
import { type Minimum, minimise, type Smooth } from '../math/minimise.ts';

/** A function to minimise and a stand-in for its Hessian. */
export interface Landscape {
  readonly value: Smooth;
  /** n×n, row-major, positive semi-definite; only its lower triangle is read. A new array at each call. */
  readonly curvature: (x: Float64Array) => Float64Array;
}

/** When to stop: gains below `tolerance` (share of the value), or so many evaluations in a round. */
export interface Patience {
  readonly tolerance: number;
  readonly most: number;
  readonly rounds: number;
}

const THOROUGH: Patience = { tolerance: 1e-11, most: 300, rounds: 6 };
const NOWHERE = new Float64Array(0);

/**
 * The minimum near `start` over the parameters listed in `free` (all of them by default), the others held.
 * With L Lᵀ the curvature at the start of a round, the search is over z in x = start + L⁻ᵀ z, where a fit whose normal
 * equations have a condition number of 1e11 looks round. Never worse than `start`.
 */
export function polish(
  land: Landscape,
  start: Float64Array,
  free: readonly number[] = Array.from(start, (_, i) => i),
  patience: Patience = THOROUGH,
): Minimum {
  let x = Float64Array.from(start);
  let value = land.value(x, new Float64Array(x.length));
  let evaluations = 1;
  for (let round = 0; round < patience.rounds && Number.isFinite(value); round++) {
    const found = descend(land, x, free, patience, value);
    evaluations += found.evaluations;
    if (!(found.value < value)) break;
    const gained = value - found.value;
    ({ x, value } = found);
    if (gained <= patience.tolerance * value * 10) break;
  }
  return { x, value, evaluations };
}

function descend(
  land: Landscape,
  start: Float64Array,
  free: readonly number[],
  patience: Patience,
  value: number,
): { x: Float64Array<ArrayBuffer>; value: number; evaluations: number } {
  const n = free.length;
  const l = whitening(land.curvature(start), start.length, free);
  const gradient = new Float64Array(start.length);
  const x = new Float64Array(start.length);
  const step = new Float64Array(n);
  const place = (z: Float64Array): void => {
    x.set(start);
    step.set(z);
    solveUpper(l, n, n, step);
    for (let k = 0; k < n; k++) x[free[k]!] = start[free[k]!]! + step[k]!;
  };
  const inZ: Smooth = (z, slope) => {
    place(z);
    const at = land.value(x, gradient);
    for (let k = 0; k < n; k++) slope[k] = gradient[free[k]!]!;
    solveLower(l, n, n, slope);
    return at;
  };
  const low = new Float64Array(n).fill(-Infinity);
  const high = new Float64Array(n).fill(Infinity);
  const found = minimise(inZ, new Float64Array(n), low, high, patience.most, patience.tolerance * Math.abs(value));
  place(found.x);
  return { x: Float64Array.from(x), value: found.value, evaluations: found.evaluations };
}

/** Cholesky factor of the free block, lifted a little where it is singular. */
function whitening(curvature: Float64Array, size: number, free: readonly number[]): Float64Array {
  const n = free.length;
  let largest = 0;
  for (const i of free) largest = Math.max(largest, curvature[i * size + i]!);
  // The factor refuses pivots below 1e-14, so the block is scaled to a largest entry of 1 while it is factored.
  const scale = largest > 0 ? largest : 1;
  for (let lift = 1e-12; lift < 10; lift *= 100) {
    const block = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const [row, column] = free[i]! > free[j]! ? [free[i]!, free[j]!] : [free[j]!, free[i]!];
        block[i * n + j] = curvature[row * size + column]! / scale + (i === j ? lift : 0);
      }
    }
    if (factor(block, n)) return block.map((v) => v * Math.sqrt(scale));
  }
  return NOWHERE;
}
