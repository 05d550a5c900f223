/**
 * From a ladder of small models to a large one: the loss by E + A/N^α + B/D^β over sizes and tokens, the accuracy of a
 * task by a sigmoid over a loss that is forecast the same way (two steps; Bhagia et al. 2024, arXiv 2412.04403).
 */

import { normalQuantile } from '../math/quantile.ts';
import { bootstrapChinchilla } from './bootstrap.ts';
import { multipleAt } from './auto.ts';
import { type Chinchilla, chinchillaLoss, fitChinchilla, type Fitted, type Runs } from './chinchilla.ts';
import { fitSigmoid, type Sigmoid, sigmoidRange, sigmoidSlope } from './sigmoid.ts';

/** The model that is asked about: parameters and training tokens. */
export interface Target {
  readonly N: number;
  readonly D: number;
}

/** A forecast at the target. */
export interface Climbed {
  readonly fit: Fitted;
  readonly value: number;
  /** At the level asked for. */
  readonly low: number;
  readonly high: number;
  /** Standard error of the fit alone, relative for a loss, absolute for an accuracy. */
  readonly se: number;
  /** Mean error (relative, or absolute for an accuracy) at the largest size, forecast from the smaller ones; NaN with too few. */
  readonly backtest: number;
}

export interface ClimbedTask extends Omit<Climbed, 'fit'> {
  readonly sigmoid: Sigmoid;
  /** The loss by which the task is forecast, at the target. */
  readonly via: Climbed;
}

/** A task: the loss each run has on its text (or any other loss) and the share of items it gets right. */
export interface Task {
  readonly via: readonly number[];
  readonly score: readonly number[];
  readonly floor: number;
  readonly items?: number;
}

export interface ClimbWish {
  readonly draws: number;
  readonly seed: number;
  /** Of the interval. */
  readonly level: number;
}

/** Fewest runs that a law of five parameters is fitted to. */
const LEAST = 6;
const PARAMETERS = 5;
/** Sizes within this factor are one rung. */
const SAME = 1.03;

/**
 * Level and the multiple of the doubt within which that share of forecasts of the largest size was right: the quantile over
 * ladders of eight public sources, each counting the same (conformal calibration; bench/RESULTS.md, scaling).
 */
export const LADDER_WIDTHS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.5, 0.27],
  [0.8, 0.69],
  [0.9, 1.31],
  [0.95, 1.66],
];
/** Without a backtest the rest of the doubt counts so much more. */
const UNTESTED = 1.6;

/** The loss of the target. */
export function climb(runs: Runs, target: Target, { draws, seed, level }: ClimbWish): Climbed {
  const fit = fitChinchilla(runs);
  const value = chinchillaLoss(fit.params, target.N, target.D);
  const { covariance } = bootstrapChinchilla(runs, fit, draws, level, seed);
  const slope = slopeOf(fit.params, target, value);
  const variance = slope.reduce((sum, a, i) => sum + a * slope.reduce((s, b, j) => s + b * covariance[i]![j]!, 0), 0);
  const se = Math.sqrt(Math.max(0, variance));
  const backtest = lossBacktest(runs);
  const half = multipleAt(LADDER_WIDTHS, level) * ladderDoubt(runs, fit.params, target, backtest);
  return { fit, value, low: value * Math.exp(-half), high: value * Math.exp(half), se, backtest };
}

/**
 * What the error of ln L at the target is measured in: the backtest, the gain that is promised beyond the largest size and the
 * most tokens that were trained, and the scatter of the runs about the law.
 */
export function ladderDoubt(runs: Runs, params: Chinchilla, { N, D }: Target, backtest: number): number {
  const inside = chinchillaLoss(params, Math.min(N, Math.max(...runs.N)), Math.min(D, Math.max(...runs.D)));
  const gain = Math.abs(Math.log(chinchillaLoss(params, N, D) / inside));
  const squares = runs.loss.reduce(
    (sum, loss, i) => sum + Math.log(chinchillaLoss(params, runs.N[i]!, runs.D[i]!) / loss) ** 2,
    0,
  );
  const scatter = Math.sqrt(squares / Math.max(1, runs.loss.length - PARAMETERS));
  return Number.isNaN(backtest) ? UNTESTED * (gain + scatter) : backtest + gain + scatter;
}

