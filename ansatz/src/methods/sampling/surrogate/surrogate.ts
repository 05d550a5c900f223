/**
 * Gaussian process over rows: Matérn 5/2 with one length scale per parameter (Rasmussen & Williams 2006, eq. 4.17),
 * Hamming distance for unordered choices, a constant distance between "has it" and "has it not". A share of the signal
 * may be a mean of functions of one parameter each (Duvenaud, Nickisch & Rasmussen 2011, arXiv 1112.4394, first order):
 * what a parameter does by itself is learned from far fewer points than what all do together.
 */

import { factor, halfLogDet, inverse, solve } from '../../math/cholesky.ts';
import { minimise, type Smooth } from '../../math/minimise.ts';
import { Gaussian, type Prediction } from './gaussian.ts';
import { WarpedRows, warpedRow, warpSlopes } from './input-warp.ts';

/** What is learned from the data: logs of length scales (d), of noise ÷ signal, and of the signal's variance. */
export interface Hyper {
  readonly lengths: Float64Array;
  readonly noise: number;
  readonly signal: number;
  /** Logit of the share of the signal that is a mean of functions of one parameter each; absent: there is none. */
  readonly alone?: number;
  /** See input-warp.ts (length 2 d); absent: numbers stay where they are. */
  readonly warping?: Float64Array;
  /** Negative log posterior of the fit, lower is better; comparable only on the same data. */
  readonly objective: number;
}

/** Prior variance of the unknown mean of standardised values. */
const MEAN_VARIANCE = 1;
const ASIDE = 0.25;
const LENGTH_SD = 0.9;
const NOISE_MEAN = -6;
const NOISE_SD = 2.5;
const SIGNAL_SD = 1;
const LOW_NOISE = Math.log(1e-9);
/** The logit of the share of functions of one parameter each: its prior, and its bound. */
const ALONE_MEAN = -1;
const ALONE_SD = 1.5;
const MOST_ALONE = 6;
/** Prior spread of the logs of a warping, and their bound. */
const WARP_SD = 0.5;
const MOST_WARP = 2;

/**
 * Where a fit starts that knows nothing: length scales grow with √d (Hvarfner et al. 2024, arXiv 2402.02229). `alone`:
 * with a share of functions of one parameter each, where there is more than one parameter.
 */
export function plainHyper(size: number, alone = false): Hyper {
  return {
    lengths: new Float64Array(size).fill(Math.log(0.35 * Math.sqrt(Math.max(1, size)))),
    noise: Math.log(1e-3),
    signal: 0,
    ...(alone && size > 1 ? { alone: ALONE_MEAN } : {}),
    objective: Infinity,
  };
}

/**
 * Squared distance along one parameter, before scaling. A row that lacks a number stands half a range beside the
 * middle of its range, one that lacks a choice has a choice of its own: distances of points in a plane, so that any
 * set of rows has a positive definite covariance.
 */
export function squared(a: number, b: number, category: number): number {
  if (a === b) return 0;
  if (category === 1) return 1;
  if (a < 0) return ASIDE + (b - 0.5) * (b - 0.5);
  if (b < 0) return ASIDE + (a - 0.5) * (a - 0.5);
  return (a - b) * (a - b);
}

/** Half the slope of {@link squared} by its first number, which must not be lacking. */
function offset(a: number, b: number): number {
  return a - (b < 0 ? 0.5 : b);
}

/** Matérn 5/2 correlation at squared scaled distance. */
export function matern(distance: number): number {
  const r = Math.sqrt(5 * distance);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
}

/**
 * Covariance of a function of one parameter, at the squared distance along it over 12 squared length scales: Wendland's
 * φ₃,₁ (1995, Adv. Comput. Math. 4), as curved at 0 as the Matérn 5/2 and nearly the same beyond, at a fraction of the time.
 */
function bump(distance: number): number {
  if (distance >= 1) return 0;
  const s = Math.sqrt(distance);
  const square = (1 - s) * (1 - s);
  return square * square * (4 * s + 1);
}

/** Minus its slope by the distance, over 10. */
function bumpSlope(distance: number): number {
  if (distance >= 1) return 0;
  const rest = 1 - Math.sqrt(distance);
  return rest * rest * rest;
}

