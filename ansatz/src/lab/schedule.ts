/** Rules about runs that stand still: which pause, which go on, which are given up. Pure. */

import { type Rng, rng } from '../methods/math/rng.ts';
import { quantile } from '../methods/math/summary.ts';
import {
  newPoint,
  type Report,
  type Scheduler,
  schedulers,
  type Situation,
  type Stop,
  type Training,
} from '../methods/pruning/index.ts';
import type { Observation } from '../methods/sampling/sampler.ts';
import type { Point, Space } from '../methods/space/space.ts';
import { fullLength, placesOf } from '../study/axis.ts';
import type { EventBody } from '../study/events/index.ts';
import { free } from '../study/ledger.ts';
import { mayStop } from '../study/standin.ts';
import { activeSeconds, placeOf, type Run, runOf, type State, trialOf } from '../study/state.ts';
import { affordable, busySlots, openSlot, secondsLeft } from './afford.ts';
import { cut, promiseOf } from './audit.ts';

interface Parts {
  readonly scheduler?: Scheduler;
  readonly canPause: boolean;
  readonly space: Space;
}

type Answer = 'continue' | 'pause' | 'stop' | Stop;

/** Labels of the draws, so that they are nobody else's. */
const LOOKS = 0x10075;
const RESUMES = 0x2e5e5;
/** Paused runs for each slot: each keeps its memory. */
const MOST_PAUSED = 8;
/** Share of the machine's memory that must stay free when one more run as large as the largest has come. */
const FREE_SHARE = 0.2;
/** Without a pause only the worse half goes, and only when this many have been seen at the rung. */
const FEWEST = 3;
const UNFINISHED = 'paused runs the budget could not finish';
/** A paused run that beats the incumbent after this share of the finished ones is finished while there is room. */
const PROMISING = 0.1;

/** A run that has reached the next rung goes on, makes room for another, or is stopped. */
export function lookAtRungs(state: State, parts: Parts): EventBody[] {
  const { scheduler } = parts;
  if (scheduler === undefined || state.phase === 'killed' || state.longestStep === 0 || !mayStop(state)) return [];
  const longest = fullLength(state);
  const rungs = scheduler.rungs(longest);
  for (const id of state.running) {
    const run = runOf(state, id);
    if (!looked(run)) continue;
    const rung = rungBy(rungs, placesOf(state, run).at(-1) ?? 0);
    if (rung <= rungBy(rungs, lastLook(state, run)) || rung >= longest) continue;
    return [answered(state, parts, scheduler, run, rung)];
  }
  return [];
}

/** Where a run was when it was last looked at, on what the study's curves are drawn over; 0 before. */
function lastLook(state: State, run: Run): number {
  if (state.axis === undefined) return run.rung;
  return placesOf(state, run)[run.steps.findLastIndex((step) => step <= run.rung)] ?? 0;
}

/** Repeats answer a question about noise, the baseline is the reference: neither is ever cut short or paused. */
function looked(run: Run): boolean {
  return (
    run.stopping === undefined &&
    run.repeat === 0 &&
    run.trial !== 1 &&
    run.audited === undefined &&
    run.level === undefined
  );
}

function answered(state: State, parts: Parts, scheduler: Scheduler, run: Run, rung: number): EventBody {
  const { situation: seen, runs } = situationOf(state, scheduler, parts.space);
  const canPause = mayPause(state, parts, run);
  const situation = { ...seen, canPause };
  const random = rng(state.config.seedNumber, LOOKS, run.id, rung);
  // A scheduler may state a risk like a pruner.
  const answer = scheduler.atRung(situation, runs.indexOf(run.id), random) as Answer;
  // A share of a run is said by the step at which it got there.
  const step = state.axis === undefined ? rung : run.steps.at(-1)!;
  if (answer === 'continue') return { type: 'run.passed', run: run.id, step };
  if (answer !== 'pause') {
    const risk = answer === 'stop' ? undefined : answer.risk;
    return cut(state, run, step, 'not worth its next steps', risk);
  }
  // Nobody else gets the slot: those under way are let finish.
  if (state.phase !== 'running') return { type: 'run.passed', run: run.id, step };
  if (canPause) {
    return { type: 'run.paused', run: run.id, step, why: `paused at step ${step}: others go first` };
  }
  const there = situation.reports.filter((report) => report.step === rung);
  const own = there.find((report) => runs[report.trial] === run.id)!.loss;
  const losses = there.map((report) => report.loss);
  if (losses.length < FEWEST || !(own > quantile(losses, 0.5))) return { type: 'run.passed', run: run.id, step };
  return cut(state, run, step, `worse than the median of ${losses.length} at this step, and it cannot be paused`);
}

