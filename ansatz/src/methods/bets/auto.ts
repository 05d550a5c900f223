/**
 * The default: forecasts by records while bets are short of results, by draws once there are enough for a spread.
 *
 * Few results say more by their order (did this bet improve on what it had?) than by their spread, which at first is
 * that of untuned settings; from records alone, on the other hand, a long search locks in on whoever had luck early.
 */

import type { Rng } from '../math/rng.ts';
import { allocatorOf, type Rule } from './allocate.ts';
import type { Situation } from './bet.ts';
import { drawRecords, recordModel } from './cvr.ts';
import { type Belief, drawBest } from './cvt2.ts';
import { affordable, type Evidence } from './evidence.ts';
import { drawUnknown, type Spread } from './spread.ts';

/** Results per bet from which on a spread can be told. */
const ENOUGH = 12;
/** The common scale counts as much as this many results of each bet's good side. */
const PRIOR = 1.5;

/**
 * Results each bet would have at the end if what is left were spread evenly. It hardly moves during a search, so a
 * search keeps to one kind of forecast.
 */
function horizon(bets: readonly Evidence[], left: number): number {
  const sum = bets.reduce((total, bet) => total + bet.results + affordable(bet, left) / bets.length, 0);
  return sum / bets.length;
}

/**
 * Belief by the bet's own centre, and its scale pooled with the others' on a log scale: bets differ in both by orders
 * of magnitude, and an arithmetic mean would lend the spread of a wild bet to a settled one.
 */
export function beliefOf({ centre, scale, count }: Spread, common: number): Belief {
  const df = PRIOR + count / 2;
  const own = scale === undefined || scale === 0 ? common : scale;
  const variance = Math.exp((2 * (PRIOR * Math.log(common) + (count / 2) * Math.log(own))) / df);
  return { centre, count, variance, df };
}

/** A draw of the loss that bet `k` would reach if all that is left went into it. */
export type Forecast = (k: number, random: Rng) => number;

/** The forecast for these bets, and whether they are short of results; what needs no chance is worked out once. */
export function forecastOf(
  bets: readonly Evidence[],
  situation: Situation,
): { readonly draw: Forecast; readonly short: boolean } {
  const model = recordModel(bets);
  const { each, scale } = model.spreads;
  const short = horizon(bets, situation.left) <= ENOUGH;
  const draw: Forecast = (k, random) => {
    const own = each[k];
    if (own === undefined) return drawUnknown(model.spreads, random);
    if (short) return drawRecords(bets[k]!, k, model, situation, random);
    return drawBest(bets[k]!, beliefOf(own, scale), situation, random);
  };
  return { draw, short };
}

const rule: Rule = (bets, situation, random) => {
  const { draw, short } = forecastOf(bets, situation);
  return bets.map((bet, k) => {
    if (affordable(bet, situation.left) < 1) return -Infinity;
    // With so little left half the exploration is enough: the mean of two draws.
    return short ? -(draw(k, random) + draw(k, random)) / 2 : -draw(k, random);
  });
};

export const auto = allocatorOf(rule, 2);
