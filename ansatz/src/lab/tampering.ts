/**
 * What the end of a run tells of hands on what was not theirs: what judges it, the journal, the files that steer the study.
 * Pure.
 */

import type { Exit } from '../io/executor/executor.ts';
import type { EventBody } from '../study/events/index.ts';
import { lineageOf } from '../study/lineage.ts';
import { runOf, type State, trialOf } from '../study/state.ts';
import { mayCode, unread } from './operators.ts';

/** How a run ended as it is to be judged, and what follows for the study. */
export interface Suspected {
  readonly exit: Exit;
  readonly events: readonly EventBody[];
}

/**
 * Look at how a run ended. `disturbed` is what somebody has done to the journal, in words.
 * - What judges was changed in the project itself, or the journal was: nothing that ends now counts, and nothing more is begun.
 * - A file that steers the study was changed while a run could have done it (it was not confined): code of a model or an
 *   agent is taken to have done it, and has failed; beside code that people answer for it is said, and may well be theirs.
 */
export function suspected(state: State, id: number, exit: Exit, disturbed: string | undefined): Suspected {
  const judged = handled(state, id, exit, disturbed);
  return { ...judged, events: [...judged.events, ...refused(state, id, exit)] };
}

function handled(state: State, id: number, exit: Exit, disturbed: string | undefined): Suspected {
  if (disturbed !== undefined) {
    const text = `the journal was changed by somebody else (${disturbed}): nothing that ends now counts; ansatz doctor tells what to do`;
    return {
      exit: { ...exit, tampered: { files: ['journal.db'], original: true, how: disturbed } },
      events: [{ type: 'warning.raised', code: 'tampered', text }, { type: 'study.draining' }],
    };
  }
  if (exit.tampered?.original === true) {
    const text = `${exit.tampered.files.join(', ')} of the project is not what the study began with: put it back, then run ansatz run again`;
    return { exit, events: [{ type: 'warning.raised', code: 'tampered', text }, { type: 'study.draining' }] };
  }
  const { steering = [] } = exit;
  if (steering.length === 0 || exit.tampered !== undefined) return { exit, events: [] };
  const files = steering.join(', ');
  const { trial: number } = runOf(state, id);
  const how = `changed in the project while it ran, not confined`;
  if (writtenByNobody(state, number)) {
    const text = `${files} was ${how}, by code that nobody has read: look at it before you go on`;
    const warning = { type: 'warning.raised', code: 'tampered', text, run: id } as const;
    return { exit: { ...exit, tampered: { files: steering, original: false, how } }, events: [warning] };
  }
  const text = `${files} was ${how}: if that was not you, put it back`;
  return { exit, events: [{ type: 'warning.raised', code: 'changed-meanwhile', text, run: id }] };
}

/** Different things that runs were refused, of which a study is told. */
const MOST_REFUSED = 10;

/** What the sandbox refused a run, said once for each thing: an honest script needs to know it, of another people do. */
function refused({ warnings }: State, run: number, exit: Exit): EventBody[] {
  const before = warnings.filter(({ code }) => code === 'refused').map(({ text }) => text);
  return (exit.refused ?? [])
    .map((line) => `the sandbox refused a run something: ${line}`)
    .filter((text) => !before.includes(text))
    .slice(0, Math.max(0, MOST_REFUSED - before.length))
    .map((text) => ({ type: 'warning.raised', code: 'refused', text, run }));
}

/** What is to be said of a study in which code that a model writes is the only one to say what it came to. */
export function selfJudged({ config, warnings }: State): EventBody[] {
  const writes = [config.model, ...(config.models ?? [])].some((model) => mayCode(model));
  if (!writes || config.evaluate !== undefined || warnings.some(({ code }) => code === 'self-judged')) return [];
  const text =
    'code that a model writes prints its own results here, and can print anything: an evaluator of your own would say them (evaluate in ansatz.yaml)';
  return [{ type: 'warning.raised', code: 'self-judged', text }];
}

/** Whether a trial runs code that a model or an agent wrote, its own or that of a trial it departs from. */
function writtenByNobody(state: State, trial: number): boolean {
  return lineageOf(state, trialOf(state, trial)).some((one) => one.code !== undefined && unread(one));
}
