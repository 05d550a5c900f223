/** Thompson sampling on the mean (Thompson 1933): Student's t about each bet's mean, the flat prior's posterior. */

import { mean, variance } from '../math/summary.ts';
import { allocatorOf } from './allocate.ts';
import { chiSquare } from './draw.ts';

export const thompson = allocatorOf(
  (bets, _situation, random) =>
    bets.map(({ losses }) => {
      const df = losses.length - 1;
      const t = random.normal() / Math.sqrt(chiSquare(Math.max(df, 1), random) / Math.max(df, 1));
      // Fewer than two results tell no spread: such a bet comes first.
      return df < 1 ? Infinity : -mean(losses) + Math.sqrt(variance(losses) / losses.length) * t;
    }),
  2,
);
