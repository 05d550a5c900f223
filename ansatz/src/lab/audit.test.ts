import { describe, expect, test } from 'vitest';
import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { forecasts, type Pruner, siblingRisk, type Stopping, stoppingOf } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import { killAudit, savedSeconds } from '../study/audit.ts';
import type { StudyConfig } from '../study/config.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import { reduce } from '../study/reduce.ts';
import { runOf, type State } from '../study/state.ts';
import { openLab } from './lab.ts';
import { numericResearcher, spaceOf } from './researcher/index.ts';

/** Ten values in a minute. Curves cross: what is bad at first gains more the larger `hidden` is. */
const script: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const late = Number(point['hidden']) / 128;
  const final = 1 + 0.3 * lr * lr - 0.4 * late + 0.01 * Math.sin(1e4 * (lr + seed));
  return { seconds: 60, curve: Array.from({ length: 10 }, (_, i) => final + (2 + late) * (1 / (i + 1) - 0.1)) };
};

async function simulate(
  changes: Partial<StudyConfig>,
  stopping?: Stopping,
): Promise<{ state: State; events: Event[] }> {
  const config = simpleConfig({ sampler: 'sobol', pruner: 'median', budget: { runs: 120 }, ...changes });
  const journal = memoryJournal([{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 }]);
  const { executor, world } = simulation(script, 'loss', 0);
  const parts = { journal, series: memoryPoints(), executor, world, identity: { host: 'test', pid: 1, version: '0' } };
  const researcher = numericResearcher(samplers[config.sampler], config);
  const state = await openLab({ ...parts, researcher, ...(stopping ?? stoppingOf(config.pruner)) }).done;
  return { state, events: journal.events };
}

describe('the kill audit', () => {
  test('lets one doomed run in twenty finish, the same for the same seed, and states a risk for each', async () => {
    let doomed = 0;
    let audited = 0;
    for (const pruner of ['median', 'asha', 'halving'] as const)
      for (let seedNumber = 1; seedNumber <= 12; seedNumber++) {
        const pause = 'never';
        const { state, events } = await simulate({ seedNumber, pruner, pause });
        const told = events.filter((event) => event.type === 'run.audited');
        audited += told.length;
        for (const event of told) {
          expect(runOf(state, event.run)).toMatchObject({ status: 'done', audited: { step: event.step } });
          expect(event.toBeat).toBeGreaterThan(0);
          // It is marked once, and nobody comes back to it.
          expect(told.filter(({ run }) => run === event.run)).toHaveLength(1);
        }
        for (const event of events) {
          if (event.type !== 'run.stopping' && event.type !== 'run.audited') continue;
          doomed++;
          expect(event.risk).toBeGreaterThan(0);
          expect(event.risk).toBeLessThan(1);
        }
        const audit = killAudit(state);
        expect(audit.audited).toBe(told.length);
        expect(audit.stops).toBe(state.runs.filter((run) => run.stopping === 'pruned').length);
        expect(audit.savedSeconds).toBe(savedSeconds(state));
      }
    expect(doomed).toBeGreaterThan(400);
    // Six standard deviations of a binomial around 5 %.
    expect(Math.abs(audited / doomed - 0.05)).toBeLessThan(6 * Math.sqrt((0.05 * 0.95) / doomed));
    const again = [await simulate({ seedNumber: 3 }), await simulate({ seedNumber: 3 })];
    expect(again[0]!.events).toEqual(again[1]!.events);
  });

  test('sees paused runs to their end that would never have gone on', async () => {
    let gone = 0;
    for (let seedNumber = 1; seedNumber <= 10; seedNumber++) {
      const { state, events } = await simulate({ seedNumber, pruner: 'halving' });
      const told = events.filter((event) => event.type === 'run.audited');
      for (const event of told) expect(runOf(state, event.run)).toMatchObject({ status: 'done', audited: {} });
      gone += told.filter(({ run }) => runOf(state, run).stays.length > 1).length;
      expect(state.paused).toEqual([]);
    }
    expect(gone).toBeGreaterThan(2);
  });

  test('keeps the risk that a pruner states', async () => {
    const pruner: Pruner = (run) =>
      run.losses[0]! > 3 && run.steps.length > 2 ? { stop: true, risk: 0.0123 } : 'continue';
    const { events } = await simulate({ budget: { runs: 40 } }, { pruner });
    const stops = events.filter((event) => event.type === 'run.stopping');
    expect(stops.length).toBeGreaterThan(3);
    for (const stop of stops) expect(stop.risk).toBe(0.0123);
  });

  test('counts what was missed, in the metric, whichever way is better', () => {
    for (const direction of ['minimize', 'maximize'] as const) {
      const sign = direction === 'minimize' ? 1 : -1;
      // Audited runs against 2 of the incumbent: one better by 0.5, one by 0.1, two not; one has not finished.
      const state = audited(direction, [sign * 1.5, sign * 1.9, sign * 2.4, sign * 2, undefined], sign * 2);
      expect(killAudit(state)).toMatchObject({
        stops: 1,
        audited: 5,
        finished: 4,
        better: 2,
        kept: 0,
        stated: (5 * 0.1 + 0.4) / 6,
        realised: { share: 0.5 },
        unfinished: 0,
      });
      const { regret, worst, realised } = killAudit(state);
      expect(regret).toBeCloseTo(0.15, 12);
      expect(worst).toBeCloseTo(0.5, 12);
      expect(realised!.low).toBeCloseTo(0.15, 2);
      expect(realised!.high).toBeCloseTo(0.85, 2);
      // The baseline took 100 s on 2 devices, the stopped run 40 s on them.
      expect(savedSeconds(state)).toBeCloseTo(120, 9);
    }
  });
});

