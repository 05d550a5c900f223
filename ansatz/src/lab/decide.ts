/**
 * What to do next: a list of small rules, tried in order. Pure; the actions are the events that should happen.
 *
 * The lab appends them to the journal first and performs what follows from them afterwards: `run.started` submits
 * to the executor, `run.stopping` stops a run, `proposal.asked` asks the researcher. Everything else is bookkeeping.
 */

import type { Curve, Stopping } from '../methods/pruning/index.ts';
import type { Space } from '../methods/space/space.ts';
import { runCurve } from '../study/axis.ts';
import type { EventBody } from '../study/events/index.ts';
import { confirmLeader, judge, outcomeOf } from '../study/judge.ts';
import { free } from '../study/ledger.ts';
import { promised, reserveOf, searchEnds } from '../study/outlook.ts';
import { checkHeldout } from './heldout.ts';
import { askModel, modelToCome, patientUntil } from './model.ts';
import { checkDrift, checkSlots, close, lastWord, measureNoise, replicate, sendSentinel } from './referee.ts';
import { mayStop } from '../study/standin.ts';
import { payerOf, type Run, runOf, type State, type Trial, trialOf } from '../study/state.ts';
import {
  busySlots,
  endsAt,
  leastSeconds,
  needed,
  openSlot,
  overheadSeconds,
  reserveSeconds,
  tooLateAt,
} from './afford.ts';
import { cut } from './audit.ts';
import { chooseBet, openBets, reviewBets } from './bets.ts';
import { climb, tellCrossing, tellSaturated } from './climb.ts';
import { dropUnfunded, reachMilestones, warnGuards, warnSpending } from './books.ts';
import { dropLate, dropUnfinished, lookAtRungs, resumePaused } from './schedule.ts';

/** What `decide` needs besides the state. */
export interface Parts extends Stopping {
  readonly researcher: { readonly asksAtOnce: number };
  /** Whether the executor can pause a run. */
  readonly canPause: boolean;
  /** The space the study searches. */
  readonly space: Space;
}

type Ending = Extract<EventBody, { type: 'study.ended' }>;
type Rule = (state: State, parts: Parts) => EventBody[];

/** Curves of this many other runs are enough to compare with. */
const MOST_CURVES = 100;
/** Queued trials that are looked at for one that can start. */
const MOST_WAITING = 20;

const RULES: readonly Rule[] = [
  stopKilled,
  judgeEnded,
  reachMilestones,
  warnSpending,
  warnGuards,
  reviewBets,
  dropUnfunded,
  dropLate,
  stopHopeless,
  lookAtRungs,
  confirmLeader,
  measureNoise,
  checkDrift,
  checkSlots,
  checkHeldout,
  startRun,
  resumePaused,
  askModel,
  tellCrossing,
  tellSaturated,
  climb,
  askProposal,
  sendSentinel,
  dropUnfinished,
  endStudy,
];

/** The actions of the first rule that has any; none when there is nothing to do until something happens. */
export function decide(state: State, parts: Parts): EventBody[] {
  if (state.phase === 'ended') return [];
  for (const rule of RULES) {
    const actions = rule(state, parts);
    if (actions.length > 0) return actions;
  }
  return [];
}

/** The next moment (ms since 1970) at which `decide` may change its mind without any event; Infinity if none. */
export function alarm(state: State): number {
  if (state.phase === 'ended') return Infinity;
  // Events carry whole milliseconds: woken before the next one has begun, a lab would be woken again at once.
  const moments = [
    endsAt(state),
    ...(state.config.milestones ?? []).map((one) => one.at),
    ...(state.config.model === undefined ? [] : [patientUntil(state)]),
    ...state.paused.map((id) => tooLateAt(state, runOf(state, id)) + 1),
  ].map(Math.ceil);
  return Math.min(...moments.filter((moment) => moment > state.now), Infinity);
}

function stopKilled(state: State): EventBody[] {
  if (state.phase !== 'killed') return [];
  return [...state.running, ...state.paused]
    .filter((id) => runOf(state, id).stopping === undefined)
    .map((run) => ({ type: 'run.stopping', run, reason: 'killed', why: 'stopped by hand' }));
}

