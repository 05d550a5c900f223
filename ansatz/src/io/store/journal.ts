/** The journal of a study: append-only, folded into the state. */

import type { Event, EventBody } from '../../study/events/index.ts';
import type { State } from '../../study/state.ts';

export type { Event, EventBody };

/**
 * Append-only truth.
 *
 * Contract: events come back in the order they were appended, each as written or upgraded to the current version.
 * `append` is atomic: all of its events are stored or none, and it throws {@link LeaseLost} when another lab took
 * over. After it returned, a crash of the process loses nothing; when a hold or a charge was among the events, nor
 * does a power failure.
 */
export interface Journal {
  /** Events after the first `from` (default 0: all). */
  read(from?: number): Iterable<Event>;
  append(events: readonly Event[]): void;
  /** The fold of all events, from the newest snapshot on; undefined when empty. */
  state(): State | undefined;
  /** Remember a fold, so that the next reader need not start from the first event. */
  snapshot(state: State): void;
  /**
   * What somebody else has done to it since this lab took it, in words; undefined when nothing. Cheap: only what is new is
   * read again, and everything when another connection has written.
   */
  disturbed(): string | undefined;
  close(): void;
}

/** Another lab holds the study now; this one must stop without writing. */
export class LeaseLost extends Error {
  constructor(holder: string) {
    super(`the study is now held by ${holder}`);
    this.name = 'LeaseLost';
  }
}
