import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { UserError } from '../../../study/error.ts';
import { formatVia } from '../../config/via.ts';
import { discover, type Discovery } from './discover.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'discover-'));
  made.push(folder);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** One line a knob, and the reasons of what was left alone. */
function shown({ knobs, skipped, seed }: Discovery) {
  return {
    knobs: knobs.map((knob) => {
      const range =
        knob.kind === 'choice' ? `[${knob.choices.join(' ')}]` : `${knob.kind} ${knob.low}..${knob.high} ${knob.scale}`;
      return `${knob.name} ${range} = ${knob.default} (${formatVia(knob.via)})`;
    }),
    skipped: skipped.map(({ name, why }) => `${name}: ${why}`),
    seed: seed === undefined ? 'none' : `${formatVia(seed.via)} = ${seed.default}`,
  };
}

test.each([
  'arguments.py',
  'clicked.py',
  'typed.py',
  'abseil.py',
  'fired.py',
  'trainer.py',
  'tyroed.py',
  'gpt.py',
  'configured.py',
  'surroundings.py',
  'simple.py',
])('%s gives up its knobs', (script) => {
  expect(shown(discover(fixtures, script))).toMatchSnapshot();
});

test.each(['hydra', 'files'])('a script configured by %s gives up its knobs', (folder) => {
  expect(shown(discover(join(fixtures, folder)))).toMatchSnapshot();
});

test('keywords of calls are knobs where their names are those of usual ones', () => {
  const script = `import torch
from torch import nn, optim
torch.manual_seed(0)
train = DataLoader(data, batch_size=32, shuffle=True, num_workers=2)
model = Net(hidden=64, drop=nn.Dropout(p=0.1))
optimizer = optim.AdamW(model.parameters(), lr=1e-3, weight_decay=float(1e-2), betas=(0.9, 0.99))
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)
plt.plot(x, alpha=0.5)
out = model.generate(x, temperature=0.7)
rest = Adam(model.head.parameters(), lr=LR)
for part in (a, b):
    print(optim.SGD(part, lr=0.1), optim.SGD(part, lr=0.2))
`;
  const { knobs, skipped } = shown(discover(folderOf({ 'train.py': script })));
  expect(knobs.toSorted()).toEqual([
    'Dropout_p float 0..0.5 linear = 0.1 (const train.py Dropout(p))',
    'batch_size [8 16 32 64 128] = 32 (const train.py DataLoader(batch_size))',
    'gamma float 0.05..1 linear = 0.1 (const train.py StepLR(gamma))',
    'hidden [32 64 128] = 64 (const train.py Net(hidden))',
    'lr float 0.0001..0.01 log = 0.001 (const train.py AdamW(lr))',
  ]);
  expect(skipped).toContain('SGD_lr: is set in more than one place');
});

test('so are numbers that stand first in a layer that drops, or for the rate of an optimizer', () => {
  const script = `model.add(layers.Dropout(0.25))
model.add(layers.Dense(64, activation="relu"))
model.compile(optimizer=Adam(0.001), loss="mse")
torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
model.fit(x, y, epochs=5, batch_size=32, validation_split=0.2)
`;
  expect(shown(discover(folderOf({ 'train.py': script }))).knobs.toSorted()).toEqual([
    'Dropout_p float 0..0.5 linear = 0.25 (const train.py Dropout(p))',
    'SGD_lr float 0.01..1 log = 0.1 (const train.py SGD(lr))',
    'batch_size [8 16 32 64 128] = 32 (const train.py fit(batch_size))',
    'lr float 0.0001..0.01 log = 0.001 (const train.py Adam(lr))',
    'momentum float 0.8..0.99 linear = 0.9 (const train.py SGD(momentum))',
  ]);
});

