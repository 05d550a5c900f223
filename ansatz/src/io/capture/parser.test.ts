import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../study/error.ts';
import type { Metric } from './metric.ts';
import { createParser } from './parser.ts';

function hear(text: string | Uint8Array, pattern?: string): Metric[] {
  const parser = createParser('stdout', { pattern });
  return [...parser.push(typeof text === 'string' ? Buffer.from(text) : text), ...parser.end()];
}

/** `key@step=value`, with a star for a closing summary. */
function brief(metrics: readonly Metric[]): string[] {
  return metrics.map(({ key, step, value, summary }) => `${key}@${step}=${value}${summary ? '*' : ''}`);
}

describe('steps', () => {
  it('are the counter on the line', () => {
    expect(hear('step 20: loss 0.5\n')).toEqual([
      { key: 'loss', step: 20, value: 0.5, resolution: 0.1, source: 'stdout', summary: false },
    ]);
    expect(brief(hear('epoch=3 loss=0.5\n{"loss": 0.25, "epoch": 0.5}\n'))).toEqual(['loss@3=0.5', 'loss@0.5=0.25']);
  });

  it('number the values of a key from 1 where no line counts', () => {
    expect(brief(hear('loss: 3.0\nacc: 0.1\nloss: 2.0\nloss: 1.0\n'))).toEqual([
      'loss@1=3',
      'acc@1=0.1',
      'loss@2=2',
      'loss@3=1',
    ]);
  });

  it('come from the heading above, once per key', () => {
    const epochs = 'Epoch 1/3\ntrain loss: 0.5\nval loss: 0.6\nEpoch 2/3\ntrain loss: 0.4\nval loss: 0.5\n';
    expect(brief(hear(epochs))).toEqual(['train loss@1=0.5', 'val loss@1=0.6', 'train loss@2=0.4', 'val loss@2=0.5']);
    expect(brief(hear('Epoch 5\nloss: 0.5\nloss: 0.4\nloss: 0.3\n'))).toEqual([
      'loss@5=0.5',
      'loss@2=0.4',
      'loss@3=0.3',
    ]);
  });

  it('go on where the epoch before ended when a counter restarts', () => {
    const keras =
      'Epoch 1/2\n\r1/6 ━━━━ 0s - loss: 5.0\r6/6 ━━━━ 0s - loss: 4.5 - val_loss: 3.0\nEpoch 2/2\n\r1/6 ━━━━ 0s - loss: 4.4\r6/6 ━━━━ 0s - loss: 4.1 - val_loss: 2.0\n';
    expect(brief(hear(keras))).toEqual([
      'loss@1=5',
      'loss@6=4.5',
      'val_loss@6=3',
      'loss@7=4.4',
      'loss@12=4.1',
      'val_loss@12=2',
    ]);
    const global =
      'step 100/500 | loss: 3.0 | epoch: 1\nstep 100/500 | loss: 2.9 | epoch: 2\nstep 200/500 | loss: 2.0 | epoch: 2\n';
    expect(brief(hear(global))).toEqual(['loss@100=3', 'loss@100=2.9', 'loss@200=2']);
  });

  it('of a Stable-Baselines3 table are its total, wherever it stands', () => {
    const table =
      '-----------\n| rollout/           |          |\n|    ep_rew_mean     | 21.4     |\n| time/              |          |\n|    iterations      | 1        |\n|    total_timesteps | 2048     |\n-----------\n';
    expect(brief(hear(table))).toEqual(['rollout/ep_rew_mean@2048=21.4']);
    expect(brief(hear(table.slice(0, 100)))).toEqual(['rollout/ep_rew_mean@1=21.4']);
  });
});

describe('tables with a header', () => {
  it.each([
    [
      'fastai',
      'epoch     train_loss  valid_loss  time    \n0         0.123       0.456       00:05     \n1         0.113       0.446       00:05     \n',
    ],
    [
      'skorch',
      '  epoch    train_loss    valid_loss     dur\n-------  ------------  ------------  ------\n      0        0.123        0.456  \n'.replace(
        '0.456  \n',
        '0.456  0.02\n',
      ) + '      1        0.113        0.446  0.02\n',
    ],
    ['markdown', '| Epoch | train_loss | valid_loss |\n|---|---|---|\n| 0 | 0.123 | 0.456 |\n| 1 | 0.113 | 0.446 |\n'],
    ['CSV', 'epoch,train_loss,valid_loss\n0,0.123,0.456\n1,0.113,0.446\n'],
  ])('are read as %s prints them', (_, text) => {
    const heard = brief(hear(text)).filter((point) => !point.startsWith('dur'));
    expect(heard).toEqual(['train_loss@0=0.123', 'valid_loss@0=0.456', 'train_loss@1=0.113', 'valid_loss@1=0.446']);
  });
});

