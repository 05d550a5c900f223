/**
 * Successive halving over bets (Karnin, Koren & Somekh 2013, ICML): the budget in equal rungs, in each the same money
 * for every survivor, and after each the better half by best result goes on.
 */

import { allocatorOf } from './allocate.ts';

export const halving = allocatorOf((bets, { left }) => {
  const spent = bets.reduce((sum, bet) => sum + bet.spent, 0);
  const rungs = Math.max(1, Math.ceil(Math.log2(bets.length)));
  const rung = Math.min(Math.floor((rungs * spent) / (spent + left)), rungs);
  // Bets that were dropped stand still and survivors only improve, so the ranks of today are those of every rung before.
  const survivors = Math.max(1, Math.ceil(bets.length / 2 ** rung));
  const rank = bets.map(({ best }) => bets.filter((other) => other.best < best).length);
  return bets.map((bet, k) => (rank[k]! < survivors ? -bet.spent : -Infinity));
}, 1);
