import { describe, expect, test } from 'vitest';
import { Optimizer, OptimizerError, toSpace } from './index.ts';

const space = toSpace(
  [
    { name: 'x', type: 'float', low: 0, high: 1 },
    { name: 'batch', type: 'int', low: 16, high: 128, step: 16 },
    { name: 'mode', type: 'cat', choices: ['a', 'b', 1] },
    { name: 'depth', type: 'int', low: 1, high: 9, when: "mode == 'b' and x > 0.5" },
  ],
  ['x * batch <= 100'],
);
const point = { x: 0.3, batch: 32, mode: 'a' };

/** What an error says, in its two parts. */
function complaint(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof OptimizerError) return `${error.message} | ${error.fix}`;
    throw error;
  }
  return 'no complaint';
}

test('a search in a few lines', () => {
  const optimizer = new Optimizer({ space, seed: 1 });
  for (let i = 0; i < 30; i++) {
    const { id, params } = optimizer.ask();
    optimizer.tell(id!, (Number(params!['x']) - 0.3) ** 2 + (params!['mode'] === 'a' ? 0 : 1));
  }
  const best = optimizer.best()!;
  expect(best.params['mode']).toBe('a');
  expect(best.value).toBeLessThan(0.01);
});

describe('arguments that make no sense are told like over the protocol', () => {
  const make = (options: object) => () => new Optimizer({ space, ...options });
  test.each<[() => unknown, string]>([
    [make({ sampler: 'tpee' }), 'sampler is "tpee"; closest: "tpe" | use one of auto, random'],
    [make({ direction: 'up' }), 'direction is "up" | use one of minimize, maximize'],
    [make({ maxResource: 2.5 }), 'maxResource is 2.5 | use a whole number, 1 or more'],
    [make({ workers: NaN }), 'workers is NaN | use a whole number, 1 or more'],
    [make({ pause: 1 }), 'pause is 1 | use true or false'],
    [make({ space: [] }), 'space is a list | use what defineSpace or toSpace of ansatz/space returns'],
  ])('%#', (act, expected) => {
    expect(complaint(act).slice(0, expected.length)).toBe(expected);
  });

  test.each<[object, string]>([
    [{ x: 0.3, batch: 40, mode: 'a' }, 'params.batch is 40 | use a whole number from 16 to 128 in steps of 16'],
    [{ x: 0.3, batch: 32, mode: '1' }, 'params.mode is "1"; closest: 1 | use one of "a", "b", 1'],
    [{ x: 0.9, batch: 128, mode: 'a' }, 'params breaks the constraint x * batch <= 100 | change one of its parameters'],
    [{ x: 0.6, batch: 32, mode: 'b' }, 'params lacks "depth" | add "depth": a whole number from 1 to 9'],
    [{ x: null, batch: 32, mode: 'b' }, 'params lacks "x" | add "x": a number from 0 to 1'],
    [
      { ...point, toString: 1 },
      'params.toString is no parameter of the space | the parameters are x, batch, mode, depth',
    ],
  ])('a point such as %j', (params, expected) => {
    expect(complaint(() => new Optimizer({ space }).ask(params as never))).toBe(expected);
  });

  test('and nothing has happened', () => {
    const optimizer = new Optimizer({ space, maxResource: 3 });
    expect(optimizer.ask(point).id).toBe(0);
    for (const [act, expected] of [
      [() => optimizer.tell(1, 2), 'id is 1, and there is no such trial | use one of 0 to 0'],
      [() => optimizer.tell('0' as never, 2), 'id is "0" | use the id of an answer to ask'],
      [() => optimizer.tell(0, 2, 'done' as never), 'state is "done" | use one of complete, pruned, failed'],
      [() => optimizer.tell(0, null as never), 'value is null | use a number'],
      [() => optimizer.report(0, 4, 1), 'step is 4, and a full training has 3'],
      [() => optimizer.report(0, 1, undefined as never), 'value is missing | use a number'],
      [
        () =>
          optimizer.observe([
            { params: point, value: 1 },
            { params: {}, value: 1 },
          ]),
        'trials[1].params lacks "x"',
      ],
    ] as const)
      expect(complaint(act)).toContain(expected);
    expect(optimizer.best()).toBeUndefined();
    expect(optimizer.report(0, 1, 0.5)).toBe('continue');
    expect(optimizer.ask(point).id).toBe(1);
  });
});

