/**
 * Commit value of draws and trend: the best of all runs a bet can still afford, were they draws from the better half
 * of its recent results (a Gaussian with uncertain centre and scale), plus the trend of its best quarter.
 */

import { normalQuantile } from '../math/quantile.ts';
import { mean } from '../math/summary.ts';
import type { Rng } from '../math/rng.ts';
import { allocatorOf, type Rule } from './allocate.ts';
import type { Situation } from './bet.ts';
import { beta, chiSquare } from './draw.ts';
import { affordable, type Evidence } from './evidence.ts';
import { drawUnknown, pooled, reliability, spreadsOf } from './spread.ts';

/** Results from which on a trend is looked for. */
const TREND = 6;
/** A median of n has about this many times the standard error of a mean. */
const MEDIAN_ERROR = 1.25;

/** What is believed of a bet's next results before a draw. */
export interface Belief {
  /** Centre of its recent results, and how many tell it. */
  readonly centre: number;
  readonly count: number;
  /** Variance of one result on the good side, and the degrees of freedom behind it. */
  readonly variance: number;
  readonly df: number;
}

/** One draw of the loss that a bet would reach with all that is left. */
export function drawBest(bet: Evidence, belief: Belief, { left, noise }: Situation, random: Rng): number {
  const { variance, df, count } = belief;
  const drawn = (variance * df) / chiSquare(df, random);
  const centre = belief.centre + MEDIAN_ERROR * Math.sqrt(drawn / (count + 1)) * random.normal();
  const runs = affordable(bet, left);
  const reach = Math.sqrt(drawn * reliability(drawn, noise)) * medianBest(runs);
  const q = beta(2, 2, random);
  const doublings = Math.log2(1 + runs / bet.results);
  return centre - reach - trendOf(bet.losses, variance) * ((q * (1 - q ** doublings)) / (1 - q));
}

/** Median of the best of m standard normal draws, as a distance above 0 from their mean; 0 below two draws. */
function medianBest(m: number): number {
  return m > 1 ? -normalQuantile(-Math.expm1(-Math.LN2 / m)) : 0;
}

/**
 * How much better the best quarter of the second half is than that of the first, at least 0; shrunk by its standard
 * error (positive-part James-Stein), which is taken as .7 of that of two means.
 */
function trendOf(losses: readonly number[], variance: number): number {
  if (losses.length < TREND) return 0;
  const half = Math.floor(losses.length / 2);
  const [before, after] = [bestQuarter(losses.slice(0, half)), bestQuarter(losses.slice(half))];
  const gain = mean(before) - mean(after);
  if (gain <= 0) return 0;
  const error = 0.7 * Math.sqrt(variance * (1 / before.length + 1 / after.length));
  return gain * Math.max(0, 1 - (error / gain) ** 2);
}

function bestQuarter(losses: readonly number[]): number[] {
  return losses.toSorted((a, b) => a - b).slice(0, Math.max(1, Math.floor(losses.length / 4)));
}

const rule: Rule = (bets, situation, random) => {
  const spreads = spreadsOf(bets);
  return bets.map((bet, k) => {
    if (affordable(bet, situation.left) < 1) return -Infinity;
    const own = spreads.each[k];
    if (own === undefined) return -drawUnknown(spreads, random);
    // The common centre weighs as much as one result.
    const centre = (spreads.centre + own.count * own.centre) / (1 + own.count);
    return -drawBest(bet, { ...pooled(own, spreads.scale), centre, count: own.count }, situation, random);
  });
};

export const cvt2 = allocatorOf(rule, 2);