/**
 * A stopped process keeps its memory, and that of a GPU cannot be moved: pause only where there is room. And only for
 * somebody: a pause from which nobody gets the slot would be a stop that does not say so.
 */
function mayPause(state: State, { canPause }: Parts, run: Run): boolean {
  const { config, memory } = state;
  if (!canPause || config.pause === 'never' || memory === undefined) return false;
  // It may have been started by a lab with other slots.
  const place = config.slots.findIndex((slot) => slot.gpus.length === 0 && placeOf(slot) === run.place);
  if (place < 0) return false;
  const another = state.queue.length > 0 || !state.exhausted;
  if (waiting(state).length === 0 && !(another && affordable(state, place) !== undefined)) return false;
  if (state.paused.length >= MOST_PAUSED * config.slots.length) return false;
  return memory.freeBytes - state.largestBytes > FREE_SHARE * memory.totalBytes;
}

/** A free slot goes to a paused run when the scheduler wants that more than a new one. */
export function resumePaused(state: State, { scheduler, space }: Parts): EventBody[] {
  if (scheduler === undefined || state.phase !== 'running' || waiting(state).length === 0) return [];
  if (state.config.slots.length - busySlots(state) - state.queue.length - state.asked.length <= 0) return [];
  const { situation, runs } = situationOf(state, scheduler, space);
  const random = rng(state.config.seedNumber, RESUMES, state.runs.length, state.asks);
  const chosen = scheduler.resume(situation, random);
  const run = chosen === undefined ? undefined : waiting(state).find(({ id }) => id === runs[chosen]);
  return run === undefined ? [] : goOn(state, run);
}

/** Paused runs that have no time left, no slot like their own, or nobody who would go on with them. */
export function dropLate(state: State): EventBody[] {
  if (state.paused.length === 0 || state.phase === 'killed') return [];
  const places = new Set(state.config.slots.map(placeOf));
  return waiting(state).flatMap((run): EventBody[] => {
    if (state.phase === 'draining') return [unfinished(run, 'paused when the study was asked to stop')];
    if (trialOf(state, 1).verdict === 'crash') return [unfinished(run, 'paused when the study ended')];
    if (!places.has(run.place)) return [unfinished(run, 'paused, and no slot like its own is left')];
    if (secondsLeft(state, run) === undefined) return [unfinished(run)];
    return [];
  });
}

/**
 * Nothing new can be started any more, or only once a hold is given back: go on with what may still win, and stop
 * the rest, one at a time as long as a stop can make room for something better.
 */
export function dropUnfinished(state: State): EventBody[] {
  const idle = waiting(state);
  if (state.phase !== 'running' || idle.length === 0 || idle.length < state.paused.length) return [];
  if (busySlots(state) >= state.config.slots.length || state.asked.length > 0) return [];
  const payable = openSlot(state) !== undefined;
  const wish = state.queue.length > 0 || !state.exhausted;
  if (payable && wish) return [];
  const ranked = idle
    .map((run) => ({ run, promise: promiseOf(state, run), at: lastLook(state, run) }))
    .sort((a, b) => b.promise - a.promise || b.at - a.at || a.run.losses.at(-1)! - b.run.losses.at(-1)!);
  for (const { run, promise } of ranked) {
    if (promise < PROMISING) break;
    const actions = goOn(state, run);
    if (actions.length > 0) return actions;
  }
  if (wish && free(state.ledger, 'runs') >= 1) return giveUp(state, [ranked.at(-1)!.run]);
  // What is under way may yet change what is worth going on with.
  return state.running.length > 0
    ? []
    : giveUp(
        state,
        ranked.map(({ run }) => run),
      );
}

/** Stop paused runs for good. One that is to be seen to its end goes on instead; a second one waits for its turn. */
function giveUp(state: State, runs: readonly Run[]): EventBody[] {
  let going = false;
  return runs.flatMap((run): EventBody[] => {
    const event = cut(state, run, run.rung, UNFINISHED);
    if (event.type !== 'run.audited') return [event];
    if (going) return [];
    const resumed = goOn(state, run);
    if (resumed.length === 0) return [unfinished(run)];
    going = true;
    return [event, ...resumed];
  });
}

