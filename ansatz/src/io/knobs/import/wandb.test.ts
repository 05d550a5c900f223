import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineSpace } from '../../../methods/space/index.ts';
import { UserError } from '../../../study/error.ts';
import { importSweep } from './wandb.ts';

function space(text: string) {
  const found = importSweep(text, 'sweep.yaml');
  defineSpace(found.params);
  return found;
}

const short = (text: string) =>
  space(text).params.map((param) => {
    const range =
      param.kind === 'choice'
        ? JSON.stringify(param.choices)
        : `${param.kind} ${param.low}..${param.high}${param.scale === 'log' ? ' log' : ''}${param.step === undefined ? '' : ` step ${param.step}`}`;
    return `${param.line} ${param.name} ${range}`;
  });

test('every distribution with a range or a list is read, nested ones under dotted names', () => {
  expect(
    short(`program: train.py
method: bayes
parameters:
  a: { value: 5 }
  b: { values: [16, 32, "x", true] }
  c: { min: 1, max: 8 }
  d: { min: 0.0, max: 1 }
  e: { min: 1.0e-5, max: 1e-1, distribution: log_uniform_values }
  f: { min: -9.210340371976182, max: -2.302585092994046, distribution: log_uniform }
  g: { min: 0, max: 0.5, q: 0.1, distribution: q_uniform }
  h: { min: 3, max: 256, q: 8, distribution: q_log_uniform_values }
  i: { distribution: int_uniform, min: 2, max: 9 }
  j: { distribution: uniform, min: 0, max: 1 }
  k: { distribution: categorical, values: [a, b] }
  l: { distribution: constant, value: text }
  m: { distribution: inv_log_uniform_values, min: 0.01, max: 1.0 }
  n: { distribution: inv_log_uniform, min: 0, max: 4.605170185988092 }
  o: { values: [yes, Off, "no", 'on', None] }
  optimizer:
    parameters:
      lr: { min: 0.1, max: 0.9 }
      inner: { parameters: { beta: { values: [0.9] } } }
`),
  ).toEqual([
    '4 a [5]',
    '5 b [16,32,"x",true]',
    '6 c int 1..8',
    '7 d float 0..1',
    '8 e float 0.00001..0.1 log',
    '9 f float 0.0001..0.1 log',
    '10 g float 0..0.5 step 0.1',
    '11 h int 8..256 log step 8',
    '12 i int 2..9',
    '13 j float 0..1',
    '14 k ["a","b"]',
    '15 l ["text"]',
    '16 m float 0.01..1 log',
    '17 n float 0.01..1 log',
    '18 o [true,false,"no","on","None"]',
    '21 optimizer.lr float 0.1..0.9',
    '22 optimizer.inner.beta [0.9]',
  ]);
});

test('metric, program and command are taken over, in YAML and in JSON', () => {
  const sweep = {
    program: 'src/train.py',
    metric: { name: 'val_acc', goal: 'maximize' },
    command: ['${env}', '${interpreter}', '${program}', '--epochs', '5', '${args}'],
    parameters: { lr: { min: 0.1, max: 0.5 } },
  };
  const found = space(JSON.stringify(sweep));
  expect(found.metric).toEqual({ name: 'val_acc', direction: 'maximize' });
  expect(found.program).toBe('src/train.py');
  expect(found.command).toEqual(['python3', 'src/train.py', '--epochs', '5']);
  expect(space('metric: { name: loss }\nparameters: {}').metric).toEqual({ name: 'loss', direction: 'minimize' });
});

test('what has no range is skipped with its line', () => {
  const found = space(`parameters:
  a: { distribution: normal, mu: 0, sigma: 1 }
  b: { min: 0 }
  c: { values: [[1, 2], [3]] }
  d: { values: [null, 1, 2], probabilities: [0.2, 0.4, 0.4] }
  e: { distribution: q_gamma, min: 1, max: 2 }
  f: { min: 2.0, max: 1.0 }
  g:
  h: 3
  '': { min: 1, max: 2 }
`);
  expect(found.skipped.map(({ name, why, line }) => `${line} ${name} ${why}`)).toEqual([
    '2 a the distribution normal has no range',
    '3 b has neither values nor min and max',
    '4 c has values that are not single values',
    '6 e the distribution q_gamma is not known here',
    '7 f its range is upside down: 2 to 1',
    '8 g has no value',
    '10  has no name',
  ]);
  expect(found.warnings).toEqual([
    'sweep.yaml:5: d may be null, which cannot be given to a script; that value is left out',
    'sweep.yaml:5: the probabilities of d are not used',
  ]);
});

test('a file that is no sweep is a mistake of the user, whatever is in it', () => {
  expect(() => space('a: [')).toThrow(UserError);
  expect(() => space('model: { lr: 1 }')).toThrow(/not a block of names/);
  expect(() => space('parameters: 3')).toThrow(/not a block of names/);
  const text =
    'parameters:\n  a: { min: 1, max: 8 }\n  b:\n    parameters:\n      c: { values: [1, "x"] }\nmetric: { name: x }\ncommand: [a, 3]\n';
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(12), fc.string({ maxLength: 3 }), (at, cut, put) => {
      try {
        space(text.slice(0, at) + put + text.slice(at + cut));
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 500 },
  );
});

test('anchors, aliases and merged mappings mean what they name', () => {
  expect(
    short(`parameters:
  lr: &range { min: 0.1, max: &most 0.5 }
  eta: *range
  rate: { <<: *range, max: 1.0 }
  decay: { <<: [*range, { q: 0.1 }], min: 0.0, distribution: q_uniform }
  size: { values: &sizes [16, 32] }
  width: { values: *sizes }
  drop: { min: 0.0, max: *most }
`),
  ).toEqual([
    '2 lr float 0.1..0.5',
    '3 eta float 0.1..0.5',
    '4 rate float 0.1..1',
    '5 decay float 0..0.5 step 0.1',
    '6 size [16,32]',
    '7 width [16,32]',
    '8 drop float 0..0.5',
  ]);
  // What leads into itself is a mistake in its own words; what leads nowhere is left out with a word.
  expect(() => importSweep('parameters: &all { a: { parameters: *all } }', 's.yaml')).toThrow(UserError);
  expect(importSweep('parameters: { a: { value: *none } }', 's.yaml').skipped).toMatchObject([{ name: 'a' }]);
});
