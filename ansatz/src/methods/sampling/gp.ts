/**
 * Bayesian optimisation with a Gaussian process: Matérn 5/2 (surrogate/), losses with the worse half pressed together, log expected
 * improvement (Ament et al. 2023, arXiv 2310.20708), pending points at their predicted mean.
 */

import { logH, logHSlope } from '../math/normal.ts';
import type { Rng } from '../math/rng.ts';
import { randomPoint } from '../space/encode.ts';
import { drawPrior, hasPrior } from '../space/prior.ts';
import type { Point, Space } from '../space/space.ts';
import { firstUntried, ownOf, tried } from './candidates.ts';
import { quasi } from './quasi.ts';
import type { Observation, Plan, Sampler } from './sampler.ts';
import { checkpoint, keyOf, LONG } from './surrogate/checkpoint.ts';
import { type Layout, layoutOf, rowOf } from './surrogate/layout.ts';
import type { Term } from './surrogate/term.ts';
import { elsewhere, termsOf } from './surrogate/terms.ts';
import { type Box, type Score, search } from './surrogate/search.ts';
import type { Prediction } from './surrogate/gaussian.ts';
import { fitHyper, type Hyper, plainHyper, Posterior } from './surrogate/surrogate.ts';
import { trustBox, trustSide } from './surrogate/trust.ts';
import { type Pressing, type Warped, warp } from './surrogate/warp.ts';

/** More results than this are thinned: the better half stays, the rest is spread over the others. */
const MOST = 300;
/** Beyond so many parameters a search that stands still goes on in a box (see `trust.ts`). */
const MANY = 10;
/** From so many results on numbers may be moved before they are compared (input-warp.ts) ... */
const WARPED_FROM = 20;
/** ... where that gains so much in the log of the posterior density. It is a loss where the data do not call for it. */
const WARP_GAIN = 5;
/** With so many results what is left is to tell the best apart: then improvement counts from so many noise sd beyond the best. */
const BEYOND = { from: 35, noise: 0.5 } as const;
/** Share of proposals made at random, so that a wrong model is found out. */
const RANDOM = 0.01;

/** What the sampler believes after a history, for proposals and for the recommendation of a best point. */
export interface Belief {
  readonly layout: Layout;
  readonly posterior: Posterior;
  readonly warped: Warped;
  /** The observations behind the posterior's first rows. */
  readonly used: readonly Observation[];
  /** Posterior mean of each of `used`, warped units. */
  readonly means: Float64Array;
}

/**
 * Number of points looked at before the model is asked: more dimensions, more points, never more than ten, nor than a
 * quarter of all there will be. Four at least.
 */
export function startupOf(space: Space, { points = Infinity }: Plan = {}): number {
  return Math.max(4, Math.min(10, space.params.length + 2, Math.ceil(points / 4)));
}

/** The next point by expected improvement. Fewer results than {@link startupOf} are answered by {@link quasi}. */
export const gp: Sampler = (space, history, rng, plan) => {
  const layout = layoutOf(space);
  const known = results(history);
  const startup = startupOf(space, plan);
  if (layout.size === 0 || known.length < 3 || begun(history) < startup) return early(space, history, rng);
  if (rng.uniform() < RANDOM) return firstUntried(space, ownOf(history), rng, () => randomPoint(space, rng));
  const belief = believe(space, known);
  const { posterior } = belief;
  const base = posterior.rows.length;
  let pending = 0;
  for (const observation of history) {
    if (observation.status !== 'pending' || pending++ >= 64) continue;
    posterior.believe(rowOf(layout, observation.point), posterior.noise);
  }
  try {
    // What another study tried may well be right here.
    const side = layout.size > MANY ? trustSide(history, layout.size, startup) : undefined;
    const { lengths } = posterior.hyper;
    const box = side === undefined ? undefined : (row: Float64Array) => trustBox(row, side, lengths, layout.category);
    const beyond = known.length < BEYOND.from ? 0 : BEYOND.noise * Math.sqrt(posterior.noise);
    return propose(space, belief, ownOf(history), rng, box, termsOf(space, history, known.length), 1, beyond);
  } finally {
    posterior.truncate(base);
  }
};

/** How many points of this study there are. */
function begun(history: readonly Observation[]): number {
  return history.reduce((count, o) => count + Number(o.study === undefined), 0);
}

/**
 * Before there is a model: points that fill the space, every other one of them from what is
 * guessed or known from elsewhere, if anything is. */
export function early(space: Space, history: readonly Observation[], rng: Rng): Point {
  const own = ownOf(history);
  if (own.length % 2 === 1) return quasi(space, own, rng);
  const layout = layoutOf(space);
  const others = elsewhere(layout, history, 0);
  if (others !== undefined) {
    const taken = (point: Point): boolean => tried(space, own, point);
    const where = { around: others.best, global: 200, local: 40, full: 40, climbs: 2, taken };
    const found = search(layout, others, where, rng);
    if (found !== undefined) return found.point;
  }
  if (!hasPrior(space)) return quasi(space, own, rng);
  return firstUntried(space, own, rng, () => drawPrior(space, rng));
}

