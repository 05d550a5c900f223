/**
 * Accuracy of a task over a loss x (of the task's text, or of pretraining): floor + (ceiling − floor) / (1 + e^(k (x − x₀))).
 * The second step of forecasts of tasks (Bhagia et al. 2024, arXiv 2412.04403, eq. 3; Gadre et al. 2024, arXiv
 * 2403.08540, use an exponential). The floor is chance and known; scores are weighted by their binomial variance.
 */

import { studentQuantile } from '../math/index.ts';
import { normalQuantile } from '../math/quantile.ts';
import { factor, solve } from '../math/cholesky.ts';
import { squaresOf } from './laws.ts';
import { leastSquares, type Residuals } from './levenberg.ts';
import { profile } from './profile.ts';
import { headroom, saturated } from './saturation.ts';

/** Scores of models: x is a loss (lower is better), score the share of items that were right. */
export interface Scores {
  readonly x: readonly number[];
  readonly score: readonly number[];
  /** Items of the task; without it the scatter about the curve stands for the noise. */
  readonly items?: number;
}

/** The parameters: `k` > 0 per unit of x, `x0` where half of what is above chance is reached. */
export interface SigmoidParams {
  readonly ceiling: number;
  readonly k: number;
  readonly x0: number;
}

export type SigmoidName = keyof SigmoidParams;

export interface Sigmoid {
  readonly params: SigmoidParams;
  readonly floor: number;
  /** Sum of squared residuals in units of their binomial standard deviation (for 1000 items when none are given). */
  readonly objective: number;
  readonly intervals: Readonly<Record<SigmoidName, readonly [number, number]>>;
  readonly identified: Readonly<Record<SigmoidName, boolean>>;
  /** The ceiling is identified and lies within two binomial standard errors of the best score: more compute hardly helps. */
  readonly saturated: boolean;
  /** What the task counts beside others, in [0, 1]: by how far its best score is from the ceiling. */
  readonly weight: number;
  /** Scores that are above chance by more than two binomial standard errors: the others carry little information. */
  readonly informative: number;
  readonly at: (x: number) => number;
  /** Standard error of the curve at x. */
  readonly se: (x: number) => number;
  /** When the ceiling is not identified: the best curve with a ceiling of its own. */
  readonly lower?: Sigmoid;
}

/**
 * Between which accuracies the curve lies at x, `z` standard errors and `more` (an error in quadrature, per curve) on
 * either side; without an identified ceiling it may be either curve.
 */
export function sigmoidRange(
  fit: Sigmoid,
  x: number,
  z: number,
  more: (fit: Sigmoid) => number = () => 0,
): [number, number] {
  const ends = [fit, ...(fit.lower === undefined ? [] : [fit.lower])].map((one): [number, number] => {
    const half = Math.hypot(z * one.se(x), more(one));
    return [one.at(x) - half, one.at(x) + half];
  });
  return [Math.max(0, Math.min(...ends.map(([low]) => low))), Math.min(1, Math.max(...ends.map(([, high]) => high)))];
}

/** Slope of the curve at x, per unit of x: negative. */
export function sigmoidSlope({ params: { ceiling, k, x0 }, floor }: Sigmoid, x: number): number {
  const s = 1 / (1 + Math.exp(k * (x - x0)));
  return -(ceiling - floor) * s * (1 - s) * k;
}

/** The curve has made 95 % of its rise where k (x₀ − x) is ln 19; scores beyond that lie along the ceiling. */
const PLATEAU = Math.log(19);
const ALONG = 2;
/** Items taken for granted when the number is not told: weights then only matter relative to each other. */
const USUAL = 1000;

/**
 * The best curve for a known floor in [0, 1). At least four scores. `level` is that of the profile intervals. A ceiling
 * that the scores do not determine is 1: a lower one follows the noise of the best scores, and forecasts too little.
 */
export function fitSigmoid(scores: Scores, floor: number, level: number): Sigmoid {
  const free = within(scores, floor, level, false);
  const { k, x0 } = free.params;
  // A curve can bend over at the best score by the noise of one; a ceiling is seen where scores lie along it.
  const along = scores.x.filter((x) => k * (x0 - x) > PLATEAU).length;
  if (free.identified.ceiling && along >= ALONG) return free;
  const full = within(scores, floor, level, true);
  return { ...full, lower: free, intervals: { ...full.intervals, ceiling: [free.intervals.ceiling[0], 1] } };
}

