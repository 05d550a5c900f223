/** Each rule against its formula, worked out by hand. */

import { expect, test } from 'vitest';
import { mean } from '../math/index.ts';
import { rng } from '../math/rng.ts';
import { allocators } from './allocators.ts';
import { beliefOf } from './auto.ts';
import type { BetRecord } from './bet.ts';
import { drawRecords, recordModel, recordsOf, shrunkBest } from './cvr.ts';
import { drawBest } from './cvt2.ts';
import { evidenceOf } from './evidence.ts';
import { pooled, spreadOf } from './spread.ts';

const bet = (losses: readonly number[], more: Partial<BetRecord> = {}): BetRecord => ({
  name: 'bet',
  losses,
  pending: 0,
  cost: losses.length,
  ...more,
});

test('failures are paid for by results, and a bet with none has a price all the same', () => {
  const [some, none, fresh, waiting] = evidenceOf([
    bet([1, 2], { failures: 2, cost: 8 }),
    bet([], { failures: 9, cost: 9 }),
    bet([]),
    bet([], { pending: 2, price: 3 }),
  ]);
  expect(some).toMatchObject({ price: 2, costPerResult: 4, tries: 4, results: 2, spent: 8, best: 1 });
  expect(none).toMatchObject({ price: 1, costPerResult: 18, tries: 9, results: 0, best: Infinity });
  // The usual price: the median of 2, 1 and 3.
  expect(fresh).toMatchObject({ price: 2, costPerResult: 2, spent: 0 });
  expect(waiting).toMatchObject({ price: 3, costPerResult: 3, tries: 2, results: 2, spent: 6 });
});

test('the spread is that of the better side of the recent half', () => {
  // Of 4, 2, 1, 3 the median is 2.5; 2 and 1 lie below it: (0.25 + 2.25) / (2 − ½).
  expect(spreadOf([9, 9, 9, 9, 4, 2, 1, 3])).toEqual({ centre: 2.5, scale: Math.sqrt(2.5 / 1.5), count: 4 });
  expect(spreadOf([7])).toEqual({ centre: 7, scale: undefined, count: 1 });
  expect(spreadOf([])).toBeUndefined();
  // (3 · 2² + 2 · 4²) / 5
  expect(pooled({ centre: 0, scale: 4, count: 4 }, 2)).toEqual({ variance: 8.8, df: 5 });
});

test('records are the improvements of the second half', () => {
  expect(recordsOf([5, 4, 4.5, 3, 3.5, 2])).toEqual({ gain: 2, count: 2 });
  expect(recordsOf([1, 5, 5, 5])).toEqual({ gain: 0, count: 0 });
  expect(recordsOf([3, 2])).toEqual({ gain: 1, count: 1 });
});

test('over one doubling records are expected to bring half of what the last one brought, plus half a step', () => {
  const bets = evidenceOf([bet([5, 4, 4.5, 3, 3.5, 2])]);
  const model = recordModel(bets);
  const random = rng(1);
  // Six results for what is left: one doubling. 2 − ½ · (2 + 1); a draw has a standard deviation of about 1.2.
  const draws = Array.from({ length: 20_000 }, () => drawRecords(bets[0]!, 0, model, { left: 6, noise: 0 }, random));
  expect(Math.abs(mean(draws) - 0.5)).toBeLessThan(0.05);
});

test('the best is shrunk towards the centre by the share of noise in the spread', () => {
  const bets = evidenceOf([bet([9, 9, 9, 9, 4, 2, 1, 3])]);
  const model = recordModel(bets);
  // Variance 5/3, with which the common one agrees; the best, 1, is 1.5 from the centre.
  expect(shrunkBest(bets[0]!, 0, model, 0)).toBe(1);
  expect(shrunkBest(bets[0]!, 0, model, 1)).toBeCloseTo(1 + 1.5 * 0.6, 12);
  expect(shrunkBest(bets[0]!, 0, model, 100)).toBeCloseTo(2.5 - 1.5 * 0.02, 12);
});

test('the best of m draws lies where half of all such bests lie', () => {
  const bets = evidenceOf([bet([1, 2, 3, 4], { cost: 4 })]);
  const belief = { centre: 3, count: 1e12, variance: 4, df: 1e12 };
  const at = (left: number): number => drawBest(bets[0]!, belief, { left, noise: 0 }, rng(1));
  expect(at(1)).toBeCloseTo(3, 4);
  // Φ⁻¹(½^(1/8)) = 1.3852 (Python, statistics.NormalDist).
  expect(at(8)).toBeCloseTo(3 - 2 * 1.3852, 3);
  const noisy = drawBest(bets[0]!, belief, { left: 8, noise: Math.sqrt(3) }, rng(1));
  expect(noisy).toBeCloseTo(3 - 1.3852, 3);
});

