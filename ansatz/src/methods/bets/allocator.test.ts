import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { type Allocator, allocators, type BetRecord, type Situation } from './index.ts';

/** A new allocator is one line here, with the number of runs it promises to every new bet. */
const ALLOCATORS: readonly (readonly [keyof typeof allocators, number])[] = [
  ['auto', 2],
  ['cvr', 2],
  ['cvt2', 2],
  ['round-robin', 1],
  ['greedy', 3],
  ['ucb1', 1],
  ['thompson', 2],
  ['halving', 1],
  ['max-median', 2],
  ['rising', 4],
];

const plenty: Situation = { left: 60, noise: 0.25 };

/** A bet with these losses, one unit of cost each. */
function bet(losses: readonly number[], more: Partial<BetRecord> = {}): BetRecord {
  const name = more.name ?? 'bet';
  return { name, losses, pending: 0, cost: losses.length + (more.failures ?? 0), ...more };
}

/** Losses in sixty-fourths, so that shifts and scales by powers of two are exact. */
function losses(n: number, seed: number, centre: number): number[] {
  const random = rng(seed);
  return Array.from({ length: n }, () => Math.round(64 * (centre + 0.5 * random.normal())) / 64);
}

const three = (): BetRecord[] => [
  bet(losses(9, 1, 2), { name: 'a' }),
  bet(losses(14, 2, 1.75), { name: 'b', cost: 20 }),
  bet(losses(7, 3, 2.25), { name: 'c', cost: 5 }),
];

/** Histories no allocator may stumble over; every run of theirs is affordable. */
const histories: Readonly<Record<string, () => BetRecord[]>> = {
  'three ordinary bets': three,
  'new bets': () => [bet([]), bet([]), bet([])],
  'one bet': () => [bet([1, 2, 3, 2, 1])],
  'one result each': () => [bet([1]), bet([2])],
  'only failures': () => [bet([], { failures: 9 }), bet([], { failures: 20 })],
  'failures beside results': () => [bet([], { failures: 9 }), bet([3, 2, 1, 2, 3, 2])],
  'equal losses': () => [bet([1, 1, 1, 1, 1, 1]), bet([1, 1, 1, 1, 1, 1, 1, 1])],
  'one constant, one not': () => [bet([1, 1, 1, 1, 1, 1]), bet([0, 3, 1, 2, 5, 1])],
  'NaN and infinities': () => [
    bet([NaN, Infinity, -Infinity, 1, 2, NaN]),
    bet([NaN, NaN, NaN, NaN]),
    bet([3, 2, 1, 2, 1, 2]),
  ],
  'huge losses': () => [bet([1e308, -1e308, 1e308, 5]), bet([1, 2, 3, 4])],
  'everything under way': () => [bet([], { pending: 5, price: 1 }), bet([], { pending: 6, price: 1 })],
  'no cost at all': () => [bet([1, 2, 3, 4], { cost: 0 }), bet([2, 2, 3, 4], { cost: 0 })],
  'broken numbers': () => [
    bet([1, 2, 3, 4], { cost: NaN, floor: NaN, cap: NaN }),
    bet([2, 2, 3, 4], { price: NaN, cost: -3 }),
  ],
};

/** How often each bet is chosen in `draws` independent asks. */
function shares(allocate: Allocator, bets: readonly BetRecord[], situation: Situation, draws: number): number[] {
  const counts = bets.map(() => 0);
  for (let i = 0; i < draws; i++) counts[allocate(bets, situation, rng(7, i))!]!++;
  return counts.map((count) => count / draws);
}

/** Plays Gaussian bets of the given means until nothing is affordable; the cost of a run is its price. */
function play(allocate: Allocator, bets: readonly Partial<BetRecord>[], budget: number, seed: number): BetRecord[] {
  const random = rng(seed);
  const records = bets.map((one) => ({ price: 1, ...bet([], one), losses: [] as number[], cost: 0 }));
  for (let left = budget; ;) {
    const chosen = allocate(records, { left, noise: 0 }, random);
    if (chosen === undefined) return records;
    const one = records[chosen]!;
    expect(one.price).toBeLessThanOrEqual(left + 1e-9);
    one.losses.push(chosen + random.normal());
    one.cost += one.price;
    left -= one.price;
  }
}