/** From the weight of a parameter among d to its weight alone: its length scale is what it would be if d were 1. */
const aloneOf = (d: number): number => d / 12;

/** e^x / (1 + e^x). */
function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Minus the log posterior density of hyperparameters, with its gradient, given values `y` (standardised) at `rows`. They
 * are the logs of the length scales, of noise ÷ signal, of the signal, if `alone` the logit of {@link Hyper.alone}, and if
 * `warping` its logs.
 * `extra` is variance known per value, in the units of y².
 */
export function misfitOf(
  rows: readonly Float64Array[],
  y: Float64Array,
  category: Uint8Array,
  alone: boolean,
  extra?: Float64Array,
  warping = false,
): Smooth {
  const n = rows.length;
  const d = category.length;
  const pairs = (n * (n - 1)) / 2;
  // Pair-major, so that a pass over all pairs reads memory in order.
  const apart = new Float64Array(pairs * d);
  const warped = warping ? new WarpedRows(rows, category) : undefined;
  if (warped === undefined) measure(rows, category, apart);
  const centre = Math.log(0.35 * Math.sqrt(Math.max(1, d)));
  const c = new Float64Array(n * n);
  const slopes = new Float64Array(pairs);
  const weights = new Float64Array(d);
  const single = new Float64Array(alone ? pairs * d : 0);
  const differences = new Float64Array(alone ? pairs : 0);
  const scale = aloneOf(d);
  const first = d + 2 + Number(alone);

  return (x, gradient) => {
    for (let k = 0; k < d; k++) weights[k] = Math.exp(-2 * x[k]!);
    const eta = Math.exp(x[d]!);
    const s2 = Math.exp(x[d + 1]!);
    const share = alone ? logistic(x[d + 2]!) : 0;
    if (warped !== undefined) {
      warped.move(x.subarray(first));
      measure(warped.rows, category, apart);
    }
    for (let i = 0, pair = 0, p = 0; i < n; i++) {
      const row = i * n;
      for (let j = 0; j < i; j++, pair++) {
        let distance = 0;
        let mean = 0;
        for (let k = 0; k < d; k++, p++) {
          const own = weights[k]! * apart[p]!;
          distance += own;
          if (!alone) continue;
          mean += bump(scale * own) / d;
          // d bump / d log ℓₖ = 20 · bumpSlope · scale · wₖ · apartₖ
          single[p] = share * s2 * ((20 * scale) / d) * bumpSlope(scale * own);
        }
        const r = Math.sqrt(5 * distance);
        const e = Math.exp(-r);
        const joint = (1 + r + (r * r) / 3) * e;
        c[row + j] = s2 * joint + MEAN_VARIANCE;
        if (alone) {
          differences[pair] = s2 * (mean - joint);
          c[row + j]! += share * differences[pair]!;
        }
        // d k / d log ℓₖ = slope · wₖ · apartₖ
        slopes[pair] = (1 - share) * s2 * (5 / 3) * (1 + r) * e;
      }
      c[row + i] = s2 * (1 + eta) + MEAN_VARIANCE + (extra === undefined ? 0 : extra[i]!);
    }
    if (!factor(c, n)) return Infinity;
    const alpha = solve(c, n, n, Float64Array.from(y));
    let value = halfLogDet(c, n, n);
    for (let i = 0; i < n; i++) value += 0.5 * y[i]! * alpha[i]!;
    const inv = inverse(c, n, n);
    gradient.fill(0);
    let trace = 0;
    let plain = 0;
    let sumAll = 0;
    let more = 0;
    for (let i = 0, pair = 0, p = 0; i < n; i++) {
      const row = i * n;
      const ai = alpha[i]!;
      for (let j = 0; j < i; j++, pair++) {
        const m = inv[row + j]! - ai * alpha[j]!;
        sumAll += 2 * m;
        const g = m * slopes[pair]!;
        if (warped !== undefined) {
          // d k / d apartₖ = −½ slope · wₖ
          for (let k = 0; k < d; k++) warped.pull(i, j, k, -0.5 * (g + (alone ? m * single[p + k]! : 0)) * weights[k]!);
        }
        if (alone) {
          for (let k = 0; k < d; k++, p++) gradient[k]! += (g + m * single[p]!) * apart[p]!;
          more += m * differences[pair]!;
        } else for (let k = 0; k < d; k++, p++) gradient[k]! += g * apart[p]!;
      }
      const own = inv[row + i]! - ai * ai;
      sumAll += own;
      trace += own;
      if (extra !== undefined) plain += own * extra[i]!;
    }
    for (let k = 0; k < d; k++) gradient[k]! *= weights[k]!;
    gradient[d] = 0.5 * trace * s2 * eta;
    // tr((C⁻¹ − ααᵀ) C) = n − yᵀα; what does not scale with the signal is taken off.
    let fit = n;
    for (let i = 0; i < n; i++) fit -= y[i]! * alpha[i]!;
    gradient[d + 1] = 0.5 * (fit - plain - MEAN_VARIANCE * sumAll);
    for (let k = 0; k < d; k++) {
      const z = (x[k]! - centre) / LENGTH_SD;
      value += 0.5 * z * z;
      gradient[k]! += z / LENGTH_SD;
    }
    const zn = (x[d]! - NOISE_MEAN) / NOISE_SD;
    const zs = x[d + 1]! / SIGNAL_SD;
    value += 0.5 * (zn * zn + zs * zs);
    gradient[d] += zn / NOISE_SD;
    gradient[d + 1]! += zs / SIGNAL_SD;
    if (alone) {
      const za = (x[d + 2]! - ALONE_MEAN) / ALONE_SD;
      value += 0.5 * za * za;
      gradient[d + 2] = more * share * (1 - share) + za / ALONE_SD;
    }
    warped?.gather(gradient, first);
    for (let k = first; k < x.length; k++) {
      const z = x[k]! / WARP_SD;
      value += 0.5 * z * z;
      gradient[k]! += z / WARP_SD;
    }
    return value;
  };
}

