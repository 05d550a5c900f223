/**
 * Spending the confirm reserve: the best results of a search are partly luck, so the most promising are run again with new seeds, the
 * survivors of each round more often, and what the repeats say decides.
 */

import { mean, median, variance } from '../math/summary.ts';

/** Share of the budget to set aside: more finds the same at the end and searches less (bench, `bets`). */
export const RESERVE = 0.05;
const FINALISTS = 8;
const ROUNDS = 3;
/** Least share of the spread within a bet that is believed to be real. */
const LEAST = 0.05;

/** A result of the search. */
export interface Candidate {
  /** The name of its bet: results are shrunk towards the others of the same bet. */
  readonly bet: string;
  /** Lower is better. */
  readonly loss: number;
  /** Cost of one run of it. */
  readonly cost: number;
}

/** A candidate that is to be repeated. */
export interface Finalist {
  /** Its index among the candidates. */
  readonly candidate: number;
  /** Expected loss before any repeat: the search result with the part that is likely luck taken out. */
  readonly expected: number;
  readonly cost: number;
  /** Losses of its repeats so far. */
  readonly repeats: readonly number[];
  /** Repeats under way. */
  readonly pending: number;
}

/**
 * The eight most promising candidates, best first. Of each bet's candidates (in the order they came) the recent half, at least four, tells
 * centre c and variance s² of what it now finds; a result x is expected to repeat as c + (x − c)(1 − σ²/s²), the
 * posterior mean under N(c, s² − σ²). `noise` σ: standard deviation of one result, 0 when unknown.
 */
export function finalistsOf(candidates: readonly Candidate[], noise: number): Finalist[] {
  const bets = Map.groupBy(
    candidates.map((candidate, index) => ({ ...candidate, index })).filter(({ loss }) => Number.isFinite(loss)),
    ({ bet }) => bet,
  );
  const all = [...bets.values()].flatMap((own) => {
    const recent = own.slice(-Math.max(4, Math.floor(own.length / 2))).map(({ loss }) => loss);
    const centre = median(recent);
    const spread = recent.length > 1 ? (variance(recent) * (recent.length - 1)) / recent.length : 0;
    const share = noise === 0 ? 1 : spread > 0 ? Math.max(1 - noise ** 2 / spread, LEAST) : LEAST;
    return own.map(({ index, loss, cost }): Finalist => ({
      candidate: index,
      expected: centre + (loss - centre) * share,
      cost,
      repeats: [],
      pending: 0,
    }));
  });
  return all.toSorted((a, b) => a.expected - b.expected).slice(0, FINALISTS);
}

/**
 * Expected loss of a finalist after its repeats: their mean, with what was expected before counting as one of them.
 * (The exact weight under that normal prior is more, and claims too little: the best come from the far end of bets that
 * are not normal.) Repeats that are not finite do not count.
 */
export function confirmed({ expected, repeats }: Finalist): number {
  return mean([expected, ...repeats.filter(Number.isFinite)]);
}

/**
 * Index of the finalist to repeat next; undefined once the reserve is spent. The reserve has three rounds of equal
 * cost: 8, 4, then 2 finalists by what is expected of them now, and among them whoever has fewest repeats.
 */
export function nextRepeat(finalists: readonly Finalist[], reserve: number): number | undefined {
  const runs = (one: Finalist): number => one.repeats.length + one.pending;
  const spent = finalists.reduce((sum, one) => sum + one.cost * runs(one), 0);
  const round = Math.min(Math.floor((ROUNDS * spent) / reserve), ROUNDS - 1);
  const rank = ranking(finalists).slice(0, Math.max(1, Math.ceil(FINALISTS / 2 ** round)));
  return rank
    .filter((k) => finalists[k]!.cost <= reserve - spent)
    .toSorted((a, b) => runs(finalists[a]!) - runs(finalists[b]!))[0];
}

/** Index of the finalist expected to be best, among the repeated ones if there are any; undefined when there is none. */
export function pick(finalists: readonly Finalist[]): number | undefined {
  const order = ranking(finalists);
  return order.find((k) => finalists[k]!.repeats.some(Number.isFinite)) ?? order[0];
}

function ranking(finalists: readonly Finalist[]): number[] {
  return finalists.map((_, k) => k).toSorted((a, b) => confirmed(finalists[a]!) - confirmed(finalists[b]!));
}
