import { describe, expect, test } from 'vitest';
import { UserError } from '../../study/error.ts';
import type { Status } from '../../study/views.ts';
import { nearest } from '../../methods/math/nearest.ts';
import { errorText, exitOf } from './errors.ts';
import { bar, fit, num, paintFor, plusMinus, seconds, sparkline, table, visibleWidth } from './text.ts';

describe('numbers', () => {
  test('have the digits that help', () => {
    expect([0, 1, 1234567, 0.1 + 0.2, 1e-7, 123456.789, -0.000123456].map((x) => num(x))).toEqual([
      '0',
      '1',
      '1234567',
      '0.3',
      '1e-7',
      '1.235e5',
      '-0.0001235',
    ]);
    expect(num(NaN)).toBe('NaN');
    expect(plusMinus(2.41234, 0.0312)).toBe('2.412 ± 0.031');
    expect(plusMinus(-1234.5, 20)).toBe('-1235 ± 20');
    expect(plusMinus(3, 0)).toBe('3');
  });

  test('lengths of time are said as people say them', () => {
    expect([0.42, 5, 59, 89, 200, 5399, 7500, 86_400 * 3].map(seconds)).toEqual([
      '0.4 s',
      '5 s',
      '59 s',
      '89 s',
      '3 min 20 s',
      '89 min 59 s',
      '2 h 5 min',
      '3 d',
    ]);
  });
});

describe('pictures', () => {
  test('a sparkline shows the shape and leaves gaps where there is no number', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([1, NaN, 1])).toBe('▁ ▁');
    expect(sparkline([])).toBe('');
    expect(sparkline([NaN])).toBe('');
    expect(sparkline(Array.from({ length: 300_000 }, () => 1))).toHaveLength(40);
    expect(
      sparkline(
        Array.from({ length: 1000 }, (_, i) => i),
        10,
      ),
    ).toHaveLength(10);
  });

  test('a bar is as full as its share, and never more', () => {
    expect(bar(0.5, 4)).toBe('██░░');
    expect(bar(7, 4)).toBe('████');
    expect(bar(-1, 4)).toBe('░░░░');
  });

  test('a table lines up whatever colours are in it', () => {
    const paint = paintFor({ isTTY: true }, {});
    expect(
      table(
        ['a', 'long'],
        [
          [paint.red('xx'), '1'],
          ['y', '22'],
        ],
        [1],
      ).map(visibleWidth),
    ).toEqual([8, 8, 8]);
  });

  test('a line is cut to what is seen, not to its colour codes', () => {
    const paint = paintFor({ isTTY: true }, {});
    const cut = fit(paint.green('abcdefgh'), 5);
    expect(visibleWidth(cut)).toBe(5);
    expect(cut).toContain('abcd');
    expect(cut).toContain('\u001b[39m');
  });
});

test('colours are for terminals that want them', () => {
  expect(paintFor({ isTTY: true }, {}).red('x')).toBe('\u001b[31mx\u001b[39m');
  expect(paintFor({ isTTY: true }, { NO_COLOR: '1' }).red('x')).toBe('x');
  expect(paintFor({ isTTY: true }, { TERM: 'dumb' }).red('x')).toBe('x');
  expect(paintFor({}, {}).red('x')).toBe('x');
  expect(paintFor({}, { FORCE_COLOR: '1' }).red('x')).toBe('\u001b[31mx\u001b[39m');
});

test('an error says what, where, why and how to fix it', () => {
  const error = new UserError('no-metric', 'no such metric', {
    where: 'ansatz.yaml:3',
    why: 'it never appeared',
    fix: 'metric: loss\n       or another',
  });
  expect(errorText(error, {})).toMatchInlineSnapshot(`
    "error[no-metric]: no such metric
      --> ansatz.yaml:3
      why it never appeared
      fix metric: loss
          or another
    "
  `);
  expect(exitOf(error)).toBe(2);
  expect(exitOf(new UserError('disk-full', ''))).toBe(6);
  expect(exitOf(new Error('x'))).toBe(1);
  expect(errorText(new Error('x'), {})).toMatch(/bug of ansatz/);
});

test('the nearest name is found through typing mistakes, and none is better than a wild guess', () => {
  const names = ['val_loss', 'train_loss', 'accuracy', 'lr'];
  expect(nearest('val_los', names)).toBe('val_loss');
  expect(nearest('vla_loss', names)).toBe('val_loss');
  expect(nearest('Val-Loss', names)).toBe('val_loss');
  expect(nearest('acc', names)).toBe('accuracy');
  expect(nearest('zzz', names)).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});

test('on 80 columns the gain of a study is still to be read', async () => {
  const { statusLines } = await import('./status.ts');
  const one: Status = {
    study: 's',
    phase: 'running',
    open: true,
    objective: { metric: 'val_loss', direction: 'minimize' },
    baseline: { trial: 1, mean: 4.073, margin: 0.043, runs: 3, replicated: false },
    best: { trial: 2, mean: 3.126, margin: 0.053, runs: 2, replicated: false },
    gain: { effect: 0.947, margin: 0.068, percent: 23.2, better: 0.99999 },
    trials: 2,
    outlook: { gone: {} },
    bets: [],
    people: [],
    milestones: [],
    expectedFalseKeeps: 0,
    family: [],
    runs: 5,
    verdicts: { keep: 2, discard: 0, inconclusive: 0, crash: 0 },
    spent: { runs: 5, deviceSeconds: 9, money: 0, wallSeconds: 5 },
    held: { runs: 0, deviceSeconds: 0, money: 0 },
    budget: { runs: 10 },
    savedSeconds: 0,
    audit: { stops: 0, unfinished: 0, audited: 0, finished: 0, better: 0, kept: 0, savedSeconds: 0 },
    running: [],
    paused: [],
    slots: 2,
    sandbox: 'none',
    suspicions: [],
    last: [],
    dead: [],
    warnings: [],
    now: 0,
  };
  const lines = statusLines(one, paintFor({}, {}), 80);
  expect(lines[1]).toBe('minimize val_loss: baseline 4.073 ± 0.043 → best 3.126 ± 0.053 (trial 2)');
  expect(lines[2]).toBe('  better by 0.947 ± 0.068 (23.2 %), p < 0.0001');
  for (const line of lines) expect(visibleWidth(line)).toBeLessThanOrEqual(80);
  expect(statusLines(one, paintFor({}, {}), 200)[1]).toContain('(trial 2), better by 0.947');
});
