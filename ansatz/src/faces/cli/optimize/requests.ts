/**
 * What a line of the ask-tell protocol may hold. A message says what the field has to be, to follow on "use". Ranges
 * and names are the business of the optimizer. Fields that are not listed are ignored. docs/optimize.md has them all.
 */

import * as z from 'zod';
import { EXPECTED } from '../../../methods/optimizer/error.ts';

const anything = z.unknown().optional();
/** JSON has no NaN: some libraries write null for it. */
const value = z.custom<number | null>((value) => typeof value === 'number' || value === null, EXPECTED.value);
const id = z.custom<number>((value) => typeof value === 'number', EXPECTED.id);

/** The requests, by the name in `cmd`. */
export const requests = {
  create: z.object({
    space: z.array(anything, EXPECTED.space),
    constraints: z.array(z.string(EXPECTED.constraints), EXPECTED.constraints).nullish(),
    direction: anything,
    directions: anything,
    seed: anything,
    sampler: anything,
    pause: anything,
    min_resource: anything,
    max_resource: anything,
    workers: anything,
    budget_steps: anything,
    budget_trials: anything,
  }),
  ask: z.object({ params: anything }),
  report: z.object({ id, step: z.custom<number>((step) => typeof step === 'number', EXPECTED.step), value }),
  tell: z.object({ id, value: value.optional(), state: anything, cost: anything }),
  observe: z.object({
    trials: z.array(
      z.object({ params: anything, value, study: z.string('a text').nullish(), cost: anything }, EXPECTED.trials),
      EXPECTED.trials,
    ),
  }),
  best: z.object({}),
  close: z.object({}),
} as const;

/** What these hold instead where trials have several values. Null in a list is a value that is not finite. */
const outcomes = {
  values: z.array(value, EXPECTED.values).nullish(),
  violations: z.array(value, EXPECTED.violations).nullish(),
  cost: anything,
};
export const frontRequests = {
  tell: z.object({ id, ...outcomes, state: anything }),
  observe: z.object({
    trials: z.array(z.object({ params: anything, ...outcomes }, EXPECTED.outcomes), EXPECTED.outcomes),
  }),
} as const;
