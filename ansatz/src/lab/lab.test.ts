import { describe, expect, test } from 'vitest';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { pruners } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import type { Event } from '../study/events/index.ts';
import { reduce, type State } from '../study/state.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { StudyConfig } from '../study/config.ts';
import { openLab } from './lab.ts';
import { numericResearcher, spaceOf } from './researcher/index.ts';

const identity = { host: 'test', pid: 1, version: '0' };

/** Error falls towards lr = 0.1, hidden = 64; noise sd 0.02; long enough a curve to prune. */
const script: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const hidden = (Number(point['hidden']) - 64) / 64;
  const noise = 0.02 * rng(seed, Math.round(lr * 1e6), Math.round(hidden * 1e6)).normal();
  const final = 1 + 0.3 * lr * lr + 0.2 * hidden * hidden + noise;
  return { seconds: 60, curve: Array.from({ length: 10 }, (_, i) => final + 2 / (i + 1)) };
};

async function simulate(
  config: StudyConfig,
  events: readonly Event[],
  run = script,
): Promise<{ state: State; events: Event[] }> {
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 };
  const journal = memoryJournal(events.length > 0 ? events : [created]);
  const { executor, world } = simulation(run, config.objective.metric, journal.events.at(-1)!.at);
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor,
    researcher: numericResearcher(samplers[config.sampler], config),
    pruner: pruners[config.pruner],
    world,
    identity,
  });
  const state = await lab.done;
  return { state, events: journal.events };
}

describe('a simulated study', () => {
  test('ends at its budget with a better trial than the baseline', async () => {
    const { state } = await simulate(simpleConfig({ budget: { runs: 60 } }), []);
    expect(state.ended?.reason).toBe('budget');
    expect(state.ledger.spent.runs).toBeLessThanOrEqual(60);
    expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
    expect(state.incumbent).toBeGreaterThan(1);
  });

  test('run twice with one seed gives identical journals', async () => {
    const config = simpleConfig({ budget: { runs: 40 } });
    const [a, b] = [await simulate(config, []), await simulate(config, [])];
    expect(a.events).toEqual(b.events);
    const other = await simulate({ ...config, seedNumber: 2 }, []);
    expect(other.events).not.toEqual(a.events);
  });

  test('cut at every event it resumes to an end within its budget', async () => {
    const config = simpleConfig({ budget: { runs: 25, deviceSeconds: 2000 } });
    const { events } = await simulate(config, []);
    for (let cut = 1; cut < events.length; cut++) {
      const { state } = await simulate(config, events.slice(0, cut));
      expect(state.phase, `cut after ${cut}`).toBe('ended');
      expect(state.ledger.spent.runs).toBeLessThanOrEqual(25);
      expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(2000);
      expect(state.ledger.held.deviceSeconds).toBe(0);
      expect(state.runs.every((run) => run.status !== 'running')).toBe(true);
    }
  });

  test('a state rebuilt from its events equals the one that was worked with', async () => {
    const { state, events } = await simulate(simpleConfig({ budget: { runs: 30 } }), []);
    expect(events.reduce<State | undefined>(reduce, undefined)).toEqual(state);
  });
});
