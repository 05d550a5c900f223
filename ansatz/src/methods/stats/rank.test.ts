import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { ranksOf, softSpearman, spearman } from './rank.ts';

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

test('with noise, what cannot be told apart neither speaks for an order nor against it', () => {
  const random = rng(3);
  // Six that differ and thirty that are one but for noise.
  const truth = [9, 7, 6, 4, 3, 2, ...Array.from({ length: 30 }, () => 0)];
  const noisy = (): number[] => truth.map((x) => x + 0.02 * random.normal());
  const [a, b] = [noisy(), noisy()];
  const within = [0.057, 0.057] as const;
  expect(spearman(a, b)).toBeLessThan(0.7);
  expect(softSpearman(a, b, within)).toBeGreaterThan(0.75);
  // The thirty ordered the wrong way round, by much more than noise, speak against it.
  const turned = truth.map((x, i) => (x === 0 ? -i : x));
  const other = truth.map((x, i) => (x === 0 ? i - 40 : x));
  expect(softSpearman(turned, other, within)).toBeLessThan(0);
  expect(softSpearman(a, b, [0, 0])).toBe(spearman(a, b));
  const apart = truth.map((x, i) => x + i);
  expect(softSpearman(apart, b, [1e-9, 1e-9])).toBeCloseTo(spearman(apart, b), 9);
  expect(softSpearman([1, NaN], [1, 2], [1, 1])).toBeNaN();
});