/** Observations that carry a usable number. */
export function results(history: readonly Observation[]): Observation[] {
  return history.filter(
    (o) => o.study === undefined && (o.status === 'done' || o.status === 'stopped') && Number.isFinite(o.loss),
  );
}

/**
 * The point that promises most under a belief, in the whole space or in a box around one of the `best` points;
 * `history` are points that must not come again where they can. Improvement counts from `beyond` (warped units) below
 * the best mean on: under noise that keeps a search from asking around the same few points again and again.
 */
export function propose(
  space: Space,
  belief: Belief,
  history: readonly { readonly point: Point }[],
  rng: Rng,
  box?: (centre: Float64Array) => Box,
  extras: readonly Term[] = [],
  best = 4,
  beyond = 0,
): Point {
  const { layout, posterior, means } = belief;
  const order = Array.from(means.keys()).sort((a, b) => means[a]! - means[b]!);
  const threshold = means[order[0]!]! - beyond;
  // Near one good point at a time, when it is to be near one.
  const around = (box === undefined ? order.slice(0, 5) : [order[rng.int(Math.min(best, order.length))]!]).map(
    (i) => posterior.rows[i]!,
  );
  const taken = (point: Point): boolean => tried(space, history, point);
  const d = layout.size;
  const found = search(
    layout,
    withExtras(space, expectedImprovement(posterior, threshold), extras),
    {
      around,
      global: 150 + 10 * Math.min(d, 20),
      local: 20,
      full: 60,
      climbs: 3,
      ...(box === undefined ? {} : { box: box(around[0]!) }),
      ...(finite(layout) ? { taken } : {}),
    },
    rng,
  );
  // Elsewhere a repeat is rare enough to be looked for only in what was found.
  if (found !== undefined && !taken(found.point)) return found.point;
  return firstUntried(space, history, rng, () => randomPoint(space, rng));
}

function finite(layout: Layout): boolean {
  return layout.counts.every((count) => count < Infinity);
}

function withExtras(space: Space, score: Score, terms: readonly Term[]): Score {
  if (terms.length === 0) return score;
  const { slope } = score;
  const part = new Float64Array(layoutOf(space).size);
  const least = Math.exp(Math.max(-Infinity, ...terms.map((term) => term.least ?? -Infinity)));
  const floored = (value: number): number => (least > 0 ? Math.log(Math.exp(value) + least) : value);
  return {
    value: (row) => terms.reduce((sum, term) => sum + term.value(row), floored(score.value(row))),
    ...(slope === undefined
      ? {}
      : {
          slope(row: Float64Array, gradient: Float64Array) {
            const plain = slope(row, gradient);
            let sum = floored(plain);
            const kept = Math.exp(plain - sum);
            for (let i = 0; i < part.length; i++) gradient[i]! *= kept;
            for (const term of terms) {
              sum += term.slope(row, part);
              for (let i = 0; i < part.length; i++) gradient[i]! += part[i]!;
            }
            return sum;
          },
        }),
  };
}

/** Log expected improvement below `threshold`, with its gradient. */
export function expectedImprovement(posterior: Posterior, threshold: number): Score {
  const out: Prediction = { mean: 0, sd: 0 };
  const d = posterior.category.length;
  const dMean = new Float64Array(d);
  const dSd = new Float64Array(d);
  return {
    value(row) {
      posterior.predict(row, out);
      return logH((threshold - out.mean) / out.sd) + Math.log(out.sd);
    },
    slope(row, gradient) {
      posterior.slope(row, out, dMean, dSd);
      const z = (threshold - out.mean) / out.sd;
      const h = logHSlope(z);
      for (let i = 0; i < d; i++) {
        gradient[i] = (h * (-dMean[i]! - z * dSd[i]!)) / out.sd + dSd[i]! / out.sd;
      }
      return logH(z) + Math.log(out.sd);
    },
  };
}

/** Fit the model to results (finite losses, at least one). The same results give the same belief. */
export function believe(space: Space, known: readonly Observation[]): Belief {
  const layout = layoutOf(space);
  return believeWith(layout, known, chosenHyper(layout, known.slice(0, checkpoint(known.length))));
}

/** The same with given hyperparameters. */
export function believeWith(layout: Layout, known: readonly Observation[], hyper: Hyper, pressing?: Pressing): Belief {
  const used = thin(known);
  const rows = used.map((o) => rowOf(layout, o.point));
  const warped = warp(
    used.map((o) => o.loss!),
    pressing,
  );
  const posterior = posteriorOf(layout, hyper, rows);
  posterior.condition(warped.values);
  const means = Float64Array.from(rows, (row) => posterior.mean(row));
  return { layout, posterior, warped, used, means };
}

const foresights = new WeakMap<Hyper, number>();

