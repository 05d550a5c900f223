import { expect, test } from 'vitest';
import reference from './quantile.fixture.json' with { type: 'json' };
import { fQuantile, normalCdf, normalQuantile, studentCdf, studentQuantile } from './quantile.ts';
import { mean, median, quantile, variance } from './summary.ts';

/** Relative to the value where it is above 1. */
function near(mine: number, theirs: number, tolerance: number): void {
  expect(Math.abs(mine - theirs), `${mine} against ${theirs}`).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(theirs)),
  );
}

test('normal, Student and F agree with SciPy: quantiles to 1e-6, distribution functions to 1e-7', () => {
  for (const [p, x] of reference.normalQuantile) near(normalQuantile(p!), x!, 1e-6);
  for (const [x, p] of reference.normalCdf) near(normalCdf(x!), p!, 1e-7);
  for (const [p, df, x] of reference.studentQuantile) near(studentQuantile(p!, df!), x!, 1e-6);
  for (const [x, df, p] of reference.studentCdf) near(studentCdf(x!, df!), p!, 1e-7);
  for (const [p, a, b, x] of reference.fQuantile) near(fQuantile(p!, a!, b!), x!, 1e-6);
});

test('summaries of a sample', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(variance([1, 2, 6])).toBe(7);
  expect(variance([1])).toBeNaN();
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
  expect(quantile([], 0.5)).toBeNaN();
});
