/** What is believed of each trial: its own results, and those it departs from. */

import { mean } from '../methods/math/summary.ts';
import { effectPrior } from '../methods/stats/shrink.ts';
import { noiseOf } from './noise.ts';
import { type Belief, lossOf, resultsOf, type State, type Trial, trialOf } from './state.ts';

/** Trials whose steps away from their parents say what such steps are like, the newest: a search moves on. */
const MOST_STEPS = 30;
/** Trials that are looked at for such: most of a search may have been cut short. */
const MOST_SEEN = 1000;

/**
 * Weigh the results of a trial against what it departs from: a change is worth what changes have been worth lately,
 * give or take their spread, until its own runs say more (a Kalman filter along the lineage, with the moments of
 * empirical Bayes). The luck a trial was selected for is discounted, and gains that are each too small to be proven add
 * up. A sampler's point is not a change of what was best, but one more of the points it has drawn lately. Undefined while the noise is unknown or the trial has no result.
 */
export function beliefOf(state: State, trial: Trial): Belief | undefined {
  const results = resultsOf(trial);
  const { sd, df } = noiseOf(state);
  if (results.length === 0 || df === 0) return undefined;
  const seen = lossOf(state.config, mean(results));
  const noise = sd ** 2 / results.length;
  const parent = trial.parent === 0 ? undefined : trialOf(state, trial.parent).belief;
  // Without noise a result is the truth.
  if (parent === undefined || noise === 0) return { mean: seen, variance: noise };
  // A sampler draws where it likes: its results are alike, not their distance from whatever was the best at the time.
  const drawn = trial.researcher === 'numeric';
  const gains: number[] = [];
  const oldest = Math.max(1, state.trials.length - MOST_SEEN);
  for (let i = state.trials.length - 1; i >= oldest && gains.length < MOST_STEPS; i--) {
    const other = state.trials[i]!;
    if (other.screen === undefined || (other.researcher === 'numeric') !== drawn) continue;
    const from = drawn ? parent : trialOf(state, other.parent).belief;
    if (from !== undefined) gains.push(from.mean - lossOf(state.config, other.screen));
  }
  const unsure = drawn ? 0 : parent.variance;
  const steps = effectPrior(gains, sd ** 2 + unsure);
  const before = { mean: parent.mean - steps.mean, variance: unsure + steps.variance };
  const weight = before.variance / (before.variance + noise);
  return { mean: before.mean + weight * (seen - before.mean), variance: weight * noise };
}

/** The trial to depart from: the one believed to be best, proven or not. The baseline before anything is known. */
export function leaderOf(state: State): Trial {
  let best = trialOf(state, state.incumbent ?? 1);
  for (const id of state.leaders) {
    const trial = trialOf(state, id);
    if (trial.verdict === 'discard' || trial.verdict === 'crash') continue;
    if ((trial.belief?.mean ?? Infinity) < (best.belief?.mean ?? Infinity)) best = trial;
  }
  return best;
}

/**
 * The trial believed to be the best of those that look better than the incumbent and were never confirmed on fresh runs,
 * nor, with `again`, left open with fewer than all the runs a trial may have; undefined when there is none, or while one
 * is being confirmed.
 */
export function challengerOf(state: State, again = false): Trial | undefined {
  let best: Trial | undefined;
  const mark = trialOf(state, state.incumbent ?? 1).belief?.mean ?? Infinity;
  for (const id of state.leaders) {
    const trial = trialOf(state, id);
    if (trial.level !== undefined && trial.verdict === undefined) return undefined;
    if (id === state.incumbent || trial.verdict !== 'inconclusive') continue;
    if (trial.level !== undefined && !(again && trial.runs.length < state.config.repeats.most)) continue;
    if (trial.belief !== undefined && trial.belief.mean < (best?.belief!.mean ?? mark)) best = trial;
  }
  return best;
}
