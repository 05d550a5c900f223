import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { believeLines, type Place, spreadOf } from './lines.ts';

/** Points of a − c u with noise, at these u. */
function places(a: number, c: number, at: readonly number[], sd: number, seed: number): Place[] {
  const random = rng(seed);
  return at.map((u) => ({ u, v: a - c * u + sd * random.normal(), sd }));
}

test('one by one it is the textbook posterior of a line with a known noise', () => {
  // Flat intercept: with a single place the slope is the prior, and the line goes through the place.
  const lone = believeLines([[{ u: 1, v: 0.4, sd: 0.1 }]], 0.3, 0.05);
  expect(lone.slope(0)).toBeCloseTo(0.3, 9);
  expect(lone.at(0, 1)).toBeCloseTo(0.4, 9);
  // Away from the place: noise, and the slope's spread times the distance.
  expect(lone.covariance(0, 3, 0, 3)).toBeCloseTo(0.1 ** 2 + (2 * 0.05) ** 2, 9);
  expect(lone.covariance(0, 1, 0, 3)).toBeCloseTo(0.1 ** 2, 9);
});

test('recipes that have nothing in common are believed as if they were alone', () => {
  const groups = [
    places(1, 0.3, [-1, 0, 1], 0.01, 1),
    places(2, 0.2, [-1, 1], 0.01, 2),
    places(1.5, 0.4, [0], 0.01, 3),
  ];
  const alone = believeLines(groups, 0.3, 0.1);
  const together = believeLines(groups, 0.3, 0.1, (i, j) => Number(i === j));
  for (const k of [0, 1, 2]) {
    expect(together.slope(k)).toBeCloseTo(alone.slope(k), 3);
    expect(together.at(k, 2)).toBeCloseTo(alone.at(k, 2), 2);
    expect(together.covariance(k, 2, k, 2) / alone.covariance(k, 2, k, 2)).toBeCloseTo(1, 1);
  }
  expect(Math.abs(together.covariance(0, 2, 1, 2))).toBeLessThan(1e-4);
});

test('a recipe that ran at one place falls like those it is alike to, and its luck is not believed', () => {
  const many = [-1, -0.5, 0, 0.5, 1];
  const groups = [
    places(1, 0.2, many, 0.01, 1),
    places(1, 0.2, many, 0.01, 2),
    places(2, 0.4, many, 0.01, 3),
    // Far luckier than noise allows.
    [{ u: 0, v: 0.9, sd: 0.01 }],
  ];
  const kin = new Set([0, 1, 3]);
  const lines = believeLines(groups, 0.3, 0.1, (i, j) => (i === j ? 1 : kin.has(i) && kin.has(j) ? 0.98 : 0.03));
  expect(lines.slope(3)).toBeLessThan(0.24);
  expect(lines.at(3, 0)).toBeGreaterThan(0.9);
  const apart = believeLines(groups, 0.3, 0.1);
  expect(apart.slope(3)).toBeCloseTo(0.3, 6);
  expect(lines.covariance(3, 3, 3, 3)).toBeLessThan(apart.covariance(3, 3, 3, 3));
  // What they share cancels in their difference.
  const variance = (i: number, j: number): number =>
    lines.covariance(i, 3, i, 3) + lines.covariance(j, 3, j, 3) - 2 * lines.covariance(i, 3, j, 3);
  expect(variance(3, 1)).toBeLessThan(variance(3, 2));
});

test('the spread of slopes is found beyond their noise, whatever single one is badly known', () => {
  const errors: number[] = [];
  for (let seed = 0; seed < 40; seed++) {
    const random = rng(seed, 5);
    const own = Array.from({ length: 30 }, (_, i) => {
      const sd = i % 10 === 0 ? 1 : 0.03;
      return { slope: 0.3 + 0.06 * random.normal() + sd * random.normal(), variance: sd * sd };
    });
    errors.push(Math.log(spreadOf(own, 0.04, 3) / 0.06));
  }
  const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
  expect(Math.abs(mean)).toBeLessThan(0.25);
  expect(spreadOf([], 0.04, 3)).toBeCloseTo(0.04, 9);
});
