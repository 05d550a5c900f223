import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { backtest, fitLaw, identifyLaw, type LawName, LAWS } from './curves.ts';
import { broken, fitShape, offsetPower, type Shape, shiftedPower } from './laws.ts';

const { curve } = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/scipy.json'), 'utf8')) as {
  curve: { points: [number, number][]; m2: number; shifted: number };
};
const X = Array.from({ length: 14 }, (_, i) => 1e6 * 2 ** i);
const m2 = (x: number): number => 1.8 + 300 * x ** -0.35;

test('m2 and shifted reach the least squares that SciPy finds', () => {
  const [x, y] = [curve.points.map(([at]) => at), curve.points.map(([, value]) => value)];
  expect(fitLaw('m2', x, y).objective).toBeLessThanOrEqual(curve.m2 * (1 + 1e-6));
  expect(fitLaw('shifted', x, y).objective).toBeLessThanOrEqual(curve.shifted * (1 + 1e-4));
});

test.each<[LawName, (x: number) => number, Record<string, number>]>([
  ['power', (x) => 300 * x ** -0.2, { b: 300, c: 0.2 }],
  ['m2', m2, { E: 1.8, b: 300, c: 0.35 }],
  ['shifted', (x) => 1.8 + 3000 * (x + 4e6) ** -0.5, { E: 1.8, b: 3000, c: 0.5, s: 4e6 }],
  [
    'bnsl',
    (x) => 1 + 50 * x ** -0.1 * (1 + (x / 1e8) ** (1 / 0.6)) ** (-0.5 * 0.6),
    { E: 1, b: 50, c0: 0.1, c1: 0.5, d: 1e8, f: 0.6 },
  ],
])('%s is found again from points without noise, and forecasts', (name, law, params) => {
  const fit = fitLaw(name, X, X.map(law));
  for (const [param, value] of Object.entries(params)) expect(fit.params[param]! / value, param).toBeCloseTo(1, 1);
  expect(fit.at(1e12) / law(1e12)).toBeCloseTo(1, 2);
});

test('m4 satisfies its equation between E and the start, and forecasts a law that bends over', () => {
  const law = (x: number): number => 0.2 + 0.8 / (1 + (x / 1e8) ** 0.5);
  const y = X.map(law);
  const fit = fitLaw('m4', X, y);
  const { E, a, b, c } = fit.params as { E: number; a: number; b: number; c: number };
  const top = 1.25 * Math.max(...y);
  const at = fit.at(1e9);
  expect((at - E) / (top - at) ** a / (b * 1e9 ** -c)).toBeCloseTo(1, 6);
  expect(fit.at(4e10) / law(4e10)).toBeGreaterThan(0.9);
  expect(fit.at(4e10) / law(4e10)).toBeLessThan(1.1);
});

test('a point whose residual counts double is the same as four of it', () => {
  const random = rng(5);
  const y = X.map((x) => m2(x) * Math.exp(0.01 * random.normal()));
  const weights = X.map((_, i) => (i < 9 ? 1 : 2));
  const repeated = (of: readonly number[]): number[] => of.flatMap((v, i) => (i < 9 ? [v] : [v, v, v, v]));
  for (const shape of [offsetPower, shiftedPower]) {
    const fit = fitShape(shape, X, y, weights);
    const same = fitShape(shape, repeated(X), repeated(y));
    expect(fit.at(1e12) / same.at(1e12)).toBeCloseTo(1, 5);
    expect(fit.objective / same.objective).toBeCloseTo(1, 6);
    expect(fit.at(1e12) / fitShape(shape, X, y).at(1e12)).not.toBeCloseTo(1, 4);
  }
});

test('the ensemble forecasts between the members', () => {
  const random = rng(3);
  const y = X.map((x) => m2(x) * Math.exp(0.01 * random.normal()));
  const members = (['m2', 'shifted', 'm4', 'bnsl'] as const).map((name) => fitLaw(name, X, y).at(1e12));
  const at = fitLaw('ensemble', X, y).at(1e12);
  expect(at).toBeGreaterThan(Math.min(...members));
  expect(at).toBeLessThan(Math.max(...members));
});

test.each<[string, Shape, number[]]>([
  ['m2', offsetPower, [0.3]],
  ['shifted', shiftedPower, [0.4, -1]],
  ['bnsl', broken, [0.2, 0.3, 0.5, 0.7]],
])('derivatives of %s are those of its formula', (_, shape, theta) => {
  const slopes = new Float64Array(shape.size);
  const spare = new Float64Array(shape.size);
  shape.log(1.3, theta, slopes);
  for (let i = 0; i < shape.size; i++) {
    const at = (h: number): number =>
      shape.log(
        1.3,
        theta.map((v, j) => (j === i ? v + h : v)),
        spare,
      );
    expect(slopes[i]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 6);
  }
});

test('a floor far below the data is not identified, one that is reached is', () => {
  const random = rng(5);
  const noisy = (law: (x: number) => number): number[] => X.map((x) => law(x) * Math.exp(0.01 * random.normal()));
  const far = noisy((x) => 0.001 + 30 * x ** -0.1);
  const near = noisy((x) => 2 + 3000 * x ** -0.5);
  expect(identifyLaw('m2', fitLaw('m2', X, far), X, far, 0.95)['E']).toBe(false);
  expect(identifyLaw('m2', fitLaw('m2', X, near), X, near, 0.95)).toEqual({ E: true, b: true, c: true });
});

test('a backtest is exact without noise, and undefined with too few points', () => {
  expect(backtest('m2', X, X.map(m2))).toBeLessThan(1e-4);
  for (const name of Object.keys(LAWS) as LawName[])
    expect(backtest(name, X.slice(0, LAWS[name]), X.slice(0, LAWS[name]).map(m2))).toBeUndefined();
});
