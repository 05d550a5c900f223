import { describe, expect, test } from 'vitest';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody } from './events/index.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';
import { columnsOf, differing, filterOf, pageOf, tableRow } from './table.ts';
import { UserError } from './error.ts';

function folded(): State {
  let at = 0;
  let state: State | undefined;
  const add = (body: EventBody): void => {
    state = reduce(state, { ...body, at: at++ });
  };
  add({ type: 'study.created', config: simpleConfig(), baseline: { lr: 1e-3, hidden: 16 } });
  const proposed = (trial: number, point: Record<string, number>, hypothesis: string, researcher = 'numeric'): void =>
    add({ type: 'trial.proposed', trial, ask: 0, researcher, hypothesis, point, parent: 1 });
  const ran = (run: number, trial: number, value: number): void => {
    const hold = { runs: 1, deviceSeconds: 10, money: 0 };
    add({ type: 'run.started', run, trial, repeat: 0, seed: 1, slot: 0, limitSeconds: 10, hold });
    add({ type: 'run.reported', run, step: 1, value: value + 1 });
    add({ type: 'run.reported', run, step: 2, value });
    add({
      type: 'run.ended',
      run,
      status: 'done',
      value,
      charge: { runs: 1, deviceSeconds: run, money: 0 },
      seconds: run,
    });
  };
  ran(1, 1, 2);
  add({ type: 'trial.judged', trial: 1, verdict: 'keep', why: 'the baseline' });
  proposed(2, { lr: 1e-2, hidden: 16 }, 'a larger step');
  ran(2, 2, 1.5);
  add({
    type: 'trial.judged',
    trial: 2,
    verdict: 'inconclusive',
    why: 'within noise',
    effect: 0.5,
    margin: 0.7,
    better: 0.9,
  });
  proposed(3, { lr: 1e-1, hidden: 16 }, 'a step too far, with warm-up', 'model');
  ran(3, 3, 9);
  add({ type: 'trial.judged', trial: 3, verdict: 'discard', why: 'worse', effect: -7, margin: 0.7, better: 0 });
  add({ type: 'trial.noted', trial: 3, text: 'as feared', tags: ['warmup'], by: 'ada' });
  proposed(4, { lr: 5e-3, hidden: 16 }, 'between');
  return state!;
}

const state = folded();
const rows = state.trials.map((trial) => tableRow(state, trial));
const columns = columnsOf(state);
const found = (filter: string): number[] => rows.filter(filterOf(filter, columns)).map(({ trial }) => trial);
const trouble = (filter: string): UserError => {
  try {
    filterOf(filter, columns);
  } catch (error) {
    return error as UserError;
  }
  throw new Error(`"${filter}" was read`);
};

test('only knobs that differ have a column of their own worth showing', () => {
  expect(differing(state).map(({ name }) => name)).toEqual(['lr']);
});

describe('filters', () => {
  test.each([
    ['', [1, 2, 3, 4]],
    ['state = keep', [1]],
    ['state == "keep" or state = discard', [1, 3]],
    ['state in [discard, inconclusive]', [2, 3]],
    ['state != keep', [2, 3, 4]],
    ['lr > 5e-3', [2, 3]],
    ['1e-3 < lr < 0.05', [2, 4]],
    ['effect > 0 and better > 0.5', [2]],
    ['not (state = keep)', [2, 3, 4]],
    ['researcher = model', [3]],
    ['value < 1.6', [2]],
    ['cost >= 3', [3]],
    ['tags = warmup', [3]],
    ['value - se > 1 or state = queued', [4]],
    ['step far', [3]],
    ['WARM-UP', [3]],
    ['within noise', [2]],
    ['nothing like it', []],
  ])('%s', (filter, trials) => {
    expect(found(filter)).toEqual(trials);
  });

  test('a row without a value fails a comparison, and is not an error', () => {
    expect(found('p < 0.05')).toEqual([]);
    expect(found('effect <= 0 or effect > 0')).toEqual([2, 3]);
  });

  test('mistakes say where and what may be meant', () => {
    expect(trouble('stat = keep').message).toMatch(/no column "stat"; closest: "state"/);
    expect(trouble('lr > ').where).toContain('^');
    expect(trouble('lr > )').code).toBe('bad-filter');
    expect(trouble('keep = keep').message).toMatch(/no column "keep"/);
  });

  test('names of the language are names of nothing', () => {
    for (const name of ['constructor', '__proto__', 'toString']) expect(trouble(`${name} > 1`).code).toBe('bad-filter');
  });
});

test('pages are sorted either way, rows without a value last, and say how many there are', () => {
  const order = (sort: string, descending: boolean): number[] =>
    pageOf(rows, columns, { sort, descending }).rows.map(({ trial }) => trial);
  expect(order('value', false)).toEqual([2, 1, 3, 4]);
  expect(order('value', true)).toEqual([3, 1, 2, 4]);
  expect(order('trial', true)).toEqual([4, 3, 2, 1]);
  expect(order('researcher', false)).toEqual([1, 3, 2, 4]);
  const page = pageOf(rows, columns, { filter: 'state != keep', sort: 'trial', offset: 1, limit: 1 });
  expect(page).toMatchObject({ matching: 3, total: 4 });
  expect(page.rows.map(({ trial }) => trial)).toEqual([3]);
  expect(() => pageOf(rows, columns, { sort: 'valu' })).toThrow(/closest: "value"/);
});

test('a knob called like a column has a name of its own', () => {
  const config = simpleConfig();
  const named = reduce(undefined, {
    type: 'study.created',
    config: { ...config, knobs: [{ ...config.knobs[0]!, name: 'value' }] },
    baseline: { value: 0.5 },
    at: 0,
  });
  const own = columnsOf(named);
  expect(own.map(({ name }) => name)).toContain('knob.value');
  const [row] = named.trials.map((trial) => tableRow(named, trial));
  expect(filterOf('knob.value = 0.5', own)(row!)).toBe(true);
  expect(filterOf('value = 0.5', own)(row!)).toBe(false);
});
