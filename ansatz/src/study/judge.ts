/** Verdicts: what a trial's runs say, against the measured noise. */

import { mean } from '../methods/math/summary.ts';
import type { Comparison } from '../methods/stats/compare.ts';
import { nextBoundary } from '../methods/stats/sequential.ts';
import { spend } from '../methods/stats/family.ts';
import { challengerOf } from './belief.ts';
import { chanceToProve, type Challenge, contrast, enough, gainBelief, incumbentValues, proofOf } from './contrast.ts';
import type { EventBody } from './events/index.ts';
import { broken, cheaper, looksCheaper } from './guards.ts';
import { deterministic, noiseOf } from './noise.ts';
import { runsInAll } from './outlook.ts';
import { type Belief, lossOf, type Run, runOf, type State, type Trial, trialOf } from './state.ts';

/** A trial earns fresh runs when they would prove it with this chance, as far as it is believed. */
const RIPE = 0.8;
/** The one that leads is asked for less: whatever it takes is spent once, on the best there is. */
const LEADS = 0.5;
/** And so does one that stands out by this many standard errors, whatever the others were like. */
const OUTSTANDING = 2.5;
/** Each trial in a row that did not hold raises what a screening run must show by this many standard errors, up to a bound. */
const WARY = { each: 0.1, most: 4 } as const;
/** Worse by this many standard errors and nobody needs to run it again. */
const HOPELESS = -1;
/** Chance that a study keeps anything that is not better. */
export const ALPHA = 0.05;
/** Below this chance of ever being proven, a trial gets no further runs. */
const FUTILE = 0.1;
/** One trial in so many is expected to earn fresh runs; the error rate is divided among as many, within bounds. */
const ONE_IN = 25;
const FAMILY = { least: 2, most: 40 } as const;

/**
 * The next word on a trial whose runs have all ended: a verdict, or more runs; undefined while runs of the incumbent
 * that it is to be compared with are under way.
 *
 * A screening run that looks good was selected for looking good, so it never counts as evidence: a trial whose effect,
 * shrunk by what such effects have been like, is worth it gets fresh runs, and only those are compared with the
 * incumbent, against a boundary that spends the error rate over the looks it may have (see `sequential.ts`). Each trial that gets that far takes its part of the 5 % chance
 * that a study may have of keeping anything that is not better (alpha spending with fallback, see `spend`).
 */
export function judge(state: State, trial: Trial): EventBody | undefined {
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
  // One fresh run is never enough: another takes the place of one that was cut short.
  if (vanished === 0 && trial.screen !== undefined && short && runs.length < state.config.repeats.most)
    return { type: 'trial.repeated', trial: trial.id, more: 1, why: 'a fresh run was cut short' };
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
  const noise = noiseOf(state);
  const value = trial.screen!;
  const judged = { type: 'trial.judged', trial: trial.id } as const;
  const guard = broken(state, trial);

  if (deterministic(state)) return exact(state, trial, incumbent, guard);
  if (noise.df === 0) {
    const effect = lossOf(state.config, mean(incumbentValues(incumbent))) - lossOf(state.config, value);
    return { ...judged, verdict: 'inconclusive', why: 'the noise floor is unknown', effect };
  }
  const { compared, worth, allowed, promising } = promiseOf(state, trial, incumbent);
  const { effect, se, margin, better } = compared;
  const outcome = { effect, margin, better, shrunk: worth.mean };
  if (effect <= HOPELESS * se)
    return { ...judged, verdict: 'discard', why: `worse by ${sds(effect, noise.sd)}`, ...outcome };
  if (guard !== undefined) return { ...judged, verdict: 'discard', why: guard, ...outcome };
  const saves = state.config.minEffect > 0 && looksCheaper(state, trial, incumbent);
  if (!saves && !promising) {
    const why =
      // Less than can be told apart from nothing is no promise.
      worth.mean >= 0.05 * noise.sd
        ? `promising, but its ${sds(worth.mean, noise.sd)} would not be proven in ${state.config.repeats.most} runs`
        : 'within noise of the incumbent';
    return { ...judged, verdict: 'inconclusive', why, ...outcome };
  }
  const more = Math.min(2, state.config.repeats.most - trial.runs.length);
  if (more <= 0)
    return { ...judged, verdict: 'inconclusive', why: 'looked better once; no repeats allowed', ...outcome };
  if (promising && waits(state, trial)) {
    const why = `looks better by ${sds(effect, noise.sd)}: to be confirmed unless something better comes first`;
    return { ...judged, verdict: 'inconclusive', why, ...outcome };
  }
  const why =
    effect > 0 ? `looks better by ${sds(effect, noise.sd)}: is it real?` : 'looks as good and cheaper: is it as good?';
  return { type: 'trial.repeated', trial: trial.id, more, why, ...allowed };
}

