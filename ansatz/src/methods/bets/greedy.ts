/** All on the bet with the best result so far, after three probes of each. */

import { allocatorOf } from './allocate.ts';

export const greedy = allocatorOf((bets) => bets.map(({ best }) => -best), 3);
