/** What a search begins with, and whether it can. */

import { samplers } from '../sampling/auto.ts';
import type { Space } from '../space/space.ts';
import { isCount, isObject } from './check.ts';
import { EXPECTED, misfit, OptimizerError, unknownName } from './error.ts';

/** What a search begins with. Counts are whole numbers, 1 or more. */
export interface OptimizerOptions {
  readonly space: Space;
  /** Whether smaller or larger values are better; minimize when absent. */
  readonly direction?: 'minimize' | 'maximize';
  /** Whole number; the same seed and the same answers give the same questions. */
  readonly seed?: number;
  /** Who proposes points where trials have no curve; auto when absent. */
  readonly sampler?: keyof typeof samplers;
  /** Steps of a full training; 1 or absent when trials have no curve. */
  readonly maxResource?: number;
  /** No trial that was proposed here pauses, or stops for its value, before this step. */
  readonly minResource?: number;
  /** Trials that run at the same time: a hint, the trials under way are counted anyway. */
  readonly workers?: number;
  /** Steps that there are in all: a hint. Nothing ends when they are used up. */
  readonly budgetSteps?: number;
  /** Trials that there are in all: a hint. */
  readonly budgetTrials?: number;
  /** False when a paused trial could not go on later: then trials only continue or stop. */
  readonly pause?: boolean;
}

/** Throws {@link OptimizerError} for options that no search can begin with. */
export function checkOptions(options: OptimizerOptions): void {
  const { space, direction, seed, sampler, pause } = options;
  if (!isObject(space) || !Array.isArray(space.params) || !Array.isArray(space.constraints))
    throw misfit('space', space, 'what defineSpace or toSpace of ansatz/space returns');
  if (direction !== undefined && direction !== 'minimize' && direction !== 'maximize')
    throw unknownName('direction', direction, ['minimize', 'maximize']);
  if (sampler !== undefined && !Object.hasOwn(samplers, sampler))
    throw unknownName('sampler', sampler, Object.keys(samplers));
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw misfit('seed', seed, EXPECTED.seed);
  if (pause !== undefined && typeof pause !== 'boolean') throw misfit('pause', pause, EXPECTED.truth);
  for (const name of ['minResource', 'maxResource', 'workers', 'budgetSteps', 'budgetTrials'] as const) {
    const count = options[name];
    if (count !== undefined && !isCount(count)) throw misfit(name, count, EXPECTED.count);
  }
  const { minResource = 1, maxResource } = options;
  if (maxResource !== undefined && minResource > maxResource)
    throw new OptimizerError(
      'minResource',
      `is ${minResource}, more than a full training of ${maxResource}`,
      `use at most ${maxResource}`,
    );
}
