import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { active, canonical, feasible, parseConstraint, type Param, type Point, type Space } from '../space/index.ts';
import {
  auto,
  cmaes,
  cmaesAfter,
  ehvi,
  gp,
  nsga2,
  type Observation,
  random,
  quasi,
  type Sampler,
  tpe,
} from './index.ts';

/** A new sampler is one line here. */
const SAMPLERS: readonly (readonly [string, Sampler])[] = [
  ['random', random],
  ['sobol', quasi],
  ['tpe', tpe],
  ['cmaes', cmaes],
  ['cmaesAfter', cmaesAfter(15)],
  ['nsga2', nsga2],
  ['ehvi', ehvi],
  ['gp', gp],
  ['auto', auto],
];

const mixed: Space = {
  params: [
    { name: 'lr', kind: 'float', low: 1e-5, high: 1, scale: 'log' },
    { name: 'drop', kind: 'float', low: 0, high: 0.9, scale: 'linear' },
    { name: 'width', kind: 'int', low: 8, high: 512, scale: 'log' },
    { name: 'layers', kind: 'int', low: 1, high: 12, scale: 'linear', step: 2 },
    { name: 'act', kind: 'choice', choices: ['relu', 'tanh', 'gelu'] },
    { name: 'amp', kind: 'choice', choices: [true, false] },
  ],
  constraints: [],
};

const spaces: Readonly<Record<string, Space>> = {
  mixed,
  constrained: {
    ...mixed,
    constraints: [parseConstraint('width * layers <= 600'), parseConstraint('act != "tanh" or drop < 0.5')],
  },
  'a space that is nearly all forbidden': {
    // In order and apart one time in 12,000, and far from it at most random points.
    params: Array.from({ length: 5 }, (_, i): Param => ({
      name: `x${i}`,
      kind: 'float',
      low: 0,
      high: 1,
      scale: 'linear',
    })),
    constraints: Array.from({ length: 4 }, (_, i) => parseConstraint(`x${i} + 0.15 < x${i + 1}`)),
  },
  'one value': { params: [{ name: 'x', kind: 'float', low: 2, high: 2, scale: 'linear' }], constraints: [] },
  'no parameter': { params: [], constraints: [] },
  'all categorical': {
    params: Array.from({ length: 5 }, (_, i): Param => ({
      name: `c${i}`,
      kind: 'choice',
      choices: ['a', 'b', 1, true],
    })),
    constraints: [],
  },
  '200 parameters': {
    params: Array.from({ length: 200 }, (_, i): Param => ({
      name: `p${i}`,
      kind: 'float',
      low: -1,
      high: 1,
      scale: 'linear',
    })),
    constraints: [],
  },
  'one free of three': {
    params: [
      { name: 'a', kind: 'choice', choices: ['only'] },
      { name: 'b', kind: 'int', low: 3, high: 3, scale: 'linear' },
      { name: 'c', kind: 'float', low: 0, high: 1, scale: 'linear' },
    ],
    constraints: [],
  },
  conditional: {
    params: [
      { name: 'optimizer', kind: 'choice', choices: ['sgd', 'adam', 'none'] },
      {
        name: 'momentum',
        kind: 'float',
        low: 0,
        high: 0.99,
        scale: 'linear',
        when: parseConstraint('optimizer == "sgd"'),
      },
      { name: 'nesterov', kind: 'choice', choices: [true, false], when: parseConstraint('momentum > 0.5') },
      { name: 'beta', kind: 'float', low: 1e-3, high: 0.5, scale: 'log', when: parseConstraint('optimizer == "adam"') },
      { name: 'depth', kind: 'choice', choices: [1, 2, 4, 8], ordered: true },
      { name: 'warmup', kind: 'int', low: 0, high: 100, scale: 'linear', when: parseConstraint('optimizer != "none"') },
    ],
    constraints: [parseConstraint('warmup < 80 or depth < 8')],
  },
  'guessed at': {
    params: mixed.params.map((param, i): Param =>
      param.kind === 'choice'
        ? { ...param, prior: { value: param.choices[1]! } }
        : { ...param, prior: { value: i % 2 === 0 ? param.low : param.high, width: 0.05, strength: 3 } },
    ),
    constraints: [],
  },
  'names that are traps': {
    params: [
      { name: 'constructor', kind: 'float', low: 0, high: 1, scale: 'linear' },
      { name: '__proto__', kind: 'int', low: 0, high: 9, scale: 'linear' },
    ],
    constraints: [],
  },
};