test('a trend of the best quarters is carried on, halved with every doubling on average', () => {
  const [climbing, level] = evidenceOf([bet([9, 8, 7, 6, 5, 4, 3, 2]), bet([5, 5, 5, 5, 5, 5, 5, 5])]);
  const belief = { centre: 4, count: 1e12, variance: 1e-12, df: 1e12 };
  const average = (one: typeof climbing): number => {
    const random = rng(2);
    return mean(Array.from({ length: 5000 }, () => drawBest(one!, belief, { left: 8, noise: 0 }, random)));
  };
  // Best quarters 6 and 2, one doubling: half of 4.
  expect(average(climbing)).toBeCloseTo(4 - 2, 1);
  expect(average(level)).toBeCloseTo(4, 4);
});

test('auto pools scales by their logarithm', () => {
  // df 1.5 + 5/2, and 1^(1.5/4) · 4^(2.5/4) squared.
  expect(beliefOf({ centre: 7, scale: 4, count: 5 }, 1)).toEqual({
    centre: 7,
    count: 5,
    df: 4,
    variance: expect.closeTo(4 ** 1.25, 12) as number,
  });
  expect(beliefOf({ centre: 7, scale: undefined, count: 1 }, 3).variance).toBeCloseTo(9, 12);
});

/** Share of 500 asks that go to the first bet. */
function first(name: keyof typeof allocators, bets: readonly BetRecord[], left: number): number {
  const asks = Array.from({ length: 500 }, (_, seed) => allocators[name].allocate(bets, { left, noise: 0 }, rng(seed)));
  return asks.filter((chosen) => chosen === 0).length / 500;
}

test('auto follows records while results are few, and spreads when there will be many', () => {
  const improving = bet([3, 2.5, 2, 1.6, 1.3, 1]);
  const wild = bet([1.1, 9, 6, 1.2, 7, 8]);
  expect(first('auto', [improving, wild], 8)).toBeGreaterThan(0.8);
  expect(first('auto', [improving, wild], 200)).toBeLessThan(0.5);
});

test('the closer the deadline, the more goes to the leader', () => {
  const leader = bet([5, 3, 2, 1.2, 1.1, 1]);
  const climber = bet([6, 5, 4, 3.2, 2.4, 1.7]);
  expect(first('cvr', [leader, climber], 1)).toBeGreaterThan(0.95);
  expect(first('cvr', [leader, climber], 100)).toBeLessThan(0.6);
});

test('halving drops the worse half when half of the money is gone, and pays survivors alike', () => {
  const bets = [bet([4, 4, 4]), bet([1, 1, 1]), bet([2, 2]), bet([3, 3, 3])];
  // 11 of 21 spent: the first of two rungs is over; of the two survivors the third bet has had less.
  for (let seed = 0; seed < 20; seed++) {
    expect(allocators.halving.allocate(bets, { left: 10, noise: 0 }, rng(seed))).toBe(2);
    expect(allocators.halving.allocate(bets, { left: 100, noise: 0 }, rng(seed))).toBe(2);
  }
  const late = [bet([4, 4]), bet([1, 1, 1, 1]), bet([2, 2, 2, 2]), bet([3, 3])];
  expect(first('halving', late, 10)).toBe(0);
  expect(allocators.halving.allocate(late, { left: 13, noise: 0 }, rng(1))).not.toBe(1);
});

test('rising follows the slope, not the level', () => {
  const flat = bet([2, 2, 2, 2, 2, 2, 2, 2]);
  const steep = bet([9, 8, 7, 6, 5, 4, 3, 2.5]);
  expect(first('rising', [steep, flat], 50)).toBe(1);
});

test('max-median prefers the better extreme of a tried bet to the better median', () => {
  const steady = bet([2, 2, 2, 2, 2]);
  const wild = bet([9, 9, 9, 0, 9]);
  expect(first('max-median', [wild, steady], 50)).toBeGreaterThan(0.75);
  expect(first('thompson', [wild, steady], 50)).toBeLessThan(0.1);
});
