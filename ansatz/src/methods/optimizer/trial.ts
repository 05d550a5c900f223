/** A trial by its number. */

import { EXPECTED, misfit, OptimizerError, shown } from './error.ts';

/** The trial with that number; throws {@link OptimizerError} when there is none. */
export function trialAt<T>(trials: readonly T[], id: number): T {
  const trial = Number.isSafeInteger(id) ? trials[id] : undefined;
  if (trial !== undefined) return trial;
  if (typeof id !== 'number' || trials.length === 0) throw misfit('id', id, EXPECTED.id);
  throw new OptimizerError('id', `is ${shown(id)}, and there is no such trial`, `use one of 0 to ${trials.length - 1}`);
}
