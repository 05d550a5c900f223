import { describe, expect, test } from 'vitest';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import { pruners, stoppingOf } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import { reduce } from '../study/reduce.ts';
import { noiseOf } from '../study/noise.ts';
import { type State } from '../study/state.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { StudyConfig } from '../study/config.ts';
import { openLab } from './lab.ts';
import { numericResearcher, type Researcher, spaceOf } from './researcher/index.ts';

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
  more: {
    readonly startAt?: number;
    readonly researcher?: Researcher;
    readonly watch?: (event: Event) => EventBody[];
  } = {},
): Promise<{ state: State; events: Event[] }> {
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 };
  const journal = memoryJournal(events.length > 0 ? events : [created]);
  const { executor, world } = simulation(run, config.objective.metric, more.startAt ?? journal.events.at(-1)!.at);
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor,
    researcher: more.researcher ?? numericResearcher(samplers[config.sampler], config),
    ...stoppingOf(config.pruner),
    world,
    identity,
    watch(event) {
      if (journal.events.length > 20_000) throw new Error('the lab goes round in circles');
      more.watch?.(event).forEach((body) => lab.post(body));
    },
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

describe('trials that take longer than others', () => {
  /** The better, the longer: up to six times as long. */
  const slow: SimulatedScript = (point, seed) => {
    const lr = Math.log10(Number(point['lr'])) + 1;
    const hidden = Number(point['hidden']);
    const noise = 0.01 * rng(seed, Math.round(lr * 1e6), Math.round(hidden * 1e6)).normal();
    return { seconds: 5 + hidden / 8, curve: [2 + 0.1 * lr * lr - hidden / 256 + noise] };
  };

  test.each([1, 2, 3])('are confirmed on two fresh runs or not kept, and hold nobody up (%i slots)', async (count) => {
    const slots = Array.from({ length: count }, () => simpleConfig().slots[0]!);
    let dropped = 0;
    for (let deviceSeconds = 150; deviceSeconds <= 900; deviceSeconds += 75) {
      const config = simpleConfig({ budget: { deviceSeconds }, slots, seedNumber: deviceSeconds });
      const { state } = await simulate(config, [], slow);
      expect(state.phase).toBe('ended');
      expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(deviceSeconds);
      for (const trial of state.trials.slice(1)) {
        if (trial.verdict === 'keep') expect(trial.values.length, `trial ${trial.id}`).toBeGreaterThanOrEqual(2);
        dropped += Number(trial.why?.startsWith('too little is left for another of its runs') === true);
      }
      // A repeat is a run of known length: what cannot be paid to its end is not begun.
      const cut = state.runs.filter((run) => run.repeat > 0 && run.trial > 1 && run.status === 'stopped');
      expect(cut.map((run) => `a run of trial ${run.trial}: ${run.text}`)).toEqual([]);
    }
    if (count === 1) expect(dropped).toBeGreaterThan(0);
  });
});

describe('a budget that is raised after the end', () => {
  const raise = (events: readonly Event[], budget: StudyConfig['budget']): Event[] => [
    ...events,
    { type: 'budget.raised', budget, at: events.at(-1)!.at },
  ];

  test('lets a study go on that could not pay for a single run', async () => {
    const config = simpleConfig({ budget: { runs: 12, deviceSeconds: 2 } });
    const first = await simulate(config, []);
    expect(first.state).toMatchObject({ phase: 'ended', runs: [], verdicts: { inconclusive: 1 } });
    // Also when what was saved of its journal lacks the end.
    for (let kept = 2; kept <= first.events.length; kept++) {
      const { state } = await simulate(config, raise(first.events.slice(0, kept), { runs: 12 }));
      expect(state).toMatchObject({ phase: 'ended', ended: { reason: 'budget' } });
      expect(state.runs).toHaveLength(12);
      expect(state.trials[0]!.verdict).toBe('keep');
      expect(Object.values(state.verdicts).reduce((a, b) => a + b)).toBe(state.trials.length);
    }
  });

  test('gives every trial it pays for a verdict by its result', async () => {
    for (let runs = 4; runs < 24; runs++) {
      const config = simpleConfig({ budget: { runs } });
      const first = await simulate(config, []);
      const { state, events } = await simulate(config, raise(first.events, { runs: 40 }));
      const judged = new Map<number, number>();
      events.forEach((event, i) => event.type === 'trial.judged' && judged.set(event.trial, i));
      events.forEach((event, i) => {
        if (event.type !== 'run.started' || state.trials[event.trial - 1]!.verdict === 'keep') return;
        expect(judged.get(event.trial), `trial ${event.trial} of ${runs} runs`).toBeGreaterThan(i);
      });
      expect(Object.values(state.verdicts).reduce((a, b) => a + b)).toBe(state.trials.length);
    }
  });
});

