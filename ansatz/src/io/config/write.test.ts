import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOneOf } from '../../methods/space/index.ts';
import type { Delivery, Knob } from '../../study/config.ts';
import { parseConfig } from './read.ts';
import { renderConfig, type Draft } from './write.ts';

const around = { now: 0, machine: { cpus: 4, gpus: ['0', '1'] } };
const parse = (text: string) => parseConfig(text, '/lab/nano/ansatz.yaml', around);

test('a draft reads like a file a person would write', () => {
  const draft: Draft = {
    command: ['python3', 'train.py'],
    objective: { metric: 'val_loss', direction: 'minimize', value: 'last' },
    budget: { runs: 40, wallSeconds: 3600 },
    knobs: [
      {
        name: 'lr',
        kind: 'float',
        low: 1e-4,
        high: 0.01,
        scale: 'log',
        default: 1e-3,
        via: { by: 'flag', flag: '--lr', style: 'space' },
        comment: 'train.py:12',
      },
      { name: 'act', kind: 'choice', choices: ['relu', 'gelu'], default: 'relu', via: { by: 'env', variable: 'ACT' } },
      {
        name: 'slope',
        kind: 'float',
        low: 0,
        high: 1,
        scale: 'linear',
        when: "act == 'relu'",
        prior: { value: 0.1 },
        via: { by: 'flag', flag: '--slope', style: 'space' },
      },
      { name: 'heads', kind: 'choice', choices: [4], default: 4, via: { by: 'flag', flag: '--heads', style: 'space' } },
    ],
    spare: [
      {
        name: 'depth',
        kind: 'int',
        low: 2,
        high: 8,
        scale: 'linear',
        default: 4,
        via: { by: 'constant', file: 'train.py', name: 'DEPTH' },
      },
    ],
    skipped: [{ name: 'epochs', why: 'changes how much compute a run uses' }],
    seed: { by: 'flag', flag: '--seed', style: 'space' },
  };
  expect(renderConfig(draft)).toMatchInlineSnapshot(`
    "# A study for ansatz. Start it with:  ansatz run
    command: python3 train.py                   # started without a shell, in a private copy of this folder
    metric: val_loss                            # as the script prints it
    direction: minimize

    budget: { runs: 40, wall: 1h }              # runs: processes started; wall: time on the clock

    knobs:                                      # what may vary; default is what the script uses today
      lr: { from: 1e-4, to: 0.01, scale: log, default: 1e-3, via: --lr }  # train.py:12
      act: { choices: [relu, gelu], default: relu, via: env ACT }
      slope: { from: 0, to: 1, guess: 0.1, when: "act == 'relu'", via: --slope }
      heads: { fixed: 4, via: --heads }
      # found too; remove the # in front of those that should vary as well
      # depth: { from: 2, to: 8, type: int, default: 4, via: const train.py DEPTH }
    seed: --seed                                # repeats of a trial differ in this alone

    # Found but left alone:
    #   epochs: changes how much compute a run uses
    "
  `);
});

const word = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.isWellFormed());
const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
const delivery = (i: number): fc.Arbitrary<Delivery> =>
  fc.oneof(
    fc.record({ by: fc.constant('override' as const), key: fc.constant(`k${i}`) }),
    fc.record({ by: fc.constant('constant' as const), file: fc.constant('a b.py'), name: fc.constant(`N${i}`) }),
    fc.record({
      by: fc.constant('file' as const),
      file: fc.constant('c.yaml'),
      path: fc.tuple(word, fc.constant(`p${i}`)),
    }),
  );
const knob = (name: string, i: number): fc.Arbitrary<Knob> =>
  fc.oneof<fc.Arbitrary<Knob>[]>(
    fc
      .tuple(finite, finite, delivery(i))
      .filter(([a, b]) => a !== b)
      .map(([a, b, via]) => ({
        name,
        kind: 'float',
        low: Math.min(a, b),
        high: Math.max(a, b),
        scale: 'linear',
        default: a,
        via,
      })),
    fc
      .tuple(fc.integer({ min: 1, max: 1e9 }), delivery(i))
      .map(([low, via]) => ({ name, kind: 'int', low, high: low * 2, scale: 'log', via })),
    fc
      .tuple(fc.uniqueArray(fc.oneof(word, fc.integer(), fc.boolean()), { minLength: 2 }), delivery(i))
      .map(([choices, via]) => ({ name, kind: 'choice', choices, default: choices[0]!, via })),
  );
