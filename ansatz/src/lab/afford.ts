/** What can be paid for now: limits and holds of runs, and the time that is left. Pure. */

import type { Amount } from '../study/events/index.ts';
import { reserveOf, searchEnds, typicalCost } from '../study/outlook.ts';
import { accountsOf, affords, cost, EPSILON, free, NOTHING, type Who, within } from '../study/ledger.ts';
import type { Cap } from '../study/config.ts';
import { deterministic } from '../study/noise.ts';
import { activeSeconds, type Run, runOf, type State, type Trial, trialOf } from '../study/state.ts';

/** Seconds between the hard signal and the last breath of a process tree, held on top of limit and grace. */
export const SLACK_SECONDS = 1;
/** Limit of a run while nothing is known and nothing was set. */
const UNKNOWN_LIMIT = 7 * 24 * 3600;
/** A learned limit is this many times the longest run so far, and never below the floor. */
const LIMIT_FACTOR = 4;
const LIMIT_FLOOR = 10;
/** Finalists' runs that time is kept for: of a leader that was not proven, then of the incumbent. */
const RESERVED_RUNS = 2;
const ROUNDS_KEPT = 2;

/** When the deadline or the wall budget is reached, if the lab stays open from now on. */
export function endsAt(state: State): number {
  const wall = state.config.budget.wallSeconds;
  const wallEnd = wall === undefined ? Infinity : state.now + Math.max(0, wall - state.wallSeconds) * 1000;
  return Math.min(searchEnds(state).at, wallEnd);
}

/** Where a run could start now, and what it would hold. */
export type Plan = {
  readonly slot: number;
  readonly limitSeconds: number;
  readonly hold: Amount;
  readonly short?: true;
};

/** The cap of an account by its name. */
export function capOf(state: State, account: string): Cap | undefined {
  const [kind, ...rest] = account.split(':');
  const name = rest.join(':');
  if (kind === 'trial') return { deviceSeconds: trialOf(state, Number(name)).most! };
  if (kind === 'person') return state.config.people?.[name];
  return state.config.bets?.find((bet) => bet.name === name)?.budget;
}

function allowed(state: State, who: Who, hold: Amount): boolean {
  return accountsOf(who).every((name) => within(state.accounts[name], capOf(state, name), hold));
}

/** Device-seconds that the accounts of a run have left; those that are held count as gone when `held`. */
function secondsOf(state: State, who: Who, price: number, held: boolean): number {
  const lefts = accountsOf(who).map((name) => {
    const cap = capOf(state, name);
    const account = state.accounts[name];
    const left = (resource: 'deviceSeconds' | 'money'): number =>
      (cap?.[resource] ?? Infinity) - (account?.spent[resource] ?? 0) - (held ? (account?.held[resource] ?? 0) : 0);
    return Math.min(left('deviceSeconds'), price > 0 ? (left('money') / price) * 3600 : Infinity);
  });
  return Math.min(Infinity, ...lefts);
}

/** Whether what a run is for can still pay for one, once all that is under way has ended. */
export function canEverPay(state: State, who: Who): boolean {
  const oneMore = { runs: 1, deviceSeconds: 0, money: 0 };
  return (
    accountsOf(who).every((name) => {
      const account = state.accounts[name];
      return (
        account === undefined || within({ held: { ...NOTHING }, spent: account.spent }, capOf(state, name), oneMore)
      );
    }) && secondsOf(state, who, state.config.price, false) >= needed(state)
  );
}

/** Slots in which nothing is under way, in order; none where a lab with fewer of them has as many runs as it has slots. */
export function freeSlots(state: State): number[] {
  if (busySlots(state) >= state.config.slots.length) return [];
  return [...state.config.slots.keys()].filter(
    (slot) => slot !== state.checking?.slot && !state.running.some((id) => runOf(state, id).slot === slot),
  );
}

/** How many slots have something under way: runs, and a held-out check. */
export function busySlots(state: State): number {
  return state.running.length + (state.checking === undefined ? 0 : 1);
}

/** The first free slot whose run can be paid for now. */
export function openSlot(state: State, who: Who = {}, length?: RunLength, least = 0): Plan | undefined {
  for (const slot of freeSlots(state)) {
    const plan = affordable(state, slot, who, length, least);
    if (plan !== undefined) return { slot, ...plan };
  }
  return undefined;
}

/** A usual run and the longest to be expected, in wall seconds. */
export interface RunLength {
  readonly usual: number;
  readonly longest: number;
}

/** Times the mean. */
const USUAL = 1.25;

/** Seconds in which another run of a trial will have ended, by the longest of its own; 0 before the first has ended. */
export function leastSeconds(state: State, trial: Trial): number {
  return trial.runs.reduce((most, id) => {
    const run = runOf(state, id);
    return run.status === 'done' ? Math.max(most, USUAL * (run.seconds ?? 0)) : most;
  }, 0);
}

/** Seconds in which a usual run has ended, some more than the mean of those so far; one while nobody knows. */
function usualSeconds(state: State): number {
  const typical = typicalCost(state);
  return typical > 0 ? USUAL * typical : 1;
}

