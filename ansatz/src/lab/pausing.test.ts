import { describe, expect, test } from 'vitest';
import type { Executor } from '../io/executor/executor.ts';
import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { rng } from '../methods/math/rng.ts';
import { stoppingOf } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import type { StudyConfig } from '../study/config.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import { reduce } from '../study/reduce.ts';
import { activeSeconds, runOf, type State } from '../study/state.ts';
import { openLab } from './lab.ts';
import { numericResearcher, spaceOf } from './researcher/index.ts';

/** 27 values in a minute; error falls towards lr = 0.1, hidden = 64. */
const script: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const hidden = (Number(point['hidden']) - 64) / 64;
  const noise = 0.02 * rng(seed, Math.round(lr * 1e6), Math.round(hidden * 1e6)).normal();
  const final = 1 + 0.3 * lr * lr + 0.2 * hidden * hidden + noise;
  return { seconds: 60, curve: Array.from({ length: 27 }, (_, i) => final + 2 / (i + 1)) };
};

interface Told {
  readonly state: State;
  readonly events: Event[];
}

async function simulate(
  changes: Partial<StudyConfig>,
  more: {
    readonly events?: readonly Event[];
    readonly run?: SimulatedScript;
    readonly watch?: (event: Event) => EventBody[];
    readonly able?: Partial<Executor>;
  } = {},
): Promise<Told> {
  const config = simpleConfig({ pruner: 'halving', sampler: 'sobol', budget: { runs: 40 }, ...changes });
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 };
  const journal = memoryJournal(more.events ?? [created]);
  const { executor, world } = simulation(more.run ?? script, 'loss', journal.events.at(-1)!.at);
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor: { ...executor, ...more.able },
    researcher: numericResearcher(samplers[config.sampler], config),
    ...stoppingOf(config.pruner),
    world,
    identity: { host: 'test', pid: 1, version: '0' },
    watch(event) {
      if (journal.events.length > 20_000) throw new Error('the lab goes round in circles');
      more.watch?.(event).forEach((body) => lab.post(body));
    },
  });
  return { state: await lab.done, events: journal.events };
}

function count(events: readonly Event[], type: Event['type']): number {
  return events.filter((event) => event.type === type).length;
}

