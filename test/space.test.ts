/** Search spaces written for other tools, from the file to the end of a real study. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../ansatz/src/io/config/index.ts';
import type { State } from '../ansatz/src/study/state.ts';
import { ansatz, cleanUp, project, stateOf } from './product.ts';

afterAll(cleanUp);

/** Prints what it was told, and a loss that is best with sgd. */
const TRAIN = `
import argparse, math, random
p = argparse.ArgumentParser()
p.add_argument("--learning-rate", type=float, default=1e-3)
p.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
p.add_argument("--momentum", type=float, default=0.25)
p.add_argument("--nesterov", action="store_true")
p.add_argument("--model.width", type=int, default=16, dest="width")
p.add_argument("--epochs", type=int, default=2)
p.add_argument("--seed", type=int, default=0)
a = p.parse_args()
print(f"told {a.learning_rate} {a.optimizer} {a.momentum} {a.nesterov} {a.width} {a.epochs}")
loss = (math.log10(a.learning_rate) + 1) ** 2 + (0.5 if a.optimizer == "adam" else (a.momentum - 0.9) ** 2)
for e in range(a.epochs):
    print(f"epoch {e} val_loss {loss + 1 / (e + 1) + 0.01 * random.Random(a.seed + e).gauss(0, 1):.5f}")
`;

const config = (folder: string) => readConfig(join(folder, 'ansatz.yaml'), { now: 0, machine: { cpus: 2, gpus: [] } });

/** What each run of a trial said it was told. */
function told(folder: string, state: State, trial: number): string[] {
  const run = state.trials[trial - 1]!.runs[0]!;
  const out = readFileSync(join(folder, '.ansatz', state.config.name, 'runs', String(run), 'stdout'), 'utf8');
  return /^told (.*)$/m.exec(out)![1]!.split(' ');
}

async function study(folder: string, args: readonly string[], runs: number): Promise<{ said: string; state: State }> {
  const init = await ansatz(folder, ['init', '--no-probe', '--metric', 'val_loss', ...args]);
  expect(init.err).toBe('');
  const run = await ansatz(folder, ['run', '--plain', '--runs', String(runs), '--slots', '2', '--sampler', 'tpe']);
  expect([0, 4], run.err).toContain(run.code);
  return { said: init.out, state: stateOf(folder, config(folder).name) };
}

describe('a space of Optuna', { timeout: 60_000 }, () => {
  const TUNE = `
import optuna

def objective(trial):
    lr = trial.suggest_float("learning_rate", 1e-4, 1, log=True)
    opt = trial.suggest_categorical("optimizer", ["adam", "sgd"])
    if opt == "sgd":
        momentum = trial.suggest_float("momentum", 0, 0.99)
        if momentum > 0.5:
            trial.suggest_categorical("nesterov", [False, True])
    trial.suggest_int("model_width", 8, 64, step=8)
    trial.suggest_float("learning_rat", 0, 1)
    return train(lr)

study = optuna.create_study(direction="minimize")
study.optimize(objective)
`;

  test('keeps its branches: what does not apply is not given to the script', async () => {
    const folder = project({ 'train.py': TRAIN, 'tune.py': TUNE });
    const { said, state } = await study(folder, ['train.py', '--space', 'tune.py'], 24);
    expect(said).toContain('tune.py:12: train.py has no setting called "learning_rat"; closest: "learning_rate"');
    const { knobs } = config(folder);
    expect(knobs.map((knob) => [knob.name, knob.when])).toEqual([
      ['learning_rate', undefined],
      ['optimizer', undefined],
      ['momentum', "optimizer == 'sgd'"],
      ['nesterov', "optimizer == 'sgd' and momentum > 0.5"],
      ['model.width', undefined],
    ]);
    expect(knobs[4]).toMatchObject({ low: 8, high: 64, step: 8, default: 16 });

    const shapes = new Set<string>();
    for (const trial of state.trials.filter((one) => one.runs.length > 0)) {
      const { point } = trial;
      shapes.add(Object.keys(point).toSorted().join(' '));
      expect(Object.hasOwn(point, 'momentum')).toBe(point['optimizer'] === 'sgd');
      expect(Object.hasOwn(point, 'nesterov')).toBe(Number(point['momentum'] ?? 0) > 0.5);
      const [lr, optimizer, momentum, nesterov, width] = told(folder, state, trial.id);
      expect(Number(lr)).toBe(point['learning_rate']);
      expect(optimizer).toBe(point['optimizer']);
      // Where it does not apply, the script's own value stays.
      expect(Number(momentum)).toBe(point['momentum'] ?? 0.25);
      expect(nesterov).toBe(point['nesterov'] === true ? 'True' : 'False');
      expect(Number(width)).toBe(point['model.width']);
    }
    expect(shapes.size).toBe(3);

    const adam = state.trials.find(({ point, runs }) => point['optimizer'] === 'adam' && runs.length > 0)!;
    expect((await ansatz(folder, ['show', String(adam.id)])).out).toMatch(/settings .*momentum=- nesterov=-/);
    const sgd = state.trials.find(({ point, runs }) => point['optimizer'] === 'sgd' && runs.length > 0)!;
    expect((await ansatz(folder, ['show', String(sgd.id)])).out).toMatch(/momentum -→0/);
    for (const form of ['argv', 'env', 'yaml', 'json'])
      expect((await ansatz(folder, ['best', '--as', form])).code).toBe(0);
    expect((await ansatz(folder, ['report', '--md'])).code).toBe(0);
    expect((await ansatz(folder, ['report', '-o', 'report.html'])).code).toBe(0);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).not.toMatch(/>[^<]*\bundefined\b/);
    expect((await ansatz(folder, ['trials'])).out).not.toMatch(/undefined/);
    // A finished study is gone on with under the same question.
    expect((await ansatz(folder, ['run', '--plain', '--runs', '26', '--slots', '2', '--sampler', 'tpe'])).err).toBe('');
  });

  test('whose own script takes its values from trial alone is imported, and says what is missing', async () => {
    const folder = project({ 'train.py': TUNE });
    const { code, out } = await ansatz(folder, ['init', '--no-probe', '--metric', 'loss', '--space', 'train.py']);
    expect(code).toBe(0);
    expect(out).toContain('train.py:5: train.py has no setting called "learning_rate"');
    const text = readFileSync(join(folder, 'ansatz.yaml'), 'utf8');
    expect(text).toContain(
      '# learning_rate: { from: 1e-4, to: 1, scale: log, via: --learning_rate }  # train.py:5; train.py must take it first',
    );
    expect(config(folder).knobs).toEqual([]);
  });
});

