import { expect, test } from 'vitest';
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from './quantile.ts';
import { mean, median, quantile, variance } from './summary.ts';

test('Student and normal quantiles agree with SciPy to 1e-6', () => {
  // scipy.stats 1.15.3: t.ppf(p, df), t.cdf(x, df), norm.ppf(p)
  expect(studentQuantile(0.975, 2)).toBeCloseTo(4.302652729696142, 6);
  expect(studentQuantile(0.95, 5)).toBeCloseTo(2.0150483733330233, 6);
  expect(studentQuantile(0.9875, 11)).toBeCloseTo(2.5930926825398037, 6);
  expect(studentQuantile(0.025, 1)).toBeCloseTo(-12.706204736432102, 5);
  expect(studentCdf(1.5, 4)).toBeCloseTo(0.896, 6);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
  expect(normalCdf(-1)).toBeCloseTo(0.15865525393145707, 8);
});

test('summaries of a sample', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(variance([1, 2, 6])).toBe(7);
  expect(variance([1])).toBeNaN();
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
  expect(quantile([], 0.5)).toBeNaN();
});
