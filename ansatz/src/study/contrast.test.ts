import { expect, test } from 'vitest';
import { compare } from '../methods/stats/compare.ts';
import { proofOf } from './contrast.ts';

const fresh = (values: readonly number[]): { values: readonly number[]; included: boolean } => ({
  values,
  included: false,
});

test('a side that is far noisier than the floor makes a wide interval, not an absurd one', () => {
  // The floor was measured where nothing moves; what is better there moves a hundred times as much.
  const compared = compare(fresh([0.116, 0.117]), fresh([0.1318, 0.1319, 0.1317]), 'minimize', { sd: 1e-5, df: 6 });
  const { p, margin, information } = proofOf(compared, 1e-5);
  expect(information).toBeCloseTo(1 / (1 / 2 + 1 / 3), 9);
  expect(margin).toBeGreaterThan(compared.margin);
  expect(margin).toBeLessThan(1);
  expect(p).toBeLessThan(1);
});

test('on the floor information is the number of runs, and shared luck adds to it', () => {
  const [a, b] = [fresh([1, 1.02, 0.98]), fresh([1.1, 1.12, 1.08])];
  const floor = { sd: 0.02, df: 30 };
  expect(proofOf(compare(a, b, 'minimize', floor), 0.02).information).toBeCloseTo(1.5, 9);
  const paired = compare(a, b, 'minimize', floor, 0.05, { pairs: 3, rho: 0.5 });
  expect(proofOf(paired, 0.02).information).toBeCloseTo(3, 9);
});
