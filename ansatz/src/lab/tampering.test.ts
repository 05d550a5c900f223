import { expect, test } from 'vitest';
import type { Exit } from '../io/executor/executor.ts';
import type { StudyConfig } from '../study/config.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { EventBody } from '../study/events/index.ts';
import { reduce } from '../study/reduce.ts';
import type { State } from '../study/state.ts';
import { selfJudged, suspected } from './tampering.ts';

const CODE = { commit: 'a', tree: 'a', files: ['train.py'] };
const EXIT: Exit = { how: 'exited', code: 0, seconds: 1, tail: [], steering: ['guidance.md'] };

/** A study with the baseline, code of a model, knobs turned on top of that, and a person's own change: trials and runs 1 to 4. */
function study(): State {
  const proposed = (trial: number, researcher: string, more: object): EventBody => ({
    type: 'trial.proposed',
    trial,
    ask: 0,
    researcher,
    hypothesis: 'h',
    point: { lr: 0.1 * trial, hidden: 16 },
    parent: 1,
    ...more,
  });
  const config = simpleConfig();
  const events: EventBody[] = [
    { type: 'study.created', config, baseline: { lr: 0.001, hidden: 16 } },
    { type: 'lab.opened', host: 'h', pid: 1, version: '0', slots: config.slots },
    proposed(2, 'model', { code: CODE }),
    proposed(3, 'numeric', { parent: 2, code: CODE }),
    proposed(4, 'human', { code: { ...CODE, tree: 'b' } }),
    ...[1, 2, 3, 4].map((run): EventBody => ({
      type: 'run.started',
      run,
      trial: run,
      repeat: 0,
      seed: run,
      slot: 0,
      limitSeconds: 5,
      hold: { runs: 1, deviceSeconds: 10, money: 0 },
    })),
  ];
  return events.reduce<State | undefined>((state, event, at) => reduce(state, { ...event, at }), undefined)!;
}

test.each([2, 3])('run %i of code that a model wrote is taken to have changed what was changed while it ran', (run) => {
  const { exit, events } = suspected(study(), run, EXIT, undefined);
  expect(exit.tampered).toMatchObject({ files: ['guidance.md'], original: false });
  expect(events).toMatchObject([{ type: 'warning.raised', code: 'tampered', run }]);
});

test.each([1, 4])('beside run %i, whose code people answer for, it is said, and the run counts', (run) => {
  const { exit, events } = suspected(study(), run, EXIT, undefined);
  expect(exit.tampered).toBeUndefined();
  expect(events).toMatchObject([{ type: 'warning.raised', code: 'changed-meanwhile', run }]);
});

test('a run beside which nothing was changed ends as it did', () => {
  const { steering: _, ...exit } = EXIT;
  expect(suspected(study(), 2, exit, undefined)).toEqual({ exit, events: [] });
});

test('once the journal was changed by somebody, no end of a run counts and the study drains', () => {
  const { exit, events } = suspected(study(), 1, EXIT, 'event 3 is gone');
  expect(exit.tampered).toEqual({ files: ['journal.db'], original: true, how: 'event 3 is gone' });
  expect(events.map(({ type }) => type)).toEqual(['warning.raised', 'study.draining']);
});

test('what the sandbox refused is said once for each thing, and not without end', () => {
  let state = study();
  const end = (...refused: string[]): number => {
    const { exit, events } = suspected(state, 1, { how: 'exited', code: 0, seconds: 1, tail: [], refused }, undefined);
    expect(exit.tampered).toBeUndefined();
    for (const event of events) state = reduce(state, { ...event, at: 99 });
    return events.length;
  };
  expect(end('EROFS: a', 'ENETUNREACH')).toBe(2);
  expect(end('EROFS: a', 'EROFS: b')).toBe(1);
  expect(end(...Array.from({ length: 50 }, (_, i) => `EROFS: ${i}`))).toBe(7);
  expect(end('EROFS: again')).toBe(0);
});

test('that a model’s code is its own judge is said, once, where no evaluator is', () => {
  const model = {
    provider: 'openai',
    model: 'm',
    share: 0.5,
    after: 0,
    changes: 'both',
    price: { input: 0, output: 0 },
    limitSeconds: 60,
    maxOutput: 1000,
    maxInput: 8000,
  } as const;
  const begun = (changes: Partial<StudyConfig>): State =>
    reduce(undefined, {
      type: 'study.created',
      config: simpleConfig(changes),
      baseline: { lr: 0.001, hidden: 16 },
      at: 0,
    });
  expect(selfJudged(begun({ model }))).toMatchObject([{ type: 'warning.raised', code: 'self-judged' }]);
  expect(selfJudged(begun({ model: { ...model, changes: 'knobs' } }))).toEqual([]);
  expect(selfJudged(begun({ model, evaluate: ['judge'] }))).toEqual([]);
  expect(selfJudged(begun({}))).toEqual([]);
  const told = reduce(begun({ model }), { type: 'warning.raised', code: 'self-judged', text: '', at: 1 });
  expect(selfJudged(told)).toEqual([]);
});
