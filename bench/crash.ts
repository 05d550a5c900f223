/** A study under fire: what is lost, and what it costs, when labs and supervisors are killed at random. */

import { torture } from '../test/torture.ts';
import { quantile } from '../ansatz/src/methods/math/index.ts';
import type { Bench } from './main.ts';

const SEEDS = [1, 2, 3];

export async function bench(): Promise<Bench> {
  const outcomes = [];
  for (const seed of SEEDS)
    outcomes.push(await torture({ runs: 110, slots: 4, labKills: 9, supervisorKills: 4, seed }));
  const wrong = outcomes.map(
    ({ state, executions }) =>
      state.runs.filter((run) => {
        const times = executions.get(run.id) ?? 0;
        return run.status === 'lost' ? times > 1 : times !== 1;
      }).length,
  );
  const unbalanced = outcomes.map(({ state, books }) =>
    books.reduce((sum, { resource, spent }) => {
      const charged = state.runs.reduce((total, run) => total + run.charge![resource as 'runs'], 0);
      return sum + Math.abs(charged - spent);
    }, 0),
  );
  const spread = (values: readonly number[]): [number, number] => [quantile(values, 0.25), quantile(values, 0.75)];
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  const runs = outcomes.map(({ state }) => state.runs.length);
  const lost = outcomes.map(({ state }) => state.runs.filter((run) => run.status === 'lost').length);
  const wall = outcomes.map(({ wallSeconds }) => wallSeconds);
  return {
    seeds: SEEDS,
    figures: {
      runs: {
        value: median(runs),
        unit: 'runs',
        quartiles: spread(runs),
        bound: '≥ 100',
        pass: Math.min(...runs) >= 100,
      },
      labs_killed: {
        value: median(outcomes.map((o) => o.labsKilled)),
        unit: 'kills',
        bound: '≥ 8',
        pass: outcomes.every((o) => o.labsKilled >= 8),
      },
      supervisors_killed: { value: median(outcomes.map((o) => o.supervisorsKilled)), unit: 'kills' },
      runs_executed_wrongly: {
        value: Math.max(...wrong),
        unit: 'runs',
        bound: '0: once each, or lost and charged',
        pass: Math.max(...wrong) === 0,
      },
      runs_lost: { value: median(lost), unit: 'runs', quartiles: spread(lost) },
      spent_minus_charges: {
        value: Math.max(...unbalanced),
        unit: 'all resources',
        bound: '0',
        pass: Math.max(...unbalanced) < 1e-6,
      },
      least_free_budget: {
        value: Math.min(...outcomes.map((o) => o.leastFree)),
        unit: 'device-seconds',
        bound: '≥ 0',
        pass: outcomes.every((o) => o.leastFree >= 0),
      },
      survivors: {
        value: Math.max(...outcomes.map((o) => o.survivors)),
        unit: 'processes',
        bound: '0',
        pass: outcomes.every((o) => o.survivors === 0),
      },
      wall: { value: median(wall), unit: 's', quartiles: spread(wall) },
    },
    notes: ['no rival: no public tuner re-adopts running processes after its controller was killed'],
  };
}
