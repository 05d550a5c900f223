import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { randomPoint, type Param, type Point, type Space } from '../space/index.ts';
import { pressedEdges } from './edges.ts';

function told(param: Param, loss: (x: number) => number, n = 60, seed = 1): ReturnType<typeof pressedEdges> {
  const space: Space = { params: [param], constraints: [] };
  const random = rng(seed);
  const results = Array.from({ length: n }, () => {
    const point: Point = randomPoint(space, random);
    return { point, loss: loss(Number(point['x'])) };
  });
  return pressedEdges(space, results);
}

const lr: Param = { name: 'x', kind: 'float', low: 1e-5, high: 1e-3, scale: 'log' };

test('says which edge, and what to try', () => {
  expect(told(lr, (x) => -x)).toMatchObject([{ name: 'x', edge: 'high', at: 1e-3, wider: 0.01 }]);
  expect(told(lr, (x) => x)).toMatchObject([{ edge: 'low', at: 1e-5, wider: 1e-6 }]);
  expect(told(lr, (x) => Math.abs(Math.log10(x) + 4))).toEqual([]);
});

test('whole numbers keep to whole numbers, shares to shares, signs to signs', () => {
  expect(told({ name: 'x', kind: 'int', low: 1, high: 12, scale: 'linear' }, (x) => -x)).toMatchObject([{ wider: 18 }]);
  expect(told({ name: 'x', kind: 'int', low: 1, high: 12, scale: 'linear' }, (x) => x)).toEqual([]);
  expect(told({ name: 'x', kind: 'float', low: 0, high: 0.9, scale: 'linear' }, (x) => -x)).toMatchObject([
    { wider: 0.95 },
  ]);
  expect(told({ name: 'x', kind: 'float', low: 0, high: 0.9, scale: 'linear' }, (x) => x)).toEqual([]);
  expect(told({ name: 'x', kind: 'float', low: 1, high: 9, scale: 'linear' }, (x) => x)).toMatchObject([
    { wider: 0.25 },
  ]);
});

test('nothing is told of noise in more than a few of 400 cases, nor of few results', () => {
  let alarms = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = rng(seed, 1);
    alarms += told(lr, () => random.normal(), 40, seed).length;
  }
  expect(alarms).toBeLessThanOrEqual(12);
  expect(told(lr, (x) => x, 6)).toEqual([]);
});
