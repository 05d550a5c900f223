/** What is to be expected: of a run under way, and of the search by the time its budget ends. */

import { normalCdf, normalQuantile } from '../methods/math/quantile.ts';
import { rng } from '../methods/math/rng.ts';
import { mean, quantile } from '../methods/math/summary.ts';
import { forecastOf } from '../methods/pruning/forecast.ts';
import { runCurve, fullLength } from './axis.ts';
import { incumbentValues } from './contrast.ts';
import { UserError } from './error.ts';
import { deterministic, noiseOf } from './noise.ts';
import { runsLeft } from './outlook.ts';
import { curveLoss, curveMetric } from './standin.ts';
import { lossOf, runOf, type State, trialOf, underWay } from './state.ts';

/** Level of all intervals here. */
const LEVEL = 0.8;
/** Finished runs that a run is compared with, and trials that those to come are taken to be like, the newest. */
const MOST_SIBLINGS = 50;
const RECENT = 30;
/** Fewest of them. */
const FEWEST_SIBLINGS = 2;
const FEWEST_TRIALS = 5;
const DRAWS = 2000;
/** Label of the draws, so that they are nobody else's. */
const LABEL = 0xf07e5e;

/** Where a run under way will end, in the unit of its curve. */
export interface RunForecast {
  readonly run: number;
  readonly trial: number;
  /** What its curve is of: the objective, or what stands in for it. */
  readonly metric: string;
  /** The last step heard of, and the last of the longest run; or where this one will end, if runs end at steps of their own. */
  readonly step: number;
  readonly steps: number;
  readonly value: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** Finished runs that it rests on. */
  readonly siblings: number;
  /** Probability that it ends better than the best trial is; absent where the curve is of another metric. */
  readonly better?: number;
}

/** Forecast a run by those that have finished. A UserError where it is over, or where too little was heard. */
export function foreseeRun(state: State, id: number): RunForecast {
  const run = runOf(state, id);
  if (!underWay(run))
    throw new UserError('no-run', `run ${id} is over (${run.status})`, {
      fix: state.running.length === 0 ? 'no run is under way' : `under way: ${state.running.join(', ')}`,
    });
  const curve = runCurve(state, run);
  const whole = fullLength(state);
  const siblings = [...state.curved]
    .reverse()
    .map((one) => runOf(state, one))
    .filter((one) => one.status === 'done' && one.trial !== run.trial)
    .map((one) => runCurve(state, one))
    .filter(({ steps }) => steps.at(-1)! >= whole)
    .slice(0, MOST_SIBLINGS);
  const ahead = siblings.length < FEWEST_SIBLINGS ? undefined : forecastOf(curve, siblings.reverse(), whole);
  if (ahead === undefined || !Number.isFinite(ahead.mean)) {
    throw new UserError('too-few', `too little is known to say where run ${id} will end`, {
      why: `${run.steps.length} values of its own, ${siblings.length} finished runs with a curve`,
      fix: 'ask again when more has been heard',
    });
  }
  const sign = curveLoss(state.config, 1);
  const half = normalQuantile((1 + LEVEL) / 2) * ahead.sd;
  const ends = [sign * (ahead.mean - half), sign * (ahead.mean + half)].sort((a, b) => a - b);
  const toBeat = state.incumbent === undefined ? undefined : trialOf(state, state.incumbent).belief?.mean;
  return {
    run: id,
    trial: run.trial,
    metric: curveMetric(state.config).metric,
    step: run.steps.at(-1)!,
    steps: state.axis === undefined ? whole : Math.round((run.steps.at(-1)! * whole) / curve.steps.at(-1)!),
    value: sign * run.losses.at(-1)!,
    expected: sign * ahead.mean,
    low: ends[0]!,
    high: ends[1]!,
    level: LEVEL,
    siblings: siblings.length,
    ...(toBeat === undefined || state.config.curve !== undefined
      ? {}
      : { better: normalCdf((toBeat - ahead.mean) / Math.max(ahead.sd, 1e-12)) }),
  };
}