test('where costs are told, less is spent on the same result', () => {
  const line = toSpace(['x', 'y'].map((name) => ({ name, type: 'float', low: 0, high: 1 })));
  const search = (told: boolean): { spent: number; best: number } => {
    const optimizer = new Optimizer({ space: line, seed: 3 });
    let [spent, best] = [0, Infinity];
    for (let i = 0; i < 40; i++) {
      const { id, params } = optimizer.ask();
      const [x, y] = [Number(params!['x']), Number(params!['y'])];
      const cost = Math.exp(4 * x);
      const loss = (x - 0.9) ** 2 + (y - 0.4) ** 2;
      spent += cost;
      best = Math.min(best, loss);
      optimizer.tell(id!, loss, 'complete', told ? cost : undefined);
    }
    return { spent, best };
  };
  expect(search(true).best).toBeLessThan(1e-4);
  expect(search(true).spent).toBeLessThan(0.7 * search(false).spent);
  const optimizer = new Optimizer({ space: line });
  const { id } = optimizer.ask();
  for (const cost of [0, -1, NaN, '3' as never])
    expect(complaint(() => optimizer.tell(id!, 1, 'complete', cost))).toContain(
      'use a number above 0, such as seconds',
    );
  expect(complaint(() => optimizer.observe([{ params: { x: 0, y: 0 }, value: 1, cost: 0 }]))).toContain(
    'trials[0].cost is 0',
  );
});

test('constraints that leave nothing are told, and a point of a narrow part of the space is found', () => {
  const one = (constraint: string): Optimizer =>
    new Optimizer({ space: toSpace([{ name: 'x', type: 'float', low: 0, high: 1 }], [constraint]) });
  expect(complaint(() => one('x > 2').ask())).toBe(
    'constraints leave no point that could be found; the last one tried breaks x > 2 | loosen them, or widen the ranges of the parameters they mention',
  );
  expect(one('abs(x - 0.3) < 1e-5').ask().params!['x']).toBeCloseTo(0.3, 4);
});

test('where constraints leave next to nothing, what was found once is built upon', () => {
  const sides = ['a', 'b', 'h'].map((name) => ({ name, type: 'int', low: 1, high: name === 'h' ? 512 : 64 }));
  for (let seed = 0; seed < 4; seed++) {
    const optimizer = new Optimizer({ space: toSpace(sides, ['a * b == h', 'h % 8 == 0']), sampler: 'random', seed });
    optimizer.observe([{ params: { a: 4, b: 8, h: 32 }, value: 1 }]);
    for (let i = 0; i < 40; i++) {
      const { a, b, h } = optimizer.ask().params as Record<string, number>;
      expect([a! * b!, h! % 8]).toEqual([h, 0]);
    }
  }
});

test('a number that another language rounded differently is still inside', () => {
  const optimizer = new Optimizer({ space: toSpace([{ name: 'lr', type: 'float', low: 1e-5, high: 0.1, log: true }]) });
  expect(optimizer.ask({ lr: 0.10000000000000002 }).params).toEqual({ lr: 0.10000000000000002 });
  expect(optimizer.ask({ lr: Math.exp(Math.log(0.1)) }).id).toBe(1);
  expect(optimizer.ask({ lr: Math.exp(Math.log(1e-5)) }).id).toBe(2);
});

test.each([
  [1_000_000, 1 / 3],
  [1e12, 0.5],
  [0, 0.1],
  [-123_456.7, 1e-4],
])('every value from %d in steps of %d is inside, and different from the others', (low, step) => {
  const grid = toSpace([{ name: 'x', type: 'float', low, high: low + 41 * step, step }]);
  const optimizer = new Optimizer({ space: grid, sampler: 'random', seed: 1 });
  const values = Array.from({ length: 42 }, () => optimizer.ask().params!['x']);
  expect(new Set(values).size).toBe(42);
  const other = new Optimizer({ space: grid });
  for (const x of values) expect(complaint(() => other.ask({ x: x! }))).toBe('no complaint');
  expect(complaint(() => other.ask({ x: low + step / 2 }))).toContain('in steps of');
});

test.each([1e200, 1e306, 1e-200, 1e-300])('a loss in units of %d is searched as one in units of 1', (unit) => {
  const search = (scale: number): Optimizer => {
    const optimizer = new Optimizer({ space, seed: 3 });
    for (let i = 0; i < 30; i++) {
      const { id, params } = optimizer.ask();
      const { x, batch } = params!;
      optimizer.tell(id!, scale * ((Number(x) - 0.3) ** 2 + Number(batch) / 1000 - 0.1));
    }
    return optimizer;
  };
  expect(search(unit).best()?.params).toEqual(search(1).best()?.params);
});

test('failed trials are kept away from, and never the best', () => {
  const optimizer = new Optimizer({ space, seed: 2 });
  optimizer.observe([
    { params: point, value: NaN },
    { params: point, value: Infinity },
  ]);
  expect(optimizer.tell(optimizer.ask(point).id!, -Infinity)).toBe('failed');
  expect(optimizer.best()).toBeUndefined();
  expect(optimizer.ask().id).toBe(3);
});

