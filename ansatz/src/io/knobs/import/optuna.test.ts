import fc from 'fast-check';
import { expect, test } from 'vitest';
import { active, defineSpace, randomPoint } from '../../../methods/space/index.ts';
import { rng } from '../../../methods/math/rng.ts';
import { importOptuna } from './optuna.ts';

function space(text: string) {
  const found = importOptuna(text, 'tune.py');
  // Whatever is imported is a space.
  defineSpace(found.params);
  return found;
}

const short = (text: string) =>
  space(text).params.map((param) => {
    const range =
      param.kind === 'choice'
        ? JSON.stringify(param.choices)
        : `${param.kind} ${param.low}..${param.high}${param.scale === 'log' ? ' log' : ''}${param.step === undefined ? '' : ` step ${param.step}`}`;
    return `${param.name} ${range}${param.when === undefined ? '' : ` when ${param.when}`}`;
  });

test('every way of suggesting is read, with log and step, by place or by name', () => {
  expect(
    short(`
LOW = 1e-5
def objective(trial):
    steps = 5
    trial.suggest_float("a", LOW, 1e-1, log=True)
    trial.suggest_float(name="b", low=-1., high=2 * 2)
    trial.suggest_float("c", 0.0, 1.0, step=0.25)
    trial.suggest_int("d", 1, 2**10, log=True)
    trial.suggest_int("e", 10, 50, steps)
    trial.suggest_int("e2", 1, 9, step=1, log=False)
    trial.suggest_categorical("f", ["x", 'y', 3, False])
    trial.suggest_categorical("g", choices=(16, 32))
    trial.suggest_uniform("h", 0., 1.)
    trial.suggest_loguniform("i", 1.e-3, 1)
    trial.suggest_discrete_uniform("j", 0, 1, 0.1)
    trial.suggest_float("one", 3, 3)
    self.trial.suggest_float(("k" "l"), 0, 1, step=None)
`),
  ).toEqual([
    'a float 0.00001..0.1 log',
    'b float -1..4',
    'c float 0..1 step 0.25',
    'd int 1..1024 log',
    'e int 10..50 step 5',
    'e2 int 1..9',
    'f ["x","y",3,false]',
    'g [16,32]',
    'h float 0..1',
    'i float 0.001..1 log',
    'j float 0..1 step 0.1',
    'one [3]',
    'kl float 0..1',
  ]);
});

test('branches on what was suggested become conditions, at any depth', () => {
  expect(
    short(`
def objective(trial):
    optimizer = trial.suggest_categorical("optimizer", ["adam", "sgd", "lion", "rmsprop"])
    if optimizer == "sgd":
        momentum = trial.suggest_float("momentum", 0, 0.99)
        if momentum > 0.5 and optimizer != "adam":
            nesterov = trial.suggest_categorical("nesterov", [True, False])
            if nesterov:
                trial.suggest_float("damp", 0, 1)
    elif optimizer in ("adam", "lion"):
        trial.suggest_float("beta1", 0.8, 0.99)
    else:
        trial.suggest_float("alpha", 0.9, 0.999)
    layers = trial.suggest_int("layers", 1, 3)
    width2 = trial.suggest_int("width2", 8, 64) if layers >= 2 else None
    if 2 < layers <= 3:
        trial.suggest_int("width3", 8, 64)
`),
  ).toEqual(
    [
      'optimizer ["adam","sgd","lion","rmsprop"]',
      "momentum float 0..0.99 when optimizer == 'sgd'",
      "nesterov [true,false] when optimizer == 'sgd' and (momentum > 0.5 and optimizer != 'adam')",
      "damp float 0..1 when optimizer == 'sgd' and (momentum > 0.5 and optimizer != 'adam') and nesterov",
      "beta1 float 0.8..0.99 when optimizer in ['adam', 'lion']",
      "alpha float 0.9..0.999 when optimizer == 'rmsprop'",
      'layers int 1..3',
      'width2 int 8..64 when layers >= 2',
      'width3 int 8..64 when 2 < layers and layers <= 3',
    ].map((line) => line.replace('2 < layers and layers <= 3', '2 < layers <= 3')),
  );
});

