import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import type { BetRecord } from './bet.ts';
import { review } from './review.ts';

const bet = (name: string, losses: readonly number[], more: Partial<BetRecord> = {}): BetRecord => ({
  name,
  losses,
  pending: 0,
  cost: losses.length + (more.failures ?? 0),
  ...more,
});

const leader = bet('leader', [5, 4, 3, 2.5, 2, 1.5, 1.2, 1]);
const hopeless = bet('hopeless', [9, 8.99, 9.01, 9, 8.98, 9, 9.02, 9, 9.01, 9]);
const rival = bet('rival', [5, 4.2, 3.1, 2.6, 2.2, 1.6, 1.3, 1.1]);
const situation = { left: 10, noise: 0.05 };

test('a bet is killed when it is hopeless twice in a row, not the first time', () => {
  const first = review([leader, hopeless, rival], situation, rng(1));
  expect(first.map(({ kill }) => kill)).toEqual([false, false, false]);
  expect(first[1]!.chance).toBeLessThan(0.05);
  expect(first[2]!.chance).toBeGreaterThan(0.3);
  const second = review([leader, hopeless, rival], situation, rng(2), { last: first });
  expect(second.map(({ kill }) => kill)).toEqual([false, true, false]);
});

test('a bet that was in doubt before and is not now lives, and so does one that is in doubt for the first time', () => {
  const last = [
    { name: 'rival', chance: 0.01 },
    { name: 'hopeless', chance: 0.4 },
  ];
  const now = review([leader, hopeless, rival], situation, rng(1), { last });
  expect(now.map(({ kill }) => kill)).toEqual([false, false, false]);
});

test('names of all kinds are kept apart', () => {
  const last = [{ name: 'hopeless', chance: 0 }];
  const now = review([leader, { ...hopeless, name: '__proto__' }], situation, rng(1), { last });
  expect(now[1]!.kill).toBe(false);
});

test('neither the only bet, nor the leader, nor a new bet can be killed', () => {
  const last = ['leader', 'hopeless', 'new'].map((name) => ({ name, chance: 0 }));
  expect(review([hopeless], situation, rng(1), { last })[0]).toEqual({ name: 'hopeless', chance: 1, kill: false });
  const now = review([leader, hopeless, bet('new', [50])], { left: 0.1, noise: 0 }, rng(1), { last });
  expect(now.map(({ kill }) => kill)).toEqual([false, true, false]);
  const nothing = ['a', 'b'].map((name) => bet(name, [], { failures: 9 }));
  const before = nothing.map(({ name }) => ({ name, chance: 0 }));
  expect(review(nothing, situation, rng(1), { last: before }).map(({ kill }) => kill)).toEqual([false, false]);
  expect(review([], situation, rng(1))).toEqual([]);
});

test('a gain that is smaller than what counts is no chance', () => {
  const [, free] = review([leader, rival], situation, rng(1));
  const [, bound] = review([leader, rival], situation, rng(1), { minimum: 50 });
  expect(free!.chance).toBeGreaterThan(0.3);
  expect(bound!.chance).toBeLessThan(0.05);
  const [, noisy] = review([leader, rival], { left: 10, noise: 30 }, rng(1));
  expect(noisy!.chance).toBeLessThan(0.05);
});

test('the same chances for the same seed, and in any unit', () => {
  const bets = [leader, hopeless, rival];
  const scaled = bets.map((one) => ({ ...one, losses: one.losses.map((loss) => loss * 1024) }));
  const plain = review(bets, situation, rng(5), { minimum: 0.25 });
  expect(review(bets, situation, rng(5), { minimum: 0.25 })).toEqual(plain);
  expect(review(scaled, { left: 10, noise: 0.05 * 1024 }, rng(5), { minimum: 256 })).toEqual(plain);
});

test('more money left, more chance', () => {
  const chance = (left: number): number => review([leader, rival], { left, noise: 0.05 }, rng(3))[1]!.chance;
  expect(chance(0.5)).toBe(0);
  expect(chance(2)).toBeLessThan(chance(100));
});
