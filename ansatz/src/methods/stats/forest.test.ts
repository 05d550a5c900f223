import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { decompose, fitForest, type Forest, marginal } from './forest.ts';

/** n random rows and their values. */
function data(d: number, n: number, seed: number, f: (x: readonly number[]) => number) {
  const random = rng(seed);
  const rows = Array.from({ length: n }, () => Array.from({ length: d }, () => random.uniform()));
  return { rows, values: rows.map(f) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** What a tree says at a place. */
function at(forest: Forest, tree: number, x: readonly number[]): number {
  return forest.trees[tree]!.find(({ low, high }) => x.every((u, i) => u >= low[i]! && u < high[i]!))!.value;
}

test('marginals and variances equal those of random throws into the same trees', () => {
  const { rows, values } = data(3, 150, 1, ([a, b, c]) => a! + 2 * b! * c!);
  const forest = fitForest(rows, values, rng(1), { trees: 3 });
  const { alone, pairs } = decompose(forest);
  const grid = Array.from({ length: 40 }, (_, i) => (i + 0.5) / 40);
  forest.trees.forEach((_, t) => {
    const cube = grid.map((a) => grid.map((b) => grid.map((c) => at(forest, t, [a, b, c]))));
    const overall = mean(cube.flat(2));
    const variance = mean(cube.flat(2).map((v) => (v - overall) ** 2));
    const first = cube.map((slice) => mean(slice.flat()));
    const second = grid.map((_b, j) => mean(cube.map((slice) => mean(slice[j]!))));
    const plane = cube.map((slice) => slice.map(mean));
    const both = mean(plane.flatMap((line, i) => line.map((v, j) => (v - first[i]! - second[j]! + overall) ** 2)));
    expect(alone[0]![t]).toBeCloseTo(mean(first.map((v) => (v - overall) ** 2)) / variance, 1);
    expect(pairs[0]!.axes).toEqual([0, 1]);
    expect(pairs[0]!.shares[t]).toBeCloseTo(both / variance, 1);
  });
});

test('shares of an additive and of a multiplicative function are near the true ones', () => {
  // Variances of x, 2y: 1/12 and 4/12.
  const additive = data(3, 600, 2, ([x, y]) => x! + 2 * y!);
  const sum = decompose(fitForest(additive.rows, additive.values, rng(2)));
  expect(mean(sum.alone[0]!)).toBeCloseTo(0.2, 1);
  expect(mean(sum.alone[1]!)).toBeCloseTo(0.8, 1);
  expect(mean(sum.alone[2]!)).toBeLessThan(0.02);
  for (const { shares } of sum.pairs) expect(mean(shares)).toBeLessThan(0.05);
  // (x − ½)(y − ½) has no main effects at all.
  const product = data(3, 600, 3, ([x, y]) => (x! - 0.5) * (y! - 0.5));
  const { pairs } = decompose(fitForest(product.rows, product.values, rng(3)));
  expect(mean(pairs[0]!.shares)).toBeGreaterThan(0.5);
  expect(mean(pairs[0]!.shares)).toBeGreaterThan(5 * mean(pairs[1]!.shares));
});

test('marginal curves follow the function', () => {
  const { rows, values } = data(2, 400, 4, ([x]) => 4 * (x! - 0.3) ** 2);
  const places = [0.05, 0.3, 0.6, 0.95, 1];
  marginal(fitForest(rows, values, rng(4)), 0, places).forEach(({ mean: height, sd }, i) => {
    expect(Math.abs(height - 4 * (Math.min(0.97, places[i]!) - 0.3) ** 2)).toBeLessThan(0.25);
    expect(sd).toBeGreaterThanOrEqual(0);
  });
});

test('no rows, one row, constant values, unknown coordinates', () => {
  expect(fitForest([], [], rng(1)).trees).toHaveLength(0);
  expect(marginal(fitForest([], [], rng(1)), 0, [0.5])[0]!.mean).toBeNaN();
  expect(marginal(fitForest([[0.2]], [7], rng(1)), 0, [0, 1])).toEqual([
    { mean: 7, sd: 0 },
    { mean: 7, sd: 0 },
  ]);
  const flat = data(2, 50, 5, () => 3);
  expect(
    decompose(fitForest(flat.rows, flat.values, rng(1)))
      .alone.flat()
      .every((share) => share === 0),
  ).toBe(true);
  const { rows, values } = data(2, 200, 6, ([x]) => x!);
  const half = rows.map(([x], i) => [x!, i % 2 === 0 ? NaN : 0.5]);
  const { alone } = decompose(fitForest(half, values, rng(6)));
  expect(mean(alone[0]!)).toBeGreaterThan(0.9);
});
