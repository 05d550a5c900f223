/** What a run that was cut short would have come to, so that samplers learn from it and do not ask for the like again. */

import { median, quantile, variance } from '../methods/math/summary.ts';
import { forecastOf } from '../methods/pruning/forecast.ts';
import type { Curve } from '../methods/pruning/pruner.ts';
import type { Observation } from '../methods/sampling/sampler.ts';
import { fullLength, runCurve } from './axis.ts';
import { lossOf, type Run, runOf, type State } from './state.ts';

/** Finished runs that it is compared with, at most. */
const MOST_SIBLINGS = 50;
/** Share of the spread of where curves ended within which results are taken to be alike. */
const NEAR = 0.1;
/** √2 × the median distance of a standard normal variable from 0: median |a − b| of two results of one standard deviation. */
const MEDIAN_APART = 0.954;

/** A normal guess; lower is better. */
interface Guess {
  readonly mean: number;
  readonly variance: number;
}

/** The curve of a finished run, where it ended, and the result. */
interface Whole {
  readonly curve: Curve;
  readonly end: number;
  readonly result: number;
}

/** Loss and variance of what a run would have come to; nothing where no other has finished or it said nothing. */
export function projected(state: State, run: Run): Pick<Observation, 'loss' | 'variance'> {
  const others: Whole[] = [];
  for (let i = state.curved.length - 1; i >= 0 && others.length < MOST_SIBLINGS; i--) {
    const other = runOf(state, state.curved[i]!);
    if (other.status !== 'done' || other.value === undefined) continue;
    others.push({
      curve: runCurve(state, other),
      end: other.losses.at(-1)!,
      result: lossOf(state.config, other.value),
    });
  }
  others.reverse();
  const curve = runCurve(state, run);
  const end = endOf(curve, others, fullLength(state));
  if (end === undefined) return {};
  const guess = state.config.curve === undefined ? end : resultAt(end, others);
  return Number.isFinite(guess.mean) ? { loss: guess.mean, variance: guess.variance } : {};
}

/** Where the curve would have ended: by a forecast, or as good among the others as it stood among them. */
function endOf(curve: Curve, others: readonly Whole[], longest: number): Guess | undefined {
  const finished = others.map((other) => other.curve).filter(({ steps }) => steps.at(-1)! >= longest);
  const ahead = forecastOf(curve, finished, longest);
  if (ahead !== undefined && Number.isFinite(ahead.mean)) return { mean: ahead.mean, variance: ahead.sd ** 2 };
  const { mean, ends } = endByRank(curve, others);
  if (ends.length === 0) return undefined;
  return { mean, variance: ends.length < 2 ? 0 : variance(ends) };
}

/**
 * The end whose rank among those of others is that of the curve among them at its last step, and the ends of all that had
 * reported by then; NaN when there are none.
 */
export function endByRank(
  curve: Curve,
  others: readonly Pick<Whole, 'curve' | 'end'>[],
): { readonly mean: number; readonly ends: readonly number[] } {
  const step = curve.steps.at(-1) ?? -Infinity;
  const there = others.flatMap(({ curve: { steps, losses }, end }) => {
    const at = steps.findLastIndex((other) => other <= step);
    return at < 0 ? [] : [{ loss: losses[at]!, end }];
  });
  const ends = there.map(({ end }) => end);
  const ahead = there.filter(({ loss }) => loss < curve.losses.at(-1)!).length;
  return { mean: quantile(ends, ahead / ends.length), ends };
}

/**
 * The result that goes with where a stand-in's curve ends: the mean of the results of others, weighted by a normal density
 * about that end (Nadaraya 1964, Watson 1964). Beyond all others it is the result of the outermost.
 */
function resultAt(end: Guess, others: readonly Whole[]): Guess {
  const ends = others.map((other) => other.end);
  const width = Math.max(end.variance, (NEAR * (quantile(ends, 0.75) - quantile(ends, 0.25))) ** 2, 1e-24);
  const logs = ends.map((other) => -((other - end.mean) ** 2) / (2 * width));
  const top = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - top));
  const all = weights.reduce((a, b) => a + b, 0);
  const centre = others.reduce((sum, { result }, i) => sum + weights[i]! * result, 0) / all;
  const about = others.reduce((sum, { result }, i) => sum + weights[i]! * (result - centre) ** 2, 0) / all;
  // What neighbours in the order of their ends differ by is what the end does not tell.
  const sorted = others.toSorted((a, b) => a.end - b.end);
  const apart = sorted.slice(1).map(({ result }, i) => Math.abs(result - sorted[i]!.result));
  const unexplained = apart.length === 0 ? 0 : median(apart) / MEDIAN_APART;
  return { mean: centre, variance: about + unexplained ** 2 };
}