function unfinished(run: Run, why = UNFINISHED): EventBody {
  return { type: 'run.stopping', run: run.id, reason: 'unfinished', why: `stopped at step ${run.rung}: ${why}` };
}

/** Paused runs that nobody is stopping. */
function waiting(state: State): Run[] {
  return state.paused.map((id) => runOf(state, id)).filter((run) => run.stopping === undefined);
}

/** Go on with a run in a free slot like its own, its own where that is free. */
function goOn(state: State, run: Run): EventBody[] {
  const taken = new Set([...state.running.map((id) => runOf(state, id).slot), state.checking?.slot]);
  const { slots } = state.config;
  const alike = [run.slot, ...slots.keys()].find((slot) => !taken.has(slot) && placeOf(slots[slot]) === run.place);
  const left = secondsLeft(state, run);
  if (alike === undefined || left === undefined) return [];
  const resumed = { type: 'run.resumed', run: run.id, slot: alike } as const;
  const byLimit = run.limitSeconds - activeSeconds(run, state.now);
  return [left < byLimit - 0.001 ? { ...resumed, leftSeconds: left } : resumed];
}

/**
 * Where the next training should start by what all curves say, the unfinished ones too, and by what else is known; undefined
 * before any curve.
 */
export function pointFromCurves(
  state: State,
  space: Space,
  random: Rng,
  history: readonly Observation[],
): Point | undefined {
  const { situation } = situationOf(state, schedulers['freeze-thaw'], space);
  const heard = state.longestStep > 1 && situation.reports.length > 0;
  return heard ? newPoint({ ...situation, history }, random) : undefined;
}

/** What a scheduler is asked about, and the run behind each training. One training per trial: its first run. */
export function situationOf(
  state: State,
  scheduler: Scheduler,
  space: Space,
): { readonly situation: Situation; readonly runs: readonly number[] } {
  const longest = fullLength(state);
  const rungs = scheduler.rungs(longest);
  const runs: number[] = [];
  const trainings: Training[] = [];
  const heard: { readonly at: number; readonly report: Report }[] = [];
  for (const trial of state.trials) {
    const run = trial.runs.length === 0 ? undefined : runOf(state, trial.runs[0]!);
    if (run === undefined) continue;
    const status = run.stopping !== undefined ? 'over' : trainingStatus(run);
    const places = placesOf(state, run);
    trainings.push({ point: trial.point, status, step: rungBy(rungs, places.at(-1) ?? 0) });
    runs.push(run.id);
    let rung = 0;
    for (const [i, place] of places.entries()) {
      // Steps between two that were printed are reached with the next: the first at or beyond a rung stands for it.
      for (; rung < rungs.length && rungs[rung]! <= place; rung++) {
        const report = { trial: runs.length - 1, step: rungs[rung]!, loss: run.losses[i]! };
        heard.push({ at: run.heardAt[i]!, report });
      }
    }
  }
  const reports = heard.sort((a, b) => a.at - b.at).map(({ report }) => report);
  return { situation: { space, longest, trainings, reports, ...budgetSteps(state) }, runs };
}

function trainingStatus(run: Run): Training['status'] {
  return run.status === 'running' || run.status === 'paused' ? run.status : 'over';
}

/** Steps that all trainings together may take: the budget in typical runs, times the steps of the longest. */
function budgetSteps(state: State): { readonly budgetSteps?: number } {
  const { config, pace } = state;
  const { runs, deviceSeconds, money } = config.budget;
  const typical = pace.count > 0 ? pace.seconds / pace.count : 0;
  if (!(typical > 0)) return {};
  const devices = Math.max(1, config.slots[0]?.gpus.length ?? 1);
  const inAll = Math.min(
    runs ?? Infinity,
    (deviceSeconds ?? Infinity) / devices / typical,
    money !== undefined && config.price > 0 ? ((money / config.price) * 3600) / devices / typical : Infinity,
    ((config.budget.wallSeconds ?? Infinity) * config.slots.length) / typical,
  );
  return Number.isFinite(inAll) ? { budgetSteps: inAll * fullLength(state) } : {};
}

/** The highest rung at or below a step; 0 below the first. */
function rungBy(rungs: readonly number[], step: number): number {
  return rungs.findLast((rung) => rung <= step) ?? 0;
}