function inside(space: Space, point: Point): void {
  const expected = space.params.filter((param) => active(param, point));
  expect(Object.keys(point).toSorted()).toEqual(expected.map((param) => param.name).toSorted());
  for (const param of expected) {
    const value = point[param.name]!;
    if (param.kind === 'choice') {
      expect(param.choices).toContain(value);
      continue;
    }
    expect(value).toBeGreaterThanOrEqual(param.low);
    expect(value).toBeLessThanOrEqual(param.high);
    if (param.kind === 'int') expect(Number.isInteger(value)).toBe(true);
    if (param.step !== undefined) expect(((value as number) - param.low) % param.step).toBeCloseTo(0, 9);
  }
}

/** What a study would have seen after `n` points under a rule. */
function history(space: Space, n: number, outcome: (point: Point, i: number) => Partial<Observation>): Observation[] {
  const observations: Observation[] = [];
  for (let i = 0; i < n; i++) {
    const point = random(space, observations, rng(99, i));
    observations.push({ point, status: 'done', ...outcome(point, i) });
  }
  return observations;
}

const histories: Readonly<Record<string, (space: Space) => Observation[]>> = {
  empty: () => [],
  'one point': (space) => history(space, 1, () => ({ loss: 1 })),
  'ordinary results': (space) => history(space, 40, (_, i) => ({ loss: Math.sin(i) })),
  'only crashes': (space) => history(space, 40, () => ({ status: 'crashed' })),
  'only stopped': (space) => history(space, 40, () => ({ status: 'stopped' })),
  'only pending': (space) => history(space, 40, () => ({ status: 'pending' })),
  'a constant objective': (space) => history(space, 40, () => ({ loss: 7 })),
  'NaN and infinities': (space) =>
    history(space, 40, (_, i) => ({ loss: [NaN, Infinity, -Infinity, 1e308, 0][i % 5]! })),
  'a mixture of everything': (space) =>
    history(
      space,
      60,
      (_, i) =>
        [
          { loss: i },
          { status: 'crashed' as const },
          { status: 'stopped' as const, loss: 3, variance: 2 },
          { status: 'pending' as const },
          { loss: 1, losses: [1, -i], violations: [i - 30], cost: i },
        ][i % 5]!,
    ),
  'points without a parameter': (space) =>
    history(space, 40, (point, i) => ({
      loss: i,
      point: Object.fromEntries(Object.entries(point).filter((_, k) => (k + i) % 3 > 0)),
    })),
  'several objectives': (space) =>
    history(space, 60, (_, i) => ({ loss: i, losses: [i, (i * 7) % 60, i % 3], violations: [i - 40, NaN] })),
  'a point outside the space': (space) => [
    ...history(space, 20, (_, i) => ({ loss: i })),
    { point: { lr: 99, other: 'x' }, status: 'done', loss: -1 },
  ],
};

/** Samplers that leave it to their caller to refuse a repeat. */
const REPEATING: readonly string[] = [];

