/** How large and how long: what a scaling law makes of a budget of FLOPs, and how sure it is. */

import { type Chinchilla, chinchillaLoss, computeOptimal, type Decay, repeatedLoss } from '../scaling/index.ts';

/** L = E + A/N^α + B/D^β with what is known of its uncertainty. */
export interface Law {
  readonly params: Chinchilla;
  /** Of (ln E, ln A, ln B, α, β), row by row; undefined: no intervals. */
  readonly covariance: readonly (readonly number[])[] | undefined;
  /** For tokens seen more than once. */
  readonly decay: Decay;
  readonly from: string;
}

/**
 * Our fit of the 240 runs of Hoffmann et al. 2022 as read out of their figure by Besiroglu et al. 2024 (arXiv 2404.10102), covariance of 4000 bootstraps
 * (`ansatz scale fit --drop-highest 5 --bootstrap 4000`); repetition after Muennighoff et al. 2023, whose R_D the runs hardly identify: 7 to above a thousand.
 */
export const CHINCHILLA_LAW: Law = {
  params: { E: 1.817218, A: 477.826, B: 2143.417, alpha: 0.3473105, beta: 0.3671724 },
  covariance: [
    [0.000195968, 0.00212445, 0.00353129, 0.000125625, 0.000171853],
    [0.00212445, 0.0655547, -0.0269891, 0.00391112, -0.00135482],
    [0.00353129, -0.0269891, 0.175143, -0.0016765, 0.0085613],
    [0.000125625, 0.00391112, -0.0016765, 0.000233663, -8.42085e-5],
    [0.000171853, -0.00135482, 0.0085613, -8.42085e-5, 0.000418772],
  ],
  decay: { R_D: 15.387756, R_N: 5.309743 },
  from: 'Chinchilla, refitted to the 240 runs of Hoffmann et al. 2022',
};

/** Two-sided 95 %. */
const Z = 1.96;

/** What the run is for, beside its loss. */
export interface Aim {
  /** Tokens the model will serve in its life; 0: only training counts. */
  readonly inferenceTokens: number;
  /** Different tokens there are; beyond them they repeat. */
  readonly uniqueTokens: number;
}

export const ONLY_LOSS: Aim = { inferenceTokens: 0, uniqueTokens: Infinity };

/** Expected loss, nats per token. */
export function lossOf({ params, decay }: Law, N: number, D: number, unique = Infinity): number {
  return D <= unique ? chinchillaLoss(params, N, D) : repeatedLoss(params, decay, N, D, unique);
}

/**
 * 95 % interval of the expected loss by the delta method: what the fit leaves open, not how other data or another tokenizer would differ. Undefined
 * without a covariance. Repeated tokens count at their worth.
 */
export function lossInterval(law: Law, N: number, D: number, unique = Infinity): readonly [number, number] | undefined {
  const { covariance } = law;
  if (covariance === undefined) return undefined;
  const loss = lossOf(law, N, D, unique);
  const sd = deviation(
    covariance,
    gradientBy(law.params, (params) => lossOf({ ...law, params }, N, D, unique)),
  );
  return [loss - Z * sd, loss + Z * sd];
}

/** 95 % interval of the compute-optimal N at so many FLOPs. Undefined without a covariance. */
export function sizeInterval({ params, covariance }: Law, flops: number): readonly [number, number] | undefined {
  if (covariance === undefined) return undefined;
  const { N } = computeOptimal(params, flops);
  const sd = deviation(
    covariance,
    gradientBy(params, (other) => Math.log(computeOptimal(other, flops).N)),
  );
  return [N * Math.exp(-Z * sd), N * Math.exp(Z * sd)];
}

/** Training tokens after which N parameters reach the loss; Infinity when they never do. */
export function tokensFor({ params: { E, A, B, alpha, beta } }: Law, N: number, loss: number): number {
  const left = loss - E - A / N ** alpha;
  return left > 0 ? (B / left) ** (1 / beta) : Infinity;
}

