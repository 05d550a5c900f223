/** What is left to spend, in runs. */

import { challengerOf } from './belief.ts';
import type { Amount } from './events/index.ts';
import { free, NOTHING, RESOURCES } from './ledger.ts';
import { gainBelief } from './contrast.ts';
import { deterministic, noiseOf } from './noise.ts';
import { runOf, type State, type Trial, trialOf } from './state.ts';

/** Device-seconds that one run has cost so far on average; NaN before the first has ended. */
export function typicalCost(state: State): number {
  return state.pace.count === 0 ? NaN : state.pace.seconds / state.pace.count;
}

/** Smallest share of any budget that is not spent; 1 when nothing is limited. What is held may come back. */
export function leftShare(state: State): number {
  const shares = RESOURCES.flatMap((resource) => {
    const cap = state.ledger.budget[resource];
    return cap === undefined || cap === 0 ? [] : [1 - state.ledger.spent[resource] / cap];
  });
  return Math.min(1, ...shares);
}

/** When the search must be over: the deadline, or a milestone that asks for a frozen result. Milliseconds since 1970. */
export function searchEnds(state: State): { readonly at: number; readonly milestone?: string } {
  const frozen = (state.config.milestones ?? []).filter((one) => one.frozen).toSorted((a, b) => a.at - b.at)[0];
  const deadline = state.deadline ?? Infinity;
  return frozen !== undefined && frozen.at < deadline ? { at: frozen.at, milestone: frozen.name } : { at: deadline };
}

/** Share of every budget that milestones to come want left. */
export function promised(state: State): number {
  const due = (state.config.milestones ?? []).filter((one) => one.frozen || one.at > state.now);
  return Math.max(0, ...due.map((one) => one.left));
}

/** Runs that the reserve is worth at least and at most, and the runs a budget must be worth to have one. */
const RESERVE = { least: 4, most: 12, from: 40 } as const;
/** A smaller budget, from so many runs on, keeps this share of them, within bounds, while something better by so many noise sd waits to be confirmed. */
const LAST_WORD = { from: 8, share: 0.15, least: 2, most: 4, gain: 1.5, longer: 1.5 } as const;

/**
 * What the search may not touch: a share of each budget that is kept to run the incumbent again at the end. Nothing
 * while the length of a run is unknown, and where repeats come out exactly alike anyway. A budget worth fewer than 40 runs
 * keeps enough for the last word on what waits to be confirmed, or is under way and may have to, and one of fewer than
 * 8 nothing. On top of it comes what a milestone wants left, which nothing opens.
 */
export function reserveOf(state: State): Amount {
  const { config, ledger } = state;
  const share = config.reserve ?? 0;
  const seconds = typicalCost(state);
  const due = promised(state);
  const finalists = reserveFor(state, share, seconds);
  const part = (cap: number | undefined): number => (cap === undefined ? 0 : due * cap);
  return {
    runs: Math.ceil(part(ledger.budget.runs)) + finalists.runs,
    deviceSeconds: part(ledger.budget.deviceSeconds) + finalists.deviceSeconds,
    money: part(ledger.budget.money) + finalists.money,
  };
}

function reserveFor(state: State, share: number, seconds: number): Amount {
  const { config, ledger } = state;
  if (share === 0 || state.closing !== undefined || !(seconds > 0) || deterministic(state)) return NOTHING;
  const kept = (resource: 'runs' | 'deviceSeconds' | 'money', each: number): number => {
    const cap = ledger.budget[resource];
    if (cap === undefined || each === 0 || cap < LAST_WORD.from * each) return 0;
    if (cap < RESERVE.from * each) {
      const runs = Math.round(Math.max(LAST_WORD.least, Math.min(LAST_WORD.most, (LAST_WORD.share * cap) / each)));
      const waiting = awaited(state);
      if (resource === 'runs') {
        const left = free(ledger, 'runs');
        if (waiting === undefined) return left >= LAST_WORD.least && left <= runs && screening(state) ? runs : 0;
        // What cannot be confirmed any more leaves its run to the search.
        return waiting.level !== undefined || left >= LAST_WORD.least ? runs : 0;
      }
      if (waiting === undefined) return 0;
      // One that takes longer than others needs more to be confirmed.
      const longer = (runOf(state, waiting.runs[0]!).seconds ?? 0) / seconds;
      return runs * each * Math.min(LAST_WORD.longer, Math.max(1, longer));
    }
    return Math.max(RESERVE.least * each, Math.min(RESERVE.most * each, share * cap));
  };
  const money = (seconds / 3600) * config.price;
  return {
    runs: Math.round(kept('runs', 1)),
    deviceSeconds: kept('deviceSeconds', seconds),
    money: kept('money', money),
  };
}

/** The trial that looks better by more than its luck and waits for fresh runs. */
function awaited(state: State): Trial | undefined {
  const trial = challengerOf(state, true);
  // One that may not have two fresh runs will never be confirmed.
  if (trial === undefined || (trial.level === undefined && state.config.repeats.most - trial.runs.length < 2))
    return undefined;
  const { mean: gain } = gainBelief(trial, trialOf(state, state.incumbent ?? 1));
  return gain >= LAST_WORD.gain * noiseOf(state).sd ? trial : undefined;
}

/** Whether a first run of a trial is under way: its result may be what the last runs are for. */
function screening(state: State): boolean {
  return state.running.some((id) => runOf(state, id).trial !== 1 && runOf(state, id).repeat === 0);
}

/**
 * Runs of the usual length that the search can still pay for: by count, device time, money and the time to the
 * deadline on all slots. Infinity when nothing limits it, or while nobody knows how long a run is. `own` are the seconds of
 * a run, where they are known and more than usual.
 */
export function runsLeft(state: State, own = NaN): number {
  const usual = typicalCost(state);
  const seconds = own > usual ? own : usual;
  const reserve = reserveOf(state);
  const left = (resource: 'runs' | 'deviceSeconds' | 'money'): number =>
    Math.max(0, free(state.ledger, resource) - reserve[resource]);
  const limits = [left('runs')];
  if (seconds > 0) {
    limits.push(left('deviceSeconds') / seconds);
    if (state.config.price > 0) limits.push(left('money') / ((seconds / 3600) * state.config.price));
    const wall = state.config.budget.wallSeconds;
    const clock = Math.min(
      wall === undefined ? Infinity : wall - state.wallSeconds,
      (searchEnds(state).at - state.now) / 1000,
    );
    limits.push((Math.max(0, clock) * state.config.slots.length) / seconds);
  }
  return Math.min(...limits);
}

/** Runs that a study will have made when nothing more can be paid for: Infinity when nothing limits it. */
export function runsInAll(state: State): number {
  return state.ledger.spent.runs + runsLeft(state);
}