test('every allocator is in the suite', () => {
  expect(ALLOCATORS.map(([name]) => name).toSorted()).toEqual(Object.keys(allocators).toSorted());
});

describe.each(ALLOCATORS)('the %s allocator', (name, probes) => {
  const { allocate } = allocators[name];

  test.each(Object.entries(histories))('chooses one of %s', (_, make) => {
    for (const noise of [0, 0.25, 1e9]) {
      for (let seed = 0; seed < 20; seed++) {
        const bets = make();
        const chosen = allocate(bets, { left: 1000, noise }, rng(seed))!;
        expect(bets[chosen]).toBeDefined();
      }
    }
  });

  test('has no answer without bets, without money, or when every run costs more than is left', () => {
    expect(allocate([], plenty, rng(1))).toBeUndefined();
    expect(allocate(three(), { left: 0, noise: 0 }, rng(1))).toBeUndefined();
    expect(allocate(three(), { left: 0.5, noise: 0 }, rng(1))).toBeUndefined();
    expect(allocate([bet([], { price: 3 })], { left: 2, noise: 0 }, rng(1))).toBeUndefined();
  });

  test('never chooses a run that costs more than is left', () => {
    const bets = [bet([0, 0, 0, 0, 0], { cost: 50 }), bet([5, 6, 7, 8, 9]), bet([], { price: 11 })];
    for (let seed = 0; seed < 100; seed++) expect(allocate(bets, { left: 5, noise: 0 }, rng(seed))).toBe(1);
  });

  test('same arguments, same choice, and the records are left alone', () => {
    const bets = three();
    const copy = structuredClone(bets);
    for (let seed = 0; seed < 50; seed++) {
      expect(allocate(bets, plenty, rng(seed))).toBe(allocate(structuredClone(bets), plenty, rng(seed)));
    }
    expect(bets).toEqual(copy);
  });

  test(`gives a bet that comes late its ${probes} first runs before anything else, the cheaper bet first`, () => {
    const cheap = { ...bet([], { price: 1 }), losses: [] as number[] };
    const dear = { ...bet([], { price: 2 }), losses: [] as number[] };
    const bets = [...three(), dear, cheap];
    for (let i = 0; i < 2 * probes; i++) {
      const chosen = allocate(bets, plenty, rng(i))!;
      expect(chosen).toBe(i % 2 === 0 ? 4 : 3);
      const one = bets[chosen] as typeof cheap;
      one.losses.push(50);
      one.cost += one.price!;
    }
  });

  test('counts runs under way: parallel asks spread over new bets', () => {
    const bets = [bet([]), bet([]), bet([]), bet([])].map((one) => ({ ...one }));
    for (let i = 0; i < 4 * probes; i++) bets[allocate(bets, plenty, rng(1, i))!]!.pending++;
    expect(bets.map(({ pending }) => pending)).toEqual([probes, probes, probes, probes]);
  });

  test('spends what is there and no more', () => {
    const records = play(allocate, [{}, { price: 2 }, { price: 0.5 }], 50, 3);
    const spent = records.reduce((sum, { cost }) => sum + cost, 0);
    expect(spent).toBeLessThanOrEqual(50);
    expect(spent).toBeGreaterThan(48);
  });

  test.skipIf(name === 'round-robin')('gives most to a bet that is far better', () => {
    // Means 0, 1 and 2 with spread 1 are far apart after a hundred runs; chance alone would give a third.
    const best = Array.from({ length: 20 }, (_, seed) => play(allocate, [{}, {}, {}], 100, seed)[0]!.cost / 100);
    expect(best.reduce((sum, part) => sum + part, 0) / 20).toBeGreaterThan(0.4);
  });

  test('keeps floors and caps', () => {
    const records = play(allocate, [{ cap: 0.3 }, { floor: 0.2 }, { floor: 0.35 }, { cap: 0.1 }], 200, 4);
    const part = records.map(({ cost }) => cost / 200);
    expect(part[0]).toBeLessThanOrEqual(0.3 + 0.01);
    expect(part[1]).toBeGreaterThanOrEqual(0.2 - 0.01);
    expect(part[2]).toBeGreaterThanOrEqual(0.35 - 0.01);
    expect(part[3]).toBeLessThanOrEqual(0.1 + 0.01);
  });

  test('a cap of nothing takes a bet out, and caps below 1 in all stop nobody', () => {
    const out = [bet([0, 0, 0, 0, 0], { cap: 0 }), ...three()];
    for (let seed = 0; seed < 50; seed++) expect(allocate(out, plenty, rng(seed))).not.toBe(0);
    expect(allocate([bet([], { cap: 0 })], plenty, rng(1))).toBeUndefined();
    expect(allocate([bet([1, 2, 3, 4], { cap: 0.5 })], plenty, rng(1))).toBe(0);
  });

  test('the order of the bets says nothing', () => {
    const bets = three();
    const turned = [bets[2]!, bets[0]!, bets[1]!];
    const there = shares(allocate, bets, plenty, 4000);
    const back = shares(allocate, turned, plenty, 4000);
    // Five standard errors of a difference: a false alarm in a million.
    for (const [k, share] of [back[1], back[2], back[0]].entries())
      expect(Math.abs(share! - there[k]!)).toBeLessThan(0.056);
  });

  test('of bets that are equal in everything each is chosen as often', () => {
    const same = [bet([3, 1, 2, 4, 2, 1]), bet([3, 1, 2, 4, 2, 1]), bet([3, 1, 2, 4, 2, 1])];
    for (const share of shares(allocate, same, plenty, 3000)) expect(Math.abs(share - 1 / 3)).toBeLessThan(0.05);
  });

  test('the unit of the metric and its origin do not matter', () => {
    const bets = three();
    const other = bets.map((one) => ({ ...one, losses: one.losses.map((loss) => 8 * loss - 1024) }));
    for (let seed = 0; seed < 300; seed++) {
      expect(allocate(other, { left: 60, noise: 8 * 0.25 }, rng(seed))).toBe(allocate(bets, plenty, rng(seed)));
    }
  });

  test('results that are not finite change nothing but the count of runs', () => {
    const bets = three();
    const broken = bets.map((one) => ({ ...one, losses: [NaN, ...one.losses, Infinity] }));
    const failed = bets.map((one) => ({ ...one, failures: 2 }));
    for (let seed = 0; seed < 100; seed++) {
      expect(allocate(broken, plenty, rng(seed))).toBe(allocate(failed, plenty, rng(seed)));
    }
  });

  test('answers with ten thousand results in each of six bets', () => {
    const bets = Array.from({ length: 6 }, (_, k) => bet(losses(10_000, k, 1)));
    for (let seed = 0; seed < 5; seed++) {
      expect(bets[allocate(bets, { left: 1e4, noise: 0.1 }, rng(seed))!]).toBeDefined();
    }
  });

  test('whatever the records hold, it answers with an index or not at all', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, 1, -1));
    const record = fc.record({
      name: fc.string(),
      losses: fc.array(number, { maxLength: 12 }),
      failures: fc.nat(9),
      pending: fc.nat(3),
      cost: number,
      price: number,
      floor: number,
      cap: number,
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), number, number, fc.nat(), (bets, left, noise, seed) => {
        const chosen = allocate(bets, { left, noise: Math.abs(noise) }, rng(seed));
        expect(chosen === undefined || bets[chosen] !== undefined).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

test('a bet of worth gets its share of the spending, between floor and cap, and never because nobody else can', () => {
  const search = { name: 'search', losses: [3, 2, 2.5, 2.2, 2.1, 2.4, 2, 1.9], pending: 0, cost: 80 };
  const support = (cost: number, worth: number): BetRecord => ({
    name: 'scale',
    losses: [],
    failures: 2,
    pending: 0,
    cost,
    floor: 0.1,
    cap: 0.4,
    worth,
  });
  const situation = { left: 1000, noise: 0.1 };
  for (const { allocate } of Object.values(allocators)) {
    const chosen = (cost: number, worth: number): number | undefined =>
      allocate([search, support(cost, worth)], situation, rng(1, 2));
    expect(chosen(20, 1)).toBe(1);
    expect(chosen(20, 0.1)).toBe(0);
    expect(chosen(5, 0)).toBe(1);
    expect(chosen(120, 1)).toBe(0);
    expect(allocate([support(0, 0)], { left: 0, noise: 0 }, rng(1, 2))).toBe(undefined);
  }
});
