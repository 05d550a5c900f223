/** The default choice: Sobol points to look around, then the Gaussian process, then TPE when there are too many results. */

import { gp } from './gp.ts';
import { random } from './random.ts';
import { quasi } from './quasi.ts';
import type { Sampler } from './sampler.ts';
import { tpe } from './tpe.ts';

/** From this many results on a Gaussian process costs more than it brings. */
const MANY = 500;

/** Picks and switches by what the history looks like. */
export const auto: Sampler = (space, history, rng) =>
  history.length >= MANY ? tpe(space, history, rng) : gp(space, history, rng);

/** Every sampler by the name it has in ansatz.yaml. */
export const samplers: Readonly<Record<'auto' | 'random' | 'sobol' | 'tpe' | 'gp', Sampler>> = {
  auto,
  random,
  sobol: quasi,
  tpe,
  gp,
};
