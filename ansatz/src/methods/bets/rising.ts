/**
 * A rising bandit with a known horizon: mean of the last quarter plus its slope carried half-way to the end of the
 * budget, plus a bound that narrows with the window (after R-ed-UCB, Metelli et al. 2022, ICML, and its variant for
 * a known horizon, arXiv 2602.10727).
 */

import { mean } from '../math/summary.ts';
import { allocatorOf } from './allocate.ts';
import { affordable } from './evidence.ts';
import { rewardsOf, triesOf } from './rewards.ts';

const PROBES = 4;

export const rising = allocatorOf((bets, { left }) => {
  const reward = rewardsOf(bets);
  const total = triesOf(bets);
  return bets.map((bet) => {
    const n = bet.losses.length;
    // A bet whose probes failed has no slope yet.
    if (n < PROBES) return Infinity;
    const window = Math.floor(n / 4);
    const last = mean(bet.losses.slice(-window).map(reward));
    const before = mean(bet.losses.slice(-2 * window, -window).map(reward));
    const slope = Math.max(0, (last - before) / window);
    const bound = 0.5 * Math.sqrt(Math.log(total) / window) * ((2 * window) / n);
    return last + 0.5 * slope * affordable(bet, left) + bound;
  });
}, PROBES);
