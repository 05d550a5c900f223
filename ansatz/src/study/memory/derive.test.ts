import { expect, test } from 'vitest';
import type { Log } from '../logbook-log.ts';
import type { Event } from '../events/index.ts';
import { simpleConfig } from '../config.fixture.ts';
import { reduce } from '../reduce.ts';
import type { State } from '../state.ts';
import { recordsOfLog } from './chain.ts';
import { recordsOf } from './derive.ts';
import { memoryOf } from './memory.ts';
import { pointOf } from './record.ts';
import { triedBefore } from './tried.ts';

const BASELINE = { lr: 1e-3, hidden: 16 };
const hold = { runs: 1, deviceSeconds: 10, money: 0 };

function stateOf(...events: readonly object[]): State {
  const all = [{ type: 'study.created', config: simpleConfig(), baseline: BASELINE }, ...events];
  return all.reduce<State | undefined>((state, event, i) => reduce(state, { ...event, at: i } as Event), undefined)!;
}

const proposed = (trial: number, point: object, more: object = {}) => ({
  type: 'trial.proposed',
  trial,
  ask: 0,
  researcher: 'numeric',
  hypothesis: 'a higher rate',
  point: { ...BASELINE, ...point },
  parent: 1,
  bet: 'rates',
  ...more,
});
const run = (id: number, trial: number, seed: number, end: object) => [
  { type: 'run.started', run: id, trial, repeat: 0, seed, slot: 0, limitSeconds: 10, hold },
  { type: 'run.ended', run: id, charge: { runs: 1, deviceSeconds: 4, money: 0.5 }, seconds: 4, ...end },
];

test('a trial becomes a record: what it changed, from where, what came of it and what it cost', () => {
  const state = stateOf(proposed(2, { lr: 0.01 }), ...run(1, 2, 7, { status: 'done', value: 3 }), {
    type: 'trial.judged',
    trial: 2,
    verdict: 'discard',
    why: 'worse',
    effect: -1,
    margin: 0.5,
    better: 0.02,
  });
  const [baseline, record] = recordsOf(state, { data: 'v1', of: () => ({ cites: ['other/4'], tokens: 120 }) });
  expect(baseline).toMatchObject({ id: 'simple/1', change: { knobs: [] }, outcome: { status: 'open', n: 0 } });
  expect(record).toMatchObject({
    id: 'simple/2',
    change: { knobs: [{ name: 'lr', from: 1e-3, to: 0.01, scale: 'log' }] },
    context: { incumbent: BASELINE, data: 'v1', bet: 'rates', researcher: 'numeric' },
    outcome: { status: 'ok', verdict: 'discard', loss: 3, effect: -1, margin: 0.5, n: 1, seeds: [7] },
    cost: { deviceSeconds: 4, money: 0.5, tokens: 120 },
    links: [
      { kind: 'parent', to: 'simple/1' },
      { kind: 'cites', to: 'other/4' },
    ],
  });
  expect({ ...pointOf(record!) }).toEqual({ ...BASELINE, lr: 0.01 });
});

test('a failure is told by its reason and the line it ended with, numbers and paths taken out', () => {
  const text = 'CUDA out of memory. Tried to allocate 20.50 GiB at /home/a/train.py:41';
  const state = stateOf(proposed(2, { hidden: 99 }), ...run(1, 2, 1, { status: 'failed', reason: 'oom', text }));
  expect(recordsOf(state)[1]!.outcome).toMatchObject({
    status: 'oom',
    n: 0,
    signature: 'CUDA out of memory. Tried to allocate # GiB at …:#',
  });
});

test('a change of code is known by its tree, and is the context of what departs from it', () => {
  const code = { commit: 'c', tree: 't1', files: ['train.py'] };
  const state = stateOf(proposed(2, {}, { code }), proposed(3, { lr: 0.5 }, { parent: 2, code }));
  const [first, second, third] = recordsOf(state);
  expect(first!.change.tree).toBeUndefined();
  expect(second).toMatchObject({ change: { knobs: [], tree: 't1' }, context: { code: first!.context.code } });
  expect(third!.context.code).toEqual([...first!.context.code, 't1']);
});

const log = (rows: Log['rows']): Log => ({
  file: 'log.tsv',
  dialect: 'tsv',
  columns: [],
  metric: 'loss',
  direction: 'minimize',
  judged: true,
  rows,
  guesses: [],
});
const lrIn = (text: string): Record<string, number> =>
  Object.fromEntries([...text.matchAll(/(\w+)=([\d.]+)/g)].map((match) => [match[1]!, Number(match[2])]));

