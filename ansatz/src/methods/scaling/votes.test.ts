import { expect, test } from 'vitest';
import { mean, rng } from '../math/index.ts';
import { bestOfK, bestOfKDivergence, majorityAtK, majorityLimit, type Scored, voteOf } from './votes.ts';

test('a vote of one is the share of right answers, a vote of all the most frequent one', () => {
  const problem = { counts: [6, 3, 1], right: 1 };
  expect(voteOf(problem, 1, 10, rng(1))).toBeCloseTo(0.3, 12);
  expect(voteOf(problem, 10, 10, rng(1))).toBe(0);
  expect(voteOf({ counts: [5, 5], right: 0 }, 10, 10, rng(1))).toBe(0.5);
  expect(majorityAtK([problem, { counts: [9, 1], right: 0 }], 1, 10, rng(1))).toBeCloseTo(0.6, 12);
});

test('a vote of three equals its hypergeometric chance', () => {
  // Right 6 of 10, the rest one other answer: two or three right of three, (C(6,2)·4 + C(6,3)) / C(10,3).
  const expected = (15 * 4 + 20) / 120;
  expect(voteOf({ counts: [6, 4], right: 0 }, 3, 40_000, rng(2))).toBeCloseTo(expected, 2);
});

test('votes approach the share of problems whose most frequent answer is right, which no vote exceeds by luck', () => {
  const problems = [
    { counts: [60, 40], right: 0 },
    { counts: [40, 60], right: 0 },
    { counts: [100], right: undefined },
  ];
  expect(majorityLimit(problems)).toBeCloseTo(1 / 3, 12);
  expect(majorityAtK(problems, 99, 2000, rng(3))).toBeCloseTo(1 / 3, 1);
  expect(() => majorityAtK(problems, 101, 10, rng(3))).toThrow('needs as many');
});

test('best of k is what all subsets give', () => {
  const attempts: Scored[] = [
    { score: 3, right: false },
    { score: 2, right: true },
    { score: 2, right: false },
    { score: 1, right: true },
    { score: 0, right: false },
  ];
  for (let k = 1; k <= 5; k++) {
    const outcomes: number[] = [];
    for (let mask = 0; mask < 32; mask++) {
      const subset = attempts.filter((_, i) => mask & (1 << i));
      if (subset.length !== k) continue;
      const top = Math.max(...subset.map(({ score }) => score));
      const tied = subset.filter(({ score }) => score === top);
      outcomes.push(mean(tied.map(({ right }) => Number(right))));
    }
    expect(bestOfK(attempts, k), `k = ${k}`).toBeCloseTo(mean(outcomes), 12);
  }
  expect(() => bestOfK(attempts, 6)).toThrow('needs as many');
  expect(bestOfKDivergence(4)).toBeCloseTo(Math.log(4) - 0.75, 12);
});
