import { describe, expect, test } from 'vitest';
import { rng } from '../methods/math/rng.ts';
import { simpleConfig } from './config.fixture.ts';
import type { StudyConfig } from './config.ts';
import type { EventBody } from './events/index.ts';
import { unguarded } from './guards.ts';
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

  propose(parent = 1): number {
    const trial = this.state.trials.length + 1;
    this.add({
      type: 'trial.proposed',
      trial,
      ask: 0,
      researcher: 'test',
      hypothesis: '',
      point: { lr: trial, hidden: 8 },
      parent,
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

describe('what else counts', () => {
  /** Runs that take `seconds` and print other metrics. */
  class Richer extends Bench {
    extra: (trial: number) => {
      readonly seconds?: number;
      readonly peakBytes?: number;
      readonly others?: Record<string, number>;
    } = () => ({});

    override add(event: EventBody): void {
      if (event.type !== 'run.ended') return super.add(event);
      const { trial } = this.state.runs[event.run - 1]!;
      super.add({ ...event, ...this.extra(trial) });
    }
  }

  const better = (trial: number): number => (trial === 1 ? 2 : 1);

  test('a guard-rail: a gain that costs too much memory, or another metric, is not kept', () => {
    const random = rng(3);
    const guards = [
      { metric: 'memory', way: 'up', amount: 0.05, relative: true },
      { metric: 'f1', way: 'down', amount: 0.01, relative: false },
    ] as const;
    const bench = new Richer((trial) => better(trial) + 0.02 * random.normal(), { guards });
    bench.extra = (trial) => ({
      peakBytes: trial === 2 ? 1.2e9 : 1e9,
      others: { f1: trial === 3 ? 0.7 : 0.9 },
    });
    bench.settle(1);
    const heavy = bench.settle(bench.propose());
    expect(heavy).toMatchObject({ verdict: 'discard' });
    expect(heavy.why).toBe('memory goes up from 1000000000 to 1200000000, more than the 5 % allowed');
    expect(bench.settle(bench.propose()).why).toBe('f1 goes down from 0.9 to 0.7, more than the 0.01 allowed');
    expect(bench.settle(bench.propose())).toMatchObject({ verdict: 'keep' });
    expect(bench.state.verdicts).toMatchObject({ keep: 2, discard: 2 });
  });

  test('a guard-rail is not passed by saying nothing; one on what the script never said is told, and holds nobody', () => {
    const random = rng(3);
    const guards = [
      { metric: 'f1', way: 'down', amount: 0.01, relative: false },
      { metric: 'fl', way: 'down', amount: 0.01, relative: false },
    ] as const;
    const bench = new Richer((trial) => better(trial) + 0.02 * random.normal(), { guards });
    // What is no number is not among what was heard.
    bench.extra = (trial) => (trial === 2 ? {} : { others: { f1: 0.9 } });
    bench.settle(1);
    expect(unguarded(bench.state)).toEqual(['fl']);
    const silent = bench.settle(bench.propose());
    expect(silent).toMatchObject({
      verdict: 'discard',
      why: 'f1 is no number or is not printed any more, in 1 of its runs',
    });
    expect(bench.settle(bench.propose())).toMatchObject({ verdict: 'keep' });
  });

  test('as good within the smallest effect that matters, and cheaper: kept for that; not so when nothing is said of it', () => {
    for (const [minEffect, verdict] of [
      [0.5, 'keep'],
      [0, 'inconclusive'],
    ] as const) {
      const random = rng(5);
      const bench = new Richer(() => 2 + 0.02 * random.normal(), { minEffect, repeats: { baseline: 5, most: 10 } });
      const time = rng(6);
      bench.extra = (trial) => ({ seconds: (trial === 1 ? 10 : 7) + 0.1 * time.normal() });
      bench.settle(1);
      const word = bench.settle(bench.propose());
      expect(word.verdict).toBe(verdict);
      if (verdict === 'keep') expect(word.why).toMatch(/as good within noise on \d fresh runs, and 3\d % cheaper/);
    }
  });

  test('what is cheaper and worse by more than matters is not', () => {
    const random = rng(5);
    const bench = new Richer((trial) => (trial === 1 ? 2 : 2.3) + 0.02 * random.normal(), { minEffect: 0.1 });
    bench.extra = (trial) => ({ seconds: trial === 1 ? 10 : 5 });
    bench.settle(1);
    expect(bench.settle(bench.propose()).verdict).toBe('discard');
  });

  test('a share of few examples has a sampling error that seeds do not show', () => {
    const values = [0.9, 0.9001, 0.8999, 0.91, 0.91, 0.91, 0.91, 0.91, 0.91, 0.91];
    const noise = (examples?: number): number => {
      const rest = [...values];
      const bench = new Bench(() => rest.shift()!, {
        objective: {
          metric: 'acc',
          direction: 'maximize',
          value: 'last',
          ...(examples === undefined ? {} : { examples }),
        },
      });
      bench.settle(1);
      return noiseOf(bench.state).sd;
    };
    expect(noise()).toBeCloseTo(0.0001, 6);
    expect(noise(400)).toBeCloseTo(Math.sqrt((0.9 * 0.1) / 400), 9);
  });

  test('luck that comes with the seed is taken off both sides, once it is measured', () => {
    const luck = (seed: number): number => rng(seed, 77).normal();
    const own = rng(9);
    const effects = [0];
    class Paired extends Bench {
      override add(event: EventBody): void {
        if (event.type === 'run.ended' && event.status === 'done') {
          const { seed, trial } = this.state.runs[event.run - 1]!;
          return super.add({ ...event, value: 10 - (effects[trial - 1] ?? 0) + luck(seed) + 0.1 * own.normal() });
        }
        super.add(event);
      }
    }
    const bench = new Paired(() => 0, { repeats: { baseline: 8, most: 10 } });
    bench.settle(1);
    // Clear keeps share seeds with the baseline: that shows how much luck they have in common.
    for (let i = 1; i <= 4; i++) {
      effects[i] = 12 * i;
      expect(bench.settle(bench.propose()).verdict).toBe('keep');
    }
    expect(bench.state.common.rho).toBeGreaterThan(0.5);
    expect(bench.state.common.usable).toBeGreaterThan(0);
  });
});

describe('a study', () => {
  test('divides its error rate among the trials it confirms, and a keep hands its part on', () => {
    const random = rng(11);
    const bench = new Bench((trial) => 10 - 2 * trial + 0.05 * random.normal(), { budget: { runs: 250 } });
    bench.settle(1);
    const levels: number[] = [];
    for (let i = 0; i < 6; i++) {
      const trial = bench.propose();
      expect(bench.settle(trial).verdict).toBe('keep');
      levels.push(trialOf(bench.state, trial).level!);
    }
    // Ten trials are planned for: each .8 × 5 % ÷ 10; every keep adds its own to the next.
    expect(bench.state.planned).toBe(10);
    expect(levels[0]).toBeCloseTo(0.004, 9);
    for (let i = 1; i < 6; i++) expect(levels[i]).toBeCloseTo(Math.min(0.05, levels[i - 1]! + 0.004), 9);
  });

  test('of which nothing is better keeps nothing, in all but a few', () => {
    let [wrong, confirmed] = [0, 0];
    const studies = 150;
    for (let seed = 0; seed < studies; seed++) {
      const random = rng(seed, 3);
      const bench = new Bench(() => random.normal(), { budget: { runs: 120 }, repeats: { baseline: 6, most: 10 } });
      bench.settle(1);
      for (let i = 0; i < 60; i++) bench.settle(bench.propose());
      wrong += Number(bench.state.incumbent !== 1);
      confirmed += bench.state.family;
    }
    expect(confirmed).toBeGreaterThan(studies / 2);
    expect(wrong / studies).toBeLessThanOrEqual(0.05);
  });

  test('adds up gains that are each too small to be proven, and proves their sum', () => {
    let kept = 0;
    let lone = 0;
    for (let seed = 0; seed < 30; seed++) {
      for (const chain of [true, false]) {
        const random = rng(seed, 4);
        const gain = (trial: number): number => (chain ? 0.9 * (trial - 1) : trial === 1 ? 0 : 0.9);
        const bench = new Bench((trial) => 50 - gain(trial) + random.normal(), {
          budget: { runs: 60 },
          repeats: { baseline: 6, most: 8 },
        });
        bench.settle(1);
        for (let i = 0; i < 8; i++) bench.settle(bench.propose(chain ? bench.state.trials.length : 1));
        if (bench.state.incumbent === 1) continue;
        if (chain) kept++;
        else lone++;
      }
    }
    expect(kept).toBeGreaterThan(22);
    expect(lone).toBeLessThan(8);
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