describe('a lab that is disturbed', () => {
  test('runs again what was stopped by hand of the baseline: the noise floor needs it', async () => {
    const config = simpleConfig({ slots: Array(3).fill(simpleConfig().slots[0]) as StudyConfig['slots'] });
    const uneven: SimulatedScript = (point, seed) => ({ ...script(point, seed), seconds: 60 * seed });
    let ends = 0;
    const watch = (event: Event): EventBody[] =>
      event.type === 'run.ended' && ++ends === 1 ? [{ type: 'study.killed' }] : [];
    const first = await simulate(config, [], uneven, { watch });
    expect(first.state).toMatchObject({ phase: 'killed', trials: [{ values: [expect.any(Number)] }] });
    const { state, events } = await simulate(config, first.events);
    // Proofs later on may ask for more of the baseline.
    const judged = events.findIndex((event) => event.type === 'trial.judged' && event.trial === 1);
    expect(events.slice(0, judged).reduce<State | undefined>(reduce, undefined)!.trials[0]!.values).toHaveLength(3);
    expect(noiseOf(state).df).toBeGreaterThan(0);
    expect(state.trials[0]!.why).not.toMatch(/failed/);
  });

  test('ends at a wall budget of any number of milliseconds without a tick for each of them', async () => {
    for (const wallSeconds of [199.9999, 200.0004, 1000 / 3]) {
      const { state, events } = await simulate(simpleConfig({ budget: { wallSeconds, runs: 100 } }), []);
      expect(state.phase).toBe('ended');
      expect(events.filter(({ type }) => type === 'clock.ticked').length).toBeLessThan(10);
    }
    // Nobody proposes anything: only the clock can end it.
    const researcher: Researcher = { asksAtOnce: 1, propose: () => {} };
    const config = simpleConfig({ budget: { wallSeconds: 1000 / 3 } });
    const { state, events } = await simulate(config, [], script, { researcher });
    expect(state.ended?.reason).toBe('budget');
    expect(events.filter(({ type }) => type === 'clock.ticked').length).toBeLessThan(3);
  });

  test('is charged for its time although the clock was set back before it came', async () => {
    const config = simpleConfig({ budget: { wallSeconds: 1000 } });
    const { events } = await simulate(config, [], script, { startAt: 86_400_000 });
    const { state } = await simulate(config, events.slice(0, 12), script, { startAt: 0 });
    expect(state.phase).toBe('ended');
    expect(state.wallSeconds).toBeGreaterThan(700);
    expect(state.runs.length).toBeLessThan(60);
  });

  test('takes one answer to a question', async () => {
    const config = simpleConfig({ budget: { runs: 10 } });
    const numeric = numericResearcher(samplers.random, config);
    const other = numericResearcher(samplers.random, { ...config, seedNumber: 9 });
    const researcher: Researcher = {
      asksAtOnce: 1,
      propose(state, ask, post) {
        numeric.propose(state, ask, post);
        other.propose(state, ask, post);
      },
    };
    const { state, events } = await simulate(config, [], script, { researcher });
    expect(state.trials).toHaveLength(1 + state.asks);
    expect(events.filter(({ type }) => type === 'proposal.refused')).toEqual([]);
  });

  test('does not listen to what is said of a run after its end', async () => {
    const config = simpleConfig({ budget: { runs: 6 } });
    const metric = { key: 'loss', step: 99, value: -5, resolution: 0, source: 'metrics', summary: false } as const;
    const watch = (event: Event): EventBody[] =>
      event.type === 'run.ended'
        ? [{ type: 'run.heard', run: event.run, metrics: [metric] } as unknown as EventBody]
        : [];
    const { state } = await simulate(config, [], script, { watch });
    expect(state.runs.flatMap((run) => run.steps)).not.toContain(99);
  });

  test('refuses a budget below what is gone, and a proposal that is no point, and works on', async () => {
    const config = simpleConfig({ budget: { runs: 8 } });
    const idea = { type: 'trial.proposed', trial: 0, ask: 0, researcher: 'person', hypothesis: '', parent: 1 } as const;
    let ends = 0;
    const watch = (event: Event): EventBody[] =>
      event.type === 'run.ended' && ++ends === 4
        ? [
            { type: 'budget.raised', budget: { runs: 2 } },
            { ...idea, point: { lr: 0.1 } },
            { ...idea, point: { lr: 0.2, hidden: 9 } },
          ]
        : [];
    const { state } = await simulate(config, [], script, { watch });
    expect(state).toMatchObject({ phase: 'ended', config: { budget: { runs: 8 } } });
    expect(state.warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['budget-spent', 'idea-refused']) as string[],
    );
    expect(state.trials.filter((trial) => trial.researcher === 'person').map(({ point }) => point)).toEqual([
      { lr: 0.2, hidden: 9 },
    ]);
  });
});

