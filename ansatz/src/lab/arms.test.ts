import { describe, expect, test } from 'vitest';
import { rng } from '../methods/math/rng.ts';
import { armRows } from '../study/arms.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { ModelConfig } from '../study/config.ts';
import type { EventBody } from '../study/events/index.ts';
import { reduce } from '../study/reduce.ts';
import type { State } from '../study/state.ts';
import { chooseModel } from './arms.ts';

function model(name: string): ModelConfig {
  return {
    provider: 'openai',
    model: name,
    share: 0.5,
    after: 0,
    changes: 'knobs',
    price: { input: 1, output: 1 },
    limitSeconds: 60,
    maxOutput: 1000,
    maxInput: 8000,
  };
}

/** How a model does: chance of a keep and of a crash for each request, what a keep gains, what an answer and a run cost. */
interface Kind {
  readonly keep: number;
  readonly crash?: number;
  readonly gain: number;
  readonly answer: number;
  readonly run: number;
}

/** The state after so many requests, each to the model that is chosen. */
function played(kinds: Readonly<Record<string, Kind>>, requests: number, seedNumber: number): State {
  const models = Object.keys(kinds).map(model);
  const config = simpleConfig({ model: models[0]!, models, seedNumber, price: 1, budget: { runs: 10_000 } });
  let at = 0;
  let state = reduce(undefined, { type: 'study.created', config, baseline: { lr: 0.001, hidden: 16 }, at });
  const happen = (body: EventBody): void => void (state = reduce(state, { ...body, at: ++at }));
  const random = rng(seedNumber, 99);
  const nothing = { runs: 0, deviceSeconds: 0, money: 0 };
  for (let ask = 1; ask <= requests; ask++) {
    const { model: name } = chooseModel(state, models, ask);
    const kind = kinds[name]!;
    happen({ type: 'expense.held', expense: ask, what: name, hold: { ...nothing, money: 100 } });
    happen({ type: 'proposal.asked', ask, researcher: 'model', expense: ask, model: name });
    happen({ type: 'expense.settled', expense: ask, charge: { ...nothing, money: kind.answer } });
    const trial = state.trials.length + 1;
    const point = { lr: 0.001 + ask / 1e6, hidden: 16 };
    happen({ type: 'trial.proposed', trial, ask, researcher: 'model', hypothesis: '', point, parent: 1, model: name });
    const hold = { runs: 1, deviceSeconds: 1000, money: 100 };
    happen({ type: 'run.started', run: ask, trial, repeat: 0, seed: 1, slot: 0, limitSeconds: 1000, hold });
    const luck = random.uniform();
    const crashed = luck > 1 - (kind.crash ?? 0);
    const charge = { runs: 1, deviceSeconds: 10, money: kind.run };
    happen({
      type: 'run.ended',
      run: ask,
      seconds: 10,
      charge,
      ...(crashed ? { status: 'failed', reason: 'crash' } : { status: 'done', value: 1 }),
    });
    const verdict = luck < kind.keep ? 'keep' : crashed ? 'crash' : 'discard';
    happen({
      type: 'trial.judged',
      trial,
      verdict,
      why: '',
      ...(verdict === 'keep' ? { effect: kind.gain, shrunk: kind.gain } : {}),
    });
  }
  return state;
}

/** Share of the requests that went to `name`, over ten studies. */
function share(kinds: Readonly<Record<string, Kind>>, name: string): number {
  const requests = 150;
  const shares = Array.from(
    { length: 10 },
    (_, seed) => played(kinds, requests, seed + 1).arms[name]!.asked / requests,
  );
  return shares.reduce((a, b) => a + b) / shares.length;
}

describe('among several models', () => {
  const usual: Kind = { keep: 0.2, gain: 0.1, answer: 0.1, run: 1 };

  test('one that is kept more often, gains more, or costs less is asked more; alike ones are asked alike', () => {
    expect(share({ a: usual, b: usual }, 'a')).toBeGreaterThan(0.3);
    expect(share({ a: usual, b: usual }, 'a')).toBeLessThan(0.7);
    expect(share({ a: { ...usual, keep: 0.4 }, b: { ...usual, keep: 0.05 } }, 'a')).toBeGreaterThan(0.8);
    expect(share({ a: { ...usual, gain: 0.4 }, b: usual }, 'a')).toBeGreaterThan(0.75);
    expect(share({ a: { ...usual, answer: 4 }, b: usual }, 'a')).toBeLessThan(0.25);
  });

  test('one whose code crashes pays for the runs that it wasted', () => {
    const costly = { ...usual, run: 5 };
    expect(share({ a: { ...costly, keep: 0.02, crash: 0.8 }, b: usual }, 'a')).toBeLessThan(0.2);
  });

  test('the books tell what each has cost and gained', () => {
    const state = played({ a: { ...usual, crash: 0.3 }, b: usual }, 60, 3);
    const rows = armRows(state);
    expect(rows.map(({ model: name }) => name)).toEqual(['a', 'b']);
    for (const row of rows) {
      expect(row.asked).toBe(row.trials);
      expect(row.money).toBeCloseTo(1.1 * row.asked, 9);
      expect(row.deviceSeconds).toBe(10 * row.asked);
      expect(row.gain).toBeCloseTo(0.1 * row.keeps, 9);
    }
    expect(rows[0]!.crashes).toBeGreaterThan(0);
    expect(rows[1]!.crashes).toBe(0);
  });

  test('one alone needs no choice', () => {
    const state = played({ a: usual }, 1, 1);
    expect(chooseModel(state, [model('a')], 2).model).toBe('a');
  });
});
