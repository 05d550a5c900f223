/**
 * Recipes tried at several small scales, forecast at a large one: which stays ahead, by how much, what ten times the
 * compute buys, and which small runs would tell most. Losses of recipe k follow ln(L − E) = a_k − c_k ln x, with the
 * floor E and the mean and spread of the slopes c_k shared: with two or three scales each, a recipe alone tells little.
 */

import { factor } from '../math/cholesky.ts';
import { cdf, pdf } from '../math/normal.ts';
import { mean, normalQuantile, rng } from '../math/index.ts';
import { multipleAt } from './auto.ts';
import { believeLines, type Lines, spreadOf } from './lines.ts';

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
  /** Standard deviation of its own ln loss there, and the doubt that all recipes share: the promised gain and the scatter. */
  readonly sd: number;
  readonly doubt: number;
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
  /**
   * The recipe expected to be best at the target, and the other of which it would be worth most to know for certain; `worth` is
   * that, the mean loss (ln(L − E)) of going by what is expected, in units of the scatter of one run. With one recipe: that.
   */
  readonly asked: { readonly recipes: readonly string[]; readonly worth: number };
  readonly next: readonly NextRun[];
}

/** A run that could be made, and what it would tell. */
export interface NextRun {
  readonly recipe: string;
  readonly scale: number;
  readonly seconds: number;
  /** By how much the variance of the difference at the target between the two that are `asked` would shrink, as a share of it. */
  readonly shrinks: number;
}

/**
 * Level and the multiple of the shared doubt within which that share of forecasts was right, the own error in quadrature:
 * over recipes of five public sources of which each counts the same (bench/RESULTS.md, scaling).
 */
export const RECIPE_WIDTHS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.5, 0.33],
  [0.8, 0.55],
  [0.9, 0.86],
  [0.95, 1.43],
];

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

/** What may be known beside the runs. */
export interface ScaleWish {
  /** Scales at which further runs could be made; those that were, when left out. */
  readonly offered?: readonly number[];
  /** How far the exponents of two recipes go together, in [0, 1]: recipes that differ little fall alike. Not at all when left out. */
  readonly alike?: (one: string, other: string) => number;
}

/**
 * Forecasts at `target`; `level` is that of the intervals. Undefined below three different scales or without two runs of a
 * recipe.
 */
