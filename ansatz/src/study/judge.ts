/** Verdicts: what a trial's runs say, against the measured noise. */

import { mean } from '../methods/math/summary.ts';
import { compare, type Sample } from '../methods/stats/compare.ts';
import type { EventBody } from './events/index.ts';
import { deterministic, lossOf, noiseOf, type Run, runOf, type State, type Trial, trialOf } from './state.ts';

/** A screening run must look better than the incumbent by this many standard errors to earn fresh runs. */
const PROMISING = 0.7;
/** Worse by this many standard errors and nobody needs to run it again. */
const HOPELESS = -1;
/** Chance of calling no difference a keep, shared by all looks at one trial. */
const ALPHA = 0.05;

/**
 * The next word on a trial whose runs have all ended: a verdict, or more runs.
 *
 * A screening run that looks good was selected for looking good, so it never counts as evidence: promising trials
 * get at least two fresh runs, and only those are compared with the incumbent (Student's t on the pooled noise,
 * the error rate split over the looks, Bonferroni).
 */
export function judge(state: State, trial: Trial): EventBody {
  if (trial.id === 1) return judgeBaseline(state, trial);
  const runs = trial.runs.map((id) => runOf(state, id));
  const failed = runs.find((run) => run.status === 'failed' || run.stopping === 'nan');
  if (failed !== undefined) {
    const why = failed.text ?? failed.reason ?? 'no result';
    return { type: 'trial.judged', trial: trial.id, verdict: 'crash', why };
  }
  const last = runs.at(-1)!;
  if (last.status === 'stopped') return stopped(state, trial, last);
  const vanished = runs.filter((run) => run.status === 'lost').length;
  // What was to be compared is not there: the screening run, or the second of the first two fresh ones.
  const short = trial.screen === undefined || (trial.values.length === 1 && runs.length > 2);
  if (vanished > 0 && short) return lost(trial, vanished);
  const incumbent = trialOf(state, state.incumbent!);
  return trial.values.length === 0 ? screened(state, trial, incumbent) : confirmed(state, trial, incumbent);
}

/** Cut short by the pruner, by a person, while it was paused, or by a budget that left it less time than it needed. */
function stopped(state: State, trial: Trial, run: Run): EventBody {
  if (run.stopping === 'killed' && state.phase === 'killed') {
    return { type: 'trial.repeated', trial: trial.id, more: 1, why: 'it was interrupted' };
  }
  const behind = run.stopping === 'pruned' || run.stopping === 'unfinished';
  const verdict = behind ? 'discard' : 'inconclusive';
  return { type: 'trial.judged', trial: trial.id, verdict, why: run.stopWhy ?? run.text ?? 'stopped' };
}

/** A lost run says nothing about its trial: run it again, twice at most. */
function lost(trial: Trial, vanished: number): EventBody {
  if (vanished >= 3) {
    return { type: 'trial.judged', trial: trial.id, verdict: 'crash', why: 'its runs were lost three times' };
  }
  return { type: 'trial.repeated', trial: trial.id, more: 1, why: 'a run was lost' };
}

function judgeBaseline(state: State, trial: Trial): EventBody {
  const runs = trial.runs.map((id) => runOf(state, id));
  const failed = runs.findLast((run) => run.status !== 'done');
  const { baseline: wanted } = state.config.repeats;
  // Lost (three times at most) or stopped by hand: that says nothing about the script, and the floor needs its runs.
  const vanished = runs.filter((run) => run.status === 'lost').length;
  const interrupted = runs.filter((run) => run.status === 'stopped').length;
  // One result alone says nothing about the noise: failures between are run again, as often as was asked for.
  const alone = trial.values.length === 1 && wanted > 1 && runs.length < 2 * wanted ? 1 : 0;
  const again = interrupted + (vanished < 4 ? vanished : 0);
  if (alone > 0 && again === 0) {
    return { type: 'trial.repeated', trial: 1, more: 1, why: 'one result says nothing about the noise' };
  }
  const fails = trial.values.length === 0 && runs.some((run) => run.status === 'failed');
  const more = Math.min(wanted - trial.values.length, wanted + again - runs.length);
  if (again > 0 && more > 0 && !fails) {
    const why = interrupted > 0 ? 'it was interrupted' : 'a run was lost';
    return { type: 'trial.repeated', trial: 1, more, why };
  }
  if (trial.values.length === 0) {
    return { type: 'trial.judged', trial: 1, verdict: 'crash', why: failed?.text ?? 'no result' };
  }
  const noise = noiseOf(state);
  const n = trial.values.length;
  const crashed = runs.filter((run) => run.status === 'failed').length;
  const spread = deterministic(state)
    ? `${n} runs alike to the last digit: the script is deterministic`
    : n > 1
      ? `noise sd ${short(noise.sd)} from ${n} runs`
      : 'noise unknown: only one run';
  const why = crashed > 0 ? `${spread}; ${crashed} of ${runs.length} runs failed` : spread;
  return { type: 'trial.judged', trial: 1, verdict: 'keep', why };
}

