import { expect, test } from 'vitest';
import { mean } from '../math/index.ts';
import { rng } from '../math/rng.ts';
import { type Candidate, confirmed, type Finalist, finalistsOf, nextRepeat, pick } from './confirm.ts';

/** A search of two bets whose true losses are normal, seen with noise. */
function searched(seed: number, noise: number): { candidates: Candidate[]; truth: number[] } {
  const random = rng(seed);
  const truth = Array.from({ length: 60 }, (_, i) => (i % 2) + 0.5 * random.normal());
  const candidates = truth.map((loss, i) => ({ bet: String(i % 2), loss: loss + noise * random.normal(), cost: 1 }));
  return { candidates, truth };
}

/** Spends a reserve, and says what is claimed and what is true of naive and confirmed picks. */
function settle(
  seed: number,
  noise: number,
  reserve: number,
): { naive: number; least: number; claim: number; truth: number; runs: number } {
  const { candidates, truth } = searched(seed, noise);
  const random = rng(seed, 1);
  const finalists = finalistsOf(candidates, noise).map((one) => ({ ...one, repeats: [] as number[] }));
  for (;;) {
    const next = nextRepeat(finalists, reserve);
    if (next === undefined) break;
    finalists[next]!.repeats.push(truth[finalists[next]!.candidate]! + noise * random.normal());
  }
  const chosen = finalists[pick(finalists)!]!;
  const best = candidates.reduce((least, one, i) => (one.loss < candidates[least]!.loss ? i : least), 0);
  return {
    naive: truth[best]!,
    least: candidates[best]!.loss,
    claim: confirmed(chosen),
    truth: truth[chosen.candidate]!,
    runs: finalists.reduce((sum, { repeats }) => sum + repeats.length, 0),
  };
}

test('repeats take out most of the optimism of a search, and make the pick better', () => {
  const all = Array.from({ length: 400 }, (_, seed) => settle(seed, 0.5, 24));
  const optimism = mean(all.map(({ claim, truth }) => truth - claim));
  const naive = mean(all.map((one) => one.naive - one.least));
  // 0.03 over many more seeds; five standard errors of a mean over 400 are 0.05.
  expect(Math.abs(optimism)).toBeLessThan(0.1);
  expect(naive).toBeGreaterThan(0.5);
  expect(mean(all.map(({ truth }) => truth))).toBeLessThan(mean(all.map((one) => one.naive)) - 0.05);
});

test('the reserve is spent to its end and not beyond', () => {
  for (const reserve of [0, 0.5, 6, 24.5]) expect(settle(1, 0.5, reserve).runs).toBe(Math.floor(reserve));
});

test('expectation before repeats is the posterior mean of a normal bet', () => {
  const losses = [2, 0, 2, 0];
  const candidates = losses.map((loss) => ({ bet: 'a', loss, cost: 1 }));
  // Centre 1, variance 1, noise variance .25: three quarters of the distance are believed.
  const finalists = finalistsOf(candidates, 0.5);
  expect(finalists.map(({ expected }) => expected)).toEqual([0.25, 0.25, 1.75, 1.75]);
  expect(confirmed({ ...finalists[0]!, repeats: [1, NaN, 1] })).toBe(0.75);
  expect(confirmed({ ...finalists[0]!, repeats: [NaN] })).toBe(0.25);
});

test('without noise the search result is believed', () => {
  const finalists = finalistsOf(searched(1, 0).candidates, 0);
  expect(finalists).toHaveLength(8);
  expect(finalists.map(({ expected, candidate }) => expected - searched(1, 0).candidates[candidate]!.loss)).toEqual(
    Array(8).fill(0),
  );
  expect(pick(finalists)).toBe(0);
});

test('rounds halve: the first repeats go to eight, the last to two', () => {
  const finalists: Finalist[] = Array.from({ length: 8 }, (_, k) => ({
    candidate: k,
    expected: k,
    cost: 1,
    repeats: [],
    pending: 0,
  }));
  const order: number[] = [];
  for (;;) {
    const next = nextRepeat(finalists, 24);
    if (next === undefined) break;
    order.push(next);
    finalists[next] = { ...finalists[next]!, pending: finalists[next]!.pending + 1 };
  }
  expect(order).toHaveLength(24);
  expect(order.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(order.slice(8, 16)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  expect(order.slice(16)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
});

test('nothing to confirm, or nothing that is finite', () => {
  expect(finalistsOf([], 1)).toEqual([]);
  expect(finalistsOf([{ bet: 'a', loss: NaN, cost: 1 }], 1)).toEqual([]);
  expect(nextRepeat([], 10)).toBeUndefined();
  expect(pick([])).toBeUndefined();
});
