/** Where new trainings start: a sampler that learns from curves of any length. */

import type { Rng } from '../../math/rng.ts';
import { believeWith, early, fitTo, propose, thin } from '../../sampling/gp.ts';
import { quasi } from '../../sampling/quasi.ts';
import type { Observation } from '../../sampling/sampler.ts';
import { checkpoint } from '../../sampling/surrogate/checkpoint.ts';
import { layoutOf, rowOf } from '../../sampling/surrogate/layout.ts';
import { type Hyper, plainHyper } from '../../sampling/surrogate/surrogate.ts';
import { termsOf } from '../../sampling/surrogate/terms.ts';
import { trustBox } from '../../sampling/surrogate/trust.ts';
import type { Point } from '../../space/space.ts';
import type { Report, Situation } from '../scheduler.ts';
import { bestsOf, proposalHypers } from './belief.ts';
import { isLate, ready } from './freeze-thaw.ts';

/**
 * Share of points by chance: early curves lie flat on a plateau more often than not, and a model of the plateau's
 * noise would send every training there.
 */
const CHANCE = 0.25;
/** Share of them late without pauses: the plateaus are known then. */
const LATE_CHANCE = 0.1;
/** Share of points near one of the best. */
const NEAR = 0.35;
/** More trainings than this are thinned: half of them the best, the rest from all over the others. */
const MOST = 150;
/** How near: side of the box as a share of the range, for a parameter of typical length scale; others within this factor. */
const SIDE = 0.3;
const MOST_STRETCHED = 4;
/** Late without pauses only reports from this share of a full training on count, when so many trainings made one. */
const DEEP = 0.5;
const FEWEST_DEEP = 6;

/**
 * A point to start a training from: expected improvement over the best so far of each training, be it deep or
 * shallow (deep ones are better because they are deep and because they were worth going on with: both are right).
 */
export function newPoint(situation: Situation, rng: Rng): Point {
  const { space, trainings, reports } = situation;
  const layout = layoutOf(space);
  const history = trainings.map((training) => ({ point: training.point, status: 'pending' as const }));
  const late = isLate(situation);
  const chance = late ? LATE_CHANCE : CHANCE;
  const mode = rng.uniform();
  if (layout.size === 0 || !ready(situation)) return early(space, situation.history ?? history, rng);
  if (mode < chance) return quasi(space, history, rng);

  const results = (some: readonly Report[]): readonly Observation[] =>
    thin(
      Array.from(bestsOf(some), ([trial, loss]) => ({
        point: trainings[trial]!.point,
        status: 'done' as const,
        loss,
      })),
      MOST,
    );
  const hypers = proposalHypers(layout, reports);
  const hyperAt = (at: number): Hyper => {
    const known = hypers.get(at);
    if (known !== undefined) return known;
    if (at < 4) return plainHyper(layout.size);
    const fit = fitTo(layout, results(reports.slice(0, at)), hyperAt(checkpoint(at - 1)), 'ranks');
    hypers.set(at, fit);
    return fit;
  };
  const deep = late ? results(reports.filter(({ step }) => step >= DEEP * situation.longest)) : [];
  const belief =
    deep.length >= FEWEST_DEEP
      ? believeWith(layout, deep, fitTo(layout, deep, plainHyper(layout.size)))
      : believeWith(layout, results(reports), hyperAt(checkpoint(reports.length)), 'ranks');
  const { posterior } = belief;
  const base = posterior.rows.length;
  for (const { status, step, point } of trainings) {
    if (status === 'running' && step === 0) posterior.believe(rowOf(layout, point), posterior.noise);
  }
  const { lengths } = posterior.hyper;
  const point = propose(
    space,
    belief,
    trainings,
    rng,
    mode < chance + NEAR ? (centre) => trustBox(centre, SIDE, lengths, layout.category, MOST_STRETCHED) : undefined,
    termsOf(space, (situation.history ?? []).map(unpriced), belief.used.length),
  );
  posterior.truncate(base);
  return point;
}

/** A training that was stopped has cost little for that reason alone, so prices say nothing about points here. */
function unpriced(seen: Observation): Observation {
  if (seen.cost === undefined) return seen;
  const { cost: _, ...rest } = seen;
  return rest;
}
