import { describe, expect, test } from 'vitest';
import { UserError } from '../../study/error.ts';
import { parseConfig, readConfig, type Overrides } from './read.ts';

const around = { now: Date.UTC(2026, 10, 22), machine: { cpus: 8, gpus: ['0', '1', '2', '3'] } };
const short = 'command: python train.py\nmetric: val_loss\nbudget: { runs: 40 }\n';

function parse(text: string, overrides: Overrides = {}) {
  return parseConfig(text, '/lab/nano/ansatz.yaml', around, overrides);
}

function mistake(text: string, overrides: Overrides = {}): UserError {
  try {
    parse(text, overrides);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

describe('a file', () => {
  test('says when a knob matters, what is guessed and what stays', () => {
    const { knobs } = parse(`${short}knobs:
  optimizer: { choices: [adam, sgd], guess: sgd }
  momentum: { from: 0, to: 1, when: "optimizer == 'sgd'", prior: { value: 0.9, width: 0.05, strength: 20 } }
  heads: { fixed: 4, via: env HEADS }
`);
    expect(knobs).toMatchObject([
      { name: 'optimizer', prior: { value: 'sgd' } },
      { name: 'momentum', when: "optimizer == 'sgd'", prior: { value: 0.9, width: 0.05, strength: 20 } },
      { name: 'heads', kind: 'choice', choices: [4], default: 4, via: { by: 'env', variable: 'HEADS' } },
    ]);
    expect(JSON.parse(JSON.stringify(knobs))).toEqual(knobs);
  });

  test('of three lines is a study with every default filled in', () => {
    expect(parse(short)).toEqual({
      name: 'nano',
      command: ['python', 'train.py'],
      folder: '/lab/nano',
      objective: { metric: 'val_loss', direction: 'minimize', value: 'last' },
      knobs: [],
      constraints: [],
      budget: { runs: 40 },
      price: 0,
      slots: ['0', '1', '2', '3'].map((gpu) => ({ cpus: [], gpus: [gpu], threads: 2 })),
      run: { graceSeconds: 10, env: {}, workspace: 'copy' },
      repeats: { baseline: 3, baselineMost: 8, most: 10 },
      reserve: 0.05,
      minEffect: 0,
      sampler: 'auto',
      pruner: 'auto',
      pause: 'auto',
      capture: { files: [] },
      seedNumber: 1,
    });
  });

  test('with every key is read in full', () => {
    const config = parse(`
name: my-study
command: python train.py --data 'my data.txt'
metric: { name: score_x, direction: maximize, value: best, min-effect: 0.001 }
budget: { runs: 40, wall: 2h, device: 1h30m, money: 20 }
deadline: +8h
price: 2.5
slots: { count: 2, threads: 1, gpus: 1 }
run: { limit: 10m, grace: 5s, workspace: inplace, env: { A: 1, B: text } }
knobs:
  lr: { from: 1e-4, to: 0.1, scale: log, default: 3e-4, via: --lr }
  layers: { from: 1, to: 8, type: int, default: 4, via: const train.py N_LAYER }
  act: { choices: [relu, tanh], default: relu, via: env ACT }
  amp: { choices: [false, true], via: switch --amp/--no-amp }
seed: { via: --seed= }
constraints: ["layers * lr < 1"]
repeats: { baseline: 4 }
sampler: tpe
pruner: none
pause: never
capture: { files: [{ path: logs/metrics.csv }, out.jsonl], pattern: '(?<key>\\w+)=(?<value>\\S+)' }
random-seed: 7
`);
    expect(config.command).toEqual(['python', 'train.py', '--data', 'my data.txt']);
    expect(config.objective).toEqual({ metric: 'score_x', direction: 'maximize', value: 'best' });
    expect(config.minEffect).toBe(0.001);
    expect(config.budget).toEqual({ runs: 40, wallSeconds: 7200, deviceSeconds: 5400, money: 20 });
    expect(config.deadline).toBe(around.now + 8 * 3_600_000);
    expect(config.slots).toEqual([
      { cpus: [], gpus: ['0'], threads: 1 },
      { cpus: [], gpus: ['1'], threads: 1 },
    ]);
    expect(config.run).toEqual({
      limitSeconds: 600,
      graceSeconds: 5,
      workspace: 'inplace',
      env: { A: '1', B: 'text' },
    });
    expect(config.knobs).toEqual([
      {
        name: 'lr',
        kind: 'float',
        low: 1e-4,
        high: 0.1,
        scale: 'log',
        default: 3e-4,
        via: { by: 'flag', flag: '--lr', style: 'space' },
      },
      {
        name: 'layers',
        kind: 'int',
        low: 1,
        high: 8,
        scale: 'linear',
        default: 4,
        via: { by: 'constant', file: 'train.py', name: 'N_LAYER' },
      },
      { name: 'act', kind: 'choice', choices: ['relu', 'tanh'], default: 'relu', via: { by: 'env', variable: 'ACT' } },
      {
        name: 'amp',
        kind: 'choice',
        choices: [false, true],
        via: { by: 'flag', flag: '--amp', style: 'switch', off: '--no-amp' },
      },
    ]);
    expect(config.seed).toEqual({ by: 'flag', flag: '--seed', style: 'equals' });
    expect(config.repeats).toEqual({ baseline: 4, baselineMost: 4, most: 10 });
    expect(config.capture.files).toEqual([
      { path: 'logs/metrics.csv', format: 'csv' },
      { path: 'out.jsonl', format: 'jsonl' },
    ]);
    expect(config.seedNumber).toBe(7);
  });

  test('may name what stands in for the result while a run trains', () => {
    expect(parse(`${short}curve: val_acc\n`).curve).toEqual({ metric: 'val_acc', direction: 'maximize' });
    const said = parse(`${short}curve: { name: elbo2, direction: maximize }\n`);
    expect(said.curve).toEqual({ metric: 'elbo2', direction: 'maximize' });
    expect(() => parse(`${short}curve: xyz\n`)).toThrow(/is a lower or a higher "xyz" better/);
  });

  test('says what is guarded, reserved, bet on, promised and due', () => {
    const config = parse(`
command: python train.py
metric: { name: acc, examples: 10000 }
budget: { runs: 40, money: 20 }
price: { a100: 1.8, h100: 2.9 }
slots: [{ count: 1, gpus: [0], device: a100 }, { count: 1, gpus: [2], device: h100 }]
guards: { memory: { up: 5% }, f1: { down: 0.01 } }
reserve: 10%
knobs: { lr: { from: 0, to: 1 }, layers: { from: 1, to: 8, type: int } }
bets:
  optimizer: { knobs: [lr], share: 10%..60%, budget: { device: 2h } }
  shape: { knobs: [layers], share: ..50% }
allocator: cvr
people: { ana: { money: 5 }, ben: { runs: 10 } }
milestones: [{ name: big run, at: +4h, frozen: true, left: 20% }]
`);
    expect(config.objective.examples).toBe(10_000);
    expect(config.price).toBe(2.9);
    expect(config.slots.map(({ device, price, gpus }) => [device, price, gpus])).toEqual([
      ['a100', 1.8, ['0']],
      ['h100', 2.9, ['2']],
    ]);
    expect(config.guards).toEqual([
      { metric: 'memory', way: 'up', amount: 0.05, relative: true },
      { metric: 'f1', way: 'down', amount: 0.01, relative: false },
    ]);
    expect(config.reserve).toBe(0.1);
    expect(config.bets).toEqual([
      { name: 'optimizer', knobs: ['lr'], floor: 0.1, cap: 0.6, budget: { deviceSeconds: 7200 } },
      { name: 'shape', knobs: ['layers'], cap: 0.5 },
    ]);
    expect(config.allocator).toBe('cvr');
    expect(config.people).toEqual({ ana: { money: 5 }, ben: { runs: 10 } });
    expect(config.milestones).toEqual([{ name: 'big run', at: around.now + 4 * 3_600_000, frozen: true, left: 0.2 }]);
  });

  test('may say what makes runs bigger: that is searched by nobody, and goes to the script with every run', () => {
    const config = parse(`${short}knobs: { lr: { from: 0, to: 1 }, steps: { from: 1, to: 9, via: env STEPS } }
fidelity: { knob: steps, levels: [400, 100, 200], target: 5000, along: { warmup: [40, 10, 20] }, share: 10%..30% }
`);
    expect(config.knobs.map(({ name }) => name)).toEqual(['lr']);
    expect(config.fidelity).toEqual({
      knob: 'steps',
      via: { by: 'env', variable: 'STEPS' },
      levels: [100, 200, 400],
      base: 200,
      target: 5000,
      along: [{ name: 'warmup', via: { by: 'flag', flag: '--warmup', style: 'space' }, values: [10, 20, 40] }],
      floor: 0.1,
      cap: 0.3,
    });
  });

  test.each([
    ['guards: { memory: 5% }', 'wrong-type'],
    ['guards: { memory: { up: 5%, down: 5% } }', 'bad-guard'],
    ['guards: { memory: { up: little } }', 'bad-guard'],
    ['reserve: 150%', 'bad-share'],
    ['bets: { a: { knobs: [lrr] } }', 'bad-bet'],
    ['bets: { a: { share: 70% }, b: { share: 60% } }', 'bad-share'],
    ['bets: { a: { share: 60%..40% } }', 'bad-share'],
    ['price: { a100: 1 }', 'no-device'],
    ['price: { a100: 1 }\nslots: { device: a10 }', 'no-device'],
    ['people: [ana]', 'wrong-type'],
    ['fidelity: { knob: steps, levels: [1, 2], target: 10 }', 'bad-fidelity'],
    ['fidelity: { knob: steps, levels: [1, 2, 2], target: 10 }', 'bad-fidelity'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 4 }', 'bad-fidelity'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], base: 3, target: 10 }', 'bad-fidelity'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 10, along: { warmup: [1, 2] } }', 'bad-fidelity'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 10, along: { warmup: 3 } }', 'wrong-type'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 10, share: much }', 'bad-share'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 10, via: switch --steps }', 'bad-fidelity'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 10, via: --lr }', 'via-twice'],
    ['fidelity: { knob: steps, levels: [1, 2, 4], target: 10 }\nbets: { scale: {} }', 'bad-bet'],
  ])('that says %s is told what is wrong', (line, code) => {
    expect(() => parse(`${short}knobs: { lr: { from: 0, to: 1 } }\n${line}\n`)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  test('may name knobs and variables like parts of every JavaScript object', () => {
    const config = parse(`${short}knobs:
  __proto__: { from: 0, to: 1, via: --proto }
  constructor: { from: 0, to: 1 }
  toString: { choices: [a, b] }
run: { env: { __proto__: polluted, constructor: 1 } }
`);
    expect(config.knobs.map((knob) => knob.name)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.entries(config.run.env)).toEqual([
      ['__proto__', 'polluted'],
      ['constructor', '1'],
    ]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('that is not there says how to make one', () => {
    expect(() => readConfig('/nowhere/ansatz.yaml', around)).toThrow('/nowhere/ansatz.yaml cannot be read (ENOENT)');
  });
});

describe('settings of the command line', () => {
  test('replace those of the file', () => {
    const config = parse(`${short}slots: { count: 1, threads: 2 }\n`, {
      runs: '7',
      wall: '10m',
      device: 60,
      deadline: '+1h',
      slots: 3,
      seed: '9',
      name: 'other',
      sampler: 'sobol',
      pruner: 'asha',
    });
    expect(config.budget).toEqual({ runs: 7, wallSeconds: 600, deviceSeconds: 60 });
    expect(config.slots.map((slot) => slot.threads)).toEqual([2, 2, 2]);
    expect([config.name, config.seedNumber, config.sampler, config.pruner]).toEqual(['other', 9, 'sobol', 'asha']);
  });

  test('are named in their mistakes', () => {
    expect(mistake(short, { runs: -1 })).toMatchObject({ code: 'wrong-type', where: '--runs' });
    expect(mistake(short, { sampler: 'tpee' })).toMatchObject({ where: '--sampler' });
    expect(mistake(short, { wall: 'soon' })).toMatchObject({ code: 'bad-duration', where: '--wall' });
  });
});

describe('a mistake is told with its line and its cure', () => {
  const at = (line: number) => `/lab/nano/ansatz.yaml:${line}`;
  const knob = (text: string) => `${short}knobs:\n  lr: ${text}\n`;
  test.each([
    ['a mistyped key', `${short}knbos: {}\n`, 'unknown-key', 4, 'unknown key "knbos"; closest: "knobs"'],
    [
      'a mistyped key inside',
      'command: a\nmetric: loss\nbudget:\n  rusn: 4\n',
      'unknown-key',
      4,
      'unknown key "rusn" in budget; closest: "runs"',
    ],
    [
      'a mistyped key of a union',
      `${short}slots:\n  cuont: 2\n`,
      'unknown-key',
      5,
      'unknown key "cuont" in slots; closest: "count"',
    ],
    [
      'a mistyped key of a metric',
      'command: a\nmetric:\n  name: loss\n  dirction: minimize\n',
      'unknown-key',
      4,
      'unknown key "dirction" in metric; closest: "direction"',
    ],
    [
      'a mistyped key of a knob',
      knob('{ form: 1, to: 2 }'),
      'unknown-key',
      5,
      'unknown key "form" in knobs.lr; closest: "from"',
    ],
    [
      'a mistyped key in a list',
      `${short}capture:\n  files:\n    - path: a.csv\n      fromat: csv\n`,
      'unknown-key',
      7,
      'unknown key "fromat" in capture.files.0; closest: "format"',
    ],
    [
      'a mistyped required key',
      'comand: a\nmetric: loss\n',
      'unknown-key',
      1,
      'unknown key "comand"; closest: "command"',
    ],
    ['no command', 'metric: loss\nbudget: { runs: 1 }\n', 'missing-key', 0, '"command" is missing'],
    ['no metric', 'command: a\nbudget: { runs: 1 }\n', 'missing-key', 0, '"metric" is missing'],
    ['no budget', 'command: a\nmetric: loss\n', 'no-budget', 0, 'nothing says how much may be spent'],
    ['an empty budget', 'command: a\nmetric: loss\nbudget: {}\n', 'no-budget', 3, 'nothing says how much may be spent'],
    [
      'money without a price',
      'command: a\nmetric: loss\nbudget: { money: 3 }\n',
      'no-price',
      3,
      'a budget of money needs a price',
    ],
    [
      'a budget of nothing',
      'command: a\nmetric: loss\nbudget: { runs: 0 }\n',
      'wrong-type',
      3,
      'budget.runs: expected a number above 0, not 0',
    ],
    [
      'a negative budget',
      'command: a\nmetric: loss\nbudget:\n  money: -2\n',
      'wrong-type',
      4,
      'budget.money: expected a number above 0, not -2',
    ],
    [
      'a budget of no time',
      'command: a\nmetric: loss\nbudget: { wall: 0s }\n',
      'bad-duration',
      3,
      '"0s" leaves no time at all',
    ],
    [
      'a length without a unit we know',
      'command: a\nmetric: loss\nbudget: { wall: 3y }\n',
      'bad-duration',
      3,
      '"3y" is not a length of time',
    ],
    [
      'text for a number',
      'command: a\nmetric: loss\nbudget: { runs: many }\n',
      'wrong-type',
      3,
      'budget.runs: expected a number, not many',
    ],
    [
      'a list for a text',
      'command: a\nmetric: [loss]\n',
      'wrong-type',
      2,
      'metric: expected text or a block of keys, not a list',
    ],
    [
      'a mistyped choice',
      `${short}sampler: spe\n`,
      'wrong-type',
      4,
      'sampler: expected auto or random or sobol or tpe or gp or cmaes, not spe; closest: "tpe"',
    ],
    ['a key written twice', `${short}metric: acc\n`, 'duplicate-key', 4, 'the key "metric" is written twice'],
    [
      'a knob written twice',
      `${short}knobs:\n  lr: { from: 1, to: 2 }\n  lr: { from: 1, to: 2 }\n`,
      'duplicate-key',
      6,
      'the key "lr" is written twice',
    ],
    ['a file that is a list', '- a\n- b\n', 'empty-config', 1, 'the file is not a block of keys'],
    ['an empty file', '# nothing\n', 'empty-config', 1, 'the file is empty'],
    [
      'a metric whose name does not tell',
      'command: a\nmetric: x\nbudget: { runs: 1 }\n',
      'no-direction',
      2,
      'is a lower or a higher "x" better?',
    ],
    ['a range upside down', knob('{ from: 2, to: 1 }'), 'bad-knob', 5, 'knob "lr": from (2) is not below to (1)'],
    ['a range of one point', knob('{ from: 2, to: 2 }'), 'bad-knob', 5, 'knob "lr": from (2) is not below to (2)'],
    [
      'a log scale from nothing',
      knob('{ from: 0, to: 1, scale: log }'),
      'bad-knob',
      5,
      'knob "lr": a log scale cannot begin at 0',
    ],
    ['half a range', knob('{ from: 0 }'), 'bad-knob', 5, 'knob "lr": "to" is missing'],
    [
      'an int that is not whole',
      knob('{ from: 0.5, to: 2, int: true }'),
      'bad-knob',
      5,
      'knob "lr": an int cannot have from: 0.5',
    ],
    [
      'a range and choices',
      knob('{ from: 1, to: 2, choices: [1, 2] }'),
      'bad-knob',
      5,
      'knob "lr": "from" does not go with choices',
    ],
    ['a fixed range', knob('{ fixed: 1, from: 0 }'), 'bad-knob', 5, 'knob "lr": "from" does not go with fixed'],
    [
      'a condition on a stranger',
      knob('{ from: 1, to: 2, when: "optimiser == 1" }\n  optimizer: { choices: [1, 2] }'),
      'bad-knob',
      5,
      'knob "lr": no knob is called "optimiser"; closest: "optimizer"',
    ],
    [
      'a condition that is no expression',
      knob('{ from: 1, to: 2, when: "lr >" }'),
      'bad-knob',
      5,
      'knob "lr": "lr >" is no expression: ends too early (character 5)',
    ],
    [
      'a guess outside',
      knob('{ from: 1, to: 2, guess: 3 }'),
      'bad-knob',
      5,
      'knob "lr": the guess 3 is outside 1 to 2',
    ],
    [
      'a guess that is no choice',
      knob('{ choices: [relu, tanh], guess: tanhh }'),
      'bad-knob',
      5,
      'knob "lr": prior "tanhh" is not among the choices of "lr"; closest: tanh',
    ],
    [
      'two guesses',
      knob('{ from: 1, to: 2, guess: 1, prior: { value: 1 } }'),
      'bad-knob',
      5,
      'knob "lr": both guess and prior',
    ],
    [
      'an unknown part of a prior',
      knob('{ from: 1, to: 2, prior: { value: 1, wide: 2 } }'),
      'unknown-key',
      5,
      'unknown key "wide" in knobs.lr.prior; closest: "width"',
    ],
    ['one choice', knob('{ choices: [1] }'), 'bad-knob', 5, 'knob "lr": needs at least two choices'],
    ['a choice listed twice', knob('{ choices: [1, 1] }'), 'bad-knob', 5, 'knob "lr": the choice 1 is listed twice'],
    [
      'a default that is no choice',
      knob('{ choices: [relu, tanh], default: rlu }'),
      'bad-knob',
      5,
      'knob "lr": the default rlu is not a choice; closest: "relu"',
    ],
    [
      'a default that is no number',
      knob('{ from: 1, to: 2, default: fast }'),
      'bad-knob',
      5,
      'knob "lr": the default fast is not a number',
    ],
    [
      'a switch that should carry a number',
      knob('{ from: 1, to: 2, via: switch --lr }'),
      'bad-knob',
      5,
      'knob "lr": a switch carries no number',
    ],
    [
      'a way that does not exist',
      knob('{ from: 1, to: 2, via: enw LR }'),
      'bad-via',
      5,
      '"enw LR" does not say how the value reaches the script',
    ],
    [
      'a file outside of the folder',
      knob('{ from: 1, to: 2, via: const ../x.py LR }'),
      'outside-folder',
      5,
      '"../x.py" is not inside the script\'s folder',
    ],
    [
      'two knobs of one flag',
      `${short}knobs:\n  a: { from: 1, to: 2, via: --x }\n  b: { from: 1, to: 2, via: --x= }\n`,
      'via-twice',
      6,
      '"b" and "a" both set --x=',
    ],
    [
      'a knob on the flag of the seed',
      `${short}seed: --x\nknobs:\n  a: { from: 1, to: 2, via: --x }\n`,
      'via-twice',
      6,
      '"a" and "seed" both set --x',
    ],
    [
      'a shell in the command',
      'command: a | tee log\nmetric: loss\n',
      'needs-shell',
      1,
      'the command is started without a shell: a | tee log',
    ],
    [
      'a variable before the command',
      'command: A=1 python x.py\nmetric: loss\n',
      'needs-shell',
      1,
      '"A=1" before the program sets a variable',
    ],
    [
      'an open quote',
      'command: python "x.py\nmetric: loss\n',
      'open-quote',
      1,
      'the quote " is never closed in: python "x.py',
    ],
    [
      'a date that does not exist',
      `${short}deadline: 2026-02-31T08:00\n`,
      'bad-deadline',
      4,
      '"2026-02-31T08:00" is not a moment in time',
    ],
    [
      'more GPUs than there are',
      `${short}slots: { count: 5, gpus: 1 }\n`,
      'too-few-devices',
      4,
      '5 slots of 1 GPUs do not fit on 4 GPUs',
    ],
    [
      'a pattern without a value',
      `${short}capture:\n  pattern: '(?<key>a)'\n`,
      'bad-pattern',
      5,
      'the pattern has no group "value"',
    ],
    [
      'a budget that is not whole',
      'command: a\nmetric: loss\nbudget: { runs: 1.5 }\n',
      'wrong-type',
      3,
      'budget.runs: expected a whole number, not 1.5',
    ],
    [
      'a constraint on no knob',
      `${knob('{ from: 1, to: 2 }')}constraints: ["lr < 2", "l < 2"]\n`,
      'bad-constraint',
      6,
      'l < 2: "l" is not a knob; closest: "lr"',
    ],
    [
      'a variable with a bad name',
      `${short}run:\n  env:\n    A-B: 1\n`,
      'bad-variable',
      6,
      '"A-B" cannot be the name of an environment variable',
    ],
    [
      'a bomb of aliases',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefgh'.replaceAll(
        /./g,
        (c) =>
          `${c}: &${c} [${Array(10)
            .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
            .join(',')}]\n`,
      )}`,
      'bad-yaml',
      0,
      'not usable YAML: Excessive alias count indicates a resource exhaustion attack',
    ],
  ])('%s', (_, text, code, line, message) => {
    const error = mistake(text);
    expect({ code: error.code, message: error.message }).toEqual({ code, message });
    expect(error.where).toBe(line === 0 ? '/lab/nano/ansatz.yaml' : at(line));
  });

  test('and YAML that cannot be read names the line', () => {
    const error = mistake('command: a\nmetric: {name: loss\nbudget: 3\n');
    expect(error.code).toBe('bad-yaml');
    expect(error.where).toMatch(/ansatz\.yaml:\d$/);
  });

  test('and a mistyped key says what to write', () => {
    expect(mistake(`${short}knbos: {}\n`).fix).toBe('write "knobs" instead of "knbos"');
  });
});

test.each(['../../evil', 'a/b', '..', '.hidden', 'current', '<script>', 'x'.repeat(65), 'tail.', '', 'a\u202eb'])(
  '%j is no name for a study',
  (name) => {
    expect(() => parse(`${short}name: ${JSON.stringify(name)}\n`)).toThrow(/cannot be the name|name/);
    expect(() => parseConfig(short, '/lab/nano/ansatz.yaml', around, { name })).toThrow(/cannot be the name|name/);
  },
);

test.each(['digits', 'my study 2', 'lauf-3.1', 'größe', 'x'])('%j is a name for a study', (name) => {
  expect(parse(`${short}name: ${JSON.stringify(name)}\n`).name).toBe(name);
});

test('a folder with a difficult name gives a study an ordinary one', () => {
  expect(parseConfig(short, '/a/<b> & c/ansatz.yaml', around).name).toBe('b- - c');
  expect(parseConfig(short, '/ansatz.yaml', around).name).toBe('study');
  expect(parseConfig(short, '/x/.../ansatz.yaml', around).name).toBe('study');
});
