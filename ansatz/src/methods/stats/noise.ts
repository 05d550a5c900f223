/** The noise floor: how much a result moves when nothing but the seed does. */

import { mean } from '../math/summary.ts';

/** Standard deviation of one run of one trial, and the degrees of freedom behind it. */
export interface Noise {
  /** Same unit as the metric, ≥ 0; NaN while unknown (no trial has two results). */
  readonly sd: number;
  /** Σ (n − 1) over the pooled trials; 0 while unknown. */
  readonly df: number;
}

/**
 * Pool the within-trial variance: s² = Σ Σ (x − x̄ₖ)² / Σ (nₖ − 1). Groups of fewer than two values teach nothing.
 * The printed resolution is a floor: values rounded to a grid of width r carry at least r/√12 of noise, whatever
 * the repeats say, unless they were exact (r = 0).
 */
export function pooledNoise(groups: readonly (readonly number[])[], resolution: number): Noise {
  let squares = 0;
  let df = 0;
  for (const values of groups) {
    if (values.length < 2) continue;
    const centre = mean(values);
    for (const value of values) squares += (value - centre) ** 2;
    df += values.length - 1;
  }
  if (df === 0) return { sd: NaN, df: 0 };
  return { sd: Math.max(Math.sqrt(squares / df), resolution / Math.sqrt(12)), df };
}
