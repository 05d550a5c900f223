/**
 * A joint Gaussian process over (point, time): freeze-thaw Bayesian optimisation (Swersky, Snoek & Adams 2014,
 * arXiv 1406.3896) with the curves of different points tied together. A covariance is a sum of terms, each a weight
 * × what two points share × what two times share:
 *
 *   points: Matérn 5/2 (two sets of length scales), the same training or not, all alike
 *   times:  constant, trend τ τ', random walk min(τ, τ'), early spread that dies out b / (t + t' + b)
 *
 * with t the share of a full training and τ = log(t/t₁)/log(1/t₁) from the first rung t₁ on. Trend and walk say that
 * what a training does next goes on from where it is; what dies out lets a bad start be forgotten.
 */

import { factor, halfLogDet, inverse, solve } from '../../math/cholesky.ts';
import { minimise } from '../../math/minimise.ts';
import { Gaussian } from '../../sampling/surrogate/gaussian.ts';
import { matern, squared } from '../../sampling/surrogate/surrogate.ts';

/** One place on one curve; `trial` −1 is a training not yet begun. */
export interface Place {
  readonly row: Float64Array;
  /** Step as a share of a full training. */
  readonly time: number;
  /** The same on a log scale, 0 at the first rung and 1 at the end. */
  readonly tau: number;
  readonly trial: number;
}

type Across = 'near' | 'alike' | 'same' | 'all';
type Along = 'constant' | 'trend' | 'walk' | 'early';

/** The terms: what they tie together, and the prior mean of the log of their weight. */
export const TERMS: readonly (readonly [Across, Along, number])[] = [
  ['near', 'constant', -0.5],
  ['alike', 'trend', -1],
  ['alike', 'walk', -1.5],
  ['alike', 'early', -1],
  ['same', 'constant', -3.5],
  ['same', 'trend', -3.5],
  ['same', 'walk', -3],
  ['same', 'early', -3],
  ['all', 'constant', 0],
  ['all', 'trend', 0],
  ['all', 'walk', -1],
  ['all', 'early', 0],
];
const COUNT = TERMS.length;
const WEIGHT_SD = 1;
const NOISE_CENTRE = -6;
const NOISE_SD = 1.5;
const LENGTH_SD = 0.8;
const EARLY = 0.08;

/** Logs of what is learned: length scales of the two Matérn kernels (d each), the terms' weights, noise variance. */
export interface CurveHyper {
  readonly logs: Float64Array;
  readonly objective: number;
}

/** Where a fit starts that knows nothing. */
export function plainCurveHyper(size: number): CurveHyper {
  const logs = new Float64Array(2 * size + COUNT + 1);
  logs.fill(lengthCentre(size), 0, 2 * size);
  TERMS.forEach(([, , centre], i) => {
    logs[2 * size + i] = centre;
  });
  logs[2 * size + COUNT] = NOISE_CENTRE;
  return { logs, objective: Infinity };
}

function lengthCentre(size: number): number {
  return Math.log(0.35 * Math.sqrt(Math.max(1, size)));
}

const along = (kind: Along, p: Place, q: Place): number =>
  kind === 'constant'
    ? 1
    : kind === 'trend'
      ? p.tau * q.tau
      : kind === 'walk'
        ? Math.min(p.tau, q.tau)
        : EARLY / (p.time + q.time + EARLY);

/** The posterior over curves with these hyperparameters. */
export class Curves extends Gaussian<Place> {
  readonly hyper: CurveHyper;
  readonly noise: number;

  constructor(hyper: CurveHyper, category: Uint8Array) {
    const d = category.length;
    const { logs } = hyper;
    const weights1 = logs.slice(0, d).map((log) => Math.exp(-2 * log));
    const weights2 = logs.slice(d, 2 * d).map((log) => Math.exp(-2 * log));
    const w = Float64Array.from({ length: COUNT }, (_, i) => Math.exp(logs[2 * d + i]!));
    const index = (across: Across, kind: Along): number => TERMS.findIndex(([a, b]) => a === across && b === kind);
    const pick = (across: Across): number[] =>
      (['constant', 'trend', 'walk', 'early'] as const).map((kind) => {
        const i = index(across, kind);
        return i < 0 ? 0 : w[i]!;
      });
    const [near, alike, same, all] = [pick('near'), pick('alike'), pick('same'), pick('all')] as [
      number[],
      number[],
      number[],
      number[],
    ];
    const mix = (c: readonly number[], trend: number, walk: number, early: number): number =>
      c[0]! + c[1]! * trend + c[2]! * walk + c[3]! * early;
    super({
      between: (p, q) => {
        const trend = p.tau * q.tau;
        const walk = p.tau < q.tau ? p.tau : q.tau;
        const early = EARLY / (p.time + q.time + EARLY);
        let d1 = 0;
        let d2 = 0;
        if (p.row !== q.row) {
          for (let k = 0; k < d; k++) {
            const e = squared(p.row[k]!, q.row[k]!, category[k]!);
            d1 += weights1[k]! * e;
            d2 += weights2[k]! * e;
          }
        }
        return (
          mix(near, trend, walk, early) * matern(d1) +
          mix(alike, trend, walk, early) * matern(d2) +
          mix(all, trend, walk, early) +
          (p.trial === q.trial && p.trial >= 0 ? mix(same, trend, walk, early) : 0)
        );
      },
      variance: (p) => {
        const early = EARLY / (2 * p.time + EARLY);
        return [near, alike, same, all].reduce((sum, c) => sum + mix(c, p.tau * p.tau, p.tau, early), 0);
      },
    });
    this.hyper = hyper;
    this.noise = Math.exp(logs[2 * d + COUNT]!);
  }
}