/**
 * How a screening run compares with the incumbent, what it is worth, and whether fresh runs would probably prove it, at
 * the error rate they would have.
 */
function promiseOf(
  state: State,
  trial: Trial,
  incumbent: Trial,
  ripe = RIPE,
): { compared: Comparison; worth: Belief; allowed: ReturnType<typeof levelFor>; promising: boolean } {
  const value = trial.screen!;
  const seeds = trial.runs.map((id) => runOf(state, id)).filter((run) => run.value === value && run.status === 'done');
  const compared = contrast(
    state,
    { values: [value], included: false, seeds: seeds.slice(0, 1).map((run) => run.seed) },
    incumbent,
  );
  const { effect, se, margin } = compared;
  const worth = gainBelief(trial, incumbent);
  const allowed = levelFor(state);
  const chance = chanceOf(state, incumbent, worth, allowed.level);
  // A sampler that learns from screening runs comes to fit their seed: what they show is worth less the more often fresh
  // runs have refuted it.
  const wary = Math.min(WARY.most, WARY.each * state.refuted);
  const outstanding = effect >= (OUTSTANDING + wary) * se;
  const provable =
    outstanding && chanceOf(state, incumbent, { mean: effect, variance: se ** 2 }, allowed.level) >= ripe;
  const promising = (chance >= ripe && effect >= wary * se) || provable;
  return { compared, worth, allowed, promising: promising && effect + margin >= state.config.minEffect };
}

/**
 * Whether a trial that looks better waits for its fresh runs: a search that is on its way finds something better soon,
 * and what is confirmed meanwhile is paid for and forgotten. Researchers depart from what is believed to be the best, so
 * nothing stands still. What a person, or an agent beside the lab, has offered is answered at once.
 */
function waits(state: State, trial: Trial): boolean {
  return trial.offered !== true && state.phase === 'running' && state.closing === undefined;
}

/** Trials that a leader has to last: a share of the runs that the study will come to, within bounds. */
const PATIENCE = { share: 0.15, least: 2, most: 10 } as const;
/** Runs before any leader is asked to prove itself: what leads among the first few points seldom leads for long. */
const OPENING = { share: 0.65, most: 20 } as const;

/**
 * Fresh runs for the trial that is believed to be the best of those never confirmed, once it has led for a while or
 * nothing more is to come.
 */
export function confirmLeader(state: State): EventBody[] {
  if (state.phase !== 'running' || state.closing !== undefined || state.incumbent === undefined) return [];
  const incumbent = trialOf(state, state.incumbent);
  const trial = challengerOf(state);
  if (trial === undefined || deterministic(state)) return [];
  const all = runsInAll(state);
  if (!state.exhausted && state.ledger.spent.runs < Math.min(OPENING.most, OPENING.share * all)) return [];
  const patience = Math.min(PATIENCE.most, Math.max(PATIENCE.least, Math.round(PATIENCE.share * all)));
  // Only what has been seen counts: the next run to end may be of something better.
  let seen = 0;
  for (let i = trial.id; i < state.trials.length && seen < patience; i++) {
    const later = state.trials[i]!;
    if (later.verdict !== undefined || later.screen !== undefined) seen++;
  }
  if (!state.exhausted && seen < patience) return [];
  const more = Math.min(2, state.config.repeats.most - trial.runs.length);
  if (more <= 0) return [];
  const { allowed, promising, compared } = promiseOf(state, trial, incumbent, LEADS);
  if (!promising || broken(state, trial) !== undefined) return [];
  const why = `looks better by ${sds(compared.effect, noiseOf(state).sd)}, and nothing better came: is it real?`;
  return [{ type: 'trial.repeated', trial: trial.id, more, why, ...allowed }];
}

