/** The default choice: Sobol points to look around, then TPE. */

import { random } from './random.ts';
import { quasi } from './quasi.ts';
import type { Sampler } from './sampler.ts';
import { tpe } from './tpe.ts';

/** Every sampler by the name it has in ansatz.yaml. */
export const samplers: Readonly<Record<'auto' | 'random' | 'sobol' | 'tpe', Sampler>> = {
  auto: tpe,
  random,
  sobol: quasi,
  tpe,
};