test('a forecast moves a run as others moved after the same step', () => {
  const curve = (losses: readonly number[], final: number) => ({ steps: [1, 2, 4], losses: [...losses], final });
  const finished = [curve([3, 2, 1.5], 1), curve([5, 4, 4], 3.5), { steps: [9], losses: [1], final: 1 }];
  const run = { steps: [1, 2], losses: [3, 2.5] };
  expect(forecasts(run, finished)).toEqual([1.5, 2]);
  expect(forecasts({ steps: [1, 3], losses: [3, 2.5] }, finished)).toEqual([1.5, 2]);
  expect(forecasts({ steps: [], losses: [] }, finished)).toEqual([]);
  expect(siblingRisk(run, finished, 1.7)).toBeCloseTo(1.5 / 3, 12);
  expect(siblingRisk(run, finished, 0)).toBeCloseTo(0.5 / 3, 12);
  expect(siblingRisk(run, [], 0)).toBeUndefined();
});

/** A study told by hand: a baseline, audited runs with these results, and one stopped run. */
function audited(direction: 'minimize' | 'maximize', values: readonly (number | undefined)[], toBeat: number): State {
  const config = simpleConfig({
    objective: { metric: 'm', direction, value: 'last' },
    repeats: { baseline: 1, most: 4 },
  });
  const baseline = { lr: 0.1, hidden: 8 };
  let state = reduce(undefined, { type: 'study.created', config, baseline, at: 0 });
  const tell = (event: EventBody): void => void (state = reduce(state, { ...event, at: state.now + 1000 }));
  const hold = { runs: 1, deviceSeconds: 400, money: 0 };
  const start = (run: number): void => {
    const trial = run;
    if (trial > 1) {
      const point = { lr: 0.1, hidden: 8 + trial };
      tell({ type: 'trial.proposed', trial, ask: 0, researcher: 'r', hypothesis: '', point, parent: 1 });
    }
    tell({ type: 'run.started', run, trial, repeat: 0, seed: 1, slot: 0, limitSeconds: 200, hold });
  };
  const end = (run: number, seconds: number, value?: number): void => {
    const charge = { runs: 1, deviceSeconds: 2 * seconds, money: 0 };
    const status = value === undefined ? 'stopped' : 'done';
    tell({ type: 'run.ended', run, status, seconds, charge, ...(value === undefined ? {} : { value }) });
  };
  start(1);
  end(1, 100, toBeat);
  tell({ type: 'trial.judged', trial: 1, verdict: 'keep', why: '' });
  values.forEach((value, i) => {
    start(i + 2);
    tell({ type: 'run.audited', run: i + 2, step: 3, why: 'behind', risk: 0.1, toBeat });
    if (value !== undefined) end(i + 2, 100, value);
  });
  const last = values.length + 2;
  start(last);
  tell({ type: 'run.stopping', run: last, reason: 'pruned', why: 'behind', risk: 0.4 });
  end(last, 40);
  return state;
}