/** Squared distances along each parameter, of all pairs of rows, pair-major. */
function measure(rows: readonly Float64Array[], category: Uint8Array, apart: Float64Array): void {
  const d = category.length;
  for (let i = 0, p = 0; i < rows.length; i++) {
    const a = rows[i]!;
    for (let j = 0; j < i; j++) {
      const b = rows[j]!;
      for (let k = 0; k < d; k++, p++) apart[p] = squared(a[k]!, b[k]!, category[k]!);
    }
  }
}

/**
 * The most probable hyperparameters for values `y` (standardised) at `rows`, from `start`, in at most `most`
 * evaluations. `extra` is variance known per value, in the units of y².
 */
export function fitHyper(
  rows: readonly Float64Array[],
  y: Float64Array,
  category: Uint8Array,
  start: Hyper,
  most: number,
  extra?: Float64Array,
): Hyper {
  const d = category.length;
  const alone = start.alone !== undefined;
  const first = d + 2 + Number(alone);
  const x0 = Float64Array.from([
    ...start.lengths,
    start.noise,
    start.signal,
    ...(alone ? [start.alone] : []),
    ...(start.warping ?? []),
  ]);
  const low = new Float64Array(x0.length).fill(Math.log(0.02));
  const high = new Float64Array(x0.length).fill(5);
  low[d] = LOW_NOISE;
  high[d] = Math.log(4);
  low[d + 1] = Math.log(0.02);
  if (alone) [low[d + 2], high[d + 2]] = [-MOST_ALONE, MOST_ALONE];
  low.fill(-MOST_WARP, first);
  high.fill(MOST_WARP, first);
  const misfit = misfitOf(rows, y, category, alone, extra, start.warping !== undefined);
  const found = minimise(misfit, x0, low, high, most, 1e-3);
  return {
    lengths: found.x.slice(0, d),
    noise: found.x[d]!,
    signal: found.x[d + 1]!,
    ...(alone ? { alone: found.x[d + 2]! } : {}),
    ...(start.warping === undefined ? {} : { warping: found.x.slice(first) }),
    objective: found.value,
  };
}

/** The posterior over rows of a {@link Layout}. */
export class Posterior extends Gaussian<Float64Array> {
  readonly hyper: Hyper;
  readonly category: Uint8Array;
  /** Variance of the noise of one value. */
  readonly noise: number;
  readonly #weights: Float64Array;
  readonly #s2: number;
  readonly #share: number;
  readonly #slopes = new Float64Array(3);