test('values put into dictionaries, attributes, := and helper functions are followed', () => {
  expect(
    short(`
def sgd(trial):
    return {"momentum": trial.suggest_float("momentum", 0, 1)}

def wide(trial, params):
    if params["kind"] == "wide":
        return trial.suggest_int("width", 1, 9)

def objective(trial):
    params = {
        "kind": trial.suggest_categorical("kind", ["wide", "deep"]),
        "opt": trial.suggest_categorical("opt", ["sgd", "adam"]),
    }
    if params['opt'] == 'sgd':
        params.update(sgd(trial))
    wide(trial, params)
    if (depth := trial.suggest_int("depth", 1, 5)) > 3:
        trial.suggest_float("skip", 0, 1)
    cfg.norm = trial.suggest_categorical("norm", ["batch", "none"])
    if cfg.norm == "none":
        return 0.0
    trial.suggest_float("norm_eps", 1e-8, 1e-3, log=True)
    if trial.params["kind"] == "deep" or depth == 5:
        trial.suggest_int("blocks", 1, 4)
    match params["opt"]:
        case "adam":
            trial.suggest_float("beta", 0, 1)
        case _:
            trial.suggest_float("dampening", 0, 1)
    trial.suggest_categorical("act", ["gelu", "relu"]) == "relu" and trial.suggest_float("slope", 0, 1)
`),
  ).toEqual([
    "momentum float 0..1 when opt == 'sgd'",
    "width int 1..9 when kind == 'wide'",
    'kind ["wide","deep"]',
    'opt ["sgd","adam"]',
    'depth int 1..5',
    'skip float 0..1 when depth > 3',
    'norm ["batch","none"]',
    "norm_eps float 1e-8..0.001 log when norm == 'batch'",
    "blocks int 1..4 when norm == 'batch' and (kind == 'deep' or depth == 5)",
    "beta float 0..1 when norm == 'batch' and opt == 'adam'",
    "dampening float 0..1 when norm == 'batch' and opt == 'sgd'",
    'act ["gelu","relu"] when norm == \'batch\'',
    "slope float 0..1 when norm == 'batch' and act == 'relu'",
  ]);
});

test('a name suggested in several branches applies in all of them', () => {
  const found = space(`
def objective(trial):
    opt = trial.suggest_categorical("opt", ["sgd", "adam", "none"])
    if opt == "sgd":
        lr = trial.suggest_float("lr", 0.1, 1)
        wd = trial.suggest_float("wd", 0, 1)
    elif opt == "adam":
        lr = trial.suggest_float("lr", 0.01, 0.5)
        wd = trial.suggest_float("wd", 0, 1)
    else:
        wd = trial.suggest_float("wd", 0, 1)
`);
  expect(found.params).toMatchObject([
    { name: 'opt' },
    { name: 'lr', low: 0.01, high: 1, when: "opt in ['sgd', 'adam']", line: 5 },
    { name: 'wd', low: 0, high: 1 },
  ]);
  expect(found.params[2]).not.toHaveProperty('when');
  expect(found.warnings).toEqual([
    'lr has different ranges in lines 5 and 8 of tune.py; one that holds them all is taken',
  ]);
});

