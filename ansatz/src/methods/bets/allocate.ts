/** From a rule that values bets to an allocator: probes, what is affordable, floors and caps. */

import type { Rng } from '../math/rng.ts';
import type { Allocator, BetRecord, Situation } from './bet.ts';
import { type Evidence, evidenceOf } from './evidence.ts';

/**
 * The value of each bet to the next run, the highest wins; −Infinity: only if nothing else can run. Ties are broken
 * by chance, so the order of the bets says nothing.
 */
export type Rule = (bets: readonly Evidence[], situation: Situation, random: Rng) => readonly number[];

/**
 * The allocator of a rule. In this order: a bet whose run costs more than is left never runs; every new bet first gets
 * `probes` runs, fewest tries first, then the cheapest; the bet furthest below its floor; the highest value among
 * bets at or under their cap. Caps divide the money between bets: when every affordable bet is above its own, they
 * hold nobody back (but a cap of 0 always does).
 */
export function allocatorOf(rule: Rule, probes: number): Allocator {
  return (bets, situation, random) => {
    const evidence = evidenceOf(bets);
    const open = evidence.flatMap(({ price }, k) =>
      situation.left > 0 && price <= situation.left && bets[k]!.cap !== 0 ? [k] : [],
    );
    if (open.length === 0) return undefined;

    const fresh = open.filter((k) => evidence[k]!.tries < probes);
    if (fresh.length > 0) {
      const fewest = least(fresh, (k) => evidence[k]!.tries);
      return one(
        least(fewest, (k) => evidence[k]!.price),
        random,
      );
    }

    const total = evidence.reduce((sum, { spent }) => sum + spent, 0);
    const short = (k: number): number => {
      const { spent, price } = evidence[k]!;
      return share(bets[k]!.floor, 0) * (total + price) - spent;
    };
    const below = open.filter((k) => short(k) > 0);
    if (below.length > 0)
      return one(
        least(below, (k) => -short(k)),
        random,
      );

    const under = open.filter((k) => evidence[k]!.spent <= share(bets[k]!.cap, 1) * total);
    const values = rule(evidence, situation, random);
    return one(
      least(under.length > 0 ? under : open, (k) => -values[k]!),
      random,
    );
  };
}

function share(given: BetRecord['floor'], otherwise: number): number {
  return given !== undefined && Number.isFinite(given) ? Math.min(Math.max(given, 0), 1) : otherwise;
}

/** Those of `from` where `by` is least. */
function least(from: readonly number[], by: (k: number) => number): number[] {
  let low = Infinity;
  let found: number[] = [...from];
  for (const k of from) {
    const value = by(k);
    if (value < low) {
      low = value;
      found = [k];
    } else if (value === low && low < Infinity) found.push(k);
  }
  return found;
}

function one(from: readonly number[], random: Rng): number {
  return from.length === 1 ? from[0]! : from[random.int(from.length)]!;
}
