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
 * hold nobody back (but a cap of 0 always does). A bet of `worth` is chosen when it is below its share, and never else.
 */
export function allocatorOf(rule: Rule, probes: number): Allocator {
  return (bets, situation, random) => {
    const evidence = evidenceOf(bets);
    const open = evidence.flatMap(({ price }, k) =>
      situation.left > 0 && price <= situation.left && bets[k]!.cap !== 0 ? [k] : [],
    );
    if (open.length === 0) return undefined;

    const compared = open.filter((k) => bets[k]!.worth === undefined);
    const fresh = compared.filter((k) => evidence[k]!.tries < probes);
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
      return promisedTo(bets[k]!) * (total + price) - spent;
    };
    const below = open.filter((k) => short(k) > 0);
    if (below.length > 0)
      return one(
        least(below, (k) => -short(k)),
        random,
      );

    if (compared.length === 0) return undefined;
    const under = compared.filter((k) => evidence[k]!.spent <= share(bets[k]!.cap, 1) * total);
    const rivals = bets.flatMap(({ worth }, k) => (worth === undefined ? [k] : []));
    const values = rule(
      rivals.map((k) => evidence[k]!),
      situation,
      random,
    );
    return one(
      least(under.length > 0 ? under : compared, (k) => -values[rivals.indexOf(k)]!),
      random,
    );
  };
}

/** Share of the spending that a bet is below as long as it has less. */
function promisedTo({ floor, cap, worth }: BetRecord): number {
  const low = share(floor, 0);
  return worth === undefined ? low : low + share(worth, 0) * Math.max(0, share(cap, 1) - low);
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
