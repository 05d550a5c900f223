import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { akimaMinimum } from './akima.ts';
import { chinchillaLoss, computeOptimal, exponents } from './chinchilla.ts';
import { fitIsoflop, type IsoRun } from './isoflop.ts';

const LAW = { E: 1.7, A: 400, B: 1200, alpha: 0.34, beta: 0.3 };

/** Budgets a factor of √10 apart, sizes a factor of √2 apart around the optimum (shifted by so many). */
function profiles(noise: number, shift = 0, seed = 1): IsoRun[] {
  const random = rng(seed);
  return [18, 18.5, 19, 19.5, 20, 20.5].flatMap((power) => {
    const C = 10 ** power;
    const centre = computeOptimal(LAW, C).N;
    return [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((step) => {
      const N = centre * 2 ** ((step + shift) / 2);
      return { C, N, loss: chinchillaLoss(LAW, N, C / 6 / N) * Math.exp(noise * random.normal()) };
    });
  });
}

test('both ways find the exponent of the law the profiles come from', () => {
  const { local, akima, warnings } = fitIsoflop(profiles(0));
  const { a_N } = exponents(LAW);
  expect(local!.a).toBeCloseTo(a_N, 3);
  expect(akima!.a).toBeCloseTo(a_N, 3);
  expect(akima!.optima[0]!.N / computeOptimal(LAW, 1e18).N).toBeCloseTo(1, 2);
  expect(warnings).toEqual([]);
});

test('optima at the edge of the sizes are dropped, and it is said', () => {
  const { local, akima, warnings } = fitIsoflop(profiles(0, 6));
  expect(local).toBeUndefined();
  expect(akima).toBeUndefined();
  expect(warnings).toHaveLength(2);
  const some = profiles(0).filter(({ C, N }) => C > 2e18 || N > computeOptimal(LAW, C).N * 1.01);
  expect(fitIsoflop(some).warnings.join()).toContain('edge (Akima): no optimum between the sizes tried at 1.0e+18');
});

test('the two ways disagreeing by more than their errors is told', () => {
  // Kinked at the optimum and steeper on one side at larger budgets: the spline follows the kink, the parabola does not.
  const kinked = profiles(0).map(({ C, N }) => {
    const step = Math.log(N / computeOptimal(LAW, C).N);
    return { C, N, loss: 3 + (step > 0 ? 0.02 * Math.log10(C / 1e17) ** 2 * step : -0.02 * step) };
  });
  expect(fitIsoflop(kinked).warnings.join()).toContain('more than two standard errors apart');
});

test('the standard error is about the scatter of the exponent over repeats', () => {
  const fits = Array.from({ length: 60 }, (_, seed) => fitIsoflop(profiles(0.001, 0, seed)).local!);
  const centre = fits.reduce((sum, { a }) => sum + a, 0) / fits.length;
  const scatter = Math.sqrt(fits.reduce((sum, { a }) => sum + (a - centre) ** 2, 0) / 59);
  const told = Math.sqrt(fits.reduce((sum, { se }) => sum + se ** 2, 0) / 60);
  expect(told / scatter).toBeGreaterThan(0.7);
  expect(told / scatter).toBeLessThan(1.4);
});

test('the spline of a parabola has its vertex, and none outside of the points', () => {
  const x = [0, 1, 2, 3, 4, 5];
  expect(
    akimaMinimum(
      x,
      x.map((v) => (v - 2.2) ** 2),
    )!.x,
  ).toBeCloseTo(2.2, 1);
  expect(
    akimaMinimum(
      x,
      x.map((v) => (v + 1) ** 2),
    ),
  ).toBeUndefined();
  expect(akimaMinimum([0, 1], [1, 0])).toBeUndefined();
});
