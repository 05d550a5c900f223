/** When what was kept is judged on held-out data, and what is written down of it. */

import type { Message } from '../io/executor/executor.ts';
import type { EventBody } from '../study/events/index.ts';
import { contradiction } from '../study/heldout.ts';
import { cost, free } from '../study/ledger.ts';
import { runOf, type State, type Trial, trialOf } from '../study/state.ts';
import { freeSlots, overheadSeconds } from './afford.ts';
import { resultIn, whyNothing } from './hearing.ts';

/** A limit that is learned is this many times the longest run, and never below the floor, in seconds. */
const LIMIT = { factor: 4, floor: 10 } as const;
/** Seconds that a check is worth beginning with. */
const LEAST = 1;

/** Begin the check of the first kept trial that had none, in a free slot: it comes before any further run. */
export function checkHeldout(state: State): EventBody[] {
  if (state.config.heldout === undefined || state.phase !== 'running' || state.checking !== undefined) return [];
  const due = state.marks.map((mark) => trialOf(state, mark.trial)).find((trial) => trial.heldout === undefined);
  if (due === undefined) return [];
  const run = lastDone(state, due);
  if (run === undefined) return [{ type: 'heldout.read', trial: due.id, text: 'it has no run that ended well' }];
  const slot = freeSlots(state)[0];
  if (slot === undefined) return [];
  const { config, ledger, pace } = state;
  const devices = Math.max(1, config.slots[slot]!.gpus.length);
  const price = config.slots[slot]!.price ?? config.price;
  const overhead = overheadSeconds(state);
  const paid = Math.min(free(ledger, 'deviceSeconds'), price > 0 ? (free(ledger, 'money') / price) * 3600 : Infinity);
  const wanted = config.run.limitSeconds ?? Math.max(LIMIT.floor, Math.ceil(LIMIT.factor * pace.longest));
  const limitSeconds = Math.floor(Math.min(wanted, paid / devices - overhead) * 1000) / 1000;
  if (limitSeconds < LEAST) return [{ type: 'heldout.read', trial: due.id, text: 'the budget left nothing for it' }];
  const expense = state.expenseCount + 1;
  const hold = { ...cost(limitSeconds + overhead, devices, price), runs: 0 };
  return [
    { type: 'expense.held', expense, what: 'held-out check', hold },
    { type: 'heldout.asked', trial: due.id, run, slot, limitSeconds, expense },
  ];
}

function lastDone(state: State, trial: Trial): number | undefined {
  return trial.runs.findLast((id) => runOf(state, id).status === 'done');
}

/** What is written down of a check that has ended; nothing of one that nobody waits for. */
export function readHeldout(
  state: State,
  { run, exit, metrics }: Extract<Message, { type: 'heldout.exited' }>,
): EventBody[] {
  const { checking, config } = state;
  if (checking?.run !== run) return [];
  const { trial, slot, expense } = checking;
  const devices = Math.max(1, config.slots[slot]?.gpus.length ?? 1);
  const seconds = exit.how === 'unstarted' ? 0 : exit.seconds;
  const charge = { ...cost(seconds, devices, config.slots[slot]?.price ?? config.price), runs: 0 };
  const well = exit.how === 'exited' && exit.code === 0 && exit.cut === undefined;
  const value = well ? resultIn(config, metrics) : undefined;
  const read = value === undefined ? { text: whyNothing(config, metrics, exit) } : { value };
  const against = value === undefined ? undefined : contradiction(state, trial, value);
  return [
    { type: 'expense.settled', expense, charge },
    { type: 'heldout.read', trial, ...read },
    ...(against === undefined ? [] : [{ type: 'warning.raised', code: 'heldout', text: against } as const]),
  ];
}
