/**
 * Repeated data (Muennighoff et al. 2023, arXiv 2305.16264, section 3.1): what tokens seen again, and parameters beyond
 * what the unique tokens deserve, are worth. L = E + A/N'^α + B/D'^β with D' = U + U R_D (1 − e^(−R/R_D)), R = D/U − 1
 * repetitions of U unique tokens, and N' likewise from U_N = min(N*(U), N) with R_N.
 */

import { type Chinchilla, DELTA } from './chinchilla.ts';
import { type Landscape, polish } from './polish.ts';
import { huberRise, type Profile, profile } from './profile.ts';

/** Runs: parameters, tokens seen, unique tokens among them, and loss (nats per token). */
export interface RepeatedRuns {
  readonly N: readonly number[];
  readonly D: readonly number[];
  readonly unique: readonly number[];
  readonly loss: readonly number[];
}

/** How many repetitions (of tokens, of parameters) until 1 − 1/e of what repeating can give is used up. */
export interface Decay {
  readonly R_D: number;
  readonly R_N: number;
}

export interface DataConstrained {
  readonly params: Decay;
  /** Sum of Huber losses of ln L, δ = 1e-3. */
  readonly objective: number;
  readonly intervals: Readonly<Record<keyof Decay, readonly [number, number]>>;
  /** False when the profile interval has no end within the range: the runs do not say when repeating stops to help. */
  readonly identified: Readonly<Record<keyof Decay, boolean>>;
}

/** The law without repetition that Muennighoff et al. fitted on C4 (their appendix A; α = β). */
export const MUENNIGHOFF: Chinchilla = {
  E: Math.exp(0.6254804),
  A: Math.exp(6.255414),
  B: Math.exp(7.3049974),
  alpha: 0.3526596,
  beta: 0.3526596,
};

/** R_D and R_N are sought within this range: below it repeats are worthless, above it they are as good as new. */
const RANGE = [0.02, 1e5] as const;

interface Prepared {
  readonly law: Chinchilla;
  readonly lnL: Float64Array;
  readonly unique: Float64Array;
  readonly repeats: Float64Array;
  readonly base: Float64Array;
  readonly excess: Float64Array;
}

/** Fit R_D and R_N, the law of fresh data being given. `level` is that of the profile intervals. */
export function fitDataConstrained(runs: RepeatedRuns, law: Chinchilla, level: number): DataConstrained {
  const data = prepare(runs, law);
  const land = landscape(data);
  const starts = [0.3, 1.5, 6, 25, 100].flatMap((R_D) => [0.3, 1.5, 6, 25].map((R_N) => [R_D, R_N] as const));
  const best = starts
    .map(([R_D, R_N]) => polish(land, Float64Array.of(Math.log(R_D), Math.log(R_N))))
    .reduce((one, other) => (other.value < one.value ? other : one));
  const residuals: number[] = [];
  eachRun(data, best.x, (residual) => residuals.push(residual));
  const rise = huberRise(residuals, DELTA, level);
  const range = RANGE.map(Math.log) as unknown as readonly [number, number];
  const [d, n] = [0, 1].map((which) => profile(land, best.x, which, rise, range, 0.1)) as [Profile, Profile];
  return {
    params: { R_D: Math.exp(best.x[0]!), R_N: Math.exp(best.x[1]!) },
    objective: best.value,
    intervals: { R_D: [Math.exp(d.low), Math.exp(d.high)], R_N: [Math.exp(n.low), Math.exp(n.high)] },
    identified: { R_D: !d.openLow && !d.openHigh, R_N: !n.openLow && !n.openHigh },
  };
}

/** The objective at given R_D and R_N. */
export function dataConstrainedObjective(runs: RepeatedRuns, law: Chinchilla, { R_D, R_N }: Decay): number {
  return landscape(prepare(runs, law)).value(Float64Array.of(Math.log(R_D), Math.log(R_N)), new Float64Array(2));
}

/** Loss of a run of `D` tokens of which `unique` differ (any amount at or above D: nothing is repeated). */
export function repeatedLoss(law: Chinchilla, { R_D, R_N }: Decay, N: number, D: number, unique: number): number {
  const { E, A, B, alpha, beta } = law;
  if (D <= unique) return E + A * N ** -alpha + B * D ** -beta;
  const { base, excess, repeats } = prepare({ N: [N], D: [D], unique: [unique], loss: [1] }, law);
  const [size] = worth(base[0]!, excess[0]!, R_N);
  const [tokens] = worth(unique, repeats[0]!, R_D);
  return E + A * size ** -alpha + B * tokens ** -beta;
}

function prepare(runs: RepeatedRuns, law: Chinchilla): Prepared {
  const { A, B, alpha, beta } = law;
  const G = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
  // N*(U): the size for which U tokens are compute-optimal, N* = G (C/6)^(β/(α+β)) with C/6 = (G U)^((α+β)/α).
  const base = Float64Array.from(runs.unique, (U, i) => Math.min(G * (G * U) ** (beta / alpha), runs.N[i]!));
  return {
    law,
    lnL: Float64Array.from(runs.loss, Math.log),
    unique: Float64Array.from(runs.unique),
    repeats: Float64Array.from(runs.D, (D, i) => Math.max(D / runs.unique[i]! - 1, 0)),
    base,
    excess: Float64Array.from(runs.N, (N, i) => Math.max(N / base[i]! - 1, 0)),
  };
}

/** Residual of ln L of each run and its derivatives by (ln R_D, ln R_N). */
function eachRun(data: Prepared, x: Float64Array, visit: (r: number, byD: number, byN: number) => void): void {
  const { E, A, B, alpha, beta } = data.law;
  const [R_D, R_N] = [Math.exp(x[0]!), Math.exp(x[1]!)];
  for (let i = 0; i < data.lnL.length; i++) {
    const [tokens, tokenSlope] = worth(data.unique[i]!, data.repeats[i]!, R_D);
    const [size, sizeSlope] = worth(data.base[i]!, data.excess[i]!, R_N);
    const [bySize, byTokens] = [A * size ** -alpha, B * tokens ** -beta];
    const loss = E + bySize + byTokens;
    visit(
      Math.log(loss) - data.lnL[i]!,
      (-beta * byTokens * tokenSlope) / (tokens * loss),
      (-alpha * bySize * sizeSlope) / (size * loss),
    );
  }
}

/** u + u R (1 − e^(−r/R)) and its derivative by ln R. */
function worth(u: number, r: number, R: number): [number, number] {
  const q = r / R;
  return [u + u * R * -Math.expm1(-q), u * R * (-Math.expm1(-q) - q * Math.exp(-q))];
}

function landscape(data: Prepared): Landscape {
  return {
    value(x, gradient) {
      gradient.fill(0);
      if (Math.min(...x) < Math.log(RANGE[0]) || Math.max(...x) > Math.log(RANGE[1])) return Infinity;
      let sum = 0;
      eachRun(data, x, (r, byD, byN) => {
        const size = Math.abs(r);
        const slope = size <= DELTA ? r : DELTA * Math.sign(r);
        sum += size <= DELTA ? 0.5 * r * r : DELTA * (size - 0.5 * DELTA);
        gradient[0]! += slope * byD;
        gradient[1]! += slope * byN;
      });
      return sum;
    },
    curvature(x) {
      const h = new Float64Array(4);
      eachRun(data, x, (r, byD, byN) => {
        const weight = Math.min(1, DELTA / Math.abs(r));
        h[0]! += weight * byD * byD;
        h[2]! += weight * byD * byN;
        h[3]! += weight * byN * byN;
      });
      return h;
    },
  };
}
