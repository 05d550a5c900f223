import { expect, test } from 'vitest';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody } from './events/index.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';
import { versus } from './versus.ts';

function study(results: readonly (readonly number[])[], direction: 'minimize' | 'maximize' = 'minimize'): State {
  const config = simpleConfig({ objective: { metric: 'loss', direction, value: 'last' } });
  let [at, run] = [0, 0];
  let state: State | undefined;
  const add = (body: EventBody): void => {
    state = reduce(state, { ...body, at: at++ });
  };
  add({ type: 'study.created', config, baseline: { lr: 1e-3, hidden: 16 } });
  results.forEach((values, i) => {
    const trial = i + 1;
    if (trial > 1)
      add({
        type: 'trial.proposed',
        trial,
        ask: 0,
        researcher: 'numeric',
        hypothesis: '',
        point: { lr: 0.01 * trial, hidden: 16 },
        parent: 1,
      });
    values.forEach((value, repeat) => {
      const hold = { runs: 1, deviceSeconds: 10, money: 0 };
      add({ type: 'run.started', run: ++run, trial, repeat, seed: repeat + 1, slot: 0, limitSeconds: 10, hold });
      add({
        type: 'run.ended',
        run,
        status: 'done',
        value,
        charge: { runs: 1, deviceSeconds: 1, money: 0 },
        seconds: 1,
      });
    });
  });
  return state!;
}

test('the better one is better by the difference, with an interval that noise and runs make', () => {
  const state = study([
    [1.0, 1.02, 0.98, 1.01],
    [0.8, 0.81, 0.79, 0.82],
  ]);
  const pair = versus(state, 2, 1)!;
  expect(pair.effect).toBeCloseTo(0.196, 1);
  expect(pair.margin).toBeGreaterThan(0);
  expect(pair.margin).toBeLessThan(pair.effect);
  expect(pair.better).toBeGreaterThan(0.99);
  const back = versus(state, 1, 2)!;
  expect(back.effect).toBeCloseTo(-pair.effect, 12);
  expect(back.better).toBeCloseTo(1 - pair.better, 9);
});

test('more is better where the metric says so', () => {
  expect(
    versus(
      study(
        [
          [1, 1.1, 0.9],
          [2, 2.1, 1.9],
        ],
        'maximize',
      ),
      2,
      1,
    )!.effect,
  ).toBeGreaterThan(0.9);
});

test('without a result on one side, or without any noise floor, there is nothing to say', () => {
  expect(versus(study([[1, 1.1, 0.9], []]), 2, 1)).toBeUndefined();
  expect(versus(study([[1], [2]]), 2, 1)).toBeUndefined();
});
