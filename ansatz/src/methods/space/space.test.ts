import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import {
  canonical,
  cardinality,
  decode,
  decodeParam,
  encode,
  encodeParam,
  ExpressionError,
  feasible,
  holds,
  namesIn,
  parseConstraint,
  randomPoint,
  repaired,
  shortfall,
  toSpace,
  type Param,
  type Space,
} from './index.ts';

const params: Param[] = [
  { name: 'lr', kind: 'float', low: 1e-5, high: 1, scale: 'log' },
  { name: 'drop', kind: 'float', low: 0, high: 0.5, scale: 'linear', step: 0.05 },
  { name: 'width', kind: 'int', low: 1, high: 64, scale: 'log' },
  { name: 'layers', kind: 'int', low: 2, high: 12, scale: 'linear', step: 2 },
  { name: 'act', kind: 'choice', choices: ['relu', 'tanh', 3, false] },
];
const space: Space = { params, constraints: [] };

describe('the unit cube', () => {
  test('reaches every whole number, also of those with more digits than a float needs', () => {
    const low = 1_700_000_000_000;
    const one = {
      params: [{ name: 't', kind: 'int', low, high: low + 50, scale: 'linear' }],
      constraints: [],
    } as const;
    const seen = new Set(Array.from({ length: 2000 }, (_, i) => Number(randomPoint(one, rng(i))['t']) - low));
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });

  test('decode(encode(point)) gives the point back', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const point = randomPoint(space, rng(seed));
        const again = decode(space, encode(space, point));
        for (const param of params) {
          if (param.kind === 'float' && param.step === undefined)
            expect(Number(again[param.name]) / Number(point[param.name])).toBeCloseTo(1, 2);
          else expect(again[param.name]).toBe(point[param.name]);
        }
      }),
    );
  });

  test('every value of a grid gets a share of the cube, in order', () => {
    for (const param of params.filter((one) => one.kind !== 'float' || one.step !== undefined)) {
      const values = Array.from({ length: 4001 }, (_, i) => decodeParam(param, i / 4000));
      const distinct = [...new Set(values)];
      expect(distinct).toHaveLength(cardinality({ params: [param], constraints: [] }));
      if (param.kind !== 'choice') expect(distinct).toEqual(distinct.toSorted((a, b) => Number(a) - Number(b)));
    }
  });

  test('linear ints get equal shares', () => {
    const counts = new Map<unknown, number>();
    for (let i = 0; i < 6000; i++) {
      const value = decodeParam(params[3]!, (i + 0.5) / 6000);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeCloseTo(1000, -2);
  });

  test('steps that do not fill the range get equal shares too, and no value twice', () => {
    const shares = (param: Param): [unknown, number][] => {
      const counts = new Map<unknown, number>();
      for (let i = 0; i < 2000; i++) {
        const value = decodeParam(param, (i + 0.5) / 2000);
        counts.set(value, (counts.get(value) ?? 0) + 1);
        expect(decodeParam(param, encodeParam(param, value))).toBe(value);
      }
      return [...counts];
    };
    expect(shares({ name: 'x', kind: 'float', low: 0.1, high: 1, scale: 'linear', step: 0.25 })).toEqual([
      [0.1, 500],
      [0.35, 500],
      [0.6, 500],
      [0.85, 500],
    ]);
    expect(shares({ name: 'x', kind: 'float', low: 1e-5, high: 0.1, scale: 'log', step: 0.01 })).toHaveLength(10);
  });

  test('a range that is narrow for its size still holds hundreds of values', () => {
    for (const [low, high] of [
      [100_000, 100_001],
      [-1, -0.9999],
      [1, 1 + 1e-7],
    ] as const) {
      const values = Array.from({ length: 1000 }, (_, i) =>
        decodeParam({ name: 'x', kind: 'float', low, high, scale: 'linear' }, i / 999),
      );
      expect(new Set(values).size).toBeGreaterThanOrEqual(100);
    }
    expect(decodeParam({ name: 'x', kind: 'float', low: 0.9, high: 0.99, scale: 'linear' }, 1 / 3)).toBe(0.93);
  });

  test('values outside the range are clipped to its ends', () => {
    expect(decodeParam(params[0]!, -1)).toBe(1e-5);
    expect(decodeParam(params[0]!, 2)).toBe(1);
    expect(encodeParam(params[0]!, 50)).toBeCloseTo(1);
  });

  test('the order of names does not matter to the canonical text', () => {
    expect(canonical({ a: 1, b: 'x' })).toBe(canonical({ b: 'x', a: 1 }));
    expect(canonical({ a: 1 })).not.toBe(canonical({ a: '1' }));
  });
});

