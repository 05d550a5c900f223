/** Uniform random search over the encoded space (Bergstra & Bengio 2012). */

import { randomPoint } from '../space/encode.ts';
import { firstFeasible } from './candidates.ts';
import type { Sampler } from './sampler.ts';

/** The next point, drawn without looking at the history. */
export const random: Sampler = (space, _history, rng) => firstFeasible(space, rng, () => randomPoint(space, rng));
