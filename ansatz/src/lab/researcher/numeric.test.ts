import fc from 'fast-check';
import { describe as group, expect, test } from 'vitest';
import { memoryJournal } from '../../io/store/memory.ts';
import { memoryPoints } from '../../io/store/points.ts';
import { simulation, type SimulatedScript } from '../../io/executor/simulated.ts';
import { deliver } from '../../io/knobs/index.ts';
import { stoppingOf } from '../../methods/pruning/index.ts';
import { type Observation, type Sampler, samplers } from '../../methods/sampling/index.ts';
import { rng } from '../../methods/math/rng.ts';
import {
  active,
  applicable,
  canonical,
  defaults,
  feasible,
  type Point,
  randomPoint,
} from '../../methods/space/index.ts';
import { anySpace } from '../../methods/space/space.fixture.ts';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Knob, StudyConfig } from '../../study/config.ts';
import type { Event, HistoryEvent, HistoryRow } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { type State } from '../../study/state.ts';
import { changes } from '../../study/views.ts';
import { gentle, simulated } from '../lab.fixture.ts';
import { openLab } from '../lab.ts';
import { describe, earlierResults, numericResearcher, type Researcher, spaceOf } from './index.ts';

const flag = (name: string) => ({ by: 'flag', flag: `--${name}`, style: 'space' }) as const;
const knobs: readonly Knob[] = [
  // Children first, on purpose.
  {
    name: 'nesterov',
    kind: 'choice',
    choices: [false, true],
    default: false,
    when: 'momentum > 0.5',
    via: flag('nesterov'),
  },
  {
    name: 'momentum',
    kind: 'float',
    low: 0,
    high: 0.99,
    scale: 'linear',
    default: 0.9,
    when: "optimizer == 'sgd'",
    via: flag('momentum'),
  },
  {
    name: 'beta',
    kind: 'float',
    low: 0.8,
    high: 0.999,
    scale: 'linear',
    default: 0.9,
    when: "optimizer == 'adam'",
    via: flag('beta'),
  },
  { name: 'optimizer', kind: 'choice', choices: ['adam', 'sgd'], default: 'adam', via: flag('optimizer') },
  { name: 'lr', kind: 'float', low: 1e-4, high: 1, scale: 'log', default: 1e-3, via: flag('lr') },
  { name: 'heads', kind: 'choice', choices: [4], default: 4, via: flag('heads') },
];

/** Best with sgd, momentum 0.9 and nesterov at lr 0.1. */
const script: SimulatedScript = (point) => {
  const lr = (Math.log10(Number(point['lr'])) + 1) ** 2;
  const rest =
    point['optimizer'] === 'sgd'
      ? (Number(point['momentum']) - 0.9) ** 2 - (point['nesterov'] === true ? 0.3 : 0)
      : 0.5 + (Number(point['beta']) - 0.9) ** 2;
  const final = 1 + 0.2 * lr + rest;
  return { seconds: 60, curve: [final + 1, final + 0.5, final] };
};

async function study(
  config: StudyConfig,
  run = script,
  researcher?: Researcher,
): Promise<{ state: State; events: readonly Event[] }> {
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 };
  const journal = memoryJournal([created]);
  const { executor, world } = simulation(run, config.objective.metric, 0);
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor,
    researcher: researcher ?? numericResearcher(samplers[config.sampler], config),
    ...stoppingOf(config.pruner),
    world,
    identity: { host: 'test', pid: 1, version: '0' },
  });
  return { state: await lab.done, events: journal.events };
}

