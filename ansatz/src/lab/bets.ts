/** Rules about lines of enquiry: which gets the next proposal, and which gets nothing more. Pure. */

import { type BetRecord, allocators, review, type Situation } from '../methods/bets/index.ts';
import { rng } from '../methods/math/rng.ts';
import type { Bet } from '../study/config.ts';
import type { EventBody } from '../study/events/index.ts';
import { noiseOf } from '../study/noise.ts';
import { runsLeft, typicalCost } from '../study/outlook.ts';
import type { State } from '../study/state.ts';
import { canEverPay } from './afford.ts';

/** Labels of the draws, so that they are nobody else's. */
const CHOICES = 0xbe75;
const REVIEWS = 0x4e71;
/** Trials between two reviews, for each bet. */
const REVIEW_EVERY = 4;

/** The bets that may still be asked for proposals; undefined where the study has none of its own. */
export function openBets(state: State): readonly Bet[] | undefined {
  return state.config.bets?.filter((bet) => {
    if (state.bets[bet.name]?.closed === true) return false;
    return canEverPay(state, { bet: bet.name });
  });
}

/** The bet that gets the next proposal; undefined when none may have one. */
export function chooseBet(state: State, ask: number): string | undefined {
  const { allocator = 'auto' } = state.config;
  const open = openBets(state) ?? [];
  const records = recordsOf(state, open);
  const random = rng(state.config.seedNumber, CHOICES, ask);
  const index = allocators[allocator].allocate(records, situationOf(state), random);
  // Nothing may be affordable by its own reckoning while a last run still is by ours.
  return open[index ?? 0]?.name;
}

/** Give up bets whose chance of still paying stays small; their money goes to the others. */
export function reviewBets(state: State): EventBody[] {
  const open = openBets(state);
  if (open === undefined || open.length < 2 || state.phase !== 'running' || state.closing !== undefined) return [];
  if (state.trials.length - state.reviewedAt < REVIEW_EVERY * open.length) return [];
  const last = open.flatMap(({ name }) => {
    const chance = state.bets[name]?.chance;
    return chance === undefined ? [] : [{ name, chance }];
  });
  const chances = review(
    recordsOf(state, open),
    situationOf(state),
    rng(state.config.seedNumber, REVIEWS, state.trials.length),
    {
      minimum: state.config.minEffect,
      last,
    },
  );
  const closed = chances
    .filter(({ name, kill }) => kill && state.bets[name]?.pinned !== true && floorOf(state, name) === 0)
    .map(({ name }) => name);
  return [
    { type: 'bets.reviewed', chances: chances.map(({ name, chance }) => ({ name, chance })), closed },
    ...closed.map((name): EventBody => ({
      type: 'warning.raised',
      code: `bet-closed ${name}`,
      text: `bet ${name} is closed: twice its chance to beat the best was below 5 %; the others get its share`,
    })),
  ];
}

function floorOf(state: State, name: string): number {
  return state.bets[name]?.floor ?? state.config.bets?.find((bet) => bet.name === name)?.floor ?? 0;
}

/** What each bet has come to, as an allocator takes it. */
export function recordsOf(state: State, bets: readonly Bet[]): BetRecord[] {
  return bets.map((bet): BetRecord => {
    const seen = state.bets[bet.name];
    const account = state.accounts[`bet:${bet.name}`];
    const asked = state.asked.filter((ask) => state.askedFor[ask] === bet.name).length;
    const ended = (seen?.losses.length ?? 0) + (seen?.failures ?? 0);
    const seconds = typicalCost(state);
    const cap = seen?.cap ?? bet.cap;
    return {
      name: bet.name,
      losses: seen?.losses ?? [],
      failures: seen?.failures ?? 0,
      pending: Math.max(0, (seen?.trials ?? 0) - ended) + asked,
      cost: account?.spent.deviceSeconds ?? 0,
      ...(seconds > 0 ? { price: seconds } : {}),
      floor: floorOf(state, bet.name),
      ...(cap === undefined ? {} : { cap }),
    };
  });
}

/** What is common to all bets. */
export function situationOf(state: State): Situation {
  const seconds = typicalCost(state);
  const { sd } = noiseOf(state);
  const left = runsLeft(state);
  // Without a limit in runs nobody knows the end: look as far ahead as the study is long.
  const runs = Number.isFinite(left) ? left : state.runs.length;
  return { left: seconds > 0 ? runs * seconds : runs, noise: sd > 0 ? sd : 0 };
}
