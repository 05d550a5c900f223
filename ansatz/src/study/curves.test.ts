import fc from 'fast-check';
import { expect, test } from 'vitest';
import { band, bucketed, smooth, thin } from './curves.ts';

const xs = [0, 1, 2, 3, 4, 5, 6, 7];

test('smoothing keeps a constant, forgets its start, and does not depend on how often a script prints', () => {
  for (const value of smooth({ xs, ys: xs.map(() => 3) }, 2)) expect(value).toBeCloseTo(3, 12);
  // The first value is the first value: no bias towards zero.
  expect(smooth({ xs, ys: [8, 0, 0, 0, 0, 0, 0, 0] }, 1)[0]).toBe(8);
  // A step, seen at every x and at every tenth of x, is smoothed to nearly the same value at the same place.
  const curve = (every: number): number => {
    const at = Array.from({ length: Math.round(20 / every) + 1 }, (_, i) => i * every);
    const line = { xs: at, ys: at.map((x) => (x < 10 ? 1 : 0)) };
    return smooth(line, 4).at(-1)!;
  };
  expect(Math.abs(curve(1) - curve(0.1))).toBeLessThan(0.03);
});

test('half-life 0 changes nothing; values that are no numbers stay where they are and spoil no other', () => {
  const ys = [1, NaN, 3, Infinity, 5, 6, 7, 8];
  expect([...smooth({ xs, ys }, 0)]).toEqual(ys);
  const smoothed = smooth({ xs, ys }, 2);
  expect(smoothed[1]).toBeNaN();
  expect(smoothed[3]).toBe(Infinity);
  expect(smoothed.slice(4).every(Number.isFinite)).toBe(true);
});

test('thinning keeps both ends, the lowest and the highest, and the order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 3000 }), (ys) => {
      const line = thin({ xs: ys.map((_, i) => i), ys }, 40);
      expect(line.xs.length).toBeLessThanOrEqual(Math.max(42, Math.min(ys.length, 40)));
      expect([line.ys[0], line.ys.at(-1)]).toEqual([ys[0], ys.at(-1)]);
      expect(Math.min(...line.ys)).toBe(Math.min(...ys));
      expect(Math.max(...line.ys)).toBe(Math.max(...ys));
      expect(line.xs.every((x, i) => i === 0 || x > line.xs[i - 1]!)).toBe(true);
      line.xs.forEach((x, i) => expect(line.ys[i]).toBe(ys[x]));
    }),
  );
});

test('a band is the mean and the spread of all members that reach a place, and says how many they are', () => {
  const two = band(
    [
      { xs: [0, 1, 2], ys: [0, 2, 4] },
      { xs: [0, 1], ys: [2, 4] },
    ],
    100,
  );
  expect(two.xs).toEqual([0, 1, 2]);
  expect(two.mean).toEqual([1, 3, 4]);
  expect(two.n).toEqual([2, 2, 1]);
  expect(two.sd[0]).toBeCloseTo(Math.SQRT2);
  expect(two.sd[2]).toBe(0);
});

test('members on other steps are met between their points; a step heard twice and values that are no numbers are left out', () => {
  const met = band(
    [
      { xs: [0, 2], ys: [0, 2] },
      { xs: [0, 1, 1, 2], ys: [0, 3, 99, NaN] },
    ],
    100,
  );
  expect(met.xs).toEqual([0, 1, 2]);
  expect(met.mean).toEqual([0, 2, 2]);
  expect(met.n).toEqual([2, 2, 1]);
  expect(band([], 10).xs).toEqual([]);
  expect(band([{ xs: [1], ys: [NaN] }], 10).xs).toEqual([]);
});

test('the mean of a group does not change with how many points are drawn', () => {
  const members = [1, 2, 3].map((k) => ({
    xs: Array.from({ length: 5000 }, (_, i) => i),
    ys: Array.from({ length: 5000 }, (_, i) => k * Math.exp(-i / 1000)),
  }));
  const [coarse, fine] = [band(members, 50), band(members, 2000)];
  coarse.xs.forEach((x, i) => expect(coarse.mean[i]).toBeCloseTo(2 * Math.exp(-x / 1000), 3));
  fine.xs.forEach((x, i) => expect(fine.mean[i]).toBeCloseTo(2 * Math.exp(-x / 1000), 3));
});

test('lines thinned by stretches have their x in common, and keep each stretch’s lowest and highest', () => {
  const line = (k: number) => ({
    xs: Float64Array.from({ length: 10_000 }, (_, i) => i),
    ys: Float64Array.from({ length: 10_000 }, (_, i) => Math.sin(i * k) + (i === 5003 ? 50 : 0)),
  });
  const [a, b] = [bucketed(line(1), 0, 9999, 100), bucketed(line(1.7), 0, 9999, 100)];
  expect(a.xs).toEqual(b.xs);
  expect(a.xs).toHaveLength(200);
  expect(Math.max(...a.ys)).toBeGreaterThan(49);
  expect(a.xs.every((x, i) => i === 0 || x > a.xs[i - 1]!)).toBe(true);
  // A line that covers half of the range has half of the places; gaps and values that are no numbers leave theirs out.
  expect(bucketed({ xs: [0, 1, 2, 3], ys: [1, NaN, 3, 4] }, 0, 8, 4).xs).toEqual([0.5, 2.5, 3.5]);
});
