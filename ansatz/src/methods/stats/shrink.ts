/** What an effect seen once is worth, given what the effects of its kind are like: empirical Bayes. */

import { median } from '../math/summary.ts';

/** A normal distribution of true effects, and the variance of one observation about its own. */
export interface EffectPrior {
  /** Mean of the true effects. */
  readonly mean: number;
  /** Variance of the true effects, ≥ 0. */
  readonly variance: number;
  /** Variance of an observed effect about its true one, > 0. */
  readonly noise: number;
}

/** Observations that the guess at the start counts for. */
const PRIOR_COUNT = 2;

/**
 * The prior that observed effects suggest, by moments (Efron & Morris 1973): m + B (x − m) with B = τ² / (τ² + s²),
 * τ² = max(0, spread − s²). Effects of a search are skewed, with many that are far worse, and it is the better half
 * that says how far a good one can be believed: the spread is the mean square of the upper half about the median.
 * While few are known, true effects are taken to be centred on 0 and as wide as the noise.
 *
 * @param effects observed effects, positive is better
 * @param noise variance of one observed effect about its true one, > 0
 */
export function effectPrior(effects: readonly number[], noise: number): EffectPrior {
  const n = effects.length;
  if (n === 0) return { mean: 0, variance: noise, noise };
  const middle = median(effects);
  const upper = effects.filter((effect) => effect >= middle);
  const square = upper.reduce((sum, effect) => sum + (effect - middle) ** 2, 0) / upper.length;
  const trust = n / (n + PRIOR_COUNT);
  // Of two beliefs, one of which is about 0: how far they lie apart is part of the doubt.
  const apart = trust * (1 - trust) * middle ** 2;
  const variance = Math.max(0, trust * (square - noise) + (1 - trust) * noise) + apart;
  return { mean: trust * middle, variance, noise };
}

/** Mean and variance of the true effect behind an observed one (the mean of results, each with the prior's noise). */
export function shrink(
  effect: number,
  prior: EffectPrior,
  noise = prior.noise,
): { readonly mean: number; readonly variance: number } {
  const weight = prior.variance / (prior.variance + noise);
  return { mean: prior.mean + weight * (effect - prior.mean), variance: weight * noise };
}