function within({ x, score, items }: Scores, floor: number, level: number, full: boolean): Sigmoid {
  const n = items ?? USUAL;
  const m = x.length;
  // A score at chance or at 1 still has an error: half an item is added on both sides.
  const noise = score.map((p) => {
    const share = (Math.max(p, floor) * n + 0.5) / (n + 1);
    return Math.sqrt((share * (1 - share)) / n);
  });
  const best = Math.max(...score);
  const [least, most] = [Math.min(...x), Math.max(...x)];
  const span = Math.max(most - least, 1e-9);
  const residuals: Residuals = (p, r, j) => {
    for (let i = 0; i < m; i++) {
      const k = Math.exp(p[1]!);
      const s = 1 / (1 + Math.exp(k * (x[i]! - p[2]!)));
      const w = 1 / noise[i]!;
      const bent = (p[0]! - floor) * s * (1 - s) * w;
      r[i] = (floor + (p[0]! - floor) * s - score[i]!) * w;
      j[i * 3] = s * w;
      j[i * 3 + 1] = -bent * (x[i]! - p[2]!) * k;
      j[i * 3 + 2] = bent * k;
    }
  };
  const low = [full ? 1 : Math.min(floor + 0.01, 1), Math.log(0.1 / span), least - 3 * span];
  const high = [1, Math.log(100 / span), most + span];
  const ceilings = full ? [1] : [1, 0.9, 0.75, 0.6].filter((c) => c > best).concat(Math.min(1, best + 0.02));
  const starts = ceilings.flatMap((ceiling) =>
    [1, 3, 8].flatMap((steep) =>
      [-1, -0.3, 0, 0.3, 0.7].map((place) => Float64Array.of(ceiling, Math.log(steep / span), least + place * span)),
    ),
  );
  const ends = starts.map((start) => leastSquares(residuals, m, start, low, high));
  const { p, value } = ends.reduce((one, other) => (other.value < one.value ? other : one));
  // Scatter beyond the binomial one (seeds, prompts) widens everything; less than it is luck.
  const scale = items === undefined ? value / Math.max(1, m - 3) : Math.max(1, value / Math.max(1, m - 3));
  const z = m > 3 ? studentQuantile((1 + level) / 2, m - 3) : normalQuantile((1 + level) / 2);
  const land = squaresOf(residuals, m, low, high);
  const found = Array.from(p, (_, i) =>
    m > 3 ? profile(land, p, i, Math.max(scale, 1e-9) * z * z, [low[i]!, high[i]!], 0.02) : undefined,
  );
  const closed = found.map((one) => one !== undefined && !one.openLow && !one.openHigh);
  const ends2 = found.map((one, i): [number, number] =>
    one === undefined ? [low[i]!, high[i]!] : [one.low, one.high],
  );
  const params = { ceiling: p[0]!, k: Math.exp(p[1]!), x0: p[2]! };
  const at = (where: number): number =>
    floor + (params.ceiling - floor) / (1 + Math.exp(params.k * (where - params.x0)));
  const spread = (share: number): number => Math.sqrt((share * (1 - share)) / n);
  return {
    params,
    floor,
    objective: value,
    intervals: { ceiling: ends2[0]!, k: [Math.exp(ends2[1]![0]), Math.exp(ends2[1]![1])], x0: ends2[2]! },
    identified: { ceiling: !full && closed[0]!, k: closed[1]!, x0: closed[2]! },
    saturated: !full && closed[0]! && saturated(best, params.ceiling, spread(best)),
    weight: headroom(best, full || !closed[0]! ? 1 : params.ceiling, spread(best)),
    informative: score.filter((one) => one > floor + 2 * spread(Math.max(floor, 0.5 / n))).length,
    at,
    se: errorOf(residuals, p, m, floor, scale, full),
  };
}

/** Standard error of the curve at x by the delta method; the ceiling is taken for known when `full`. */
function errorOf(
  residuals: Residuals,
  p: Float64Array,
  m: number,
  floor: number,
  scale: number,
  full: boolean,
): (x: number) => number {
  const j = new Float64Array(3 * m);
  residuals(p, new Float64Array(m), j);
  const free = full ? [1, 2] : [0, 1, 2];
  const n = free.length;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < m; i++)
    free.forEach((a, u) => {
      for (let v = 0; v <= u; v++) gram[u * n + v]! += j[i * 3 + a]! * j[i * 3 + free[v]!]!;
    });
  // A touch of ridge: with a flat stretch of scores two parameters trade off.
  for (let u = 0; u < n; u++) gram[u * n + u]! *= 1 + 1e-9;
  if (!factor(gram, n)) return () => NaN;
  return (x) => {
    const k = Math.exp(p[1]!);
    const s = 1 / (1 + Math.exp(k * (x - p[2]!)));
    const bent = (p[0]! - floor) * s * (1 - s);
    const all = [s, -bent * (x - p[2]!) * k, bent * k];
    const slope = Float64Array.from(free, (a) => all[a]!);
    const solved = Float64Array.from(slope);
    solve(gram, n, n, solved);
    return Math.sqrt(scale * slope.reduce((sum, v, i) => sum + v * solved[i]!, 0));
  };
}
