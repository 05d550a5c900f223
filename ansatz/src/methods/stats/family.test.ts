import { describe, expect, test } from 'vitest';
import { mean } from '../math/summary.ts';
import { rng } from '../math/rng.ts';
import { commonLuck } from './common.ts';
import { compare } from './compare.ts';
import { holm, spend } from './family.ts';
import { brownForsythe, pooledNoise } from './pool.ts';
import { effectPrior, shrink } from './shrink.ts';

describe('families', () => {
  test('Holm adjusts as published, in the order given', () => {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([])).toEqual([]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });

  test('what is spent never exceeds the error rate, and nobody gets nothing', () => {
    for (const planned of [1, 2, 13, 40]) {
      let sum = 0;
      for (let index = 1; index <= 20_000; index++) {
        const part = spend(index, planned, 0.05);
        expect(part).toBeGreaterThan(0);
        sum += part;
      }
      expect(sum).toBeLessThanOrEqual(0.05);
      expect(sum).toBeGreaterThan(0.0499);
    }
  });
});

describe('pooling', () => {
  test('Brown and Forsythe as SciPy has it', () => {
    const a = [8.88, 9.12, 9.04, 8.98, 9, 9.08, 9.01, 8.85, 9.06, 8.99];
    const b = [8.88, 8.95, 9.29, 9.44, 9.15, 9.58, 8.36, 9.18, 8.67, 9.05];
    const c = [8.95, 9.12, 8.95, 8.85, 9.03, 8.84, 9.07, 8.98, 8.86, 8.98];
    // scipy.stats.levene(a, b, c, center='median')
    expect(brownForsythe([a, b, c])).toBeCloseTo(0.002431505967249681, 8);
    expect(brownForsythe([a, c])).toBeGreaterThan(0.05);
    expect(
      brownForsythe([
        [1, 2],
        [3, 9],
      ]),
    ).toBe(1);
  });

  test('a wild group stays out of the floor, and so does one that is far too quiet', () => {
    const random = rng(1);
    const draws = (sd: number, n: number): number[] => Array.from({ length: n }, () => sd * random.normal());
    const { pooled, df } = pooledNoise([draws(1, 8), draws(1, 6), draws(12, 6), draws(0.02, 6), [5]]);
    expect(pooled).toEqual([true, true, false, false, false]);
    expect(df).toBe(12);
  });

  test('without repeats of the reference nothing is known', () => {
    expect(pooledNoise([[1], [1, 2, 3]]).df).toBe(0);
    expect(pooledNoise([[2, 2, 2]])).toMatchObject({ sd: 0, df: 2 });
  });
});

describe('common luck', () => {
  const trials = (rho: number, seed: number): Map<number, number>[] => {
    const random = rng(seed);
    const luck = Array.from({ length: 6 }, () => random.normal());
    return Array.from(
      { length: 5 },
      (_, trial) => new Map(luck.map((x, i) => [i, trial + Math.sqrt(rho) * x + Math.sqrt(1 - rho) * random.normal()])),
    );
  };

  test('is measured where it is, and not counted on where it is not', () => {
    const high = Array.from({ length: 40 }, (_, seed) => commonLuck(trials(0.9, seed)));
    const none = Array.from({ length: 40 }, (_, seed) => commonLuck(trials(0, seed)));
    expect(mean(high.map((one) => one.rho))).toBeGreaterThan(0.8);
    expect(mean(high.map((one) => one.usable))).toBeGreaterThan(0.5);
    expect(Math.abs(mean(none.map((one) => one.rho)))).toBeLessThan(0.1);
    expect(mean(none.map((one) => one.usable))).toBeLessThan(0.03);
  });

  test('narrows a paired comparison by its part of the variance', () => {
    const floor = { sd: 1, df: 20 };
    const sides = [
      { values: [1, 2, 3, 4], included: true },
      { values: [2, 3, 4, 5], included: true },
    ] as const;
    const apart = compare(sides[0], sides[1], 'minimize', floor);
    const paired = compare(sides[0], sides[1], 'minimize', floor, 0.05, { pairs: 4, rho: 0.8 });
    expect(paired.effect).toBe(apart.effect);
    expect(paired.se / apart.se).toBeCloseTo(Math.sqrt(1 - 0.8), 9);
  });

  test('says nothing of trials that share no seeds', () => {
    expect(commonLuck([new Map([[1, 2]]), new Map([[2, 3]])])).toEqual({ rho: 0, usable: 0, pairs: 0 });
  });
});

describe('shrinkage', () => {
  test('takes the luck out of the best of thirty', () => {
    for (const [tau, allowed] of [
      [0, 0.35],
      [0.5, 0.15],
      [1, 0.15],
    ] as const) {
      let [naive, bias] = [0, 0];
      const cases = 1500;
      for (let seed = 0; seed < cases; seed++) {
        const random = rng(seed, 9);
        const truth = Array.from({ length: 30 }, () => tau * random.normal());
        const seen = truth.map((x) => x + random.normal());
        const best = seen.indexOf(Math.max(...seen));
        naive += (seen[best]! - truth[best]!) / cases;
        bias += (shrink(seen[best]!, effectPrior(seen, 1)).mean - truth[best]!) / cases;
      }
      expect(naive).toBeGreaterThan(1.4);
      expect(Math.abs(bias), `tau ${tau}`).toBeLessThan(allowed);
    }
  });

  test('without other effects half of one is believed', () => {
    expect(shrink(2, effectPrior([], 1))).toEqual({ mean: 1, variance: 0.5 });
  });
});
