import { expect, test } from 'vitest';
import type { Discovery, Setting } from '../discover/index.ts';
import type { ImportedParam, ImportedSpace } from './imported.ts';
import { overlay } from './overlay.ts';

const setting = (name: string, more: Partial<Setting> = {}): Setting => ({
  name,
  via: { by: 'flag', flag: `--${name}`, style: 'space' },
  kind: 'float',
  default: 0.5,
  where: 'train.py:1',
  seed: false,
  ...more,
});

const script = (...settable: Setting[]): Discovery => ({
  script: 'train.py',
  command: ['python3', 'train.py'],
  language: 'python',
  knobs: [],
  skipped: [],
  settable,
  metricHints: [],
  constraints: [],
  notes: [],
});

const space = (...params: ImportedParam[]): ImportedSpace => ({
  source: 'Optuna',
  file: 'tune.py',
  params,
  skipped: [],
  warnings: [],
});

const float = (name: string, more: object = {}): ImportedParam => ({
  name,
  kind: 'float',
  low: 0,
  high: 1,
  scale: 'linear',
  line: 3,
  ...more,
});
const choice = (name: string, choices: readonly (string | number | boolean)[], more: object = {}): ImportedParam => ({
  name,
  kind: 'choice',
  choices,
  line: 4,
  ...more,
});

test('names are the same whatever their case, dashes, underscores and dots; the exact one goes first', () => {
  const laid = overlay(
    space(float('modelLR'), float('weight_decay'), float('opt.beta')),
    script(setting('model-lr'), setting('weight.decay', { default: 3 }), setting('weight_decay'), setting('OPT_BETA')),
  );
  expect(laid.knobs.map((knob) => knob.name)).toEqual(['model-lr', 'weight_decay', 'OPT_BETA']);
  expect(laid.knobs[0]).toMatchObject({ via: { flag: '--model-lr' }, default: 0.5, comment: 'tune.py:3' });
  expect(laid.warnings).toEqual([]);
});

test('conditions speak of the names the script has', () => {
  const laid = overlay(
    space(
      choice('optName', ['sgd', "it's"]),
      float('wd', { when: "optName in ['sgd']" }),
      float('x', { when: "not (optName == 'sgd') and (wd > 0.5 or wd * 2 <= 0.1)" }),
    ),
    script(setting('opt-name', { default: 'sgd', kind: 'text' }), setting('WD'), setting('x')),
  );
  expect(laid.knobs.map((knob) => knob.when)).toEqual([
    undefined,
    "`opt-name` in ['sgd']",
    "(not (`opt-name` == 'sgd')) and ((WD > 0.5) or ((WD * 2) <= 0.1))",
  ]);
  expect(laid.warnings).toEqual([]);
});

test('a condition on what the script lacks is told and dropped', () => {
  const laid = overlay(space(choice('opt', ['a', 'b']), float('x', { when: "opt == 'a'" })), script(setting('x')));
  expect(laid.knobs).toHaveLength(1);
  expect(laid.knobs[0]).not.toHaveProperty('when');
  expect(laid.spare.map((knob) => knob.name)).toEqual(['opt']);
  expect(laid.warnings).toEqual([
    'tune.py:4: train.py has no setting called "opt"',
    "tune.py:3: x matters only when opt == 'a', and train.py has no opt; it is taken to apply always",
  ]);
});

test('the default is that of the script, where it can be one', () => {
  const laid = overlay(
    space(
      choice('act', ['relu', 'gelu']),
      choice('only', [7]),
      choice('norm', ['a', 'b']),
      { name: 'n', kind: 'int', low: 1, high: 9, scale: 'linear', line: 5 },
      float('far'),
      float('whole'),
    ),
    script(
      setting('act', { default: 'gelu' }),
      setting('only', { default: 9 }),
      setting('norm', { default: 'c' }),
      setting('n', { default: 2.5 }),
      setting('far', { default: 100 }),
      setting('whole', { default: 1, kind: 'int' }),
    ),
  );
  expect(laid.knobs.map((knob) => knob.default)).toEqual(['gelu', 7, undefined, undefined, 100, 1]);
  expect(laid.warnings).toEqual([
    "tune.py:4: the script's own norm, c, is not among the choices; the study begins elsewhere",
    "tune.py:3: the script's own far, 100, lies outside 0 to 1; the study begins elsewhere",
    'tune.py:3: whole varies as a float, but the script seems to take whole numbers',
  ]);
});

test('a switch takes truths alone, and the seed stays with the lab', () => {
  const via = { by: 'flag', flag: '--amp', style: 'switch' } as const;
  const amp = setting('amp', { via, kind: 'bool', default: false });
  expect(overlay(space(choice('amp', [1, 0])), script(amp)).knobs).toMatchObject([
    { choices: [true, false], default: false },
  ]);
  expect(overlay(space(choice('amp', ['yes', 'no'])), script(amp)).warnings).toEqual([
    'tune.py:4: amp is on or off in the script, not yes or no; it is left out',
  ]);
  expect(overlay(space(float('amp')), script(amp)).knobs).toEqual([]);
  const counted = setting('amp', { kind: 'int', default: 1 });
  expect(overlay(space(choice('amp', [true, false])), script(counted)).knobs).toMatchObject([
    { choices: [1, 0], default: 1 },
  ]);
  const seeded = overlay(space(choice('seed', [1, 2])), script(setting('seed', { seed: true })));
  expect(seeded.knobs).toEqual([]);
  expect(seeded.warnings).toEqual(['tune.py:4: seed is the seed; the lab sets it, so that repeats differ']);
});

test('what the script has but cannot be told is told with the reason', () => {
  const found = {
    ...script(setting('lr')),
    skipped: [{ name: 'use_ema', why: 'type=bool of argparse takes every text for true' }],
  };
  expect(overlay(space(choice('useEMA', [true, false])), found).warnings).toEqual([
    'tune.py:4: "useEMA" cannot be set: type=bool of argparse takes every text for true',
  ]);
});

test('two names for one setting give one knob', () => {
  const laid = overlay(space(float('lr'), float('LR')), script(setting('lr')));
  expect(laid.knobs).toHaveLength(1);
  expect(laid.warnings).toHaveLength(1);
});

test('constants of the space are taken where the script has them, and not missed elsewhere', () => {
  const laid = overlay(
    space(choice('epochs', [3], { aside: true }), choice('data_dir', ['/x'], { aside: true })),
    script(setting('epochs', { kind: 'int', default: 10 })),
  );
  expect(laid.knobs).toMatchObject([{ name: 'epochs', choices: [3], default: 3 }]);
  expect(laid.warnings).toEqual([]);
});