function judgeEnded(state: State): EventBody[] {
  for (const id of state.unjudged) {
    const word = judge(state, trialOf(state, id));
    if (word !== undefined) return [word, ...deadKnob(state, id)];
  }
  return [];
}

/**
 * A trial that differs from the baseline in one knob and repeats its first run to the last digit, curve and all,
 * shows that the knob does nothing. Only as good as the numbers: a coarse metric may hide a small effect.
 */
function deadKnob(state: State, id: number): EventBody[] {
  if (id === 1) return [];
  const trial = trialOf(state, id);
  const baseline = trialOf(state, 1);
  const changed = state.config.knobs.filter((knob) => trial.point[knob.name] !== baseline.point[knob.name]);
  const knob = changed[0];
  if (
    trial.code !== undefined ||
    changed.length !== 1 ||
    knob === undefined ||
    state.dead.includes(knob.name) ||
    trial.runs.length === 0
  )
    return [];
  const run = runOf(state, trial.runs[0]!);
  const same = baseline.runs
    .map((other) => runOf(state, other))
    .find((other) => other.seed === run.seed && other.status === 'done' && run.status === 'done');
  if (same === undefined || same.value !== run.value) return [];
  // One number alike may be chance (accuracies come in steps); a whole curve, or repeats that differ, is not.
  const curvesAlike =
    same.losses.length === run.losses.length && same.losses.every((loss, i) => loss === run.losses[i]);
  const telling = curvesAlike && (run.losses.length > 2 || (state.pool.df > 0 && state.resolution < 1e-3));
  if (!telling) return [];
  const text = `${knob.name} = ${String(trial.point[knob.name])} gave exactly the baseline's result (${String(run.value)}): it does nothing`;
  return [{ type: 'knob.died', knob: knob.name, trial: id, text }];
}

function stopHopeless(state: State, { pruner }: Parts): EventBody[] {
  if (state.phase === 'killed' || !mayStop(state)) return [];
  const actions: EventBody[] = [];
  for (const id of state.running) {
    const run = runOf(state, id);
    // Repeats answer a question about noise, the baseline is the reference: neither is ever cut short.
    if (run.stopping !== undefined || run.steps.length === 0 || run.repeat > 0 || run.trial === 1) continue;
    // Nothing it could be compared with is of its scale.
    if (run.audited !== undefined || run.level !== undefined) continue;
    const others = otherCurves(state, run);
    const answer = pruner(runCurve(state, run), others);
    if (answer === 'continue') continue;
    const stop = answer === 'stop' ? undefined : answer;
    const why =
      stop?.why ??
      `behind ${others.length} other runs at the same ${state.axis === undefined ? 'step' : 'share of its training'}`;
    actions.push(cut(state, run, run.steps.at(-1)!, why, stop?.risk));
  }
  return actions;
}

function otherCurves(state: State, run: Run): Curve[] {
  const curves: Curve[] = [];
  for (let i = state.curved.length - 1; i >= 0 && curves.length < MOST_CURVES; i--) {
    const other = runOf(state, state.curved[i]!);
    // One curve per trial (its first run), so that a repeated incumbent does not crowd the comparison.
    if (other.trial === run.trial || other.status === 'failed' || other.repeat > 0) continue;
    curves.push(runCurve(state, other));
  }
  return curves;
}

function startRun(state: State): EventBody[] {
  if (state.phase !== 'running' || state.queue.length === 0) return [];
  // The first that can be paid for: the bet or the person of another may have to wait for its hold to come back.
  let plan: ReturnType<typeof openSlot>;
  const id = waiting(state)
    .slice(0, MOST_WAITING)
    .find((one) => (plan = slotFor(state, trialOf(state, one))) !== undefined);
  if (id === undefined || plan === undefined) return [];
  const trial = trialOf(state, id);
  // A baseline run has failed and none has succeeded: see how the others fare before paying for more.
  if (trial.id === 1 && trial.active > 0 && trial.values.length === 0 && failedOnce(state)) return [];
  const repeat = trial.runs.length;
  return [
    {
      type: 'run.started',
      run: state.runs.length + 1,
      trial: trial.id,
      repeat,
      seed: seedOf(state, repeat),
      slot: plan.slot,
      limitSeconds: plan.limitSeconds,
      ...(plan.short === true ? { short: true } : {}),
      hold: plan.hold,
    },
  ];
}