test('estimators have their settings, and their seed', () => {
  const script = `from sklearn.ensemble import GradientBoostingClassifier
from sklearn.svm import SVC
train, test = train_test_split(x, y, test_size=0.3, random_state=42)
a = GradientBoostingClassifier(n_estimators=30, learning_rate=0.1, max_depth=3, min_samples_leaf=10, min_samples_split=2,
    subsample=0.8, max_features=8, loss="log_loss", random_state=0)
b = SVC(C=1, gamma=0.1)
print("auc", score(a, b))`;
  const { knobs, skipped, seed } = shown(discover(folderOf({ 'train.py': script })));
  const of = (name: string): string => `(const train.py ${name})`;
  expect(knobs.toSorted()).toEqual([
    `C float 0.01..100 log = 1 ${of('SVC(C)')}`,
    `gamma float 0.001..10 log = 0.1 ${of('SVC(gamma)')}`,
    `learning_rate float 0.01..1 log = 0.1 ${of('GradientBoostingClassifier(learning_rate)')}`,
    `max_depth int 1..6 linear = 3 ${of('GradientBoostingClassifier(max_depth)')}`,
    `max_features int 4..16 linear = 8 ${of('GradientBoostingClassifier(max_features)')}`,
    `min_samples_leaf int 2..40 log = 10 ${of('GradientBoostingClassifier(min_samples_leaf)')}`,
    `min_samples_split int 2..8 log = 2 ${of('GradientBoostingClassifier(min_samples_split)')}`,
    `subsample float 0.3..1 linear = 0.8 ${of('GradientBoostingClassifier(subsample)')}`,
  ]);
  expect(skipped).toContain('n_estimators: changes how much compute a run uses');
  expect(seed).toBe(`${of('GradientBoostingClassifier(random_state)').slice(1, -1)} = 0`);
});

test('a configuration whose path is put together is found where there is only one of its name', () => {
  const script = `import os, yaml
cfg = yaml.safe_load(open(os.path.join(os.path.dirname(__file__), "conf", "config.yaml")))
print("loss", cfg["lr"])`;
  const conf = 'lr: 0.01\nseed: 0\n';
  expect(shown(discover(folderOf({ 'train.py': script, 'conf/config.yaml': conf })))).toMatchObject({
    knobs: ['lr float 0.001..0.1 log = 0.01 (file conf/config.yaml lr)'],
    seed: 'file conf/config.yaml seed = 0',
  });
  const two = { 'train.py': script, 'conf/config.yaml': conf, 'other/config.yaml': conf };
  expect(shown(discover(folderOf(two))).knobs).toEqual([]);
});

describe('a find', () => {
  const gpt = discover(fixtures, 'gpt.py');

  test('says where it stands and what its comment says', () => {
    expect(gpt.knobs.find((knob) => knob.name === 'MATRIX_LR')).toMatchObject({
      where: 'gpt.py:10',
      help: 'Muon',
      score: 10,
    });
  });

  test('of an assertion is a constraint over knobs, with imported numbers filled in', () => {
    expect(gpt.constraints).toEqual(['TOTAL_BATCH % (DEVICE_BATCH * 256) == 0']);
  });

  test('of a seed that is fixed in place is the seed, after those that have a name', () => {
    expect(shown(discover(fixtures, 'simple.py')).seed).toBe('const simple.py seed() = 1337');
    const named = 'SEED = 3\nLR = 0.1\ntorch.manual_seed(SEED)\nrng = np.random.default_rng(7)\nprint("loss", LR)\n';
    expect(shown(discover(folderOf({ 'train.py': named }))).seed).toBe('const train.py SEED = 3');
  });

  test('of a required argument is told', () => {
    expect(discover(fixtures, 'arguments.py').notes).toContain('arguments.py insists on --target: add it to command.');
    expect(discover(fixtures, 'trainer.py').notes).toContain(
      'trainer.py insists on --model_name_or_path: add it to command.',
    );
    expect(discover(fixtures, 'clicked.py').notes).toContain(
      'clicked.py insists on the argument "corpus": add it to command.',
    );
  });

  test.each([
    ['arguments.py', 'val_loss'],
    ['clicked.py', 'val_acc'],
    ['typed.py', 'eval/loss'],
    ['abseil.py', 'test_accuracy'],
    ['gpt.py', 'val_bpb'],
    ['configured.py', 'val_loss'],
    ['surroundings.py', 'val_loss'],
    ['hydra/train.py', 'val/loss'],
  ])('of a metric in %s is %s', (script, metric) => {
    expect(discover(fixtures, script).metricHints[0]).toBe(metric);
  });
});

