import { expect, test } from 'vitest';
import type { Budget } from './config.ts';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody } from './events/index.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';

/** What samplers are told of a first trial whose runs ended like this. */
function told(budget: Budget, ends: readonly { seconds: number; failed?: true }[]): State['observations'][number] {
  let state = reduce(undefined, {
    type: 'study.created',
    config: simpleConfig({ budget }),
    baseline: { lr: 1 },
    at: 0,
  });
  const add = (body: EventBody, at: number): void => {
    state = reduce(state, { ...body, at });
  };
  add({ type: 'lab.opened', host: 'h', pid: 1, version: '0', slots: simpleConfig().slots }, 0);
  ends.forEach(({ seconds, failed }, repeat) => {
    const run = repeat + 1;
    const charge = { runs: 1, deviceSeconds: seconds, money: 0 };
    const hold = { runs: 1, deviceSeconds: 50, money: 0 };
    add({ type: 'run.started', run, trial: 1, repeat, seed: run, slot: 0, limitSeconds: 50, hold }, 1);
    const result = failed === true ? ({ status: 'failed' } as const) : ({ status: 'done', value: 2 } as const);
    add({ type: 'run.ended', run, ...result, charge, seconds }, 2);
  });
  return state.observations[0]!;
}

test('samplers know what a result cost where time is what there is, and not where runs are counted', () => {
  expect(told({ deviceSeconds: 900 }, [{ seconds: 12 }])).toMatchObject({ status: 'done', cost: 12 });
  expect(told({ wallSeconds: 900 }, [{ seconds: 12 }, { seconds: 14 }]).cost).toBe(14);
  expect(told({ deviceSeconds: 900 }, [{ seconds: 12 }, { seconds: 1, failed: true }]).cost).toBe(12);
  expect(told({ deviceSeconds: 900 }, [{ seconds: 0 }])).not.toHaveProperty('cost');
  expect(told({ runs: 40, deviceSeconds: 900 }, [{ seconds: 12 }])).not.toHaveProperty('cost');
});
