import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { wilson } from './wilson.ts';

test.each([
  // Worked by hand with z = 1.959964, and the example of Newcombe 1998, table I (81 of 263: .2553 to .3662).
  [0, 10, 0, 0.2775],
  [1, 10, 0.0179, 0.4042],
  [81, 263, 0.2553, 0.3662],
  [5, 5, 0.5655, 1],
])('%i of %i', (hits, cases, low, high) => {
  const [a, b] = wilson(hits, cases);
  expect(a).toBeCloseTo(low, 4);
  expect(b).toBeCloseTo(high, 4);
});

test('nothing seen is nothing known', () => {
  expect(wilson(0, 0)).toEqual([0, 1]);
});

test('it covers the share about as often as it says', () => {
  const random = rng(7);
  for (const share of [0.05, 0.2, 0.5]) {
    let covered = 0;
    for (let i = 0; i < 4000; i++) {
      let hits = 0;
      for (let j = 0; j < 40; j++) if (random.uniform() < share) hits++;
      const [low, high] = wilson(hits, 40);
      if (low <= share && share <= high) covered++;
    }
    expect(covered / 4000).toBeGreaterThan(0.92);
    expect(covered / 4000).toBeLessThan(0.985);
  }
});