const fixed = (name: string, i: number): fc.Arbitrary<Knob> =>
  fc.tuple(fc.oneof(word, finite, fc.boolean()), delivery(i)).map(([value, via]) => ({
    name,
    kind: 'choice',
    choices: [value],
    default: value,
    via,
  }));
const share = fc.option(fc.double({ min: 1e-6, max: 100, noNaN: true }), { nil: undefined });
const extras = fc.record({ guess: fc.boolean(), width: share, strength: share, parent: fc.option(fc.nat()) });
const knobs = fc.uniqueArray(word, { maxLength: 4 }).chain((names) =>
  fc.tuple(...names.map((name, i) => fc.tuple(fc.oneof(knob(name, i), fixed(name, i)), extras))).map((list) =>
    list.map(([entry, { guess, width, strength, parent }], i): Knob => {
      const above = parent === null || i === 0 ? undefined : list[parent % i]![0];
      const values = above === undefined ? [] : above.kind === 'choice' ? above.choices.slice(-2) : [above.low];
      return {
        ...entry,
        ...(guess && {
          prior: {
            value: entry.kind === 'choice' ? entry.choices.at(-1)! : entry.low,
            ...(width !== undefined && { width }),
            ...(strength !== undefined && { strength }),
          },
        }),
        ...(above !== undefined && { when: isOneOf(above.name, values).text }),
      };
    }),
  ),
);

test('a draft written out is read back as it was, whatever its names and values', () => {
  const draft = fc.record(
    {
      name: fc.stringMatching(/^[a-zA-Z0-9][\w .-]{0,20}[a-z0-9]$/),
      command: fc.array(word, { minLength: 1 }).filter((words) => !/^[A-Za-z_]\w*=/.test(words[0]!)),
      objective: fc.record({
        metric: word,
        direction: fc.constantFrom('minimize' as const, 'maximize' as const),
        value: fc.constantFrom('last' as const, 'best' as const),
      }),
      budget: fc.record({
        runs: fc.integer({ min: 1, max: 1e6 }),
        wallSeconds: fc.integer({ min: 1, max: 1e6 }),
        money: fc.integer({ min: 1 }),
      }),
      price: fc.integer({ min: 1, max: 100 }),
      minEffect: fc.double({ min: 0, max: 1, noNaN: true }),
      deadline: fc.integer({ min: 0, max: 4e12 }),
      run: fc.record({
        limitSeconds: fc.integer({ min: 1, max: 1e6 }),
        env: fc.dictionary(fc.stringMatching(/^[A-Za-z_]\w*$/), word),
      }),
      knobs: knobs.map((list) => list.map((entry) => ({ ...entry, comment: 'a\nb' }))),
      spare: fc.constant([]),
      seedNumber: fc.nat(),
      notes: fc.array(word),
    },
    { requiredKeys: ['command', 'objective', 'budget', 'price', 'knobs'] },
  );
  fc.assert(
    fc.property(draft, (given: Draft) => {
      const config = parse(renderConfig(given));
      expect(config.command).toEqual(given.command);
      expect(config.objective).toEqual(given.objective);
      expect(config.budget).toEqual(given.budget);
      expect(config.knobs).toEqual(given.knobs.map((entry) => ({ ...entry, comment: undefined })));
      expect(config.minEffect).toBe(given.minEffect ?? 0);
      expect(config.deadline).toBe(given.deadline);
      expect(config.run.limitSeconds).toBe(given.run?.limitSeconds);
      expect({ ...config.run.env }).toEqual({ ...given.run?.env });
      expect(config.name).toBe(given.name ?? 'nano');
      expect(config.seedNumber).toBe(given.seedNumber ?? 1);
    }),
    { numRuns: 300 },
  );
});
