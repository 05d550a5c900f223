/** The default choice, and every sampler by its name. */

import { ownOf } from './candidates.ts';
import { cmaes, evolution } from './cmaes.ts';
import { ehvi } from './ehvi.ts';
import { foresight, gp, results } from './gp.ts';
import { nsga2 } from './nsga2.ts';
import { quasi } from './quasi.ts';
import { random } from './random.ts';
import type { Observation, Sampler } from './sampler.ts';
import { tpe } from './tpe.ts';

/** From this many results on a Gaussian process costs more than it brings. */
const MANY = 500;
/** Dimensions from which on CMA-ES takes all asks but every third. */
const WIDE = 3;
const THIRD = 3;

/** Below this share of the variance foreseen a Gaussian process asks where it knows nothing, which is everywhere. */
const BLIND = 0.35;
/** Results before this is looked at. */
const BLIND_FROM = 20;

const evolve = evolution(MANY);

/**
 * Picks by what the space and the history look like: several losses → expected hypervolume; up to 500 results the
 * Gaussian process (which knows of guesses, other studies, crashes, prices, conditions, and learns the noise), or TPE
 * while that process cannot foresee results that are left out: much noise, or plateaus around what is good; beyond,
 * TPE, and on spaces of numbers alone CMA-ES for two asks of three.
 */
export const auto: Sampler = (space, history, rng, plan) => {
  const own = ownOf(history);
  for (const { losses } of own) if (losses !== undefined && losses.length > 1) return ehvi(space, own, rng);
  if (own.length < MANY) {
    const known = results(own);
    if (known.length < BLIND_FROM || foresight(space, known) >= BLIND) return gp(space, history, rng, plan);
    return tpe(space, own, rng);
  }
  const numeric = space.params.every((param) => param.kind !== 'choice' && param.when === undefined);
  if (!numeric || space.params.length < WIDE || own.length % THIRD === 0) return tpe(space, own, rng);
  const strain = strainOf(own);
  const finished = strain.reduce((n, { status }) => n + (status === 'pending' ? 0 : 1), 0);
  return finished < MANY ? tpe(space, own, rng) : evolve(space, own, rng, strain);
};

/**
 * What CMA-ES learns from: the results it starts from, those of its own turns, and of the others those that were the
 * best so far. All of TPE's would hold it back: they are spread more widely, and no sample of its distribution.
 */
function strainOf(own: readonly Observation[]): readonly Observation[] {
  let best = Infinity;
  return own.filter(({ loss, status }, i) => {
    const better = status === 'done' && Number.isFinite(loss) && loss! < best;
    if (i >= MANY && i % THIRD === 0 && !better) return false;
    if (better) best = loss!;
    return true;
  });
}

const alone =
  (sampler: Sampler): Sampler =>
  (space, history, rng) =>
    sampler(space, ownOf(history), rng);

/** Every sampler by the name it has in ansatz.yaml. */
export const samplers: Readonly<
  Record<'auto' | 'random' | 'sobol' | 'tpe' | 'gp' | 'cmaes' | 'nsga2' | 'ehvi', Sampler>
> = {
  auto,
  random,
  sobol: alone(quasi),
  tpe: alone(tpe),
  gp,
  cmaes: alone(cmaes),
  nsga2: alone(nsga2),
  ehvi,
};
