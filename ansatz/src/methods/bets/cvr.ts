/**
 * Commit value of records: what a bet's best would be if all that is left went into it. Thompson sampling (1933) on
 * the best result to come, not on the mean: aware of the deadline, the cost, and the noise.
 */

import type { Rng } from '../math/rng.ts';
import { allocatorOf, type Rule } from './allocate.ts';
import type { Situation } from './bet.ts';
import { beta, chiSquare, gamma } from './draw.ts';
import { affordable, type Evidence } from './evidence.ts';
import { drawUnknown, pooled, reliability, type Spreads, spreadsOf } from './spread.ts';

/** How many records' worth the common step size weighs in each bet's. */
const PRIOR = 1;
/** Step size while no bet has set a record, as a share of the common scale. */
const FIRST_STEP = 0.25;

/** A bet's best so far, and what its recent half added to it. */
export interface Records {
  /** Improvement of the best so far over the last half of the results. */
  readonly gain: number;
  /** Number of times it improved there. */
  readonly count: number;
}

/** The records of one bet's losses. */
export function recordsOf(losses: readonly number[]): Records {
  const half = Math.max(1, Math.floor(losses.length / 2));
  let best = Infinity;
  let gain = 0;
  let count = 0;
  for (const [i, loss] of losses.entries()) {
    if (loss >= best) continue;
    if (i >= half) {
      gain += best - loss;
      count++;
    }
    best = loss;
  }
  return { gain, count };
}

/** Everything the forecasts need that is not chance. */
export interface RecordModel {
  readonly spreads: Spreads;
  readonly records: readonly Records[];
  /** Mean improvement of a record over all bets. */
  readonly step: number;
}

/** The model of all bets together; every field is finite, as long as the losses do not overflow. */
export function recordModel(bets: readonly Evidence[]): RecordModel {
  const spreads = spreadsOf(bets);
  const records = bets.map((bet) => recordsOf(bet.losses));
  let gain = 0;
  let count = 0;
  for (const one of records) {
    gain += one.gain;
    count += one.count;
  }
  return { spreads, records, step: count > 0 ? gain / count : FIRST_STEP * spreads.scale };
}

/** A bet's best result with the part that is likely luck taken out; its centre bounds it. */
export function shrunkBest(bet: Evidence, k: number, { spreads }: RecordModel, noise: number): number {
  const own = spreads.each[k]!;
  const gap = Math.max(own.centre - bet.best, 0);
  return bet.best + gap * (1 - reliability(pooled(own, spreads.scale).variance, noise));
}

/**
 * One draw of the loss that bet `k` would reach with all that is left: shrunk best − step · Γ · q (1 − qᴶ)/(1 − q),
 * with step = (G + step̄)/(r + 1), Γ ~ Gamma(r + 1), q ~ Beta(2, 2), and J = log₂(1 + m/n) doublings of its n results
 * by the m it can still afford.
 */
export function drawRecords(bet: Evidence, k: number, model: RecordModel, situation: Situation, random: Rng): number {
  const { spreads, records, step } = model;
  const own = spreads.each[k];
  if (own === undefined) return drawUnknown(spreads, random);
  const { gain, count } = records[k]!;
  const { variance, df } = pooled(own, spreads.scale);
  const share = reliability((variance * df) / chiSquare(df, random), situation.noise);
  const stepSize = ((gain + PRIOR * step) / (count + PRIOR)) * share;
  const q = beta(2, 2, random);
  const doublings = Math.log2(1 + affordable(bet, situation.left) / bet.results);
  const sum = (q * (1 - q ** doublings)) / (1 - q);
  return shrunkBest(bet, k, model, situation.noise) - stepSize * gamma(count + PRIOR, random) * sum;
}

const rule: Rule = (bets, situation, random) => {
  const model = recordModel(bets);
  return bets.map((bet, k) =>
    affordable(bet, situation.left) < 1 ? -Infinity : -drawRecords(bet, k, model, situation, random),
  );
};

export const cvr = allocatorOf(rule, 2);
