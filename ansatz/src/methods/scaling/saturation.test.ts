import { expect, test } from 'vitest';
import { combined, headroom, saturated } from './saturation.ts';

test('a score within two standard errors of its ceiling is saturated, and counts at most half', () => {
  expect(saturated(0.971, 0.98, 0.005)).toBe(true);
  expect(saturated(0.96, 0.98, 0.005)).toBe(false);
  expect(headroom(0.97, 0.98, 0.005)).toBeCloseTo(0.5, 12);
  expect(headroom(0.98, 0.98, 0.005)).toBe(0);
  expect(headroom(0.99, 0.98, 0.005)).toBe(0);
  expect(headroom(0.5, 0.98, 0.005)).toBe(1);
  expect(headroom(0.5, 0.98, 0)).toBe(1);
});

test('what has no way to go says little of the whole', () => {
  // The saturated task falls, the open one rises by as much: the whole rises.
  const weights = [headroom(0.979, 0.98, 0.005), headroom(0.5, 1, 0.005)];
  expect(combined([0.969, 0.51], weights)).toBeGreaterThan(combined([0.979, 0.5], weights));
  expect(combined([0.2, 0.4], [0, 0])).toBeCloseTo(0.3, 12);
});
