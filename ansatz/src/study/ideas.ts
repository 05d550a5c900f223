/** Ideas in words, and what became of each. */

import type { State } from './state.ts';
import { trialOf } from './state.ts';
import { type TrialRow, trialRow } from './views.ts';

/** Requests that may come to nothing before an idea is left alone. */
export const MOST_FAILURES = 3;

/** An idea in one row. */
export interface IdeaRow {
  /** Numbers the ideas from 1, in the order they came. */
  readonly idea: number;
  readonly text: string;
  readonly by?: string;
  /** The verdict on the trial that came of it, or what is happening to it: `waiting`, `asked` of the model, `given up`. */
  readonly state: TrialRow['state'] | 'waiting' | 'asked' | 'given up';
  /** How often the model made nothing of it that could be run. */
  readonly failed: number;
  readonly trial?: number;
  readonly effect?: number;
  readonly margin?: number;
  readonly why?: string;
}

/** All ideas, in the order they came. */
export function ideaRows(state: State): IdeaRow[] {
  return state.ideas.map(({ text, by, ask, failed, trial }, i) => {
    const row = trial === undefined ? undefined : trialRow(state, trialOf(state, trial));
    return {
      idea: i + 1,
      text,
      ...(by === undefined ? {} : { by }),
      state: row?.state ?? (ask !== undefined ? 'asked' : failed >= MOST_FAILURES ? 'given up' : 'waiting'),
      failed,
      ...(trial === undefined ? {} : { trial }),
      ...(row?.effect === undefined ? {} : { effect: row.effect }),
      ...(row?.margin === undefined ? {} : { margin: row.margin }),
      ...(row === undefined || row.why === '' ? {} : { why: row.why }),
    };
  });
}
