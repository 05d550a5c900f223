import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulated } from '../../../lab/lab.fixture.ts';
import { simpleConfig } from '../../../study/config.fixture.ts';
import type { State } from '../../../study/state.ts';
import { paintFor, visibleWidth } from '../text.ts';
import { braille } from './braille.ts';
import { draw, type Surroundings } from './draw.ts';
import { FIRST, keyName, pressed, type Screen, type Seen } from './screen.ts';

const { state } = await simulated(simpleConfig({ budget: { runs: 40 } }));
const plain = paintFor({ isTTY: false }, {});
const around = (width: number, height: number, more: Partial<Surroundings> = {}): Surroundings => ({
  paint: plain,
  width,
  height,
  working: true,
  log: Array.from({ length: 100 }, (_, i) => `line ${i}`),
  curve: { steps: [1, 2, 3, 4], values: [3, 2, 1.5, 1.2] },
  said: '',
  ...more,
});
const seen: Seen = { trials: [5, 4, 3, 2, 1], page: 3, phase: 'running', runs: [{ run: 9, trial: 4 }] };
const after = (keys: readonly string[], screen: Screen = FIRST): Screen =>
  keys.reduce((now, key) => pressed(now, key, seen).screen, screen);

describe('braille', () => {
  test('a straight line from one corner to the other', () => {
    expect(braille([{ xs: [0, 1], ys: [0, 1], look: 'line' }], 2, 1).rows).toEqual(['⡠⠊']);
    expect(braille([{ xs: [0, 1], ys: [1, 0], look: 'line' }], 2, 1).rows).toEqual(['⠑⢄']);
  });

  test('steps go right and then down; dots stay apart; gaps stay gaps', () => {
    expect(braille([{ xs: [0, 1], ys: [1, 0], look: 'step' }], 2, 1).rows).toEqual(['⠉⢹']);
    expect(braille([{ xs: [0, 1], ys: [1, 0], look: 'dots' }], 2, 1).rows).toEqual(['⠁⢀']);
    expect(braille([{ xs: [0, 1, 2], ys: [0, NaN, 0], look: 'line' }], 3, 1).rows[0]).toHaveLength(3);
  });

  test('nothing, one point and constants are drawn without a word', () => {
    expect(braille([], 3, 2).rows).toEqual(['⠀⠀⠀', '⠀⠀⠀']);
    expect(braille([{ xs: [5], ys: [5], look: 'line' }], 3, 1).rows[0]).toHaveLength(3);
    expect(braille([{ xs: [0, 1, 2], ys: [4, 4, 4], look: 'line' }], 3, 1).rows[0]).toBe('⠤⠤⠤');
  });
});

