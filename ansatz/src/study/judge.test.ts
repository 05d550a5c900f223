import { describe, expect, test } from 'vitest';
import { rng } from '../methods/math/rng.ts';
import { simpleConfig } from './config.fixture.ts';
import type { StudyConfig } from './config.ts';
import type { EventBody } from './events/index.ts';
import { judge } from './judge.ts';
import { reduce } from './reduce.ts';
import { noiseOf } from './noise.ts';
import { type State, trialOf } from './state.ts';

const hold = { runs: 1, deviceSeconds: 10, money: 0 };

/** A study whose runs end with the values that `draw` gives for a trial. */
class Bench {
  state: State;
  private at = 0;
  private readonly draw: (trial: number) => number | EndOf;

  constructor(draw: (trial: number) => number | EndOf, config: Partial<StudyConfig> = {}) {
    this.draw = draw;
    this.state = reduce(undefined, {
      type: 'study.created',
      config: simpleConfig(config),
      baseline: { lr: 0.001, hidden: 16 },
      at: 0,
    });
    this.add({ type: 'lab.opened', host: 'h', pid: 1, version: '0', slots: this.state.config.slots });
  }

  add(event: EventBody): void {
    this.state = reduce(this.state, { ...event, at: ++this.at });
  }

  run(trial: number): void {
    const run = this.state.runs.length + 1;
    const repeat = trialOf(this.state, trial).runs.length;
    this.add({ type: 'run.started', run, trial, repeat, seed: repeat + 1, slot: 0, limitSeconds: 5, hold });
    const outcome = this.draw(trial);
    const base = { type: 'run.ended', run, charge: hold, seconds: 1 } as const;
    if (typeof outcome === 'number') this.add({ ...base, status: 'done', value: outcome, resolution: 1e-6 });
    else this.add({ ...base, ...outcome });
  }

  /** Run and judge a trial to its verdict. */
  settle(trial: number): Judged {
    for (;;) {
      while (trialOf(this.state, trial).runs.length < trialOf(this.state, trial).wants) this.run(trial);
      const word = judge(this.state, trialOf(this.state, trial));
      if (word === undefined) {
        // It waits for the incumbent.
        this.run(this.state.incumbent!);
        continue;
      }
      this.add(word);
      if (word.type === 'trial.judged') return word;
    }
  }

  propose(): number {
    const trial = this.state.trials.length + 1;
    this.add({
      type: 'trial.proposed',
      trial,
      ask: 0,
      researcher: 'test',
      hypothesis: '',
      point: { lr: trial, hidden: 8 },
      parent: 1,
    });
    return trial;
  }
}

type Judged = Extract<EventBody, { type: 'trial.judged' }>;
type EndOf = { status: 'failed' | 'lost' | 'stopped'; reason?: 'crash'; text?: string };

