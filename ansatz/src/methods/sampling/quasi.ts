/** Scrambled Sobol points: random search that leaves no holes. */

import { sobol } from '../math/sobol.ts';
import { decode } from '../space/encode.ts';
import { firstUntried } from './candidates.ts';
import type { Sampler } from './sampler.ts';

/**
 * The next unused point of a Sobol sequence that the seed scrambles: the history's length is the index, so that the
 * sequence goes on after a restart. Infeasible points and ones that were tried are skipped by looking further along the sequence.
 */
export const quasi: Sampler = (space, history, rng) =>
  firstUntried(space, history, rng, (attempt) =>
    decode(space, sobol(history.length + attempt * 4096, space.params.length, rng.seed)),
  );
