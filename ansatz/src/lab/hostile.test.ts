import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Executor, Message, Tell } from '../io/executor/executor.ts';
import { type SimulatedScript, simulation } from '../io/executor/simulated.ts';
import type { World } from '../io/executor/world.ts';
import type { Journal } from '../io/store/journal.ts';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { rng } from '../methods/math/rng.ts';
import { stoppingOf } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { canonical, defaults } from '../methods/space/index.ts';
import type { Budget, Knob, Slot, StudyConfig } from '../study/config.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import { EPSILON, RESOURCES } from '../study/ledger.ts';
import { reduce } from '../study/reduce.ts';
import { activeSeconds, placeOf, runOf, type State, trialOf, underWay } from '../study/state.ts';
import { affordable, SLACK_SECONDS } from './afford.ts';
import { openLab } from './lab.ts';
import { numericResearcher, spaceOf } from './researcher/index.ts';

/** Studies nobody would wish for: every draw is one, with its script, its machine and the people who steer it. */

/** What a script does, and how an executor tells of it. */
interface Nature {
  readonly crashes: number;
  readonly noise: number;
  readonly spread: number;
  readonly seconds: number;
  readonly points: number;
  /** Shares of runs that are lost, told twice, or heard of again after their end. */
  readonly lost: number;
  readonly twice: number;
  readonly late: number;
}

/** One lab: the slots it brings, when who says what to it, and after how much of its journal it is cut off. */
interface Session {
  readonly slots: readonly number[];
  readonly steering: readonly { readonly after: number; readonly event: EventBody }[];
  readonly raise: number;
  readonly pause: number;
  readonly clockBack: number;
  readonly cut: number;
}

const share = fc.integer({ min: 0, max: 4 }).map((n) => [0, 0, 0.1, 0.3, 0.8][n]!);

const nature: fc.Arbitrary<Nature> = fc.record({
  crashes: share,
  noise: fc.constantFrom(0, 0, 0.02, 1),
  spread: fc.constantFrom(1, 2, 50),
  seconds: fc.constantFrom(0.01, 1, 60, 5000),
  points: fc.integer({ min: 0, max: 12 }),
  lost: share,
  twice: share,
  late: share,
});

const steering = fc.record({
  after: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40_000 })).map((n) => n / 7),
  event: fc.constantFrom<EventBody>(
    { type: 'study.paused' },
    { type: 'study.resumed' },
    { type: 'study.draining' },
    { type: 'study.killed' },
  ),
});

const session: fc.Arbitrary<Session> = fc.record({
  slots: fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 1, maxLength: 8 }),
  steering: fc.array(steering, { maxLength: 4 }),
  raise: fc.constantFrom(0, 0, 0.2, 3),
  pause: fc.constantFrom(0, 0.4, 3600),
  clockBack: fc.constantFrom(0, 0, 7_200_000),
  cut: fc.integer({ min: 0, max: 100 }).map((n) => n / 100),
});

/** Up to `most`, small ones as likely as big ones, and never round. */
function amount(most: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1000 }).map((n) => most / 1.017 ** n);
}

const budget: fc.Arbitrary<Budget> = fc
  .record({
    runs: fc.integer({ min: 1, max: 40 }),
    deviceSeconds: fc.option(amount(100_000), { nil: undefined }),
    money: fc.option(amount(40), { nil: undefined }),
    wallSeconds: fc.option(amount(50_000), { nil: undefined }),
  })
  .map((one) => JSON.parse(JSON.stringify(one)) as Budget);

const settings = {
  nature,
  budget,
  deadline: fc.option(fc.integer({ min: 1000, max: 40_000_000 }), { nil: undefined }),
  price: fc.constantFrom(0, 2, 30),
  limit: fc.option(fc.constantFrom(0.5, 30, 100, 20_000), { nil: undefined }),
  grace: fc.constantFrom(0, 5),
  knobs: fc.integer({ min: 0, max: 6 }),
  narrow: fc.boolean(),
  constrained: fc.boolean(),
  maximize: fc.boolean(),
  sampler: fc.constantFrom('auto', 'random', 'sobol', 'tpe'),
  pruner: fc.constantFrom('auto', 'median', 'asha', 'none', 'halving'),
  pause: fc.constantFrom('auto', 'auto', 'auto', 'never'),
  baseline: fc.integer({ min: 1, max: 4 }),
  most: fc.integer({ min: 1, max: 7 }),
  seedNumber: fc.integer({ min: 0, max: 1000 }),
};

