/** What is weighed beside the expected improvement: guesses, the chance of a crash, the price of a run. All logs. */

import { decode } from '../../space/encode.ts';
import { hasPrior, logPrior } from '../../space/prior.ts';
import type { Space } from '../../space/space.ts';
import type { Observation } from '../sampler.ts';
import type { Prediction } from './gaussian.ts';
import { type Layout, layoutOf, rowOf, unitOf } from './layout.ts';
import { plainHyper, Posterior } from './surrogate.ts';

/** One summand of the log of the acquisition. */
export interface Term {
  readonly value: (row: Float64Array) => number;
  /** Value, and its gradient by coordinate (zeros where it has none). */
  readonly slope: (row: Float64Array, gradient: Float64Array) => number;
}

/** Most observations a term's own model is made of. */
const MOST = 150;
/** Fewest costs, and smallest ratio of the dearest to the cheapest, that make prices worth a model. */
const FEWEST_COSTS = 8;
const WORTH = 1.5;
/** Success is never held impossible: a crash may be bad luck. */
const LEAST = 0.02;

/** The terms a history gives rise to; `results` is how many results are known. */
export function termsOf(space: Space, history: readonly Observation[], results: number): Term[] {
  const layout = layoutOf(space);
  const terms: Term[] = [];
  if (hasPrior(space)) terms.push(guesses(layout, results));
  const crashes = history.filter((o) => o.status === 'crashed');
  if (crashes.length > 0) terms.push(success(layout, history));
  const priced = history.filter((o) => o.cost !== undefined && o.cost > 0 && Number.isFinite(o.cost));
  if (priced.length >= FEWEST_COSTS) {
    const costs = priced.map((o) => o.cost!);
    if (Math.max(...costs.slice(-MOST)) / Math.min(...costs.slice(-MOST)) > WORTH) terms.push(price(layout, priced));
  }
  return terms;
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

/** Log probability that a run gives a result, from a surrogate of crashed (1) and not (0). */
function success(layout: Layout, history: readonly Observation[]): Term {
  const known = history.filter((o) => o.status === 'crashed' || o.status === 'done').slice(-MOST);
  const rate = (known.filter((o) => o.status === 'crashed').length + 0.5) / (known.length + 1);
  const model = modelOf(layout, known, (o) => Number(o.status === 'crashed') - rate);
  const out: Prediction = { mean: 0, sd: 0 };
  const unused = new Float64Array(layout.size);
  const chance = (mean: number): number => Math.min(1, Math.max(LEAST, 1 - rate - mean));
  return {
    value: (row) => Math.log(chance(model.mean(row))),
    slope(row, gradient) {
      model.slope(row, out, gradient, unused);
      const p = chance(out.mean);
      const inside = p > LEAST && p < 1;
      for (let i = 0; i < gradient.length; i++) gradient[i] = inside ? -gradient[i]! / p : 0;
      return Math.log(p);
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
