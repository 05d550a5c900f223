import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { fitSigmoid, sigmoidRange, sigmoidSlope } from './sigmoid.ts';

const curve = (x: number): number => 0.25 + (0.8 - 0.25) / (1 + Math.exp(6 * (x - 1.1)));
const binomial = (p: number, n: number, random: { uniform: () => number }): number =>
  Array.from({ length: n }, () => Number(random.uniform() < p)).reduce((a, b) => a + b, 0) / n;
const X = Array.from({ length: 14 }, (_, i) => 1.8 - 0.1 * i);

test('a curve is found again from scores without noise', () => {
  const { params, objective, at } = fitSigmoid({ x: X, score: X.map(curve) }, 0.25, 0.95);
  expect(objective).toBeLessThan(1e-8);
  expect(params.ceiling).toBeCloseTo(0.8, 4);
  expect(params.k).toBeCloseTo(6, 3);
  expect(params.x0).toBeCloseTo(1.1, 4);
  expect(at(0.5)).toBeCloseTo(curve(0.5), 4);
});

test('scores near chance do not say where the ceiling is, those near it do', () => {
  const random = rng(2);
  const early = X.slice(0, 6);
  const seen = early.map((x) => binomial(curve(x), 1000, random));
  const unsure = fitSigmoid({ x: early, score: seen, items: 1000 }, 0.25, 0.95);
  expect(unsure.identified.ceiling).toBe(false);
  expect(unsure.saturated).toBe(false);
  const all = [...X, 0.4, 0.3];
  const sure = fitSigmoid({ x: all, score: all.map((x) => binomial(curve(x), 1000, random)), items: 1000 }, 0.25, 0.95);
  expect(sure.identified.ceiling).toBe(true);
  expect(sure.intervals.ceiling[0]).toBeLessThan(0.8);
  expect(sure.intervals.ceiling[1]).toBeGreaterThan(0.8);
  expect(sure.saturated).toBe(true);
});

test('the standard error of the curve is that of refits to fresh scores', () => {
  const random = rng(7);
  const at = 1.05;
  const wide = [...X, 0.4, 0.3, 0.2];
  const values = Array.from({ length: 60 }, () =>
    fitSigmoid({ x: wide, score: wide.map((x) => binomial(curve(x), 500, random)), items: 500 }, 0.25, 0.95),
  );
  const centre = values.reduce((sum, fit) => sum + fit.at(at), 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, fit) => sum + (fit.at(at) - centre) ** 2, 0) / (values.length - 1));
  const told = values.reduce((sum, fit) => sum + fit.se(at), 0) / values.length;
  expect(told / sd).toBeGreaterThan(0.7);
  expect(told / sd).toBeLessThan(1.5);
});

test('scores at chance are counted as saying little', () => {
  const score = [0.25, 0.24, 0.26, 0.3, 0.4, 0.5];
  expect(fitSigmoid({ x: [6, 5, 4, 3, 2, 1], score, items: 1000 }, 0.25, 0.95).informative).toBe(3);
});

test('without a ceiling in sight the interval spans both curves', () => {
  const random = rng(2);
  const early = X.slice(0, 8);
  const fit = fitSigmoid(
    { x: early, score: early.map((x) => binomial(curve(x), 1000, random)), items: 1000 },
    0.25,
    0.95,
  );
  const [low, high] = sigmoidRange(fit, 0.6, 1.28);
  expect(low).toBeLessThanOrEqual(Math.min(fit.at(0.6), fit.lower!.at(0.6)));
  expect(high).toBeGreaterThanOrEqual(Math.max(fit.at(0.6), fit.lower!.at(0.6)));
  expect(low).toBeLessThan(curve(0.6));
  expect(high).toBeGreaterThan(curve(0.6));
  expect(sigmoidSlope(fit, 1.2)).toBeCloseTo((fit.at(1.2 + 1e-6) - fit.at(1.2 - 1e-6)) / 2e-6, 4);
});