test('a sampler that proposes one point for ever does not end a study whose space is not exhausted', async () => {
  const config = simpleConfig({ budget: { runs: 30 }, pruner: 'none' });
  const journal = memoryJournal([{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 }]);
  const { executor, world } = simulation(script, 'loss', 0);
  const researcher = numericResearcher(() => ({ lr: 0.5, hidden: 100 }), config);
  const parts = { journal, series: memoryPoints(), executor, researcher, pruner: pruners.none, world, identity };
  const state = await openLab(parts).done;
  expect(state.ended?.reason).toBe('budget');
  expect(state.trials.length).toBeGreaterThan(10);
});

test('a space with few points is tried whole, each point once, and then the study ends', async () => {
  const via = { by: 'flag', flag: '--a', style: 'space' } as const;
  const config = simpleConfig({
    budget: { runs: 500 },
    knobs: [
      { name: 'lr', kind: 'choice', choices: [0.1, 0.2, 0.3], default: 0.1, via },
      { name: 'hidden', kind: 'int', low: 1, high: 4, scale: 'linear', default: 1, via },
    ],
    constraints: ['hidden * lr < 1'],
  });
  const { state } = await simulate(config, []);
  expect(state.ended?.reason).toBe('exhausted');
  // Twelve points, of which 0.3 × 4 is outside.
  expect(Object.keys(state.seen)).toHaveLength(11);
});

test('a request is cleared away only after it was written down', async () => {
  const config = simpleConfig({ budget: { runs: 30 } });
  const journal = memoryJournal([{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 }]);
  const { executor, world } = simulation(script, 'loss', 0);
  let waiting: Event[] = [{ type: 'study.draining', at: 0 }];
  let stored = false;
  const requests = (): { events: Event[]; done(): void } => ({
    events: waiting,
    done() {
      stored = journal.events.some((event) => event.type === 'study.draining');
      waiting = [];
    },
  });
  const researcher = numericResearcher(samplers.auto, config);
  const parts = { journal, series: memoryPoints(), executor, researcher, pruner: pruners.none, world, identity };
  const state = await openLab({ ...parts, requests }).done;
  expect(stored).toBe(true);
  expect(state.phase).toBe('draining');
});