test('what only a run can know is reported with its line, and never guessed', () => {
  const found = space(`
def objective(trial):
    n = trial.suggest_int("n", 1, 4)
    for i in range(n):
        trial.suggest_int(f"units_{i}", 4, 128)
    trial.suggest_float(prefix + "lr", 0, 1)
    trial.suggest_float("wd", 0, args.most)
    trial.suggest_categorical("arch", list(MODELS))
    trial.suggest_categorical("shape", [(1, 2), (3, 4)])
    trial.suggest_categorical("clip", [None, 1.0, 5.0])
    trial.suggest_float("up", 1, 0)
    trial.suggest_float("zero", 0, 1, log=True)
    trial.suggest_int(**options)
    if args.big:
        trial.suggest_int("extra", 1, 2)
    opt = trial.suggest_categorical("opt", ["a", "b"])
    if opt == "c":
        trial.suggest_int("never", 1, 2)
    if opt.startswith("a"):
        trial.suggest_int("partly", 1, 2)
    if "a" in opt:
        trial.suggest_int("part", 1, 2)
    low = trial.suggest_categorical("case", ["A", "B"]).lower()
    if low == "A" or trial.suggest_categorical("case2", ["A"]).lower() == "A":
        trial.suggest_int("cased", 1, 2)
    opt = build(opt)
    if opt == "a":
        trial.suggest_int("other", 1, 2)
`);
  expect(found.skipped.map(({ name, why, line }) => `${line} ${name} ${why}`)).toEqual([
    '5 f"units_{i}" its name is computed when the script runs',
    '6 prefix + "lr" its name is computed when the script runs',
    '7 wd its range is computed when the script runs',
    '8 arch its choices are computed when the script runs',
    '9 shape has choices that are not single values',
    '11 up its range is upside down: 1 to 0',
    '12 zero a log scale cannot begin at 0',
    '13 suggest_int its name is computed when the script runs',
    '18 never the branch it stands in is never reached',
  ]);
  expect(found.params.map((param) => [param.name, param.when])).toEqual(
    ['n', 'clip', 'extra', 'opt', 'partly', 'part', 'case', 'case2', 'cased', 'other'].map((name) => [name, undefined]),
  );
  expect(found.warnings).toEqual([
    'tune.py:10: clip may be None, which cannot be given to a script; that choice is left out',
    'tune.py:14: whether extra applies depends on "args.big", which is not about the space; it is taken to apply',
    `tune.py:19: whether partly applies depends on "opt.startswith("a")", which is not about the space; it is taken to apply`,
    `tune.py:21: whether part applies depends on ""a" in opt", which is not about the space; it is taken to apply`,
    'tune.py:24: whether case2 applies depends on "low == "A"", which is not about the space; it is taken to apply',
    `tune.py:24: whether cased applies depends on "low == "A" or trial.suggest_categorical("case2", ["A"]).lowe", which is not about the space; it is taken to apply`,
    'tune.py:27: whether other applies depends on "opt == "a"", which is not about the space; it is taken to apply',
  ]);
});

test('a way to suggest that there is not is told', () => {
  const found = space(`def objective(trial):
    lr = trial.suggest_flaot('lr', 1e-5, 1e-1, log=True)
    mine = self.suggest_all(trial)
    return trial.suggest_int('n', 1, 3)
`);
  expect(found.skipped).toEqual([
    { name: 'lr', why: 'suggest_flaot is not known here; closest: suggest_float', line: 2 },
  ]);
  expect(found.params.map((param) => param.name)).toEqual(['n']);
});

test('the direction is that of create_study', () => {
  const of = (call: string) => space(`study = ${call}\ntrial.suggest_float("x", 0, 1)`).metric?.direction;
  expect(of('optuna.create_study(direction="maximize")')).toBe('maximize');
  expect(of('create_study(direction=StudyDirection.MINIMIZE)')).toBe('minimize');
  expect(of('optuna.create_study()')).toBe('minimize');
  expect(of('optuna.create_study(directions=["minimize", "maximize"])')).toBeUndefined();
  expect(of('other()')).toBeUndefined();
});

/** A random objective: what it suggests, and which statements lead there. */
type Statement =
  | { readonly kind: 'suggest'; readonly name: string }
  | { readonly kind: 'return' }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly test?: Test; readonly body: readonly Statement[] }[];
    };
type Test =
  | {
      readonly kind: 'is';
      readonly name: string;
      readonly values: readonly string[];
      readonly not: boolean;
      readonly spelled: number;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Test; readonly right: Test };

const CHOICES = ['a', 'b', 'c'];

function program(seed: number): Statement[] {
  const random = rng(seed);
  let names = 0;
  const test = (known: readonly string[], depth: number): Test => {
    if (depth > 0 && random.uniform() < 0.3)
      return {
        kind: random.uniform() < 0.5 ? 'and' : 'or',
        left: test(known, depth - 1),
        right: test(known, depth - 1),
      };
    const values = CHOICES.filter(() => random.uniform() < 0.4);
    return {
      kind: 'is',
      name: known[random.int(known.length)]!,
      values: values.length > 0 ? values : ['a'],
      not: random.uniform() < 0.3,
      spelled: random.int(3),
    };
  };
  const block = (known: string[], depth: number): Statement[] => {
    const body: Statement[] = [];
    const mine = [...known];
    const count = 1 + random.int(4);
    for (let i = 0; i < count; i++) {
      if (mine.length === 0 || depth === 0 || random.uniform() < 0.5) {
        const name = `p${names++}`;
        body.push({ kind: 'suggest', name });
        mine.push(name);
        continue;
      }
      const branches: { test?: Test; body: readonly Statement[] }[] = [];
      for (let j = 0; j <= random.int(3); j++) branches.push({ test: test(mine, 2), body: block(mine, depth - 1) });
      if (random.uniform() < 0.5) branches.push({ body: block(mine, depth - 1) });
      body.push({ kind: 'if', branches });
    }
    return depth < 3 && random.uniform() < 0.25 ? [...body, { kind: 'return' }] : body;
  };
  return block([], 3);
}

