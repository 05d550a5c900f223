/** UCB1 (Auer, Cesa-Bianchi & Fischer 2002, Machine Learning 47, figure 1): mean reward plus its bound. A failure counts as 0. */

import { allocatorOf } from './allocate.ts';
import { rewardsOf, triesOf } from './rewards.ts';

export const ucb1 = allocatorOf((bets) => {
  const reward = rewardsOf(bets);
  const total = triesOf(bets);
  return bets.map(({ losses, tries }) => {
    const sum = losses.reduce((sofar, loss) => sofar + reward(loss), 0);
    return sum / tries + Math.sqrt((2 * Math.log(total)) / tries);
  });
}, 1);
