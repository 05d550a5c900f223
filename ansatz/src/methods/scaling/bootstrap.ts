/** How sure the parameters of L = E + A/N^α + B/D^β are: runs drawn again with replacement, each draw fitted anew. */

import { quantile, rng, variance } from '../math/index.ts';
import { type Centred, centred, type Fitted, landscape, paramsOf, type Runs } from './chinchilla.ts';
import { type Patience, polish } from './polish.ts';

/** One number per parameter, and the exponent a_N of N* ∝ C^a_N. */
export interface PerParameter<T> {
  readonly E: T;
  readonly A: T;
  readonly B: T;
  readonly alpha: T;
  readonly beta: T;
  readonly a_N: T;
}

/** Spread of the refitted parameters. */
export interface Bootstrap {
  readonly draws: number;
  /** Standard deviation over draws; those of A and B are far from normal, prefer the intervals. */
  readonly se: PerParameter<number>;
  /** Quantiles (1 ± level)/2 of the draws. */
  readonly intervals: PerParameter<readonly [number, number]>;
  /** Of (ln E, ln A, ln B, α, β) over draws, row by row: what a forecast with the law needs, for its parameters hang together. */
  readonly covariance: readonly (readonly number[])[];
}

/** A draw moves the optimum by about one standard error: 1e-7 of its objective is far below what that changes. */
const QUICK: Patience = { tolerance: 1e-9, most: 120, rounds: 2 };
const KEYS = ['E', 'A', 'B', 'alpha', 'beta', 'a_N'] as const;

/** Pairs bootstrap (Efron 1979), every draw refined from the fit of all runs. `level` in (0, 1), e.g. 0.95. */
export function bootstrapChinchilla(runs: Runs, fit: Fitted, draws: number, level: number, seed: number): Bootstrap {
  const data = centred(runs);
  const random = rng(seed, 0x5ca1e);
  const found: Record<(typeof KEYS)[number], number[]> = { E: [], A: [], B: [], alpha: [], beta: [], a_N: [] };
  for (let draw = 0; draw < draws; draw++) {
    const again = redrawn(data, (n) => random.int(n));
    const { x } = polish(landscape(again), fit.x, undefined, QUICK);
    const params = paramsOf(x, data);
    const a_N = params.beta / (params.alpha + params.beta);
    for (const key of KEYS) found[key].push(key === 'a_N' ? a_N : params[key]);
  }
  const each = <T>(f: (values: readonly number[]) => T): PerParameter<T> =>
    Object.fromEntries(KEYS.map((key) => [key, f(found[key])])) as unknown as PerParameter<T>;
  return {
    draws,
    se: each((values) => Math.sqrt(variance(values))),
    intervals: each((values) => [quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)] as const),
    covariance: covarianceOf([
      found.E.map(Math.log),
      found.A.map(Math.log),
      found.B.map(Math.log),
      found.alpha,
      found.beta,
    ]),
  };
}

function covarianceOf(columns: readonly (readonly number[])[]): number[][] {
  const apart = columns.map((values) => {
    const middle = values.reduce((a, b) => a + b, 0) / values.length;
    return values.map((v) => v - middle);
  });
  return apart.map((one) => apart.map((other) => one.reduce((sum, v, i) => sum + v * other[i]!, 0) / (one.length - 1)));
}

/** Runs drawn with replacement: each once, with the number of times it was drawn as its weight. */
function redrawn(data: Centred, int: (n: number) => number): Centred {
  const n = data.lnL.length;
  const counts = new Float64Array(n);
  for (let i = 0; i < n; i++) counts[int(n)]!++;
  const drawn: number[] = [];
  for (let i = 0; i < n; i++) if (counts[i]! > 0) drawn.push(i);
  const take = (values: Float64Array): Float64Array => Float64Array.from(drawn, (i) => values[i]!);
  const { lnN, lnD, lnL, meanN, meanD } = data;
  return { lnN: take(lnN), lnD: take(lnD), lnL: take(lnL), weight: take(counts), meanN, meanD };
}
