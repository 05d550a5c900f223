import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { decode, parseConstraint, type Param, type Point, randomPoint, type Space } from '../space/index.ts';
import { importances, type Result } from './importance.ts';

const space: Space = {
  params: [
    { name: 'lr', kind: 'float', low: 1e-5, high: 1, scale: 'log' },
    { name: 'width', kind: 'int', low: 8, high: 512, scale: 'log' },
    { name: 'act', kind: 'choice', choices: ['relu', 'tanh', 'gelu'] },
    { name: 'idle', kind: 'float', low: 0, high: 1, scale: 'linear' },
  ],
  constraints: [],
};

function results(where: Space, n: number, seed: number, loss: (point: Point, noise: number) => number): Result[] {
  const random = rng(seed);
  return Array.from({ length: n }, () => {
    const point = randomPoint(where, random);
    return { point, loss: loss(point, random.normal()) };
  });
}

const bowl = (p: Point, noise: number): number =>
  (Math.log10(Number(p['lr'])) + 3) ** 2 + 0.3 * Math.abs(Math.log(Number(p['width']) / 64)) + 0.1 * noise;

test('the parameter that decides has the largest share, beyond chance; those that do nothing stay below', () => {
  let found = 0;
  for (let seed = 0; seed < 20; seed++) {
    const told = importances(space, results(space, 60, seed, bowl), rng(seed, 1));
    expect(told.map((one) => one.name)).toEqual(['lr', 'width', 'act', 'idle']);
    expect(told.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 9);
    for (const { share, interval, chance } of told) {
      expect(interval[0]).toBeLessThanOrEqual(share);
      expect(interval[1]).toBeGreaterThanOrEqual(share);
      expect(chance >= 0 && chance <= 1).toBe(true);
    }
    const [lr, , act, idle] = told;
    if (lr!.share > lr!.chance && lr!.share > 0.5 && act!.share < act!.chance && idle!.share < idle!.chance) found++;
  }
  expect(found).toBeGreaterThanOrEqual(17);
});

test('a parameter that only drifts with the search stays below chance', () => {
  let alarms = 0;
  let found = 0;
  for (let seed = 0; seed < 20; seed++) {
    const random = rng(seed, 7);
    // Losses fall as the search goes on, for `lr` alone; all parameters wander with it.
    const told = importances(
      space,
      Array.from({ length: 80 }, (_, i) => {
        const at = (i / 80) * 0.6;
        const near = (): number => Math.min(1, Math.max(0, at + 0.2 * random.normal()));
        const point = decode(space, Float64Array.from([near(), near(), random.uniform(), near()]));
        return { point, loss: (Math.log10(Number(point['lr'])) + 1) ** 2 + 0.1 * random.normal() };
      }),
      rng(seed, 1),
    );
    alarms += told.slice(1).filter((one) => one.share > one.chance).length;
    found += Number(told[0]!.share > told[0]!.chance);
  }
  expect(found).toBeGreaterThanOrEqual(18);
  expect(alarms).toBeLessThanOrEqual(9);
});

test('when nothing matters, one parameter or another rises above chance in about 5 % of studies', () => {
  let alarms = 0;
  for (let seed = 0; seed < 200; seed++) {
    const told = importances(
      space,
      results(space, 40, seed, (_, noise) => noise),
      rng(seed, 2),
      { resamples: 0 },
    );
    if (told.some((one) => one.share > one.chance)) alarms++;
  }
  expect(alarms).toBeLessThanOrEqual(22);
});

test('what matters among the good differs from what matters at large (arXiv 2304.10255, section 4)', () => {
  // x decides unless it is below 0.5; there y does.
  const plane: Space = {
    params: ['x', 'y'].map((name): Param => ({ name, kind: 'float', low: 0, high: 1, scale: 'linear' })),
    constraints: [],
  };
  const seen = results(plane, 400, 1, (p) => (Number(p['x']) > 0.5 ? 10 + Number(p['x']) : Number(p['y'])));
  const [everywhere] = importances(plane, seen, rng(1), { best: [0.5] });
  const local = importances(plane, seen, rng(1), { best: [0.2], among: 0.45 });
  expect(everywhere!.share).toBeGreaterThan(0.9);
  expect(local[1]!.share).toBeGreaterThan(0.9);
});

test('a conditional parameter is judged by the points that have it', () => {
  const conditional: Space = {
    params: [
      { name: 'kind', kind: 'choice', choices: ['a', 'b'] },
      { name: 'x', kind: 'float', low: 0, high: 1, scale: 'linear', when: parseConstraint('kind == "b"') },
    ],
    constraints: [],
  };
  const seen = results(conditional, 200, 3, (p) => (p['kind'] === 'b' ? Number(p['x']) : 0.5));
  const [kind, x] = importances(conditional, seen, rng(3));
  expect(kind!.results).toBe(200);
  expect(x!.results).toBeLessThan(130);
  expect(x!.share).toBeGreaterThan(x!.chance);
});

test('ties, runs without a result, nothing at all', () => {
  const tied = results(space, 30, 4, () => 1);
  for (const one of importances(space, tied, rng(1))) expect(one.share).toBeLessThanOrEqual(one.chance);
  const cut = results(space, 60, 5, (p, noise) => (Number(p['lr']) > 1e-3 ? Infinity : noise));
  expect(importances(space, cut, rng(1))[0]!.share).toBeGreaterThan(0.5);
  for (const one of importances(space, [], rng(1))) expect(one).toMatchObject({ results: 0, share: 0 });
  expect(importances({ params: [], constraints: [] }, [], rng(1))).toEqual([]);
  const single: Space = { params: [{ name: 'x', kind: 'int', low: 2, high: 2, scale: 'linear' }], constraints: [] };
  const seen = Array.from({ length: 20 }, (_, i): Result => ({ point: decode(single, [0.5]), loss: i }));
  expect(importances(single, seen, rng(1))[0]!.share).toBe(0);
});