type Study = { readonly nature: Nature; readonly config: StudyConfig };

const study: fc.Arbitrary<Study> = fc
  .record(settings)
  .map(({ nature: own, ...one }) => ({ nature: own, config: configOf(one) }));

/** Studies in which runs are paused: curves, some budget, few crashes; what is scarce is as hostile as it was. */
const pausing: fc.Arbitrary<Study> = fc
  .record({
    ...settings,
    nature: fc.record({
      crashes: fc.constantFrom(0, 0.05),
      noise: fc.constantFrom(0, 0.02, 1),
      spread: fc.constantFrom(1, 2, 10),
      seconds: fc.constantFrom(1, 60, 5000),
      points: fc.constantFrom(3, 9, 27, 40),
      lost: fc.constantFrom(0, 0, 0.1),
      twice: share,
      late: share,
    }),
    knobs: fc.integer({ min: 1, max: 4 }),
    narrow: fc.constantFrom(false, false, true),
    sampler: fc.constantFrom('random', 'sobol'),
    pruner: fc.constantFrom('halving', 'halving', 'halving', 'freeze-thaw'),
    // In lengths of a run, of which there are a few dozen.
    scarce: fc.constantFrom('runs', 'runs', 'device', 'wall', 'deadline', 'money'),
    lengths: fc.integer({ min: 8, max: 60 }),
    limitLengths: fc.constantFrom(undefined, 1.5, 4),
  })
  .map(({ nature: own, scarce, lengths, limitLengths, ...one }) => {
    const seconds = lengths * (own.seconds + 6);
    const scarcity = {
      runs: { runs: lengths },
      device: { runs: 80, deviceSeconds: seconds },
      money: { runs: 80, money: (seconds / 3600) * 2 },
      wall: { runs: 80, wallSeconds: seconds / 2 },
      deadline: { runs: 80 },
    }[scarce];
    const deadline = scarce === 'deadline' ? (seconds / 2) * 1000 : undefined;
    const limit = limitLengths === undefined ? undefined : limitLengths * own.seconds * own.spread;
    return { nature: own, config: configOf({ ...one, price: 2, budget: scarcity, deadline, limit }) };
  });

function configOf(one: {
  budget: Budget;
  deadline?: number | undefined;
  price: number;
  limit?: number | undefined;
  grace: number;
  knobs: number;
  narrow: boolean;
  constrained: boolean;
  maximize: boolean;
  sampler: string;
  pruner: string;
  pause: string;
  baseline: number;
  most: number;
  seedNumber: number;
}): StudyConfig {
  return simpleConfig({
    knobs: Array.from({ length: one.knobs }, (_, i) => knob(i, one.narrow)),
    constraints: one.constrained && one.knobs >= 2 ? ['k0 + k1 <= 9'] : [],
    budget: one.budget,
    ...(one.deadline === undefined ? {} : { deadline: START + one.deadline }),
    price: one.price,
    run: {
      graceSeconds: one.grace,
      env: {},
      workspace: 'inplace',
      ...(one.limit === undefined ? {} : { limitSeconds: one.limit }),
    },
    objective: { metric: 'loss', direction: one.maximize ? 'maximize' : 'minimize', value: 'last' },
    sampler: one.sampler as StudyConfig['sampler'],
    pruner: one.pruner as StudyConfig['pruner'],
    pause: one.pause as StudyConfig['pause'],
    repeats: { baseline: one.baseline, most: one.most },
    seedNumber: one.seedNumber,
  });
}

function knob(i: number, narrow: boolean): Knob {
  const via = { by: 'flag', flag: `--k${i}`, style: 'space' } as const;
  if (i % 3 === 2) return { name: `k${i}`, kind: 'choice', choices: ['a', 'b', true], default: 'a', via };
  const high = narrow ? 2 : 8;
  return { name: `k${i}`, kind: narrow ? 'int' : 'float', low: 1, high, scale: 'linear', default: 1, via };
}