/** The N and D that reach `loss` with the least FLOPs of training and serving, 6ND + 2N·D_inf (Sardana et al. 2024, arXiv 2401.00448, eq. 2). */
export function cheapestFor(law: Law, loss: number, inferenceTokens: number): { N: number; D: number; flops: number } {
  const { E, A, alpha } = law.params;
  const least = (A / (loss - E)) ** (1 / alpha);
  const total = (lnN: number): number => {
    const N = Math.exp(lnN);
    return 6 * N * tokensFor(law, N, loss) + 2 * N * inferenceTokens;
  };
  const N = Math.exp(golden(total, Math.log(least) + 1e-6, Math.log(least) + 12));
  const D = tokensFor(law, N, loss);
  return { N, D, flops: 6 * N * D + 2 * N * inferenceTokens };
}

/**
 * N and D of a training budget 6ND = C. At the optimum a step along ln N pays as much loss per lifetime FLOP as one along ln D:
 * ∂L/∂ln N = (1 + D_inf/3D) ∂L/∂ln D, which is Sardana's condition; without inference it is the compute-optimal point.
 */
export function optimumOf(law: Law, flops: number, aim: Aim = ONLY_LOSS): { N: number; D: number; loss: number } {
  const at = (N: number): { N: number; D: number; loss: number } => {
    const D = flops / 6 / N;
    return { N, D, loss: lossOf(law, N, D, aim.uniqueTokens) };
  };
  const plain = computeOptimal(law.params, flops);
  if (aim.inferenceTokens === 0 && plain.D <= aim.uniqueTokens) return plain;
  // Served models are smaller, data-starved ones larger; neither by more than a factor of a few hundred.
  let [low, high] = [Math.log(plain.N) - 7, Math.log(plain.N) + 7];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    const { N, D } = at(Math.exp(middle));
    const step = 1e-4;
    const by = (n: number, d: number): number => lossOf(law, N * Math.exp(n), D * Math.exp(d), aim.uniqueTokens);
    const byN = (by(-step, 0) - by(step, 0)) / (2 * step);
    const byD = (by(0, -step) - by(0, step)) / (2 * step);
    if (byN > (1 + aim.inferenceTokens / (3 * D)) * byD) low = middle;
    else high = middle;
  }
  return at(Math.exp((low + high) / 2));
}

/** Largest batch that is still worth its tokens: 2·10⁸ tokens / L^4.76 (Kaplan et al. 2020, arXiv 2001.08361, eq. 1.4). */
export function criticalBatch(loss: number): number {
  return 2e8 / loss ** 4.76;
}

/** Derivatives of f by (ln E, ln A, ln B, α, β). */
function gradientBy(params: Chinchilla, f: (params: Chinchilla) => number): number[] {
  const step = 1e-4;
  return (['E', 'A', 'B', 'alpha', 'beta'] as const).map((name, i) => {
    const moved = (by: number): Chinchilla => ({
      ...params,
      [name]: i < 3 ? params[name] * Math.exp(by) : params[name] + by,
    });
    return (f(moved(step)) - f(moved(-step))) / (2 * step);
  });
}

function deviation(covariance: readonly (readonly number[])[], gradient: readonly number[]): number {
  const sum = gradient.reduce(
    (all, one, i) => all + gradient.reduce((row, other, j) => row + one * other * covariance[i]![j]!, 0),
    0,
  );
  return Math.sqrt(Math.max(0, sum));
}

/** Where a function of one valley is least (golden section). */
function golden(f: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [from, to];
  let [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [fc, fd] = [f(c), f(d)];
  for (let i = 0; i < 90; i++) {
    if (fc < fd) {
      [b, d, fd] = [d, c, fc];
      c = b - ratio * (b - a);
      fc = f(c);
    } else {
      [a, c, fc] = [c, d, fd];
      d = a + ratio * (b - a);
      fd = f(d);
    }
  }
  return (a + b) / 2;
}
