/**
 * The arithmetic of CMA-ES, without a problem: strategy parameters and one update of the search distribution.
 *
 * Hansen 2016, "The CMA Evolution Strategy: A Tutorial" (arXiv 1604.00772), active covariance update; letters are those
 * of the paper, B and D as there (C = B D² Bᵀ). Where the Python package `cma` 4.5 has moved on (c_σ, d_σ, the bound on c_1
 * for few samples, the test of h_σ) this follows the package; cma.test.ts compares with it.
 */

import { symmetricEigen } from '../math/eigen.ts';

/** What depends on dimension and population size alone. */
export interface Strategy {
  readonly n: number;
  readonly lambda: number;
  /** λ weights from the best sample to the worst: the positive ones sum to 1, the others make C shrink. */
  readonly weights: Float64Array;
  /** Variance effective number of the positive weights. */
  readonly mueff: number;
  readonly cc: number;
  readonly cs: number;
  readonly c1: number;
  readonly cmu: number;
  readonly damps: number;
  /** E‖N(0, I)‖ in n dimensions. */
  readonly chi: number;
}

/** The distribution N(mean, σ² C) and its memory. Never changed in place. */
export interface Distribution {
  readonly mean: Float64Array;
  readonly sigma: number;
  /** n × n, row by row, as are all matrices here. */
  readonly C: Float64Array;
  /** Columns are the eigenvectors of C. */
  readonly B: Float64Array;
  /** Roots of the eigenvalues of C, ascending. */
  readonly D: Float64Array;
  readonly ps: Float64Array;
  readonly pc: Float64Array;
  /** Updates so far. */
  readonly generation: number;
}

/** Default population size: 4 + ⌊3 ln n⌋ (tutorial, eq. 48). n = 0 counts as 1. */
export function populationOf(n: number): number {
  return 4 + Math.floor(3 * Math.log(Math.max(1, n)));
}

/** Default strategy parameters (tutorial, Table 1) for n ≥ 1 dimensions and λ ≥ 3 samples. */
export function strategyOf(n: number, lambda = populationOf(n)): Strategy {
  const raw = Array.from({ length: lambda }, (_, i) => Math.log((lambda + 1) / 2) - Math.log(i + 1));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const good = raw.filter((w) => w > 0);
  const bad = raw.filter((w) => w < 0);
  const effective = (values: readonly number[]): number => sum(values) ** 2 / sum(values.map((w) => w * w));
  const mueff = effective(good);
  const cc = (4 + mueff / n) / (n + 4 + (2 * mueff) / n);
  const cs = Math.min(0.5, (mueff + 2) / (n + mueff + 3));
  const c1 = (Math.min(1, lambda / 6) * 2) / ((n + 1.3) ** 2 + mueff);
  const cmu = Math.min(1 - c1, (2 * (0.25 + mueff + 1 / mueff - 2)) / ((n + 2) ** 2 + mueff));
  const inner = Math.max(1, 3 * (1 - 0.5 ** (n / 9)));
  const damps = 1 + 2 * Math.max(0, inner * Math.sqrt((mueff - 1) / (n + 1)) - 1) + cs;
  const most = Math.min(1 + c1 / cmu, (1 - c1 - cmu) / cmu / n, 1 + (2 * effective(bad)) / (mueff + 2));
  const weights = Float64Array.from(raw, (w) => (w > 0 ? w / sum(good) : w < 0 ? (-most * w) / sum(bad) : 0));
  return { n, lambda, weights, mueff, cc, cs, c1, cmu, damps, chi: chiOf(n) };
}

/** E‖N(0, I)‖: chi(1) = √(2/π) and chi(k) chi(k + 1) = k. */
function chiOf(n: number): number {
  let chi = Math.sqrt(2 / Math.PI);
  for (let k = 1; k < n; k++) chi = k / chi;
  return chi;
}

/** A distribution that nothing was learned for. `C`, when given, is symmetric and positive definite. */
export function startAt(mean: ArrayLike<number>, sigma: number, C?: Float64Array): Distribution {
  const n = mean.length;
  const identity = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
  const spread = {
    mean: Float64Array.from(mean),
    sigma,
    ps: new Float64Array(n),
    pc: new Float64Array(n),
    generation: 0,
  };
  if (C === undefined) return { ...spread, C: identity, B: identity, D: new Float64Array(n).fill(1) };
  return { ...spread, C, ...rootsOf(C, n) };
}

/** Eigenvectors and roots of the eigenvalues. What rounding made negative becomes a 1e-14th of the largest. */
function rootsOf(C: Float64Array, n: number): { B: Float64Array; D: Float64Array } {
  const { values, vectors } = symmetricEigen(C, n);
  const least = Math.max(1e-300, 1e-14 * (values[n - 1] ?? 0));
  return { B: vectors, D: values.map((value) => Math.sqrt(Math.max(least, value))) };
}

