/** Studies to report on, made by the real lab in virtual time or by the real reducer. */

import { simulation, type SimulatedScript } from '../../io/executor/simulated.ts';
import { memoryJournal } from '../../io/store/memory.ts';
import { memoryPoints } from '../../io/store/points.ts';
import type { SeriesStore } from '../../io/store/series.ts';
import { openLab } from '../../lab/lab.ts';
import { numericResearcher, spaceOf } from '../../lab/researcher/index.ts';
import { rng } from '../../methods/math/rng.ts';
import { stoppingOf } from '../../methods/pruning/index.ts';
import { samplers } from '../../methods/sampling/index.ts';
import { defaults } from '../../methods/space/index.ts';
import type { StudyConfig } from '../../study/config.ts';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Event, EventBody } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { type State } from '../../study/state.ts';

const START = Date.UTC(2026, 0, 5, 9);
const VIA = { by: 'flag', flag: '--x', style: 'space' } as const;

/** Loss falls towards lr = 0.1; hidden matters little; noise sd 0.02. */
export const bowl: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const hidden = (Number(point['hidden']) - 64) / 64;
  const noise = 0.02 * rng(seed, Math.round(lr * 1e6), Math.round(hidden * 1e6)).normal();
  const final = 1 + 0.3 * lr * lr + 0.01 * hidden * hidden + noise;
  return { seconds: 60, curve: Array.from({ length: 10 }, (_, i) => final + 2 / (i + 1) - 0.2) };
};

/** A study, the points it wrote and its events. */
export interface Simulated {
  readonly state: State;
  readonly points: SeriesStore;
  readonly events: readonly Event[];
}

/** Run a study to its end. Sobol points and the median rule: what a report says must not change whenever a method gets better. */
export async function simulated(script: SimulatedScript, changes: Partial<StudyConfig> = {}): Promise<Simulated> {
  const config = simpleConfig({
    budget: { runs: 50, deviceSeconds: 3600 },
    sampler: 'sobol',
    pruner: 'median',
    ...changes,
  });
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: START };
  const journal = memoryJournal([created]);
  const points = memoryPoints();
  const { executor, world } = simulation(script, config.objective.metric, START);
  const state = await openLab({
    journal,
    series: points,
    executor,
    researcher: numericResearcher(samplers[config.sampler], config),
    ...stoppingOf(config.pruner),
    world,
    identity: { host: 'test', pid: 1, version: '0' },
  }).done;
  return { state, points, events: journal.events };
}

/** The state after the first events, copied so that nothing is shared. */
export function cutAfter(events: readonly Event[], count: number): State {
  return structuredClone(events.slice(0, count)).reduce<State | undefined>(reduce, undefined)!;
}

/** Studies of every kind a report must read well for, by name. */
export const scenes: Readonly<Record<string, () => Promise<Simulated>>> = {
  gain: () => simulated(bowl),
  'only the baseline': () => simulated(bowl, { budget: { runs: 3 } }),
  'nothing better': () =>
    simulated((point, seed) => {
      const run = bowl({ ...point, lr: 0.1, hidden: 64 }, seed);
      return Number(point['lr']) === 1e-3 ? run : { ...run, curve: run.curve.map((value) => value + 1) };
    }),
  'every change crashes': () =>
    simulated(
      (point, seed) => ({ ...bowl(point, seed), crash: Number(point['lr']) !== 1e-3 || point['hidden'] !== 16 }),
      {
        budget: { runs: 12 },
      },
    ),
  'the baseline crashes': () => simulated((point, seed) => ({ ...bowl(point, seed), crash: true })),
  maximised: () =>
    simulated(
      (point, seed) => {
        const run = bowl(point, seed);
        return { ...run, curve: run.curve.map((value) => 0.9 - 0.1 * value) };
      },
      { objective: { metric: 'accuracy', direction: 'maximize', value: 'last' } },
    ),
  deterministic: () => simulated((point) => bowl(point, 1), { knobs: choiceKnobs(), budget: { runs: 30 } }),
  running: async () => {
    const { events, points } = await simulated(bowl);
    return { state: cutAfter(events, Math.floor(events.length / 2)), points, events };
  },
};

function choiceKnobs(): StudyConfig['knobs'] {
  return [
    { name: 'lr', kind: 'float', low: 1e-4, high: 1, scale: 'log', default: 1e-3, via: VIA },
    { name: 'hidden', kind: 'choice', choices: [16, 32, 64], default: 16, via: { ...VIA, flag: '--hidden' } },
  ];
}

/** A study of so many trials, a run each, told to the reducer directly. Every third is discarded, every tenth crashes. */
export function manyTrials(count: number, steps = 20): State {
  const config = simpleConfig({ budget: {}, repeats: { baseline: 2, most: 4 } });
  const random = rng(5);
  let at = START;
  const baseline = { lr: 1e-3, hidden: 16 };
  const charge = { runs: 1, deviceSeconds: 60, money: 0 };
  let state = reduce(undefined, { type: 'study.created', config, baseline, at });
  let run = 0;
  const tell = (event: EventBody): void => {
    state = reduce(state, { ...event, at: (at += 1000) });
  };
  const runOnce = (trial: number, repeat: number, value: number | undefined): void => {
    run++;
    tell({
      type: 'run.started',
      run,
      trial,
      repeat,
      seed: repeat + 1,
      slot: run % 8,
      limitSeconds: 100,
      hold: { ...charge, deviceSeconds: 100 },
    });
    for (let step = 1; step <= steps; step++) tell({ type: 'run.reported', run, step, value: (value ?? 3) + 1 / step });
    const end = { type: 'run.ended', run, charge, seconds: 60 } as const;
    if (value === undefined)
      tell({
        ...end,
        status: 'failed',
        reason: 'oom',
        text: `out of memory after ${run} steps`,
        tail: ['a '.repeat(190), 'Killed'],
      });
    else tell({ ...end, status: 'done', value });
  };
  runOnce(1, 0, 2);
  runOnce(1, 1, 2.01);
  tell({ type: 'trial.judged', trial: 1, verdict: 'keep', why: 'noise sd 0.007 from 2 runs' });
  for (let trial = 2; trial <= count; trial++) {
    const point = { lr: 10 ** (-4 * random.uniform()), hidden: 8 + random.int(121) };
    tell({
      type: 'trial.proposed',
      trial,
      ask: 0,
      researcher: 'numeric',
      hypothesis: 'another point',
      point,
      parent: 1,
    });
    const value = trial % 10 === 0 ? undefined : 2 + random.normal() * 0.3;
    runOnce(trial, 0, value);
    const verdict = value === undefined ? 'crash' : trial % 3 === 0 ? 'discard' : 'inconclusive';
    tell({
      type: 'trial.judged',
      trial,
      verdict,
      why: 'within noise of the incumbent',
      effect: value && 2 - value,
      margin: 0.05,
      better: 0.5,
    });
  }
  return state;
}
