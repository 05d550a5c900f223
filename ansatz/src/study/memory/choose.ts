/**
 * Which of many lines to tell within a budget: greedy by score per token, what is like the chosen counting less
 * (maximal marginal relevance, Carbonell & Goldstein 1998), with shares kept for failures and from wins.
 */

import { tokensOf } from './budget.ts';

/** Something that may be told, in full or short. */
export interface Telling {
  readonly face: 'win' | 'failure' | 'other';
  readonly score: number;
  readonly words: ReadonlySet<string>;
  readonly full: string;
  readonly short: string;
}

/** At least so large a share of the chosen are failures as long as there are any, and at most so large a one wins. */
export const FAILURES = 0.3;
export const WINS = 0.3;
/** How much being like what is chosen already takes from a score. */
const REDUNDANCY = 0.7;
/** So many are told in full, one for each so many tokens, while there is more than a third of the budget. */
const IN_FULL = 8;
const TOKENS_EACH = 200;

/** The chosen with the line to tell each by, in the order they were chosen. A line costs its tokens and a break. */
export function choose<T extends Telling>(
  all: readonly T[],
  budget: number,
): { readonly one: T; readonly line: string }[] {
  const chosen: { one: T; line: string }[] = [];
  const cost = new Map(all.map((one) => [one, { full: tokensOf(one.full) + 1, short: tokensOf(one.short) + 1 }]));
  const alike = new Map(all.map((one) => [one, 0]));
  const count = { win: 0, failure: 0, other: 0 };
  const onlyWins = all.every(({ face }) => face === 'win');
  let left = budget;
  while (alike.size > 0) {
    const form = chosen.length < Math.min(IN_FULL, budget / TOKENS_EACH) && left > budget / 3 ? 'full' : 'short';
    const after = chosen.length + 1;
    let best: { one: T; value: number; fails: boolean } | undefined;
    const needed = count.failure < FAILURES * after;
    for (const [one, likeness] of alike) {
      if (one.face === 'win' && !onlyWins && count.win + 1 > WINS * after) continue;
      const price = cost.get(one)![form];
      if (price > left) continue;
      const value = (one.score * (1 - REDUNDANCY * likeness)) / Math.sqrt(price);
      const fails = needed && one.face === 'failure';
      if (best === undefined || (fails && !best.fails) || (fails === best.fails && value > best.value))
        best = { one, value, fails };
    }
    if (best === undefined) break;
    const { one } = best;
    chosen.push({ one, line: one[form] });
    count[one.face]++;
    left -= cost.get(one)![form];
    alike.delete(one);
    for (const [other, known] of alike) alike.set(other, Math.max(known, jaccard(other.words, one.words)));
  }
  return chosen;
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const word of a) if (b.has(word)) both++;
  return both / Math.max(1, a.size + b.size - both);
}
