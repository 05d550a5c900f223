/** What a model is asked to do next, in words, and from where it departs. Pure but for the code it is shown. */

import { leaderOf } from '../../study/belief.ts';
import type { Point } from '../../methods/space/space.ts';
import type { CodeRef, Operator } from '../../study/events/index.ts';
import { runOf, type State, type Trial, trialOf } from '../../study/state.ts';
import { describe } from './describe.ts';

/** A request as a researcher works on it. */
export interface Assignment {
  readonly operator: Operator;
  /** The trial that what comes of it is compared with along its lineage. */
  readonly parent: Trial;
  /** Settings and code that are changed: those of the parent, or of what is to be repaired. */
  readonly from: { readonly id: number; readonly point: Point; readonly code?: CodeRef };
  /** What is to be done, in words. */
  readonly words: string;
}

/** Characters of a diff that are shown. */
const MOST_DIFF = 8000;
/** Last lines of a log that failed. */
const MOST_LINES = 12;

/**
 * The assignment of a request. `diff` gives how the code of a trial differs from that of its parent (or, with a second
 * trial, of that one) as a patch.
 */
export function assignmentOf(state: State, ask: number, diff: (trial: Trial, against?: Trial) => string): Assignment {
  const { operator, of } = state.tasks[ask] ?? { operator: 'improve' as const, of: [] };
  const first = of[0] === undefined ? leaderOf(state) : trialOf(state, of[0]);
  const shown = (trial: Trial, against?: Trial): string => {
    const text = diff(trial, against);
    if (text === '') return '';
    return `\nits code:\n${text.length > MOST_DIFF ? `${text.slice(0, MOST_DIFF)}\n… (cut)` : text}`;
  };
  const baseline = trialOf(state, 1);
  const about = (trial: Trial, against: Trial): string =>
    `trial ${trial.id} (${trial.hypothesis}): ${describe(against.point, trial.point)}${shown(trial, against)}`;
  switch (operator) {
    case 'improve':
      return { operator, parent: first, from: first, words: '' };
    case 'draft':
      return {
        operator,
        parent: baseline,
        from: baseline,
        words:
          'Draft: begin anew from the script as it is, with an approach that differs in kind from what was tried. Do not tune what is there.',
      };
    case 'debug':
      return {
        operator,
        parent: trialOf(state, first.parent),
        from: first,
        words: `Repair trial ${first.id}, whose code failed: you depart from that code. Keep its idea (${first.hypothesis}), cure the failure, change nothing else.\nfailure: ${failureOf(state, first)}${shown(first)}`,
      };
    case 'combine': {
      const other = trialOf(state, of[1]!);
      return {
        operator,
        parent: first,
        from: first,
        words: `Combine: put what is new in the second of these into the first, from which you depart, so that both gains are kept.\nfirst: ${about(first, baseline)}\nsecond: ${about(other, trialOf(state, other.parent))}`,
      };
    }
    case 'ablate':
      return {
        operator,
        parent: first,
        from: first,
        words: `Ablate: take one part out of what trial ${first.id} changes against the script as it is, the part you trust least, and say which in the hypothesis. Add nothing. If the result is not worse, the part was not needed.\n${about(first, baseline)}`,
      };
    case 'simplify':
      return {
        operator,
        parent: first,
        from: first,
        words: `Simplify: reach what trial ${first.id} reaches with less code or less time. Add no idea of your own.\n${about(first, baseline)}`,
      };
  }
}

/** What failed, as data: a model takes it apart more reliably than prose. */
function failureOf(state: State, trial: Trial): string {
  const run = trial.runs.map((id) => runOf(state, id)).find(({ status }) => status === 'failed');
  return JSON.stringify({
    reason: run?.reason,
    exit: run?.exit,
    text: run?.text,
    lastLines: (run?.tail ?? []).slice(-MOST_LINES),
  });
}
