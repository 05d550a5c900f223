import { describe, expect, test } from 'vitest';
import { rng } from '../../math/rng.ts';
import type { Point, Space } from '../../space/space.ts';
import { gp } from '../gp.ts';
import type { Observation } from '../sampler.ts';
import { trustBox, trustSide } from './trust.ts';

const results = (...losses: readonly (number | undefined)[]): Observation[] =>
  losses.map((loss) => (loss === undefined ? { point: {}, status: 'crashed' } : { point: {}, status: 'done', loss }));
const still = (n: number): number[] => Array.from({ length: n }, () => 2);

describe('the side of the box', () => {
  test('there is none while the search makes headway, and before it has begun', () => {
    expect(trustSide([], 12, 4)).toBeUndefined();
    expect(trustSide(results(...Array.from({ length: 60 }, (_, i) => 10 - 0.1 * i)), 12, 4)).toBeUndefined();
    expect(trustSide(results(1, 2, 2, 2, ...still(11)), 12, 4)).toBeUndefined();
  });

  test('is .4 after as many results without a gain as there are dimensions, crashes included, and halves', () => {
    expect(trustSide(results(1, 2, 2, 2, ...still(12)), 12, 4)).toBe(0.4);
    expect(trustSide(results(1, 2, 2, 2, ...still(10), undefined, undefined), 12, 4)).toBe(0.4);
    expect(trustSide(results(1, 2, 2, 2, ...still(18)), 12, 4)).toBe(0.2);
    expect(trustSide(results(1, 2, 2, 2, ...still(24)), 12, 4)).toBe(0.1);
  });

  test('doubles with three gains in a row, and is given up when it is wide or narrow again', () => {
    const inside = results(1, 2, 2, 2, ...still(12));
    expect(trustSide([...inside, ...results(0.9, 0.8)], 12, 4)).toBe(0.4);
    expect(trustSide([...inside, ...results(0.9, 0.8, 0.7)], 12, 4)).toBe(0.8);
    expect(trustSide([...inside, ...results(0.9, 0.8, 0.7, 0.6, 0.5, 0.4)], 12, 4)).toBeUndefined();
    // A gain of less than a thousandth is none.
    expect(trustSide([...inside, ...results(0.9, 0.8, 0.7999)], 12, 4)).toBe(0.4);
    expect(trustSide(results(1, 2, 2, 2, ...still(12 + 6 * 6)), 12, 4)).toBeUndefined();
  });

  test('pending points and other studies say nothing', () => {
    const others: Observation[] = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? { point: {}, status: 'pending' } : { point: {}, status: 'done', loss: 5, study: 'earlier' },
    );
    expect(trustSide([...results(1, 2, 2, 2), ...others], 12, 4)).toBeUndefined();
  });
});

test('the box stays in the cube, is long where the loss changes slowly, and leaves choices free', () => {
  const { low, high } = trustBox([0.5, 0.05, 2, -1], 0.4, [Math.log(2), Math.log(0.5), 0, 0], [0, 0, 1, 0]);
  expect([low[0], high[0]]).toEqual([expect.closeTo(0.1), expect.closeTo(0.9)]);
  expect([low[1], high[1]]).toEqual([0, expect.closeTo(0.15)]);
  expect([low[2], high[2], low[3], high[3]]).toEqual([0, 1, 0, 1]);
});

test('a search in 14 dimensions that stands still goes on near its best point', () => {
  const params = Array.from({ length: 14 }, (_, i) => ({
    name: `x${i}`,
    kind: 'float' as const,
    scale: 'linear' as const,
    low: 0,
    high: 1,
  }));
  const space: Space = { params, constraints: [] };
  const random = rng(5);
  const pointAt = (of: () => number): Point => Object.fromEntries(params.map(({ name }) => [name, of()]));
  const far = (a: Point): number =>
    Math.sqrt(params.reduce((sum, { name }) => sum + (Number(a[name]) - 0.4) ** 2, 0) / params.length);
  const history: Observation[] = [{ point: pointAt(() => 0.4), status: 'done', loss: 0 }];
  const add = (): void => {
    const point = pointAt(() => random.uniform());
    history.push({ point, status: 'done', loss: far(point) });
  };
  while (history.length < 12) add();
  const near: number[] = [];
  for (let still = 0; still < 40; still++) {
    add();
    near.push(far(gp(space, history, rng(1, still))));
  }
  // Twice ten results and fourteen without a gain: by then it is .4, later .1 wide.
  expect(Math.max(...near.slice(-4))).toBeLessThan(0.15);
});
