import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { anySpace } from './space.fixture.ts';
import {
  active,
  applicable,
  canonical,
  cardinality,
  completed,
  defaults,
  defineSpace,
  feasible,
  holds,
  isOneOf,
  type ParamInput,
  parseConstraint,
  type Point,
  randomPoint,
  SpaceError,
  toSpace,
  valuesOf,
} from './index.ts';

function mistake(make: () => unknown): SpaceError {
  try {
    make();
  } catch (error) {
    if (error instanceof SpaceError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

const optimizer = { name: 'optimizer', kind: 'choice', choices: ['adam', 'sgd'] } as const;
const lr = { name: 'lr', kind: 'float', low: 1e-5, high: 1, log: true } as const;

describe('a space', () => {
  test('may have names in any script, and tells a misspelt one and a text without quotes', () => {
    const size = { name: 'größe', kind: 'float', low: 0, high: 1 } as const;
    const space = (rule: string) => defineSpace([size, optimizer], [rule]);
    expect(feasible(space('größe*2 < 0.5'), { größe: 0.2, optimizer: 'adam' })).toBe(true);
    expect(mistake(() => space('große < 0.4')).message).toContain('closest: "größe"');
    expect(mistake(() => space('optimizer == nadamax')).fix).toContain("'nadamax'");
  });

  test('has parents before children, and otherwise the order it was given', () => {
    const space = defineSpace([
      { name: 'nesterov', kind: 'choice', choices: [false, true], when: 'momentum > 0.5' },
      lr,
      { name: 'momentum', kind: 'float', low: 0, high: 1, when: { name: 'optimizer', in: ['sgd'] } },
      optimizer,
      { name: 'seed', fixed: 7 },
    ]);
    expect(space.params.map((param) => param.name)).toEqual(['lr', 'optimizer', 'seed', 'momentum', 'nesterov']);
  });

  test('keeps a value that never varies as a choice of one', () => {
    const space = defineSpace([{ name: 'layers', fixed: 4 }, lr]);
    expect(cardinality({ params: [space.params[0]!], constraints: [] })).toBe(1);
    expect(randomPoint(space, rng(1))['layers']).toBe(4);
    expect(defaults(space)['layers']).toBe(4);
  });

  test('leaves out what does not matter, at any depth', () => {
    const space = defineSpace([
      optimizer,
      { name: 'momentum', kind: 'float', low: 0, high: 1, when: "optimizer == 'sgd'" },
      { name: 'nesterov', kind: 'choice', choices: [false, true], when: 'momentum >= 0' },
      { name: 'damp', kind: 'float', low: 0, high: 1, when: 'not nesterov' },
    ]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) seen.add(Object.keys(randomPoint(space, rng(seed))).join(' '));
    expect([...seen].toSorted()).toEqual([
      'optimizer',
      'optimizer momentum nesterov',
      'optimizer momentum nesterov damp',
    ]);
  });

  test('a condition that holds without an absent parent holds, one that hangs on it does not', () => {
    const when = (text: string, point: Point): boolean =>
      active({ ...defineSpace([lr]).params[0]!, when: parseConstraint(text) }, point);
    const adam: Point = { opt: 'adam' };
    expect(when("opt == 'adam' or momentum > 0.5", adam)).toBe(true);
    expect(when("momentum > 0.5 or opt == 'adam'", adam)).toBe(true);
    expect(when("not (opt == 'sgd' and momentum > 0.5)", adam)).toBe(true);
    for (const text of [
      'momentum > 0.5',
      'not momentum > 0.5',
      'not (momentum > 0.5)',
      'momentum != 3',
      "opt == 'adam' and momentum > 0.5",
      "opt == 'adam' and not (momentum > 0.5)",
      "opt == 'sgd' or not momentum",
      'not (momentum > 0.5 or momentum < 0.1)',
      "momentum in ['a'] or opt == 'sgd'",
    ])
      expect(when(text, adam), text).toBe(false);
  });

  test('takes steps, whatever the scale', () => {
    const space = defineSpace([
      { name: 'drop', kind: 'float', low: 0, high: 0.5, step: 0.1 },
      { name: 'width', kind: 'int', low: 16, high: 256, scale: 'log', step: 16 },
    ]);
    for (let seed = 0; seed < 200; seed++) {
      const point = randomPoint(space, rng(seed));
      expect([0, 0.1, 0.2, 0.3, 0.4, 0.5]).toContain(point['drop']);
      expect(Number(point['width']) % 16).toBe(0);
    }
  });

  test('may be defined from a space', () => {
    const space = defineSpace([optimizer, { ...lr, when: "optimizer == 'sgd'" }], ['lr < 0.5']);
    expect(defineSpace(space.params, space.constraints)).toEqual(space);
  });
});

describe('what is no space is refused, with the place and the way out', () => {
  const cases: readonly [string, readonly ParamInput[], readonly string[], RegExp, string, RegExp][] = [
    ['two of one name', [lr, lr], [], /two parameters are called "lr"/, 'lr', /rename/],
    ['no name', [{ ...lr, name: '' }], [], /no name/, 'params[0]', /name/],
    ['upside down', [{ ...lr, low: 2 }], [], /goes from 2 to 1/, 'lr.low', /swap/],
    ['log from zero', [{ ...lr, low: 0 }], [], /log scale and begins at 0/, 'lr.low', /0\.00001|linear/],
    ['an endless range', [{ ...lr, high: Infinity }], [], /needs a number/, 'lr.high', /finite/],
    [
      'a range wider than numbers go',
      [{ ...lr, kind: 'float', scale: 'linear', low: -1e308, high: 1e308 }],
      [],
      /wider than any number/,
      'lr.high',
      /narrower/,
    ],
    ['half an int', [{ ...lr, kind: 'int', low: 0.5 }], [], /int and cannot reach to 0\.5/, 'lr.low', /whole/],
    ['a step of zero', [{ ...lr, step: 0 }], [], /step of 0/, 'lr.step', /above 0/],
    ['no choice', [{ ...optimizer, choices: [] }], [], /nothing to choose/, 'optimizer.choices', /list/],
    ['a choice twice', [{ ...optimizer, choices: ['a', 'a'] }], [], /"a" twice/, 'optimizer.choices', /remove/],
    [
      'a text for a number',
      [{ ...lr, default: 'low' }],
      [],
      /default "low" of "lr" is no number/,
      'lr.default',
      /numb/,
    ],
    [
      'a default that is no choice',
      [{ ...optimizer, default: 'sdg' }],
      [],
      /closest: sgd/,
      'optimizer.default',
      /"sgd"/,
    ],
    [
      'a prior that is no choice',
      [{ ...optimizer, prior: { value: 'sdg' } }],
      [],
      /closest: sgd/,
      'optimizer.prior',
      /"sgd"/,
    ],
    ['a prior off the log scale', [{ ...lr, prior: { value: 0 } }], [], /not on its log scale/, 'lr.prior', /positive/],
    ['a prior without width', [{ ...lr, prior: { value: 1, width: 0 } }], [], /width/, 'lr.prior.width', /0\.2/],
    [
      'an unknown parent',
      [optimizer, { ...lr, when: "optimiser == 'sgd'" }],
      [],
      /closest: "optimizer"/,
      'lr.when',
      /write optimizer/,
    ],
    [
      'an unknown parent in a list',
      [optimizer, { ...lr, when: { name: 'optimzer', in: ['sgd'] } }],
      [],
      /closest: "optimizer"/,
      'lr.when',
      /write optimizer/,
    ],
    [
      'a parent that is never so',
      [optimizer, { ...lr, when: "optimizer == 'sdg'" }],
      [],
      /never "sdg"; closest: sgd/,
      'lr.when',
      /"adam", "sgd"/,
    ],
    [
      'an empty list of values',
      [optimizer, { ...lr, when: { name: 'optimizer', in: [] } }],
      [],
      /never matter/,
      'lr.when',
      /at least one/,
    ],
    ['no expression', [{ ...lr, when: 'lr >' }], [], /no expression: ends too early/, 'lr.when', /write for example/],
    ['its own parent', [{ ...lr, when: 'lr > 0' }], [], /only when "lr" already does/, 'lr.when', /remove/],
    [
      'a circle',
      [
        { ...optimizer, when: 'lr > 0' },
        { ...lr, when: 'drop > 0' },
        { name: 'drop', kind: 'float', low: 0, high: 1, when: "optimizer == 'sgd'" },
      ],
      [],
      /circle: optimizer needs lr needs drop needs optimizer/,
      'optimizer.when',
      /remove/,
    ],
    ['a constraint on a stranger', [lr], ['ls < 1'], /closest: "lr"/, 'constraints[0]', /write lr/],
  ];
  test.each(cases)('%s', (_, params, constraints, message, where, fix) => {
    const error = mistake(() => defineSpace(params, constraints));
    expect(error.message).toMatch(message);
    expect(error.where).toBe(where);
    expect(error.fix).toMatch(fix);
    expect(error.param).toBe(/[[]/.test(where) ? undefined : where.split('.')[0]);
  });

  test('a condition may list values its parent lacks, as long as one can be', () => {
    const space = defineSpace([optimizer, { ...lr, when: { name: 'optimizer', in: ['sgd', 'lion'] } }]);
    expect(active(space.params[1]!, { optimizer: 'sgd' })).toBe(true);
    expect(
      defineSpace([
        { name: 'amp', kind: 'choice', choices: [false, true] },
        { ...lr, when: 'amp == 1' },
      ]),
    ).toBeDefined();
  });
});

describe('names and values in a condition', () => {
  test('may be anything: the tree and the text mean the same', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const name = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !/^["'`\d\s]|^-/.test(text)),
      fc.constantFrom('in', 'not', 'a-b', 'max', 'it`s', 'x\\', 'constructor', '__proto__', 'True', 'a b'),
    );
    fc.assert(
      fc.property(name, fc.array(value, { minLength: 1 }), value, (parent, values, other) => {
        const built = isOneOf(parent, values);
        const parsed = parseConstraint(built.text);
        expect(parsed.names).toEqual([parent]);
        for (const tried of [...values, other]) {
          const point: Point = Object.defineProperty({}, parent, { value: tried, enumerable: true });
          expect(holds(parsed, point), built.text).toBe(holds(built, point));
        }
        for (const one of values)
          expect(holds(built, Object.defineProperty({}, parent, { value: one, enumerable: true }))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the JSON form', () => {
  test('of the protocol is read in full', () => {
    const space = toSpace(
      [
        { name: 'C', type: 'float', low: 1e-3, high: 1e3, log: true, when: { name: 'model', in: ['svm'] } },
        { name: 'model', type: 'cat', choices: ['svm', 'mlp'], default: 'mlp', prior: 'svm' },
        { name: 'size', type: 'cat', choices: [1, 2, 4], ordered: true, when: "model == 'mlp'" },
        {
          name: 'units',
          type: 'int',
          low: 8,
          high: 512,
          step: 8,
          log: null,
          prior: { value: 64, width: 0.1, strength: 5 },
        },
        { name: 'seed', fixed: 3 },
      ],
      ['C < 1000'],
    );
    expect(space.params.map((param) => param.name)).toEqual(['model', 'size', 'units', 'seed', 'C']);
    expect(space.params).toMatchObject([
      { kind: 'choice', choices: ['svm', 'mlp'], default: 'mlp', prior: { value: 'svm' } },
      { kind: 'choice', ordered: true, when: { text: "model == 'mlp'" } },
      { kind: 'int', low: 8, high: 512, scale: 'linear', step: 8, prior: { value: 64, width: 0.1, strength: 5 } },
      { kind: 'choice', choices: [3] },
      { kind: 'float', low: 1e-3, high: 1e3, scale: 'log', when: { text: "model in ['svm']" } },
    ]);
    expect(space.constraints.map((one) => one.text)).toEqual(['C < 1000']);
  });

  test.each([
    [{}, [], /not a list/, 'space'],
    [[3], [], /not an object/, 'space[0]'],
    [[{ type: 'int' }], [], /no name/, 'space[0]'],
    [[{ name: 'a', type: 'flaot', low: 0, high: 1 }], [], /closest: "float"/, 'a.type'],
    [[{ name: 'a', low: 0, high: 1 }], [], /has no type/, 'a.type'],
    [[{ name: 'a', type: 'constructor' }], [], /unknown type/, 'a.type'],
    [[{ name: 'a', type: 'float', lo: 0, high: 1 }], [], /unknown field "lo"; closest: "low"/, 'a.lo'],
    [[{ name: 'a', type: 'float', low: '0', high: 1 }], [], /"low" of "a" is "0"/, 'a.low'],
    [[{ name: 'a', type: 'float', low: 0 }], [], /"high" of "a" is missing/, 'a.high'],
    [[{ name: 'a', type: 'cat' }], [], /no list of choices/, 'a.choices'],
    [[{ name: 'a', type: 'cat', choices: [null] }], [], /null is no value/, 'a.choices'],
    [[{ name: 'a', type: 'cat', choices: [1, 2], low: 0 }], [], /"low" says nothing/, 'a.low'],
    [[{ name: 'a', type: 'float', low: 0, high: 1, log: 'yes' }], [], /"log"/, 'a.log'],
    [[{ name: 'a', type: 'float', low: 0, high: 1, when: { b: 1 } }], [], /condition of "a"/, 'a.when'],
    [
      [{ name: 'a', type: 'float', low: 0, high: 1, prior: { value: 1, wide: 2 } }],
      [],
      /unknown field "wide"/,
      'a.prior',
    ],
    [[], [1], /list of texts/, 'constraints'],
  ])('%j is refused', (params, constraints, message, where) => {
    const error = mistake(() => toSpace(params, constraints));
    expect(error.message).toMatch(message);
    expect(error.where).toBe(where);
  });

  test('never fails in another way, whatever is sent', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('float', 'int', 'cat', 'a', 'b', 0, 1, true, ['x', 'y']));
    const param = fc.dictionary(
      fc.constantFrom(
        'name',
        'type',
        'low',
        'high',
        'log',
        'step',
        'choices',
        'ordered',
        'default',
        'prior',
        'fixed',
        'when',
      ),
      field,
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.array(param), fc.jsonValue()),
        fc.oneof(fc.jsonValue(), fc.array(fc.string())),
        (params, constraints) => {
          try {
            const space = toSpace(params, constraints);
            randomPoint(space, rng(1));
          } catch (error) {
            expect(error).toBeInstanceOf(SpaceError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('a random point has exactly the parameters that matter in it, each with a value it may have', () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), (space, seed) => {
      const point = randomPoint(space, rng(seed));
      const order = space.params.map((param) => param.name);
      for (const param of space.params) {
        for (const parent of param.when?.names ?? [])
          expect(order.indexOf(parent)).toBeLessThan(order.indexOf(param.name));
        const value = point[param.name];
        expect(value !== undefined).toBe(active(param, point));
        // Nothing below a parameter that does not matter matters.
        if (value !== undefined) for (const parent of param.when?.names ?? []) expect(point[parent]).toBeDefined();
        if (value === undefined) continue;
        if (param.kind === 'choice') expect(param.choices).toContain(value);
        else {
          expect(value).toBeGreaterThanOrEqual(param.low);
          expect(value).toBeLessThanOrEqual(param.high);
          const steps = (Number(value) - param.low) / (param.step ?? (param.kind === 'int' ? 1 : 1e-9));
          if (param.kind === 'int' || param.step !== undefined) expect(steps).toBeCloseTo(Math.round(steps), 9);
        }
      }
      expect(feasible(space, point)).toBe(true);
      expect(canonical(point)).toBe(canonical({ ...point }));
    }),
    { numRuns: 300 },
  );
});

test('all points of a finite space are counted, conditions and all', () => {
  const space = defineSpace([
    optimizer,
    { name: 'momentum', kind: 'int', low: 0, high: 9, log: false, when: "optimizer == 'sgd'" },
    { name: 'nesterov', kind: 'choice', choices: [false, true], when: 'momentum > 4' },
    { name: 'width', kind: 'int', low: 1, high: 3, log: true },
    { name: 'only', fixed: 1 },
  ]);
  expect(cardinality(space)).toBe(3 * (1 + 5 + 5 * 2));
  const seen = new Set(Array.from({ length: 5000 }, (_, seed) => canonical(randomPoint(space, rng(seed)))));
  expect(seen.size).toBe(48);
  expect(cardinality(defineSpace([optimizer, { ...lr, when: "optimizer == 'sgd'" }]))).toBe(Infinity);
  expect(valuesOf({ name: 'x', kind: 'float', low: 0, high: 1, scale: 'linear', step: 0.3 })).toEqual([
    0, 0.3, 0.6, 0.9,
  ]);
});

test('a point is cut to what matters in it, and completed with what the script has', () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), fc.nat(), (space, one, other) => {
      const [a, b] = [randomPoint(space, rng(one)), randomPoint(space, rng(other))];
      const mixed = { ...a, ...b };
      const cut = applicable(space, mixed);
      for (const param of space.params) {
        if (Object.hasOwn(cut, param.name)) expect(active(param, cut)).toBe(true);
        if (Object.hasOwn(cut, param.name)) expect(cut[param.name]).toBe(mixed[param.name]);
      }
      const whole = completed(space, mixed);
      for (const param of space.params) expect(Object.hasOwn(whole, param.name)).toBe(active(param, whole));
      expect(applicable(space, a)).toEqual(a);
      expect(completed(space, a)).toEqual(a);
    }),
  );
});

test('a thousand conditions on top of each other are as good as one', () => {
  const chain = Array.from({ length: 1000 }, (_, i): ParamInput => ({
    name: `p${i}`,
    kind: 'int',
    low: 1,
    high: 2,
    when: i === 0 ? undefined : `p${i - 1} > 0`,
  })).toReversed();
  const space = defineSpace(chain);
  expect(space.params[0]!.name).toBe('p0');
  expect(Object.keys(randomPoint(space, rng(1)))).toHaveLength(1000);
});