function python(body: readonly Statement[], indent = '    '): string {
  const test = (one: Test): string => {
    if (one.kind !== 'is') return `(${test(one.left)}) ${one.kind} (${test(one.right)})`;
    const list = one.values.map((value) => `"${value}"`).join(', ');
    const is = one.values.length > 1 ? `${one.name} in [${list}]` : `${one.name} == ${list}`;
    if (!one.not) return one.spelled === 0 ? `(${is})` : is;
    return one.spelled === 0
      ? `not ${is}`
      : one.spelled === 1
        ? `not (${is})`
        : one.values.length > 1
          ? `${one.name} not in (${list})`
          : `${one.name} != ${list}`;
  };
  return body
    .map((statement) => {
      if (statement.kind === 'suggest')
        return `${indent}${statement.name} = trial.suggest_categorical("${statement.name}", ["a", "b", "c"])\n`;
      if (statement.kind === 'return') return `${indent}return 0.0\n`;
      return statement.branches
        .map((branch, i) => {
          const word = branch.test === undefined ? 'else' : `${i === 0 ? 'if' : 'elif'} ${test(branch.test)}`;
          return `${indent}${word}:\n${python(branch.body, `${indent}    `)}`;
        })
        .join('');
    })
    .join('');
}

/** What the objective suggests when each name gets the value that `pick` gives; true when it returned. */
function run(body: readonly Statement[], pick: (name: string) => string, point: Record<string, string>): boolean {
  const holds = (test: Test): boolean => {
    if (test.kind === 'is') return test.values.includes(point[test.name]!) !== test.not;
    return test.kind === 'and' ? holds(test.left) && holds(test.right) : holds(test.left) || holds(test.right);
  };
  for (const statement of body) {
    if (statement.kind === 'return') return true;
    if (statement.kind === 'suggest') {
      point[statement.name] = pick(statement.name);
      continue;
    }
    const taken = statement.branches.find((branch) => branch.test === undefined || holds(branch.test));
    if (taken !== undefined && run(taken.body, pick, point)) return true;
  }
  return false;
}

test('the space of any objective has exactly what the objective would suggest', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const body = program(seed);
      const text = `def objective(trial):\n${python(body)}`;
      const { params } = defineSpace(space(text).params);
      for (let i = 0; i < 8; i++) {
        const pick = (name: string) => CHOICES[rng(seed, i, Number(name.slice(1))).int(3)]!;
        const suggested: Record<string, string> = {};
        run(body, pick, suggested);
        const point: Record<string, string> = {};
        for (const param of params) if (active(param, point)) point[param.name] = pick(param.name);
        expect(Object.keys(point).toSorted(), text).toEqual(Object.keys(suggested).toSorted());
      }
    }),
    { numRuns: 60 },
  );
});

test('text that is hardly Python gives what is there, and never fails', () => {
  const text = `
def objective(trial):
    opt = trial.suggest_categorical("opt", ["a", "b"])
    if opt == "a":
        x = trial.suggest_float("x", 0, 1)
    elif (y := trial.suggest_int("y", 1, 3)) > 2: trial.suggest_float("z", 1e-3, 1, log=True)
    else: return helper(trial)
`;
  for (let cut = 0; cut <= text.length; cut++) {
    for (const piece of [text.slice(0, cut), text.slice(cut), text.slice(0, cut) + text.slice(cut + 7)]) {
      const found = importOptuna(piece, 'x.py');
      randomPoint(defineSpace(found.params), rng(1));
    }
  }
});

test('recursion and a thousand branches are borne', () => {
  const branches = Array.from(
    { length: 300 },
    (_, i) => `    ${i === 0 ? 'if' : 'elif'} k == ${i}:\n        trial.suggest_float("p${i}", 0, 1)`,
  );
  const found = space(`def f(trial):\n    f(trial)\n    k = trial.suggest_int("k", 0, 400)\n${branches.join('\n')}\n`);
  expect(found.params).toHaveLength(301);
});
