/** Where runs crash: the chance of a result, learned from those that gave one and those that did not. */

import { logCdf } from '../../math/normal.ts';
import type { Observation } from '../sampler.ts';
import { checkpoint, keyOf } from './checkpoint.ts';
import type { Prediction } from './gaussian.ts';
import { type Layout, rowOf } from './layout.ts';
import { fitHyper, type Hyper, plainHyper, Posterior } from './surrogate.ts';
import type { Term } from './term.ts';

/** Most runs the surrogate is made of. */
const MOST = 150;
/** Width of the sigmoid that turns the surrogate into a probability. */
const STEEP = 0.15;
/** Crashes have edges: fits of their surrogate's length scales begin this much below the plain ones, */
const EDGE = 0.5;
/** and end below this: one lucky strip is no proof that a parameter does not matter. */
const LONGEST = 1.5;
/** Variance of the luck of one run. */
const LUCK = 0.05;
/** The latest runs; where more than a quarter of them crashed, the next one keeps as much further from the edge. */
const LATELY = 8;
const BEARABLE = 0.25;
/** Improvements below this share of the spread of all losses count alike beside crashes: not worth a lost run. */
const LEAST = 1e-4;

/**
 * Log probability that a run gives a result, from a surrogate of crashed (1) and not (0) pressed through a sigmoid that
 * gets steeper the more runs there were nearby, as the root of their number: improvement beyond a known edge of crashes
 * looks endless, so every crash there must count, while one alone may have been bad luck.
 */
export function success(layout: Layout, history: readonly Observation[]): Term {
  const ended = history.filter(
    ({ study, status }) => study === undefined && (status === 'crashed' || status === 'done'),
  );
  const known = ended.slice(-MOST);
  const rate = rateOf(known);
  const model = new Posterior(
    hyperOf(layout, ended.slice(0, checkpoint(Math.min(MOST, ended.length)))),
    layout.category,
  );
  for (const o of known) model.add(rowOf(layout, o.point), model.noise);
  model.condition(known.map((o) => crashed(o) - rate));
  const lately = known.slice(-LATELY).reduce((sum, o) => sum + crashed(o), 0) / LATELY;
  const limit = 0.5 - Math.min(0.45, Math.max(0, lately - BEARABLE));
  const out: Prediction = { mean: 0, sd: 0 };
  const unused = new Float64Array(layout.size);
  const closer = new Float64Array(layout.size);
  const margin = (mean: number): number => (limit - rate - mean) / STEEP;
  return {
    least: Math.log(LEAST),
    value: (row) => logCdf(margin(model.mean(row)) * Math.sqrt(1 + model.crowd(row))),
    slope(row, gradient) {
      model.slope(row, out, gradient, unused);
      const sure = Math.sqrt(1 + model.crowd(row, closer));
      const off = margin(out.mean);
      const value = logCdf(off * sure);
      const by = Math.exp(-0.5 * (off * sure) ** 2 - 0.5 * Math.log(2 * Math.PI) - value);
      for (let i = 0; i < gradient.length; i++)
        gradient[i] = by * ((-sure / STEEP) * gradient[i]! + (off / (2 * sure)) * closer[i]!);
      return value;
    },
  };
}

const crashed = (o: Observation): number => Number(o.status === 'crashed');

/** Share of crashes, never 0 or 1. */
function rateOf(known: readonly Observation[]): number {
  return (known.reduce((sum, o) => sum + crashed(o), 0) + 0.5) / (known.length + 1);
}

const fits = new WeakMap<Layout, Map<string, Hyper>>();

/** Length scales fitted to these runs: crashes often hang on one parameter of many. Kept only to save time. */
function hyperOf(layout: Layout, first: readonly Observation[]): Hyper {
  let memo = fits.get(layout);
  if (memo === undefined) fits.set(layout, (memo = new Map<string, Hyper>()));
  const key = keyOf(layout, first, crashed);
  const found = memo.get(key);
  if (found !== undefined) return found;
  const plain = plainHyper(layout.size);
  const rate = rateOf(first);
  const sd = Math.sqrt(rate * (1 - rate));
  const { lengths } = fitHyper(
    first.map((o) => rowOf(layout, o.point)),
    Float64Array.from(first, (o) => (crashed(o) - rate) / sd),
    layout.category,
    { ...plain, lengths: plain.lengths.map((log) => log + Math.log(EDGE)) },
    15,
  );
  const hyper = { ...plain, lengths: lengths.map((log) => Math.min(log, LONGEST)), noise: Math.log(LUCK) };
  if (memo.size > 50) memo.clear();
  memo.set(key, hyper);
  return hyper;
}
