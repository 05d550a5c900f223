/**
 * A random forest over the unit cube whose marginals are exact: fANOVA, Hutter, Hoos & Leyton-Brown 2014, "An efficient
 * approach for assessing hyperparameter importance" (ICML 31); trees after Breiman 2001.
 *
 * Every tree cuts the cube into boxes, so that the mean over all other coordinates is a sum over boxes (eq. 5), and the
 * variance of main effects and pairwise interactions follows without sampling (Algorithm 2).
 */

import type { Rng } from '../math/rng.ts';

/** A box of the cube and the value in it. */
interface Leaf {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly value: number;
}

/** The boxes of one tree fill the cube. */
type Tree = readonly Leaf[];

/** Trees fitted to resamples of the same data. */
export interface Forest {
  readonly dimension: number;
  readonly trees: readonly Tree[];
}

export interface ForestOptions {
  readonly trees?: number;
  /** Fewest rows of a box; default the larger of 3 and a 40th of the rows. */
  readonly leaf?: number;
  /** Share of the coordinates a cut may choose from. */
  readonly features?: number;
}

/** Mean over trees, and their standard deviation: how much another draw of the data might say otherwise. */
export interface Spread {
  readonly mean: number;
  readonly sd: number;
}

/**
 * Fit trees to n rows in the unit cube and their n values, all finite. A coordinate that is NaN is unknown and drawn
 * anew for every tree, so that it says nothing. No rows: no trees, and every answer is NaN.
 */
export function fitForest(
  rows: readonly ArrayLike<number>[],
  values: readonly number[],
  random: Rng,
  { trees = 32, leaf = Math.max(3, Math.ceil(rows.length / 40)), features = 5 / 6 }: ForestOptions = {},
): Forest {
  const dimension = rows[0]?.length ?? 0;
  const grown = Array.from({ length: rows.length === 0 ? 0 : trees }, (): Tree => {
    const known = rows.map((row) => Float64Array.from(row, (x) => (Number.isNaN(x) ? random.uniform() : x)));
    const drawn = rows.map(() => random.int(rows.length));
    const boxes: Leaf[] = [];
    const whole = { low: new Float64Array(dimension), high: new Float64Array(dimension).fill(1) };
    grow(known, values, drawn, whole.low, whole.high, leaf, features, random, boxes);
    return boxes;
  });
  return { dimension, trees: grown };
}

function grow(
  rows: readonly Float64Array[],
  values: readonly number[],
  members: readonly number[],
  low: Float64Array,
  high: Float64Array,
  leaf: number,
  features: number,
  random: Rng,
  boxes: Leaf[],
): void {
  const cut = members.length < 2 * leaf ? undefined : bestCut(rows, values, members, leaf, features, random);
  if (cut === undefined) {
    boxes.push({ low, high, value: members.reduce((sum, i) => sum + values[i]!, 0) / members.length });
    return;
  }
  const { axis, at } = cut;
  const [upTo, from] = [high.slice(), low.slice()];
  upTo[axis] = at;
  from[axis] = at;
  const below = members.filter((i) => rows[i]![axis]! < at);
  const above = members.filter((i) => rows[i]![axis]! >= at);
  grow(rows, values, below, low, upTo, leaf, features, random, boxes);
  grow(rows, values, above, from, high, leaf, features, random, boxes);
}

/** The cut that leaves the least squared error, at a random place between the two neighbours it parts. */
function bestCut(
  rows: readonly Float64Array[],
  values: readonly number[],
  members: readonly number[],
  leaf: number,
  features: number,
  random: Rng,
): { axis: number; at: number } | undefined {
  const dimension = rows[0]!.length;
  const total = members.reduce((sum, i) => sum + values[i]!, 0);
  const n = members.length;
  let best: { axis: number; at: number } | undefined;
  let gain = (total * total) / n + 1e-12 * Math.abs(total);
  for (let axis = 0; axis < dimension; axis++) {
    if (dimension > 1 && random.uniform() > features) continue;
    const sorted = members.toSorted((a, b) => rows[a]![axis]! - rows[b]![axis]!);
    let left = 0;
    for (let k = 1; k < n; k++) {
      left += values[sorted[k - 1]!]!;
      if (k < leaf || n - k < leaf) continue;
      const [x, y] = [rows[sorted[k - 1]!]![axis]!, rows[sorted[k]!]![axis]!];
      if (!(x < y)) continue;
      const score = (left * left) / k + (total - left) ** 2 / (n - k);
      if (score <= gain) continue;
      gain = score;
      best = { axis, at: x + (0.25 + 0.5 * random.uniform()) * (y - x) };
    }
  }
  return best;
}

