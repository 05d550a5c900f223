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

test('many points weigh the laws; of fewer smooth ones get one break, few or noisy ones the blend', () => {
  expect(chooseLaw(X, X.map(law)).law).toBe('weighted');
  const nine = X.slice(0, 9);
  expect(chooseLaw(nine, nine.map(law)).law).toBe('bnsl');
  expect(chooseLaw(nine, noisy(0.05, nine)).law).toBe('blend');
  expect(chooseLaw(X.slice(0, 6), X.slice(0, 6).map(law)).law).toBe('blend');
  expect(chooseLaw(nine, noisy(0.05, nine)).why).toMatch(/scatter by \d/);
});

test('repeats at one x are one point: they do not make few sizes many', () => {
  const x = X.slice(0, 6).flatMap((v) => [v, v, v]);
  expect(chooseLaw(x, noisy(0.01, x)).law).toBe('blend');
  expect(chooseLaw([1e6, 1e6, 1e6], [3, 3.1, 2.9]).roughness).toBe(Infinity);
});

test('curves mixed in one table are no smooth one, however smooth their mean', () => {
  const nine = X.slice(0, 9);
  const x = nine.flatMap((v) => [v, v]);
  const y = nine.flatMap((v) => [law(v), 1.3 * law(v)]);
  expect(chooseLaw(nine, nine.map(law)).law).toBe('bnsl');
  expect(chooseLaw(x, y).law).toBe('blend');
});

test('the blend lies between its members', () => {
  const y = noisy(0.03);
  const [m2, bnsl, blend] = (['m2', 'bnsl', 'blend'] as const).map((name) => fitLaw(name, X, y).at(1e12));
  expect(blend).toBeCloseTo(Math.sqrt(m2! * bnsl!), 10);
});

test('weighted, the law that forecasts the upper points best counts most', () => {
  // Without a floor the pure power law is right, with one it is far off.
  const power = (x: number): number => 300 * x ** -0.35;
  const at = (name: 'weighted' | 'power' | 'm2', y: readonly number[]): number => fitLaw(name, X, y).at(1e13);
  expect(at('weighted', X.map(power)) / power(1e13)).toBeCloseTo(1, 6);
  expect(at('weighted', X.map(law)) / law(1e13)).toBeCloseTo(1, 2);
  const y = noisy(0.01);
  expect(Math.abs(Math.log(at('weighted', y) / law(1e13)))).toBeLessThan(
    Math.abs(Math.log(at('power', y) / law(1e13))) / 4,
  );
  expect(fitLaw('weighted', X, y).params).toEqual(fitLaw('m2', X, y).params);
});

test('weighted, what happened at the start is left behind', () => {
  const started = X.map((v, i) => law(v) * (1 + 0.2 * Math.exp(-i)));
  const far = (name: 'weighted' | 'm2'): number => Math.abs(Math.log(fitLaw(name, X, started).at(1e11) / law(1e11)));
  expect(far('weighted')).toBeLessThan(far('m2') / 50);
});

test('weighted, too few points to try the laws on leave them alike', () => {
  const [x, y] = [
    [1e6, 4e6],
    [3, 2.5],
  ];
  expect(fitLaw('weighted', x, y).at(2e6)).toBeGreaterThan(2.5);
  expect(fitLaw('weighted', x, y).at(2e6)).toBeLessThan(3);
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
  // The multiple at 80 %: .34 of the doubt on either side.
  expect(width(1e11, 0.8)).toBeCloseTo(2 * 0.34 * doubt('m2', fit, X, y)(1e11), 10);
});

test('the run that a forecast hangs on is found', () => {
  const y = X.map(law);
  y[11] = 1.05 * y[11]!;
  expect(strongest(X, y, 1e12)!.index).toBe(11);
  expect(strongest(X, X.map(law), 1e12)!.moved).toBeLessThan(1e-3);
  expect(strongest(X.slice(0, 4), y.slice(0, 4), 1e12)).toBeUndefined();
});