/** What the best trial will have come to when the budget is spent, were the trials to come like the last ones. */
export interface EndForecast {
  readonly metric: string;
  /** Mean of the best trial now, its first run left out. */
  readonly now: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** Probability that something better than the best of now is found. */
  readonly improves: number;
  /** Trials that the budget still pays for, and those that they are taken to be like. */
  readonly trialsLeft: number;
  readonly like: number;
}

/**
 * Forecast the end: each trial to come is drawn from the results of the last thirty, luck taken off; the best of them counts,
 * and failures count for nothing. A search that still gets better at searching does better than that, one that has run dry worse. A UserError where
 * nothing limits the study, or fewer than five trials have ended.
 */
export function foreseeEnd(state: State): EndForecast {
  const left = runsLeft(state);
  const incumbent =
    state.incumbent === undefined
      ? []
      : incumbentValues(trialOf(state, state.incumbent)).map((value) => lossOf(state.config, value));
  const ended = state.observations.slice(1).filter(({ status }) => status !== 'pending');
  const recent = ended.slice(-RECENT);
  const results = recent.flatMap(({ status, loss }) => (status === 'done' && loss !== undefined ? [loss] : []));
  if (incumbent.length === 0 || results.length < FEWEST_TRIALS) {
    throw new UserError('too-few', 'too little was tried to say what is still to come', {
      why: `${results.length} trials have a result, ${FEWEST_TRIALS} are the least`,
      fix: 'ask again when more has been tried',
    });
  }
  if (!Number.isFinite(left)) {
    throw new UserError('no-budget', 'nothing limits this study, so it has no end to speak of', {
      fix: 'budget: { runs: 100 } in ansatz.yaml',
    });
  }
  const now = mean(incumbent);
  const runsEach = Math.max(1, (state.runs.length - trialOf(state, 1).runs.length) / ended.length);
  const trialsLeft = state.phase === 'ended' ? 0 : Math.floor(left / runsEach);
  const sd = deterministic(state) ? 0 : noiseOf(state).sd;
  const losses = withoutLuck(results, sd);
  const random = rng(state.config.seedNumber, LABEL, state.seq);
  const bests = Array.from({ length: DRAWS }, () => {
    let best = now;
    for (let i = 0; i < trialsLeft; i++) best = Math.min(best, losses[random.int(recent.length)] ?? Infinity);
    return best;
  });
  // What is forecast is the mean of as many runs as the best trial has now, and that has its own luck.
  const told = bests.map((best) => best + (sd / Math.sqrt(incumbent.length)) * random.normal());
  const at = (share: number): number => lossOf(state.config, quantile(told, share));
  const ends = [at((1 - LEVEL) / 2), at((1 + LEVEL) / 2)].sort((a, b) => a - b);
  return {
    metric: state.config.objective.metric,
    now: lossOf(state.config, now),
    expected: lossOf(state.config, quantile(bests, 0.5)),
    low: ends[0]!,
    high: ends[1]!,
    level: LEVEL,
    improves: mean(bests.map((best) => Number(best < now))),
    trialsLeft,
    like: recent.length,
  };
}

/**
 * What results would be without luck: each moved to the mean of those about it, weighted by a normal density of twice the
 * noise's standard deviation. Where noise alone tells results apart this takes four fifths of it away (a step of mean shift,
 * Fukunaga & Hostetler 1975, which is Tweedie's formula on a kernel density); where they lie far apart nothing.
 */
function withoutLuck(results: readonly number[], sd: number): number[] {
  if (!(sd > 0)) return [...results];
  return results.map((centre) => {
    let [sum, weights] = [0, 0];
    for (const result of results) {
      const weight = Math.exp(-(((result - centre) / (2 * sd)) ** 2) / 2);
      sum += weight * result;
      weights += weight;
    }
    return sum / weights;
  });
}
