/** Losses as the rewards in [0, 1] that the bandit literature speaks of. */

import { quantile } from '../math/summary.ts';
import type { Evidence } from './evidence.ts';

/** From a loss to a reward: 1 at the best loss of any bet, 0 at the worst tenth (0.9 quantile) and beyond. */
export function rewardsOf(bets: readonly Evidence[]): (loss: number) => number {
  const all = bets.flatMap(({ losses }) => losses);
  const worst = quantile(all, 0.9);
  const best = quantile(all, 0);
  const span = worst - best;
  return (loss) => (span > 0 ? Math.min(Math.max((worst - loss) / span, 0), 1) : 1);
}

/** Runs begun by all bets. */
export function triesOf(bets: readonly Evidence[]): number {
  return bets.reduce((sum, { tries }) => sum + tries, 0);
}
