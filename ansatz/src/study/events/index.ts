/** Everything that happens, as data. A version per event and an upgrade per old version keep old journals readable. */

import type { HistoryEvent, PriorEvent } from './history.ts';
import type { MoneyEvent } from './money.ts';
import type { RunEvent } from './run.ts';
import type { StudyEvent } from './study.ts';
import type { TrialEvent } from './trial.ts';

export type { HistoryEvent, HistoryRow, PriorEvent } from './history.ts';
export type { Amount, EndStatus, FailReason, RunEvent, StopReason } from './run.ts';
export type { MoneyEvent } from './money.ts';
export type { EndReason, StudyEvent } from './study.ts';
export type { CodeRef, Operator, TrialEvent, Tried, Verdict } from './trial.ts';

/** What happened, without when. */
export type EventBody = MoneyEvent | StudyEvent | TrialEvent | RunEvent | HistoryEvent | PriorEvent;

/** What happened and when: `at` in milliseconds since 1970, never earlier than the event before. */
export type Event = EventBody & { readonly at: number };

/** Version written by this code for every type; raise it together with an entry in {@link UPGRADES}. */
export const EVENT_VERSION = 2;

/** Per type and old version, the step to the next version. */
const UPGRADES: Readonly<
  Record<string, Readonly<Record<number, (old: Record<string, unknown>) => Record<string, unknown>>>>
> = {
  // Before version 2 no run could be paused.
  'study.created': { 1: ({ config, ...rest }) => ({ ...rest, config: { pause: 'auto', ...(config as object) } }) },
  // Before version 1 a limit was called `timeout`.
  'run.started': { 0: ({ timeout, ...rest }) => ({ ...rest, limitSeconds: timeout }) },
};

/**
 * Bring a stored event to the current version. Events newer than this code are an error: an older ansatz must not
 * guess at a newer one's journal.
 */
export function upgrade(type: string, version: number, body: Record<string, unknown>): EventBody {
  if (version > EVENT_VERSION) {
    throw new Error(`event ${type} has version ${version}, this ansatz knows ${EVENT_VERSION}: use a newer ansatz`);
  }
  let current = body;
  for (let v = version; v < EVENT_VERSION; v++) current = UPGRADES[type]?.[v]?.(current) ?? current;
  return current as unknown as EventBody;
}
