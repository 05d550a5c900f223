/** The curves that a run is compared with, and what they are drawn over: steps, or time where a script trains for so long. */

import { quantile } from '../methods/math/index.ts';
import type { Curve } from '../methods/pruning/index.ts';
import { type Run, runOf, type State } from '../study/state.ts';

/** Curves of this many other runs are enough to compare with. */
const MOST = 100;
/** So many finished runs must show that time is what they have in common ... */
const TIMED_FROM = 3;
/** ... by a spread of their steps (sd of the logarithm) above the first, and of their training times below the second. */
const UNLIKE_STEPS = 0.15;
const ALIKE_TIMES = 0.15;

/** A run and the others, newest first, over steps; or over per cent of a training, see {@link timed}. */
export function siblingsOf(state: State, run: Run): { readonly run: Curve; readonly others: readonly Curve[] } {
  const others: Run[] = [];
  for (let i = state.curved.length - 1; i >= 0 && others.length < MOST; i--) {
    const other = runOf(state, state.curved[i]!);
    // One curve per trial (its first run), so that a repeated incumbent does not crowd the comparison.
    if (other.trial === run.trial || other.status === 'failed' || other.repeat > 0) continue;
    others.push(other);
  }
  const seconds = timed(others);
  if (seconds === undefined) return { run, others };
  return { run: overTime(run, seconds), others: others.map((other) => overTime(other, seconds)) };
}

/**
 * Usual seconds from the first report to the last, where finished runs agree in them and not in their steps: a script that
 * trains for five minutes makes a hundred large steps or a thousand small ones, and its schedule follows the clock. By
 * steps no other run would ever count as finished than the one with the smallest. Undefined otherwise.
 */
function timed(runs: readonly Run[]): number | undefined {
  const finished = runs.filter((run) => run.status === 'done' && spanOf(run) > 0);
  const ends = finished.map((run) => run.steps.at(-1)!);
  // The usual case, asked at every report.
  if (finished.length < TIMED_FROM || Math.max(...ends) === Math.min(...ends)) return undefined;
  const spans = finished.map(spanOf);
  if (spread(ends) < UNLIKE_STEPS || spread(spans) > ALIKE_TIMES) return undefined;
  return quantile(spans, 0.5);
}

/** Seconds from a run's first report to its last; what a run does before and after is not training. */
function spanOf({ steps, heardAfter }: Run): number {
  return steps.length < 3 || !(steps[0]! > 0) ? 0 : heardAfter.at(-1)! - heardAfter[0]!;
}

/** Standard deviation of the logarithms of positive numbers. */
function spread(values: readonly number[]): number {
  const logs = values.map(Math.log);
  const middle = logs.reduce((a, b) => a + b, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, log) => sum + (log - middle) ** 2, 0) / (logs.length - 1));
}

interface Drawn extends Curve {
  readonly reports: number;
  readonly span: number;
  readonly done: boolean;
}

const drawn = new WeakMap<readonly number[], Drawn>();

/** The curve over per cent: of its own time where a run has finished, else of the usual one, of which the end is never reached. */
function overTime(run: Run, seconds: number): Curve {
  const done = run.status === 'done';
  const span = done ? spanOf(run) : seconds;
  const before = drawn.get(run.losses);
  if (before?.reports === run.losses.length && before.span === span && before.done === done) return before;
  const from = run.heardAfter[0]!;
  const steps: number[] = [];
  const losses: number[] = [];
  for (const [i, loss] of run.losses.entries()) {
    const share = span > 0 ? (run.heardAfter[i]! - from) / span : 1;
    const at = done ? 100 * share : Math.min(99, 100 * share);
    // Reports that were heard at once are one: the last of them.
    if (steps.length > 0 && at <= steps.at(-1)!) losses[losses.length - 1] = loss;
    else {
      steps.push(at);
      losses.push(loss);
    }
  }
  const curve = { steps, losses, reports: run.losses.length, span, done };
  drawn.set(run.losses, curve);
  return curve;
}
