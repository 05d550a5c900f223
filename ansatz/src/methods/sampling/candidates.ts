/** What all samplers share: keep a proposal inside the constraints and away from points that were tried. */

import type { Rng } from '../math/rng.ts';
import { cardinality, decode, encode, feasible, randomPoint } from '../space/encode.ts';
import { valueAt } from '../space/point.ts';
import { repaired } from '../space/repair.ts';
import type { Point, Space } from '../space/space.ts';
import type { Observation } from './sampler.ts';

/** All that is looked at of a history in search of repeats. */
type Tried = readonly { readonly point: Point }[];

/** Without what came from other studies, which only the Gaussian process can read. */
export function ownOf(history: readonly Observation[]): readonly Observation[] {
  const known = looked.get(history);
  let { count, own } = known ?? { count: 0, own: true };
  while (own && count < history.length) own = history[count++]!.study === undefined;
  looked.set(history, { count, own });
  return own ? history : history.filter((o) => o.study === undefined);
}

/** How far a history was read, and whether all of that is the study's own: an observation ends, but never changes its study. */
const looked = new WeakMap<readonly Observation[], { readonly count: number; readonly own: boolean }>();

const TRIES = 400;
const REPAIRS = 8;
/** Proposals that were tried already are drawn again this often, then as often at random. */
const REDRAWS = 40;
/** Draws spent on that: where few points keep the constraints, many are needed for one. */
const MOST_DRAWS = 4000;

/**
 * The first feasible point that `draw` gives within 400 tries, then what its first one or a random one can be repaired
 * to: a space that is nearly all forbidden still gives points. When all of that fails the last point is given back, and
 * whoever asked refuses it with the constraint's name.
 */
export function firstFeasible(space: Space, random: Rng, draw: (attempt: number) => Point): Point {
  const first = draw(0);
  let point = first;
  for (let attempt = 1; attempt < TRIES && !feasible(space, point); attempt++) point = draw(attempt);
  for (let attempt = 0; attempt < REPAIRS && !feasible(space, point); attempt++)
    point = repaired(space, attempt === 0 ? first : randomPoint(space, random), random);
  return point;
}

/**
 * The first feasible point of `draw` that the history lacks; after 40 repeats a uniformly random one, drawn up to 20
 * times for every point of a finite space. A repeat is given
 * back when that finds nothing either, as in a space where everything was tried.
 */
export function firstUntried(space: Space, history: Tried, random: Rng, draw: (attempt: number) => Point): Point {
  const size = cardinality(space);
  const redraws = size === 1 ? 0 : size === Infinity ? REDRAWS : Math.min(TRIES, 20 * size);
  const draws = { left: MOST_DRAWS };
  const next = (make: (attempt: number) => Point): Point =>
    firstFeasible(space, random, (attempt) => {
      draws.left--;
      return make(attempt);
    });
  let point = next(draw);
  if (redraws === 0) return point;
  for (let i = 1; i < REDRAWS && draws.left > 0 && tried(space, history, point); i++)
    point = next((attempt) => draw(attempt + i));
  draws.left = MOST_DRAWS;
  for (let i = 0; i < redraws && draws.left > 0 && tried(space, history, point); i++)
    point = next(() => randomPoint(space, random));
  return feasible(space, point) ? point : (besideKnown(space, history, random) ?? point);
}

/** Most points of a history that are looked at for one beside them. */
const KNOWN = 64;

/**
 * Where constraints leave so little that no draw and no repair meets it: a point beside one of the latest of the history
 * that do, untried if there is one; else one of these again. Undefined without any.
 */
function besideKnown(space: Space, history: Tried, random: Rng): Point | undefined {
  const known = history
    .slice(-KNOWN)
    .map(({ point }) => decode(space, encode(space, point)))
    .filter((point) => feasible(space, point));
  let found: Point | undefined;
  for (let attempt = 0; attempt < REPAIRS && known.length > 0; attempt++) {
    const unit = encode(space, known[random.int(known.length)]!);
    unit[random.int(unit.length)] = random.uniform();
    const point = repaired(space, decode(space, unit), random);
    if (!feasible(space, point)) continue;
    if (!tried(space, history, point)) return point;
    found = point;
  }
  return found ?? known.at(-1);
}

/** Whether the history has a point with the same value of every parameter of the space. */
export function tried(space: Space, history: Tried, point: Point): boolean {
  return keysOf(space, history).has(keyOf(space, point));
}

/** Keys of a history as far as it was read, and the points at both ends of that: where they are others, so is the history. */
interface Read {
  readonly space: Space;
  readonly keys: Set<string>;
  count: number;
  first?: Point;
  last?: Point;
}

/** A history grows by a point at a time and is asked about for each: what was read of it once is kept with it. */
const reads = new WeakMap<Tried, Read>();

function keysOf(space: Space, history: Tried): ReadonlySet<string> {
  let read = reads.get(history);
  const same =
    read !== undefined &&
    read.space === space &&
    read.count <= history.length &&
    (read.count === 0 || (history[0]!.point === read.first && history[read.count - 1]!.point === read.last));
  if (read === undefined || !same) reads.set(history, (read = { space, keys: new Set(), count: 0 }));
  for (; read.count < history.length; read.count++) read.keys.add(keyOf(space, history[read.count]!.point));
  read.first = history[0]?.point;
  read.last = history.at(-1)?.point;
  return read.keys;
}

/** The values of a point in the order of the space; 1 and '1' are two, and so are true and 'true'. */
function keyOf({ params }: Space, point: Point): string {
  let key = '';
  for (const { name } of params) {
    const value = valueAt(point, name);
    key += `${typeof value === 'string' ? `'${value}` : String(value)}\u0000`;
  }
  return key;
}