function failedOnce(state: State): boolean {
  return trialOf(state, 1).runs.some((id) => runOf(state, id).status === 'failed');
}

/**
 * The n-th run of every trial has the n-th seed, so that trials meet the same luck. The lab owns the seeds: small
 * whole numbers, which every script accepts.
 */
function seedOf(state: State, repeat: number): number {
  return state.config.seedNumber + repeat;
}

function askProposal(state: State, { researcher }: Parts): EventBody[] {
  if (state.phase !== 'running' || state.exhausted || state.incumbent === undefined) return [];
  if (state.closing !== undefined) return [];
  // A request to a model takes its time, and no slot waits for it.
  const asked = state.asked.filter((ask) => state.askedModel[ask] === undefined).length;
  if (asked >= researcher.asksAtOnce) return [];
  const idle = state.config.slots.length - busySlots(state) - state.queue.length - asked;
  if (idle <= 0 || openSlot(state) === undefined) return [];
  if (runsFree(state) < 1 + state.queue.length + asked) return [];
  const ask = state.asks + 1;
  if (state.config.bets === undefined) return [{ type: 'proposal.asked', ask }];
  const bet = chooseBet(state, ask);
  return bet === undefined ? [] : [{ type: 'proposal.asked', ask, bet }];
}

function endStudy(state: State): EventBody[] {
  if (busySlots(state) > 0 || state.paused.length > 0) return [];
  const baseline = trialOf(state, 1);
  if (baseline.verdict === 'crash') {
    return [{ type: 'study.ended', reason: 'baseline-failed', text: `the script fails as it is: ${baseline.why}` }];
  }
  if (state.phase !== 'running') return [];
  if (state.closing !== undefined) {
    if (canStart(state)) return [];
    if (state.queue.length === 0 && openSlot(state) !== undefined) {
      const last = lastWord(state);
      const more = last.length > 0 ? last : replicate(state);
      if (more.length > 0) return more;
    }
    return [...unconfirmed(state), { type: 'study.ended', ...state.closing }];
  }
  if (openBets(state)?.length === 0 && state.queue.length === 0 && state.asked.length === 0) {
    const text = 'every bet is closed or has spent its budget';
    const end = { type: 'study.ended', reason: 'exhausted', text } as const;
    return close(state, end) ?? [...unconfirmed(state), end];
  }
  if (state.queue.length > 0 || !state.exhausted) {
    if (canStart(state)) return [];
    const late = tooLong(state);
    if (late.length > 0) return late;
    if (!state.exhausted && openSlot(state) !== undefined) return [];
    if (state.asked.length > 0 && runsFree(state) >= 1 && endsAt(state) > state.now) return [];
    const end = whyOver(state);
    return close(state, end) ?? [...unconfirmed(state), end];
  }
  if (state.asked.length > 0 || (modelToCome(state) && openSlot(state) !== undefined)) return [];
  const text = state.config.knobs.length === 0 ? 'there are no knobs to turn' : 'every point of the space was tried';
  const end = { type: 'study.ended', reason: 'exhausted', text } as const;
  return close(state, end) ?? [...unconfirmed(state), end];
}

/** Trials the budget left without a verdict. */
function unconfirmed(state: State): EventBody[] {
  return [...new Set([...state.queue, ...state.unjudged])]
    .map((id) => trialOf(state, id))
    .filter((trial) => trial.verdict === undefined)
    .map((trial) => ({
      type: 'trial.judged',
      trial: trial.id,
      verdict: trial.id === 1 && trial.values.length > 0 ? 'keep' : 'inconclusive',
      why:
        trial.runs.length === 0
          ? 'the budget ended before its first run'
          : 'the budget ended before it could be confirmed',
      unsettled: true,
      ...outcomeOf(state, trial),
    }));
}

