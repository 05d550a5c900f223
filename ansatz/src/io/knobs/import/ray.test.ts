import { expect, test } from 'vitest';
import { defineSpace } from '../../../methods/space/index.ts';
import { importRay, isRay } from './ray.ts';

function space(text: string) {
  const found = importRay(text, 'tune.py');
  defineSpace(found.params);
  return found;
}

const short = (text: string) =>
  space(text).params.map((param) => {
    const range =
      param.kind === 'choice'
        ? JSON.stringify(param.choices)
        : `${param.kind} ${param.low}..${param.high}${param.scale === 'log' ? ' log' : ''}${param.step === undefined ? '' : ` step ${param.step}`}`;
    return `${param.name} ${range}${param.aside === true ? ' aside' : ''}`;
  });

test('every distribution with a range or a list is read, nested ones under dotted names', () => {
  const found = `
from ray import tune
from ray.tune import TuneConfig

LOW = 1e-4
tuner = tune.Tuner(
    train,
    tune_config=TuneConfig(metric="val_loss", mode="min", num_samples=50),
    param_space={
        "a": tune.uniform(-1, 1),
        "b": tune.loguniform(LOW, 1e-1),
        "c": tune.quniform(0.2, 1.0, 0.2),
        "d": tune.qloguniform(0.1, 10, 0.1),
        "e": tune.randint(0, 10),
        "f": tune.qrandint(8, 64, q=8),
        "g": tune.lograndint(1, 1001),
        "g2": tune.qlograndint(2, 1000, 2),
        "h": tune.choice(["x", "y", 3]),
        "i": tune.grid_search([True, False]),
        "model": {"width": tune.randint(lower=16, upper=65), "head": dict(drop=tune.uniform(0, 0.5))},
        "epochs": 10,
        "one": tune.choice([4]),
    },
)`;
  expect(short(found)).toEqual([
    'a float -1..1',
    'b float 0.0001..0.1 log',
    'c float 0.2..1 step 0.2',
    'd float 0.1..10 log step 0.1',
    'e int 0..9',
    'f int 8..64 step 8',
    'g int 1..1000 log',
    'g2 int 2..1000 log step 2',
    'h ["x","y",3]',
    'i [true,false]',
    'model.width int 16..64',
    'model.head.drop float 0..0.5',
    'epochs [10] aside',
    'one [4]',
  ]);
  expect(space(found).metric).toEqual({ name: 'val_loss', direction: 'minimize' });
});

test('a space in a variable, by other import names, or put in later is found', () => {
  expect(
    short(`
import ray.tune as rt
from ray.tune import choice as pick, uniform
space = {"lr": rt.loguniform(1e-5, 1e-1), "act": pick(["relu", "gelu"])}
space["drop"] = uniform(0, 0.5)
space["opt"]["beta"] = rt.uniform(0.8, 0.99)
other = {"unrelated": 3, "uniform": np.random.uniform(0, 1)}
analysis = rt.run(train, config={"train_loop_config": space})
`),
  ).toEqual(['lr float 0.00001..0.1 log', 'act ["relu","gelu"]', 'drop float 0..0.5', 'opt.beta float 0.8..0.99']);
});

test('what has no range, or is computed, is skipped with its line', () => {
  const found = space(`from ray import tune
space = {
    "a": tune.sample_from(lambda spec: spec.config.b * 2),
    "b": tune.randn(0, 1),
    "c": tune.uniform(0, args.high),
    "d": tune.choice(list(MODELS)),
    "e": tune.choice([{"x": 1}, {"x": 2}]),
    "f": tune.choice([None, 1, 2]),
    "g": tune.randint(5, 5),
    "h": tune.randint(5, 6),
    "": tune.choice([1, 2]),
    "i": tune.unifrom(0, 1),
}`);
  expect(found.skipped.map(({ name, why, line }) => `${line} ${name} ${why}`)).toEqual([
    '3 a is computed from other settings by sample_from',
    '4 b is normally distributed and has no range',
    '5 c its range is computed when the script runs',
    '6 d its choices are computed when the script runs',
    '7 e has choices that are not single values',
    '9 g its range is upside down: 5 to 4',
    '11  has no name',
    '12 i tune.unifrom is not known here; closest: tune.uniform',
  ]);
  expect(found.params.map((param) => param.name)).toEqual(['f', 'h']);
  expect(found.warnings).toEqual([
    'tune.py:8: f may be None, which cannot be given to a script; that choice is left out',
  ]);
  expect(isRay('from ray import tune\ntune.uniform(0, 1)')).toBe(true);
  expect(isRay('random.uniform(0, 1)')).toBe(false);
});

test('text that is hardly Python gives what is there, and never fails', () => {
  const text =
    'from ray import tune\ns = {"a": tune.uniform(0, 1), "b": {"c": tune.choice([1, 2])}}\ntune.run(f, config=s)\n';
  for (let cut = 0; cut <= text.length; cut++) {
    space(text.slice(0, cut));
    space(text.slice(cut));
    space(text.slice(0, cut) + text.slice(cut + 5));
  }
});