/** Chance that the most fresh runs a trial may have would prove it, on both sides and at every look. */
export function chanceOf(state: State, incumbent: Trial, worth: Belief, level: number): number {
  const { sd, df } = noiseOf(state);
  const most = Math.max(1, state.config.repeats.most - 1);
  const information = 1 / (1 / most + 1 / Math.max(most, incumbentValues(incumbent).length));
  const boundary = nextBoundary([], information, information, level);
  return chanceToProve(worth, sd / Math.sqrt(information), df + most - 1, boundary);
}

/** The error rate of the next trial under confirmation: its own part, and what the keep before it handed on. */
export function levelFor(state: State): { level: number; planned?: number } {
  const first = state.planned === 0;
  const total = runsInAll(state);
  const planned = first ? Math.max(FAMILY.least, Math.min(FAMILY.most, Math.round(total / ONE_IN))) : state.planned;
  const level = Math.min(ALPHA, spend(state.family + 1, planned, ALPHA) + state.recycled);
  return first ? { level, planned } : { level };
}

/** Repeats come out alike to the last digit: one run says all there is to know. */
function exact(state: State, trial: Trial, incumbent: Trial, guard: string | undefined): EventBody {
  const judged = { type: 'trial.judged', trial: trial.id } as const;
  const effect = lossOf(state.config, mean(incumbentValues(incumbent))) - lossOf(state.config, trial.screen!);
  const certain = { effect, margin: 0, better: effect > 0 ? 1 : effect < 0 ? 0 : 0.5 };
  const enough = Math.max(state.config.minEffect, state.resolution);
  if (effect > 0 && effect >= enough) {
    if (guard !== undefined) return { ...judged, verdict: 'discard', why: guard, ...certain };
    return { ...judged, verdict: 'keep', why: exactly(state), ...certain };
  }
  const why =
    effect === 0
      ? 'no difference'
      : effect > 0
        ? 'better by less than is worth keeping'
        : 'worse, and repeats are exact';
  return { ...judged, verdict: 'discard', why, ...certain };
}

/** A script without a seed knob has shown its result for the seed it has, and for no other. */
function exactly(state: State): string {
  if (state.config.seed !== undefined) return 'better, and repeats are exact';
  return 'better, and repeats are exact; it has no seed knob, so this holds for the seed it has';
}

function confirmed(state: State, trial: Trial, incumbent: Trial): EventBody | undefined {
  // Both sides are looked at together: what was ordered of the incumbent has to come first.
  if (incumbent.active > 0 || incumbent.runs.length < incumbent.wants) return undefined;
  const noise = noiseOf(state);
  const { minEffect, repeats } = state.config;
  const judged = { type: 'trial.judged', trial: trial.id } as const;
  const n = trial.values.length;
  const fresh: Challenge = { values: trial.values, included: state.pool.trials.includes(trial.id), seeds: trial.seeds };
  const compared = contrast(state, fresh, incumbent);
  const { effect, se, better, df } = compared;
  const level = trial.level ?? ALPHA;
  const proof = proofOf(compared, noise.sd);
  const known = gainBelief(trial, incumbent);
  const outcome = { effect, margin: proof.margin, better, shrunk: known.mean, p: proof.p };
  const runs = `${n} fresh runs`;
  // With the most runs on both sides, and luck shared as it is now.
  const m = incumbentValues(incumbent).length;
  const most = Math.max(n, repeats.most - 1);
  const grown = (1 / n + 1 / m) / (1 / most + 1 / Math.max(most, m));
  const needed = enough(trial, incumbent, proof.information, proof.information * grown, level);
  if (proof.z >= needed && effect >= minEffect) {
    const guard = broken(state, trial);
    if (guard !== undefined) return { ...judged, verdict: 'discard', why: `better, but ${guard}`, ...outcome };
    return { ...judged, verdict: 'keep', why: `holds on ${runs}`, ...outcome };
  }
  const saving = cheaper(state, trial, incumbent);
  if (saving !== undefined && asGood(state, compared) && !sliding(state, trial) && broken(state, trial) === undefined) {
    return { ...judged, verdict: 'keep', why: `as good within noise on ${runs}, and ${saving}`, ...outcome };
  }
  if (saving === undefined && (better <= 0.5 || effect + proof.margin < minEffect)) {
    // What it was to beat may have been beaten by another while its fresh runs were under way.
    const overtaken = incumbent.id > trial.id && effect <= 0;
    const why = overtaken ? `no better than trial ${incumbent.id} on ${runs}` : `did not hold on ${runs}`;
    return { ...judged, verdict: 'discard', why, ...outcome };
  }
  const open = { ...judged, verdict: 'inconclusive' } as const;
  if (trial.runs.length >= repeats.most) return { ...open, why: `still within noise after ${runs}`, ...outcome };
  if (saving === undefined && chanceToProve(known, se / Math.sqrt(grown), df + most - n, needed) < FUTILE) {
    return { ...open, why: `too small to be proven with ${repeats.most} runs: within noise after ${runs}`, ...outcome };
  }
  const look = { trial: trial.id, against: incumbent.id, information: proof.information, boundary: needed };
  if (dear(state, trial)) {
    const so = `${proof.z.toFixed(1)} standard errors better after ${runs}, ${needed.toFixed(1)} would be asked for`;
    return { ...open, why: `${so}: further runs would take too much of the budget`, ...outcome };
  }
  const why = `${proof.z.toFixed(1)} standard errors better after ${runs}, ${needed.toFixed(1)} are asked for`;
  // The side with fewer runs says least; those of the incumbent serve every later comparison as well.
  if (m <= n && incumbent.runs.length < 2 * repeats.most) {
    return {
      type: 'trial.repeated',
      trial: incumbent.id,
      more: 1,
      why: `to compare with trial ${trial.id}: ${why}`,
      look,
    };
  }
  return { type: 'trial.repeated', trial: trial.id, more: 1, why, look };
}

