/** Studies in virtual time of scripts that train for so long, however many steps that makes. */

import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import { runOf, type State } from '../study/state.ts';
import { simulated } from './lab.fixture.ts';
import { siblingsOf } from './siblings.ts';

/** Least at lr = 0.1; the loss falls with the share of the training that is over, in as many steps as `hidden` says. */
const trained =
  (seconds: (steps: number) => number): SimulatedScript =>
  (point, seed) => {
    const lr = Math.log10(Number(point['lr'])) + 1;
    const final = 1 + 0.3 * lr * lr + 0.01 * rng(seed, Math.round(lr * 1e6)).normal();
    const steps = Number(point['hidden']);
    const curve = Array.from({ length: steps }, (_, i) => final + 2 * Math.exp((-6 * (i + 1)) / steps));
    return { seconds: seconds(steps), curve };
  };

const study = (script: SimulatedScript, seedNumber: number) =>
  simulated(simpleConfig({ budget: { runs: 60 }, seedNumber }), { script, pruner: 'forecast' });

/** The first run of a trial that was not the baseline, finished or not. */
const some = (state: State, stopped: boolean) =>
  state.runs.find((run) => run.trial > 10 && run.repeat === 0 && (run.stopping === 'pruned') === stopped)!;

describe.each([1, 2, 3])('seed %i', (seed) => {
  test('a script that trains for a minute, in eight steps or in a hundred: time is what runs are compared by', async () => {
    const { state } = await study(
      // Whole milliseconds for each.
      trained((steps) => (steps * Math.round(60_000 / steps)) / 1000),
      seed,
    );
    const stopped = state.runs.filter((run) => run.stopping === 'pruned');
    expect(stopped.length).toBeGreaterThan(8);
    // Those with few steps as well, which are never as long as the longest.
    expect(stopped.some((run) => Number(state.trials[run.trial - 1]!.point['hidden']) < 60)).toBe(true);
    for (const { trial } of stopped) {
      const lr = Math.log10(Number(state.trials[trial - 1]!.point['lr'])) + 1;
      expect(Math.abs(lr), `trial ${trial}`).toBeGreaterThan(0.3);
    }
    const { run, others } = siblingsOf(state, some(state, true));
    expect(run.steps.at(-1)).toBeLessThan(100);
    expect(others.length).toBeGreaterThan(10);
    const ends = others.map((other) => other.steps.at(-1)!);
    expect(ends.filter((end) => end === 100).length).toBeGreaterThan(10);
    expect(Math.max(...ends)).toBe(100);
  });

  test('a script whose time follows its steps is compared by steps', async () => {
    const { state } = await study(
      trained((steps) => 2 * steps),
      seed,
    );
    const one = runOf(state, some(state, false).id);
    const { run, others } = siblingsOf(state, one);
    expect(run).toBe(one);
    expect(others.every((other) => other.steps.every((step) => Number.isInteger(step)))).toBe(true);
  });

  test('and so is one whose runs all have as many', async () => {
    const { state } = await simulated(simpleConfig({ seedNumber: seed }), { pruner: 'forecast' });
    const one = runOf(state, 5);
    expect(siblingsOf(state, one).run).toBe(one);
  });
});
