/** The yardstick: every bet in turn. */

import { allocatorOf } from './allocate.ts';

export const roundRobin = allocatorOf((bets) => bets.map(({ tries }) => -tries), 1);