test('a space of Ray Tune, nested, to the end of a study', { timeout: 60_000 }, async () => {
  const tune = `
from ray import tune
space = {
    "learning_rate": tune.loguniform(1e-4, 1),
    "optimizer": tune.grid_search(["adam", "sgd"]),
    "model": {"width": tune.qrandint(8, 32, 8)},
    "epochs": 3,
    "data_dir": "/data",
    "momentum": tune.sample_from(lambda spec: 0.9),
}
tune.Tuner(train, param_space=space, tune_config=tune.TuneConfig(metric="val_loss", mode="min"))
`;
  const folder = project({ 'train.py': TRAIN, 'search.py': tune });
  const { said, state } = await study(folder, ['train.py', '--space', 'search.py'], 12);
  expect(said).toContain('momentum was left out: search.py:9: is computed from other settings by sample_from');
  expect(said).not.toContain('data_dir');
  expect(config(folder).knobs.map((knob) => knob.name)).toEqual([
    'learning_rate',
    'optimizer',
    'model.width',
    'epochs',
  ]);
  for (const trial of state.trials.filter((one) => one.runs.length > 0)) {
    const [lr, optimizer, momentum, , width, epochs] = told(folder, state, trial.id);
    expect([Number(lr), optimizer, Number(width)]).toEqual(
      ['learning_rate', 'optimizer', 'model.width'].map((name) => trial.point[name]),
    );
    // A constant of the space is set in every run, the baseline too.
    expect([momentum, epochs]).toEqual(['0.25', '3']);
  }
});

test('a sweep of W&B names script, command, metric and goal', { timeout: 60_000 }, async () => {
  const sweep = `
program: train.py
command: ["\${env}", "\${interpreter}", "\${program}", "--epochs", "3", "\${args}"]
metric: { name: val_loss, goal: minimize }
parameters:
  learning-rate: { distribution: log_uniform_values, min: 1.0e-4, max: 1.0 }
  optimizer: { values: [adam, sgd] }
  model: { parameters: { width: { min: 8, max: 32 } } }
  nesterov: { values: [0, 1] }
  momentum: { value: 0.5 }
  seed: { values: [1, 2] }
`;
  const folder = project({ 'train.py': TRAIN, 'sweep.yaml': sweep });
  const { code, out } = await ansatz(folder, ['init', '--space', 'sweep.yaml']);
  expect(code).toBe(0);
  expect(out).toContain('metric   minimize val_loss\n');
  expect(out).toContain('sweep.yaml:11: seed is the seed; the lab sets it, so that repeats differ');
  expect(config(folder).command).toEqual(['python3', 'train.py', '--epochs', '3']);
  expect(config(folder).knobs).toMatchObject([
    { name: 'learning_rate', low: 1e-4, high: 1, scale: 'log', default: 1e-3 },
    { name: 'optimizer', choices: ['adam', 'sgd'] },
    { name: 'model.width', kind: 'int', low: 8, high: 32, default: 16 },
    { name: 'nesterov', choices: [false, true], via: { style: 'switch' } },
    { name: 'momentum', choices: [0.5], default: 0.5 },
  ]);
  const run = await ansatz(folder, ['run', '--plain', '--runs', '12', '--slots', '2', '--sampler', 'tpe']);
  expect([0, 4], run.err).toContain(run.code);
  const state = stateOf(folder, config(folder).name);
  for (const trial of state.trials.filter((one) => one.runs.length > 0)) {
    const [, , momentum, nesterov, width, epochs] = told(folder, state, trial.id);
    expect([momentum, nesterov, width, epochs]).toEqual([
      '0.5',
      trial.point['nesterov'] === true ? 'True' : 'False',
      String(trial.point['model.width']),
      '3',
    ]);
  }
});

test.each([
  ['missing.py', 'no-space', /missing\.py cannot be read \(ENOENT\)/],
  ['train.py', 'bad-space', /no search space was recognised in train\.py/],
  ['empty.yaml', 'bad-space', /"parameters" is not a block of names/],
  ['none.yaml', 'bad-space', /none\.yaml has no parameters to search over/],
])('%s is no space, and nothing is written', async (file, code, message) => {
  const folder = project({ 'train.py': TRAIN, 'empty.yaml': 'a: 1\n', 'none.yaml': 'parameters: {}\n' });
  const result = await ansatz(folder, ['init', 'train.py', '--space', file]);
  expect(result.code).toBe(2);
  expect(result.err).toContain(`error[${code}]`);
  expect(result.err).toMatch(message);
});