describe('a study whose runs may pause', () => {
  test('starts more, pays only for the time that runs were in a slot, and leaves none behind', async () => {
    const { state, events } = await simulate({});
    const plain = await simulate({ pruner: 'none' });
    expect(count(events, 'run.paused')).toBeGreaterThan(10);
    expect(count(events, 'run.resumed')).toBeGreaterThan(0);
    expect(state.paused).toEqual([]);
    expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
    expect(state.ledger.spent.deviceSeconds).toBeLessThan(0.7 * plain.state.ledger.spent.deviceSeconds);
    for (const run of state.runs)
      expect(run.charge!.deviceSeconds).toBeLessThanOrEqual(activeSeconds(run, state.now) + 0.01);
    const dropped = state.runs.filter((run) => run.stopWhy?.includes('the budget could not finish'));
    expect(dropped.length).toBeGreaterThan(0);
    for (const run of dropped) {
      expect(run).toMatchObject({ status: 'stopped', stopping: 'pruned', risk: expect.any(Number) });
      expect(state.trials[run.trial - 1]).toMatchObject({ verdict: 'discard' });
    }
  });

  test('cut at every third event it resumes to an end without a paused run', async () => {
    const changes = { budget: { runs: 20, deviceSeconds: 1200 } };
    const { events } = await simulate(changes);
    expect(count(events, 'run.resumed')).toBeGreaterThan(0);
    for (let cut = 1; cut < events.length; cut += 3) {
      const { state } = await simulate(changes, { events: events.slice(0, cut) });
      expect(state.phase, `cut after ${cut}`).toBe('ended');
      expect(state.paused).toEqual([]);
      expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(1200);
      expect(state.ledger.held.deviceSeconds).toBe(0);
    }
  });

  test('gives the same journal for the same seed, and the state is the fold of it', async () => {
    const [a, b] = [await simulate({}), await simulate({})];
    expect(a.events).toEqual(b.events);
    expect(a.events.reduce<State | undefined>(reduce, undefined)).toEqual(a.state);
  });

  test('never pauses the baseline, a repeat, or a run that nobody would go on with', async () => {
    const { state, events } = await simulate({});
    for (const event of events) {
      if (event.type !== 'run.paused') continue;
      expect(runOf(state, event.run)).toMatchObject({ repeat: 0 });
      expect(runOf(state, event.run).trial).not.toBe(1);
    }
  });

  test('stops its paused runs when it is drained, and lets the others finish', async () => {
    let pauses = 0;
    const { state } = await simulate(
      {},
      { watch: (event) => (event.type === 'run.paused' && ++pauses === 5 ? [{ type: 'study.draining' }] : []) },
    );
    expect(state).toMatchObject({ phase: 'draining', paused: [], running: [] });
    const stopped = state.runs.filter((run) => run.stopping === 'unfinished');
    expect(stopped.length).toBeGreaterThan(0);
    expect(stopped[0]!.stopWhy).toMatch(/asked to stop/);
  });

  test('is stopped by hand with its paused runs, which are run again', async () => {
    let pauses = 0;
    const { state, events } = await simulate(
      {},
      { watch: (event) => (event.type === 'run.paused' && ++pauses === 5 ? [{ type: 'study.killed' }] : []) },
    );
    expect(state).toMatchObject({ phase: 'killed', paused: [], running: [] });
    const killed = state.runs.filter((run) => run.stopping === 'killed').map((run) => run.trial);
    expect(killed.length).toBeGreaterThan(1);
    const again = await simulate({}, { events });
    for (const trial of killed) expect(again.state.trials[trial - 1]!.runs.length).toBeGreaterThan(1);
  });

  test('leaves paused runs paused while people have it paused', async () => {
    let pauses = 0;
    let until = Infinity;
    const { events } = await simulate(
      {},
      {
        watch(event) {
          if (event.type === 'run.paused' && ++pauses === 4) return [{ type: 'study.paused' }];
          if (event.type === 'study.paused') until = event.at;
          // The last run under way ends: nothing else would ever happen.
          return event.type === 'run.ended' && event.at > until ? [{ type: 'study.resumed' }] : [];
        },
      },
    );
    const from = events.findIndex(({ type }) => type === 'study.paused');
    const to = events.findIndex(({ type }) => type === 'study.resumed');
    expect(from).toBeGreaterThan(0);
    expect(to).toBeGreaterThan(from + 1);
    const between = events.slice(from, to).map(({ type }) => type);
    expect(between).not.toContain('run.resumed');
    expect(between).not.toContain('run.paused');
  });

  test('a run that has no time left is stopped before the wall budget is over', async () => {
    let unfinished = 0;
    // Where the end falls within a run is a matter of the study's course.
    for (const wallSeconds of [900, 930, 960, 990]) {
      const { state } = await simulate({ budget: { runs: 200, wallSeconds } });
      expect(state.paused).toEqual([]);
      expect(state.wallSeconds).toBeLessThanOrEqual(wallSeconds + 0.001);
      unfinished += state.runs.filter((run) => run.stopping === 'unfinished').length;
    }
    expect(unfinished).toBeGreaterThan(0);
  });
});

describe('where no run may pause', () => {
  const cases: [string, Partial<StudyConfig>, Partial<Executor>][] = [
    ['pause: never', { pause: 'never' }, {}],
    ['an executor that cannot', {}, { canPause: false }],
    ['too little memory', {}, { memory: () => ({ freeBytes: 19, totalBytes: 100 }) }],
    ['memory nobody knows', {}, { memory: () => undefined }],
    ['GPUs', { slots: [{ cpus: [], gpus: ['0'], threads: 1 }] }, {}],
  ];
  test.each(cases)('%s: the worse half of a rung is stopped, the others go on', async (_name, changes, able) => {
    const { state, events } = await simulate({ ...changes, budget: { runs: 30 } }, { able });
    expect(count(events, 'run.paused')).toBe(0);
    expect(count(events, 'run.passed')).toBeGreaterThan(10);
    const stops = events.filter((event) => event.type === 'run.stopping');
    expect(stops.length).toBeGreaterThan(2);
    for (const stop of stops) {
      expect(stop.why).toMatch(/worse than the median of \d+ at this step/);
      expect(stop.risk).toBeGreaterThan(0);
      expect(stop.risk).toBeLessThan(1);
    }
    expect(state.phase).toBe('ended');
  });

  test.each([
    ['no curve', 0],
    ['one number', 1],
  ])('a script with %s is worked on as if there were no scheduler', async (_name, points) => {
    const run: SimulatedScript = (point, seed) => {
      const one = script(point, seed);
      return { ...one, curve: one.curve.slice(one.curve.length - points) };
    };
    const same = (events: readonly Event[]): Event[] =>
      events.filter(({ type }) => type !== 'study.created' && type !== 'machine.noted');
    const [with_, without] = [await simulate({}, { run }), await simulate({ pruner: 'none' }, { run })];
    expect(same(with_.events)).toEqual(same(without.events));
  });
});