const START = 1_700_000_000_000;
/** A study of a few dozen runs has a few hundred events; this many mean that it goes round in circles. */
const MOST_EVENTS = 20_000;

function scriptOf(own: Nature): SimulatedScript {
  return (point, seed) => {
    const values = Object.values(point).map((value) => (typeof value === 'number' ? value : 2));
    const random = rng(seed, ...values.map((value) => Math.round(value * 1e4)));
    const distance = values.reduce((sum, value) => sum + (value - 2) ** 2, 0);
    const seconds = own.seconds * own.spread ** (2 * random.uniform() - 1);
    const final = 1 + distance + own.noise * random.normal();
    return {
      seconds,
      crash: random.uniform() < own.crashes,
      curve: Array.from({ length: own.points }, (_, i) => final + 1 / (i + 1)),
    };
  };
}

/** An executor that loses runs, repeats itself, and remembers a number when the run is long over. */
function hostile(executor: Executor, own: Nature): Executor {
  const worse =
    (tell: Tell): Tell =>
    (message: Message) => {
      if (message.type !== 'run.exited') return tell(message);
      const random = rng(message.run, 77);
      const exit = message.exit;
      tell(
        random.uniform() < own.lost ? { ...message, exit: { how: 'lost', seconds: exit.seconds, tail: [] } } : message,
      );
      if (random.uniform() < own.twice) tell(message);
      if (random.uniform() < own.late) {
        const metric = {
          key: 'loss',
          step: 9999,
          value: -1e9,
          resolution: 0,
          source: 'metrics',
          summary: false,
        } as const;
        tell({ type: 'run.heard', run: message.run, metrics: [metric] });
      }
    };
  return {
    ...executor,
    submit: (spec, tell) => executor.submit(spec, worse(tell)),
    adopt: (specs, tell) => executor.adopt(specs, worse(tell)),
  };
}

/** One lab on a journal, to its end. */
async function work(
  events: readonly Event[],
  config: StudyConfig,
  own: Nature,
  one: Session,
): Promise<{ state: State; events: Event[] }> {
  const stored = memoryJournal(events);
  const bounded: Journal = {
    ...stored,
    append(more) {
      stored.append(more);
      if (stored.events.length > MOST_EVENTS) throw new Error('the lab goes round in circles');
    },
  };
  const begun = Math.max(0, stored.events.at(-1)!.at + one.pause * 1000 - one.clockBack);
  const { executor, world } = simulation(scriptOf(own), 'loss', begun);
  const waiting = one.steering
    .toSorted((a, b) => a.after - b.after)
    .map(({ after, event }) => ({ at: begun + after * 1000, event }));
  // Nobody leaves a study paused for ever.
  const last = waiting.at(-1)?.at ?? begun;
  waiting.push({ at: last + 1000, event: { type: 'study.resumed' } });
  const steered: World = { ...world, wait: (until) => world.wait(Math.min(until, waiting[0]?.at ?? Infinity)) };
  const lab = openLab({
    journal: bounded,
    series: memoryPoints(),
    executor: hostile(executor, own),
    researcher: numericResearcher(samplers[config.sampler], config),
    ...stoppingOf(config.pruner),
    world: steered,
    identity: { host: 'test', pid: 1, version: '0' },
    slots: one.slots.map((gpus) => ({ cpus: [], gpus: ['0', '1'].slice(0, gpus), threads: 1 }) satisfies Slot),
    requests() {
      const due = waiting.filter(({ at }) => at <= world.now());
      waiting.splice(0, due.length);
      return { events: due.map(({ event }) => event), done: () => {} };
    },
  });
  const state = await lab.done;
  return { state, events: stored.events };
}

