/** The real command line on real folders, for whole-product tests. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStudyDatabase } from '../ansatz/src/io/store/sqlite.ts';
import type { State } from '../ansatz/src/study/state.ts';

export const CLI = join(import.meta.dirname, '..', 'ansatz', 'bin', 'ansatz.cjs');

const folders: string[] = [];

/** A folder with these files, removed by {@link cleanUp}. */
export function project(files: Readonly<Record<string, string>>, inside?: string): string {
  const folder = inside ?? mkdtempSync(join(tmpdir(), 'ansatz-product-'));
  if (inside === undefined) folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function cleanUp(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Result>;
  /** Resolves when the output so far matches; rejects when the command ends without. */
  seen(pattern: RegExp): Promise<void>;
  /** Standard output so far. */
  said(): string;
}

/** Start `ansatz` with arguments in a folder, its output piped. */
export function start(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  const waiting: { pattern: RegExp; resolve: () => void; reject: (error: Error) => void }[] = [];
  const look = (): void => {
    for (const one of waiting.splice(0)) {
      if (one.pattern.test(out)) one.resolve();
      else waiting.push(one);
    }
  };
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const done = new Promise<Result>((resolve) => {
    child.on('close', (code) => {
      for (const { pattern, reject } of waiting) reject(new Error(`never saw ${pattern} in:\n${out}\n${err}`));
      resolve({ code, out, err });
    });
  });
  return {
    child,
    done,
    said: () => out,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        waiting.push({ pattern, resolve, reject });
        look();
      }),
  };
}

/** Run `ansatz` to its end. */
export function ansatz(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return start(folder, args, env).done;
}

/** The state of a study as its journal has it. */
export function stateOf(folder: string, study: string): State {
  const database = openStudyDatabase(join(folder, '.ansatz', study, 'journal.db'), 'read');
  try {
    return database.state()!;
  } finally {
    database.close();
  }
}

/** An ansatz.yaml for a shell script with one knob X, with whatever lines are added. */
export function yaml(...lines: readonly string[]): string {
  const given = new Set(lines.map((line) => line.split(':')[0]));
  const defaults = [
    'name: s',
    'command: sh script.sh',
    'metric: loss',
    'direction: minimize',
    'budget: { runs: 8 }',
    'slots: 2',
    'run: { limit: 20s, grace: 1s }',
    'knobs: { x: { from: 0, to: 1, default: 0.5, via: env X } }',
  ];
  return [...defaults.filter((line) => !given.has(line.split(':')[0])), ...lines].join('\n');
}

/** A script whose loss falls with X, a little noisy. */
export const SCRIPT =
  'sleep 0.05\nfor i in 1 2 3; do awk "BEGIN { srand($ANSATZ_SEED); print \\"step $i: loss \\" (2 - $X + 1 / $i + 0.01 * rand()) }"; done\n';
