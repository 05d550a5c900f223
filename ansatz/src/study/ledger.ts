/** Compute is the currency: what is held, what is spent, what is free. */

import type { Budget, Cap } from './config.ts';
import type { Amount, EventBody } from './events/index.ts';

export type Resource = keyof Amount;
export const RESOURCES: readonly Resource[] = ['runs', 'deviceSeconds', 'money'];

/** Of each resource: the cap (absent = unlimited), what is promised to runs under way, and what is gone. */
export interface Ledger {
  readonly budget: Partial<Record<Resource, number>>;
  readonly held: Record<Resource, number>;
  readonly spent: Record<Resource, number>;
}

/** What one line of enquiry or one person has promised and spent of the study's budget. */
export interface Account {
  readonly held: Record<Resource, number>;
  readonly spent: Record<Resource, number>;
}

/** Who pays for something besides the study. */
export interface Who {
  readonly bet?: string;
  readonly by?: string;
  /** A trial that may take so many device-seconds has an account of its own. */
  readonly id?: number;
  readonly most?: number;
}

/** Names of their accounts. */
export function accountsOf({ bet, by, id, most }: Who): string[] {
  return [
    ...(bet === undefined ? [] : [`bet:${bet}`]),
    ...(by === undefined ? [] : [`person:${by}`]),
    ...(id === undefined || most === undefined ? [] : [`trial:${id}`]),
  ];
}

/** Whether `amount` fits under a cap of an account's own. */
export function within(account: Account | undefined, cap: Cap | undefined, amount: Amount): boolean {
  if (cap === undefined) return true;
  return RESOURCES.every((resource) => {
    const used = account === undefined ? 0 : account.spent[resource] + account.held[resource];
    return used + amount[resource] <= (cap[resource] ?? Infinity) + EPSILON;
  });
}

export const NOTHING: Amount = { runs: 0, deviceSeconds: 0, money: 0 };

/** An empty ledger with the caps of a budget. Wall time is not here: it passes whether runs do or not. */
export function openLedger(budget: Budget): Ledger {
  return { budget: caps(budget), held: { ...NOTHING }, spent: { ...NOTHING } };
}

/** The ledger's part of a budget. */
export function caps(budget: Budget): Partial<Record<Resource, number>> {
  const result: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) if (budget[resource] !== undefined) result[resource] = budget[resource];
  return result;
}

/** What is neither spent nor held; Infinity when unlimited. Never negative. */
export function free(ledger: Ledger, resource: Resource): number {
  const cap = ledger.budget[resource];
  return cap === undefined ? Infinity : Math.max(0, cap - ledger.spent[resource] - ledger.held[resource]);
}

/** Whether `amount` fits into what is free. */
export function affords(ledger: Ledger, amount: Amount): boolean {
  return RESOURCES.every((resource) => amount[resource] <= free(ledger, resource) + EPSILON);
}

/** The first resource whose cap in `budget` would lie below what is spent and held: no ledger can go there. */
export function overdrawn(ledger: Ledger, budget: Budget): Resource | undefined {
  return RESOURCES.find((name) => (budget[name] ?? Infinity) < ledger.spent[name] + ledger.held[name]);
}

/** Sums of seconds lose a few units in the last place; a nanosecond is nobody's money. */
export const EPSILON = 1e-6;

/** How an event moves the ledger. */
export interface Movement {
  readonly held: Amount;
  readonly spent: Amount;
}

/** The holds of runs and expenses by their number; undefined for those that have none any more. */
export interface Holds {
  readonly run: (run: number) => Amount | undefined;
  readonly expense: (expense: number) => Amount | undefined;
}

/**
 * The movement an event causes, or undefined. Ending a run gives its whole hold back and charges what it cost: at
 * most the hold, because the executor enforces the limit the hold was made for. The journal on disk and the state
 * in memory both use this one rule.
 */
export function movement(event: EventBody, holds: Holds): Movement | undefined {
  if (event.type === 'run.started' || event.type === 'expense.held') return { held: event.hold, spent: NOTHING };
  if (event.type !== 'run.ended' && event.type !== 'expense.settled') return undefined;
  const hold = (event.type === 'run.ended' ? holds.run(event.run) : holds.expense(event.expense)) ?? NOTHING;
  const back = { runs: -hold.runs, deviceSeconds: -hold.deviceSeconds, money: -hold.money };
  return { held: back, spent: atMost(event.charge, hold) };
}

/** The smaller of two amounts, resource by resource. */
export function atMost(amount: Amount, limit: Amount): Amount {
  return {
    runs: Math.min(amount.runs, limit.runs),
    deviceSeconds: Math.min(amount.deviceSeconds, limit.deviceSeconds),
    money: Math.min(amount.money, limit.money),
  };
}

/** What `seconds` on `devices` devices cost at `price` per device-hour. */
export function cost(seconds: number, devices: number, price: number): Amount {
  const deviceSeconds = seconds * devices;
  return { runs: 1, deviceSeconds, money: (deviceSeconds / 3600) * price };
}
