import { expect, test } from 'vitest';
import reference from './sobol.fixture.json' with { type: 'json' };
import { sobol, SOBOL_MAX_DIMENSION } from './sobol.ts';

test('unscrambled points equal those of SciPy in 100 dimensions', () => {
  for (const [index, point] of Object.entries(reference.points)) expect(sobol(Number(index), 100)).toEqual(point);
});

test('any 2^k consecutive scrambled points put one in each of 2^k equal intervals of every axis', () => {
  const points = Array.from({ length: 64 }, (_, i) => sobol(i, SOBOL_MAX_DIMENSION, 7));
  for (let d = 0; d < SOBOL_MAX_DIMENSION; d++)
    expect(new Set(points.map((p) => Math.floor(p[d]! * 64))).size).toBe(64);
});

test('another seed gives other points, the same seed the same', () => {
  expect(sobol(3, 4, 1)).toEqual(sobol(3, 4, 1));
  expect(sobol(3, 4, 1)).not.toEqual(sobol(3, 4, 2));
});

test('dimensions beyond the table stay in the cube', () => {
  for (const x of sobol(9, 230, 1)) expect(x >= 0 && x < 1).toBe(true);
});
