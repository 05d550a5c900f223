import { describe, expect, test } from 'vitest';
import { hypervolume } from '../stats/index.ts';
import { FrontOptimizer, OptimizerError, toSpace } from './index.ts';

const space = toSpace([
  { name: 'x', type: 'float', low: 0, high: 1 },
  { name: 'y', type: 'float', low: 0, high: 1 },
]);
const point = { x: 0.2, y: 0.4 };

/** Accuracy (more is better), cost (less is better), and a limit that the most accurate ones break. */
function run(params: Readonly<Record<string, unknown>>): { values: [number, number]; violations: [number] } {
  const [x, y] = [Number(params['x']), Number(params['y'])];
  const off = (y - 0.3) ** 2;
  return { values: [1 - (x - 0.9) ** 2 - off, x ** 2 + off], violations: [x - 0.8] };
}

function search(sampler: 'auto' | 'random' | 'nsga2', seed: number, count = 40): FrontOptimizer {
  const optimizer = new FrontOptimizer({ space, directions: ['maximize', 'minimize'], sampler, seed });
  for (let i = 0; i < count; i++) {
    const { id, params } = optimizer.ask();
    expect(id).toBe(i);
    optimizer.tell(id, run(params));
  }
  return optimizer;
}

test('the front keeps the constraints, and leaves less uncovered than random points do', () => {
  const volume = (all: readonly (readonly [number, number])[]): number =>
    hypervolume(
      all.map(([accuracy, cost]) => [-accuracy, cost]),
      [0, 1],
    );
  const whole = volume(Array.from({ length: 401 }, (_, i) => run({ x: 0.002 * i, y: 0.3 }).values));
  const uncovered = (sampler: 'auto' | 'random'): number => {
    let sum = 0;
    for (const seed of [1, 2, 3]) {
      const front = search(sampler, seed, 24).front();
      for (const { values, violations, params } of front) {
        expect(violations![0]).toBeLessThanOrEqual(0);
        expect(run(params).values).toEqual(values);
      }
      sum += whole - volume(front.map(({ values }) => [values[0]!, values[1]!]));
    }
    return sum / 3;
  };
  expect(uncovered('auto')).toBeLessThan(0.6 * uncovered('random'));
});

test('nothing on the front is beaten by anything that was told, in the right directions', () => {
  const optimizer = new FrontOptimizer({ space, directions: ['maximize', 'minimize'] });
  optimizer.observe([
    { params: point, values: [0.9, 5] },
    { params: { x: 0.1, y: 0.1 }, values: [0.9, 4] },
    { params: { x: 0.3, y: 0.1 }, values: [0.95, 9] },
    { params: { x: 0.4, y: 0.1 }, values: [0.8, 4] },
  ]);
  expect(optimizer.front().map(({ id, values }) => [id, ...values])).toEqual([
    [1, 0.9, 4],
    [2, 0.95, 9],
  ]);
});

test('while every trial breaks a constraint the front is what breaks them least', () => {
  const optimizer = new FrontOptimizer({ space, directions: ['minimize'] });
  optimizer.observe([
    { params: point, values: [1], violations: [2] },
    { params: point, values: [5], violations: [0.5] },
  ]);
  expect(optimizer.front().map(({ id }) => id)).toEqual([1]);
});

test('failed trials are on no front, and are over', () => {
  const optimizer = new FrontOptimizer({ space, directions: ['minimize', 'minimize'] });
  expect(optimizer.front()).toEqual([]);
  const ids = [point, point, point].map((params) => optimizer.ask(params).id);
  expect(optimizer.tell(ids[0]!)).toBe('failed');
  expect(optimizer.tell(ids[1]!, { values: [1, NaN] })).toBe('failed');
  expect(optimizer.tell(ids[2]!, { values: [1, 2] })).toBe('complete');
  expect(optimizer.front().map(({ id }) => id)).toEqual([2]);
});

test('the same seed asks the same questions', () => {
  const asked = (seed: number): unknown => search('auto', seed, 16).ask();
  expect(asked(3)).toEqual(asked(3));
  expect(asked(3)).not.toEqual(asked(4));
});

describe('arguments that make no sense change nothing', () => {
  const make = (): FrontOptimizer => {
    const optimizer = new FrontOptimizer({ space, directions: ['minimize', 'maximize'] });
    optimizer.tell(optimizer.ask(point).id, { values: [1, 2], violations: [0] });
    optimizer.ask(point);
    return optimizer;
  };
  test.each<[string, (optimizer: FrontOptimizer) => unknown, RegExp]>([
    ['no directions', () => new FrontOptimizer({ space, directions: [] }), /^directions is a list/],
    ['a wrong one', () => new FrontOptimizer({ space, directions: ['up' as 'minimize'] }), /^directions\[0\] is "up"/],
    [
      'a sampler of one value',
      () => new FrontOptimizer({ space, directions: ['minimize'], sampler: 'tpe' as 'auto' }),
      /^sampler is "tpe"/,
    ],
    ['too few values', (o) => o.tell(1, { values: [1] }), /^values has 1/],
    ['no list', (o) => o.tell(1, { values: 3 as unknown as number[] }), /^values is 3/],
    ['other violations', (o) => o.tell(1, { values: [1, 2], violations: [1, 2] }), /^violations has 2/],
    ['a cost that is none', (o) => o.tell(1, { values: [1, 2], cost: 0 }), /^cost is 0/],
    ['a second tell', (o) => o.tell(0, { values: [1, 2] }), /^id is 0, and that trial is over/],
    ['no such trial', (o) => o.tell(9, { values: [1, 2] }), /^id is 9, and there is no such trial/],
    [
      'one bad observation',
      (o) =>
        o.observe([
          { params: point, values: [0, 9] },
          { params: point, values: [1] },
        ]),
      /^trials\[1\]\.values has 1/,
    ],
  ])('%s', (_, act, message) => {
    const optimizer = make();
    const before = optimizer.front();
    expect(() => act(optimizer)).toThrow(OptimizerError);
    expect(() => act(optimizer)).toThrow(message);
    expect(optimizer.front()).toEqual(before);
    expect(optimizer.tell(1, { values: [0, 3] })).toBe('complete');
  });
});

test('a batch whose trials have limits of different number is refused as a whole', () => {
  const optimizer = new FrontOptimizer({ space, directions: ['maximize', 'minimize'] });
  const trial = (...violations: number[]) => ({ params: point, values: [1, 2], violations });
  expect(() => optimizer.observe([trial(5), trial(-1, -2)])).toThrow(/trials\[1\]\.violations has 2/);
  expect(optimizer.front()).toEqual([]);
});

test('a sampler for one value is told to be one', () => {
  expect(() => new FrontOptimizer({ space, directions: ['maximize', 'minimize'], sampler: 'tpe' as 'auto' })).toThrow(
    'is "tpe", which knows one value only',
  );
});

test('what the caller does to an answer changes nothing', () => {
  const optimizer = new FrontOptimizer({ space, directions: ['maximize', 'minimize'] });
  const { id, params } = optimizer.ask();
  const asked = { ...params };
  (params as Record<string, number>)['x'] = 99;
  optimizer.tell(id, { values: [1, 2] });
  expect(optimizer.front()[0]!.params).toEqual(asked);
});
