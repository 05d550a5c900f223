/** What the records of all bets say, put in order once for every rule that reads them. */

import { median } from '../math/summary.ts';
import type { BetRecord } from './bet.ts';

/** One bet as a rule sees it. */
export interface Evidence {
  /** Its finite losses in the order they came; lower is better. */
  readonly losses: readonly number[];
  /** Least of them; Infinity when there is none. */
  readonly best: number;
  /** Runs begun: with a result, failed, or under way. */
  readonly tries: number;
  /** Results it has or is about to have: the finite losses and the runs under way. */
  readonly results: number;
  /** Cost of one run, whether it fails or not. 0 when nothing is known of any bet. */
  readonly price: number;
  /** Cost of one result: failures are paid for by successes. With none yet, as if half a result had come. */
  readonly costPerResult: number;
  /** Spent so far, runs under way included at their price. */
  readonly spent: number;
}

/** The evidence of all bets. */
export function evidenceOf(bets: readonly BetRecord[]): Evidence[] {
  const known = bets.map(ownPrice);
  const some = known.filter((price) => price !== undefined);
  const usual = some.length === 0 ? 0 : median(some);
  return bets.map((bet, k) => {
    const losses = bet.losses.filter(Number.isFinite);
    let best = Infinity;
    for (const loss of losses) if (loss < best) best = loss;
    const price = known[k] ?? usual;
    const cost = costOf(bet);
    const unfinished = endedOf(bet) === 0;
    return {
      losses,
      best,
      tries: endedOf(bet) + bet.pending,
      results: losses.length + bet.pending,
      price,
      costPerResult: unfinished ? price : cost / Math.max(losses.length, 0.5),
      spent: cost + bet.pending * price,
    };
  });
}

/** How many results all that is left would buy, ≥ 0; a very large number where they cost nothing. */
export function affordable({ costPerResult }: Evidence, left: number): number {
  return costPerResult > 0 ? left / costPerResult : Number.MAX_SAFE_INTEGER;
}

/** Mean cost of its ended runs, or what it is expected to cost; undefined when neither is known. */
function ownPrice(bet: BetRecord): number | undefined {
  const ended = endedOf(bet);
  if (ended > 0) return costOf(bet) / ended;
  return bet.price !== undefined && Number.isFinite(bet.price) && bet.price >= 0 ? bet.price : undefined;
}

function endedOf(bet: BetRecord): number {
  return bet.losses.length + (bet.failures ?? 0);
}

function costOf(bet: BetRecord): number {
  return Number.isFinite(bet.cost) ? Math.max(bet.cost, 0) : 0;
}
