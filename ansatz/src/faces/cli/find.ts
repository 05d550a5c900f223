/** Which trial somebody means. */

import { UserError } from '../../study/error.ts';
import { type State, type Trial, trialOf } from '../../study/state.ts';

/** The trial of a number, `best` or `baseline`. Anything else is a UserError `no-trial`. */
export function findTrial(state: State, given: string): Trial {
  if (given === 'best' && state.incumbent !== undefined) return trialOf(state, state.incumbent);
  if (given === 'baseline') return trialOf(state, 1);
  const id = Number(given.replace(/^(trial|t)[ -]?/i, ''));
  const trial = Number.isInteger(id) ? state.trials[id - 1] : undefined;
  if (trial !== undefined) return trial;
  throw new UserError('no-trial', `there is no trial "${given}"`, {
    where: `study "${state.config.name}" has trials 1 to ${state.trials.length}`,
    fix: `ansatz show ${state.incumbent ?? 1}   # a number, "best", "baseline" or "knobs"`,
  });
}