test('results of full trainings from elsewhere are a warm start for trainings with curves', () => {
  const plane = toSpace(['x', 'y'].map((name) => ({ name, type: 'float', low: 0, high: 1 })));
  const loss = ({ x, y }: Readonly<Record<string, unknown>>, step: number): number =>
    (Number(x) - 0.7) ** 2 + (Number(y) - 0.2) ** 2 + 2 * step ** -0.7;
  const known = Array.from({ length: 30 }, (_, i) => ({ x: (i * 0.618) % 1, y: (i * 0.317) % 1 }));
  /** Regret after the steps of six full trainings, the mean of eight seeds. */
  const regret = (warm: boolean): number => {
    let sum = 0;
    for (let seed = 0; seed < 8; seed++) {
      const optimizer = new Optimizer({ space: plane, seed, maxResource: 27 });
      if (warm) optimizer.observe(known.map((params) => ({ params, value: loss(params, 27) })));
      let least = Infinity;
      for (let left = 6 * 27; left > 0;) {
        const { id, params, step: from = 0 } = optimizer.ask();
        for (let step = from + 1, advice = 'continue'; advice === 'continue' && left-- > 0; step++) {
          const value = loss(params!, step);
          least = Math.min(least, value);
          advice = optimizer.report(id!, step, value);
          if (step < 27) continue;
          optimizer.tell(id!, value);
          break;
        }
      }
      sum += least - 2 * 27 ** -0.7;
    }
    return sum / 8;
  };
  expect(regret(true)).toBeLessThan(regret(false) / 2);
});

describe('where trials have curves', () => {
  const line = (prior?: object): ReturnType<typeof toSpace> =>
    toSpace([
      { name: 'x', type: 'float', low: 0, high: 1, ...(prior === undefined ? {} : { prior }) },
      { name: 'y', type: 'float', low: 0, high: 1 },
    ]);
  /** Where new trials start, one running at a time. With `crashes` all fail beyond x = .5, where the loss falls towards. */
  const starts = (optimizer: Optimizer, count: number, crashes: boolean): number[] => {
    const started: number[] = [];
    while (started.length < count) {
      const { id, params, step: from = 0 } = optimizer.ask();
      const [x, y] = [Number(params!['x']), Number(params!['y'])];
      if (from === 0) started.push(x);
      if (crashes && x > 0.5) {
        optimizer.tell(id!, undefined, 'failed');
        continue;
      }
      for (let step = from + 1, advice = 'continue'; advice === 'continue'; step++) {
        const value = 1 - x + (y - 0.3) ** 2 + 1 / step;
        advice = optimizer.report(id!, step, value);
        if (step < 9) continue;
        optimizer.tell(id!, value);
        break;
      }
    }
    return started;
  };

  test('new ones keep away from where trials crash', () => {
    const late = [1, 2, 3].flatMap((seed) =>
      starts(new Optimizer({ space: line(), seed, maxResource: 9 }), 45, true).slice(25),
    );
    // By chance half of them would; a quarter of all is by chance.
    expect(late.filter((x) => x > 0.5).length / late.length).toBeLessThan(0.35);
  });

  test('the first ones heed a guess', () => {
    const firsts = (prior?: object): number[] =>
      [1, 2, 3].flatMap((seed) => starts(new Optimizer({ space: line(prior), seed, maxResource: 9 }), 8, false));
    const near = (xs: readonly number[]): number => xs.filter((x) => Math.abs(x - 0.15) < 0.15).length / xs.length;
    expect(near(firsts({ value: 0.15, width: 0.05, strength: 20 }))).toBeGreaterThan(near(firsts()) + 0.2);
  });

  test.each([1, 10, 20])('and none pauses, those that fall behind are stopped, reporting every %i steps', (every) => {
    const optimizer = new Optimizer({ space: line(), seed: 1, maxResource: 100, pause: false, budgetSteps: 2000 });
    let stopped = 0;
    for (let spent = 0; spent < 2000;) {
      const { id, params } = optimizer.ask();
      const x = Number(params!['x']);
      let advice = 'continue';
      for (let step = every; step <= 100 && advice === 'continue'; step += every) {
        spent += every;
        advice = optimizer.report(id!, step, (x - 0.3) ** 2 + (1 + x) * (1 + step / 2) ** -0.7);
      }
      if (advice === 'stop') stopped++;
      optimizer.tell(id!, undefined, advice === 'stop' ? 'pruned' : 'complete');
    }
    expect(stopped).toBeGreaterThan(30);
  });
});
