import { expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { parseConstraint, type Param, type Point, type Space } from '../space/index.ts';
import { hypervolume } from '../stats/pareto.ts';
import { nsga2, type Observation, random, type Sampler } from './index.ts';

const space: Space = {
  params: Array.from({ length: 8 }, (_, i): Param => ({
    name: `x${i}`,
    kind: 'float',
    low: 0,
    high: 1,
    scale: 'linear',
  })),
  constraints: [],
};

/** ZDT1 (Zitzler, Deb & Thiele 2000): the best front is x0 = f, all others 0. */
function zdt1(point: Point): number[] {
  const x = space.params.map(({ name }) => Number(point[name]));
  const g = 1 + (9 * x.slice(1).reduce((sum, v) => sum + v, 0)) / (x.length - 1);
  return [x[0]!, g * (1 - Math.sqrt(x[0]! / g))];
}

function search(
  sampler: Sampler,
  n: number,
  seed: number,
  outcome: (point: Point) => Partial<Observation>,
  where = space,
): Observation[] {
  const seen: Observation[] = [];
  for (let i = 0; i < n; i++) {
    const point = sampler(where, seen, rng(seed, i));
    seen.push({ point, status: 'done', ...outcome(point) });
  }
  return seen;
}

test('ZDT1: far more volume than random search on every one of five seeds, most of what there is', () => {
  // Below the reference (1.1, 1.1) the best front of ZDT1 has 0.871.
  const volumeOf = (seen: readonly Observation[]): number =>
    hypervolume(
      seen.map((o) => o.losses!),
      [1.1, 1.1],
    );
  const volumes = [1, 2, 3, 4, 5].map((seed) => {
    const mine = volumeOf(search(nsga2, 600, seed, (point) => ({ losses: zdt1(point) })));
    expect(mine).toBeGreaterThan(0.3 + volumeOf(search(random, 600, seed, (point) => ({ losses: zdt1(point) }))));
    return mine;
  });
  expect(volumes.reduce((sum, volume) => sum + volume, 0) / 5).toBeGreaterThan(0.6);
});

test('measured constraints are met by most later points', () => {
  const seen = search(nsga2, 400, 1, (point) => ({ losses: zdt1(point), violations: [0.5 - Number(point['x0'])] }));
  expect(seen.slice(-100).filter((o) => o.violations![0]! <= 0).length).toBeGreaterThan(80);
});

test('one objective, choices, conditions and a constraint between parameters', () => {
  const mixed: Space = {
    params: [
      { name: 'kind', kind: 'choice', choices: ['a', 'b', 'c', 'd'] },
      { name: 'n', kind: 'int', low: 1, high: 64, scale: 'log' },
      { name: 'x', kind: 'float', low: 0, high: 1, scale: 'linear', when: parseConstraint('kind == "c"') },
    ],
    constraints: [parseConstraint('n * x < 20')],
  };
  const loss = (p: Point): number =>
    (p['kind'] === 'c' ? Math.abs(Number(p['x']) - 0.8) : 1) + Math.abs(Number(p['n']) - 20) / 20;
  const best = (sampler: Sampler, seed: number): number =>
    Math.min(...search(sampler, 120, seed, (p) => ({ loss: loss(p) }), mixed).map((o) => o.loss!));
  let wins = 0;
  for (let seed = 1; seed <= 10; seed++) if (best(nsga2, seed) < best(random, seed)) wins++;
  expect(wins).toBeGreaterThanOrEqual(8);
});