/** B D⁻¹ Bᵀ y: the step that an isotropic distribution would have made. */
export function whitened({ B, D }: Distribution, y: ArrayLike<number>): Float64Array {
  const n = D.length;
  const along = alongAxes(B, y, n);
  for (let k = 0; k < n; k++) along[k] = along[k]! / D[k]!;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += B[i * n + k]! * along[k]!;
    result[i] = sum;
  }
  return result;
}

/** Length of D⁻¹ Bᵀ y: √n on average for the distribution's own steps. */
export function mahalanobis({ B, D }: Distribution, y: ArrayLike<number>): number {
  const n = D.length;
  const along = alongAxes(B, y, n);
  let sum = 0;
  for (let k = 0; k < n; k++) sum += (along[k]! / D[k]!) ** 2;
  return Math.sqrt(sum);
}

/**
 * A step that the distribution did not make itself, cut to length √n + 2n/(n + 2) (Hansen 2011, "Injecting external
 * solutions into CMA-ES", arXiv 1110.4181); one that is not too long comes back as it is.
 */
export function clipped(distribution: Distribution, y: Float64Array): Float64Array {
  const n = y.length;
  const share = mahalanobis(distribution, y) / (Math.sqrt(n) + (2 * n) / (n + 2));
  return share > 1 ? y.map((value) => value / share) : y;
}

function alongAxes(B: Float64Array, y: ArrayLike<number>, n: number): Float64Array {
  const along = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const yi = y[i]!;
    for (let k = 0; k < n; k++) along[k] = along[k]! + B[i * n + k]! * yi;
  }
  return along;
}

/** B D z: a step, to be multiplied by σ, from n independent standard normal numbers. */
export function stepOf({ B, D }: Distribution, z: ArrayLike<number>): Float64Array {
  const n = D.length;
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += B[i * n + k]! * D[k]! * z[k]!;
    y[i] = sum;
  }
  return y;
}

/**
 * One generation: the steps (x − mean) ÷ σ of λ samples, best first (tutorial, eq. 41-47). `weights` are the strategy's
 * unless the caller ranked some samples equal or found too few that are good; their positive part sums to 1.
 */
export function updated(
  from: Distribution,
  strategy: Strategy,
  steps: readonly ArrayLike<number>[],
  weights: ArrayLike<number> = strategy.weights,
): Distribution {
  const { n, cc, cs, c1, cmu, damps, chi } = strategy;
  let squares = 0;
  let total = 0;
  const shift = new Float64Array(n);
  steps.forEach((y, k) => {
    const w = weights[k]!;
    total += w;
    if (w <= 0) return;
    squares += w * w;
    for (let i = 0; i < n; i++) shift[i] = shift[i]! + w * y[i]!;
  });
  const mueff = squares > 0 ? 1 / squares : strategy.mueff;
  const generation = from.generation + 1;
  const mean = from.mean.map((m, i) => m + from.sigma * shift[i]!);

  const white = whitened(from, shift);
  const forSigma = Math.sqrt(cs * (2 - cs) * mueff);
  const ps = from.ps.map((p, i) => (1 - cs) * p + forSigma * white[i]!);
  const length = Math.hypot(...ps);
  const stalled = length ** 2 / (1 - (1 - cs) ** (2 * generation)) / n - 1 >= 1 + 4 / (n + 1);

  const forC = stalled ? 0 : Math.sqrt(cc * (2 - cc) * mueff);
  const pc = from.pc.map((p, i) => (1 - cc) * p + forC * shift[i]!);
  // While h_σ stalls the path, the variance it would have added is not taken away either.
  const decay = 1 - (stalled ? c1 * (1 - cc * (2 - cc)) : c1) - cmu * total;
  const C = from.C.map((c) => decay * c);
  addOuter(C, pc, c1);
  steps.forEach((y, k) => {
    const w = weights[k]!;
    if (w === 0) return;
    // A bad sample far away must not make C lose its definiteness: bad steps count as if they had length √n.
    addOuter(C, y, w > 0 ? cmu * w : (cmu * w * n) / (mahalanobis(from, y) + 1e-9) ** 2);
  });
  const sigma = from.sigma * Math.exp(Math.min(1, Math.max(-1, (cs / damps) * (length / chi - 1))));
  return { mean, sigma, C, ...rootsOf(C, n), ps, pc, generation };
}

/** C += w y yᵀ. */
function addOuter(C: Float64Array, y: ArrayLike<number>, w: number): void {
  const n = y.length;
  for (let i = 0; i < n; i++) {
    const wi = w * y[i]!;
    for (let j = 0; j < n; j++) C[i * n + j] = C[i * n + j]! + wi * y[j]!;
  }
}