function screened(state: State, trial: Trial, incumbent: Trial): EventBody {
  const { direction } = state.config.objective;
  const noise = noiseOf(state);
  const value = trial.screen!;
  const judged = { type: 'trial.judged', trial: trial.id } as const;

  if (deterministic(state)) {
    const { effect } = compare(fresh([value]), sampleOf(incumbent), direction, { sd: 0, df: 0 });
    const enough = Math.max(state.config.minEffect, state.resolution);
    const better = effect > 0 ? 1 : 0;
    if (effect > 0 && effect >= enough)
      return { ...judged, verdict: 'keep', why: exactly(state), effect, margin: 0, better };
    const why =
      effect === 0
        ? 'no difference'
        : effect > 0
          ? 'better by less than is worth keeping'
          : 'worse, and repeats are exact';
    return { ...judged, verdict: 'discard', why, effect, margin: 0, better };
  }
  if (noise.df === 0) {
    const effect = lossOf(state.config, mean(incumbentValues(incumbent))) - lossOf(state.config, value);
    return { ...judged, verdict: 'inconclusive', why: 'the noise floor is unknown', effect };
  }
  const { effect, se, margin, better } = compare(fresh([value]), sampleOf(incumbent), direction, noise);
  const outcome = { effect, margin, better };
  if (effect <= HOPELESS * se)
    return { ...judged, verdict: 'discard', why: `worse by ${sds(effect, noise.sd)}`, ...outcome };
  if (effect < PROMISING * se || effect + margin < state.config.minEffect) {
    return { ...judged, verdict: 'inconclusive', why: 'within noise of the incumbent', ...outcome };
  }
  const more = Math.min(2, state.config.repeats.most - trial.runs.length);
  if (more <= 0)
    return { ...judged, verdict: 'inconclusive', why: 'looked better once; no repeats allowed', ...outcome };
  return {
    type: 'trial.repeated',
    trial: trial.id,
    more,
    why: `looks better by ${sds(effect, noise.sd)}: is it real?`,
  };
}

/** A script without a seed knob has shown its result for the seed it has, and for no other. */
function exactly(state: State): string {
  if (state.config.seed !== undefined) return 'better, and repeats are exact';
  return 'better, and repeats are exact; it has no seed knob, so this holds for the seed it has';
}

function confirmed(state: State, trial: Trial, incumbent: Trial): EventBody {
  const { direction } = state.config.objective;
  const noise = noiseOf(state);
  const judged = { type: 'trial.judged', trial: trial.id } as const;
  const looks = Math.max(1, state.config.repeats.most - 2);
  const { effect, margin, better } = compare(fresh(trial.values), sampleOf(incumbent), direction, noise);
  const outcome = { effect, margin, better };
  const n = trial.values.length;
  if (better >= 1 - ALPHA / looks && effect >= state.config.minEffect) {
    return { ...judged, verdict: 'keep', why: `holds on ${n} fresh runs`, ...outcome };
  }
  if (better <= 0.5 || effect + margin < state.config.minEffect) {
    return { ...judged, verdict: 'discard', why: `did not hold on ${n} fresh runs`, ...outcome };
  }
  if (trial.runs.length >= state.config.repeats.most) {
    return { ...judged, verdict: 'inconclusive', why: `still within noise after ${n} fresh runs`, ...outcome };
  }
  return {
    type: 'trial.repeated',
    trial: trial.id,
    more: 1,
    why: `P(better) is ${better.toFixed(2)} after ${n} fresh runs`,
  };
}

function fresh(values: readonly number[]): Sample {
  return { values, included: false };
}

/** The results of a trial that stand for it, and whether the noise floor was measured on them too. */
export function sampleOf(trial: Trial): Sample {
  return { values: incumbentValues(trial), included: trial.id === 1 || trial.verdict === 'keep' };
}

/** What a challenger is compared with: results nobody selected, or the only one there is. */
export function incumbentValues(trial: Trial): readonly number[] {
  return trial.values.length > 0 ? trial.values : [trial.screen!];
}

function sds(effect: number, sd: number): string {
  return `${(Math.abs(effect) / sd).toFixed(1)} noise sd`;
}

function short(x: number): string {
  return x === 0 ? '0' : x.toPrecision(2);
}
