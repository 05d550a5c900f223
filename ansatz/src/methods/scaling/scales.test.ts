import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { forecastScales, type ScaleRun } from './scales.ts';

/** Recipes whose reducible loss falls with exponents of their own. */
function runsOf(
  recipes: Readonly<Record<string, readonly [number, number]>>,
  scales: readonly number[],
  sd: number,
  seed = 1,
): ScaleRun[] {
  const random = rng(seed);
  return Object.entries(recipes).flatMap(([recipe, [b, c]]) =>
    scales.map((scale) => ({
      recipe,
      scale,
      loss: (1.5 + b * scale ** -c) * Math.exp(sd * random.normal()),
      seconds: scale / 100,
    })),
  );
}

const SCALES = [1e3, 2e3, 4e3, 8e3];

test('a recipe that falls as fast and starts lower is forecast to stay ahead', () => {
  const found = forecastScales(
    runsOf({ good: [8, 0.25], plain: [10, 0.25], poor: [12, 0.25] }, SCALES, 0.001),
    1e5,
    0.8,
    1,
  )!;
  expect(found.ahead).toBe('good');
  expect(found.survives).toBeGreaterThan(0.9);
  expect(found.contenders.map(({ recipe }) => recipe)).toEqual(['good', 'plain', 'poor']);
  const truth = 1.5 + 8 * 1e5 ** -0.25;
  expect(found.contenders[0]!.low).toBeLessThan(truth);
  expect(found.contenders[0]!.high).toBeGreaterThan(truth);
  expect(found.crossings).toEqual([]);
  expect(found.tenfold).toBeGreaterThan(0.02);
  expect(found.tenfold).toBeLessThan(0.25);
});

test('curves that cross beyond the runs are named, and the win is not believed', () => {
  const found = forecastScales(
    runsOf({ quick: [4, 0.15], slow: [20, 0.3], middle: [9, 0.22] }, SCALES, 0.0005),
    1e7,
    0.8,
    1,
  )!;
  expect(found.ahead).toBe('quick');
  expect(found.survives).toBeLessThan(0.2);
  expect(found.contenders[0]!.recipe).toBe('slow');
  const crossing = found.crossings.find(({ recipe }) => recipe === 'slow')!;
  const truth = (20 / 4) ** (1 / 0.15);
  expect(crossing.at / truth).toBeGreaterThan(0.3);
  expect(crossing.at / truth).toBeLessThan(3);
  expect(crossing.chance).toBeGreaterThan(0.8);
});

test('chances are right about as often as they say', () => {
  const bins = [0, 0].map(() => ({ n: 0, said: 0, won: 0 }));
  for (let seed = 0; seed < 150; seed++) {
    const random = rng(seed, 7);
    const recipes = Object.fromEntries(
      ['a', 'b'].map((name) => [
        name,
        [8 * Math.exp(0.06 * random.normal()), 0.25 * (1 + 0.12 * random.normal())] as const,
      ]),
    );
    const found = forecastScales(runsOf(recipes, SCALES, 0.003, seed + 1000), 2e5, 0.8, 1)!;
    const truly = Object.entries(recipes).toSorted(
      ([, [b, c]], [, [b2, c2]]) => b * 2e5 ** -c - b2 * 2e5 ** -c2,
    )[0]![0];
    const bin = bins[found.survives > 0.8 ? 1 : 0]!;
    bin.n++;
    bin.said += found.survives;
    bin.won += Number(truly === found.ahead);
  }
  for (const { n, said, won } of bins) expect(Math.abs(won - said) / n).toBeLessThan(0.15);
});

test('the next run: larger ones tell more, smaller ones tell more per second, and the pair is that of the two best', () => {
  const runs = runsOf({ a: [8, 0.25], b: [8.1, 0.25], far: [20, 0.25] }, SCALES, 0.003);
  const { next } = forecastScales(runs, 1e5, 0.8, 1)!;
  expect(next.length).toBe(8);
  for (const one of next) expect(['a', 'b']).toContain(one.recipe);
  const rate = next.map(({ shrinks, seconds }) => shrinks / seconds);
  expect(rate).toEqual(rate.toSorted((x, y) => y - x));
  const free = forecastScales(
    runs.map((run) => ({ ...run, seconds: 1 })),
    1e5,
    0.8,
    1,
  )!.next;
  expect(free[0]!.scale).toBe(8e3);
});

test('two scales, or one run a recipe, forecast nothing', () => {
  expect(forecastScales(runsOf({ a: [8, 0.25] }, [1e3, 2e3], 0), 1e5, 0.8, 1)).toBeUndefined();
  const lone = SCALES.map((scale, i): ScaleRun => ({ recipe: String(i), scale, loss: 3 }));
  expect(forecastScales(lone, 1e5, 0.8, 1)).toBeUndefined();
});
