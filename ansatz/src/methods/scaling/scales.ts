/**
 * Recipes tried at several small scales, forecast at a large one: which stays ahead, by how much, what ten times the
 * compute buys, and which small runs would tell most. Losses of recipe k follow ln(L − E) = a_k − c_k ln x, with the
 * floor E and the mean and spread of the slopes c_k shared: with two or three scales each, a recipe alone tells little.
 */

import { cdf } from '../math/normal.ts';
import { mean, normalQuantile, rng } from '../math/index.ts';
import { WIDTHS } from './auto.ts';

/** A finished run. `loss` > 0, lower is better; `scale` > 0 (compute, tokens, width: what the target is given in). */
export interface ScaleRun {
  readonly recipe: string;
  readonly scale: number;
  readonly loss: number;
  /** Device-seconds it took. */
  readonly seconds?: number;
}

/** A recipe at the target. */
export interface Contender {
  readonly recipe: string;
  readonly runs: number;
  readonly scales: number;
  /** Exponent of its own, drawn towards that of all. */
  readonly slope: number;
  readonly value: number;
  /** At the level asked for. */
  readonly low: number;
  readonly high: number;
  /** The chance that it is the best of all at the target. */
  readonly best: number;
  /** Its loss at the largest scale all runs reach, by the law: what small runs say. */
  readonly small: number;
  /** Its law from the smallest scale that was run to the target, with the interval. */
  readonly curve: readonly {
    readonly scale: number;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

export interface Forecasts {
  readonly target: number;
  readonly level: number;
  /** The shared floor. */
  readonly floor: number;
  /** The mean exponent, and how much recipes differ in it. */
  readonly slope: number;
  readonly spread: number;
  /** Scatter of one run, in ln(L − E). */
  readonly noise: number;
  /** The largest scale that was tried. */
  readonly largest: number;
  /** The best at the target first. */
  readonly contenders: readonly Contender[];
  /** The recipe ahead at the largest scale tried, and the chance that it is still ahead of each other one, and of the next alone. */
  readonly ahead: string;
  readonly survives: number;
  /** Recipes whose curves are expected to cross that one's before the target, and where. */
  readonly crossings: readonly { readonly recipe: string; readonly at: number; readonly chance: number }[];
  /** Relative drop of the best loss from the target to ten times it. */
  readonly tenfold: number;
  readonly next: readonly NextRun[];
}

/** A run that could be made, and what it would tell. */
export interface NextRun {
  readonly recipe: string;
  readonly scale: number;
  readonly seconds: number;
  /** By how much the variance of the difference between the two best at the target would shrink, as a share of it. */
  readonly shrinks: number;
}

/** Least different scales: with two the floor cannot be told from the exponent. */
export const LEAST_SCALES = 3;
/** Slopes of recipes differ by about this before any evidence: an eighth of the slope itself. */
const PRIOR_SPREAD = 0.125;
/** What that guess is worth, in recipes. */
const PRIOR_WEIGHT = 3;
/** Scatter that is assumed where runs show less: no two seeds agree better. */
const LEAST_NOISE = 1e-3;
const FLOORS = Array.from({ length: 40 }, (_, i) => (i < 20 ? i / 20 : 0.95 + ((i - 20) * 0.049) / 20));
const DRAWS = 4000;
const NEXT = 8;
/** Places of a curve. */
const CURVE = 25;

/** What is believed of a recipe: intercept at the centre and slope, with their covariance. */
interface Belief {
  readonly recipe: string;
  readonly at: readonly [number, number];
  readonly covariance: readonly [number, number, number];
  readonly runs: readonly ScaleRun[];
}

/**
 * Forecasts at `target`; `level` is that of the intervals. Undefined below three different scales or without two runs of a
 * recipe. `offered` are the scales at which further runs could be made; those that were, when left out.
 */
export function forecastScales(
  runs: readonly ScaleRun[],
  target: number,
  level: number,
  seed: number,
  offered?: readonly number[],
): Forecasts | undefined {
  const groups = new Map<string, ScaleRun[]>();
  for (const run of runs) groups.set(run.recipe, [...(groups.get(run.recipe) ?? []), run]);
  const scales = [...new Set(runs.map(({ scale }) => scale))].sort((a, b) => a - b);
  if (scales.length < LEAST_SCALES) return undefined;
  const centre = mean(runs.map(({ scale }) => Math.log(scale)));
  const shared = fitShared([...groups.values()], centre);
  if (shared === undefined) return undefined;
  const { floor, slope, noise } = shared;
  const z = (scale: number): number => Math.log(scale) - centre;
  const own = [...groups].flatMap(([, group]) => slopeAlone(group, floor, centre, noise));
  // The spread of slopes beyond what noise makes of them, from those recipes that tell of one (moments), shrunk to the guess.
  const guess = (PRIOR_SPREAD * slope) ** 2;
  const beyond = own.map((one) => (one.slope - slope) ** 2 - one.variance);
  const spread2 = Math.max(
    0.04 * guess,
    (PRIOR_WEIGHT * guess + beyond.reduce((a, b) => a + b, 0)) / (PRIOR_WEIGHT + own.length),
  );
  const noiseAt = noiseOver([...groups.values()], floor, noise);
  const beliefs = [...groups].map(([recipe, group]) => believe(recipe, group, floor, centre, slope, spread2, noiseAt));
  const largest = scales.at(-1)!;
  const lossAt = (belief: Belief, scale: number): number => floor + Math.exp(belief.at[0] - belief.at[1] * z(scale));
  // What all recipes share (floor, mean slope) is as unsure as the forecast of a single law: its promised gain and scatter.
  const width = widthOf(level);
  const between = (belief: Belief, scale: number): { value: number; low: number; high: number } => {
    const value = lossAt(belief, scale);
    const share = (value - floor) / value;
    const sd = share * Math.sqrt(varianceAt(belief, z(scale)));
    const gain = scale > largest ? Math.abs(Math.log(value / lossAt(belief, largest))) : 0;
    const half = Math.hypot(normalQuantile((1 + level) / 2) * sd, width * (gain + share * noise));
    return { value, low: value * Math.exp(-half), high: value * Math.exp(half) };
  };
  const places = spaced(scales[0]!, largest, target);
  const contenders = beliefs.map((belief) => ({
    recipe: belief.recipe,
    runs: belief.runs.length,
    scales: new Set(belief.runs.map(({ scale }) => scale)).size,
    slope: belief.at[1],
    ...between(belief, target),
    small: lossAt(belief, largest),
    curve: places.map((scale) => ({ scale, ...between(belief, scale) })),
  }));
  const chances = chancesOf(beliefs, z(target), seed);
  const sorted = contenders
    .map((one, i) => ({ ...one, best: chances[i]! }))
    .sort((one, other) => one.value - other.value);
  // Ahead is who is ahead where all that can be compared have been: by the law at the largest scale.
  const leader = contenders.reduce((best, one, i) => (one.small < contenders[best]!.small ? i : best), 0);
  const crossings = beliefs.flatMap((belief, i) => {
    if (i === leader) return [];
    const [a, b] = [beliefs[leader]!, belief];
    const ahead = aheadAt(a, b, z(target));
    const where = Math.exp(centre + (b.at[0] - a.at[0]) / (b.at[1] - a.at[1]));
    return where > largest && where < target && b.at[1] > a.at[1]
      ? [{ recipe: belief.recipe, at: where, chance: 1 - ahead }]
      : [];
  });
  const best = beliefs[contenders.findIndex(({ recipe }) => recipe === sorted[0]!.recipe)]!;
  return {
    target,
    level,
    floor,
    slope,
    spread: Math.sqrt(spread2),
    noise,
    largest,
    contenders: sorted,
    ahead: contenders[leader]!.recipe,
    survives: chances[leader]!,
    crossings: crossings.sort((one, other) => other.chance - one.chance),
    tenfold: 1 - lossAt(best, 10 * target) / lossAt(best, target),
    next: nextRuns(
      beliefs,
      // Who may be the best is what is asked: the two likeliest to be.
      sorted
        .toSorted((one, other) => other.best - one.best)
        .slice(0, 2)
        .map(({ recipe }) => recipe),
      offered ?? scales,
      z,
      z(target),
      noiseAt,
    ),
  };
}

/**
 * The floor under which all recipes scatter least, each with an intercept of its own, and a slope of its own where it has
 * three scales (under one slope for all a floor would make up for slopes that differ); the mean slope and the scatter.
 */
function fitShared(
  groups: readonly (readonly ScaleRun[])[],
  centre: number,
): { floor: number; slope: number; noise: number } | undefined {
  const lowest = Math.min(...groups.flat().map(({ loss }) => loss));
  const scalesOf = (group: readonly ScaleRun[]): number => new Set(group.map(({ scale }) => scale)).size;
  const told = groups.filter((group) => scalesOf(group) > 1);
  const many = told.filter((group) => scalesOf(group) > 2);
  if (told.length === 0 || told.flat().length < LEAST_SCALES) return undefined;
  const free = told.flat().length - told.length - many.length - (many.length < told.length ? 1 : 0) - 1;
  let best: { floor: number; slope: number; noise: number; value: number } | undefined;
  for (const part of FLOORS) {
    const floor = part * lowest;
    const lines = told.map((group) => lineOf(group, floor, centre));
    const common = lines.reduce((sum, { xy }) => sum + xy, 0) / lines.reduce((sum, { xx }) => sum + xx, 0);
    let [value, scatter] = [0, 0];
    lines.forEach(({ u, v, xy, xx }, k) => {
      const slope = many.includes(told[k]!) ? xy / xx : common;
      u.forEach((one, i) => {
        const r = v[i]! - slope * one;
        scatter += r * r;
        // Residuals count in ln L, or a floor just below the data would look worst by stretching them most.
        value += ((1 - floor / told[k]![i]!.loss) * r) ** 2;
      });
    });
    if (-common > 0 && (best === undefined || value < best.value))
      best = { floor, slope: -common, noise: Math.max(LEAST_NOISE, Math.sqrt(scatter / Math.max(1, free))), value };
  }
  return best;
}

/** ln(L − E) over ln x of a recipe, both about their means, and their moments. */
function lineOf(
  group: readonly ScaleRun[],
  floor: number,
  centre: number,
): { u: number[]; v: number[]; xy: number; xx: number } {
  const u = group.map(({ scale }) => Math.log(scale) - centre);
  const v = group.map(({ loss }) => Math.log(loss - floor));
  const [mu, mv] = [mean(u), mean(v)];
  const [du, dv] = [u.map((one) => one - mu), v.map((one) => one - mv)];
  return {
    u: du,
    v: dv,
    xy: du.reduce((sum, one, i) => sum + one * dv[i]!, 0),
    xx: du.reduce((sum, one) => sum + one * one, 0),
  };
}

/** The slope of a recipe by itself and its variance; nothing with a single scale. */
function slopeAlone(
  group: readonly ScaleRun[],
  floor: number,
  centre: number,
  noise: number,
): { slope: number; variance: number }[] {
  const { xy, xx } = lineOf(group, floor, centre);
  return xx > 0 ? [{ slope: -xy / xx, variance: noise ** 2 / xx }] : [];
}

/** What the common scatter counts beside repeats at one scale, in degrees of freedom. */
const NOISE_WEIGHT = 8;

/**
 * Scatter of one run at each scale, in ln(L − E): small runs are often noisier. From repeats there, drawn to the scatter of
 * all (inverse gamma); where nothing was repeated it is that.
 */
function noiseOver(groups: readonly (readonly ScaleRun[])[], floor: number, noise: number): (scale: number) => number {
  const squares = new Map<number, { sum: number; df: number }>();
  for (const group of groups) {
    for (const [scale, cell] of Map.groupBy(group, (run) => run.scale)) {
      const logs = cell.map(({ loss }) => Math.log(loss - floor));
      const centre = mean(logs);
      const seen = squares.get(scale) ?? { sum: 0, df: 0 };
      squares.set(scale, {
        sum: seen.sum + logs.reduce((sum, one) => sum + (one - centre) ** 2, 0),
        df: seen.df + logs.length - 1,
      });
    }
  }
  return (scale) => {
    const { sum, df } = squares.get(scale) ?? { sum: 0, df: 0 };
    return Math.max(LEAST_NOISE, Math.sqrt((NOISE_WEIGHT * noise ** 2 + sum) / (NOISE_WEIGHT + df)));
  };
}

/** Scales evenly apart in logarithms, with the largest that was run among them. */
function spaced(from: number, largest: number, to: number): number[] {
  const end = Math.max(largest, to);
  const even = Array.from({ length: CURVE }, (_, i) => from * (end / from) ** (i / (CURVE - 1)));
  return [...new Set([...even.slice(0, -1), largest, end])].sort((a, b) => a - b);
}

/** Bayesian line for one recipe: flat prior on the intercept, N(slope, spread²) on the slope, known noise. */
function believe(
  recipe: string,
  runs: readonly ScaleRun[],
  floor: number,
  centre: number,
  slope: number,
  spread2: number,
  noiseAt: (scale: number) => number,
): Belief {
  let [p00, p01, p11] = [0, 0, 1 / spread2];
  let [r0, r1] = [0, slope / spread2];
  for (const { scale, loss } of runs) {
    const [u, v, s2] = [Math.log(scale) - centre, Math.log(loss - floor), noiseAt(scale) ** 2];
    p00 += 1 / s2;
    p01 -= u / s2;
    p11 += (u * u) / s2;
    r0 += v / s2;
    r1 -= (u * v) / s2;
  }
  const determinant = p00 * p11 - p01 * p01;
  const covariance = [p11 / determinant, -p01 / determinant, p00 / determinant] as const;
  const at = [covariance[0] * r0 + covariance[1] * r1, covariance[1] * r0 + covariance[2] * r1] as const;
  return { recipe, at, covariance, runs };
}

/** Variance of ln(L − E) at z: that of a − c z. */
function varianceAt({ covariance: [aa, ac, cc] }: Belief, z: number): number {
  return aa - 2 * z * ac + z * z * cc;
}

/** The chance that `one` has the lower loss at z. */
function aheadAt(one: Belief, other: Belief, z: number): number {
  const gap = other.at[0] - other.at[1] * z - (one.at[0] - one.at[1] * z);
  return cdf(gap / Math.sqrt(varianceAt(one, z) + varianceAt(other, z)));
}

/** The chance of each to be the best at z, by draws. */
function chancesOf(beliefs: readonly Belief[], z: number, seed: number): number[] {
  const random = rng(seed, 0x5ca1);
  const won = beliefs.map(() => 0);
  const [centres, sds] = [
    beliefs.map(({ at }) => at[0] - at[1] * z),
    beliefs.map((one) => Math.sqrt(varianceAt(one, z))),
  ];
  for (let draw = 0; draw < DRAWS; draw++) {
    let [best, lowest] = [0, Infinity];
    centres.forEach((centre, i) => {
      const value = centre + sds[i]! * random.normal();
      if (value < lowest) [best, lowest] = [i, value];
    });
    won[best]!++;
  }
  return won.map((count) => count / DRAWS);
}

/**
 * The runs of two recipes, at scales that can be paid for, that shrink the variance of their difference at the target most per
 * device-second (a run at z with noise σ² takes (xₜᵀ Σ x)² / (σ² + xᵀ Σ x) off it). Seconds grow with scale as they did.
 */
function nextRuns(
  beliefs: readonly Belief[],
  pair: readonly string[],
  scales: readonly number[],
  z: (scale: number) => number,
  target: number,
  noiseAt: (scale: number) => number,
): NextRun[] {
  const rivals = beliefs.filter(({ recipe }) => pair.includes(recipe));
  const total = rivals.reduce((sum, one) => sum + varianceAt(one, target), 0);
  const seconds = secondsOver(beliefs.flatMap(({ runs }) => runs));
  return rivals
    .flatMap((one) =>
      scales.map((scale): NextRun => {
        const [aa, ac, cc] = one.covariance;
        const u = z(scale);
        const across = aa - (u + target) * ac + u * target * cc;
        return {
          recipe: one.recipe,
          scale,
          seconds: seconds(scale),
          shrinks: across ** 2 / (noiseAt(scale) ** 2 + varianceAt(one, u)) / total,
        };
      }),
    )
    .sort((one, other) => other.shrinks / other.seconds - one.shrinks / one.seconds)
    .slice(0, NEXT);
}

/** Device-seconds over scale: a line in logarithms through those that are known; in proportion to the scale without any. */
function secondsOver(runs: readonly ScaleRun[]): (scale: number) => number {
  const known = runs.filter(({ seconds }) => seconds !== undefined && seconds > 0);
  if (known.length === 0) return (scale) => scale;
  const u = known.map(({ scale }) => Math.log(scale));
  const v = known.map(({ seconds }) => Math.log(seconds!));
  const [mu, mv] = [mean(u), mean(v)];
  const xx = u.reduce((sum, one) => sum + (one - mu) ** 2, 0);
  const slope = xx > 0 ? Math.max(0, u.reduce((sum, one, i) => sum + (one - mu) * (v[i]! - mv), 0) / xx) : 1;
  return (scale) => Math.exp(mv + slope * (Math.log(scale) - mu));
}

/** The multiple of the doubt at a level: the next one of the table. */
function widthOf(level: number): number {
  return (WIDTHS.find(([known]) => known >= level) ?? WIDTHS.at(-1)!)[1];
}
