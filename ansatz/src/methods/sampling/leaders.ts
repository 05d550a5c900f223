/** The best of a history that is asked about again and again while it grows. */

import type { Point } from '../space/space.ts';
import type { Observation } from './sampler.ts';
import { type Layout, rowOf } from './surrogate/layout.ts';

/** How many are told. */
export const MOST_LEADERS = 25;

export interface Leaders {
  /** Places in the history of the finished observations with the lowest loss, best first; of equal ones the earlier. */
  readonly best: readonly number[];
  /** How many have a finite loss, and how many are under way. */
  readonly done: number;
  readonly pending: number;
}

/**
 * What was read of a history: reading it through its objects for every ask would be most of what an ask costs once
 * there are thousands. An observation that changes is another object in its place.
 */
interface Read {
  readonly seen: Observation[];
  /** NaN for what has no finite loss. */
  readonly losses: number[];
  /** Places of the best, best first. */
  readonly best: number[];
  done: number;
  pending: number;
}

const reads = new WeakMap<readonly Observation[], Read>();

/** The finished observations with the lowest loss, 25 at most. */
export function leadersOf(history: readonly Observation[]): Leaders {
  let read = reads.get(history);
  if (read === undefined || read.seen.length > history.length) {
    read = { seen: [], losses: [], best: [], done: 0, pending: 0 };
    reads.set(history, read);
  }
  const { seen, losses, best } = read;
  let lost = false;
  for (let i = 0; i < history.length; i++) {
    const observation = history[i]!;
    const before = seen[i];
    if (observation === before) continue;
    if (before !== undefined) {
      count(read, before, -1);
      lost ||= best.includes(i);
    }
    seen[i] = observation;
    losses[i] = count(read, observation, 1);
    if (!lost) place(read, i);
  }
  if (lost) {
    best.length = 0;
    for (let i = 0; i < losses.length; i++) place(read, i);
  }
  return { best, done: read.done, pending: read.pending };
}

/** Rows as far as they were asked for, and the points they are of. */
interface Rows {
  readonly layout: Layout;
  readonly points: (Point | undefined)[];
  readonly rows: (Float64Array | undefined)[];
}

const asked = new WeakMap<readonly Observation[], Rows>();

/** The rows of observations at some places of a history. */
export function rowsAt(history: readonly Observation[], layout: Layout, places: readonly number[]): Float64Array[] {
  let known = asked.get(history);
  if (known?.layout !== layout) asked.set(history, (known = { layout, points: [], rows: [] }));
  const { points, rows } = known;
  // Without holes: an array with gaps is a dictionary.
  for (let i = points.length; i < history.length; i++) {
    points.push(undefined);
    rows.push(undefined);
  }
  return places.map((place) => {
    const { point } = history[place]!;
    if (points[place] !== point) [points[place], rows[place]] = [point, rowOf(layout, point)];
    return rows[place]!;
  });
}

/** Put an observation among the best, if it is one of them. */
function place({ losses, best }: Read, i: number): void {
  const loss = losses[i]!;
  const behind = (other: number): boolean => losses[other]! > loss || (losses[other] === loss && other > i);
  // NaN is behind nothing, and nothing is behind NaN.
  if (Number.isNaN(loss) || (best.length === MOST_LEADERS && !behind(best.at(-1)!))) return;
  let at = best.length;
  while (at > 0 && behind(best[at - 1]!)) at--;
  best.splice(at, 0, i);
  if (best.length > MOST_LEADERS) best.pop();
}

/** Add an observation to the counts, or take it off; its loss. */
function count(read: Read, { status, loss }: Observation, by: 1 | -1): number {
  if (status === 'pending') read.pending += by;
  if (status !== 'done' || loss === undefined || !Number.isFinite(loss)) return NaN;
  read.done += by;
  return loss;
}
