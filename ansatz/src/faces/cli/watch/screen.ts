/** What one looks at in `ansatz watch`, and what keys do to it. Pure: keys in, screen and wishes out. */

import type { Wish } from '../../../lab/steering.ts';

export type Pane = 'board' | 'trials' | 'trial' | 'log';
/** Columns the table may be sorted by, in the order the key goes through them. */
export const SORTS = ['trial', 'value', 'effect', 'cost'] as const;

export interface Screen {
  readonly pane: Pane;
  /** Row under the cursor, from 0. */
  readonly cursor: number;
  /** Trial that `trial` and `log` are about. */
  readonly trial: number;
  /** Lines scrolled down in `trial` and `log`. */
  readonly down: number;
  readonly filter: string;
  /** The filter is being typed. */
  readonly typing: boolean;
  readonly sort: (typeof SORTS)[number];
  readonly help: boolean;
  /** A wish that waits for `y`. */
  readonly asked?: { readonly wish: Wish; readonly question: string };
}

export const FIRST: Screen = {
  pane: 'board',
  cursor: 0,
  trial: 1,
  down: 0,
  filter: '',
  typing: false,
  sort: 'trial',
  help: false,
};

/** What is on the screen, as keys need to know it. */
export interface Seen {
  /** Trials in the table as filtered and sorted. */
  readonly trials: readonly number[];
  /** Rows of the table that fit. */
  readonly page: number;
  readonly phase: string;
  /** Runs under way, for `x`: of the trial in view, or all. */
  readonly runs: readonly { readonly run: number; readonly trial: number }[];
}

/** What a key leads to. */
export interface Outcome {
  readonly screen: Screen;
  readonly quit?: true;
  /** To be checked and posted; where it asks first, the question comes back as {@link Screen.asked}. */
  readonly wish?: Wish;
  readonly sure?: true;
}

/** The name of a key as terminals send it. */
export function keyName(data: string): string {
  const names: Readonly<Record<string, string>> = {
    '\u001b[A': 'up',
    '\u001b[B': 'down',
    '\u001b[C': 'right',
    '\u001b[D': 'left',
    '\u001bOA': 'up',
    '\u001bOB': 'down',
    '\u001b[5~': 'pageup',
    '\u001b[6~': 'pagedown',
    '\u001b[H': 'home',
    '\u001b[F': 'end',
    '\u001b': 'esc',
    '\r': 'enter',
    '\n': 'enter',
    '\u007f': 'backspace',
    '\b': 'backspace',
    '\u0003': 'interrupt',
    '\t': 'tab',
  };
  return names[data] ?? data;
}

/** The screen after a key. */
export function pressed(screen: Screen, key: string, seen: Seen): Outcome {
  if (key === 'interrupt') return { screen, quit: true };
  if (screen.typing) return { screen: typed(screen, key) };
  if (screen.asked !== undefined) {
    const { asked, ...rest } = screen;
    return key === 'y' || key === 'Y' ? { screen: rest, wish: asked.wish, sure: true } : { screen: rest };
  }
  if (screen.help) return { screen: { ...screen, help: false } };
  switch (key) {
    case 'q':
      return { screen, quit: true };
    case '?':
    case 'h':
      return { screen: { ...screen, help: true } };
    case '1':
      return { screen: { ...screen, pane: 'board', down: 0 } };
    case '2':
      return { screen: { ...screen, pane: 'trials', down: 0 } };
    case '3':
    case '4': {
      const trial = screen.pane === 'trials' ? (seen.trials[screen.cursor] ?? screen.trial) : screen.trial;
      return { screen: { ...screen, pane: key === '3' ? 'trial' : 'log', trial, down: 0 } };
    }
    case 'tab':
      return { screen: { ...screen, pane: screen.pane === 'board' ? 'trials' : 'board', down: 0 } };
    case 'esc':
    case 'left':
    case 'backspace':
      return { screen: back(screen) };
    case '/':
      return { screen: { ...screen, pane: 'trials', typing: true } };
    case 's':
      return { screen: { ...screen, sort: SORTS[(SORTS.indexOf(screen.sort) + 1) % SORTS.length]!, cursor: 0 } };
    case 'p':
      return { screen, wish: { do: seen.phase === 'paused' ? 'resume' : 'pause' } };
    case 'r':
      return { screen, wish: { do: 'repeat', trial: here(screen, seen) } };
    case 'x': {
      const about =
        seen.runs.find(({ trial }) => trial === here(screen, seen)) ??
        (screen.pane === 'board' ? seen.runs[0] : undefined);
      return about === undefined ? { screen } : { screen, wish: { do: 'kill-run', run: about.run } };
    }
    case 'enter':
    case 'right':
      return { screen: entered(screen, seen) };
    default:
      return { screen: moved(screen, key, seen) };
  }
}

/** The trial that keys are about. */
function here(screen: Screen, seen: Seen): number {
  return screen.pane === 'trials' ? (seen.trials[screen.cursor] ?? screen.trial) : screen.trial;
}

function typed(screen: Screen, key: string): Screen {
  if (key === 'enter') return { ...screen, typing: false, cursor: 0 };
  if (key === 'esc') return { ...screen, typing: false, filter: '', cursor: 0 };
  if (key === 'backspace') return { ...screen, filter: screen.filter.slice(0, -1), cursor: 0 };
  // Pasted text comes at once; keys without a letter of their own are nothing here.
  const text = key.replaceAll(/[\u0000-\u001f\u007f]/g, '');
  const named = ['up', 'down', 'left', 'right', 'pageup', 'pagedown', 'home', 'end', 'tab'].includes(key);
  return named ? screen : { ...screen, filter: (screen.filter + text).slice(0, 500), cursor: 0 };
}

function back(screen: Screen): Screen {
  switch (screen.pane) {
    case 'log':
      return { ...screen, pane: 'trial', down: 0 };
    case 'trial':
      return { ...screen, pane: 'trials', down: 0 };
    case 'trials':
      return screen.filter === '' ? { ...screen, pane: 'board' } : { ...screen, filter: '', cursor: 0 };
    case 'board':
      return screen;
  }
}

function entered(screen: Screen, seen: Seen): Screen {
  switch (screen.pane) {
    case 'board':
      return { ...screen, pane: 'trials' };
    case 'trials': {
      const trial = seen.trials[screen.cursor];
      return trial === undefined ? screen : { ...screen, pane: 'trial', trial, down: 0 };
    }
    case 'trial':
      return { ...screen, pane: 'log', down: 0 };
    case 'log':
      return screen;
  }
}

function moved(screen: Screen, key: string, seen: Seen): Screen {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -seen.page,
    N: -seen.page,
    pagedown: seen.page,
    n: seen.page,
    ' ': seen.page,
    home: -Infinity,
    g: -Infinity,
    end: Infinity,
    G: Infinity,
  };
  const step = Object.hasOwn(steps, key) ? steps[key]! : 0;
  if (step === 0) return screen;
  if (screen.pane === 'trials') {
    return { ...screen, cursor: Math.max(0, Math.min(seen.trials.length - 1, screen.cursor + step)) };
  }
  if (screen.pane === 'board') return screen;
  return { ...screen, down: Math.max(0, Math.min(100_000, screen.down + step)) };
}