/** What must be true after every event of a journal. */
function check(events: readonly Event[]): State {
  let state: State | undefined;
  for (const [index, event] of events.entries()) {
    const where = `event ${index}: ${JSON.stringify(event)}`;
    if (state !== undefined && event.type === 'run.started') {
      expect(state.phase, where).toBe('running');
      expect(state.running.length, where).toBeLessThan(state.config.slots.length);
      expect(event.slot, where).toBeLessThan(state.config.slots.length);
      expect(
        state.running.map((id) => runOf(state!, id).slot),
        where,
      ).not.toContain(event.slot);
      const seconds = event.limitSeconds + state.config.run.graceSeconds + SLACK_SECONDS;
      const devices = Math.max(1, state.config.slots[event.slot]!.gpus.length);
      expect(event.hold.deviceSeconds, where).toBeCloseTo(seconds * devices, 3);
      expect(event.at + seconds * 1000, where).toBeLessThanOrEqual((state.deadline ?? Infinity) + 1);
      const wall = state.config.budget.wallSeconds ?? Infinity;
      expect(state.wallSeconds + seconds, where).toBeLessThanOrEqual(wall + 0.01);
      // Only what was kept is run again after its verdict: as the incumbent, to compare with.
      expect(['keep', undefined], where).toContain(trialOf(state, event.trial).verdict);
    }
    if (state !== undefined && (event.type === 'run.reported' || event.type === 'run.ended'))
      expect(underWay(runOf(state, event.run)), where).toBe(true);
    if (state !== undefined && event.type === 'run.ended') {
      // Whatever the lab believes it was in its slot for is what it pays for, and no second of a pause.
      const run = runOf(state, event.run);
      const devices = Math.round(run.hold.deviceSeconds / (run.limitSeconds + state.config.run.graceSeconds + 1)) || 1;
      expect(event.charge.deviceSeconds, where).toBeCloseTo(event.seconds * Math.max(1, devices), 6);
      if (run.stays.length > 1)
        expect(event.seconds, where).toBeLessThanOrEqual(activeSeconds(run, event.at) + 0.01 * run.stays.length);
    }
    if (state !== undefined && event.type === 'run.paused') {
      const run = runOf(state, event.run);
      expect(run, where).toMatchObject({ status: 'running', repeat: 0 });
      expect(run.trial, where).not.toBe(1);
      expect(run.audited, where).toBeUndefined();
      expect(state.config.pause, where).toBe('auto');
      expect(run.place, where).toMatch(/gpus $/);
      expect(state.config.slots.map(placeOf), where).toContain(run.place);
      expect(state.phase, where).toBe('running');
      expect(event.step, where).toBeGreaterThan(run.rung);
      // Somebody can have the slot.
      const place = state.config.slots.findIndex((slot) => placeOf(slot) === run.place);
      expect(state.paused.length > 0 || affordable(state, place) !== undefined, where).toBe(true);
      expect(state.paused.length, where).toBeLessThan(8 * state.config.slots.length);
    }
    if (state !== undefined && event.type === 'run.resumed') {
      const run = runOf(state, event.run);
      expect(run, where).toMatchObject({ status: 'paused' });
      expect(run.stopping, where).toBeUndefined();
      expect(state.phase, where).toBe('running');
      const taken = state.running.map((id) => runOf(state!, id).slot);
      expect(taken, where).not.toContain(event.slot);
      expect(placeOf(state.config.slots[event.slot]), where).toBe(run.place);
      const left = event.leftSeconds ?? run.limitSeconds - activeSeconds(run, state.now);
      const seconds = left + state.config.run.graceSeconds + SLACK_SECONDS;
      expect(left, where).toBeGreaterThan(0);
      expect(event.at + seconds * 1000, where).toBeLessThanOrEqual((state.deadline ?? Infinity) + 2);
      expect(state.wallSeconds + seconds, where).toBeLessThanOrEqual(
        (state.config.budget.wallSeconds ?? Infinity) + 0.01,
      );
    }
    const before: number = state?.now ?? 0;
    state = reduce(state, event);
    expect(event.at, where).toBeGreaterThanOrEqual(before);
    for (const resource of RESOURCES) {
      const { budget: cap, held, spent } = state.ledger;
      expect(held[resource] + spent[resource], where).toBeLessThanOrEqual((cap[resource] ?? Infinity) + EPSILON);
      const holds = [...state.running, ...state.paused].reduce((sum, id) => sum + runOf(state!, id).hold[resource], 0);
      expect(Math.abs(held[resource] - holds), where).toBeLessThan(EPSILON * (1 + holds));
    }
    if (state.phase === 'ended') {
      expect(state.running, where).toEqual([]);
      expect(state.paused, where).toEqual([]);
      expect(
        state.trials.filter((trial) => trial.verdict === undefined).map(({ id }) => id),
        where,
      ).toEqual([]);
    }
  }
  const end = state!;
  expect(new Set(end.trials.map((trial) => canonical(trial.point))).size).toBe(end.trials.length);
  for (const trial of end.trials) {
    const seeds = trial.runs.map((id) => runOf(end, id).seed);
    expect(new Set(seeds).size).toBe(seeds.length);
  }
  const told = JSON.parse(JSON.stringify(events)) as Event[];
  expect(told.reduce<State | undefined>(reduce, undefined)).toEqual(JSON.parse(JSON.stringify(end)));
  return end;
}

