/** Studies that begin with what an earlier one of their project found. */

import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { Knob, StudyConfig } from '../study/config.ts';
import type { PriorEvent } from '../study/events/index.ts';
import { priorsFor, priorText, priorViews } from '../study/prior.ts';
import { resultsOf, type State } from '../study/state.ts';
import { simulated } from './lab.fixture.ts';

const knob = (name: string, more: object = {}): Knob => ({
  name,
  kind: 'float',
  low: 0,
  high: 1,
  scale: 'linear',
  default: 0.95,
  via: { by: 'flag', flag: `--${name}`, style: 'space' },
  ...more,
});

/** A bowl in four knobs, lowest where all are at `best`; its unit and its floor are its own. */
const bowl =
  (best: number, unit = 1, floor = 1): SimulatedScript =>
  (point, seed) => {
    const apart = Object.values(point).reduce<number>((sum, value) => sum + (Number(value) - best) ** 2, 0);
    const noise = 0.005 * rng(seed, Math.round(apart * 1e9)).normal();
    return { seconds: 60, curve: [floor + unit * (apart + noise)] };
  };

const config = (name: string, seedNumber: number, changes: Partial<StudyConfig> = {}): StudyConfig =>
  simpleConfig({
    name,
    knobs: ['a', 'b', 'c', 'd'].map((one) => knob(one)),
    budget: { runs: 30 },
    pruner: 'none',
    sampler: 'auto',
    seedNumber,
    ...changes,
  });

const study = async (
  name: string,
  seed: number,
  best: number,
  before: readonly PriorEvent[] = [],
  runs = 30,
): Promise<State> => {
  const { state } = await simulated(config(name, seed, { budget: { runs } }), {
    script: before.length > 0 || name === 'now' ? bowl(best) : bowl(best, 40, -7),
    sampler: 'auto',
    before,
  });
  return state;
};

/** The lowest mean among the first trials. */
const lowest = (state: State, trials = Infinity): number =>
  Math.min(...state.trials.slice(0, trials).flatMap((trial) => (trial.values.length + 1 > 0 ? resultsOf(trial) : [])));

const SEEDS = [1, 2, 3, 4, 5];
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe('an earlier study of the project', () => {
  test('tells a new one where to look first, whatever its unit', async () => {
    const [cold, warm]: [number[], number[]] = [[], []];
    for (const seed of SEEDS) {
      const before = await study('before', 50 + seed, 0.3);
      const priors = priorsFor(config('now', seed), [before]);
      expect(priors).toMatchObject([{ study: 'before', knobs: ['a', 'b', 'c', 'd'] }]);
      cold.push(lowest(await study('now', seed, 0.3), 8));
      const after = await study('now', seed, 0.3, priors);
      warm.push(lowest(after, 8));
      expect(priorText(priorViews(after))).toMatch(/^\d+ trials of before \(a, b, c, d\)$/);
    }
    // Distances from the floor of 1 after the same eight trials.
    expect(median(warm) - 1).toBeLessThan(0.5 * (median(cold) - 1));
  });

  test('that was another question cannot hurt for long', async () => {
    const [cold, warm]: [number[], number[]] = [[], []];
    for (const seed of SEEDS) {
      const misled = await study('before', 50 + seed, 0.9);
      const priors = priorsFor(config('now', seed), [misled]);
      expect(priors).toHaveLength(1);
      cold.push(lowest(await study('now', seed, 0.2, [], 40)));
      warm.push(lowest(await study('now', seed, 0.2, priors, 40)));
    }
    expect(median(warm) - 1).toBeLessThan(0.05);
    expect(median(warm) - median(cold)).toBeLessThan(0.03);
  });
});

describe('what is taken over', () => {
  test('needs the same metric and direction, knobs in common, a sampler that can read it, and leave to do so', async () => {
    const before = await study('before', 1, 0.3);
    const taken = (changes: Partial<StudyConfig>): number => priorsFor(config('now', 1, changes), [before]).length;
    const { objective } = before.config;
    expect(taken({})).toBe(1);
    expect(taken({ objective: { ...objective, metric: 'accuracy' } })).toBe(0);
    expect(taken({ objective: { ...objective, direction: 'maximize' } })).toBe(0);
    expect(taken({ knobs: [knob('a'), knob('b'), knob('x')] })).toBe(1);
    expect(taken({ knobs: [knob('a'), knob('x'), knob('y')] })).toBe(0);
    expect(taken({ knobs: [knob('a', { low: 5, high: 6 }), knob('b', { low: 1, high: 9 })] })).toBe(0);
    expect(taken({ sampler: 'tpe' })).toBe(0);
    expect(taken({ warmstart: 'off' })).toBe(0);
  });

  test('is each trial as far as it turned those knobs, oriented, changed code left out', async () => {
    const before = await study('before', 1, 0.3);
    const code = { commit: 'c', tree: 't', files: ['a.py'] };
    before.trials[3] = { ...before.trials[3]!, code };
    before.trials[4]!.verdict = 'crash';
    const [prior] = priorsFor(config('now', 1, { knobs: [knob('a'), knob('x')] }), [before]);
    expect(prior!.knobs).toEqual(['a']);
    expect(prior!.rows).toHaveLength(prior!.trials);
    expect(prior!.rows.every(({ values }) => Object.keys(values!).join() === 'a')).toBe(true);
    expect(prior!.rows[3]).toEqual({ values: { a: before.trials[4]!.point['a'] }, verdict: 'crash' });
    expect(prior!.rows[0]!.loss).toBeCloseTo(resultsOf(before.trials[0]!).reduce((x, y) => x + y) / 3, 1);
  });

  test('is at most three studies, those of the same command first, and two hundred rows of each, the best among them', async () => {
    const before = await study('before', 1, 0.3);
    const renamed = (name: string, changes: Partial<StudyConfig> = {}): State => ({
      ...before,
      config: { ...before.config, name, ...changes },
    });
    const others = [renamed('other', { command: ['python', 'else.py'] }), renamed('a'), renamed('b'), renamed('c')];
    expect(priorsFor(config('now', 1), others).map((prior) => prior.study)).toEqual(['a', 'b', 'c']);
    const many = { ...before, trials: Array.from({ length: 40 }, () => before.trials).flat() };
    const [prior] = priorsFor(config('now', 1), [many]);
    expect(prior!.rows).toHaveLength(200);
    expect(prior!.trials).toBeGreaterThan(500);
    const best = Math.min(
      ...before.trials
        .filter((trial) => resultsOf(trial).length > 0)
        .map((trial) => resultsOf(trial).reduce((x, y) => x + y) / resultsOf(trial).length),
    );
    expect(Math.min(...prior!.rows.map(({ loss = Infinity }) => loss))).toBeCloseTo(best, 9);
  });
});
