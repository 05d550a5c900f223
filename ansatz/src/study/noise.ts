/** The noise floor of a study: what its repeats say, and what the metric itself cannot tell apart. */

import { mean } from '../methods/math/summary.ts';
import { type Common, commonLuck } from '../methods/stats/common.ts';
import type { Noise } from '../methods/stats/noise.ts';
import { pooledNoise } from '../methods/stats/pool.ts';
import type { State, Trial } from './state.ts';
import { trialOf } from './state.ts';

/** Repeated trials whose noise is pooled with the baseline's, the newest: what was long ago may have drifted. */
const MOST_POOLED = 40;
/** Trials that are looked at for such. */
const MOST_SEEN = 1000;
/** And those whose seeds are compared: the number of pairs grows with the square. */
const MOST_PAIRED = 12;

export const NO_COMMON: Common = { rho: 0, usable: 0, pairs: 0 };

/**
 * Measure the floor anew from the baseline and the trials repeated last: pooled where they are noisy alike, each about
 * its own mean. One wild point must not drown every later difference, and one quiet one must not make noise look real.
 */
export function repool(state: State): void {
  const members = [trialOf(state, 1), ...repeated(state)];
  const { sd, df, pooled } = pooledNoise(members.map((trial) => trial.values));
  const inside = members.filter((_, index) => pooled[index]);
  state.pool = { squares: df === 0 ? 0 : sd ** 2 * df, df, trials: df === 0 ? [] : inside.map((trial) => trial.id) };
  state.common = commonLuck(
    inside.slice(0, MOST_PAIRED).map((trial) => new Map(trial.values.map((value, i) => [trial.seeds[i]!, value]))),
  );
}

/** Trials with repeats, the baseline left out, the newest first. */
function repeated(state: State): Trial[] {
  const found: Trial[] = [];
  const oldest = Math.max(1, state.trials.length - MOST_SEEN);
  for (let i = state.trials.length - 1; i >= oldest && found.length < MOST_POOLED; i--) {
    const trial = state.trials[i]!;
    if (trial.values.length > 1) found.push(trial);
  }
  return found;
}

/** The noise as some results of a trial tell it, with the trials that are noisy alike: as if its others were not there. */
export function noiseBeside(state: State, trial: Trial, values: readonly number[]): Noise {
  const others = [trialOf(state, 1), ...repeated(state)].filter((other) => other !== trial && other.values.length > 1);
  return pooledNoise([values, ...others.map((other) => other.values)]);
}

/**
 * The floor as far as it is known. Below the rounding of the printed metric and, where it is a share of so many
 * examples, below the sampling error of that share (binomial), nothing can be told apart.
 */
export function noiseOf(state: State): Noise {
  if (state.pool.df === 0) return { sd: NaN, df: 0 };
  const sd = Math.sqrt(state.pool.squares / state.pool.df);
  return { sd: Math.max(sd, state.resolution / Math.sqrt(12), samplingError(state)), df: state.pool.df };
}

/** √(p (1 − p) / n) of a metric that is the share of `objective.examples` cases, in its own unit; 0 for any other. */
function samplingError(state: State): number {
  const { examples } = state.config.objective;
  const values = trialOf(state, state.incumbent ?? 1).values;
  if (examples === undefined || values.length === 0) return 0;
  const seen = mean(values);
  const unit = seen > 1 ? 100 : 1;
  const share = seen / unit;
  return share >= 0 && share <= 1 ? unit * Math.sqrt((share * (1 - share)) / examples) : 0;
}

/** Whether repeats came out exactly alike, so that a single run of anything says all there is to know. */
export function deterministic(state: State): boolean {
  return state.pool.df > 0 && state.pool.squares === 0;
}
