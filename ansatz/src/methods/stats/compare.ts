/** Is one trial better than another, given what repeats of the same thing do? */

import { studentCdf, studentQuantile } from '../math/quantile.ts';
import { mean } from '../math/summary.ts';
import type { Noise } from './noise.ts';

/** Difference of two means, oriented so that positive is better. */
export interface Comparison {
  /** mean(challenger) − mean(incumbent) for a maximised metric, the negative of it for a minimised one. */
  readonly effect: number;
  /** Standard error of `effect`: sd·√(1/n + 1/m). */
  readonly se: number;
  /** Half width of the two-sided interval at the asked level. */
  readonly margin: number;
  /** P(challenger is better), one-sided Student t under a flat prior. 0.5 without any difference. */
  readonly better: number;
}

/**
 * Compare two samples under a common noise sd (Student's t with the noise's df). Both samples must be non-empty.
 * With sd = 0 (a deterministic script) any difference is certain. `alpha` is the two-sided error of the margin.
 */
export function compare(
  challenger: readonly number[],
  incumbent: readonly number[],
  direction: 'minimize' | 'maximize',
  noise: Noise,
  alpha = 0.05,
): Comparison {
  const sign = direction === 'maximize' ? 1 : -1;
  const effect = sign * (mean(challenger) - mean(incumbent));
  const se = noise.sd * Math.sqrt(1 / challenger.length + 1 / incumbent.length);
  if (!(se > 0)) return { effect, se: 0, margin: 0, better: effect > 0 ? 1 : effect < 0 ? 0 : 0.5 };
  const margin = studentQuantile(1 - alpha / 2, noise.df) * se;
  return { effect, se, margin, better: studentCdf(effect / se, noise.df) };
}
