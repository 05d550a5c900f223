import { expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import { reduce } from '../../study/reduce.ts';
import type { State } from '../../study/state.ts';
import { questionOf } from './prompt.ts';

const hold = { runs: 1, deviceSeconds: 1, money: 0 };

function stateOf(trials: number): State {
  let state = reduce(undefined, {
    type: 'study.created',
    config: simpleConfig(),
    baseline: { lr: 0.001, hidden: 16 },
    at: 0,
  });
  for (let trial = 2; trial < trials + 2; trial++) {
    const point = { lr: 0.001 * trial, hidden: 16 };
    const asked = { ask: 0, researcher: 'numeric', hypothesis: '', parent: 1 } as const;
    state = reduce(state, { type: 'trial.proposed', trial, ...asked, point, at: trial });
    const run = trial - 1;
    state = reduce(state, {
      type: 'run.started',
      run,
      trial,
      repeat: 0,
      seed: 1,
      slot: 0,
      limitSeconds: 5,
      hold,
      at: trial,
    });
    state = reduce(state, {
      type: 'run.ended',
      run,
      status: 'done',
      value: trial,
      charge: hold,
      seconds: 1,
      at: trial,
    });
    state = reduce(state, { type: 'trial.judged', trial, verdict: 'discard', why: `worse by ${trial}`, at: trial });
  }
  return state;
}

test('a question says what is to be improved, from where, with what, and what was tried', () => {
  const state = stateOf(3);
  const sources = [{ file: 'train.py', text: 'print("loss: 1")\n' }];
  const briefing = {
    state,
    parent: state.trials[0]!,
    sources,
    guidance: 'No dropout.',
    complaint: 'hidden cannot be 7',
    told: 'lr 0.5: 2 tried',
    most: 8000,
  };
  const { rules, context, task } = questionOf(briefing);
  expect(rules).toMatch(/"loss".*lower is better/);
  expect(context).toMatch(/lr from 0\.0001 to 1 \(log\); hidden whole from 8 to 128/);
  expect(context).toMatch(/No dropout/);
  expect(context).toMatch(/--- train\.py\nprint/);
  expect(context).toMatch(/4 \(from 1\) lr 0\.001 → 0\.004: 4, discard: worse by 4$/m);
  expect(context).toMatch(/from memory.*\nlr 0\.5: 2 tried/);
  expect(task).toMatch(/depart from trial 1: lr=0\.001 hidden=16/);
  expect(task).toMatch(/could not be run: hidden cannot be 7/);
  expect(questionOf({ ...briefing, sources: [] }).rules).toMatch(/settings only/);
});

test('it never has more tokens than it may, and keeps the newest of what was tried', () => {
  const state = stateOf(200);
  const sources = [{ file: 'train.py', text: 'x = 1\n'.repeat(50_000) }];
  for (const most of [1500, 4000, 16_000]) {
    const { rules, context, task } = questionOf({ state, parent: state.trials[0]!, sources, most });
    // Three characters a token, with a little for what joins the parts.
    expect(rules.length + context.length + task.length).toBeLessThanOrEqual(3 * most + 200);
    expect(context).toMatch(/its first \d+ of 300000 characters/);
    expect(context).toMatch(/201 \(from 1\)/);
  }
});
