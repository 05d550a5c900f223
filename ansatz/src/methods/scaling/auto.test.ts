import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { chooseLaw, doubt, forecastLaw, strongest } from './auto.ts';
import { fitLaw } from './curves.ts';

const X = Array.from({ length: 12 }, (_, i) => 1e6 * 2 ** i);
const law = (x: number): number => 1.8 + 300 * x ** -0.35;
const noisy = (sd: number, x = X): number[] => {
  const random = rng(4);
  return x.map((v) => law(v) * Math.exp(sd * random.normal()));
};

test('smooth points in number get one break, few or noisy ones the blend', () => {
  expect(chooseLaw(X, X.map(law)).law).toBe('bnsl');
  expect(chooseLaw(X, noisy(0.05)).law).toBe('blend');
  expect(chooseLaw(X.slice(0, 6), X.slice(0, 6).map(law)).law).toBe('blend');
  expect(chooseLaw(X, noisy(0.05)).why).toMatch(/scatter by \d/);
});

test('repeats at one x are one point: they do not make few sizes many', () => {
  const x = X.slice(0, 6).flatMap((v) => [v, v, v]);
  expect(chooseLaw(x, noisy(0.01, x)).law).toBe('blend');
  expect(chooseLaw([1e6, 1e6, 1e6], [3, 3.1, 2.9]).roughness).toBe(Infinity);
});

test('curves mixed in one table are no smooth one, however smooth their mean', () => {
  const x = X.flatMap((v) => [v, v]);
  const y = X.flatMap((v) => [law(v), 1.3 * law(v)]);
  expect(chooseLaw(X, X.map(law)).law).toBe('bnsl');
  expect(chooseLaw(x, y).law).toBe('blend');
});

test('the blend lies between its members', () => {
  const y = noisy(0.03);
  const [m2, bnsl, blend] = (['m2', 'bnsl', 'blend'] as const).map((name) => fitLaw(name, X, y).at(1e12));
  expect(blend).toBeCloseTo(Math.sqrt(m2! * bnsl!), 10);
});

test('intervals widen with the level, with distance and with noise', () => {
  const y = noisy(0.02);
  const fit = fitLaw('m2', X, y);
  const width = (at: number, level: number, points = y): number => {
    const { low, high, y: middle } = forecastLaw('m2', fitLaw('m2', X, points), X, points, [at], level)[0]!;
    expect(low).toBeLessThan(middle);
    expect(middle).toBeLessThan(high);
    return Math.log(high / low);
  };
  for (const [small, large] of [
    [0.5, 0.8],
    [0.8, 0.9],
    [0.9, 0.95],
    [0.95, 0.99],
  ] as const)
    expect(width(1e11, small)).toBeLessThan(width(1e11, large));
  expect(width(1e10, 0.8)).toBeLessThan(width(1e12, 0.8));
  expect(width(1e10, 0.8, X.map(law))).toBeLessThan(width(1e10, 0.8));
  // The published multiple at 80 %: .68 of the doubt on either side.
  expect(width(1e11, 0.8)).toBeCloseTo(2 * 0.68 * doubt('m2', fit, X, y)(1e11), 10);
});

test('the run that a forecast hangs on is found', () => {
  const y = X.map(law);
  y[11] = 1.05 * y[11]!;
  expect(strongest(X, y, 1e12)!.index).toBe(11);
  expect(strongest(X, X.map(law), 1e12)!.moved).toBeLessThan(1e-3);
  expect(strongest(X.slice(0, 4), y.slice(0, 4), 1e12)).toBeUndefined();
});
