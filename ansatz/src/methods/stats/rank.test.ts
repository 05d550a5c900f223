import { expect, test } from 'vitest';
import { ranksOf, spearman } from './rank.ts';

test('equal values share the mean of their ranks', () => {
  expect(ranksOf([3, 1, 4, 1, 5])).toEqual([3, 1.5, 4, 1.5, 5]);
});

test('agrees with the textbook formula where there are no ties', () => {
  const a = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
  const b = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const squares = x.reduce((sum, rank, i) => sum + (rank - y[i]!) ** 2, 0);
  expect(spearman(a, b)).toBeCloseTo(1 - (6 * squares) / (10 * 99), 12);
  expect(spearman(a, b)).toBeCloseTo(-0.17575757575, 9);
});

test('sees order alone, its own mirror image, and nothing where there is no order', () => {
  const a = [1, 2, 3, 4];
  expect(spearman(a, a.map(Math.exp))).toBeCloseTo(1, 12);
  expect(
    spearman(
      a,
      a.map((x) => -(x ** 3)),
    ),
  ).toBeCloseTo(-1, 12);
  expect(spearman(a, [2, 2, 2, 2])).toBeNaN();
  expect(spearman([1], [1])).toBeNaN();
  expect(spearman([1, 2], [1, NaN])).toBeNaN();
});