describe('keys', () => {
  test('into a trial and its log, and all the way back', () => {
    const deep = after(['enter', 'j', 'enter', 'enter']);
    expect(deep).toMatchObject({ pane: 'log', trial: 4, cursor: 1 });
    expect(after(['esc'], deep).pane).toBe('trial');
    expect(after(['esc', 'esc', 'esc'], deep).pane).toBe('board');
  });

  test('the cursor stays inside the table, whatever is pressed', () => {
    expect(after(['2', 'k', 'up']).cursor).toBe(0);
    expect(after(['2', 'G', 'j']).cursor).toBe(4);
    expect(after(['2', 'n', 'n', 'n', 'g']).cursor).toBe(0);
    expect(after(['2', 'n']).cursor).toBe(3);
  });

  test('a filter is typed, kept by Enter and cleared by Esc; letters are letters while it is', () => {
    expect(after(['/', 'q', 'x', 'backspace', ' ', 'enter'])).toMatchObject({
      filter: 'q ',
      typing: false,
      pane: 'trials',
    });
    expect(after(['/', 'a', 'esc'])).toMatchObject({ filter: '', typing: false });
    expect(after(['/', 'a', 'enter', 'esc'])).toMatchObject({ filter: '', pane: 'trials' });
    expect(after(['/', '\u001b]52;c;x\u0007']).filter).not.toMatch(/[\u0000-\u001f]/);
  });

  test('what spends asks first, and only y is yes', () => {
    const asked = pressed(after(['2', 'j']), 'r', seen);
    expect(asked.wish).toEqual({ do: 'repeat', trial: 4 });
    const waiting: Screen = { ...FIRST, asked: { wish: { do: 'repeat', trial: 4 }, question: 'Spend?' } };
    expect(pressed(waiting, 'y', seen)).toMatchObject({ wish: { do: 'repeat', trial: 4 }, sure: true });
    expect(pressed(waiting, 'n', seen).wish).toBeUndefined();
    expect(pressed(waiting, 'enter', seen).screen.asked).toBeUndefined();
    expect(pressed(FIRST, 'p', seen).wish).toEqual({ do: 'pause' });
    expect(pressed(FIRST, 'p', { ...seen, phase: 'paused' }).wish).toEqual({ do: 'resume' });
    expect(pressed(after(['2', 'j']), 'x', seen).wish).toEqual({ do: 'kill-run', run: 9 });
    expect(pressed(after(['2']), 'x', seen).wish).toBeUndefined();
  });

  test('leaving is q or Ctrl-C, also while a filter is typed', () => {
    expect(pressed(FIRST, 'q', seen).quit).toBe(true);
    expect(pressed(after(['/']), 'q', seen).quit).toBeUndefined();
    expect(pressed(after(['/']), 'interrupt', seen).quit).toBe(true);
  });

  test('keys of terminals have names', () => {
    expect(['\u001b[A', '\u001bOB', '\r', '\u007f', 'j'].map(keyName)).toEqual([
      'up',
      'down',
      'enter',
      'backspace',
      'j',
    ]);
  });

  test('no order of keys leads outside', () => {
    const keys = [
      '1',
      '2',
      '3',
      '4',
      'j',
      'k',
      'n',
      'N',
      'g',
      'G',
      'enter',
      'esc',
      '/',
      's',
      '?',
      'r',
      'x',
      'p',
      'a',
      'tab',
      'down',
      'backspace',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 40 }), (pressedKeys) => {
        const screen = after(pressedKeys);
        expect(screen.cursor).toBeGreaterThanOrEqual(0);
        expect(screen.cursor).toBeLessThan(5);
        expect(screen.down).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the picture', () => {
  const panes = ['board', 'trials', 'trial', 'log'] as const;

  test('is exactly as large as the terminal, on every pane and at every size', () => {
    for (const [width, height] of [
      [80, 24],
      [40, 10],
      [120, 50],
      [200, 60],
      [20, 8],
    ] as const) {
      for (const pane of panes) {
        for (const help of [false, true]) {
          const { lines } = draw(state, { ...FIRST, pane, trial: 2, help }, around(width, height));
          expect(lines).toHaveLength(height);
          for (const text of lines) expect(visibleWidth(text), `${pane} ${width}`).toBeLessThanOrEqual(width);
        }
      }
    }
  });

  test('board: the figure, the headline and what is spent fit on 80 × 24', () => {
    const text = draw(state, FIRST, around(80, 24)).lines.join('\n');
    expect(text).toContain('baseline');
    expect(text).toContain('runs ');
    expect(text).toMatch(/[\u2801-\u28ff]/);
    expect(text).not.toContain('the study has spent');
  });

  test('trials: filtered, sorted best first, the cursor in sight; half a filter keeps the table and says what is wrong', () => {
    const kept = draw(state, { ...FIRST, pane: 'trials', filter: 'state = keep' }, around(120, 24));
    expect(kept.trials.length).toBe(state.trials.filter((trial) => trial.verdict === 'keep').length);
    const sorted = draw(state, { ...FIRST, pane: 'trials', sort: 'value' }, around(120, 24));
    expect(sorted.trials[0]).toBe(state.trials.toSorted((a, b) => value(a) - value(b))[0]!.id);
    const far = draw(state, { ...FIRST, pane: 'trials', cursor: state.trials.length - 1 }, around(120, 12));
    expect(far.lines.some((text) => text.startsWith('>'))).toBe(true);
    const half = draw(state, { ...FIRST, pane: 'trials', filter: 'stat = ', typing: true }, around(120, 24));
    expect(half.trials.length).toBe(state.trials.length);
    expect(half.lines.at(-1)).toMatch(/stat = █.*(?:cannot be read|no column)/);
  });

  test('a trial: its verdict, what it changed, its runs and its curve', () => {
    const text = draw(state, { ...FIRST, pane: 'trial', trial: 2 }, around(120, 40)).lines.join('\n');
    expect(text).toContain('trial 2');
    expect(text).toContain(state.trials[1]!.why!);
    expect(text).toContain(`run ${state.trials[1]!.runs[0]}`);
    expect(text).toMatch(/[\u2801-\u28ff]{10}/);
    expect(draw(state, { ...FIRST, pane: 'trial', trial: 9999 }, around(80, 24)).lines.join('\n')).toContain(
      'no trial 9999',
    );
  });

  test('a log ends where it ends, and scrolls back from there', () => {
    expect(draw(state, { ...FIRST, pane: 'log' }, around(80, 24)).lines.join('\n')).toContain('line 99');
    const up = draw(state, { ...FIRST, pane: 'log', down: 50 }, around(80, 24)).lines.join('\n');
    expect(up).toContain('line 49');
    expect(up).not.toContain('line 51');
  });
});

function value(trial: State['trials'][number]): number {
  const results = [...(trial.screen === undefined ? [] : [trial.screen]), ...trial.values, ...trial.replicates];
  const counted =
    trial.values.length > 0 || trial.replicates.length > 0 ? [...trial.values, ...trial.replicates] : results;
  return counted.length === 0 ? Infinity : counted.reduce((a, b) => a + b, 0) / counted.length;
}