export function forecastScales(
  runs: readonly ScaleRun[],
  target: number,
  level: number,
  seed: number,
  { offered, alike }: ScaleWish = {},
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
  const names = [...groups.keys()];
  const own = names.flatMap((name) => slopeAlone(groups.get(name)!, floor, centre, noise));
  const spread = spreadOf(own, PRIOR_SPREAD * slope, PRIOR_WEIGHT);
  const noiseAt = noiseOver([...groups.values()], floor, noise);
  const lines = believeLines(
    names.map((name) =>
      groups.get(name)!.map(({ scale, loss }) => ({ u: z(scale), v: Math.log(loss - floor), sd: noiseAt(scale) })),
    ),
    slope,
    spread,
    alike === undefined ? undefined : (i, j) => alike(names[i]!, names[j]!),
  );
  const largest = scales.at(-1)!;
  const lossAt = (k: number, scale: number): number => floor + Math.exp(lines.at(k, z(scale)));
  // What all recipes share (floor, mean slope) is as unsure as the forecast of a single law: its promised gain and scatter.
  const width = multipleAt(RECIPE_WIDTHS, level);
  const between = (
    k: number,
    scale: number,
  ): { value: number; low: number; high: number; sd: number; doubt: number } => {
    const value = lossAt(k, scale);
    const share = (value - floor) / value;
    const sd = share * Math.sqrt(lines.covariance(k, z(scale), k, z(scale)));
    const gain = scale > largest ? Math.abs(Math.log(value / lossAt(k, largest))) : 0;
    const doubt = gain + share * noise;
    const half = Math.hypot(normalQuantile((1 + level) / 2) * sd, width * doubt);
    return { value, low: value * Math.exp(-half), high: value * Math.exp(half), sd, doubt };
  };
  const places = spaced(scales[0]!, largest, target);
  const contenders = names.map((recipe, k) => {
    const group = groups.get(recipe)!;
    return {
      recipe,
      runs: group.length,
      scales: new Set(group.map(({ scale }) => scale)).size,
      slope: lines.slope(k),
      ...between(k, target),
      small: lossAt(k, largest),
      curve: places.map((scale) => {
        const { value, low, high } = between(k, scale);
        return { scale, value, low, high };
      }),
    };
  });
  const chances = chancesOf(lines, names.length, z(target), seed);
  const sorted = contenders
    .map((one, i) => ({ ...one, best: chances[i]! }))
    .sort((one, other) => one.value - other.value);
  // Ahead is who is ahead where all that can be compared have been: by the law at the largest scale.
  const leader = contenders.reduce((best, one, i) => (one.small < contenders[best]!.small ? i : best), 0);
  const crossings = names.flatMap((recipe, k) => {
    if (k === leader || lines.slope(k) <= lines.slope(leader)) return [];
    const where = Math.exp(centre + (lines.at(k, 0) - lines.at(leader, 0)) / (lines.slope(k) - lines.slope(leader)));
    if (!(where > largest && where < target)) return [];
    const { mean: gap, variance } = difference(lines, k, leader, z(target));
    return [{ recipe, at: where, chance: cdf(-gap / Math.sqrt(variance)) }];
  });
  const best = names.indexOf(sorted[0]!.recipe);
  const rivals = names
    .flatMap((_, k) => (k === best ? [] : [{ k, worth: worthOfKnowing(difference(lines, best, k, z(target))) }]))
    .sort((one, other) => other.worth - one.worth);
  const pair = [best, ...rivals.slice(0, 1).map(({ k }) => k)];
  return {
    target,
    level,
    floor,
    slope,
    spread,
    noise,
    largest,
    contenders: sorted,
    ahead: contenders[leader]!.recipe,
    survives: chances[leader]!,
    crossings: crossings.sort((one, other) => other.chance - one.chance),
    tenfold: 1 - lossAt(best, 10 * target) / lossAt(best, target),
    asked: { recipes: pair.map((k) => names[k]!), worth: (rivals[0]?.worth ?? 0) / noise },
    next: nextRuns(lines, names, pair, offered ?? scales, z, z(target), noiseAt, secondsOver(runs)),
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

/** Line i less line j at z. */
function difference(
  lines: Lines,
  i: number,
  j: number,
  z: number,
): { readonly mean: number; readonly variance: number } {
  const variance = lines.covariance(i, z, i, z) + lines.covariance(j, z, j, z) - 2 * lines.covariance(i, z, j, z);
  return { mean: lines.at(i, z) - lines.at(j, z), variance: Math.max(variance, 1e-18) };
}

/**
 * What it would gain on average to know which of two is the lower, over going by the means: E max(0, −d sign(mean)) of a normal
 * difference d.
 */
function worthOfKnowing({ mean: gap, variance }: { readonly mean: number; readonly variance: number }): number {
  const sd = Math.sqrt(variance);
  const far = Math.abs(gap) / sd;
  return sd * (pdf(far) - far * cdf(-far));
}

/** The chance of each of `count` recipes to be the best at z, by draws. */
function chancesOf(lines: Lines, count: number, z: number, seed: number): number[] {
  const random = rng(seed, 0x5ca1);
  const covariance = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j <= i; j++)
      covariance[i * count + j] = lines.covariance(i, z, j, z) * (i === j ? 1 + 1e-9 : 1) + (i === j ? 1e-13 : 0);
  const whole = factor(covariance, count);
  const sds = Array.from({ length: count }, (_, i) => Math.sqrt(lines.covariance(i, z, i, z)));
  const centres = Array.from({ length: count }, (_, i) => lines.at(i, z));
  const won = centres.map(() => 0);
  const draws = Array.from({ length: count }, () => 0);
  for (let draw = 0; draw < DRAWS; draw++) {
    let [best, lowest] = [0, Infinity];
    for (let i = 0; i < count; i++) {
      draws[i] = random.normal();
      let value = centres[i]!;
      if (whole) for (let j = 0; j <= i; j++) value += covariance[i * count + j]! * draws[j]!;
      else value += sds[i]! * draws[i]!;
      if (value < lowest) [best, lowest] = [i, value];
    }
    won[best]!++;
  }
  return won.map((times) => times / DRAWS);
}

/**
 * The runs of two recipes, at scales that can be paid for, that shrink the variance of their difference at the target most per
 * device-second: a run of line r at z with noise σ² takes Cov(difference, r(z))² / (σ² + Var r(z)) off it. Of one recipe
 * alone, of its own variance. Seconds grow with scale as they did.
 */
function nextRuns(
  lines: Lines,
  names: readonly string[],
  pair: readonly number[],
  scales: readonly number[],
  z: (scale: number) => number,
  target: number,
  noiseAt: (scale: number) => number,
  seconds: (scale: number) => number,
): NextRun[] {
  const [p, q] = pair;
  const along = (k: number, at: number): number =>
    lines.covariance(p!, target, k, at) - (q === undefined ? 0 : lines.covariance(q, target, k, at));
  const total = q === undefined ? lines.covariance(p!, target, p!, target) : difference(lines, p!, q, target).variance;
  return pair
    .flatMap((k) =>
      scales.map((scale): NextRun => {
        const at = z(scale);
        return {
          recipe: names[k]!,
          scale,
          seconds: seconds(scale),
          shrinks: along(k, at) ** 2 / (noiseAt(scale) ** 2 + lines.covariance(k, at, k, at)) / total,
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
