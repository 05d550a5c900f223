/** The noise floor: how much a result moves when nothing but the seed does. */

import { fQuantile } from '../math/quantile.ts';
import { variance } from '../math/summary.ts';

/** Standard deviation of one run of one trial, and the degrees of freedom behind it. */
export interface Noise {
  /** Same unit as the metric, ≥ 0; NaN while unknown (no trial has two results). */
  readonly sd: number;
  /** Σ (n − 1) over the pooled trials; 0 while unknown. */
  readonly df: number;
}

/** Chance of calling a trial noisier than the floor when it is not. */
const HOMOGENEITY = 0.05;

/** The noise that goes with a sample, and whether it is the sample's own. */
export interface SampleNoise extends Noise {
  /** True when the sample is noisier than the floor: one-sided F test at 5 %. */
  readonly own: boolean;
}

/**
 * The noise of a sample of repeats against a floor measured elsewhere. A sample that is noisier than the floor gets
 * its own variance; one that is not is pooled with it (`included`: the floor holds it already). A sample that looks
 * quieter is not believed: few repeats often agree by chance.
 */
export function sampleNoise(values: readonly number[], floor: Noise, included: boolean): SampleNoise {
  const df = values.length - 1;
  if (df < 1 || floor.df < 1) return { ...floor, own: false };
  const own = variance(values);
  const pooled = floor.sd ** 2;
  if (own > pooled * fQuantile(1 - HOMOGENEITY, df, floor.df)) return { sd: Math.sqrt(own), df, own: true };
  if (included) return { ...floor, own: false };
  return { sd: Math.sqrt((floor.df * pooled + df * own) / (floor.df + df)), df: floor.df + df, own: false };
}