test.each(Object.entries(samplers))('%s proposes exactly what applies, in any space of conditions', (_, sampler) => {
  fc.assert(
    fc.property(anySpace, fc.nat({ max: 1e6 }), (space, seed) => {
      const history = Array.from({ length: 12 }, (__, i): Observation => {
        const point = randomPoint(space, rng(seed, i));
        return { point, status: 'done', loss: Object.keys(point).length + (i % 5) };
      });
      for (const known of [[], history]) {
        const point = sampler(space, known, rng(seed));
        for (const param of space.params) {
          expect(Object.hasOwn(point, param.name), param.name).toBe(active(param, point));
          const value = point[param.name];
          if (value === undefined) continue;
          if (param.kind === 'choice') expect(param.choices).toContain(value);
          else expect(Number(value) >= param.low && Number(value) <= param.high).toBe(true);
        }
        expect(feasible(space, point)).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
});

test('what is guessed reaches the samplers', () => {
  const config = simpleConfig({ knobs: [{ ...knobs[4]!, prior: { value: 0.1, width: 0.1 } }] });
  expect(spaceOf(config).params[0]!.prior).toEqual({ value: 0.1, width: 0.1 });
});

group('a study with conditional knobs', () => {
  test.each(['random', 'sobol', 'tpe', 'auto'] as const)(
    'never tries a knob where it does not apply (%s)',
    async (sampler) => {
      const config = simpleConfig({ knobs, sampler, budget: { runs: 60 } });
      const space = spaceOf(config);
      const { state, events } = await study(config);
      expect(state.trials.length).toBeGreaterThan(20);
      const shapes = new Set<string>();
      for (const { point } of state.trials) {
        for (const param of space.params)
          expect(Object.hasOwn(point, param.name), param.name).toBe(active(param, point));
        expect(point['heads']).toBe(4);
        shapes.add(Object.keys(point).toSorted().join(' '));
        const { argv } = deliver(config, point, undefined);
        expect(argv.includes('--momentum')).toBe(point['optimizer'] === 'sgd');
      }
      expect(shapes.size).toBe(3);
      expect(new Set(state.trials.map(({ point }) => canonical(point))).size).toBe(state.trials.length);
      // What the journal says is what happened: folding it again gives the same state.
      expect(events.reduce<State | undefined>((before, event) => reduce(before, event), undefined)!.trials).toEqual(
        state.trials,
      );
    },
  );

  test('looks at each knob of the baseline alone, and says what then applies', async () => {
    const { state } = await study(simpleConfig({ knobs, budget: { runs: 60 } }));
    const looks = state.trials.filter((trial) => trial.hypothesis.startsWith('does '));
    expect(looks.map((trial) => trial.hypothesis)).toMatchInlineSnapshot(`
      [
        "does optimizer matter? optimizer adam → sgd, beta no longer applies, momentum now applies: 0.9, nesterov now applies: false, all else as it is",
        "does lr matter? lr 0.001 → 0.025119, all else as it is",
        "does beta matter? beta 0.9 → 0.83035, all else as it is",
      ]
    `);
    expect(state.trials[0]!.point).toEqual({ optimizer: 'adam', lr: 1e-3, heads: 4, beta: 0.9 });
  });

  test('tries every point of a small space once, conditions and all, and then stops', async () => {
    const small: Knob[] = [
      { name: 'a', kind: 'choice', choices: ['x', 'y'], default: 'x', via: flag('a') },
      { name: 'b', kind: 'int', low: 1, high: 4, scale: 'log', default: 1, when: "a == 'y'", via: flag('b') },
      { name: 'c', kind: 'choice', choices: [false, true], default: false, when: 'b >= 3', via: flag('c') },
    ];
    const value = (point: Point) =>
      Number(point['b'] ?? 0) + (point['c'] === true ? 0.5 : 0) + (point['a'] === 'x' ? 9 : 0);
    const { state } = await study(simpleConfig({ knobs: small, budget: { runs: 200 } }), (point, seed) => ({
      seconds: 1,
      curve: [5 + value(point) + seed * 1e-6],
    }));
    expect(state.ended?.reason).toBe('exhausted');
    expect(state.trials.map(({ point }) => canonical(point)).toSorted()).toEqual(
      (
        [
          { a: 'x' },
          { a: 'y', b: 1 },
          { a: 'y', b: 2 },
          { a: 'y', b: 3, c: false },
          { a: 'y', b: 3, c: true },
          { a: 'y', b: 4, c: false },
          { a: 'y', b: 4, c: true },
        ] as Point[]
      )
        .map(canonical)
        .toSorted(),
    );
  });

  test('keeps asking the condition of a knob whose parent is dead', async () => {
    const dead: Knob[] = [
      { name: 'mode', kind: 'choice', choices: ['on', 'off'], default: 'on', via: flag('mode') },
      { name: 'lr', kind: 'float', low: 1e-4, high: 1, scale: 'log', default: 1e-3, via: flag('lr') },
      {
        name: 'warmup',
        kind: 'float',
        low: 0,
        high: 1,
        scale: 'linear',
        default: 0.5,
        when: "mode in ['on', 'off']",
        via: flag('warmup'),
      },
    ];
    const { state } = await study(simpleConfig({ knobs: dead, budget: { runs: 60 } }), (point) => {
      const final = (Math.log10(Number(point['lr'])) + 1) ** 2 + Number(point['warmup'] ?? 7);
      return { seconds: 1, curve: [final + 3, final + 2, final + 1, final] };
    });
    expect(state.dead).toEqual(['mode']);
    const later = state.trials.slice(6);
    expect(new Set(later.map(({ point }) => point['warmup'])).size).toBeGreaterThan(10);
    expect(later.every(({ point }) => point['mode'] === 'on')).toBe(true);
  });

  test('a proposal that sets what does not apply is taken without it, one that lacks what applies is refused', async () => {
    const config = simpleConfig({ knobs, budget: { runs: 12 } });
    const points: Point[] = [
      { optimizer: 'adam', lr: 0.01, heads: 4, beta: 0.9, momentum: 0.3, nesterov: true },
      { optimizer: 'sgd', lr: 0.01, heads: 4 },
      { optimizer: 'sgd', lr: 0.01, heads: 4, momentum: 0.2, beta: 0.9 },
    ];
    const researcher: Researcher = {
      asksAtOnce: 1,
      propose(_, ask, post) {
        const point = points[ask - 1];
        if (point === undefined) post({ type: 'proposal.refused', ask, text: 'no more', exhausted: true });
        else post({ type: 'trial.proposed', trial: 0, ask, researcher: 'me', hypothesis: 'x', point, parent: 1 });
      },
    };
    const { state, events } = await study(config, script, researcher);
    expect(state.trials.slice(1).map(({ point }) => ({ ...point }))).toEqual([
      { optimizer: 'adam', lr: 0.01, heads: 4, beta: 0.9 },
      { optimizer: 'sgd', lr: 0.01, heads: 4, momentum: 0.2 },
    ]);
    const refused = events.flatMap((event) => (event.type === 'proposal.refused' ? [event.text] : []));
    expect(refused).toContain('says nothing about momentum');
  });
});

test('the words for what changes between two points', () => {
  const adam: Point = { optimizer: 'adam', lr: 0.1, beta: 0.9 };
  const sgd: Point = { optimizer: 'sgd', lr: 0.1, momentum: 0.5 };
  expect(describe(adam, sgd)).toBe('optimizer adam → sgd, momentum now applies: 0.5, beta no longer applies');
  expect(describe(adam, adam)).toBe('no change');
  expect(changes(adam, sgd)).toEqual([
    { knob: 'optimizer', from: 'adam', to: 'sgd' },
    { knob: 'momentum', from: undefined, to: 0.5 },
    { knob: 'beta', from: 0.9, to: undefined },
  ]);
  const space = spaceOf(simpleConfig({ knobs }));
  expect({ ...applicable(space, { ...adam, ...sgd }) }).toEqual(sgd);
  expect(feasible(space, sgd)).toBe(true);
});

group('logs of other tools', () => {
  const config = simpleConfig();
  const space = spaceOf(config);
  const baseline = defaults(space);
  const log = (rows: readonly HistoryRow[], source = 'results.tsv'): HistoryEvent => ({
    type: 'history.imported',
    source,
    dialect: 'TSV',
    objective: { metric: 'loss', direction: 'minimize' },
    guesses: [],
    rows,
  });

  test('rows that name knobs become results of another study; what they do not name is as the script has it', () => {
    const { observations, outside, unnamed } = earlierResults(
      [
        log([
          { values: { lr: 0.01 }, loss: 2 },
          { values: { lr: '0.02', hidden: 32, other: 'x' }, loss: 1, verdict: 'keep' },
          { values: { hidden: 100 }, verdict: 'crash' },
          { values: { lr: 5 }, loss: 1 },
          { values: { hidden: 32.5 }, loss: 1 },
          { values: { lr: 'fast' }, loss: 1 },
          { values: { momentum: 0.9 }, loss: 1 },
          { text: 'baseline', loss: 1 },
          { values: { lr: 0.1 } },
        ]),
      ],
      space,
      baseline,
    );
    expect(observations.map(({ point, ...rest }) => ({ ...rest, ...point }))).toEqual([
      { status: 'done', loss: 2, study: 'results.tsv', lr: 0.01, hidden: 16 },
      { status: 'done', loss: 1, study: 'results.tsv', lr: 0.02, hidden: 32 },
      { status: 'crashed', study: 'results.tsv', lr: 0.001, hidden: 100 },
    ]);
    expect([outside, unnamed]).toEqual([3, 3]);
  });

  test('names from the language are no knobs', () => {
    expect(earlierResults([log([{ values: { constructor: 1, toString: 2 }, loss: 1 }])], space, baseline).unnamed).toBe(
      1,
    );
  });

  /** How far from the best place (in decades of lr) the second points of searches are: the first, and every other of the next, fill the space. */
  const places = (history: readonly HistoryEvent[]): number[] =>
    [1, 2, 3, 4, 5, 6].map((seedNumber) => {
      const events: Event[] = [
        { type: 'study.created', config: simpleConfig({ seedNumber, budget: { runs: 4 } }), baseline, at: 0 },
        ...history.map((event) => ({ ...event, at: 1 })),
        { type: 'proposal.asked', ask: 1, at: 2 },
        {
          type: 'trial.proposed',
          trial: 2,
          ask: 1,
          researcher: 'x',
          hypothesis: 'x',
          point: { lr: 0.001, hidden: 100 },
          parent: 1,
          at: 2,
        },
      ];
      const state = events.reduce<State | undefined>(reduce, undefined)!;
      expect(state.history).toHaveLength(history.length);
      let point: Point | undefined;
      numericResearcher(samplers.gp, state.config).propose(state, 2, (event) => {
        if (event.type === 'trial.proposed') point = event.point;
      });
      return Math.abs(Math.log10(point!['lr'] as number) - Math.log10(0.3));
    });

  test('the search starts where a log says it is good', () => {
    const rows = Array.from({ length: 30 }, (_, i): HistoryRow => {
      const lr = 10 ** (-4 + (4 * i) / 29);
      return { values: { lr, hidden: 16 + i }, loss: (Math.log10(lr) - Math.log10(0.3)) ** 2 };
    });
    const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
    const [without, helped] = [mean(places([])), mean(places([log(rows)]))];
    expect(helped).toBeLessThan(0.5);
    expect(helped).toBeLessThan(0.6 * without);
  });
});

test('a sampler is told how many points a study can pay for', async () => {
  const told: number[] = [];
  const spy: Sampler = (space, history, random, plan) => {
    told.push(plan!.points!);
    return samplers.random(space, history, random);
  };
  const config = simpleConfig({ budget: { runs: 14 } });
  const journal = memoryJournal([{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 }]);
  const { executor, world } = simulation(gentle, 'loss', 0);
  const researcher = numericResearcher(spy, config);
  const identity = { host: 'test', pid: 1, version: '0' };
  await openLab({ journal, series: memoryPoints(), executor, researcher, ...stoppingOf('none'), world, identity }).done;
  expect(told.length).toBeGreaterThan(5);
  // Less what is under way.
  for (const points of told) expect([12, 13, 14]).toContain(points);
});

group('a budget that comes to pay for more runs than it seemed to', () => {
  /** The baseline takes a minute, what the sampler finds five seconds. */
  const script: SimulatedScript = (point) => ({
    seconds: point['lr'] === 1e-3 && point['hidden'] === 16 ? 60 : 5,
    curve: [Number(point['lr']) + Number(point['hidden'])],
  });
  const asksFor = async (deviceSeconds: number): Promise<string[]> => {
    const config = simpleConfig({ budget: { deviceSeconds } });
    const { state } = await simulated(config, { script, pruner: 'none' });
    return state.trials.slice(1).map(({ hypothesis }) => hypothesis);
  };

  test('does not go back to the baseline to look at knobs', async () => {
    const asks = await asksFor(480);
    expect(asks.length).toBeGreaterThan(10);
    expect(asks.filter((ask) => ask.includes('matter?'))).toEqual([]);
    expect(asks.filter((ask) => ask.includes('matter?'))).toEqual([]);
  });

  test('one that could pay for that from the beginning looks first', async () => {
    const asks = await asksFor(1200);
    expect(asks.flatMap((ask, i) => (ask.includes('matter?') ? [i] : []))).toEqual([0, 1]);
  });
});