test('JavaScript constants, objects, class fields and variables of the environment are knobs', () => {
  const folder = folderOf({
    'train.ts': `
export const LR: number = 3e-4; // peak
const config = { dropout: 0.1, hiddenSize: 64, layers: 2 } as const;
class Config { static weightDecay = 0.01 }
const beta1 = Number(process.env.BETA1 ?? '0.9');
const depth = process.env['DEPTH'] ? parseInt(process.env['DEPTH']) : 4;
const SEED = Number(process.env.SEED ?? 1);
let momentum = 0.9;
momentum = 0.5;
const EPOCHS = 10;
console.log(\`step 1 val_loss \${1}\`);
`,
  });
  expect(shown(discover(folder))).toMatchSnapshot();
});

test('an enumeration is the choices of a typer option, and its members are no settings', () => {
  const script = `
from enum import Enum
from typing import Annotated
import typer
class Opt(str, Enum):
    sgd = "sgd"
    adam_w = "adam-w"
def main(lr: float = 0.1, opt: Opt = Opt.adam_w, other: Annotated[Opt, typer.Option(help="or that")] = Opt.sgd):
    print("val_loss", lr)
typer.run(main)
`;
  const { knobs, skipped } = discover(folderOf({ 'train.py': script }));
  const named = Object.fromEntries(knobs.map((knob) => [knob.name, knob]));
  expect(Object.keys(named).toSorted()).toEqual(['lr', 'opt', 'other']);
  expect(named['opt']).toMatchObject({ choices: ['sgd', 'adam-w'], default: 'adam-w' });
  expect(named['other']).toMatchObject({ choices: ['sgd', 'adam-w'], default: 'sgd', help: 'or that' });
  expect(skipped).toEqual([]);
});

test('options of parseArgs, commander and yargs are knobs', () => {
  const parse = `
import { parseArgs } from 'node:util';
const options = { lr: { type: 'string', default: '0.001' }, 'batch-size': { type: 'string' }, bias: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' }, epochs: { type: 'string', default: '3' } };
const { values } = parseArgs({ options, allowNegative: true });
const batch = Number(values['batch-size'] ?? 32);
`;
  const commander = `
program.option('-l, --lr <number>', 'learning rate', parseFloat, 0.001).option('--layers <n>', 'depth', '4').option('--norm', 'normalise').option('--out <dir>', 'where', 'x');
`;
  const yargs = `
yargs(argv).option('lr', { type: 'number', default: 0.001, describe: 'rate' }).options({ act: { choices: ['relu', 'tanh'], default: 'relu' } });
`;
  expect(shown(discover(folderOf({ 'train.mjs': parse })))).toMatchSnapshot();
  expect(shown(discover(folderOf({ 'train.js': commander })))).toMatchSnapshot();
  expect(shown(discover(folderOf({ 'train.cjs': yargs })))).toMatchSnapshot();
});

test('flags and settings of modules that the script imports are its own', () => {
  const folder = folderOf({
    'train.py': 'from options import get_args\nfrom lib import config\nimport model\nimport prepare\n',
    'prepare.py':
      'import argparse\nif __name__ == "__main__":\n    argparse.ArgumentParser().add_argument("--depth", type=int, default=3)\n',
    'options.py':
      'import argparse\ndef get_args():\n    p = argparse.ArgumentParser()\n    p.add_argument("--lr", type=float, default=0.1)\n    p.add_argument("--seed", type=int, default=0)\n',
    'lib/config.py': 'WIDTH = 64\n',
    'model.py': 'DEPTH = 4\n',
  });
  expect(shown(discover(folder))).toEqual({
    knobs: ['lr float 0.01..1 log = 0.1 (--lr)', 'WIDTH [32 64 128] = 64 (const lib/config.py WIDTH)'],
    skipped: [],
    seed: '--seed = 0',
  });
});

test('variables of a shell script with a default are knobs', () => {
  const found = discover(
    folderOf({ 'run.sh': 'LR=${LR:-0.01}\npython x.py --lr $LR --seed ${SEED:-1} --epochs ${EPOCHS:=3}\n' }),
  );
  expect(found.command).toEqual(['sh', 'run.sh']);
  expect(shown(found)).toEqual({
    knobs: ['LR float 0.001..0.1 log = 0.01 (env LR)'],
    skipped: ['EPOCHS: changes how much compute a run uses'],
    seed: 'env SEED = 1',
  });
});

