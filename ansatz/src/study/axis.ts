/**
 * What the curves of a study are drawn over. Steps, where finished runs end at the same one. A script that trains for five
 * minutes makes a hundred large steps or a thousand small ones, and one that reports after each pass over its data has
 * larger batches in fewer steps: by steps only the longest would ever count as finished, and a run would be compared with
 * another part of the others. What such runs have in common is their number of reports, or their time.
 */

import { quantile } from '../methods/math/summary.ts';
import type { Curve } from '../methods/pruning/pruner.ts';
import { type Axis, type Run, runOf, type State } from './state.ts';

/** Newest trials that are looked at, and fewest. */
const MOST = 50;
const FEWEST = 4;
/** So many finished runs are this near to the middle one (in logarithms); some scripts end a run early. */
const MOST_RUNS = 0.75;
const SAME = { steps: 0.01, reports: 0.02, seconds: 0.05 } as const;
/** Fewer reports say too little of how far a run is; what is printed in less time is heard too coarsely. */
const LEAST = { reports: 5, seconds: 10 } as const;
/** A run that ends so far before the others has not come to their end. */
const WHOLE = 0.9;
/** No run under way is past this, in per cent: that it has ended is known when it has. */
const LAST = 99;

/** What finished runs have in common; undefined for steps. */
export function axisOf(state: State): Axis | undefined {
  const finished: Run[] = [];
  for (let i = state.curved.length - 1; i >= 0 && finished.length < MOST; i--) {
    const run = runOf(state, state.curved[i]!);
    // What was taken over from another study was not heard, only its rungs were.
    if (run.reused !== undefined || run.repeat > 0 || run.steps.length < 2) continue;
    if (run.status === 'done') finished.push(run);
  }
  if (finished.length < FEWEST) return undefined;
  // As it is with most scripts: asked at the end of every run, it had better cost little.
  if (finished.every((run) => lastStep(run) === lastStep(finished[0]!))) return undefined;
  let best = { agree: agreeing(finished.map(lastStep), SAME.steps).agree, axis: undefined as Axis | undefined };
  for (const way of ['reports', 'seconds'] as const) {
    if (best.agree === 1) break;
    const { agree, middle } = agreeing(finished.map(lengthIn[way]), SAME[way]);
    if (agree > best.agree && agree >= MOST_RUNS && middle >= LEAST[way])
      best = { agree, axis: { of: way, whole: middle } };
  }
  return best.axis;
}

/** The middle one, and the share of them that is near it. */
function agreeing(lengths: readonly number[], near: number): { readonly agree: number; readonly middle: number } {
  const middle = quantile(lengths, 0.5);
  const agreeing = lengths.filter((length) => Math.abs(Math.log(length / middle)) <= near);
  return { agree: agreeing.length / lengths.length, middle };
}

function lastStep(run: Run): number {
  return run.last?.step ?? run.steps.at(-1)!;
}

/** How long a finished run was. What it does before its first report and after its last is not training. */
const lengthIn = {
  reports: (run: Run): number => run.last?.reports ?? reportsOf(run),
  /** The first report is not yet its beginning, and the last one that was recorded not yet its end. */
  seconds: (run: Run): number => pace(run) * lastStep(run),
} as const;

/** Which of a run's reports a rung of it is. */
function nthOf({ steps, nth = [] }: Run, rung: number): number {
  return nth[rung - steps.length + nth.length] ?? rung + 1;
}

/** Reports up to the last rung. */
export function reportsOf(run: Run): number {
  return run.nth?.at(-1) ?? run.steps.length;
}

/** Seconds per step, by the reports; 0 before there are two. */
function pace({ steps, heardAfter }: Run): number {
  return steps.length < 2 ? 0 : (heardAfter.at(-1)! - heardAfter[0]!) / (steps.at(-1)! - steps[0]!);
}

/** Last place of a whole run: steps, or per cent. */
export function fullLength(state: State): number {
  return state.axis === undefined ? state.longestStep : 100;
}

interface Drawn extends Curve {
  /** Where each report is, in per cent. */
  readonly places: readonly number[];
  readonly own: number;
  readonly whole: boolean;
}

const drawn = new WeakMap<readonly number[], Drawn>();

/** A run's curve over what the study's curves are drawn over. */
export function runCurve(state: State, run: Run): Curve {
  return state.axis === undefined || run.steps.length === 0 ? run : drawnOver(state.axis, run);
}

/** Where each report of a run is on what the study's curves are drawn over: steps, or per cent of a whole run. */
export function placesOf(state: State, run: Run): readonly number[] {
  return state.axis === undefined || run.steps.length === 0 ? run.steps : drawnOver(state.axis, run).places;
}

function drawnOver(axis: Axis, run: Run): Drawn {
  const length = run.status === 'done' ? lengthIn[axis.of](run) : 0;
  const whole = length >= WHOLE * axis.whole;
  const own = whole ? length : axis.whole;
  // Asked at every report, of all others.
  const before = drawn.get(run.losses);
  if (before?.places.length === run.losses.length && before.own === own && before.whole === whole) return before;
  const start = run.heardAfter[0]! - pace(run) * run.steps[0]!;
  const places = run.losses.map((_, i) => {
    if (whole && i === run.losses.length - 1) return 100;
    const done = axis.of === 'reports' ? nthOf(run, i) : run.heardAfter[i]! - start;
    return Math.min(LAST, (100 * done) / own);
  });
  const steps: number[] = [];
  const losses: number[] = [];
  run.losses.forEach((loss, i) => {
    // Of reports that were heard at once the last counts.
    if (steps.length > 0 && places[i]! <= steps.at(-1)!) losses[losses.length - 1] = loss;
    else {
      steps.push(places[i]!);
      losses.push(loss);
    }
  });
  const curve = { steps, losses, places, own, whole };
  drawn.set(run.losses, curve);
  return curve;
}
