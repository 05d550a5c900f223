/** What is weighed beside the expected improvement: guesses, other studies, the chance of a crash, the price of a run. All logs. */

import { decode } from '../../space/encode.ts';
import { hasPrior, logPrior } from '../../space/prior.ts';
import type { Space } from '../../space/space.ts';
import type { Observation } from '../sampler.ts';
import type { Prediction } from './gaussian.ts';
import { type Layout, layoutOf, rowOf, unitOf } from './layout.ts';
import { success } from './success.ts';
import type { Term } from './term.ts';
import { plainHyper, Posterior } from './surrogate.ts';
import { warp } from './warp.ts';

/** Most observations a term's own model is made of. */
const MOST = 150;
/** Fewest costs, and smallest ratio of the dearest to the cheapest, that make prices worth a model. */
const FEWEST_COSTS = 8;
const WORTH = 1.5;
/** Improvements below this share of the spread of all losses count alike beside prices: the cheapest is then as good. */
const LEAST = 1e-5;
/** The terms a history gives rise to; `results` is how many results are known. */
export function termsOf(space: Space, history: readonly Observation[], results: number): Term[] {
  const layout = layoutOf(space);
  const terms: Term[] = [];
  if (hasPrior(space)) terms.push(guesses(layout, results));
  const others = elsewhere(layout, history, results);
  if (others !== undefined) terms.push(others);
  const crashes = history.filter((o) => o.status === 'crashed');
  if (crashes.length > 0) terms.push(success(layout, history));
  const priced = history.filter((o) => o.cost !== undefined && o.cost > 0 && Number.isFinite(o.cost));
  if (priced.length >= FEWEST_COSTS) {
    const costs = priced.map((o) => o.cost!);
    if (Math.max(...costs.slice(-MOST)) / Math.min(...costs.slice(-MOST)) > WORTH) terms.push(price(layout, priced));
  }
  return terms;
}

/** Results another study's say is worth, as the strength of a guess is. */
const ELSEWHERE = 10;

/**
 * What other studies found, as a guess at where good points lie: minus the mean of their surrogates (each study
 * standardised by itself), with the fading weight of a guess. Undefined when there is nothing to learn from.
 */
export function elsewhere(
  layout: Layout,
  history: readonly Observation[],
  results: number,
): (Term & { readonly best: readonly Float64Array[] }) | undefined {
  const studies = new Map<string, Observation[]>();
  for (const o of history) {
    if (o.study === undefined || o.status !== 'done' || !Number.isFinite(o.loss)) continue;
    const list = studies.get(o.study);
    if (list === undefined) studies.set(o.study, [o]);
    else list.push(o);
  }
  const usable = [...studies.values()].filter((list) => list.length >= 3);
  if (usable.length === 0) return undefined;
  const weight = Math.min(1, ELSEWHERE / Math.max(1, results)) / usable.length;
  const best: Float64Array[] = [];
  const models = usable.map((list) => {
    const sorted = [...list].sort((a, b) => a.loss! - b.loss!);
    // The better half of the room for the best, the rest spread over the others.
    const kept = sorted.length <= MOST ? sorted : spread(sorted);
    best.push(...kept.slice(0, 2).map((o) => rowOf(layout, o.point)));
    const { values } = warp(kept.map((o) => o.loss!));
    let i = 0;
    return modelOf(layout, kept, () => values[i++]!);
  });
  const out: Prediction = { mean: 0, sd: 0 };
  const part = new Float64Array(layout.size);
  const unused = new Float64Array(layout.size);
  return {
    best,
    value: (row) => -weight * models.reduce((sum, model) => sum + model.mean(row), 0),
    slope(row, gradient) {
      gradient.fill(0);
      let sum = 0;
      for (const model of models) {
        model.slope(row, out, part, unused);
        sum -= weight * out.mean;
        for (let i = 0; i < part.length; i++) gradient[i]! -= weight * part[i]!;
      }
      return sum;
    },
  };
}

function spread(sorted: readonly Observation[]): Observation[] {
  const half = MOST / 2;
  const rest = sorted.slice(half);
  return [
    ...sorted.slice(0, half),
    ...Array.from({ length: half }, (_, i) => rest[Math.floor(((i + 0.5) * rest.length) / half)]!),
  ];
}

/** πBO (Hvarfner et al. 2022, arXiv 2204.11051): the guesses' density, fading as results come in. */
function guesses(layout: Layout, results: number): Term {
  const value = (row: Float64Array): number =>
    logPrior(
      layout.space,
      decode(
        layout.space,
        unitOf(layout, row, () => 0.5),
      ),
      results,
    );
  return {
    value,
    slope(row, gradient) {
      const here = value(row);
      const step = 1e-4;
      const probe = Float64Array.from(row);
      for (let i = 0; i < layout.size; i++) {
        gradient[i] = 0;
        if (layout.smooth[i] !== 1 || row[i]! < 0) continue;
        const to = row[i]! > 0.5 ? -step : step;
        probe[i] = row[i]! + to;
        gradient[i] = (value(probe) - here) / to;
        probe[i] = row[i]!;
      }
      return here;
    },
  };
}

/** Minus the expected log of the cost: improvement is counted per device-second (Snoek et al. 2012, section 3.2). */
function price(layout: Layout, priced: readonly Observation[]): Term {
  const known = priced.slice(-MOST);
  const logs = known.map((o) => Math.log(o.cost!));
  const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
  const model = modelOf(layout, known, (o) => Math.log(o.cost!) - mean);
  const out: Prediction = { mean: 0, sd: 0 };
  const unused = new Float64Array(layout.size);
  return {
    least: Math.log(LEAST),
    value: (row) => -model.mean(row),
    slope(row, gradient) {
      model.slope(row, out, gradient, unused);
      for (let i = 0; i < gradient.length; i++) gradient[i] = -gradient[i]!;
      return -out.mean;
    },
  };
}

function modelOf(layout: Layout, known: readonly Observation[], value: (o: Observation) => number): Posterior {
  const model = new Posterior({ ...plainHyper(layout.size), noise: Math.log(0.05) }, layout.category);
  for (const o of known) model.add(rowOf(layout, o.point), model.noise);
  model.condition(known.map(value));
  return model;
}
