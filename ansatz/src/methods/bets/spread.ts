/** Where the good results of a bet lie now, and how far they reach: of its recent half, the better half. */

import { median } from '../math/summary.ts';
import type { Rng } from '../math/rng.ts';
import type { Evidence } from './evidence.ts';

/** Bets' scales are pooled as if each had this many results of the common scale. */
const PRIOR = 3;

/** The recent, better half of a bet's results. */
export interface Spread {
  /** Median of the recent half. */
  readonly centre: number;
  /** Root mean square distance of results better than that from it; undefined with one result. */
  readonly scale: number | undefined;
  /** Results in the recent half. */
  readonly count: number;
}

/** The spread of one bet's losses: its last half, at least four; undefined when empty. */
export function spreadOf(losses: readonly number[]): Spread | undefined {
  if (losses.length === 0) return undefined;
  const recent = losses.slice(-Math.max(4, Math.ceil(losses.length / 2)));
  const centre = median(recent);
  let squares = 0;
  let better = 0;
  for (const loss of recent) {
    if (loss > centre) continue;
    squares += (loss - centre) ** 2;
    better++;
  }
  // The median itself is among them: half a degree of freedom goes with it.
  const scale = recent.length > 1 ? Math.sqrt(squares / Math.max(better - 0.5, 0.5)) : undefined;
  return { centre, scale, count: recent.length };
}

/** The spreads of all bets and what they have in common. */
export interface Spreads {
  readonly each: readonly (Spread | undefined)[];
  /** Median of the centres; 0 when there is none. */
  readonly centre: number;
  /** Median of the scales above 0; 0 when there is none. */
  readonly scale: number;
}

/** The spreads of these bets; those without a result have none and do not count. */
export function spreadsOf(bets: readonly Evidence[]): Spreads {
  const each = bets.map((bet) => spreadOf(bet.losses));
  const centres = each.flatMap((one) => (one === undefined ? [] : [one.centre]));
  const scales = each.flatMap((one) => (one?.scale === undefined || one.scale === 0 ? [] : [one.scale]));
  return {
    each,
    centre: centres.length === 0 ? 0 : median(centres),
    scale: scales.length === 0 ? 0 : median(scales),
  };
}

/** A bet of which nothing is known yet is a draw from what the others find. */
export function drawUnknown({ centre, scale }: Spreads, random: Rng): number {
  return centre + scale * random.normal();
}

/** Variance of a bet's results, pooled with the common scale, and the degrees of freedom behind it. */
export function pooled(own: Spread, common: number): { readonly variance: number; readonly df: number } {
  const df = PRIOR + own.count / 2;
  return { variance: (PRIOR * common ** 2 + (own.count / 2) * (own.scale ?? common) ** 2) / df, df };
}

/** Share of a variance that is not noise, at least 2 %; 1 when either is unknown. */
export function reliability(variance: number, noise: number): number {
  return variance > 0 && noise > 0 ? Math.max(1 - noise ** 2 / variance, 0.02) : 1;
}
