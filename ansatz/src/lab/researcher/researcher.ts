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
  propose(state: State, ask: number, post: Post): void;
}
