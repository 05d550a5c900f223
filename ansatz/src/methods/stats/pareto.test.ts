import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { addedVolume, beats, crowding, dominates, firstFront, fronts, hypervolume, nondominated } from './pareto.ts';

/** Inclusion and exclusion over all subsets: the volume of a union of boxes, for a few points. */
function bruteForce(points: readonly (readonly number[])[], reference: readonly number[]): number {
  let sum = 0;
  for (let subset = 1; subset < 2 ** points.length; subset++) {
    const members = points.filter((_, i) => (subset >> i) & 1);
    const corner = reference.map((_, m) => Math.max(...members.map((point) => point[m]!)));
    const box = corner.reduce((product, x, m) => product * Math.max(0, reference[m]! - x), 1);
    sum += members.length % 2 === 1 ? box : -box;
  }
  return sum;
}

test.each([1, 2, 3, 4, 5])('the volume in %i dimensions is that of inclusion and exclusion', (m) => {
  const coordinate = fc.integer({ min: 0, max: 12 }).map((x) => x / 10);
  const point = fc.array(coordinate, { minLength: m, maxLength: m });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 8 }), (points) => {
      const reference = Array.from({ length: m }, () => 1);
      expect(hypervolume(points, reference)).toBeCloseTo(bruteForce(points, reference), 9);
      const [added, ...front] = points;
      if (added === undefined) return;
      const more = hypervolume(points, reference) - hypervolume(front, reference);
      expect(addedVolume(added, front, reference)).toBeCloseTo(more, 9);
    }),
    { numRuns: 200 },
  );
});

test('the volume of 100 points in three dimensions is what random throws say, to three standard errors', () => {
  const random = rng(1);
  const points = Array.from({ length: 100 }, () => {
    const x = [random.normal(), random.normal(), random.normal()].map(Math.abs);
    return x.map((v) => 1 - v / Math.hypot(...x));
  });
  const throws = 20_000;
  let hits = 0;
  for (let i = 0; i < throws; i++) {
    const at = [random.uniform(), random.uniform(), random.uniform()];
    if (points.some((p) => p.every((x, m) => x <= at[m]!))) hits++;
  }
  const volume = hypervolume(points, [1, 1, 1]);
  expect(Math.abs(hits / throws - volume)).toBeLessThan(3 * Math.sqrt((volume * (1 - volume)) / throws));
});

test('no points, points beyond the reference, NaN', () => {
  expect(hypervolume([], [1, 1])).toBe(0);
  expect(
    hypervolume(
      [
        [2, 0],
        [NaN, 0.5],
      ],
      [1, 1],
    ),
  ).toBe(0);
  expect(hypervolume([[0, 0]], [2, 3])).toBe(6);
});

test('domination, with and without constraints', () => {
  expect(dominates([1, 2], [1, 3])).toBe(true);
  expect(dominates([1, 2], [1, 2])).toBe(false);
  expect(dominates([0, 3], [1, 2])).toBe(false);
  expect(dominates([1, 1], [NaN, 1])).toBe(true);
  expect(dominates([NaN, 1], [1, 1])).toBe(false);
  expect(beats({ losses: [9], violations: [-1] }, { losses: [0], violations: [0.1] })).toBe(true);
  expect(beats({ losses: [9], violations: [0.1, 0.1] }, { losses: [0], violations: [1] })).toBe(true);
  expect(beats({ losses: [9], violations: [1] }, { losses: [0], violations: [1] })).toBe(false);
});

test('every member of a front is beaten by one of the front before, and by none of its own', () => {
  const random = rng(3);
  const outcomes = Array.from({ length: 80 }, () => ({
    losses: [random.uniform(), random.uniform(), random.int(3)],
    violations: [random.uniform() - 0.7],
  }));
  const sorted = fronts(outcomes);
  expect(sorted.flat().toSorted((a, b) => a - b)).toEqual([...outcomes.keys()]);
  sorted.forEach((front, f) => {
    for (const i of front) {
      expect(front.some((j) => beats(outcomes[j]!, outcomes[i]!))).toBe(false);
      if (f > 0) expect(sorted[f - 1]!.some((j) => beats(outcomes[j]!, outcomes[i]!))).toBe(true);
    }
  });
  const losses = outcomes.map((o) => o.losses);
  expect(nondominated(losses)).toEqual(fronts(losses.map((l) => ({ losses: l })))[0]);
});

test('crowding: the ends are free, the middle has the span of its neighbours', () => {
  expect(
    crowding([
      [0, 4],
      [1, 3],
      [4, 0],
    ]),
  ).toEqual([Infinity, 1 + 1, Infinity]);
  expect(crowding([[1, 1]])).toEqual([Infinity]);
  expect(crowding([])).toEqual([]);
});

test('the first front alone is the first of all fronts', () => {
  const number = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(Number.NaN, Infinity, -Infinity));
  const outcome = fc.record({
    losses: fc.tuple(number, number, number),
    violations: fc.option(fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 1, maxLength: 1 }), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 20 }), (outcomes) => {
      expect(firstFront(outcomes)).toEqual([...(fronts(outcomes)[0] ?? [])].sort((a, b) => a - b));
    }),
    { numRuns: 2000 },
  );
});