describe('constraints', () => {
  const check = (text: string, point: Record<string, number | string | boolean> = {}): boolean =>
    holds(parseConstraint(text), point);

  test('follow the rules of arithmetic and of Python', () => {
    expect(check('1 + 2 * 3 == 7')).toBe(true);
    expect(check('2 ** 3 ** 2 == 512')).toBe(true);
    expect(check('-2 ** 2 == -4')).toBe(true);
    expect(check('-7 % 3 == 2')).toBe(true);
    expect(check('-7 // 2 == -4')).toBe(true);
    expect(check('7 / 2 == 3.5')).toBe(true);
    expect(check('1 < 2 < 3')).toBe(true);
    expect(check('1 < 3 < 2')).toBe(false);
    expect(check('not 1 > 2 and True')).toBe(true);
    expect(check('!(1 > 2) && (false || 1)')).toBe(true);
    expect(check('max(1, 2, 3) - min(4, 5) == -1')).toBe(true);
    expect(check('2**19 % (128 * 2048) == 0')).toBe(true);
    expect(check('1_000 == 1e3')).toBe(true);
  });

  test('are written as Python writes them', () => {
    expect(check("act not in ['relu', 'tanh']", { act: 'gelu' })).toBe(true);
    expect(check("act not in ('relu', 'tanh') and x in (2,)", { act: 'tanh', x: 2 })).toBe(false);
    expect(check('x in (1, 2, 3,)', { x: 3 })).toBe(true);
    expect(check('not x in [1] and log2(8) + log10(100) == 5', { x: 3 })).toBe(true);
    expect(() => parseConstraint('log(8, 2) == 3')).toThrow('log takes one number');
    expect(() => parseConstraint('min() == 3')).toThrow('min takes one number or more');
    for (const names of [['x'], undefined])
      expect(() => parseConstraint('round(x) == 3', names)).toThrow(/no function "round", only min, max/);
    expect(() => parseConstraint('x not 3', ['x'])).toThrow(/out of place/);
  });

  test('say by how much a point misses them', () => {
    const off = (text: string): number => shortfall(parseConstraint(text), { x: 3, act: 'relu' });
    expect(off('x < 5 and act == "relu"')).toBe(0);
    expect(off('x < 1')).toBe(2);
    expect(off('not x >= 1')).toBe(2);
    expect(off('x < 1 and x == 4')).toBe(3);
    expect(off('not (x > 1 or x == 4)')).toBe(2);
    expect(off('x < 1 or x == 4')).toBe(1);
    expect(off('x in [10, 5]')).toBe(2);
    for (const text of ['act == "tanh"', 'x != 3', 'not x == 3', 'x not in [3]', 'y > 1', 'False'])
      expect(off(text)).toBe(1);
    expect(off('x < 3')).toBeGreaterThan(0);
  });

  test('are kept by what a point is repaired to, whatever their units', () => {
    const space = toSpace(
      [
        { name: 'lr', type: 'float', low: 1e-6, high: 1, log: true },
        { name: 'batch', type: 'int', low: 1, high: 65536, log: true },
        { name: 'act', choices: ['relu', 'tanh', 'gelu'] },
      ],
      ['lr * batch > 20000', 'batch % 8 == 0', "act not in ['relu', 'tanh']"],
    );
    // Three random points in ten thousand keep all three.
    let kept = 0;
    for (let seed = 0; seed < 50; seed++) {
      const point = repaired(space, randomPoint(space, rng(seed)), rng(seed, 1));
      if (!feasible(space, point)) continue;
      kept++;
      expect(repaired(space, point, rng(seed, 2))).toBe(point);
    }
    expect(kept).toBeGreaterThanOrEqual(45);
  });

  test('read knobs, also those with dashes, dots and traps for names', () => {
    expect(check('TOTAL % (DEVICE * SEQ) == 0', { TOTAL: 524288, DEVICE: 128, SEQ: 2048 })).toBe(true);
    expect(check('TOTAL % (DEVICE * SEQ) == 0', { TOTAL: 524288, DEVICE: 100, SEQ: 2048 })).toBe(false);
    expect(check("act in ['relu', 'gelu']", { act: 'gelu' })).toBe(true);
    expect(check('amp == true', { amp: true })).toBe(true);
    const dashed = parseConstraint('weight-decay < model.lr', ['weight-decay', 'model.lr']);
    expect(holds(dashed, { 'weight-decay': 0.1, 'model.lr': 0.2 })).toBe(true);
    expect(namesIn(dashed)).toEqual(['weight-decay', 'model.lr']);
    expect(check('constructor > 0', {})).toBe(false);
    expect(check('a - b > 0', { a: 3, b: 1 })).toBe(true);
  });

  test('a name the point lacks makes it false, never an error', () => {
    expect(check('nothing < 3')).toBe(false);
    expect(check('nothing == nothing')).toBe(false);
    expect(check("'text' * 2 > 0")).toBe(false);
  });

  test('say where a text is no expression', () => {
    for (const [text, at] of [
      ['1 +', 3],
      ['(1', 2],
      ['a b', 2],
      ['a = 1', 2],
      ['1 @ 2', 2],
      ['', 0],
      [')', 0],
    ] as const) {
      try {
        parseConstraint(text);
        expect.unreachable(`${text} was accepted`);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
        expect((error as ExpressionError).at, text).toBe(at);
      }
    }
    expect(() => parseConstraint('lrr > 0', ['lr'])).toThrow(/unknown name "lrr"/);
  });

  test('deep nesting is refused instead of overflowing the stack', () => {
    expect(() => parseConstraint('('.repeat(100_000) + '1' + ')'.repeat(100_000))).toThrow(/nested/);
    expect(() => parseConstraint('-'.repeat(100_000) + '1')).toThrow(/nested/);
    expect(() => parseConstraint('not '.repeat(100_000) + '1')).toThrow(/nested/);
  });

  test('no text runs code', () => {
    for (const text of [
      'process.exit(1)',
      'constructor.constructor("return 1")()',
      '__proto__',
      'this',
      'globalThis',
      'import("fs")',
    ]) {
      try {
        expect(holds(parseConstraint(text), {})).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
      }
    }
  });
});

test('a range of two numbers with the same logarithm has a place in the cube', () => {
  const param = { name: 'x', kind: 'float', low: 8.10135204121041, high: 8.101352041210411, scale: 'log' } as const;
  expect(Math.log(param.low)).toBe(Math.log(param.high));
  expect(encodeParam(param, param.high)).toBe(0.5);
});