test('in a log what was kept is what the next row departs from, settings and code alike', () => {
  const rows = [
    { row: 1, raw: {}, text: 'baseline', value: 4, status: 'keep' },
    { row: 2, raw: {}, text: 'lr=0.2', value: 3, status: 'keep' },
    { row: 3, raw: {}, text: 'replace the norm', value: 3.5, status: 'discard' },
    { row: 4, raw: {}, text: 'swap the optimizer', value: 2, status: 'keep' },
    { row: 5, raw: {}, text: 'wd=0.1 SEED=42', value: 2.5, status: 'discard' },
    { row: 6, raw: {}, text: 'lr=0.9', status: 'crash' },
  ] as const;
  const records = recordsOfLog(log(rows), 'log', lrIn);
  expect(records.map(({ context }) => context.incumbent)).toEqual([
    {},
    {},
    ...Array.from({ length: 4 }, () => ({ lr: 0.2 })),
  ]);
  expect(records.map(({ context }) => context.code.length)).toEqual([0, 1, 1, 1, 2, 2]);
  expect(records.map(({ outcome }) => outcome.effect)).toEqual([undefined, 1, -0.5, 1, -0.5, undefined]);
  expect(records[4]).toMatchObject({
    outcome: { seeds: ['42'] },
    change: { knobs: [{ name: 'wd', to: 0.1 }], prose: true },
  });
  expect(records[5]!.outcome).toMatchObject({ status: 'crash', verdict: 'crash', n: 0 });
  // Twice the same words in the same context are the same change; in another one they are not.
  expect(records[2]!.change.diff).toBeDefined();
});

test('a repeat makes the change of what it repeats', () => {
  const rows = [
    { row: 1, raw: {}, id: '0001_base', text: 'baseline', value: 4, status: 'keep' },
    { row: 2, raw: {}, id: '0002_lr', text: 'lr=0.2 SEED=1', value: 3.9, status: 'discard' },
    { row: 3, raw: {}, id: '0003_lr_again', text: 'SEED=42 of 0002, loss=4.1', value: 4.1, status: 'discard' },
  ] as const;
  const records = recordsOfLog(log(rows), 'log', lrIn);
  expect(records[2]!.change.knobs).toEqual(records[1]!.change.knobs);
  expect(records[2]!.links).toContainEqual({ kind: 'replicates', to: 'log:0002_lr' });
});

test('rows without words are alike only where the log says that their configuration is', () => {
  const rows = ['c1', 'c2', 'c1', undefined, undefined].map((config, i) => ({
    row: i + 1,
    raw: {},
    value: 4,
    status: 'discard' as const,
    ...(config === undefined ? {} : { config }),
  }));
  const memory = memoryOf();
  const answers = recordsOfLog(log(rows), 'log', lrIn).map((record) => {
    const answer = triedBefore(memory, { ...record.change, point: pointOf(record), context: record.context });
    memory.add(record);
    return answer.step;
  });
  expect(answers).toEqual(['none', 'none', 'exact', 'none', 'none']);
});

test('a setting in two descriptions of other things is no repeat', () => {
  const rows = [
    'BK=128 and a new Triton',
    'fewer configurations of the autotuner, BK=128',
    'a new Triton with BK=128',
  ].map((text, i) => ({ row: i + 1, raw: {}, text, value: 4, status: 'discard' as const }));
  const memory = memoryOf();
  const answers = recordsOfLog(log(rows), 'log', lrIn).map((record) => {
    const { hypothesis, context, change } = record;
    const answer = triedBefore(memory, { ...change, point: pointOf(record), context, hypothesis });
    memory.add(record);
    return answer.step;
  });
  expect(answers).toEqual(['none', 'none', 'exact']);
});

test('imported history has records of its own', () => {
  const rows = [
    { text: 'baseline', loss: 4, value: 4, verdict: 'keep' },
    { text: 'lr 0.1 to 0.2', values: { lr: 0.2 }, loss: 3, value: 3, verdict: 'keep' },
  ];
  const imported = {
    type: 'history.imported',
    source: 'old.tsv',
    dialect: 'tsv',
    objective: { metric: 'loss', direction: 'minimize' },
    guesses: [],
    rows,
  };
  const ids = recordsOf(stateOf(imported)).map(({ id }) => id);
  expect(ids).toEqual(['simple/1', 'simple/old.tsv:1', 'simple/old.tsv:2']);
});