/** The queue in the order of start: once the search is over, what is reported comes before what may yet be proven. */
function waiting(state: State): readonly number[] {
  if (state.closing === undefined) return state.queue;
  const reported = state.queue.filter((id) => id === state.incumbent);
  return [...reported, ...state.queue.filter((id) => id !== state.incumbent)];
}

/** Whether a queued trial could start now. */
function canStart(state: State): boolean {
  return state.queue.slice(0, MOST_WAITING).some((id) => slotFor(state, trialOf(state, id)) !== undefined);
}

/**
 * A slot for the next run of a trial, with the time that its runs are known to take. One that has its verdict is run again
 * because that was found worth it with what was left then; the baseline is run as often as can be.
 */
function slotFor(state: State, trial: Trial): ReturnType<typeof openSlot> {
  const least = trial.verdict === undefined && trial.id !== 1 ? leastSeconds(state, trial) : 0;
  return openSlot(state, payerOf(trial), undefined, least);
}

/** Nothing is under way, and what is left would do for other trials, but not for these, whose runs take longer. */
function tooLong(state: State): EventBody[] {
  if (openSlot(state) === undefined) return [];
  return state.queue
    .map((id) => trialOf(state, id))

    .filter((trial) => trial.id !== 1 && trial.verdict === undefined && openSlot(state, payerOf(trial)) !== undefined)
    .map((trial) => ({
      type: 'trial.judged',
      trial: trial.id,
      verdict: 'inconclusive',
      why: `too little is left for another of its runs, which take ${brief(leastSeconds(state, trial))} s`,
      unsettled: true,
      ...outcomeOf(state, trial),
    }));
}

function brief(seconds: number): string {
  return String(Number(seconds.toPrecision(2)));
}

/** Runs that the search may still start, by their count. */
function runsFree(state: State): number {
  return free(state.ledger, 'runs') - reserveOf(state).runs;
}

function whyOver(state: State): Ending {
  const { budget } = state.config;
  const due = searchEnds(state);
  if (
    Number.isFinite(due.at) &&
    due.at <= endsAt(state) &&
    due.at - state.now < 1000 * (needed(state) + reserveSeconds(state))
  ) {
    if (due.milestone !== undefined) {
      const text = `the milestone "${due.milestone}" leaves no time for another run`;
      return { type: 'study.ended', reason: 'milestone', text };
    }
    return { type: 'study.ended', reason: 'deadline', text: 'the deadline leaves no time for another run' };
  }
  const first = state.pace.count === 0 ? ' before a single run could be paid for' : '';
  const end = (text: string): Ending => ({ type: 'study.ended', reason: 'budget', text: text + first });
  if (runsFree(state) < 1) {
    // What finalists get is spent on this study; what a milestone wants left is not.
    const kept = Math.ceil(promised(state) * (budget.runs ?? 0));
    return end(
      kept < 1 ? `all ${budget.runs} runs are spent` : `all ${budget.runs} runs are spent but ${kept} for a milestone`,
    );
  }
  if (
    budget.wallSeconds !== undefined &&
    budget.wallSeconds - state.wallSeconds < needed(state) + reserveSeconds(state)
  ) {
    return end(spent(state, 'wall time', budget.wallSeconds - state.wallSeconds - reserveSeconds(state)));
  }
  const left = free(state.ledger, 'deviceSeconds') - reserveOf(state).deviceSeconds;
  return end(
    left < needed(state) ? spent(state, 'device time', left) : 'the money is spent: too little is left for another run',
  );
}

/** That a budget of time has come to its end, with what is left of it that is of no use. */
function spent(state: State, what: string, left: number): string {
  const over = overheadSeconds(state);
  return `the ${what} is spent: ${brief(Math.max(0, left))} s are left, another run wants ${brief(needed(state) - over)} s and holds ${brief(over)} s for its end (run.grace)`;
}
