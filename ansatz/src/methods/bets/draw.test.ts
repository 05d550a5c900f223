import { expect, test } from 'vitest';
import { mean, variance } from '../math/index.ts';
import { rng } from '../math/rng.ts';
import { beta, chiSquare, gamma } from './draw.ts';

const N = 40_000;

/** Five standard errors of the mean: a false alarm in a million. */
function agrees(draw: () => number, expected: number, spread: number): void {
  const values = Array.from({ length: N }, draw);
  expect(Math.abs(mean(values) - expected)).toBeLessThan(5 * Math.sqrt(spread / N));
  expect(variance(values) / spread).toBeGreaterThan(0.9);
  expect(variance(values) / spread).toBeLessThan(1.1);
}

test.each([0.5, 1, 2.5, 40])('gamma of shape %f has mean and variance of its shape', (shape) => {
  const random = rng(1);
  agrees(() => gamma(shape, random), shape, shape);
});

test.each([
  [2, 2],
  [2, 3],
  [0.7, 5],
])('beta(%f, %f) has its mean and variance', (a, b) => {
  const random = rng(2);
  agrees(() => beta(a, b, random), a / (a + b), (a * b) / ((a + b) ** 2 * (a + b + 1)));
});

test.each([3, 11])('chi-square of %i degrees of freedom has its mean and variance', (df) => {
  const random = rng(3);
  agrees(() => chiSquare(df, random), df, 2 * df);
});