/**
 * Share of the variance of the (pressed) losses that the model predicts for results left out in turn: 1 is all of it, 0
 * or less that it has found no order. As of the last refit, so that it costs little.
 */
export function foresight(space: Space, known: readonly Observation[]): number {
  const layout = layoutOf(space);
  const at = checkpoint(known.length);
  const first = known.slice(0, at);
  const hyper = chosenHyper(layout, first);
  let share = foresights.get(hyper);
  if (share === undefined) {
    const used = thin(first);
    const posterior = new Posterior(hyper, layout.category);
    for (const { point } of used) posterior.add(rowOf(layout, point), posterior.noise);
    posterior.condition(warp(used.map((o) => o.loss!)).values);
    share = 1 - posterior.leftOut().reduce((sum, error) => sum + error * error, 0) / used.length;
    foresights.set(hyper, share);
  }
  return share;
}

function previous(at: number): number {
  return checkpoint(at - 1);
}

const fits = new WeakMap<Layout, Map<string, Hyper>>();

/**
 * Hyperparameters fitted to the first `at` results, started from those of the checkpoint before. They depend on the
 * results alone; keeping them only saves time.
 */
function hyperOf(layout: Layout, known: readonly Observation[], at: number): Hyper {
  if (at < 3) return plainHyper(layout.size, true);
  let memo = fits.get(layout);
  if (memo === undefined) fits.set(layout, (memo = new Map<string, Hyper>()));
  const first = known.slice(0, at);
  const key = keyOf(layout, first, (o) => o.loss!);
  const found = memo.get(key);
  if (found !== undefined) return found;
  const start = at > LONG ? plainHyper(layout.size, true) : hyperOf(layout, known, previous(at));
  const best = fitTo(layout, first, start);
  if (memo.size > 200) memo.clear();
  memo.set(key, best);
  return best;
}

/** What was fitted to these results, with input warping where they call for it. */
function chosenHyper(layout: Layout, known: readonly Observation[]): Hyper {
  const hyper = hyperOf(layout, known, known.length);
  return known.length < WARPED_FROM ? hyper : warpingOf(layout, known, hyper);
}

const warpings = new WeakMap<Hyper, Hyper>();

/** The same with input warping, fitted to the same results, where those call for it. */
function warpingOf(layout: Layout, known: readonly Observation[], hyper: Hyper): Hyper {
  let best = warpings.get(hyper);
  if (best !== undefined) return best;
  const used = thin(known);
  const rows = used.map((o) => rowOf(layout, o.point));
  const { values } = warp(used.map((o) => o.loss!));
  const start = { ...hyper, warping: new Float64Array(2 * layout.size) };
  const warped = fitHyper(rows, values, layout.category, start, 25);
  best = warped.objective < hyper.objective - WARP_GAIN ? warped : hyper;
  warpings.set(hyper, best);
  return best;
}

/** Hyperparameters fitted to results, from `start` and, while they are few, from knowing nothing. */
export function fitTo(layout: Layout, known: readonly Observation[], start: Hyper, pressing?: Pressing): Hyper {
  const used = thin(known);
  const rows = used.map((o) => rowOf(layout, o.point));
  const { values } = warp(
    used.map((o) => o.loss!),
    pressing,
  );
  const few = known.length < 60;
  let best = fitHyper(rows, values, layout.category, start, few ? 25 : 15);
  if (few) {
    const plain = plainHyper(layout.size, start.alone !== undefined);
    const other = fitHyper(rows, values, layout.category, plain, 25);
    if (other.objective < best.objective) best = other;
  }
  return best;
}

const posteriors = new WeakMap<Hyper, Posterior>();

/** The posterior over `rows`, taking over what an earlier one with the same hyperparameters has factored already. */
function posteriorOf(layout: Layout, hyper: Hyper, rows: readonly Float64Array[]): Posterior {
  let posterior = posteriors.get(hyper);
  if (posterior === undefined) posteriors.set(hyper, (posterior = new Posterior(hyper, layout.category)));
  let same = 0;
  while (same < posterior.rows.length && same < rows.length && posterior.rows[same] === rows[same]) same++;
  posterior.truncate(same);
  for (const row of rows.slice(same)) posterior.add(row, posterior.noise);
  return posterior;
}

/** At most `most` (even) results in their order: the better half of that number, the rest evenly from the others. */
export function thin(known: readonly Observation[], most = MOST): readonly Observation[] {
  if (known.length <= most) return known;
  const order = Array.from(known.keys()).sort((a, b) => known[a]!.loss! - known[b]!.loss!);
  const kept = order.slice(0, most / 2);
  const rest = order.slice(most / 2).sort((a, b) => a - b);
  for (let i = 0; i < most / 2; i++) kept.push(rest[Math.floor(((i + 0.5) * rest.length) / (most / 2))]!);
  return kept.sort((a, b) => a - b).map((i) => known[i]!);
}
