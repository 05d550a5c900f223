/** Forecasts of runs and of studies, made in the middle of simulated ones and compared with how those went on. */

import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { mean } from '../methods/math/summary.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { Event } from '../study/events/index.ts';
import { type EndForecast, foreseeEnd, foreseeRun, type RunForecast } from '../study/foresee.ts';
import { incumbentValues } from '../study/contrast.ts';
import { type State, trialOf } from '../study/state.ts';
import { simulated } from './lab.fixture.ts';

/** Ten rungs, each a little wrong, to a loss that is least at lr = 0.1. */
const script: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const draw = rng(seed, Math.round(lr * 1e6));
  const final = 1 + 0.3 * lr * lr + 0.02 * draw.normal();
  return {
    seconds: 60,
    curve: Array.from({ length: 10 }, (_, i) => final + (1.5 + 0.3 * draw.normal()) / (i + 1) - 0.15),
  };
};

async function watched(seedNumber: number, direction: 'minimize' | 'maximize' = 'minimize') {
  const config = simpleConfig({
    pruner: 'none',
    seedNumber,
    budget: { runs: 60 },
    objective: { metric: 'loss', direction, value: 'last' },
  });
  const sign = direction === 'minimize' ? 1 : -1;
  const runs: RunForecast[] = [];
  let end: EndForecast | undefined;
  const say = (event: Event, state: State): [] => {
    if (event.type === 'run.reported' && event.step === 5 && event.run > 12) runs.push(foreseeRun(state, event.run));
    if (event.type === 'run.ended' && state.ledger.spent.runs >= 30) end ??= foreseeEnd(state);
    return [];
  };
  const signed: SimulatedScript = (point, seed) => {
    const one = script(point, seed);
    return { ...one, curve: one.curve.map((value) => sign * value) };
  };
  const { state } = await simulated(config, { script: signed, pruner: 'none', sampler: 'auto', say });
  return { state, runs, end: end! };
}

describe.each(['minimize', 'maximize'] as const)('a run under way, %s', (direction) => {
  test('is forecast with an interval that holds its end about as often as it says', async () => {
    const { state, runs } = await watched(1, direction);
    expect(runs.length).toBeGreaterThan(20);
    const held = runs.filter(({ run, low, high }) => {
      const end = state.runs[run - 1]!.value!;
      return low <= end && end <= high;
    });
    expect(held.length / runs.length).toBeGreaterThan(0.6);
    for (const { metric, step, steps, expected, low, high, better } of runs) {
      expect({ metric, step, steps }).toEqual({ metric: 'loss', step: 5, steps: 10 });
      expect(low).toBeLessThanOrEqual(expected);
      expect(expected).toBeLessThanOrEqual(high);
      expect(better).toBeGreaterThanOrEqual(0);
    }
    expect(() => foreseeRun(state, 3)).toThrow(/run 3 is over \(done\)/);
  });
});

describe('the end of a study', () => {
  test('is forecast half-way: what the best then comes to lies within, in most of twelve studies', async () => {
    let held = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { state, end } = await watched(seed);
      const came = mean(incumbentValues(trialOf(state, state.incumbent!)));
      held += Number(end.low <= came && came <= end.high);
      expect(end.trialsLeft).toBeGreaterThan(5);
      expect(end.expected).toBeLessThanOrEqual(end.now);
      expect(end.improves).toBeGreaterThanOrEqual(0);
      expect(foreseeEnd(state)).toMatchObject({ trialsLeft: 0, improves: 0 });
    }
    expect(held).toBeGreaterThanOrEqual(8);
  });

  test('needs a budget, and something that was tried', async () => {
    const { state } = await watched(1);
    expect(() => foreseeEnd({ ...state, observations: state.observations.slice(0, 3) })).toThrow(
      /too little was tried/,
    );
    const endless = {
      ...state,
      phase: 'running' as const,
      ledger: { ...state.ledger, budget: {} },
      deadline: undefined,
    };
    expect(() => foreseeEnd(endless)).toThrow(/nothing limits/);
  });
});