describe.each(SAMPLERS)('the %s sampler', (name, sampler) => {
  for (const [spaceName, space] of Object.entries(spaces)) {
    for (const [historyName, make] of Object.entries(histories)) {
      test(`stays inside ${spaceName} after ${historyName}`, () => {
        const seen = make(space);
        for (let seed = 0; seed < 5; seed++) {
          const point = sampler(space, seen, rng(seed));
          inside(space, point);
          expect(feasible(space, point)).toBe(true);
        }
      });
    }
  }

  test('same arguments, same point', () => {
    for (const make of Object.values(histories)) {
      expect(sampler(mixed, make(mixed), rng(3))).toEqual(sampler(mixed, make(mixed), rng(3)));
    }
  });

  test('another seed, other points from the first on', () => {
    const firsts = (seed: number): Point[] => {
      const seen: Observation[] = [];
      for (let i = 0; i < 4; i++) seen.push({ point: sampler(mixed, seen, rng(seed, i)), status: 'pending' });
      return seen.map(({ point }) => point);
    };
    const [one, two] = [firsts(1), firsts(2)];
    one.forEach((point, i) => {
      expect(point).not.toEqual(two[i]);
    });
  });

  test('does not change its history', () => {
    const seen = histories['ordinary results']!(mixed);
    const copy = structuredClone(seen);
    sampler(mixed, seen, rng(1));
    expect(seen).toEqual(copy);
  });

  test('parallel asks give different points while the earlier ones are pending', () => {
    const seen = history(mixed, 30, (point) => ({ loss: Math.log10(Number(point['lr'])) ** 2 }));
    const keys = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const point = sampler(mixed, seen, rng(1, i));
      keys.add(canonical(point));
      seen.push({ point, status: 'pending' });
    }
    expect(keys.size).toBe(20);
  });

  test.skipIf(REPEATING.includes(name))('proposes no point twice before every point was tried', () => {
    const small: Space = {
      params: [
        { name: 'width', kind: 'int', low: 1, high: 6, scale: 'linear' },
        { name: 'act', kind: 'choice', choices: ['relu', 'tanh', 'gelu'] },
        { name: 'amp', kind: 'choice', choices: [true, false] },
      ],
      constraints: [parseConstraint('amp or width > 1')],
    };
    const seen: Observation[] = [];
    for (let i = 0; i < 33; i++) {
      const point = sampler(small, seen, rng(4, i));
      seen.push({ point, status: 'done', loss: Number(point['width']) });
    }
    expect(new Set(seen.map((o) => canonical(o.point))).size).toBe(33);
    inside(small, sampler(small, seen, rng(4, 99)));
  });

  test('proposes no point twice where the best one is a corner that a constraint makes', () => {
    const corner: Space = {
      params: ['a', 'b', 'c', 'd'].map((at): Param => ({ name: at, kind: 'float', low: 0, high: 1, scale: 'linear' })),
      constraints: [parseConstraint('a + b + c + d < 0.1')],
    };
    const seen: Observation[] = [];
    for (let i = 0; i < 25; i++) {
      const point = sampler(corner, seen, rng(5, i));
      expect(feasible(corner, point)).toBe(true);
      seen.push({ point, status: 'done', loss: Object.values(point).reduce<number>((sum, x) => sum + Number(x), 0) });
    }
    expect(new Set(seen.map((o) => canonical(o.point))).size).toBe(25);
  });

  test('is the same function for a history that grew, was rewritten, or is a copy', () => {
    const seen = history(mixed, 60, (point) => ({ loss: Math.log10(Number(point['lr'])) ** 2 }));
    const asked: Point[] = [];
    const histories = [seen.slice(0, 30), seen, [...seen.slice(10), ...seen.slice(0, 10)], structuredClone(seen)];
    for (const one of histories) asked.push(sampler(mixed, one, rng(8)));
    const late = seen.map((o, i): Observation => (i === 12 ? { point: o.point, status: 'pending' } : o));
    sampler(mixed, late, rng(8));
    expect(sampler(mixed, seen, rng(8))).toEqual(asked[1]);
    expect(sampler(structuredClone(mixed), structuredClone(seen), rng(8))).toEqual(asked[1]);
    expect(asked[3]).toEqual(asked[1]);
    expect(sampler(mixed, seen.slice(0, 30), rng(8))).toEqual(asked[0]);
  });

  test('answers with 100,000 observations', () => {
    const seen = history({ params: mixed.params.slice(0, 2), constraints: [] }, 1000, (_, i) => ({ loss: i % 17 }));
    const large = Array.from({ length: 100_000 }, (_, i) => seen[i % 1000]!);
    inside(
      { params: mixed.params.slice(0, 2), constraints: [] },
      sampler({ params: mixed.params.slice(0, 2), constraints: [] }, large, rng(1)),
    );
  });

  test('any space a user can write gives points inside it', () => {
    const number = fc
      .record({
        low: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        span: fc.double({ min: 0, max: 1e6, noNaN: true }),
        kind: fc.constantFrom('float', 'int'),
        log: fc.boolean(),
      })
      .map(({ low, span, kind, log }): Param => {
        const whole = kind === 'int';
        const from = log ? Math.abs(low) + 1 : low;
        const [a, b] = whole ? [Math.ceil(from), Math.ceil(from + span)] : [from, from + span];
        return { name: 'x', kind: whole ? 'int' : 'float', low: a, high: b, scale: log ? 'log' : 'linear' };
      });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 4 }), fc.nat(), (params, seed) => {
        const space: Space = { params: params.map((param, i) => ({ ...param, name: `p${i}` })), constraints: [] };
        inside(
          space,
          sampler(
            space,
            history(space, 12, (_, i) => ({ loss: i })),
            rng(seed),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('tpe', () => {
  const bowl = (point: Point): number =>
    (Math.log10(Number(point['lr'])) + 2) ** 2 +
    (Number(point['drop']) - 0.3) ** 2 +
    (point['act'] === 'gelu' ? 0 : 0.5);

  /** Best loss after `n` points. */
  function search(sampler: Sampler, n: number, seed: number): number {
    const seen: Observation[] = [];
    for (let i = 0; i < n; i++) {
      // Sobol goes on where the history ends; another start per seed keeps seeds apart.
      const point = sampler(mixed, seen, rng(seed, i));
      seen.push({ point, status: 'done', loss: bowl(point) });
    }
    return Math.min(...seen.map((o) => o.loss!));
  }

  test('finds better points than random search in the same number of trials, on at least 9 of 10 seeds', () => {
    let wins = 0;
    for (let seed = 1; seed <= 10; seed++) if (search(tpe, 60, seed) < search(random, 60, seed)) wins++;
    expect(wins).toBeGreaterThanOrEqual(9);
  });

  test('needs fewer points where neighbours in a list are said to be alike', () => {
    const lists = (ordered: boolean): Space => ({
      params: [0, 1, 2].map((i): Param => ({
        name: `c${i}`,
        kind: 'choice',
        choices: Array.from({ length: 12 }, (_, k) => k),
        ordered,
      })),
      constraints: [],
    });
    const sum = (space: Space): number => {
      let total = 0;
      for (let seed = 0; seed < 8; seed++) {
        const seen: Observation[] = [];
        for (let i = 0; i < 40; i++) {
          const point = tpe(space, seen, rng(seed, i));
          const loss = [8, 3, 10].reduce((all, best, k) => all + (Number(point[`c${k}`]) - best) ** 2, 0);
          seen.push({ point, status: 'done', loss });
        }
        total += Math.min(...seen.map((o) => o.loss!));
      }
      return total;
    };
    expect(sum(lists(true))).toBeLessThan(0.7 * sum(lists(false)));
  });

  test('a good guess saves evaluations, and a bad one does not hurt for long', () => {
    const guessed = (value?: number): Space => ({
      params: ['x', 'y', 'z'].map((at): Param => ({
        name: at,
        kind: 'float',
        low: 0,
        high: 1,
        scale: 'linear',
        ...(value === undefined ? {} : { prior: { value, width: 0.1 } }),
      })),
      constraints: [],
    });
    /** Median over seeds of the least loss after 10 and after 80 points. */
    const least = (space: Space): number[] => {
      const ends = [1, 2, 3, 4, 5].map((seed) => {
        const seen: Observation[] = [];
        for (let i = 0; i < 80; i++) {
          const point = tpe(space, seen, rng(seed, i));
          const loss = Object.values(point).reduce<number>((sum, x) => sum + (Number(x) - 0.8) ** 2, 0);
          seen.push({ point, status: 'done', loss });
        }
        return [10, 80].map((n) => Math.min(...seen.slice(0, n).map((o) => o.loss!)));
      });
      return [0, 1].map((k) => ends.map((end) => end[k]!).toSorted((a, b) => a - b)[2]!);
    };
    const [plain, good, bad] = [least(guessed()), least(guessed(0.8)), least(guessed(0.2))];
    expect(good[0]!).toBeLessThan(0.3 * plain[0]!);
    expect(bad[1]!).toBeLessThan(0.02);
  });

  test('keeps away from a region where everything crashed', () => {
    const seen: Observation[] = [];
    let crashes = 0;
    for (let i = 0; i < 80; i++) {
      const point = tpe(mixed, seen, rng(5, i));
      const crashed = Number(point['width']) > 100;
      if (crashed && i >= 40) crashes++;
      seen.push(crashed ? { point, status: 'crashed' } : { point, status: 'done', loss: bowl(point) });
    }
    // Chance alone would put 16 of the last 40 there.
    expect(crashes).toBeLessThanOrEqual(6);
  });
});