describe('a closing summary', () => {
  it('is what follows three dashes', () => {
    const end =
      '\rstep 00953 (100.0%) | loss: 2.70\n---\nval_bpb:          0.997900\ntraining_seconds: 300.1\ndevice:           cuda\nnum_steps:        953\ndepth:            8\n';
    expect(brief(hear(end))).toEqual([
      'loss@953=2.7',
      'val_bpb@1=0.9979*',
      'training_seconds@1=300.1*',
      'num_steps@1=953*',
      'depth@1=8*',
    ]);
  });

  it.each([
    ['***** eval metrics *****\n  epoch                   =        2.0\n  eval_loss               =     0.5\n'],
    ['Final results:\neval_loss: 0.5\n'],
    ['========== Summary ==========\neval_loss = 0.5\n'],
    ['┃        Test metric        ┃       DataLoader 0        ┃\n│         eval_loss          │    0.5     │\n'],
    ['       Test metric             DataLoader 0\n──────────────\n        eval_loss            0.5\n'],
  ])('begins with the headings libraries print: %j', (text) => {
    expect(hear(text)).toMatchObject([{ key: 'eval_loss', value: 0.5, summary: true }]);
  });

  it('ends with the next line that counts', () => {
    expect(brief(hear('---\nloss: 0.5\nstep 3 loss: 0.25\nloss: 0.125\n'))).toEqual([
      'loss@1=0.5*',
      'loss@3=0.25',
      'loss@3=0.125',
    ]);
  });
});

it('says nothing of the source lines in a traceback', () => {
  const text =
    'Traceback (most recent call last):\n  File "x.py", line 3, in f\n    loss = 0.5\n    acc: 0.7\nValueError: bad value: 3\nloss: 0.2\n';
  expect(brief(hear(text))).toEqual(['loss@1=0.2']);
});

it('takes any name for a key', () => {
  expect(brief(hear('{"__proto__": 0.5, "constructor": 1.5}\n__proto__: 2.5\n'))).toEqual([
    '__proto__@1=0.5',
    'constructor@1=1.5',
    '__proto__@2=2.5',
  ]);
});

describe('a pattern of the user', () => {
  it('is tried first, and lines it does not match go on to the grammars', () => {
    const pattern = String.raw`^(?<step>\d+)> (?<key>\w+) -> (?<value>\S+)$`;
    expect(brief(hear('7> quality -> 0.5\nstep 8: loss 0.25\n', pattern))).toEqual(['quality@7=0.5', 'loss@8=0.25']);
  });

  it.each(['(', '(?<key>\\w+)', '(?<value>\\d+)'])('that is not usable is refused: %s', (pattern) => {
    expect(() => createParser('stdout', { pattern })).toThrow(UserError);
  });

  it.each(['(?<key>(\\w+\\s?)+): (?<value>\\d+)$', '^(?<key>(a|a)+)=(?<value>\\d+)', '(?<key>(\\d+)+)x(?<value>y)'])(
    'that could hang the lab is refused: %s',
    (pattern) => {
      expect(() => createParser('stdout', { pattern })).toThrow(/exponential/);
    },
  );

  it.each([
    '^(?<key>\\w+):\\s+(?<value>[-+.\\deE]+)$',
    '(?<key>[\\w/ ]+)=(?<value>\\S+)',
    '^(?:.*?step (?<step>\\d+))?.*?(?<key>\\w+) is (?<value>\\S+)',
  ])('of the usual kind is taken: %s', (pattern) => {
    expect(() => createParser('stdout', { pattern })).not.toThrow();
  });
});

it('any split of the bytes gives the same metrics', () => {
  const real = readFileSync(new URL('fixtures/log-lines.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('  =>'));
  const line = fc.constantFrom(
    ...real,
    '---',
    'Epoch 2/3',
    '| Epoch | Loss | Acc |',
    '| 1 | 0.5 | 0.6 |',
    'x'.repeat(5000),
    'Traceback (most recent call last):',
    '  acc: 0.5',
  );
  const end = fc.constantFrom('\n', '\r', '\r\n', '\b\b\b\b\n');
  const stream = fc.array(fc.tuple(line, end), { maxLength: 30 }).map((rows) => Buffer.from(rows.flat().join('')));
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 9 }), (bytes, sizes) => {
      const parser = createParser('stdout');
      const heard: Metric[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length]!;
        heard.push(...parser.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect([...heard, ...parser.end()]).toEqual(hear(bytes));
    }),
    { numRuns: 200 },
  );
});
