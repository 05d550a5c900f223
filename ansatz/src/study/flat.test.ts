import { expect, test } from 'vitest';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody } from './events/index.ts';
import { csvOf, flatRuns, flatTrials } from './flat.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';

function study(): State {
  let state: State | undefined;
  const add = (body: EventBody, at: number): void => {
    state = reduce(state, { ...body, at });
  };
  add({ type: 'study.created', config: simpleConfig(), baseline: { lr: 1e-3, hidden: 16 } }, 0);
  const hold = { runs: 1, deviceSeconds: 10, money: 0 };
  add({ type: 'run.started', run: 1, trial: 1, repeat: 0, seed: 1, slot: 0, limitSeconds: 10, hold }, 1000);
  add(
    {
      type: 'run.ended',
      run: 1,
      status: 'done',
      value: 2,
      charge: { runs: 1, deviceSeconds: 3, money: 0 },
      seconds: 3,
    },
    4000,
  );
  add(
    {
      type: 'trial.proposed',
      trial: 2,
      ask: 0,
      researcher: 'person',
      hypothesis: '=cmd|"/c calc"!A1, and "so on"\nnext',
      point: { lr: 0.1 },
      parent: 1,
      by: '@ada',
    },
    5000,
  );
  return state!;
}

test('one row per trial with its settings, one per run with its charge', () => {
  const trials = flatTrials(study());
  const cells = Object.fromEntries(trials.columns.map(({ name, cells }) => [name, cells]));
  expect(cells['trial']).toEqual([1, 2]);
  expect(cells['lr']).toEqual([1e-3, 0.1]);
  expect(cells['hidden']).toEqual([16, null]);
  expect(cells['verdict']).toEqual(['queued', 'queued']);
  const runs = Object.fromEntries(flatRuns(study()).columns.map(({ name, cells }) => [name, cells]));
  expect(runs).toMatchObject({
    run: [1],
    value: [2],
    device_seconds: [3],
    started: ['1970-01-01T00:00:01.000Z'],
    ended: ['1970-01-01T00:00:04.000Z'],
  });
});

test('no cell of a CSV is a formula, quotes and line ends survive, numbers stay numbers', () => {
  const text = csvOf(flatTrials(study()));
  expect(text).toContain(`"'=cmd|""/c calc""!A1, and ""so on""\nnext"`);
  expect(text).toContain(`'@ada`);
  const odd = csvOf({ columns: [{ name: '=x', cells: ['-1', '-1+2', '+cmd', '\tx', -5, 1e-7, null, true, 'plain'] }] });
  expect(odd.split('\r\n')).toEqual(["'=x", '-1', "'-1+2", "'+cmd", "'\tx", '-5', '1e-7', '', 'true', 'plain', '']);
});
