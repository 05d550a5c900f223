/** Is one trial better than another, given what repeats of the same thing do? */

import { studentCdf, studentQuantile } from '../math/quantile.ts';
import { mean } from '../math/summary.ts';
import { type Noise, type SampleNoise, sampleNoise } from './noise.ts';

/** Difference of two means, oriented so that positive is better. */
export interface Comparison {
  /** mean(challenger) − mean(incumbent) for a maximised metric, the negative of it for a minimised one. */
  readonly effect: number;
  /** Standard error of `effect`. */
  readonly se: number;
  /** Half width of the two-sided interval at the asked level. */
  readonly margin: number;
  /** Degrees of freedom behind `se`; Infinity with a floor of 0. */
  readonly df: number;
  /** P(challenger is better), one-sided Student t under a flat prior. 0.5 without any difference. */
  readonly better: number;
  /** 1 / (1/n + 1/m): the results of both sides as so many independent ones of a difference. */
  readonly runs: number;
}

/** Results of one trial; `included` when the noise floor was measured on them, among others. */
export interface Sample {
  readonly values: readonly number[];
  readonly included: boolean;
}

/** Results of the two samples that share their seed, and the correlation that may be counted on there (≥ 0). */
export interface Shared {
  readonly pairs: number;
  readonly rho: number;
}

/**
 * Compare two samples against a noise floor. Each side has the floor's variance unless it is noisier by itself; then
 * Welch's test with the degrees of freedom of Satterthwaite (1946), else Student's with the pooled ones. Both samples
 * must be non-empty. Where results share seeds the covariance 2 ρ σ² pairs / (n m) is taken off the variance of the
 * difference (common random numbers), unless one side is noisier than the floor. With a floor of 0 (a deterministic script) any difference is certain. `alpha` is the two-sided
 * error of the margin.
 */
export function compare(
  challenger: Sample,
  incumbent: Sample,
  direction: 'minimize' | 'maximize',
  floor: Noise,
  alpha = 0.05,
  shared: Shared = { pairs: 0, rho: 0 },
): Comparison {
  const sign = direction === 'maximize' ? 1 : -1;
  const effect = sign * (mean(challenger.values) - mean(incumbent.values));
  const [a, b] = noises(challenger, incumbent, floor);
  const va = a.sd ** 2 / challenger.values.length;
  const vb = b.sd ** 2 / incumbent.values.length;
  const together =
    a.own || b.own
      ? 0
      : (2 * shared.rho * shared.pairs * a.sd * b.sd) / (challenger.values.length * incumbent.values.length);
  const se = Math.sqrt(Math.max(0, va + vb - together));
  const runs = 1 / (1 / challenger.values.length + 1 / incumbent.values.length);
  if (!(se > 0)) {
    return { effect, se: 0, margin: 0, df: Infinity, better: effect > 0 ? 1 : effect < 0 ? 0 : 0.5, runs };
  }
  const df = a.own || b.own ? (va + vb) ** 2 / (va ** 2 / a.df + vb ** 2 / b.df) : a.df;
  const margin = studentQuantile(1 - alpha / 2, df) * se;
  return { effect, se, margin, df, better: studentCdf(effect / se, df), runs };
}

/** The noise of both sides. Two that share the floor share its best estimate: it must not be counted twice. */
function noises(challenger: Sample, incumbent: Sample, floor: Noise): [SampleNoise, SampleNoise] {
  const a = sampleNoise(challenger.values, floor, challenger.included);
  const b = sampleNoise(incumbent.values, floor, incumbent.included);
  if (a.own || b.own) return [a, b];
  const best = a.df >= b.df ? a : b;
  return [best, best];
}

/** Half width of the interval of a sample's mean at level 1 − alpha; 0 for a floor of 0, NaN while it is unknown. */
export function meanMargin(sample: Sample, floor: Noise, alpha = 0.05): number {
  const { sd, df } = sampleNoise(sample.values, floor, sample.included);
  if (!(sd > 0)) return sd;
  return (studentQuantile(1 - alpha / 2, df) * sd) / Math.sqrt(sample.values.length);
}
