/**
 * Which parameters decide whether a result is among the best: PED-ANOVA, Watanabe, Bansal & Hutter 2023, "PED-ANOVA:
 * Efficiently quantifying hyperparameter importance in arbitrary subspaces" (arXiv 2304.10255).
 *
 * Per parameter, the density of its values among the best results is held against that among a larger set; the Pearson
 * divergence of the two is the variance of the best set's membership that the parameter explains (eq. 14), here as a
 * share of that variance. Beyond the paper: this is averaged over several sizes of the best set, because a sampler that
 * went where results are good leaves few bad ones, which tell more than the best few; what chance gives is measured
 * by random best sets and taken off; and intervals come from resampled results.
 */

import type { Rng } from '../math/rng.ts';
import { quantile } from '../math/summary.ts';
import { encodeParam } from '../space/encode.ts';
import { valueAt } from '../space/point.ts';
import type { Param, Point, Space } from '../space/space.ts';

/** A point and what it came to: lower is better, Infinity for one known to be worse than the others, never NaN. */
export interface Result {
  readonly point: Point;
  readonly loss: number;
}

export interface Importance {
  readonly name: string;
  /** Results that have the parameter: only those count for one that is conditional. */
  readonly results: number;
  /** Share of the importance of all parameters, in [0, 1]; 0 for all when nothing rises above the mean of chance. */
  readonly share: number;
  /** 90 % of the shares that resampled results give. */
  readonly interval: readonly [number, number];
  /** The share that one parameter or another would exceed in 5 % of studies if none mattered; in [0, 1]. */
  readonly chance: number;
}

export interface ImportanceOptions {
  /** Sizes of the best set, as fractions of the larger one; four results or more are in it and out of it. */
  readonly best?: readonly number[];
  /** The set it is held against. 1, the default, is global; smaller asks what matters among results that are good. */
  readonly among?: number;
  /** Resamples behind the interval. Default 100. */
  readonly resamples?: number;
  /** Random best sets behind `chance`. Default 200. */
  readonly shuffles?: number;
}

/** From what sets the best apart to what sets the worst apart. */
const LEVELS: readonly number[] = [0.1, 0.2, 0.4, 0.6, 0.8];
const GRID = 32;
const FEWEST = 4;
/** Results in a row among which chance deals. */
const STRETCH = 8;
/** More results than these are thinned to the latest. */
const MOST_RESULTS = 1000;

/** One parameter's values as densities on a grid, a row for each result that has it. */
interface Column {
  readonly count: number;
  /** The row of each result, −1 for one that lacks the parameter. */
  readonly rowOf: Int32Array;
  readonly cells: number;
  /** count × cells; every row sums to `cells`. */
  readonly rows: Float64Array;
}

/**
 * Importance of every parameter, in the order of the space. Deterministic given `random`. Parameters with one value, or
 * that fewer than two results have, get 0.
 */
export function importances(
  space: Space,
  all: readonly Result[],
  random: Rng,
  { best = LEVELS, among = 1, resamples = 100, shuffles = 200 }: ImportanceOptions = {},
): Importance[] {
  const results = all.slice(-MOST_RESULTS);
  const columns = space.params.map((param) => columnOf(param, results));
  const losses = results.map((result) => result.loss);
  const everything = [...results.keys()];
  const strengths = (drawn: readonly number[], worth: readonly number[]): number[] => {
    const ranked = drawn.toSorted((a, b) => (worth[a]! < worth[b]! ? -1 : worth[a]! > worth[b]! ? 1 : 0));
    return columns.map((column) => divergence(column, ranked, worth, best, among));
  };
  const observed = strengths(everything, losses);

  // Chance: the same losses dealt out at random among neighbours in time, since a sampler moves all knobs as results improve.
  const nulls = Array.from({ length: shuffles }, () => strengths(everything, dealt(losses, random)));
  const means = columns.map((_, d) => nulls.reduce((sum, row) => sum + row[d]!, 0) / Math.max(1, shuffles));
  const sds = columns.map((_, d) =>
    Math.sqrt(nulls.reduce((sum, row) => sum + (row[d]! - means[d]!) ** 2, 0) / Math.max(1, shuffles)),
  );
  const largest = nulls.map((row) => Math.max(0, ...row.map((v, d) => (sds[d]! > 0 ? (v - means[d]!) / sds[d]! : 0))));
  const limit = shuffles === 0 ? 0 : quantile(largest, 0.95);

  const above = observed.map((v, d) => Math.max(0, v - means[d]!));
  const total = above.reduce((sum, v) => sum + v, 0);
  const resampled = Array.from({ length: resamples }, () => {
    const drawn = results.map(() => random.int(results.length));
    // Drawing twice what was drawn once brings chance in twice.
    const values = strengths(drawn, losses).map((v, d) => Math.max(0, v - 2 * means[d]!));
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map((v) => (sum > 0 ? v / sum : 0));
  });
  return columns.map((column, d): Importance => {
    const shares = resampled.map((row) => row[d]!);
    const share = total > 0 ? above[d]! / total : 0;
    const interval: [number, number] = resamples === 0 ? [0, 1] : [quantile(shares, 0.05), quantile(shares, 0.95)];
    return {
      name: space.params[d]!.name,
      results: column.count,
      share,
      interval: [Math.min(share, interval[0]), Math.max(share, interval[1])],
      chance: total > 0 ? Math.min(1, (limit * sds[d]!) / total) : 1,
    };
  });
}

