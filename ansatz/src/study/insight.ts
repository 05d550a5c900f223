/** What a report tells beyond the numbers at a glance: progress over compute, failures, spending, near misses, noise. */

import { normalQuantile } from '../methods/math/quantile.ts';
import { mean, variance } from '../methods/math/summary.ts';
import type { EndStatus, FailReason, Verdict } from './events/index.ts';
import { cutShort, savedSeconds } from './audit.ts';
import { incumbentValues } from './contrast.ts';
import { noiseOf } from './noise.ts';
import { activeSeconds, resultsOf, type Run, runOf, type State, trialOf } from './state.ts';
import { type Change, changes, type Result, resultOf, type TrialRow, trialRow, trialState } from './views.ts';

/** A trial on the axis of compute: what had been spent when its last run ended. */
export interface ProgressDot {
  readonly trial: number;
  readonly state: TrialRow['state'];
  readonly deviceSeconds: number;
  /** Absent when it gave no result. */
  readonly value?: number;
}

/** The best trial from some spending on. */
export interface ProgressStep extends Result {
  readonly deviceSeconds: number;
}

/** Best so far over spent device-seconds. Only trials that survived judging move it; the rest are dots. */
export interface Progress {
  readonly spent: number;
  readonly dots: readonly ProgressDot[];
  readonly steps: readonly ProgressStep[];
}

/** Every trial and every new incumbent, over the device-seconds that were spent by then. */
export function progressOf(state: State): Progress {
  const ended = state.runs
    .filter((run) => run.endedAt !== undefined && run.charge !== undefined)
    .sort((a, b) => a.endedAt! - b.endedAt! || a.id - b.id);
  let spent = 0;
  const spentBy = new Map<number, number>();
  for (const run of ended) {
    // The ledger charges no more than was held.
    spent += Math.min(run.charge!.deviceSeconds, run.hold.deviceSeconds);
    // A dot is where its trial was judged; runs at other levels say nothing of that.
    if (run.level === undefined) spentBy.set(run.trial, spent);
  }
  const dots: ProgressDot[] = [];
  for (const trial of state.trials) {
    const deviceSeconds = spentBy.get(trial.id);
    if (deviceSeconds === undefined) continue;
    const value = resultsOf(trial).length === 0 ? undefined : mean(incumbentValues(trial));
    dots.push({ trial: trial.id, state: trialState(state, trial), deviceSeconds, value });
  }
  const steps = state.marks.flatMap((mark) => {
    const result = resultOf(state, trialOf(state, mark.trial));
    return result === undefined ? [] : [{ ...result, deviceSeconds: mark.deviceSeconds }];
  });
  return { spent: state.ledger.spent.deviceSeconds, dots, steps };
}

/** Runs that failed in the same way. */
export interface FailureGroup {
  readonly reason: FailReason | 'lost';
  readonly text: string;
  readonly runs: number;
  /** Ids of the trials they belong to. */
  readonly trials: readonly number[];
  readonly deviceSeconds: number;
  /** The first of them. */
  readonly example: {
    readonly run: number;
    readonly trial: number;
    readonly seed: number;
    /** Against the baseline. */
    readonly changes: readonly Change[];
    readonly tail: readonly string[];
  };
}

/** Failures by reason and words (numbers aside), the most frequent first. */
export function failureGroups(state: State): FailureGroup[] {
  const baseline = trialOf(state, 1).point;
  const failed = state.runs.filter((run) => run.status === 'failed' || run.status === 'lost');
  const alike = Map.groupBy(failed, (run) => `${reasonOf(run)} ${(run.text ?? '').replaceAll(/\d[\d.]*/g, '#')}`);
  return [...alike.values()]
    .map((runs): FailureGroup => {
      const first = runs[0]!;
      return {
        reason: reasonOf(first),
        text: first.text ?? '',
        runs: runs.length,
        trials: [...new Set(runs.map((run) => run.trial))],
        deviceSeconds: runs.reduce((sum, run) => sum + chargedSeconds(run), 0),
        example: {
          run: first.id,
          trial: first.trial,
          seed: first.seed,
          changes: changes(baseline, trialOf(state, first.trial).point),
          tail: first.tail ?? [],
        },
      };
    })
    .toSorted((a, b) => b.runs - a.runs);
}

function reasonOf(run: Run): FailReason | 'lost' {
  return run.status === 'lost' ? 'lost' : (run.reason ?? 'crash');
}

function chargedSeconds(run: Run): number {
  return run.charge === undefined ? 0 : Math.min(run.charge.deviceSeconds, run.hold.deviceSeconds);
}

/** Where the device time went. */
export interface Spending {
  /** By the verdict of the trial; the baseline apart, `open` for what is not judged yet, `scale` for runs at other levels where there are any. */
  readonly parts: readonly {
    readonly what: 'baseline' | Verdict | 'open' | 'scale';
    readonly trials: number;
    readonly runs: number;
    readonly deviceSeconds: number;
  }[];
  /** Runs cut short because others were worth more. */
  readonly stopped: number;
  readonly savedSeconds: number;
  /** Saved ÷ (spent + saved); 0 when nothing was spent. */
  readonly savedShare: number;
  /** Trials kept, the baseline not counted. */
  readonly keeps: number;
  /** Device-seconds spent for each of them; absent without any. */
  readonly secondsPerKeep?: number;
  /** Share of the slots' time during which a run was in them; absent before any time has passed. */
  readonly busy?: number;
}

