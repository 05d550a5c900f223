/** The contract of everything that proposes. */

import type { EventBody } from '../../study/events/index.ts';
import type { State } from '../../study/state.ts';

/** Put something that happened into the lab's inbox. May be called at any time, also after the study ended. */
export type Post = (event: EventBody) => void;

/**
 * Proposes trials.
 *
 * Contract: `propose` returns at once and later posts exactly one `trial.proposed` or `proposal.refused` for `ask`.
 * It may be called again for an ask that a crash left unanswered. Proposals of points tried before, or outside the
 * space or its constraints, are refused by the lab. It never throws.
 */
export interface Researcher {
  /** How many requests it may have open at once. One that answers at once wants 1: it then knows what is pending. */
  readonly asksAtOnce: number;
  propose(state: State, ask: number, post: Post): void;
}