describe('a verdict', () => {
  test('the baseline measures the noise and becomes the incumbent', () => {
    const values = [1.0, 1.2, 1.1];
    const bench = new Bench(() => values.shift()!);
    expect(bench.settle(1).verdict).toBe('keep');
    expect(noiseOf(bench.state).sd).toBeCloseTo(0.1, 9);
    expect(noiseOf(bench.state).df).toBe(2);
    expect(bench.state.incumbent).toBe(1);
  });

  test('a large improvement is kept after fresh runs, none of which is the one that looked good', () => {
    const random = rng(3);
    const bench = new Bench((trial) => (trial === 1 ? 2 : 1) + 0.02 * random.normal());
    bench.settle(1);
    const trial = bench.propose();
    expect(bench.settle(trial).verdict).toBe('keep');
    const kept = trialOf(bench.state, trial);
    expect(kept.values.length).toBeGreaterThanOrEqual(2);
    expect(kept.values).not.toContain(kept.screen);
    expect(bench.state.incumbent).toBe(trial);
  });

  test('for a maximised metric higher is better', () => {
    const random = rng(3);
    const bench = new Bench((trial) => (trial === 1 ? 0.8 : trial === 2 ? 0.9 : 0.7) + 0.004 * random.normal(), {
      objective: { metric: 'acc', direction: 'maximize', value: 'last' },
    });
    bench.settle(1);
    expect(bench.settle(bench.propose()).verdict).toBe('keep');
    expect(bench.settle(bench.propose()).verdict).toBe('discard');
  });

  test('a clearly worse trial is discarded after one run', () => {
    const random = rng(5);
    const bench = new Bench((trial) => (trial === 1 ? 1 : 3) + 0.02 * random.normal());
    bench.settle(1);
    const trial = bench.propose();
    expect(bench.settle(trial).verdict).toBe('discard');
    expect(trialOf(bench.state, trial).runs).toHaveLength(1);
  });

  test('a lucky screening run does not survive its fresh runs', () => {
    const values: Record<number, number[]> = { 1: [1, 1.1, 0.9], 2: [0.5, 1.02, 1.01, 1.0, 0.99, 1.0] };
    const bench = new Bench((trial) => values[trial]!.shift()!);
    bench.settle(1);
    const { verdict, why } = bench.settle(bench.propose());
    expect(verdict).not.toBe('keep');
    expect(why).toMatch(/fresh runs/);
  });

  test('a deterministic script needs no repeats, and equal is not better', () => {
    const bench = new Bench((trial) => [1, 0.5, 0.5, 0.7][trial - 1]!);
    expect(bench.settle(1).why).toMatch(/deterministic/);
    expect(bench.settle(bench.propose()).verdict).toBe('keep');
    expect(bench.settle(bench.propose()).verdict).toBe('discard');
    expect(bench.settle(bench.propose()).verdict).toBe('discard');
    expect(bench.state.runs).toHaveLength(6);
  });

  test('an improvement below the smallest one that matters is not kept', () => {
    const random = rng(3);
    const bench = new Bench((trial) => (trial === 1 ? 1 : 0.95) + 0.001 * random.normal(), { minEffect: 0.2 });
    bench.settle(1);
    expect(bench.settle(bench.propose()).verdict).not.toBe('keep');
  });

  test('a crash is a verdict with its reason', () => {
    const bench = new Bench((trial) =>
      trial === 1 ? Math.random() : { status: 'failed', reason: 'crash', text: 'exit 1 — ValueError: lr' },
    );
    bench.settle(1);
    expect(bench.settle(bench.propose())).toMatchObject({ verdict: 'crash', why: 'exit 1 — ValueError: lr' });
  });

  test('after a lost screening run the next one is the screening run', () => {
    const random = rng(3);
    let lost = 1;
    const bench = new Bench((trial) =>
      trial === 1 ? 2 + 0.02 * random.normal() : lost-- > 0 ? { status: 'lost' } : 1 + 0.02 * random.normal(),
    );
    bench.settle(1);
    const trial = bench.propose();
    expect(bench.settle(trial).verdict).toBe('keep');
    const kept = trialOf(bench.state, trial);
    expect(kept.screen).toBeDefined();
    expect(kept.values.length).toBeGreaterThanOrEqual(2);
  });

  test('a crash on any fresh seed is a crash, whichever run ended last', () => {
    const outcomes: (number | EndOf)[] = [0.5, { status: 'failed', text: 'exit 1' }, 0.5];
    const values = [1, 1.1, 0.9];
    const bench = new Bench((trial) => (trial === 1 ? values.shift()! : outcomes.shift()!));
    bench.settle(1);
    expect(bench.settle(bench.propose())).toMatchObject({ verdict: 'crash', why: 'exit 1' });
  });

  test('a baseline with one result among failures is run again until the noise is known', () => {
    const outcomes: (number | EndOf)[] = [1, { status: 'failed' }, { status: 'failed' }, 1.1];
    const bench = new Bench(() => outcomes.shift()!);
    expect(bench.settle(1).why).toMatch(/noise sd/);
    expect(noiseOf(bench.state).df).toBe(1);
  });

  test('a lost run is repeated, three lost runs are enough', () => {
    const bench = new Bench((trial) => (trial === 1 ? 1 : { status: 'lost' }));
    bench.settle(1);
    const trial = bench.propose();
    expect(bench.settle(trial).why).toMatch(/lost/);
    expect(trialOf(bench.state, trial).runs).toHaveLength(3);
  });
});

describe('error rates', () => {
  test('a lone trial without effect is kept in at most 5 % of cases (normal noise, noise floor from 3 runs)', () => {
    let keeps = 0;
    const cases = 3000;
    for (let seed = 0; seed < cases; seed++) {
      const random = rng(seed);
      const bench = new Bench(() => random.normal());
      bench.settle(1);
      if (bench.settle(bench.propose()).verdict === 'keep') keeps++;
    }
    // Measured 0.4 %: it is allowed its part of the 5 % only, and most are never confirmed.
    expect(keeps / cases).toBeLessThanOrEqual(0.03);
  });

  test('an effect of four noise sd is kept in at least 60 % of cases', () => {
    let keeps = 0;
    const cases = 400;
    for (let seed = 0; seed < cases; seed++) {
      const random = rng(seed);
      const bench = new Bench((trial) => (trial === 1 ? 4 : 0) + random.normal());
      bench.settle(1);
      if (bench.settle(bench.propose()).verdict === 'keep') keeps++;
    }
    expect(keeps / cases).toBeGreaterThanOrEqual(0.6);
  });
});