/** Mean over all other coordinates with coordinate `axis` at each of `places`, over the trees. */
export function marginal({ trees }: Forest, axis: number, places: readonly number[]): Spread[] {
  const perTree = trees.map((tree) => {
    const sums = places.map(() => 0);
    for (const { low, high, value } of tree) {
      const volume = volumeWithout(low, high, axis);
      places.forEach((u, k) => {
        if (u >= low[axis]! && (u < high[axis]! || (u >= 1 && high[axis] === 1))) sums[k]! += volume * value;
      });
    }
    return sums;
  });
  return places.map((_, k) => spreadOf(perTree.map((sums) => sums[k]!)));
}

/** Shares of the forest's variance: coordinates alone, and pairs beyond what their two coordinates do alone. */
export interface Decomposition {
  /** One for each coordinate: the share of every tree. */
  readonly alone: readonly (readonly number[])[];
  readonly pairs: readonly { readonly axes: readonly [number, number]; readonly shares: readonly number[] }[];
}

/** Shares in [0, 1] per tree; trees that are constant give 0. Pairs are those of `among`, all by default: O(d²). */
export function decompose({ trees, dimension }: Forest, among?: readonly number[]): Decomposition {
  const axes = among ?? Array.from({ length: dimension }, (_, i) => i);
  const pairs = axes.flatMap((a, i) => axes.slice(i + 1).map((b): [number, number] => (a < b ? [a, b] : [b, a])));
  const alone = Array.from({ length: dimension }, (): number[] => []);
  const shares = pairs.map((): number[] => []);
  for (const tree of trees) {
    let [mean, square] = [0, 0];
    for (const { low, high, value } of tree) {
      const volume = volumeWithout(low, high);
      mean += volume * value;
      square += volume * value * value;
    }
    const variance = square - mean * mean;
    const share = (part: number): number => (variance > 1e-12 * square ? Math.min(1, Math.max(0, part / variance)) : 0);
    const lines = Array.from({ length: dimension }, (_, axis) => line(tree, axis));
    const mains = lines.map(({ edges, heights }) =>
      heights.reduce((sum, height, k) => sum + (edges[k + 1]! - edges[k]!) * (height - mean) ** 2, 0),
    );
    mains.forEach((main, axis) => alone[axis]!.push(share(main)));
    pairs.forEach(([a, b], p) => {
      // The variance of the plane holds both main effects; their sum is orthogonal to the rest.
      const both = plane(tree, a, b, lines[a]!.edges, lines[b]!.edges, mean);
      shares[p]!.push(share(both - mains[a]! - mains[b]!));
    });
  }
  return { alone, pairs: pairs.map((pair, p) => ({ axes: pair, shares: shares[p]! })) };
}

/** A tree's marginal of one coordinate: constant between neighbouring edges. */
function line(tree: Tree, axis: number): { edges: number[]; heights: number[] } {
  const edges = [...new Set(tree.flatMap(({ low, high }) => [low[axis]!, high[axis]!]))].sort((a, b) => a - b);
  const heights = edges.slice(1).map(() => 0);
  for (const { low, high, value } of tree) {
    const volume = volumeWithout(low, high, axis);
    for (let k = edges.indexOf(low[axis]!); edges[k]! < high[axis]!; k++) heights[k]! += volume * value;
  }
  return { edges, heights };
}

/** Variance of a tree's marginal of two coordinates. */
function plane(tree: Tree, a: number, b: number, rows: number[], columns: number[], mean: number): number {
  const width = columns.length - 1;
  const heights = new Float64Array((rows.length - 1) * width);
  for (const { low, high, value } of tree) {
    const part = volumeWithout(low, high, a, b) * value;
    const first = columns.indexOf(low[b]!);
    for (let i = rows.indexOf(low[a]!); rows[i]! < high[a]!; i++)
      for (let j = first; columns[j]! < high[b]!; j++) heights[i * width + j]! += part;
  }
  let variance = 0;
  for (let i = 0; i < rows.length - 1; i++)
    for (let j = 0; j < width; j++)
      variance += (rows[i + 1]! - rows[i]!) * (columns[j + 1]! - columns[j]!) * (heights[i * width + j]! - mean) ** 2;
  return variance;
}

function volumeWithout(low: Float64Array, high: Float64Array, a = -1, b = -1): number {
  let volume = 1;
  for (let i = 0; i < low.length; i++) if (i !== a && i !== b) volume *= high[i]! - low[i]!;
  return volume;
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return { mean, sd };
}
