/** The best of a history that is asked about again and again while it grows. */

import type { Observation } from './sampler.ts';

/** How many are told. */
export const MOST_LEADERS = 25;

export interface Leaders {
  /** Finished observations with the lowest loss, best first; of equal ones the earlier. */
  readonly best: readonly Observation[];
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
  return { best: best.map((i) => history[i]!), done: read.done, pending: read.pending };
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
