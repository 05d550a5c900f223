/** Whether the objective of a study is near the best that can be had: then what is gained can hardly be seen. */

import { mean } from '../methods/math/summary.ts';
import { saturated } from '../methods/scaling/saturation.ts';
import { incumbentValues } from './contrast.ts';
import { noiseOf } from './noise.ts';
import { fidelityForecast, wholeOf } from './scales.ts';
import { type State, trialOf } from './state.ts';

/** Scales a recipe must have run at for its floor to be told from its exponent. */
const LEAST_SCALES = 4;
const POINTS = 6;

/** A saturated objective: in the metric's own unit. */
export interface Saturation {
  readonly score: number;
  readonly ceiling: number;
  /** Standard error of one result. */
  readonly se: number;
  /** Where the ceiling comes from. */
  readonly from: 'fit' | 'share';
}

/** Undefined while the objective has room to move, or nobody can say. */
export function saturationOf(state: State): Saturation | undefined {
  return byShare(state) ?? byFit(state);
}

/** A share of so many examples cannot exceed all of them; an error rate cannot fall below none. */
function byShare(state: State): Saturation | undefined {
  const { examples, direction } = state.config.objective;
  if (examples === undefined || state.incumbent === undefined) return undefined;
  const score = mean(incumbentValues(trialOf(state, state.incumbent)));
  const unit = score > 1 ? 100 : 1;
  const share = score / unit;
  if (!(share >= 0 && share <= 1)) return undefined;
  const ceiling = direction === 'maximize' ? 1 : 0;
  // At the end itself the binomial error is nothing: half an example more or less could be had by chance.
  const inside = Math.min(1 - 0.5 / examples, Math.max(0.5 / examples, share));
  const se = Math.sqrt((inside * (1 - inside)) / examples);
  if (!saturated(-Math.abs(ceiling - share), 0, se)) return undefined;
  return { score, ceiling: unit * ceiling, se: unit * se, from: 'share' };
}

/** The floor that all recipes share over the scale, within two standard errors of the best result at the largest that was run. */
function byFit(state: State): Saturation | undefined {
  if (state.config.fidelity === undefined) return undefined;
  const found = fidelityForecast(state);
  const { sd } = noiseOf(state);
  if (typeof found === 'string' || !(sd > 0)) return undefined;
  const told = found.contenders.filter(({ scales, runs }) => scales >= LEAST_SCALES && runs >= POINTS);
  if (told.length === 0) return undefined;
  const best = Math.min(...told.map(({ small }) => small));
  if (!saturated(-best, -found.floor, sd)) return undefined;
  const back = (loss: number): number => (found.loss === 'metric' ? loss : wholeOf(state) - loss);
  return { score: back(best), ceiling: back(found.floor), se: sd, from: 'fit' };
}