function columnOf(param: Param, results: readonly Result[]): Column {
  const members = [...results.keys()].filter((i) => valueAt(results[i]!.point, param.name) !== undefined);
  const rowOf = new Int32Array(results.length).fill(-1);
  members.forEach((result, row) => (rowOf[result] = row));
  const count = members.length;
  const places = members.map((i) => encodeParam(param, valueAt(results[i]!.point, param.name)!));
  if (new Set(places).size < 2) return { count, rowOf, cells: 1, rows: new Float64Array(count) };
  if (param.kind === 'choice' && param.ordered !== true) {
    const cells = param.choices.length;
    const rows = new Float64Array(members.length * cells);
    places.forEach((place, i) => (rows[i * cells + Math.min(cells - 1, Math.floor(place * cells))] = cells));
    return { count, rowOf, cells, rows };
  }
  // Scott's rule for a small best set: all sets are smoothed alike, or smoothing would look like importance.
  const centre = places.reduce((sum, u) => sum + u, 0) / Math.max(1, places.length);
  const sd = Math.sqrt(places.reduce((sum, u) => sum + (u - centre) ** 2, 0) / Math.max(1, places.length));
  const width = Math.max(1 / GRID, 1.06 * sd * Math.max(1, members.length / 5) ** -0.2);
  const rows = new Float64Array(members.length * GRID);
  places.forEach((place, i) => {
    let sum = 0;
    for (let g = 0; g < GRID; g++) {
      const density = Math.exp(-0.5 * (((g + 0.5) / GRID - place) / width) ** 2);
      rows[i * GRID + g] = density;
      sum += density;
    }
    for (let g = 0; g < GRID; g++) rows[i * GRID + g]! *= GRID / sum;
  });
  return { count, rowOf, cells: GRID, rows };
}

/**
 * Share of the variance of belonging to the best that the parameter explains, in the mean over the sizes of the best
 * set: γ ÷ (1 − γ) times the Pearson divergence. A result that is ranked twice counts twice.
 */
function divergence(
  { rowOf, cells, rows }: Column,
  ranked: readonly number[],
  losses: readonly number[],
  best: readonly number[],
  among: number,
): number {
  const chosen: { row: number; loss: number }[] = [];
  for (const result of ranked) if (rowOf[result]! >= 0) chosen.push({ row: rowOf[result]!, loss: losses[result]! });
  if (chosen.length < 2 || cells < 2) return 0;
  const larger = Math.max(2, Math.ceil(among * chosen.length));
  const region = densityOf(chosen, larger, cells, rows);
  const least = Math.min(FEWEST, larger / 2);
  let sum = 0;
  for (const fraction of best) {
    const count = Math.min(larger - least, Math.max(least, fraction * larger));
    const top = densityOf(chosen, count, cells, rows);
    let part = 0;
    for (let g = 0; g < cells; g++) part += (top[g]! / region[g]! - 1) ** 2 * region[g]!;
    sum += (part / cells) * (count / (larger - count));
  }
  return sum / best.length;
}

/** Mean density of the lowest `count`, and of one uniform row; those that tie at the cut share what is left. */
function densityOf(
  sorted: readonly { readonly row: number; readonly loss: number }[],
  count: number,
  cells: number,
  rows: Float64Array,
): Float64Array {
  const cut = sorted[Math.min(sorted.length, Math.ceil(count)) - 1]!.loss;
  const below = sorted.filter(({ loss }) => loss < cut).length;
  const tied = sorted.filter(({ loss }) => loss === cut).length;
  const density = new Float64Array(cells).fill(1 / (count + 1));
  for (let k = 0; k < below + tied; k++) {
    const weight = (k < below ? 1 : (count - below) / tied) / (count + 1);
    const from = sorted[k]!.row * cells;
    for (let g = 0; g < cells; g++) density[g]! += weight * rows[from + g]!;
  }
  return density;
}

/** Shuffled within stretches of {@link STRETCH}: what drifts as the search goes on does so by chance as well. */
function dealt<T>(items: readonly T[], random: Rng): T[] {
  const result = shuffled(items.slice(0, 1 + random.int(STRETCH)), random);
  while (result.length < items.length) {
    result.push(...shuffled(items.slice(result.length, result.length + STRETCH), random));
  }
  return result;
}

function shuffled<T>(items: readonly T[], random: Rng): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
