/** Efficiencies from measured steps: the four shares of the peaks under which the model of a step fits best. */

import { minimise } from '../math/minimise.ts';
import { quantile } from '../math/index.ts';
import type { Efficiency } from './hardware.ts';
import type { Job } from './job.ts';
import type { Layout } from './layout.ts';
import { stepTime } from './time.ts';

/** A short run: what ran, how, and the seconds a step took. */
export interface Measured {
  readonly job: Job;
  readonly layout: Layout;
  readonly seconds: number;
  /** How much it counts; 1 unless said otherwise. */
  readonly weight?: number;
}

/** Relative errors of predicted seconds per step: shares, not percent. */
export interface Errors {
  readonly n: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
  readonly mean: number;
}

export interface Calibration {
  readonly efficiency: Efficiency;
  readonly before: Errors;
  readonly after: Errors;
  /** Each fifth predicted from a fit of the rest; undefined below {@link LEAST_FOR_CHECK} runs. */
  readonly heldOut: Errors | undefined;
}

const NAMES = ['matmul', 'attention', 'memory', 'network'] as const;
/** Beyond this an error counts by its size, not its square: a few runs are always odd. */
const DELTA = 0.03;
/** The start is believed to within a factor of e^0.5, runs to within 5 %: so few runs move little, many move all. */
const PRIOR = (0.05 / 0.5) ** 2;
const [LOW, HIGH] = [
  [0.05, 0.05, 0.05, 0.05],
  [1, 3, 2, 1],
] as const;
const FOLDS = 5;
const LEAST_FOR_CHECK = 5;

/** Fit to measured steps from the efficiencies of `start`; Huber loss of ln seconds, with a weak pull to the start. */
export function fitEfficiency(measured: readonly Measured[], start: Efficiency): Efficiency {
  const from = NAMES.map((name) => Math.log(start[name]));
  const value = (x: Float64Array): number => {
    const efficiency = efficiencyAt(x);
    let sum = 0;
    for (const { job, layout, seconds, weight } of measured) {
      const size = Math.abs(Math.log(stepTime(job, layout, efficiency).seconds / seconds));
      sum += (weight ?? 1) * (size <= DELTA ? 0.5 * size * size : DELTA * (size - 0.5 * DELTA));
    }
    for (let i = 0; i < 4; i++) sum += 0.5 * PRIOR * (x[i]! - from[i]!) ** 2;
    return sum;
  };
  const step = 1e-5;
  const { x } = minimise(
    (at, gradient) => {
      for (let i = 0; i < 4; i++) {
        const [up, down] = [at.slice(), at.slice()];
        up[i]! += step;
        down[i]! -= step;
        gradient[i] = (value(up) - value(down)) / (2 * step);
      }
      return value(at);
    },
    Float64Array.from(from),
    Float64Array.from(LOW, Math.log),
    Float64Array.from(HIGH, Math.log),
    300,
    1e-9,
  );
  return efficiencyAt(x);
}

/** Fit, with the error before and after, and on runs that a fit has not seen. `start` is that of the device. */
export function calibrate(measured: readonly Measured[], start: Efficiency): Calibration {
  const efficiency = fitEfficiency(measured, start);
  const unseen = Array.from({ length: FOLDS }, (_, fold) => {
    const rest = measured.filter((_run, i) => i % FOLDS !== fold);
    const held = measured.filter((_run, i) => i % FOLDS === fold);
    return measured.length < LEAST_FOR_CHECK ? [] : relativeErrors(held, fitEfficiency(rest, start));
  }).flat();
  return {
    efficiency,
    before: summary(relativeErrors(measured, start)),
    after: summary(relativeErrors(measured, efficiency)),
    heldOut: unseen.length === 0 ? undefined : summary(unseen),
  };
}

/** Predicted over measured seconds, less one. */
export function relativeErrors(measured: readonly Measured[], efficiency: Efficiency): number[] {
  return measured.map(({ job, layout, seconds }) => stepTime(job, layout, efficiency).seconds / seconds - 1);
}

/** Size of errors. */
export function summary(errors: readonly number[]): Errors {
  const sizes = errors.map(Math.abs);
  const at = (p: number): number => quantile(sizes, p);
  return {
    n: sizes.length,
    median: at(0.5),
    p90: at(0.9),
    max: Math.max(...sizes),
    mean: sizes.reduce((a, b) => a + b, 0) / sizes.length,
  };
}

function efficiencyAt(x: Float64Array): Efficiency {
  return Object.fromEntries(NAMES.map((name, i) => [name, Math.exp(x[i]!)])) as unknown as Efficiency;
}
