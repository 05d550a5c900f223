import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { coverage, fitBeta, meanPassAtK, passAtK } from './passk.ts';

const { betaBinomial } = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/scipy.json'), 'utf8')) as {
  betaBinomial: [number, number, number, number][];
};

test.each([
  [10, 3, 1, 0.3],
  [10, 3, 5, 0.91666667],
  [200, 7, 1, 0.035],
  [200, 7, 10, 0.30559881],
  [200, 7, 100, 0.99299112],
  [10_000, 1, 100, 0.01],
  [10, 0, 10, 0],
  [10, 6, 5, 1],
])('of %d attempts %d right: pass@%d is %d', (n, c, k, expected) => expect(passAtK(n, c, k)).toBeCloseTo(expected, 8));

test('more attempts than were made are refused', () => expect(() => passAtK(10, 3, 11)).toThrow('pass@11'));

test.each(betaBinomial)('coverage of Beta(%d, %d) at %d is that of SciPy', (a, b, k, expected) =>
  expect(coverage({ a, b }, k)).toBeCloseTo(expected, 8),
);

test('coverage at 10,000 is forecast from 100 attempts at 400 problems within a twentieth', () => {
  const random = rng(7);
  // Beta(1/2, 3) is a squared normal over a sum of seven.
  const problems = Array.from({ length: 400 }, () => {
    const squares = Array.from({ length: 7 }, () => random.normal() ** 2);
    const chance = squares[0]! / squares.reduce((a, b) => a + b, 0);
    let c = 0;
    for (let i = 0; i < 100; i++) if (random.uniform() < chance) c++;
    return { n: 100, c };
  });
  const fit = fitBeta(problems)!;
  expect(fit.a).toBeGreaterThan(0.4);
  expect(fit.a).toBeLessThan(0.6);
  expect(coverage(fit, 50)).toBeCloseTo(meanPassAtK(problems, 50), 1);
  expect(Math.abs(coverage(fit, 10_000) - coverage({ a: 0.5, b: 3 }, 10_000))).toBeLessThan(0.05);
});

test('nothing right, or nothing wrong, gives no difficulty', () => {
  expect(fitBeta([{ n: 10, c: 0 }])).toBeUndefined();
  expect(fitBeta([{ n: 10, c: 10 }])).toBeUndefined();
});
