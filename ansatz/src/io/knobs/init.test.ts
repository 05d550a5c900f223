import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../config/read.ts';
import { renderConfig } from '../config/write.ts';
import { draft } from './init.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const around = { now: 0, machine: { cpus: 2, gpus: [] } };
const scripts = readdirSync(fixtures).filter((file) => file.endsWith('.py') && file !== 'shared.py');

test.each([...scripts, 'hydra/train.py', 'files/train.py'])(
  'the draft for %s is a valid study with at most 12 knobs',
  (script) => {
    const drafted = draft(fixtures, script);
    const config = parseConfig(renderConfig(drafted), join(fixtures, 'ansatz.yaml'), around);
    expect(config.command.at(-1)).toBe(script);
    expect(config.knobs.map((knob) => knob.name)).toEqual(drafted.knobs.map((knob) => knob.name));
    expect(config.knobs.length).toBeGreaterThan(0);
    expect(config.knobs.length).toBeLessThanOrEqual(12);
    expect(config.budget).toEqual({ runs: 40, wallSeconds: 3600 });
  },
);

test('what a short run showed outranks what the text suggests', () => {
  const drafted = draft(fixtures, 'gpt.py', { metrics: [{ name: 'zeta', direction: 'maximize' }, { name: 'loss' }] });
  expect(drafted.objective).toEqual({ metric: 'zeta', direction: 'maximize', value: 'last' });
  expect(drafted.metricComment).toBe('seen in its output; also: loss');
});

test('a draft reads well', () => {
  expect(renderConfig(draft(fixtures, 'gpt.py'))).toMatchInlineSnapshot(`
    "# A study for ansatz. Start it with:  ansatz run
    # Found by reading gpt.py; nothing was changed.
    # No seed was found in gpt.py: repeats of a trial differ only by what the script leaves to chance.
    name: fixtures
    command: python3 gpt.py                     # started without a shell, in a private copy of this folder
    metric: val_bpb                             # a guess from the text of the script
    direction: minimize

    budget: { runs: 40, wall: 1h }              # runs: processes started; wall: time on the clock

    knobs:                                      # what may vary; default is what the script uses today
      MATRIX_LR: { from: 4e-3, to: 0.4, scale: log, default: 0.04, via: const gpt.py MATRIX_LR }  # gpt.py:10 Muon
      TOTAL_BATCH: { choices: [131072, 262144, 524288, 1048576, 2097152], ordered: true, default: 524288, via: const gpt.py TOTAL_BATCH }  # gpt.py:8 tokens per step
      DEVICE_BATCH: { choices: [8, 16, 32, 64, 128], ordered: true, default: 32, via: const gpt.py DEVICE_BATCH }  # gpt.py:9
      DEPTH: { from: 4, to: 16, type: int, default: 8, via: const gpt.py DEPTH }  # gpt.py:7 transformer blocks
      dropout: { from: 0, to: 0.5, default: 0.1, via: const gpt.py ModelConfig.dropout }  # gpt.py:23
      WARMDOWN_RATIO: { from: 0, to: 1, default: 0.5, via: const gpt.py WARMDOWN_RATIO }  # gpt.py:12
      ACT: { choices: [relu, gelu], default: relu, via: const gpt.py ACT }  # gpt.py:16
      cooldown_frac: { from: 0, to: 1, default: 0.4, via: const gpt.py Hyperparameters.cooldown_frac }  # gpt.py:27
      adam_eps: { from: 1e-10, to: 1e-6, scale: log, default: 1e-8, via: const gpt.py Hyperparameters.adam_eps }  # gpt.py:28
    constraints:                                # a point that breaks one is never run
      - "TOTAL_BATCH % (DEVICE_BATCH * 256) == 0"

    # Found but left alone:
    #   ADAM_BETAS: holds a list; only single values are searched
    #   TIME_BUDGET: changes how much compute a run uses
    #   EVAL_TOKENS: changes the measuring stick
    #   COUNTER: is set in more than one place
    #   n_layer: is always overridden where ModelConfig is built
    "
  `);
});

describe('a draft for a script that asserts over many constants', () => {
  const names = ['LR', 'WEIGHT_DECAY', 'DROPOUT', 'BETA1', 'BETA2', 'WARMUP_RATIO', 'WIDTH', 'DEPTH', 'MOMENTUM'];
  const script = [
    ...names.map((name) => `${name} = ${/WIDTH|DEPTH/.test(name) ? 64 : 0.1}`),
    'TOTAL_BATCH = 1024',
    'DEVICE_BATCH = 16',
    'MLP_RATIO = 4',
    'SEQ = 64',
    'HEADS = 4',
    'ACTIVATION = "gelu"  # gelu, relu or relu2',
    'assert TOTAL_BATCH % (DEVICE_BATCH * SEQ) == 0',
    'assert SEQ % 2 == 0',
  ].join('\n');
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-draft-'));
  writeFileSync(join(folder, 'train.py'), script);
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a constant that does not vary is its number in a constraint', () => {
    const drafted = draft(folder, 'train.py');
    expect(drafted.spare?.map((knob) => knob.name)).toContain('SEQ');
    expect(drafted.constraints).toEqual(['TOTAL_BATCH % (DEVICE_BATCH * 64) == 0']);
  });

  test('alternatives that the comment behind a constant lists are choices', () => {
    const { knobs, spare = [] } = draft(folder, 'train.py');
    expect([...knobs, ...spare].find((knob) => knob.name === 'ACTIVATION')).toMatchObject({
      choices: ['gelu', 'relu', 'relu2'],
    });
  });

  test('a metric that was not heard is called a guess', () => {
    const drafted = draft(folder, 'train.py', { metrics: [{ name: 'val_bpb', points: 0 }] });
    expect(drafted.objective.metric).toBe('val_bpb');
    expect(drafted.metricComment).toBe('a guess from the text of the script');
  });
});
