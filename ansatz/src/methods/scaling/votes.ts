/**
 * What is made of many answers to one problem: the most frequent one (majority vote, self-consistency; Wang et al. 2022,
 * arXiv 2203.11171), or the one a scorer likes best (best of n).
 */

import { mean, type Rng } from '../math/index.ts';

/** How often each different answer to a problem came; at most one of them is right. */
export interface AnswerCounts {
  readonly counts: readonly number[];
  /** Index of the right answer; undefined when it never came. */
  readonly right: number | undefined;
}

/** One attempt and what a reward model or a test gave it. */
export interface Scored {
  readonly score: number;
  readonly right: boolean;
}

/**
 * Accuracy of the vote of k answers drawn without replacement from those there are, ties broken by chance: mean over
 * problems of `draws` random subsets. k may not exceed the answers of any problem.
 */
export function majorityAtK(problems: readonly AnswerCounts[], k: number, draws: number, random: Rng): number {
  return mean(problems.map((problem) => voteOf(problem, k, draws, random)));
}

/** The share of problems that the vote of k answers gets right, for one problem. */
export function voteOf({ counts, right }: AnswerCounts, k: number, draws: number, random: Rng): number {
  const total = counts.reduce((a, b) => a + b, 0);
  if (k > total) throw new RangeError(`a vote of ${k} needs as many answers, and there are ${total}`);
  if (right === undefined) return 0;
  if (k === 1) return counts[right]! / total;
  if (k === total) return shareOfTop(counts, right);
  const pool = counts.flatMap((count, answer) => Array.from({ length: count }, () => answer));
  const votes = counts.map(() => 0);
  let won = 0;
  for (let draw = 0; draw < draws; draw++) {
    votes.fill(0);
    // The first k of a shuffle, drawn in place: the order left behind is as good a start as any.
    for (let i = 0; i < k; i++) {
      const j = i + random.int(total - i);
      [pool[i], pool[j]] = [pool[j]!, pool[i]!];
      votes[pool[i]!]!++;
    }
    won += shareOfTop(votes, right);
  }
  return won / draws;
}

/** Where voting ends with ever more answers: the share of problems whose most frequent answer is right. */
export function majorityLimit(problems: readonly AnswerCounts[]): number {
  return mean(problems.map(({ counts, right }) => (right === undefined ? 0 : shareOfTop(counts, right))));
}

function shareOfTop(votes: readonly number[], right: number): number {
  const most = Math.max(...votes);
  return votes[right] === most ? 1 / votes.filter((count) => count === most).length : 0;
}

/**
 * Chance that the best-scored of k attempts drawn without replacement is right, unbiased; attempts of equal score share
 * it. Sorted from the best down, the one at place i is the best of C(n − i − 1, k − 1) of the C(n, k) subsets.
 */
export function bestOfK(attempts: readonly Scored[], k: number): number {
  const n = attempts.length;
  if (k > n) throw new RangeError(`best of ${k} needs as many attempts, and there are ${n}`);
  const sorted = attempts.toSorted((one, other) => other.score - one.score);
  // ahead: the chance that none of the first i is among the k drawn.
  let [ahead, found] = [1, 0];
  for (let i = 0; i < n;) {
    let end = i;
    while (end < n && sorted[end]!.score === sorted[i]!.score) end++;
    const right = sorted.slice(i, end).filter((one) => one.right).length / (end - i);
    let beyond = ahead;
    for (let j = i; j < end; j++) beyond *= Math.max(0, (n - j - k) / (n - j));
    found += (ahead - beyond) * right;
    ahead = beyond;
    i = end;
  }
  return found;
}

/** How far the chosen answers have moved from plain ones, in nats: ln k − (k − 1)/k (Gao et al. 2022, arXiv 2210.10760). */
export function bestOfKDivergence(k: number): number {
  return Math.log(k) - (k - 1) / k;
}