/** The most probable hyperparameters for values `y` at `places`, from `start`, in at most `most` evaluations. */
export function fitCurves(
  places: readonly Place[],
  y: Float64Array,
  category: Uint8Array,
  start: CurveHyper,
  most: number,
): CurveHyper {
  const n = places.length;
  const d = category.length;
  const at = 2 * d;
  const pairs = (n * (n + 1)) / 2;
  const apart = new Float64Array(pairs * d);
  // What each term's times and (for the two last kinds) trainings share, pair by pair.
  const shared = new Float64Array(pairs * COUNT);
  for (let i = 0, p = 0, s = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const a = places[i]!;
      const b = places[j]!;
      for (let k = 0; k < d; k++, p++) apart[p] = squared(a.row[k]!, b.row[k]!, category[k]!);
      for (const [across, kind] of TERMS) {
        shared[s++] = across === 'same' && a.trial !== b.trial ? 0 : along(kind, a, b);
      }
    }
  }
  const kinds = Uint8Array.from(TERMS, ([across]) => (across === 'near' ? 1 : across === 'alike' ? 2 : 0));
  const c = new Float64Array(n * n);
  const lengths = new Float64Array(2 * d);
  const w = new Float64Array(COUNT);
  const centre = lengthCentre(d);

  const f = (x: Float64Array, gradient: Float64Array): number => {
    for (let k = 0; k < 2 * d; k++) lengths[k] = Math.exp(-2 * x[k]!);
    for (let t = 0; t < COUNT; t++) w[t] = Math.exp(x[at + t]!);
    const noise = Math.exp(x[at + COUNT]!);
    for (let i = 0, p = 0, s = 0; i < n; i++) {
      const row = i * n;
      for (let j = 0; j <= i; j++) {
        let d1 = 0;
        let d2 = 0;
        for (let k = 0; k < d; k++, p++) {
          const e = apart[p]!;
          d1 += lengths[k]! * e;
          d2 += lengths[d + k]! * e;
        }
        const m1 = matern(d1);
        const m2 = matern(d2);
        let sum = 0;
        for (let t = 0; t < COUNT; t++, s++) {
          const kind = kinds[t]!;
          sum += w[t]! * shared[s]! * (kind === 1 ? m1 : kind === 2 ? m2 : 1);
        }
        c[row + j] = sum;
      }
      c[row + i]! += noise;
    }
    if (!factor(c, n)) return Infinity;
    const alpha = solve(c, n, n, Float64Array.from(y));
    let value = halfLogDet(c, n, n);
    for (let i = 0; i < n; i++) value += 0.5 * y[i]! * alpha[i]!;
    const inv = inverse(c, n, n);
    gradient.fill(0);
    for (let i = 0, p = 0, s = 0; i < n; i++) {
      const row = i * n;
      for (let j = 0; j <= i; j++) {
        const m = (inv[row + j]! - alpha[i]! * alpha[j]!) * (i === j ? 0.5 : 1);
        let d1 = 0;
        let d2 = 0;
        const first = p;
        for (let k = 0; k < d; k++, p++) {
          const e = apart[p]!;
          d1 += lengths[k]! * e;
          d2 += lengths[d + k]! * e;
        }
        const r1 = Math.sqrt(5 * d1);
        const r2 = Math.sqrt(5 * d2);
        const e1 = Math.exp(-r1);
        const e2 = Math.exp(-r2);
        const m1 = (1 + r1 + (r1 * r1) / 3) * e1;
        const m2 = (1 + r2 + (r2 * r2) / 3) * e2;
        let a1 = 0;
        let a2 = 0;
        for (let t = 0; t < COUNT; t++, s++) {
          const kind = kinds[t]!;
          const part = w[t]! * shared[s]!;
          gradient[at + t]! += m * part * (kind === 1 ? m1 : kind === 2 ? m2 : 1);
          if (kind === 1) a1 += part;
          else if (kind === 2) a2 += part;
        }
        if (i === j) {
          gradient[at + COUNT]! += m * noise;
          continue;
        }
        const g1 = m * a1 * (5 / 3) * (1 + r1) * e1;
        const g2 = m * a2 * (5 / 3) * (1 + r2) * e2;
        for (let k = 0; k < d; k++) {
          const e = apart[first + k]!;
          gradient[k]! += g1 * e;
          gradient[d + k]! += g2 * e;
        }
      }
    }
    for (let k = 0; k < 2 * d; k++) {
      const z = (x[k]! - centre) / LENGTH_SD;
      gradient[k] = gradient[k]! * lengths[k]! + z / LENGTH_SD;
      value += 0.5 * z * z;
    }
    for (let t = 0; t <= COUNT; t++) {
      const [mean, sd] = t === COUNT ? [NOISE_CENTRE, NOISE_SD] : [TERMS[t]![2], WEIGHT_SD];
      const z = (x[at + t]! - mean) / sd;
      gradient[at + t]! += z / sd;
      value += 0.5 * z * z;
    }
    return value;
  };
  const low = Float64Array.from(start.logs, () => Math.log(0.03)).fill(-10, at);
  const high = Float64Array.from(start.logs, () => 4).fill(3, at);
  const found = minimise(f, start.logs, low, high, most, 1e-2);
  return { logs: found.x, objective: found.value };
}
