/** Studies in virtual time of scripts whose runs end at steps of their own. */

import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { schedulers } from '../methods/pruning/index.ts';
import { runCurve } from '../study/axis.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { Event } from '../study/events/index.ts';
import { foreseeRun, type RunForecast } from '../study/foresee.ts';
import { runOf, type State, trialOf } from '../study/state.ts';
import { simulated } from './lab.fixture.ts';

/** Least at lr = 0.1; the loss falls with the share of the training that is over. */
const training =
  (how: (hidden: number) => { seconds: number; reports: number; every?: number }): SimulatedScript =>
  (point, seed) => {
    const lr = Math.log10(Number(point['lr'])) + 1;
    const final = 1 + 0.3 * lr * lr + 0.01 * rng(seed, Math.round(lr * 1e6)).normal();
    const { reports, ...rest } = how(Number(point['hidden']));
    const curve = Array.from({ length: reports }, (_, i) => final + 2 * Math.exp((-6 * (i + 1)) / reports));
    return { ...rest, curve };
  };

/** And what was foreseen of its runs, near the end of some. */
const study = async (seedNumber: number, script: SimulatedScript) => {
  const config = simpleConfig({ budget: { runs: 60 }, seedNumber });
  const foreseen: RunForecast[] = [];
  const say = (event: Event, state: State): [] => {
    if (event.type === 'run.reported' && event.run > 30 && state.axis !== undefined) {
      const [share] = runCurve(state, runOf(state, event.run)).steps.slice(-1);
      if (share! > 60 && share! < 90) foreseen.push(foreseeRun(state, event.run));
    }
    return [];
  };
  const { state } = await simulated(config, { script, pruner: 'forecast', say });
  return { state, foreseen };
};

const stopped = (state: State) => state.runs.filter((run) => run.stopping === 'pruned' && run.status === 'stopped');
const pointOf = (state: State, trial: number): Record<string, number> =>
  trialOf(state, trial).point as Record<string, number>;

describe.each([1, 2, 3])('seed %i', (seed) => {
  test.each([
    // 60 s of training in 8 steps or in a hundred.
    ['seconds', (hidden: number) => ({ seconds: 60, reports: hidden })],
    // Twenty passes over the data, in as many steps as the batches are small; some take longer.
    ['reports', (hidden: number) => ({ seconds: 5 + hidden, reports: 20, every: hidden })],
  ] as const)('runs that have their %s in common are compared by them', async (of, how) => {
    const { state, foreseen } = await study(seed, training(how));
    expect(state.axis?.of).toBe(of);
    expect(stopped(state).length).toBeGreaterThan(8);
    const steps = stopped(state).map(({ trial }) => pointOf(state, trial)['hidden']!);
    // Those with few steps as well, which are never as long as the longest.
    expect(steps.some((hidden) => hidden < 60)).toBe(true);
    for (const { trial } of stopped(state)) {
      expect(Math.abs(Math.log10(pointOf(state, trial)['lr']!) + 1), `trial ${trial}`).toBeGreaterThan(0.3);
    }
    for (const run of state.runs.filter(({ status }) => status === 'done'))
      expect(runCurve(state, run).steps.at(-1)).toBe(100);
    for (const run of stopped(state)) expect(runCurve(state, run).steps.at(-1)).toBeLessThan(100);
    expect(foreseen.length).toBeGreaterThan(5);
    for (const { run, steps } of foreseen) {
      const one = runOf(state, run);
      const end = one.last?.step ?? one.steps.at(-1)!;
      if (one.status === 'done') expect(Math.abs(steps - end), `run ${run}`).toBeLessThan(0.15 * end);
    }
  });

  test.each(['halving', 'hyperband', 'freeze-thaw'] as const)(
    '%s looks at runs of few steps at the same shares as at runs of many',
    async (pruner) => {
      const looks = new Map<number, number[]>();
      const say = (event: Event, state: State): [] => {
        if (event.type === 'run.started' && state.axis !== undefined) looks.set(event.run, []);
        if (event.type !== 'run.passed' && event.type !== 'run.paused') return [];
        const run = runOf(state, event.run);
        if (state.axis !== undefined) expect(event.step).toBe(run.steps.at(-1));
        looks.get(run.id)?.push(runCurve(state, run).steps.at(-1)!);
        return [];
      };
      const config = simpleConfig({ budget: { runs: pruner === 'freeze-thaw' ? 45 : 70 }, seedNumber: seed, pruner });
      const script = training((hidden) => ({ seconds: 60, reports: hidden }));
      const { state } = await simulated(config, { script, pruner, say });
      expect(state.axis?.of).toBe('seconds');
      const rungs = schedulers[pruner].rungs(100).slice(0, -1);
      const seen = [...looks].filter(([, shares]) => shares.length > 0);
      expect(seen.length).toBeGreaterThan(5);
      for (const [id, shares] of seen) {
        const run = runOf(state, id);
        const hidden = pointOf(state, run.trial)['hidden']!;
        // Each at the first report or two beyond a rung (one tells no pace yet), and no rung twice.
        const at = shares.map((share) => rungs.findLastIndex((rung) => rung <= share));
        expect(new Set(at).size, `run ${id}`).toBe(at.length);
        at.forEach((rung, i) => expect(shares[i]! - rungs[rung]!).toBeLessThan(0.1 * shares[i]! + 220 / hidden));
        // One that went to its end was looked at by all of them from its first report on.
        const first = rungs.findIndex((rung) => rung >= 100 / hidden);
        if (run.status === 'done' && run.audited === undefined && hidden >= 60)
          expect(at.length).toBeGreaterThanOrEqual(rungs.length - first);
      }
      expect(seen.some(([id]) => pointOf(state, runOf(state, id).trial)['hidden']! < 60)).toBe(true);
    },
  );

  test.each([
    ['all end at the same step', () => ({ seconds: 60, reports: 40 })],
    ['nothing else is the same', (hidden: number) => ({ seconds: 2 * hidden, reports: hidden })],
    // What is printed within two seconds is heard too coarsely.
    ['time is short', (hidden: number) => ({ seconds: 2, reports: hidden })],
  ] as const)('by steps where %s', async (_, how) => {
    const { state } = await study(seed, training(how));
    expect(state.axis).toBeUndefined();
    const run = runOf(state, 5);
    expect(runCurve(state, run)).toBe(run);
  });
});
