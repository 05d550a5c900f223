/** What stopping runs early saved and what it may have cost, measured on those that were let finish on purpose. */

import { mean } from '../methods/math/summary.ts';
import { wilson } from '../methods/stats/index.ts';
import { lossOf, type Run, type State, trialOf } from './state.ts';

/** The account of all stops that a pruner or a scheduler asked for. */
export interface KillAudit {
  /** Runs stopped for good. */
  readonly stops: number;
  /** Paused runs that were left without the time, the slot or the lab to go on; nobody audits these. */
  readonly unfinished: number;
  /** Runs that would have been stopped too, but were let finish: a random one in twenty. */
  readonly audited: number;
  /** Of the audited, those that have a result by now. */
  readonly finished: number;
  /** Of the finished, those whose result was better than the incumbent of the moment they would have been stopped. */
  readonly better: number;
  /** Of the finished, those whose trial was kept: it did become the incumbent. */
  readonly kept: number;
  /** better ÷ finished, and its 95 % interval (Wilson). Absent before any has finished. */
  readonly realised?: { readonly share: number; readonly low: number; readonly high: number };
  /** Mean of the risks that were stated for stops and audited runs alike; absent when none was. */
  readonly stated?: number;
  /**
   * What a stop cost on average: by how much the finished ones were better than the incumbent of their moment, 0 for
   * those that were not, in the metric's own unit. Single runs: their luck is in it, so it is rather too high.
   */
  readonly regret?: number;
  /** The largest of these. */
  readonly worst?: number;
  /** See {@link savedSeconds}. */
  readonly savedSeconds: number;
}

/** Whether a run was ended before its time because others were worth more. */
export function cutShort(run: Run): boolean {
  return run.status === 'stopped' && (run.stopping === 'pruned' || run.stopping === 'unfinished');
}

/** What stopping runs saved, and what those that were let finish say about its price. */
export function killAudit(state: State): KillAudit {
  const stopped = state.runs.filter((run) => run.stopping === 'pruned');
  const audited = state.runs.filter((run) => run.audited !== undefined);
  const finished = audited.filter((run) => run.status === 'done' && run.value !== undefined);
  const missed = finished.map((run) =>
    Math.max(0, lossOf(state.config, run.audited!.toBeat) - lossOf(state.config, run.value!)),
  );
  const better = missed.filter((amount) => amount > 0).length;
  const risks = [...stopped.map((run) => run.risk), ...audited.map((run) => run.audited!.risk)].filter(
    (risk) => risk !== undefined,
  );
  const [low, high] = wilson(better, finished.length);
  return {
    stops: stopped.length,
    unfinished: state.runs.filter((run) => run.stopping === 'unfinished').length,
    audited: audited.length,
    finished: finished.length,
    better,
    kept: finished.filter((run) => trialOf(state, run.trial).verdict === 'keep').length,
    ...(finished.length === 0
      ? {}
      : {
          realised: { share: better / finished.length, low, high },
          regret: mean(missed),
          worst: Math.max(...missed),
        }),
    ...(risks.length === 0 ? {} : { stated: mean(risks) }),
    savedSeconds: savedSeconds(state),
  };
}

/** Device-seconds that runs cut short would have cost beyond what they did, were they as long as the mean run. */
export function savedSeconds(state: State): number {
  if (state.pace.count === 0) return 0;
  const typical = state.pace.seconds / state.pace.count;
  let saved = 0;
  for (const run of state.runs) {
    if (!cutShort(run)) continue;
    const seconds = run.seconds ?? typical;
    const devices = seconds > 0 ? (run.charge?.deviceSeconds ?? seconds) / seconds : 1;
    saved += Math.max(0, typical - seconds) * devices;
  }
  return saved;
}