/** The accuracy of the target at a task. Losses `via` and scores are of the same runs. */
export function climbTask(runs: Omit<Runs, 'loss'>, task: Task, target: Target, wish: ClimbWish): ClimbedTask {
  const via = climb({ ...runs, loss: task.via }, target, wish);
  const sigmoid = fitSigmoid(
    { x: task.via, score: task.score, ...(task.items === undefined ? {} : { items: task.items }) },
    task.floor,
    wish.level,
  );
  const value = sigmoid.at(via.value);
  const backtest = taskBacktest(runs, task);
  const z = normalQuantile((1 + wish.level) / 2);
  // The doubt of the loss, carried through the curve.
  const half = Math.log(via.high / via.value);
  const byLoss = (fit: Sigmoid, error: number): number => sigmoidSlope(fit, via.value) * via.value * error;
  const [low, high] = sigmoidRange(sigmoid, via.value, z, (fit) =>
    Math.hypot(byLoss(fit, half), Number.isNaN(backtest) ? 0 : backtest),
  );
  const se = Math.hypot(sigmoid.se(via.value), byLoss(sigmoid, via.se));
  return { sigmoid, via, value, low, high, se, backtest };
}

/** Runs of all sizes but the largest, and those of the largest. */
export function largestOut(N: readonly number[]): { readonly kept: number[]; readonly out: number[] } {
  const largest = Math.max(...N);
  const [kept, out]: [number[], number[]] = [[], []];
  N.forEach((size, i) => (size * SAME >= largest ? out : kept).push(i));
  return { kept, out };
}

/** Mean relative error of the largest size's losses, forecast from the smaller sizes. */
export function lossBacktest({ N, D, loss }: Runs): number {
  const { kept, out } = largestOut(N);
  if (!enough(N, kept)) return NaN;
  const take = (values: readonly number[]): number[] => kept.map((i) => values[i]!);
  const { params } = fitChinchilla({ N: take(N), D: take(D), loss: take(loss) });
  return meanOf(out.map((i) => Math.abs(chinchillaLoss(params, N[i]!, D[i]!) / loss[i]! - 1)));
}

/**
 * Mean relative error of the runs of most compute, 6ND above half of the largest (at least three, at most 30 %), forecast
 * from the others. NaN with too few others.
 */
export function computeBacktest({ N, D, loss }: Runs): number {
  const order = N.map((_, i) => i).sort((i, j) => N[i]! * D[i]! - N[j]! * D[j]!);
  const half = (N[order.at(-1)!]! * D[order.at(-1)!]!) / 2;
  const octave = order.filter((i) => N[i]! * D[i]! > half).length;
  const from = N.length - Math.min(Math.max(3, octave), Math.floor(0.3 * N.length));
  const [kept, out] = [order.slice(0, from), order.slice(from)];
  if (!enough(N, kept) || out.length === 0) return NaN;
  const take = (values: readonly number[]): number[] => kept.map((i) => values[i]!);
  const { params } = fitChinchilla({ N: take(N), D: take(D), loss: take(loss) });
  return meanOf(out.map((i) => Math.abs(chinchillaLoss(params, N[i]!, D[i]!) / loss[i]! - 1)));
}

/** Mean absolute error of the largest size's scores, forecast in two steps from the smaller sizes. */
export function taskBacktest({ N, D }: Omit<Runs, 'loss'>, { via, score, floor, items }: Task): number {
  const { kept, out } = largestOut(N);
  if (!enough(N, kept)) return NaN;
  const take = (values: readonly number[]): number[] => kept.map((i) => values[i]!);
  const { params } = fitChinchilla({ N: take(N), D: take(D), loss: take(via) });
  const { at } = fitSigmoid(
    { x: take(via), score: take(score), ...(items === undefined ? {} : { items }) },
    floor,
    0.95,
  );
  return meanOf(out.map((i) => Math.abs(at(chinchillaLoss(params, N[i]!, D[i]!)) - score[i]!)));
}

function enough(N: readonly number[], kept: readonly number[]): boolean {
  return kept.length >= LEAST && new Set(kept.map((i) => N[i]!)).size >= 2;
}

/** Derivatives of ln L at the target by (ln E, ln A, ln B, α, β). */
function slopeOf({ E, A, B, alpha, beta }: Chinchilla, { N, D }: Target, loss: number): number[] {
  const [a, b] = [A / N ** alpha / loss, B / D ** beta / loss];
  return [E / loss, a, b, -a * Math.log(N), -b * Math.log(D)];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