const calm: Session = { slots: [0, 0, 0], steering: [], raise: 0, pause: 0, clockBack: 0, cut: 1 };

const roomy: fc.Arbitrary<Session> = session.map((one) => ({
  ...one,
  slots: one.slots.slice(0, 3).map((gpus) => (gpus === 2 ? 1 : 0)),
  steering: one.steering.slice(0, 2),
}));

describe('whatever happens', () => {
  const runs = Number(process.env['HOSTILE_RUNS'] ?? 80);
  const timeout = Math.max(120_000, 2000 * runs);
  const seed = Number(process.env['HOSTILE_SEED'] ?? 20);
  // A study can be long to shrink: what is found is printed as it was drawn.
  const how = { numRuns: runs, seed, endOnFailure: true };

  test('the books are right, no rule is broken and every study ends', { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(
        study,
        fc.array(session, { maxLength: 3 }),
        async (one, sessions) => void (await endure(one, sessions)),
      ),
      how,
    );
  });

  test('and so it is where runs are paused: none is left, none overspends', { timeout }, async () => {
    const seen = new Map<string, number>();
    const property = fc.asyncProperty(pausing, fc.array(roomy, { maxLength: 2 }), async (one, sessions) => {
      for (const event of await endure(one, sessions)) {
        const kind = event.type === 'run.stopping' ? `${event.type} ${event.reason}` : event.type;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    });
    await fc.assert(property, how);
    // Studies in which nothing of the kind happens would prove nothing about it.
    for (const kind of ['run.paused', 'run.resumed', 'run.passed', 'run.audited', 'run.stopping unfinished'])
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(runs / 40);
  });
});

/** A study through its sessions to its end: what is checked is checked after every one of them. */
async function endure({ nature: own, config }: Study, sessions: readonly Session[]): Promise<Event[]> {
  let events: Event[] = [{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: START }];
  for (const one of sessions) {
    const done = await work(events, config, own, one);
    check(done.events);
    // A cut loses the end of the journal, back to anything this lab has written.
    const kept = events.length + Math.ceil(one.cut * (done.events.length - events.length));
    events = done.events.slice(0, kept);
    if (one.raise > 0) events.push(...raised(events, one.raise));
  }
  const { state, events: all } = await work(events, config, own, calm);
  expect(state.phase).toBe('ended');
  expect(check(all)).toEqual(state);
  return all;
}

/** A budget that goes up, or down to no less than what is gone. */
function raised(events: readonly Event[], by: number): Event[] {
  const state = events.reduce<State | undefined>(reduce, undefined)!;
  const { budget: before } = state.config;
  const changed: Record<string, number> = {};
  for (const [name, cap] of Object.entries(before) as [keyof Budget, number][]) {
    const gone = name === 'wallSeconds' ? 0 : state.ledger.spent[name] + state.ledger.held[name];
    changed[name] = Math.max(gone, cap * by);
    if (name === 'runs') changed[name] = Math.ceil(changed[name]);
  }
  return [{ type: 'budget.raised', budget: changed, at: state.now }];
}
