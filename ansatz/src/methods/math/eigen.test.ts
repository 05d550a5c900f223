import { expect, test } from 'vitest';
import { symmetricEigen } from './eigen.ts';
import { rng } from './rng.ts';

function product(values: Float64Array, vectors: Float64Array, n: number, i: number, j: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += vectors[i * n + k]! * values[k]! * vectors[j * n + k]!;
  return sum;
}

test.each([1, 2, 3, 10, 60])('V diag(values) Vᵀ gives a random symmetric matrix of size %i back to 1e-10', (n) => {
  const random = rng(n);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.normal() * 10 ** (3 * random.uniform());
  const { values, vectors } = symmetricEigen(matrix, n);
  for (let i = 0; i < n; i++) {
    if (i > 0) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1]!);
    for (let j = 0; j < n; j++) {
      expect(product(values, vectors, n, i, j)).toBeCloseTo(matrix[i * n + j]!, 9);
      expect(product(new Float64Array(n).fill(1), vectors, n, i, j)).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  }
});

test('diagonal, repeated and singular matrices', () => {
  expect([...symmetricEigen([3, 0, 0, 0, 1, 0, 0, 0, 2], 3).values]).toEqual([1, 2, 3]);
  expect([...symmetricEigen([1, 0, 0, 1], 2).values]).toEqual([1, 1]);
  const [low, high] = symmetricEigen([1, 1, 1, 1], 2).values;
  expect(low).toBeCloseTo(0, 14);
  expect(high).toBeCloseTo(2, 14);
  expect(symmetricEigen([], 0).values).toHaveLength(0);
});

test('NaN ends', () => {
  expect(symmetricEigen([NaN, 1, 1, 1], 2).values).toHaveLength(2);
});
