/**
 * Whether an experiment will fail to give a result, from the settings of all that ran before it: a random forest of
 * classification trees (Breiman 2001) on values in bins, so that no knob needs a scale; its votes become
 * probabilities by isotonic regression on the rows that each tree did not see (pool adjacent violators, Ayer et al. 1955).
 */

import type { Rng } from '../../methods/math/rng.ts';
import { valueAt } from '../../methods/space/point.ts';
import type { Point, Value } from '../../methods/space/space.ts';
import { failed, pointOf, type TrialRecord } from './record.ts';

/** One experiment that ended, and whether it failed. */
export interface Ending {
  readonly point: Point;
  readonly failed: boolean;
}

/** What past failures say of a point. */
export interface CrashModel {
  /** In [0, 1]; low for a point unlike any that failed. */
  probability(point: Point): number;
  readonly rows: number;
  readonly failures: number;
}

const TREES = 64;
const BINS = 32;
const LEAF = 2;
/** Fewest endings, and fewest of either kind, to learn from. */
const FEWEST = 20;
const FEWEST_OF_A_KIND = 3;
/** Newest endings learned from: more of them make the answer late and not better. */
const MOST = 10_000;

/** Endings of records; what is open, was stopped by the lab or got lost says nothing. */
export function endingsOf(records: Iterable<TrialRecord>): Ending[] {
  const found: Ending[] = [];
  for (const record of records) {
    const bad = failed(record.outcome);
    if (bad || record.outcome.status === 'ok') found.push({ point: pointOf(record), failed: bad });
  }
  return found;
}

/** Learn from endings in the order they came. Undefined while there is too little to learn from. */
export function fitCrash(all: readonly Ending[], random: Rng): CrashModel | undefined {
  const endings = all.slice(-MOST);
  const n = endings.length;
  const failures = endings.filter((ending) => ending.failed).length;
  if (n < FEWEST || Math.min(failures, n - failures) < FEWEST_OF_A_KIND) return undefined;
  const axes = axesOf(endings.map(({ point }) => point));
  const rows = endings.map(({ point }) => binned(axes, point));
  const labels = Uint8Array.from(endings, (ending) => Number(ending.failed));
  const votes = new Float64Array(n);
  const asked = new Uint16Array(n);
  const trees: Tree[] = [];
  for (let t = 0; t < TREES; t++) {
    const drawn = Int32Array.from({ length: n }, () => random.int(n));
    const inside = new Uint8Array(n);
    for (const i of drawn) inside[i] = 1;
    const tree = grown(rows, labels, drawn, axes.length, random);
    trees.push(tree);
    for (let i = 0; i < n; i++) {
      if (inside[i] === 1) continue;
      votes[i]! += leafOf(tree, rows[i]!);
      asked[i]!++;
    }
  }
  const seen = [...labels.keys()].filter((i) => asked[i]! > 0);
  const calibrate = isotonic(
    seen.map((i) => votes[i]! / asked[i]!),
    seen.map((i) => labels[i]!),
  );
  return {
    rows: n,
    failures,
    probability(point) {
      const row = binned(axes, point);
      return calibrate(trees.reduce((sum, tree) => sum + leafOf(tree, row), 0) / trees.length);
    },
  };
}

/** A knob's values in order: cuts between bins of numbers, or names in order of the alphabet. */
type Axis =
  | { readonly name: string; readonly cuts: readonly number[] }
  | { readonly name: string; readonly places: ReadonlyMap<Value, number> };

function axesOf(points: readonly Point[]): Axis[] {
  const values = new Map<string, Set<Value>>();
  const numbers = new Map<string, number[]>();
  for (const point of points) {
    for (const [name, value] of Object.entries(point)) {
      if (!values.has(name)) values.set(name, new Set());
      values.get(name)!.add(value);
      if (typeof value !== 'number') continue;
      if (!numbers.has(name)) numbers.set(name, []);
      numbers.get(name)!.push(value);
    }
  }
  return [...values].flatMap(([name, set]): Axis[] => {
    if (set.size < 2) return [];
    const known = numbers.get(name)?.sort((a, b) => a - b);
    if (known === undefined || [...set].some((value) => typeof value !== 'number')) {
      const places = new Map(
        [...set].sort((a, b) => (String(a) < String(b) ? -1 : 1)).map((value, i) => [value, i + 1]),
      );
      return [{ name, places }];
    }
    const cuts = new Set<number>();
    for (let k = 1; k < BINS - 1; k++) cuts.add(known[Math.floor((k * known.length) / (BINS - 1))]!);
    return [{ name, cuts: [...cuts] }];
  });
}

