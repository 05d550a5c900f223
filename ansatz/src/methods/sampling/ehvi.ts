/**
 * Several objectives: the point whose outcome is expected to add most to the volume that is dominated (expected
 * hypervolume improvement, Emmerich et al. 2006; by Monte Carlo as in Daulton et al. 2020, arXiv 2006.05078), times the
 * probability that it keeps the measured constraints.
 */

import { cdf } from '../math/normal.ts';
import { randomPoint } from '../space/encode.ts';
import type { Point, Space } from '../space/space.ts';
import { addedVolume, nondominated, violationOf } from '../stats/pareto.ts';
import { firstUntried, ownOf, tried } from './candidates.ts';
import { believe, gp, startupOf } from './gp.ts';
import { nsga2 } from './nsga2.ts';
import { quasi } from './quasi.ts';
import type { Observation, Sampler } from './sampler.ts';
import type { Prediction } from './surrogate/gaussian.ts';
import { layoutOf, rowOf } from './surrogate/layout.ts';
import { search } from './surrogate/search.ts';
import { termsOf } from './surrogate/terms.ts';
import type { Posterior } from './surrogate/surrogate.ts';

/** Beyond these, {@link nsga2} answers: the volume gets dear, and the surrogates no better. */
const MOST_RESULTS = 250;
const MOST_OBJECTIVES = 3;
const DRAWS = 24;
/** How far the reference lies behind results that are all alike. */
const BEHIND = 1e-4;
/** Log of an improvement that is none. */
const NOTHING = -1e3;

/** The next point for observations with `losses`. Without them, and with one loss each, {@link gp} answers. */
export const ehvi: Sampler = (space, history, rng, plan) => {
  const known = history.filter(
    (o) => o.study === undefined && o.status === 'done' && o.losses !== undefined && o.losses.every(Number.isFinite),
  );
  const layout = layoutOf(space);
  const count = known[0]?.losses?.length ?? 0;
  const same = known.filter((o) => o.losses!.length === count);
  const plain = history.some((o) => o.loss !== undefined);
  if (count === 1 || (count === 0 && plain)) return gp(space, history.map(single), rng, plan);
  if (layout.size === 0 || count === 0 || history.length < startupOf(space) || same.length < 3) {
    return quasi(space, history, rng);
  }
  if (count > MOST_OBJECTIVES || same.length > MOST_RESULTS) return nsga2(space, history, rng);

  // One surrogate per objective and per constraint, on the same points. Beliefs share no memory: their spaces differ.
  const objectives = Array.from({ length: count }, (_, m) =>
    believe(
      ownSpace(space, m),
      withLoss(same, (o) => o.losses![m]!),
    ),
  );
  const limits = Math.min(...same.map((o) => o.violations?.length ?? 0));
  const constraints = Array.from({ length: limits }, (_, m) => {
    const belief = believe(
      ownSpace(space, count + m),
      withLoss(same, (o) => o.violations![m]!),
    );
    return { posterior: belief.posterior, zero: belief.warped.map(0) };
  });
  const pending = history.filter((o) => o.status === 'pending').slice(0, 32);
  for (const { posterior } of [...objectives, ...constraints])
    for (const o of pending) posterior.believe(rowOf(layout, o.point), posterior.noise);

  // The front in the surrogates' own units; what is pending counts at its expected outcome.
  const valid = same.filter((o) => violationOf({ losses: o.losses!, violations: o.violations ?? [] }) === 0);
  const outcomes = [
    ...valid.map((o) => objectives.map(({ warped }, m) => warped.map(o.losses![m]!))),
    ...pending.map((o) => objectives.map(({ posterior }) => posterior.mean(rowOf(layout, o.point)))),
  ];
  const front = nondominated(outcomes).map((i) => outcomes[i]!);
  // Behind everything seen, not just behind the front: else what lengthens the front at an end adds no volume, since it is
  // worse in the other loss than all of the front.
  const reference = objectives.map(({ warped }, m) => {
    const all = [...front.map((f) => f[m]!), ...same.map((o) => warped.map(o.losses![m]!))];
    const worst = Math.max(...all);
    return worst + (worst > Math.min(...all) ? 0 : BEHIND);
  });
  // The same draws for every candidate: differences between them are then not luck.
  const draws = Array.from({ length: DRAWS }, () => objectives.map(() => rng.normal()));
  const out: Prediction = { mean: 0, sd: 0 };
  // Guesses, crashes and prices, as for one loss.
  const terms = termsOf(space, ownOf(history), same.length);
  const least = Math.max(NOTHING, ...terms.map((term) => term.least ?? NOTHING));
  const value = (row: Float64Array): number => terms.reduce((sum, term) => sum + term.value(row), improvement(row));
  const improvement = (row: Float64Array): number => {
    let chance = 1;
    for (const { posterior, zero } of constraints) chance *= chanceBelow(posterior, row, zero, out);
    const predictions = objectives.map(({ posterior }) => ({ ...posterior.predict(row, out) }));
    let gain = 0;
    for (const draw of draws) {
      const outcome = predictions.map(({ mean, sd }, m) => mean + sd * draw[m]!);
      gain += addedVolume(outcome, front, reference);
    }
    // Where no draw gains anything, the nearest to the front wins.
    const distance = predictions.reduce((sum, { mean, sd }, m) => sum + (mean - sd - reference[m]!), 0);
    return gain > 0
      ? Math.max(least, Math.log((chance * gain) / DRAWS + 1e-300))
      : least - Math.max(0, distance) + Math.log(chance + 1e-9);
  };
  const good = valid.length > 0 ? nondominated(valid.map((o) => o.losses!)).map((i) => valid[i]!) : same;
  const around = Array.from({ length: Math.min(6, good.length) }, () =>
    rowOf(layout, good[rng.int(good.length)]!.point),
  );
  const found = search(
    layout,
    { value },
    { around, global: 100, local: 15, full: 190, climbs: 2, taken: (point: Point) => tried(space, history, point) },
    rng,
  );
  return found?.point ?? firstUntried(space, history, rng, () => randomPoint(space, rng));
};

const copies = new WeakMap<Space, Space[]>();

/** A copy of the space for the surrogate at `place`, the same at every ask: what was fitted is kept with it. */
function ownSpace(space: Space, place: number): Space {
  let own = copies.get(space);
  if (own === undefined) copies.set(space, (own = []));
  return (own[place] ??= { ...space });
}

function single(o: Observation): Observation {
  return o.losses?.length === 1 ? { ...o, loss: o.losses[0]! } : o;
}

function withLoss(known: readonly Observation[], loss: (o: Observation) => number): Observation[] {
  return known.map((o) => ({ point: o.point, status: 'done', loss: loss(o) }));
}

function chanceBelow(posterior: Posterior, row: Float64Array, limit: number, out: Prediction): number {
  posterior.predict(row, out);
  return cdf((limit - out.mean) / out.sd);
}
