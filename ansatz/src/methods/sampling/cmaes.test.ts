import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { parseConstraint, type Param, type Point, type Space } from '../space/index.ts';
import { auto, cmaes, cmaesAfter, type Observation, random, type Sampler, tpe } from './index.ts';
import { cellAt, placeIn, withMargin } from './margin.ts';
import { normalCdf } from '../math/quantile.ts';

function cube(n: number, kindOf: (i: number) => 'float' | 'int' = () => 'float'): Space {
  return {
    params: Array.from({ length: n }, (_, i): Param => ({
      name: `x${i}`,
      kind: kindOf(i),
      low: -5,
      high: 5,
      scale: 'linear',
    })),
    constraints: [],
  };
}

type Objective = (x: readonly number[]) => number;
const sphere: Objective = (x) => x.reduce((sum, v) => sum + (v - 1.3) ** 2, 0);
const ellipsoid: Objective = (x) => x.reduce((sum, v, i) => sum + 10 ** ((4 * i) / (x.length - 1)) * (v - 1.3) ** 2, 0);
const rosenbrock: Objective = (x) =>
  x.slice(1).reduce((sum, v, i) => sum + 100 * (v - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2, 0);

/** Runs a search; with `workers`, that many points are pending at any time and the oldest ends first but for every fifth. */
function search(sampler: Sampler, space: Space, loss: (point: Point) => number, n: number, seed: number, workers = 1) {
  const seen: Observation[] = [];
  const running: number[] = [];
  for (let i = 0; i < n; i++) {
    running.push(i);
    seen.push({ point: sampler(space, seen, rng(seed, i)), status: 'pending' });
    if (running.length < workers) continue;
    const [done] = running.splice(i % 5 === 0 ? running.length - 1 : 0, 1);
    const { point } = seen[done!]!;
    seen[done!] = { point, status: 'done', loss: loss(point) };
  }
  return { seen, best: Math.min(...seen.map((o) => o.loss ?? Infinity)) };
}

const values = (space: Space, point: Point): number[] => space.params.map(({ name }) => Number(point[name]));

describe('finds the bottom of', () => {
  test.each([
    ['a sphere', 10, sphere, 700, 0.01],
    ['an ellipsoid of condition 10⁴', 8, ellipsoid, 1500, 0.1],
    // Near 4 lies its second, false bottom.
    ['the valley of Rosenbrock', 8, rosenbrock, 2500, 5],
  ] as const)('%s in %i dimensions', (_name, n, objective, budget, bound) => {
    const space = cube(n);
    for (const seed of [1, 2, 3])
      expect(search(cmaes, space, (p) => objective(values(space, p)), budget, seed).best).toBeLessThan(bound);
  });

  test('a sphere with eight workers', () => {
    const space = cube(10);
    expect(search(cmaes, space, (p) => sphere(values(space, p)), 800, 1, 8).best).toBeLessThan(0.01);
  });

  test('an ellipsoid of whole and real numbers: every whole number is right', () => {
    const space = cube(8, (i) => (i % 2 === 0 ? 'int' : 'float'));
    const whole = 4 * 0.3 ** 2;
    for (const seed of [1, 2, 3]) {
      const { best } = search(cmaes, space, (p) => sphere(values(space, p)), 800, seed);
      expect(best).toBeGreaterThanOrEqual(whole - 1e-9);
      expect(best).toBeLessThan(whole + 0.01);
    }
  });

  test('a space with choices and conditions, better than chance', () => {
    const space: Space = {
      params: [
        { name: 'optimizer', kind: 'choice', choices: ['sgd', 'adam', 'lion'] },
        { name: 'lr', kind: 'float', low: 1e-5, high: 1, scale: 'log' },
        { name: 'beta', kind: 'float', low: 0, high: 1, scale: 'linear', when: parseConstraint('optimizer == "adam"') },
        { name: 'layers', kind: 'int', low: 1, high: 12, scale: 'linear' },
      ],
      constraints: [parseConstraint('layers * lr < 6')],
    };
    const loss = (p: Point): number =>
      (p['optimizer'] === 'adam' ? 2 * Math.abs(Number(p['beta']) - 0.9) : 1) +
      (Math.log10(Number(p['lr'])) + 3) ** 2 +
      0.1 * (Number(p['layers']) - 7) ** 2;
    let wins = 0;
    for (let seed = 1; seed <= 20; seed++)
      if (search(cmaes, space, loss, 150, seed).best < search(random, space, loss, 150, seed).best) wins++;
    expect(wins).toBeGreaterThanOrEqual(17);
  });
});

describe('beyond 500 results auto is led by CMA-ES, which its other turns do not hold back', () => {
  // A Gaussian process for the first 500 would take most of the time and find the bottom itself.
  const led: Sampler = (space, history, random) => (history.length < 500 ? tpe : auto)(space, history, random);
  test.each([
    ['alone', 1],
    ['with eight workers', 8],
  ])('%s', (_name, workers) => {
    const space = cube(5);
    const loss = (p: Point): number => ellipsoid(values(space, p));
    for (const seed of [1, 2, 3]) {
      // With every other result TPE's, all of them learned from, it stands at .3 to 5.
      expect(search(led, space, loss, 1800, seed, workers).best).toBeLessThan(0.1);
    }
  });
});

test('goes on from what another sampler found, and needs fewer points for it', () => {
  const space = cube(8);
  const loss = (p: Point): number => ellipsoid(values(space, p));
  const others = search(random, space, loss, 200, 5).seen.map((o): Observation => ({
    ...o,
    // As if a good search had been there: pulled to the optimum.
    point: Object.fromEntries(Object.entries(o.point).map(([k, v]) => [k, 1.3 + 0.1 * (Number(v) - 1.3)])),
  }));
  const start = others.map((o): Observation => ({ ...o, loss: loss(o.point) }));
  const seen = [...start];
  const sampler = cmaesAfter(200);
  for (let i = 0; i < 100; i++) {
    const point = sampler(space, seen, rng(1, i));
    seen.push({ point, status: 'done', loss: loss(point) });
  }
  const fresh = search(cmaes, space, loss, 300, 1).best;
  const before = Math.min(...start.map((o) => o.loss!));
  const after = Math.min(...seen.map((o) => o.loss!));
  expect(after).toBeLessThan(before / 2);
  expect(after).toBeLessThan(fresh);
});

test('starts anew where the results are when most of a generation cannot be its own', () => {
  const space = cube(4);
  const loss = (p: Point): number => sphere(values(space, p));
  const { seen } = search(cmaes, space, loss, 200, 1);
  const far = Array.from({ length: 60 }, (_, i): Observation => {
    const r = rng(7, i);
    const point = Object.fromEntries(space.params.map(({ name }) => [name, -4 + 0.3 * r.normal()]));
    return { point, status: 'done', loss: -100 + sphere(values(space, point).map((v) => v + 5.3)) };
  });
  const next = cmaes(space, [...seen, ...far], rng(1));
  for (const value of values(space, next)) expect(value).toBeLessThan(-2);
});

test('keeps away from crashes: after a while few points fall into a half that only crashes', () => {
  const space = cube(6);
  const seen: Observation[] = [];
  let late = 0;
  for (let i = 0; i < 200; i++) {
    const point = cmaes(space, seen, rng(3, i));
    const crashed = Number(point['x0']) > 0;
    if (crashed && i >= 100) late++;
    seen.push(crashed ? { point, status: 'crashed' } : { point, status: 'done', loss: sphere(values(space, point)) });
  }
  // The optimum lies beyond the edge; half of the samples around a mean at the edge would crash.
  expect(late).toBeLessThan(50);
});

test('an ask at 1,000 results costs little, also without what earlier asks left behind', () => {
  const space = cube(10);
  const { seen } = search(cmaes, space, (p) => rosenbrock(values(space, p)), 1000, 1);
  const from = performance.now();
  for (let i = 0; i < 20; i++) cmaes(space, seen, rng(2, i));
  expect((performance.now() - from) / 20).toBeLessThan(10);
  const cold = performance.now();
  cmaes(structuredClone(space), structuredClone(seen), rng(2));
  expect(performance.now() - cold).toBeLessThan(200);
});

describe('the margin', () => {
  const int: Param = { name: 'n', kind: 'int', low: 1, high: 1000, scale: 'log' };

  test('cells lie side by side and hold the place their value is encoded at', () => {
    for (const u of [0, 0.1, 0.33, 0.5, 0.9, 1]) {
      const { low, high } = cellAt(int, u);
      expect(low).toBeLessThanOrEqual(u);
      expect(high).toBeGreaterThanOrEqual(u);
      if (high < Infinity) expect(cellAt(int, high + 1e-9).low).toBeCloseTo(high, 9);
    }
    expect(cellAt({ ...int, high: 10, scale: 'linear', step: 4 }, 1).high).toBe(Infinity);
    expect(cellAt({ name: 'c', kind: 'choice', choices: [1, 2, 3], ordered: true }, 0.5)).toEqual({
      low: 1 / 3,
      high: 2 / 3,
    });
  });

  test('leaves the neighbours of an inner cell alpha together, of an outer one alpha', () => {
    for (const sd of [1e-6, 0.01, 0.05]) {
      const inner = withMargin({ low: 0.4, high: 0.6 }, 0.55, sd, 0.02);
      const below = normalCdf((0.4 - inner.mean) / inner.sd);
      const above = normalCdf((inner.mean - 0.6) / inner.sd);
      expect(below + above).toBeGreaterThanOrEqual(0.02 - 1e-6);
      expect(Math.min(below, above)).toBeGreaterThanOrEqual(0.01 - 1e-6);
      const outer = withMargin({ low: 0.9, high: Infinity }, 0.99, sd, 0.02);
      expect(normalCdf((0.9 - outer.mean) / outer.sd)).toBeGreaterThanOrEqual(0.02 - 1e-6);
    }
    expect(withMargin({ low: 0.4, high: 0.6 }, 0.5, 0.3, 0.02)).toEqual({ mean: 0.5, sd: 0.3 });
  });

  test('a place is drawn inside its cell, however unlikely the cell', () => {
    for (const mean of [-3, 0.5, 4])
      for (const share of [0, 0.5, 0.999]) {
        const place = placeIn({ low: 0.4, high: 0.6 }, mean, 0.05, share);
        expect(place >= 0.4 && place <= 0.6).toBe(true);
      }
  });
});