/** Share of a study's runs that may go into the confirmation of one trial while the search is on, and the least. */
const DEAR = { share: 0.2, least: 3 } as const;

/** Whether a confirmation has had its share: first the two runs, then one for each look so far. */
function dear(state: State, trial: Trial): boolean {
  if (state.closing !== undefined || trial.offered === true) return false;
  return 2 + trial.looks.length >= Math.max(DEAR.least, DEAR.share * runsInAll(state));
}

/** What is known of a trial that nobody can go on with: effect, interval and chance; nothing without a result. */
export function outcomeOf(state: State, trial: Trial): Partial<Extract<EventBody, { type: 'trial.judged' }>> {
  const noise = noiseOf(state);
  if (trial.id === 1 || trial.screen === undefined || state.incumbent === undefined || noise.df === 0) return {};
  if (deterministic(state) || trial.id === state.incumbent) return {};
  const incumbent = trialOf(state, state.incumbent);
  const fresh = trial.values.length > 0;
  const included = fresh && state.pool.trials.includes(trial.id);
  const values = fresh ? trial.values : [trial.screen];
  const compared = contrast(state, { values, included, seeds: fresh ? trial.seeds : [] }, incumbent);
  const { margin, p } = proofOf(compared, noise.sd);
  const { effect, better } = compared;
  return { effect, margin: fresh ? margin : compared.margin, better, shrunk: gainBelief(trial, incumbent).mean, p };
}

/** Whether a trial is shown not to be worse by as much as matters: the minimum effect, or one noise sd without one. */
function asGood(state: State, compared: Comparison): boolean {
  const { sd } = noiseOf(state);
  const slack = state.config.minEffect > 0 ? state.config.minEffect : sd;
  return proofOf({ ...compared, effect: compared.effect + slack }, sd).p <= ALPHA;
}

/** Whether keeping what is cheaper and as good, once more, would add up to something worse than the best so far. */
function sliding(state: State, trial: Trial): boolean {
  const losses = state.marks.map((mark) => lossOf(state.config, mean(incumbentValues(trialOf(state, mark.trial)))));
  const allowed = state.config.minEffect > 0 ? state.config.minEffect : noiseOf(state).sd;
  return lossOf(state.config, mean(trial.values)) > Math.min(...losses) + allowed;
}

function sds(effect: number, sd: number): string {
  return `${(Math.abs(effect) / sd).toFixed(1)} noise sd`;
}

function short(x: number): string {
  return x === 0 ? '0' : x.toPrecision(2);
}
