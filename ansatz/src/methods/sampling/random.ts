/** Uniform random search over the encoded space (Bergstra & Bengio 2012). */

import { randomPoint } from '../space/encode.ts';
import { firstUntried } from './candidates.ts';
import type { Sampler } from './sampler.ts';

/** The next point, drawn without looking at the history but for points that were tried. */
export const random: Sampler = (space, history, rng) =>
  firstUntried(space, history, rng, () => randomPoint(space, rng));
