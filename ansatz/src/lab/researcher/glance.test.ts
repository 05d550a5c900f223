import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../../io/executor/simulated.ts';
import { rng } from '../../methods/math/rng.ts';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Knob, StudyConfig } from '../../study/config.ts';
import { recordsOf } from '../../study/memory/index.ts';
import type { State } from '../../study/state.ts';
import { simulated } from '../lab.fixture.ts';
import { openGlance } from './glance.ts';

const knob = (name: string): Knob => ({
  name,
  kind: 'float',
  low: 0,
  high: 1,
  scale: 'linear',
  default: 0.2,
  via: { by: 'flag', flag: `--${name}`, style: 'space' },
});

const config = (changes: Partial<StudyConfig> = {}): StudyConfig =>
  simpleConfig({ name: 'now', knobs: [knob('x'), knob('y')], budget: { runs: 60 }, pruner: 'none', ...changes });

/** Fails where x is above 0.6; otherwise a bowl with noise of sd 0.01. */
const script: SimulatedScript = (point, seed) => {
  const [x, y] = [Number(point['x']), Number(point['y'])];
  const noise = 0.01 * rng(seed, Math.round(x * 1e9)).normal();
  return { seconds: 60, curve: [1 + (x - 0.3) ** 2 + (y - 0.3) ** 2 + noise], crash: x > 0.6 };
};

async function study(changes: Partial<StudyConfig> = {}, knowing: readonly State[] | 'nothing' = []): Promise<State> {
  const one = config(changes);
  const elsewhere = knowing === 'nothing' ? [] : knowing.flatMap((state) => recordsOf(state));
  const glance = knowing === 'nothing' ? {} : { glance: openGlance(one, elsewhere) };
  return (await simulated(one, { script, sampler: 'random', ...glance })).state;
}

const failures = ({ trials }: State, from = 0): number =>
  trials.slice(from).filter(({ verdict }) => verdict === 'crash').length;

describe('a point that a sampler offers', () => {
  test('near what was tried is run, with what came of that', async () => {
    const state = await study();
    const near = state.trials.filter(({ tried }) => tried?.crash === undefined && tried !== undefined);
    expect(near.length).toBeGreaterThan(0);
    for (const { id, point, tried } of near) {
      expect(tried!.why).toMatch(/^next to it tried \d+×(, mean [\d.]+)?(, \d+ failed)?$/);
      const number = Number(/tried (\d+)×/.exec(tried!.why)![1]);
      // Within the largest radius that can be learned there are at least as many that were tried before.
      const within = state.trials.filter(
        (other) =>
          other.id < id &&
          ['x', 'y'].every((name) => Math.abs(Number(other.point[name]) - Number(point[name])) <= 0.05),
      );
      expect(within.length).toBeGreaterThanOrEqual(number);
      expect(tried!.records.every((record) => /^now\/\d+$/.test(record))).toBe(true);
    }
  });

  test('that will all but certainly fail is drawn anew, once: far fewer fail, and none is kept from being run for ever', async () => {
    let [knowing, ignorant, doomed] = [0, 0, 0];
    for (const seedNumber of [1, 2, 3, 4]) {
      const long = { seedNumber, budget: { runs: 150 } };
      const state = await study(long);
      const plain = await study(long, 'nothing');
      expect(state.runs).toHaveLength(150);
      // It takes some failures before a prediction can be as sure as that.
      knowing += failures(state, 60);
      ignorant += failures(plain, 60);
      doomed += state.trials.filter(({ tried }) => tried?.crash !== undefined).length;
      for (const { tried } of state.trials) if (tried?.crash !== undefined) expect(tried.crash).toBeGreaterThan(0.9);
    }
    // Four in ten points fail; drawn twice, sixteen in a hundred do.
    expect(ignorant).toBeGreaterThan(40);
    expect(knowing).toBeLessThan(0.65 * ignorant);
    expect(doomed).toBeGreaterThan(0);
  });

  test('in twenty of what is predicted to fail one is run at once, by chance that is nobody else’s', async () => {
    const before = await study({ seedNumber: 9 });
    const glance = openGlance(config(), recordsOf(before));
    const answers = Array.from({ length: 600 }, (_, ask) => glance(before, { x: 0.95, y: 0.01 }, 'other code', ask));
    const tested = answers.filter(({ tried }) => tried?.tested === true);
    expect(answers.every(({ tried, doomed }) => tried?.crash !== undefined && doomed === (tried.tested !== true))).toBe(
      true,
    );
    // Six standard deviations of a binomial around 5 %.
    expect(Math.abs(tested.length / 600 - 0.05)).toBeLessThan(6 * Math.sqrt((0.05 * 0.95) / 600));
    expect(glance(before, { x: 0.95, y: 0.01 }, 'other code', 7)).toEqual(answers[7]);
  });
});

describe('what other studies have tried', () => {
  test('counts where metric and command are the same, on the script as it is', async () => {
    const before = await study({ name: 'before', seedNumber: 5 });
    const fresh = (await simulated(config({ budget: { runs: 3 } }), { script })).state;
    const point = before.trials.find(({ verdict }) => verdict === 'discard')!.point;
    const ask = (changes: Partial<StudyConfig>, tree?: string) =>
      openGlance(config(changes), recordsOf(before))({ ...fresh, config: config(changes) }, point, tree, 1).tried;
    expect(ask({})!.why).toMatch(/^next to it tried/);
    expect(ask({})!.records[0]).toMatch(/^before\/\d+$/);
    expect(ask({ command: ['python', 'other.py'] })).toBeUndefined();
    expect(ask({ objective: { metric: 'acc', direction: 'minimize', value: 'last' } })).toBeUndefined();
    expect(ask({}, 'a tree')).toBeUndefined();
  });

  test('teaches what fails, from the first proposal on', async () => {
    const before = await study({ name: 'before', seedNumber: 6 });
    const short = { seedNumber: 8, budget: { runs: 30 } };
    const [knowing, ignorant] = [await study(short, [before]), await study(short, 'nothing')];
    expect(failures(ignorant)).toBeGreaterThan(6);
    expect(failures(knowing)).toBeLessThan(0.6 * failures(ignorant));
  });
});
