import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import {
  dataConstrainedObjective,
  type Decay,
  fitDataConstrained,
  MUENNIGHOFF,
  type RepeatedRuns,
} from './dataconstrained.ts';

/** Sizes and epochs around compute-optimal, with losses of the law; `noise` is the sd of ln loss. */
function runs(decay: Decay, noise: number, epochs: readonly number[], seed = 1): RepeatedRuns {
  const random = rng(seed);
  const { E, A, B, alpha, beta } = MUENNIGHOFF;
  const G = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
  const design = [1e8, 1e9, 1e10].flatMap((unique) =>
    [3e7, 1e8, 3e8, 1e9, 3e9].flatMap((N) => epochs.map((epoch) => ({ N, unique, D: unique * epoch }))),
  );
  const worth = (u: number, r: number, R: number): number => u + u * R * (1 - Math.exp(-r / R));
  return {
    N: design.map(({ N }) => N),
    D: design.map(({ D }) => D),
    unique: design.map(({ unique }) => unique),
    loss: design.map(({ N, D, unique }) => {
      const base = Math.min(N, G * (G * unique) ** (beta / alpha));
      const size = worth(base, N / base - 1, decay.R_N);
      const tokens = worth(unique, D / unique - 1, decay.R_D);
      return (E + A / size ** alpha + B / tokens ** beta) * Math.exp(noise * random.normal());
    }),
  };
}
const TRUE = { R_D: 15.4, R_N: 5.3 };

test('the decay of repeated tokens and of excess parameters is found again', () => {
  const data = runs(TRUE, 0, [1, 2, 4, 16, 60]);
  const { params, objective } = fitDataConstrained(data, MUENNIGHOFF, 0.95);
  expect(params.R_D / TRUE.R_D).toBeCloseTo(1, 3);
  expect(params.R_N / TRUE.R_N).toBeCloseTo(1, 3);
  expect(objective).toBeLessThan(1e-9);
  expect(dataConstrainedObjective(data, MUENNIGHOFF, { R_D: 100, R_N: 5.3 })).toBeGreaterThan(5e-4);
});

test('many epochs identify R_D; a few, with noise, do not, and the interval stays open', () => {
  const many = fitDataConstrained(runs(TRUE, 0.005, [1, 4, 16, 60]), MUENNIGHOFF, 0.95);
  expect(many.identified).toEqual({ R_D: true, R_N: true });
  expect(many.intervals.R_D[0]).toBeLessThan(TRUE.R_D);
  expect(many.intervals.R_D[1]).toBeGreaterThan(TRUE.R_D);
  const few = fitDataConstrained(runs(TRUE, 0.02, [1, 1.5, 2]), MUENNIGHOFF, 0.95);
  expect(few.identified.R_D).toBe(false);
});
