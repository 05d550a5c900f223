/**
 * Max-Median (Bhatt, Li & Samorodnitsky 2021, arXiv 2109.04433): for extreme bandits, compares the quantile of each bet that is the best
 * result of the least tried one. No assumption on the tails.
 */

import { allocatorOf } from './allocate.ts';
import { triesOf } from './rewards.ts';

export const maxMedian = allocatorOf((bets, _situation, random) => {
  if (random.uniform() < 1 / Math.sqrt(triesOf(bets))) {
    const chosen = random.int(bets.length);
    return bets.map((_, k) => (k === chosen ? 1 : 0));
  }
  const fewest = Math.max(1, Math.min(...bets.map(({ losses }) => losses.length)));
  return bets.map(({ losses }) => {
    const place = Math.ceil(losses.length / fewest) - 1;
    return losses.length === 0 ? -Infinity : -Float64Array.from(losses).sort()[place]!;
  });
}, 2);
