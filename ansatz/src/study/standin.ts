/**
 * The metric that stands in for the result while a run trains. Where an evaluator says the result after the end, or a script
 * prints it last, a run has no curve of its own; `curve` names a metric that it does print on the way. It decides about
 * stopping alone (and so what samplers are told of what was stopped: see `projection.ts`), and only as long as it has
 * shown that it orders trials as their results do.
 */

import { mean } from '../methods/math/summary.ts';
import { pooledNoise, softSpearman } from '../methods/stats/index.ts';
import type { StandIn, StudyConfig } from './config.ts';
import { noiseOf } from './noise.ts';
import { type Agreement, lossOf, resultsOf, runOf, type State, trialOf } from './state.ts';

/**
 * Of trials whose results and stand-ins have a rank correlation of .7, 4 % of the best tenth are in the stand-in's worse half,
 * which is what a pruner cuts (two normal variables: Φ(−.7 × 1.755 ÷ √(1 − .49)) for their mean); of .5 it would be 16 %. Ten
 * trials that have nothing to do with each other reach .7 one time in eighty.
 */
export const LEAST_AGREEMENT = 0.7;
export const FEWEST_COMPARED = 10;
/** Newest trials that are compared: what a study tries later may be of another kind. */
const MOST_COMPARED = 100;

/** The metric that curves are of. */
export function curveMetric({ curve, objective }: StudyConfig): StandIn {
  return curve ?? { metric: objective.metric, direction: objective.direction };
}

/** A value of a curve, so that lower is better; and back again. */
export function curveLoss(config: StudyConfig, value: number): number {
  return curveMetric(config).direction === 'minimize' ? value : -value;
}

/** Differences below so many standard deviations of a difference between two runs mean little. */
const TOLD_APART = 2;

/**
 * Compare what finished trials came to with where their curves ended. A search soon tries little but good settings, which
 * noise alone orders, results and curves each in its own way: differences within the noise are as good as none here.
 */
export function agreementOf(state: State): Agreement {
  const trials = [...new Set(state.curved.map((id) => runOf(state, id).trial))].slice(-MOST_COMPARED);
  const pairs = trials.flatMap((id) => {
    const trial = trialOf(state, id);
    const results = resultsOf(trial);
    const ends = trial.runs
      .map((run) => runOf(state, run))
      .filter((run) => run.status === 'done' && run.losses.length > 0)
      .map((run) => run.losses.at(-1)!);
    return results.length === 0 || ends.length === 0
      ? []
      : [{ end: mean(ends), result: lossOf(state.config, mean(results)), ends }];
  });
  const repeated = pairs.map(({ ends }) => ends).sort((a, b) => b.length - a.length);
  const noises = [pooledNoise(repeated).sd, noiseOf(state).sd];
  const [endsWithin, resultsWithin] = noises.map((sd) => (sd > 0 ? TOLD_APART * Math.SQRT2 * sd : 0));
  const rho = softSpearman(
    pairs.map(({ end }) => end),
    pairs.map(({ result }) => result),
    [endsWithin!, resultsWithin!],
  );
  return { n: pairs.length, ...(Number.isNaN(rho) ? {} : { rho }) };
}

/** Whether runs may be stopped or paused by their curves. */
export function mayStop({ config, agreement }: State): boolean {
  if (config.curve === undefined) return true;
  return (agreement?.n ?? 0) >= FEWEST_COMPARED && (agreement?.rho ?? 0) >= LEAST_AGREEMENT;
}

/** What stands in for the result, and what is held of it. */
export interface StandInView extends StandIn, Agreement {
  /** Whether runs are stopped by it; only where the study has a pruner at all. */
  readonly stopping: boolean;
}

/** For those who look; empty for a study whose curves are of the objective. */
export function standInView(state: State): { readonly curve?: StandInView } {
  const { curve, pruner } = state.config;
  if (curve === undefined) return {};
  return { curve: { ...curve, n: 0, ...state.agreement, stopping: pruner !== 'none' && mayStop(state) } };
}

/** In words: `val_loss stands in for score: agreement 0.83 over 24 trials, stops runs`. */
export function standInText({ metric, n, rho, stopping }: StandInView, objective: string): string {
  const seen = rho === undefined ? 'not compared yet' : `agreement ${rho.toFixed(2)} over ${n} trials`;
  const why =
    n < FEWEST_COMPARED
      ? `fewer than ${FEWEST_COMPARED}`
      : (rho ?? 0) < LEAST_AGREEMENT
        ? `below ${LEAST_AGREEMENT}`
        : 'no pruner';
  return `${metric} stands in for ${objective}: ${seen}, ${stopping ? 'stops runs' : `stops no run (${why})`}`;
}