/** Where the device time went, what stopping early saved and what a keep cost. */
export function spendingOf(state: State): Spending {
  const byVerdict = (['baseline', 'keep', 'discard', 'inconclusive', 'crash', 'open'] as const).map((what) => {
    const trials = state.trials.filter((trial) => (trial.id === 1 ? 'baseline' : (trial.verdict ?? 'open')) === what);
    const runs = trials.flatMap((trial) => trial.runs.map((id) => runOf(state, id)));
    return {
      what,
      trials: trials.length,
      runs: runs.length,
      deviceSeconds: runs.reduce((sum, run) => sum + chargedSeconds(run), 0),
    };
  });
  const climbs = state.trials.flatMap((trial) => trial.climbs ?? []).map((id) => runOf(state, id));
  const parts: Spending['parts'] =
    climbs.length === 0
      ? byVerdict
      : [
          ...byVerdict,
          {
            what: 'scale',
            trials: new Set(climbs.map((run) => run.trial)).size,
            runs: climbs.length,
            deviceSeconds: climbs.reduce((sum, run) => sum + chargedSeconds(run), 0),
          },
        ];
  const spent = state.ledger.spent.deviceSeconds;
  const saved = savedSeconds(state);
  const keeps = parts.find((part) => part.what === 'keep')!.trials;
  const seconds = state.runs.reduce((sum, run) => sum + (run.seconds ?? activeSeconds(run, state.now)), 0);
  const room = state.wallSeconds * state.config.slots.length;
  return {
    parts: parts.filter((part) => part.trials > 0),
    stopped: state.runs.filter(cutShort).length,
    savedSeconds: saved,
    savedShare: spent + saved > 0 ? saved / (spent + saved) : 0,
    keeps,
    secondsPerKeep: keeps > 0 ? spent / keeps : undefined,
    busy: room > 0 ? Math.min(1, seconds / room) : undefined,
  };
}

/** A trial that looked better and was left undecided. */
export interface NearMiss extends TrialRow {
  /**
   * Fresh runs after which an effect of the size seen would be outside the noise; absent when the incumbent's own
   * runs are too few for any number to do. Optimistic: what looked good by luck looks smaller the next time.
   */
  readonly runsToSettle?: number;
}

/** Inconclusive trials with an effect above zero: what to look at again with more compute, the likeliest first. */
export function nearMisses(state: State, most = Infinity): NearMiss[] {
  const noise = noiseOf(state);
  const incumbents = state.incumbent === undefined ? 0 : incumbentValues(trialOf(state, state.incumbent)).length;
  return state.trials
    .filter((trial) => trial.verdict === 'inconclusive' && (trial.effect ?? 0) > 0)
    .toSorted((a, b) => (b.better ?? 0) - (a.better ?? 0) || b.effect! - a.effect!)
    .slice(0, most)
    .map((trial) => {
      const row = trialRow(state, trial);
      if (noise.df === 0 || !(noise.sd > 0)) return row;
      const needed = 1 / ((trial.effect! / (normalQuantile(0.975) * noise.sd)) ** 2 - 1 / incumbents);
      return needed > 0 && Number.isFinite(needed) ? { ...row, runsToSettle: Math.max(2, Math.ceil(needed)) } : row;
    });
}

/** How much a trial's own repeats differ. */
export interface NoiseGroup {
  readonly trial: number;
  readonly runs: number;
  readonly sd: number;
  /** Its sd over the noise floor's; absent while there is no floor, or none above zero. */
  readonly ratio?: number;
}

/** Trials with repeats that count, the noisiest first: one floor does not fit settings that differ in this. */
export function noiseGroups(state: State): NoiseGroup[] {
  const floor = noiseOf(state).sd;
  return state.trials
    .filter((trial) => trial.values.length > 1)
    .map((trial): NoiseGroup => {
      const sd = Math.sqrt(variance(trial.values));
      return { trial: trial.id, runs: trial.values.length, sd, ratio: floor > 0 ? sd / floor : undefined };
    })
    .toSorted((a, b) => b.sd - a.sd);
}

/** When a run was in a slot, in milliseconds since 1970. */
export interface RunSpan {
  readonly run: number;
  readonly trial: number;
  readonly slot: number;
  readonly status: 'running' | 'paused' | EndStatus;
  readonly from: number;
  readonly to: number;
}

/** All runs on the clock; one that was paused is there once for each time it was in a slot. */
export function runSpans(state: State): RunSpan[] {
  return state.runs.flatMap((run) =>
    run.stays.map(({ slot, from, to = state.now }, i) => ({
      run: run.id,
      trial: run.trial,
      slot,
      status: i < run.stays.length - 1 ? ('paused' as const) : run.status,
      from,
      to: Math.max(from, to),
    })),
  );
}
