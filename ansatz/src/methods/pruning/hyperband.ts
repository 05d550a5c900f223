/**
 * Hyperband (Li et al. 2018, JMLR 18(185)), asynchronous: trainings are dealt to brackets of successive halving that
 * begin at different rungs, since nobody knows how early ranks begin to mean something.
 */

import { ETA, promoting } from './halving.ts';
import type { Scheduler } from './scheduler.ts';

/** Most halvings of the boldest bracket. */
const MOST = 4;
/** Deals shares evenly over any stretch of numbers. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

function rungs(longest: number): number[] {
  const steps: number[] = [];
  for (let step = longest; step >= 1 && steps.length <= MOST; step /= ETA) steps.push(Math.max(1, Math.round(step)));
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** Index of the first rung at which training number `i` is compared: its bracket. */
export function bracketOf(i: number, longest: number): number {
  const last = rungs(longest).length - 1;
  // Trainings of the bracket with k halvings: ⌈(K + 1) ηᵏ / (k + 1)⌉ (algorithm 1, line 2).
  const sizes = Array.from({ length: last + 1 }, (_, skipped) => {
    const halvings = last - skipped;
    return Math.ceil(((last + 1) * ETA ** halvings) / (halvings + 1));
  });
  const all = sizes.reduce((a, b) => a + b, 0);
  let place = ((i * GOLDEN) % 1) * all;
  for (const [skipped, size] of sizes.entries()) {
    place -= size;
    if (place < 0) return skipped;
  }
  return last;
}

/** Successive halving in every bracket. */
export const hyperband: Scheduler = promoting(rungs, bracketOf);
