/**
 * Loss over parameters N and tokens D: L = E + A/N^α + B/D^β (Hoffmann et al. 2022, arXiv 2203.15556, eq. 2), fitted
 * in ln L with a Huber loss of δ = 1e-3 (its eq. 3; replicated by Besiroglu et al. 2024, arXiv 2404.10102).
 */

import type { Smooth } from '../math/minimise.ts';
import { nonnegative } from './nonnegative.ts';
import { type Landscape, type Patience, polish } from './polish.ts';

/** Runs: parameters, training tokens and final loss (nats per token) of each; equally long, all positive. */
export interface Runs {
  readonly N: readonly number[];
  readonly D: readonly number[];
  readonly loss: readonly number[];
}

/** The five parameters: E in nats per token, A and B in nats × parameters^α and × tokens^β. */
export interface Chinchilla {
  readonly E: number;
  readonly A: number;
  readonly B: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Where the Huber loss of a residual of ln L turns from square to straight. */
export const DELTA = 1e-3;
/** Exponents are sought within (0, this]. */
const STEEPEST = 3;
/** α and β tried before anything is refined; the fit is then free to leave the grid. */
const GRID = Array.from({ length: 20 }, (_, i) => 0.04 * (1.6 / 0.04) ** (i / 19));
const STARTS = 6;
/** Starts at least this many cells of the grid apart, so that they are not one start. */
const APART = 3;

/** Runs in logarithms about their means: x = (a, b, e, α, β) then has A = e^(a + α·mean ln N), B likewise, E = e^e. */
export interface Centred {
  readonly lnN: Float64Array;
  readonly lnD: Float64Array;
  readonly lnL: Float64Array;
  readonly meanN: number;
  readonly meanD: number;
  /** Weight of each run. */
  readonly weight: Float64Array;
}

/** The best fit, and how often different starts led to it. */
export interface Fitted {
  readonly params: Chinchilla;
  /** Sum of Huber losses. */
  readonly objective: number;
  readonly x: Float64Array;
  readonly starts: { readonly tried: number; readonly agreed: number };
}

/** Predicted loss, nats per token. */
export function chinchillaLoss({ E, A, B, alpha, beta }: Chinchilla, N: number, D: number): number {
  return E + A / N ** alpha + B / D ** beta;
}

/** The N and D that reach the least loss with C = 6ND FLOPs (Hoffmann et al. 2022, eq. 4). */
export function computeOptimal(law: Chinchilla, flops: number): { N: number; D: number; loss: number } {
  const { A, B, alpha, beta } = law;
  const G = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
  const N = G * (flops / 6) ** (beta / (alpha + beta));
  const D = flops / 6 / N;
  return { N, D, loss: chinchillaLoss(law, N, D) };
}

/** N* grows as C^a_N and D* as C^a_D. */
export function exponents({ alpha, beta }: Chinchilla): { a_N: number; a_D: number } {
  return { a_N: beta / (alpha + beta), a_D: alpha / (alpha + beta) };
}

export function centred({ N, D, loss }: Runs): Centred {
  const logs = (values: readonly number[]): Float64Array => Float64Array.from(values, Math.log);
  const [lnN, lnD, lnL] = [logs(N), logs(D), logs(loss)];
  const meanN = lnN.reduce((a, b) => a + b, 0) / lnN.length;
  const meanD = lnD.reduce((a, b) => a + b, 0) / lnD.length;
  return {
    lnN: lnN.map((v) => v - meanN),
    lnD: lnD.map((v) => v - meanD),
    lnL,
    meanN,
    meanD,
    weight: new Float64Array(lnN.length).fill(1),
  };
}

export function paramsOf(x: Float64Array, { meanN, meanD }: Centred): Chinchilla {
  const [a, b, e, alpha, beta] = x as unknown as readonly [number, number, number, number, number];
  return { E: Math.exp(e), A: Math.exp(a + alpha * meanN), B: Math.exp(b + beta * meanD), alpha, beta };
}

export function toX({ E, A, B, alpha, beta }: Chinchilla, { meanN, meanD }: Centred): Float64Array {
  return Float64Array.of(Math.log(A) - alpha * meanN, Math.log(B) - beta * meanD, Math.log(E), alpha, beta);
}

/** Huber loss of all runs as a function of x, with its gradient, and Σ w·min(1, δ/|r|)·J Jᵀ in place of the Hessian. */
export function landscape(runs: Centred): Landscape {
  return {
    value: objectiveOf(runs),
    curvature(x) {
      const h = new Float64Array(25);
      eachRun(runs, x, (residual, jacobian, i) => {
        const weight = runs.weight[i]! * Math.min(1, DELTA / Math.abs(residual));
        for (let j = 0; j < 5; j++) for (let k = 0; k <= j; k++) h[j * 5 + k]! += weight * jacobian[j]! * jacobian[k]!;
      });
      return h;
    },
  };
}

function objectiveOf({ lnN, lnD, lnL, weight }: Centred): Smooth {
  const n = lnN.length;
  return (x, gradient) => {
    const [a, b, e, alpha, beta] = x as unknown as readonly [number, number, number, number, number];
    if (!(alpha > 0 && beta > 0 && alpha <= STEEPEST && beta <= STEEPEST)) return Infinity;
    const E = Math.exp(e);
    let [sum, ga, gb, ge, gAlpha, gBeta] = [0, 0, 0, 0, 0, 0];
    // One flat loop: bootstraps spend nearly all of their time here.
    for (let i = 0; i < n; i++) {
      const u = Math.exp(a - alpha * lnN[i]!);
      const v = Math.exp(b - beta * lnD[i]!);
      const s = u + v + E;
      const r = Math.log(s) - lnL[i]!;
      const w = weight[i]!;
      const size = Math.abs(r);
      sum += w * (size <= DELTA ? 0.5 * r * r : DELTA * (size - 0.5 * DELTA));
      const slope = (w * (size <= DELTA ? r : DELTA * Math.sign(r))) / s;
      ga += slope * u;
      gb += slope * v;
      ge += slope * E;
      gAlpha -= slope * u * lnN[i]!;
      gBeta -= slope * v * lnD[i]!;
    }
    gradient[0] = ga;
    gradient[1] = gb;
    gradient[2] = ge;
    gradient[3] = gAlpha;
    gradient[4] = gBeta;
    return sum;
  };
}

/** Residual ln L̂ − ln L of each run and its derivatives by x. The array handed over is used again. */
export function eachRun(
  { lnN, lnD, lnL }: Centred,
  x: Float64Array,
  visit: (residual: number, jacobian: Float64Array, i: number) => void,
): void {
  const [a, b, e, alpha, beta] = x as unknown as readonly [number, number, number, number, number];
  const jacobian = new Float64Array(5);
  for (let i = 0; i < lnN.length; i++) {
    const u = Math.exp(a - alpha * lnN[i]!);
    const v = Math.exp(b - beta * lnD[i]!);
    const s = u + v + Math.exp(e);
    jacobian[0] = u / s;
    jacobian[1] = v / s;
    jacobian[2] = Math.exp(e) / s;
    jacobian[3] = (-u / s) * lnN[i]!;
    jacobian[4] = (-v / s) * lnD[i]!;
    visit(Math.log(s) - lnL[i]!, jacobian, i);
  }
}

/**
 * The best fit. For α and β on a grid the best E, A, B ≥ 0 of relative residuals are in closed form (variable
 * projection, Golub & Pereyra 1973); from the best cells that lie apart the whole is refined. How many
 * starts reach the same optimum is told.
 */
export function fitChinchilla(runs: Runs, patience?: Patience): Fitted {
  const data = centred(runs);
  const land = landscape(data);
  const ends = starts(data, land.value)
    .map((start) => polish(land, start, undefined, patience))
    .sort((one, other) => one.value - other.value);
  const { x, value } = ends[0]!;
  const agreed = ends.filter((end) => end.value <= value * (1 + 1e-6)).length;
  return { params: paramsOf(x, data), objective: value, x, starts: { tried: ends.length, agreed } };
}

function starts(data: Centred, value: Smooth): Float64Array[] {
  const { lnN, lnD, lnL } = data;
  const powers = (logs: Float64Array): Float64Array[] =>
    GRID.map((exponent) => logs.map((log, i) => Math.exp(-exponent * log - lnL[i]!)));
  const [us, vs] = [powers(lnN), powers(lnD)];
  const ones = lnL.map((log) => Math.exp(-log));
  const spare = new Float64Array(5);
  const cells = us.flatMap((u, i) =>
    vs.map((v, j) => {
      const [E, A, B] = projected(ones, u, v);
      // A term that is zero has no logarithm: it starts too small to see, and may grow.
      const least = 1e-4 * Math.exp(lnL[0]!);
      const logOf = (coefficient: number): number => Math.log(Math.max(coefficient, least));
      const x = Float64Array.of(logOf(A!), logOf(B!), logOf(E!), GRID[i]!, GRID[j]!);
      return { i, j, x, value: value(x, spare) };
    }),
  );
  cells.sort((one, other) => one.value - other.value);
  const chosen: typeof cells = [];
  for (const cell of cells) {
    if (chosen.length === STARTS) break;
    const far = chosen.every(({ i, j }) => Math.max(Math.abs(i - cell.i), Math.abs(j - cell.j)) >= APART);
    if (far) chosen.push(cell);
  }
  return chosen.map(({ x }) => x);
}

/** E, A, B ≥ 0 with the least squared relative residuals: all columns are divided by the loss, and the target is 1. */
function projected(...columns: readonly Float64Array[]): Float64Array {
  const k = columns.length;
  const gram = new Float64Array(k * k);
  const right = new Float64Array(k);
  for (let p = 0; p < k; p++) {
    const one = columns[p]!;
    for (let i = 0; i < one.length; i++) right[p]! += one[i]!;
    for (let q = 0; q <= p; q++) {
      const other = columns[q]!;
      let sum = 0;
      for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
      gram[p * k + q] = gram[q * k + p] = sum;
    }
  }
  return nonnegative(gram, right);
}