  constructor(hyper: Hyper, category: Uint8Array) {
    const weights = hyper.lengths.map((log) => Math.exp(-2 * log));
    // A signal smaller than the values' own spread would make the search too sure of itself.
    const s2 = Math.max(1, Math.exp(hyper.signal));
    const share = hyper.alone === undefined ? 0 : logistic(hyper.alone);
    super({
      between:
        share === 0
          ? (a, b) => s2 * matern(distanceOf(a, b, weights, category)) + MEAN_VARIANCE
          : (a, b) => s2 * mixed(a, b, weights, category, share) + MEAN_VARIANCE,
      variance: () => s2 + MEAN_VARIANCE,
      ...(hyper.warping === undefined ? {} : { place: (row) => warpedRow(row, category, hyper.warping!) }),
    });
    this.hyper = hyper;
    this.category = category;
    this.noise = Math.exp(hyper.signal + hyper.noise);
    this.#weights = weights;
    this.#s2 = s2;
    this.#share = share;
  }

  /** As predict, with the gradients of mean and sd by each coordinate written into `dMean` and `dSd` (length d). */
  slope(row: Float64Array, out: Prediction, dMean: Float64Array, dSd: Float64Array): Prediction {
    this.predict(row, out);
    const { spread, mean } = this.weights();
    const weights = this.#weights;
    const d = row.length;
    const share = this.#share;
    const scale = aloneOf(d);
    dMean.fill(0);
    dSd.fill(0);
    const place = this.placeOf(row);
    for (let i = 0; i < this.rows.length; i++) {
      const other = this.places[i]!;
      const r = Math.sqrt(5 * distanceOf(place, other, weights, this.category));
      const joint = (1 - share) * this.#s2 * (-5 / 3) * (1 + r) * Math.exp(-r);
      for (let j = 0; j < d; j++) {
        if (this.category[j] === 1 || place[j]! < 0) continue;
        const off = offset(place[j]!, other[j]!);
        let by = joint;
        if (share > 0) {
          const apart = scale * weights[j]! * squared(place[j]!, other[j]!, 0);
          by -= share * this.#s2 * ((20 * scale) / d) * bumpSlope(apart);
        }
        const dk = by * weights[j]! * off;
        dMean[j]! += dk * mean[i]!;
        dSd[j]! -= dk * spread[i]!;
      }
    }
    for (let j = 0; j < d; j++) dSd[j]! /= out.sd;
    const { warping } = this.hyper;
    if (warping === undefined) return out;
    for (let j = 0; j < d; j++) {
      if (this.category[j] === 1 || row[j]! < 0) continue;
      warpSlopes(row[j]!, warping[j]!, warping[d + j]!, this.#slopes);
      dMean[j]! *= this.#slopes[0]!;
      dSd[j]! *= this.#slopes[0]!;
    }
    return out;
  }

  /** How many rows are near: the sum of the correlations with all of them, its gradient written into `gradient`. */
  crowd(row: Float64Array, gradient?: Float64Array): number {
    const weights = this.#weights;
    gradient?.fill(0);
    let sum = 0;
    for (const other of this.rows) {
      const distance = distanceOf(row, other, weights, this.category);
      sum += matern(distance);
      if (gradient === undefined) continue;
      const r = Math.sqrt(5 * distance);
      const by = (-5 / 3) * (1 + r) * Math.exp(-r);
      for (let j = 0; j < row.length; j++) {
        if (this.category[j] === 1 || row[j]! < 0) continue;
        gradient[j]! += by * weights[j]! * offset(row[j]!, other[j]!);
      }
    }
    return sum;
  }
}

/** (1 − share) × the joint correlation + share × the mean of those along each parameter alone. */
function mixed(a: Float64Array, b: Float64Array, weights: Float64Array, category: Uint8Array, share: number): number {
  const d = a.length;
  const scale = aloneOf(d);
  let sum = 0;
  let alone = 0;
  for (let k = 0; k < d; k++) {
    const own = weights[k]! * squared(a[k]!, b[k]!, category[k]!);
    sum += own;
    alone += bump(scale * own);
  }
  return (1 - share) * matern(sum) + (share * alone) / d;
}

/** Σ (aᵢ−bᵢ)² wᵢ. */
function distanceOf(a: Float64Array, b: Float64Array, weights: Float64Array, category: Uint8Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += weights[k]! * squared(a[k]!, b[k]!, category[k]!);
  return sum;
}