describe('the script', () => {
  const py = 'lr = 0.1\n';
  test.each([
    [{ 'train.py': py, 'main.py': py, 'model.py': py }, 'train.py', ['python3', 'train.py']],
    [{ 'main.py': py, 'run_eval.py': py }, 'main.py', ['python3', 'main.py']],
    [{ 'src/train.py': py, 'setup.py': '' }, 'src/train.py', ['python3', 'src/train.py']],
    [{ 'train.sh': 'x', 'train.py': py }, 'train.py', ['python3', 'train.py']],
    [{ 'bigram.py': py, 'utils.py': '' }, 'bigram.py', ['python3', 'bigram.py']],
    [{ 'train.py': py, '.venv/bin/python': '' }, 'train.py', ['.venv/bin/python', 'train.py']],
    [
      { 'package.json': '{"scripts":{"train":"node --no-warnings fit.mjs --fast"}}', 'fit.mjs': 'const LR = 0.1' },
      'fit.mjs',
      ['node', '--no-warnings', 'fit.mjs', '--fast'],
    ],
    [{ 'package.json': 'not json', 'train.mjs': 'const LR = 0.1' }, 'train.mjs', ['node', 'train.mjs']],
  ] as const)('of %j is %s', (files, script, command) => {
    expect(discover(folderOf(files))).toMatchObject({ script, command });
  });

  const mistake = (files: Readonly<Record<string, string>>, script?: string) => {
    try {
      discover(folderOf(files), script);
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
    throw new Error('no mistake was found');
  };

  test('is asked for when there are several', () => {
    expect(mistake({ 'train_a.py': py, 'train_b.py': py })).toMatchObject({
      code: 'many-scripts',
      message: 'which is the training script: train_a.py, train_b.py?',
    });
  });

  test('that was mistyped has a nearest one', () => {
    expect(mistake({ 'train.py': py }, 'trian.py').message).toBe('trian.py is not there; closest: "train.py"');
  });

  test('is missing in an empty folder', () => {
    expect(mistake({ 'README.md': '' }).code).toBe('no-script');
  });

  test('may be no Python at all', () => {
    expect(discover(folderOf({ 'train.py': 'def (((\n\0lr = = 0.1\n"""' })).knobs).toEqual([]);
  });

  test('is started by the program its first line asks for', () => {
    expect(discover(folderOf({ 'train.sh': '#!/bin/bash\nset -o pipefail\n' })).command).toEqual(['bash', 'train.sh']);
    expect(discover(folderOf({ 'train.sh': '#!/usr/bin/env zsh\n' })).command).toEqual(['zsh', 'train.sh']);
    expect(discover(folderOf({ 'train.sh': 'echo\n' })).command).toEqual(['sh', 'train.sh']);
    expect(discover(folderOf({ train: '#!/usr/bin/env -S perl -w\n' }), 'train').command).toEqual(['perl', 'train']);
  });

  test('may be of another language, and is found by its name where there is no other', () => {
    const perl = { 'train.pl': 'my $lr = $ENV{LR} // 0.1;\n', 'README.md': '' };
    expect(discover(folderOf(perl))).toMatchObject({ language: 'other', command: ['perl', 'train.pl'] });
    expect(discover(folderOf({ ...perl, 'train.sh': 'perl train.pl\n' })).script).toBe('train.sh');
    expect(mistake({ 'train.jl': '', 'train.R': '' }).message).toBe('which is the training script: train.R, train.jl?');
    expect(mistake(perl, 'trian.pl').message).toBe('trian.pl is not there; closest: "train.pl"');
  });

  test('may be of a language whose knobs are written by hand', () => {
    const found = discover(folderOf({ 'fit.R': 'lr <- 0.1\ncat("loss", lr)\n' }), 'fit.R');
    expect(found).toMatchObject({ language: 'other', command: ['Rscript', 'fit.R'], knobs: [] });
    expect(found.notes).toEqual([expect.stringContaining('via: --lr')]);
  });

  test('of which it is not known how to start it is refused', () => {
    expect(mistake({ 'train.xyz': 'lr = 0.1' }, 'train.xyz').message).toBe('it is not known how train.xyz is started');
  });
});
