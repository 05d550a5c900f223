/** Stopping a run for good, and the few that are let finish to see what that costs. Pure. */

import { rng } from '../methods/math/rng.ts';
import { mean } from '../methods/math/summary.ts';
import { type Finished, forecasts, siblingRisk } from '../methods/pruning/index.ts';
import type { EventBody } from '../study/events/index.ts';
import { runCurve } from '../study/axis.ts';
import { incumbentValues } from '../study/contrast.ts';
import { lossOf, type Run, runOf, type State, trialOf } from '../study/state.ts';

/** Share of the runs doomed by a pruner or a scheduler that are let finish. */
const AUDITED_SHARE = 0.05;
/** Label of the draws, so that they are nobody else's. */
const DRAWS = 0xa0d17;
/** Finished runs to judge a risk by, the newest. */
const MOST_FINISHED = 100;

/**
 * End a run that is not worth going on, or mark it as one to see the end of. `risk` is what the pruner says of it;
 * without a word of its own, finished runs are asked.
 */
export function cut(state: State, run: Run, step: number, why: string, risk = riskOf(state, run)): EventBody {
  const said = risk === undefined ? {} : { risk };
  const toBeat = incumbentMean(state);
  if (toBeat !== undefined && rng(state.config.seedNumber, DRAWS, run.id).uniform() < AUDITED_SHARE) {
    return { type: 'run.audited', run: run.id, step, why, ...said, toBeat };
  }
  return { type: 'run.stopping', run: run.id, reason: 'pruned', why: `stopped at step ${step}: ${why}`, ...said };
}

/** Mean of the incumbent, in the metric's own unit; undefined before the first. */
export function incumbentMean(state: State): number | undefined {
  if (state.incumbent === undefined) return undefined;
  return mean(incumbentValues(trialOf(state, state.incumbent)));
}

/** Probability that a run would come out better than the incumbent; undefined while nothing can be compared. */
export function riskOf(state: State, run: Run): number | undefined {
  const toBeat = incumbentEnd(state);
  return toBeat === undefined ? undefined : siblingRisk(runCurve(state, run), finishedOf(state, run), toBeat);
}

/** Share of the finished runs after which this one would beat the incumbent; 0 when there are none. */
export function promiseOf(state: State, run: Run): number {
  const toBeat = incumbentEnd(state);
  const ends = forecasts(runCurve(state, run), finishedOf(state, run));
  if (toBeat === undefined || ends.length === 0) return 0;
  return ends.filter((end) => end < toBeat).length / ends.length;
}

/** Where the curve of a run must end to beat the incumbent: at its mean, or where a stand-in for it ended in its runs. */
function incumbentEnd(state: State): number | undefined {
  const { config, incumbent } = state;
  if (config.curve === undefined) {
    const toBeat = incumbentMean(state);
    return toBeat === undefined ? undefined : lossOf(config, toBeat);
  }
  const runs = incumbent === undefined ? [] : trialOf(state, incumbent).runs.map((id) => runOf(state, id));
  const ends = runs.filter((run) => run.status === 'done' && run.losses.length > 0).map((run) => run.losses.at(-1)!);
  return ends.length === 0 ? undefined : mean(ends);
}

/** First runs of other trials that went to their end and printed a curve on the way. */
function finishedOf(state: State, run: Run): Finished[] {
  const found: Finished[] = [];
  for (let i = state.curved.length - 1; i >= 0 && found.length < MOST_FINISHED; i--) {
    const other = runOf(state, state.curved[i]!);
    if (other.trial === run.trial || other.status !== 'done' || other.repeat > 0 || other.value === undefined) continue;
    const { steps, losses } = runCurve(state, other);
    const final = state.config.curve === undefined ? lossOf(state.config, other.value) : losses.at(-1)!;
    found.push({ steps, losses, final });
  }
  return found;
}
