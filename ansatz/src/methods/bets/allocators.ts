/** Every allocator by its name. */

import { auto } from './auto.ts';
import type { Allocator } from './bet.ts';
import { cvr } from './cvr.ts';
import { cvt2 } from './cvt2.ts';
import { greedy } from './greedy.ts';
import { halving } from './halving.ts';
import { maxMedian } from './max-median.ts';
import { rising } from './rising.ts';
import { roundRobin } from './round-robin.ts';
import { thompson } from './thompson.ts';
import { ucb1 } from './ucb1.ts';

/** An allocator and what it does, in a line for people. */
export interface NamedAllocator {
  readonly allocate: Allocator;
  readonly about: string;
}

export const allocators = {
  auto: { allocate: auto, about: 'bets on the best result to come: by records while results are few, then by draws' },
  cvr: { allocate: cvr, about: 'bets on the best result to come, forecast from the records so far' },
  cvt2: { allocate: cvt2, about: 'bets on the best result to come, forecast from draws and trend' },
  'round-robin': { allocate: roundRobin, about: 'gives every bet the same number of runs' },
  greedy: { allocate: greedy, about: 'goes on with the bet that has the best result' },
  ucb1: { allocate: ucb1, about: 'maximises the mean result, with a bound for the unknown' },
  thompson: { allocate: thompson, about: 'maximises the mean result, by draws from what is known of it' },
  halving: { allocate: halving, about: 'gives all the same and drops the worse half, again and again' },
  'max-median': { allocate: maxMedian, about: 'compares bets by their extremes, without a model' },
  rising: { allocate: rising, about: 'carries each bet’s slope to the end of the budget' },
} as const satisfies Readonly<Record<string, NamedAllocator>>;
