import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import {
  active,
  decodeParam,
  defineSpace,
  drawPrior,
  feasible,
  logPrior,
  type ParamInput,
  type Prior,
  type Space,
  type Value,
} from './index.ts';
import { anySpace } from './space.fixture.ts';

const DRAWS = 20_000;

function draws(param: ParamInput, count = DRAWS): Value[] {
  const space = defineSpace([param]);
  const random = rng(7);
  return Array.from({ length: count }, () => drawPrior(space, random)[param.name]!);
}

describe('a guess at a number', () => {
  const lr: ParamInput = {
    name: 'lr',
    kind: 'float',
    low: 1e-5,
    high: 1,
    log: true,
    prior: { value: 1e-3, width: 0.1 },
  };

  test('is a normal cut off at the ends of the encoded range, as SciPy has it', () => {
    const space = defineSpace([lr]);
    const at = (value: number) => logPrior(space, { lr: value });
    // scipy.stats.truncnorm.logpdf(u, -4, 6, loc=.4, scale=.1), u = .4, .5, .9, 0
    expect(at(1e-3)).toBeCloseTo(1.3836782312, 8);
    expect(at(10 ** -2.5)).toBeCloseTo(0.8836782312, 8);
    expect(at(10 ** -0.5)).toBeCloseTo(-11.1163217688, 8);
    expect(at(1e-5)).toBeCloseTo(-6.6163217688, 8);
  });

  test('integrates to 1, also when it is centred on an end, wide or narrow', () => {
    for (const prior of [{ value: 0 }, { value: 1, width: 0.03 }, { value: 0.4, width: 5 }, { value: 9 }] as Prior[]) {
      const space = defineSpace([{ name: 'x', kind: 'float', low: 0, high: 1, prior }]);
      let sum = 0;
      for (let i = 0; i < 20_000; i++) sum += Math.exp(logPrior(space, { x: (i + 0.5) / 20_000 })) / 20_000;
      expect(sum).toBeCloseTo(1, 5);
    }
  });

  test('is drawn as its density says', () => {
    const values = draws(lr).map((value) => (Math.log10(Number(value)) + 5) / 5);
    const within = (from: number, to: number) => values.filter((u) => u >= from && u < to).length / DRAWS;
    // Φ(1) − Φ(−1) and so on; 4 standard errors.
    expect(Math.abs(within(0.3, 0.5) - 0.6827)).toBeLessThan(0.0132);
    expect(Math.abs(within(0.2, 0.6) - 0.9545)).toBeLessThan(0.006);
    expect(Math.abs(within(0, 0.4) - 0.5)).toBeLessThan(0.0142);
  });
});

test('the masses of a finite list sum to 1, and draws follow them', () => {
  const params: ParamInput[] = [
    { name: 'p', kind: 'int', low: 1, high: 64, log: true, prior: { value: 16 } },
    { name: 'p', kind: 'int', low: 2, high: 12, step: 3, prior: { value: 11, width: 0.1 } },
    { name: 'p', kind: 'float', low: 0, high: 0.5, step: 0.05, prior: { value: 0.1 } },
    { name: 'p', kind: 'choice', choices: ['s', 'm', 'l', 'xl'], ordered: true, prior: { value: 'm' } },
    { name: 'p', kind: 'choice', choices: ['adam', 'sgd', 'lion'], prior: { value: 'sgd' } },
    { name: 'p', kind: 'choice', choices: [true, false], prior: { value: false } },
    { name: 'p', fixed: 3, prior: { value: 3 } },
  ];
  for (const param of params) {
    const space = defineSpace([param]);
    const cells = 100_000;
    const uniform = new Map<Value, number>();
    for (let i = 0; i < cells; i++) {
      const value = decodeParam(space.params[0]!, (i + 0.5) / cells);
      uniform.set(value, (uniform.get(value) ?? 0) + 1 / cells);
    }
    const drawn = draws(param);
    let sum = 0;
    for (const [value, share] of uniform) {
      const mass = share * Math.exp(logPrior(space, { p: value }));
      sum += mass;
      const seen = drawn.filter((one) => one === value).length / DRAWS;
      expect(Math.abs(seen - mass), `${JSON.stringify(param)} ${value}`).toBeLessThan(
        4 * Math.sqrt((mass + 1e-3) / DRAWS),
      );
    }
    expect(sum).toBeCloseTo(1, 3);
  }
});

test('half of the belief is on a guessed choice, the rest is even', () => {
  const space = defineSpace([{ name: 'o', kind: 'choice', choices: ['a', 'b', 'c', 'd'], prior: { value: 'b' } }]);
  expect(Math.exp(logPrior(space, { o: 'b' })) / 4).toBeCloseTo(0.625, 10);
  expect(Math.exp(logPrior(space, { o: 'a' })) / 4).toBeCloseTo(0.125, 10);
});

test('a guess fades as strength ÷ results, and not before', () => {
  const space = defineSpace([{ name: 'x', kind: 'float', low: 0, high: 1, prior: { value: 0.5, strength: 5 } }]);
  const full = logPrior(space, { x: 0.9 });
  expect(logPrior(space, { x: 0.9 }, 5)).toBe(full);
  expect(logPrior(space, { x: 0.9 }, 10)).toBeCloseTo(full / 2, 12);
  expect(logPrior(space, { x: 0.9 }, 500)).toBeCloseTo(full / 100, 12);
});

test('nobody guessed: nothing is said, and draws are uniform', () => {
  const space = defineSpace([{ name: 'x', kind: 'float', low: 0, high: 1 }]);
  expect(logPrior(space, { x: 0.3 })).toBe(0);
  expect(drawPrior(space, rng(3))['x']).toBeCloseTo(rng(3).uniform(), 4);
});

/** Any space, every parameter with a guess somewhere in its range. */
const guessed: fc.Arbitrary<Space> = fc
  .tuple(
    anySpace,
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1e-3, max: 100, noNaN: true })), {
      minLength: 12,
      maxLength: 12,
    }),
  )
  .map(([space, guesses]) =>
    defineSpace(
      space.params.map((param, i) => ({
        ...param,
        prior: { value: decodeParam(param, guesses[i]![0]), width: guesses[i]![1] },
      })),
      space.constraints,
    ),
  );

test('whatever is guessed, draws have exactly the parameters that matter, inside their ranges, and a finite density', () => {
  fc.assert(
    fc.property(guessed, fc.nat(), (space, seed) => {
      const point = drawPrior(space, rng(seed));
      expect(feasible(space, point)).toBe(true);
      expect(Number.isFinite(logPrior(space, point))).toBe(true);
      for (const param of space.params) {
        const value = point[param.name];
        expect(value !== undefined).toBe(active(param, point));
        if (value === undefined) continue;
        if (param.kind === 'choice') expect(param.choices).toContain(value);
        else expect(Number(value) >= param.low && Number(value) <= param.high).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
