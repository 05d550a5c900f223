/** A journal that lives as long as the process: simulations, tests. */

import type { Event } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { type State } from '../../study/state.ts';
import type { Journal } from './journal.ts';

/** An empty journal in memory, or one that starts with the given events. */
export function memoryJournal(events: readonly Event[] = []): Journal & { readonly events: Event[] } {
  const stored = [...events];
  return {
    events: stored,
    read: (from = 0) => stored.slice(from),
    append: (more) => {
      stored.push(...more);
    },
    state: () => stored.reduce<State | undefined>(reduce, undefined),
    snapshot: () => {},
    disturbed: () => undefined,
    close: () => {},
  };
}
