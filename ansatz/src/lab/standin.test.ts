/** Studies in virtual time whose result comes at the end, with a curve that stands in for it. */

import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { quantile } from '../methods/math/summary.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import { runOf, trialOf } from '../study/state.ts';
import { agreementOf, FEWEST_COMPARED, LEAST_AGREEMENT, standInText } from '../study/standin.ts';
import { statusOf } from '../study/views.ts';
import { riskOf } from './audit.ts';
import { simulated } from './lab.fixture.ts';

/** Result: a score that is highest at lr = 0.1. Curve: ten values that fall to `end` of the same distance and the luck of the run. */
const scored =
  (end: (distance: number, luck: number) => number): SimulatedScript =>
  (point, seed) => {
    const distance = (Math.log10(Number(point['lr'])) + 1) ** 2;
    const luck = rng(seed, Math.round(distance * 1e9)).normal();
    const floor = end(distance, luck);
    const curve = Array.from({ length: 10 }, (_, i) => floor + 2 / (i + 1));
    return { seconds: 60, curve, result: 5 - 0.3 * distance + 0.02 * luck };
  };

const config = (seedNumber: number) =>
  simpleConfig({
    objective: { metric: 'score', direction: 'maximize', value: 'last' },
    curve: { metric: 'curve', direction: 'minimize' },
    evaluate: ['judge'],
    artifacts: ['out'],
    budget: { runs: 80 },
    pruner: 'median',
    seedNumber,
  });

const faithful = scored((distance) => 1 + 0.3 * distance);
const misleading = scored((_, luck) => 1 + luck);

describe.each([1, 2, 3])('seed %i: a curve that stands in for the result', (seed) => {
  test('stops runs once it has ordered ten trials as their results do, and never says what a trial came to', async () => {
    const { state, events } = await simulated(config(seed), { script: faithful });
    const stopped = state.runs.filter((run) => run.stopping === 'pruned');
    expect(stopped.length).toBeGreaterThan(5);
    expect(state.agreement!.rho).toBeGreaterThan(0.9);
    const first = events.findIndex((event) => event.type === 'run.stopping' || event.type === 'run.audited');
    const trials = new Set(
      events
        .slice(0, first)
        .flatMap((event) =>
          event.type === 'run.ended' && event.status === 'done' ? [runOf(state, event.run).trial] : [],
        ),
    );
    expect(trials.size).toBeGreaterThanOrEqual(FEWEST_COMPARED);
    for (const run of state.runs) {
      expect(run.status === 'stopped' ? run.value : run.value! > 2).not.toBe(false);
    }
    for (const [i, seen] of state.observations.entries()) expect(seen.loss ?? -1, `trial ${i + 1}`).toBeLessThan(0);
    // Risks are about the end of the curve, not about the result: these curves end where they say they will.
    const best = runOf(state, trialOf(state, state.incumbent!).runs[0]!).losses.at(-1)!;
    const ended = state.runs.filter((run) => run.status === 'done' && run.trial !== state.incumbent);
    for (const run of ended) expect(riskOf(state, run)! > 0.5, `run ${run.id}`).toBe(run.losses.at(-1)! < best);
    expect(statusOf(state).curve).toMatchObject({ metric: 'curve', stopping: true });
  });

  test('lets samplers know what a stopped run would have come to, in the unit of results', async () => {
    const { state } = await simulated(config(seed), { script: faithful });
    const guessed = state.trials.flatMap(({ point, id }) => {
      const { status, loss, variance } = state.observations[id - 1]!;
      if (status !== 'stopped') return [];
      return [{ loss: loss!, sd: Math.sqrt(variance!), truth: -faithful(point, 1).result! }];
    });
    expect(guessed.length).toBeGreaterThan(5);
    const within = guessed.filter(({ loss, sd, truth }) => Math.abs(loss - truth) < 2 * sd + 0.1);
    expect(within.length / guessed.length).toBeGreaterThan(0.8);
    // They tell good from bad, which a guess of the middle for all would not.
    const off = guessed.reduce((sum, { loss, truth }) => sum + Math.abs(loss - truth), 0) / guessed.length;
    const middle = quantile(
      guessed.map(({ truth }) => truth),
      0.5,
    );
    const spread = guessed.reduce((sum, { truth }) => sum + Math.abs(middle - truth), 0) / guessed.length;
    expect(off).toBeLessThan(0.5 * spread);
  });

  test('goes on stopping when a search tries little but settings that noise alone orders', async () => {
    const noisy: SimulatedScript = (point, run) => {
      const distance = (Math.log10(Number(point['lr'])) + 1) ** 2;
      const random = rng(run, Math.round(distance * 1e9));
      const curve = Array.from({ length: 10 }, (_, i) => 1 + distance + 2 / (i + 1) + 0.3 * random.normal());
      return { seconds: 60, curve, result: 5 - distance + 0.3 * random.normal() };
    };
    const { state } = await simulated(config(seed), { script: noisy });
    expect(state.agreement!.n).toBeGreaterThan(20);
    expect(statusOf(state).curve).toMatchObject({ stopping: true });
  });

  test('stops nothing when it says nothing about the result', async () => {
    const { state } = await simulated(config(seed), { script: misleading });
    expect(state.agreement!.n).toBeGreaterThan(20);
    expect(Math.abs(state.agreement!.rho!)).toBeLessThan(LEAST_AGREEMENT);
    expect(state.runs.filter((run) => run.stopping !== undefined)).toEqual([]);
    expect(standInText(statusOf(state).curve!, 'score')).toMatch(
      /^curve stands in for score: agreement -?0\.\d+ over \d+ trials, stops no run \(below 0\.7\)$/,
    );
  });
});

test('a stand-in that orders trials the wrong way round stops nothing: a name read upside down is found out', async () => {
  const { state } = await simulated(config(4), { script: scored((distance) => 1 - 0.3 * distance) });
  expect(state.agreement!.rho).toBeLessThan(-0.9);
  expect(state.runs.filter((run) => run.stopping !== undefined)).toEqual([]);
});

test('a curve that becomes no number neither ends its run nor counts', async () => {
  const script: SimulatedScript = (point, seed) => ({ ...faithful(point, seed), curve: [3, NaN, 2, Infinity, 1] });
  const { state } = await simulated({ ...config(5), budget: { runs: 12 } }, { script });
  expect(state.runs.every((run) => run.status === 'done')).toBe(true);
  expect(runOf(state, 1).steps).toEqual([1, 3, 5]);
});

test('what is compared is kept as runs end, and the same when asked anew', async () => {
  const { state } = await simulated(config(6), { script: faithful });
  expect(agreementOf(state)).toEqual(state.agreement);
});