/**
 * The limit and hold a run on `slot` would get now, or undefined when budget or time left cannot pay for a run
 * worth starting. `length` is what is known of such runs, where they are not like those of trials; `least` are seconds
 * that it is known to take.
 */
export function affordable(
  state: State,
  slot: number,
  who: Who = {},
  length?: RunLength,
  least = 0,
): Omit<Plan, 'slot'> | undefined {
  const { config, ledger, pace } = state;
  const devices = Math.max(1, config.slots[slot]!.gpus.length);
  const price = config.slots[slot]!.price ?? config.price;
  const overhead = overheadSeconds(state);
  const wanted =
    config.run.limitSeconds ??
    (pace.count > 0
      ? Math.max(LIMIT_FLOOR, Math.ceil(LIMIT_FACTOR * (length?.longest ?? pace.longest)))
      : UNKNOWN_LIMIT);

  const reserve = reserveOf(state);
  const deviceSeconds = Math.min(
    free(ledger, 'deviceSeconds') - reserve.deviceSeconds,
    price > 0 ? ((free(ledger, 'money') - reserve.money) / price) * 3600 : Infinity,
    secondsOf(state, who, price, true),
  );
  // While nothing is known, slots share what there is instead of the first one holding it all, as far as it goes.
  const shares = pace.count > 0 ? 1 : Math.max(1, config.slots.length - busySlots(state));
  const worth = deviceSeconds / devices / (usualSeconds(state) + overhead);
  const share = Math.max(1, Math.min(shares, Math.floor(worth)));
  const byBudget = deviceSeconds / devices / share - overhead;
  const byTime = (endsAt(state) - state.now) / 1000 - reserveSeconds(state) - overhead;
  const limitSeconds = Math.min(wanted, byBudget, byTime);
  // A limit the run will not meet wastes what it holds.
  const needed = Math.min(wanted, Math.max(least, length === undefined ? usualSeconds(state) : USUAL * length.usual));
  if (!(limitSeconds >= needed - EPSILON) || limitSeconds <= 0) return undefined;
  const rounded = Math.floor(limitSeconds * 1000) / 1000;
  const hold = cost(rounded + overhead, devices, price);
  const kept = {
    runs: hold.runs + reserve.runs,
    deviceSeconds: hold.deviceSeconds + reserve.deviceSeconds,
    money: hold.money + reserve.money,
  };
  if (!affords(ledger, kept) || !allowed(state, who, hold)) return undefined;
  return rounded < wanted && wanted < UNKNOWN_LIMIT
    ? { limitSeconds: rounded, hold, short: true }
    : { limitSeconds: rounded, hold };
}

/** Two rounds of finalists are worth waiting for when the whole study has time for this many rounds. */
const ROUNDS = 40;

/** Seconds before the deadline or the end of the wall budget at which the search ends, so that finalists can run. */
export function reserveSeconds(state: State): number {
  if (
    !(typicalCost(state) > 0) ||
    (state.config.reserve ?? 0) === 0 ||
    state.closing !== undefined ||
    deterministic(state)
  )
    return 0;
  const whole = state.wallSeconds + (endsAt(state) - state.now) / 1000;
  const round = usualSeconds(state);
  if (!Number.isFinite(whole) || whole < ROUNDS * round + overheadSeconds(state)) return 0;
  // What a run may take beyond its limit is there when the next one begins, as a rule: it counts once.
  return ROUNDS_KEPT * Math.ceil(RESERVED_RUNS / state.config.slots.length) * round + overheadSeconds(state);
}

/**
 * The most seconds a paused run may still have on the clock until deadline and wall budget, or undefined when that is
 * too little to be worth going on. Its hold pays for what its limit leaves it.
 */
export function secondsLeft(state: State, run: Run): number | undefined {
  const most = run.limitSeconds - activeSeconds(run, state.now);
  const byTime = (endsAt(state) - state.now) / 1000 - overheadSeconds(state);
  const left = Math.floor(Math.min(most, byTime) * 1000) / 1000;
  return left > 0 && left >= worthSeconds(state, run) - EPSILON ? left : undefined;
}

/** When {@link secondsLeft} turns undefined, in milliseconds since 1970; Infinity when never. */
export function tooLateAt(state: State, run: Run): number {
  return endsAt(state) - (overheadSeconds(state) + worthSeconds(state, run)) * 1000;
}

/** Seconds that a paused run needs to be worth going on: what is missing to a typical run, and some more. */
function worthSeconds(state: State, run: Run): number {
  const active = activeSeconds(run, state.now);
  return Math.max(0.001, Math.min(run.limitSeconds, usualSeconds(state)) - active);
}

/** What a run may take beyond its limit. */
export function overheadSeconds(state: State): number {
  return state.config.run.graceSeconds + SLACK_SECONDS;
}

/** Seconds that a run worth starting needs, all in. */
export function needed(state: State): number {
  return Math.min(state.config.run.limitSeconds ?? Infinity, usualSeconds(state)) + overheadSeconds(state);
}
