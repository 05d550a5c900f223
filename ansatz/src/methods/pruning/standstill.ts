/** Runs that report the very same value again and again: what became of others that stood still as long. */

import type { Curve } from './pruner.ts';

/** The same value so often in a row is a standstill. */
const REPORTS = 3;

export interface Standstill {
  /** Steps for which it has had this value. */
  readonly steps: number;
  /** Finished runs that stood still as long and never moved again. */
  readonly stood: number;
  /** Chance that the run will ever report another value, by those that did and did not (Jeffreys). */
  readonly moves: number;
}

/**
 * Whether the run has stood still, to the last digit, for its last three reports or more; undefined otherwise.
 * How long is a matter of steps, so that a metric that is measured every hundred steps and reported at each is one
 * that moves every hundred steps. The run's own earlier standstills count as those of others.
 */
export function standstill(
  run: Curve,
  others: readonly { readonly curve: Curve }[],
  longest: number,
): Standstill | undefined {
  // Most runs move, and need no more than a look at their last reports.
  const last = run.losses.slice(-REPORTS);
  if (last.length < REPORTS || last.some((loss) => loss !== last[0])) return undefined;
  const own = stretchesOf(run);
  let moved = longer(own.ended, own.last);
  let stood = 0;
  for (const { curve } of others) {
    const stretches = stretchesOf(curve);
    moved += longer(stretches.ended, own.last);
    // One that was stopped for standing still is no witness that standing still goes on.
    if (stretches.last >= own.last && (curve.steps.at(-1) ?? 0) >= longest) stood++;
  }
  return { steps: own.last, stood, moves: (moved + 0.5) / (moved + stood + 1) };
}

/** How many of `lengths`, which fall, are at least `length`. */
function longer(lengths: readonly number[], length: number): number {
  const shorter = lengths.findIndex((one) => one < length);
  return shorter < 0 ? lengths.length : shorter;
}

interface Stretches {
  /** Steps that each standstill had lasted when the next report was another value, longest first. */
  readonly ended: readonly number[];
  /** Steps of the one that the last report belongs to. */
  readonly last: number;
}

const known = new WeakMap<readonly number[], { readonly length: number; readonly stretches: Stretches }>();

function stretchesOf({ steps, losses }: Curve): Stretches {
  const before = known.get(losses);
  // Curves of running trainings grow in place.
  if (before?.length === losses.length) return before.stretches;
  const ended: number[] = [];
  let from = 0;
  for (let i = 1; i < losses.length; i++) {
    if (losses[i] === losses[from]) continue;
    if (i - 1 > from) ended.push(steps[i - 1]! - steps[from]!);
    from = i;
  }
  ended.sort((a, b) => b - a);
  const last = losses.length === 0 ? 0 : steps.at(-1)! - steps[from]!;
  const stretches = { ended, last };
  known.set(losses, { length: losses.length, stretches });
  return stretches;
}
