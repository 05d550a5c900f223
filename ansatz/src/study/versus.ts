/** Two trials against each other, whatever the incumbent was in their time. */

import { compare } from '../methods/stats/compare.ts';
import { reportedSample } from './contrast.ts';
import { deterministic, noiseOf } from './noise.ts';
import { resultsOf, type State, trialOf } from './state.ts';

/** How much better the first is than the second; nothing where one of them has no result or the noise is unknown. */
export interface Versus {
  readonly of: number;
  readonly against: number;
  /** Positive is better. */
  readonly effect: number;
  /** Half width of its 95 % interval. */
  readonly margin: number;
  /** Chance that it is better. */
  readonly better: number;
  /** Results on either side that count. */
  readonly runs: readonly [number, number];
}

/**
 * Compare what is reported of two trials under the noise floor. A look at a pair that somebody chose after seeing the results: its chance is not
 * corrected for the choice, and a screening run that was selected is in it where there is nothing else.
 */
export function versus(state: State, of: number, against: number): Versus | undefined {
  const [a, b] = [trialOf(state, of), trialOf(state, against)];
  const noise = deterministic(state) ? { sd: 0, df: 0 } : noiseOf(state);
  if (resultsOf(a).length === 0 || resultsOf(b).length === 0 || (noise.df === 0 && !deterministic(state)))
    return undefined;
  const [x, y] = [reportedSample(state, a), reportedSample(state, b)];
  const { effect, margin, better } = compare(x, y, state.config.objective.direction, noise);
  return { of, against, effect, margin, better, runs: [x.values.length, y.values.length] };
}