/** Bin of each axis; 0 = the point does not have the knob. */
function binned(axes: readonly Axis[], point: Point): Uint8Array {
  return Uint8Array.from(axes, (axis) => {
    const value = valueAt(point, axis.name);
    if (value === undefined) return 0;
    if ('places' in axis) return Math.min(BINS - 1, axis.places.get(value) ?? 0);
    let bin = 1;
    for (const cut of axis.cuts) if (Number(value) >= cut) bin++;
    return Math.min(BINS - 1, bin);
  });
}

/** Nodes in arrays: `axis` is -1 for a leaf, whose `value` is the share of failures in it. */
interface Tree {
  readonly axis: number[];
  /** Bins from here on go right. */
  readonly at: number[];
  readonly left: number[];
  readonly right: number[];
  readonly value: number[];
}

function grown(
  rows: readonly Uint8Array[],
  labels: Uint8Array,
  drawn: Int32Array,
  dimension: number,
  random: Rng,
): Tree {
  const tree: Tree = { axis: [], at: [], left: [], right: [], value: [] };
  // More than the root of the dimension: most knobs have nothing to do with failures.
  const tries = Math.max(1, Math.ceil(dimension / 2));
  const counts = new Int32Array(BINS);
  const bad = new Int32Array(BINS);
  const node = (members: Int32Array): number => {
    let failures = 0;
    for (const i of members) failures += labels[i]!;
    const n = members.length;
    const me = tree.axis.push(-1) - 1;
    tree.at.push(0);
    tree.left.push(0);
    tree.right.push(0);
    tree.value.push(failures / n);
    if (failures === 0 || failures === n || n < 2 * LEAF) return me;
    let [axis, at, least] = [-1, 0, Infinity];
    for (let t = 0; t < tries; t++) {
      const candidate = random.int(dimension);
      counts.fill(0);
      bad.fill(0);
      for (const i of members) {
        const bin = rows[i]![candidate]!;
        counts[bin]!++;
        bad[bin]! += labels[i]!;
      }
      let [below, belowBad] = [0, 0];
      for (let bin = 1; bin < BINS; bin++) {
        below += counts[bin - 1]!;
        belowBad += bad[bin - 1]!;
        if (counts[bin - 1] === 0 || below < LEAF || n - below < LEAF) continue;
        const [p, q] = [belowBad / below, (failures - belowBad) / (n - below)];
        const impurity = below * p * (1 - p) + (n - below) * q * (1 - q);
        if (impurity < least) [axis, at, least] = [candidate, bin, impurity];
      }
    }
    if (axis < 0) return me;
    tree.axis[me] = axis;
    tree.at[me] = at;
    tree.left[me] = node(members.filter((i) => rows[i]![axis]! < at));
    tree.right[me] = node(members.filter((i) => rows[i]![axis]! >= at));
    return me;
  };
  node(drawn);
  return tree;
}

function leafOf(tree: Tree, row: Uint8Array): number {
  let at = 0;
  while (tree.axis[at]! >= 0) at = row[tree.axis[at]!]! < tree.at[at]! ? tree.left[at]! : tree.right[at]!;
  return tree.value[at]!;
}

/** A rising step function from scores to shares of 1, each step with half a success and half a failure added. */
function isotonic(scores: readonly number[], labels: readonly number[]): (score: number) => number {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  const steps: { from: number; sum: number; n: number }[] = [];
  for (const i of order) {
    steps.push({ from: scores[i]!, sum: labels[i]!, n: 1 });
    for (;;) {
      const [before, last] = [steps.at(-2), steps.at(-1)!];
      if (before === undefined || before.sum / before.n < last.sum / last.n) break;
      steps.splice(-2, 2, { from: before.from, sum: before.sum + last.sum, n: before.n + last.n });
    }
  }
  const heights = steps.map(({ sum, n }) => (sum + 0.5) / (n + 1));
  // The added halves may bend a small step below the one before it.
  for (let k = 1; k < heights.length; k++) heights[k] = Math.max(heights[k]!, heights[k - 1]!);
  return (score) => {
    let k = 0;
    while (k + 1 < steps.length && score >= steps[k + 1]!.from) k++;
    return heights[k]!;
  };
}
