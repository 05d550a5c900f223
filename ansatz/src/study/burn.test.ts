import { expect, test } from 'vitest';
import { burnOf, keepCosts, tradeoffsOf } from './burn.ts';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody } from './events/index.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';

function study(): { add: (body: EventBody, at: number) => void; state: () => State } {
  let state: State | undefined;
  const add = (body: EventBody, at: number): void => {
    state = reduce(state, { ...body, at });
  };
  add(
    {
      type: 'study.created',
      config: simpleConfig({ budget: { runs: 10, deviceSeconds: 100 } }),
      baseline: { lr: 1e-3, hidden: 16 },
    },
    0,
  );
  add({ type: 'lab.opened', host: 'h', pid: 1, version: '0', slots: simpleConfig().slots }, 0);
  return { add, state: () => state! };
}

function ran(
  add: (body: EventBody, at: number) => void,
  run: number,
  trial: number,
  value: number,
  seconds: number,
  at: number,
): void {
  const hold = { runs: 1, deviceSeconds: 20, money: 0 };
  add({ type: 'run.started', run, trial, repeat: 0, seed: 1, slot: 0, limitSeconds: 20, hold }, at - 1000 * seconds);
  add(
    { type: 'run.ended', run, status: 'done', value, charge: { runs: 1, deviceSeconds: seconds, money: 0 }, seconds },
    at,
  );
}

test('what burns is the ledger: every limited resource, rising to what is spent, and when it will be gone', () => {
  const { add, state } = study();
  ran(add, 1, 1, 2, 10, 10_000);
  ran(add, 2, 1, 2, 10, 20_000);
  const burn = burnOf(state());
  expect(burn.map(({ resource, cap }) => [resource, cap])).toEqual([
    ['runs', 10],
    ['deviceSeconds', 100],
  ]);
  const [, device] = burn;
  expect(device!.spent).toEqual([0, 10, 20, 20]);
  expect(device!.spent.at(-1)).toBe(state().ledger.spent.deviceSeconds);
  // 20 in 20 seconds: the other 80 last until 100 seconds after the start.
  expect(device!.gone).toBeCloseTo(100_000);
  add({ type: 'study.ended', reason: 'budget', text: 'over' }, 21_000);
  expect(burnOf(state())[1]!.gone).toBeUndefined();
});

test('each keep costs what was spent since the one before; the baseline is none', () => {
  const { add, state } = study();
  ran(add, 1, 1, 2, 10, 10_000);
  add({ type: 'trial.judged', trial: 1, verdict: 'keep', why: '' }, 10_000);
  expect(keepCosts(state())).toEqual([]);
  add(
    {
      type: 'trial.proposed',
      trial: 2,
      ask: 0,
      researcher: 'numeric',
      hypothesis: '',
      point: { lr: 1e-2, hidden: 16 },
      parent: 1,
    },
    11_000,
  );
  ran(add, 2, 2, 1, 5, 20_000);
  add({ type: 'trial.judged', trial: 2, verdict: 'keep', why: '', effect: 0.5, shrunk: 0.25 }, 20_000);
  expect(keepCosts(state())).toEqual([{ trial: 2, at: 20_000, deviceSeconds: 5, runs: 1, effect: 0.25, price: 20 }]);
});

test('the front of quality and time holds whatever nobody beats in both', () => {
  const { add, state } = study();
  ran(add, 1, 1, 2, 10, 10_000);
  [
    [1, 12],
    [3, 5],
    [4, 6],
    [1, 11],
  ].forEach(([value, seconds], i) => {
    const trial = i + 2;
    add(
      {
        type: 'trial.proposed',
        trial,
        ask: 0,
        researcher: 'numeric',
        hypothesis: '',
        point: { lr: 0.01 * trial, hidden: 16 },
        parent: 1,
      },
      11_000,
    );
    ran(add, trial, trial, value!, seconds!, 30_000 + i);
  });
  expect(
    tradeoffsOf(state())
      .filter(({ front }) => front)
      .map(({ trial }) => trial),
  ).toEqual([1, 3, 5]);
});
