/** An example worked on by the real product in a folder of its own: what the tests beside the examples share. */

import { execFile, type ExecFileException } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '..');
const cli = join(root, 'ansatz', 'bin', 'ansatz.cjs');

/** How a program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A trial as `ansatz show <trial> --json` tells it. */
export interface Shown {
  readonly trial: number;
  readonly state: string;
  readonly why: string;
  readonly value?: number;
  readonly point: Readonly<Record<string, number | string | boolean>>;
  readonly runs: readonly {
    readonly run: number;
    readonly seed: number;
    readonly status: string;
    readonly value?: number;
    readonly seconds?: number;
    readonly values: readonly number[];
  }[];
  /** By run. */
  readonly metrics: Readonly<
    Record<string, readonly { readonly key: string; readonly count: number; readonly last: number }[]>
  >;
}

/** The parts of `ansatz status --json` that the tests read. */
export interface StatusRead {
  readonly baseline?: { readonly mean: number; readonly runs: number };
  readonly gain?: { readonly effect: number; readonly margin: number; readonly better: number };
  readonly noise?: { readonly sd: number };
  readonly runs: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly dead: readonly string[];
  readonly ended?: { readonly reason: string };
}

/** A copy of an example, gone when the test is over. */
export interface Lab {
  readonly folder: string;
  /** `ansatz <args>` in the folder. */
  ansatz(...args: string[]): Promise<Outcome>;
  /** Any program in the folder. */
  start(program: string, ...args: string[]): Promise<Outcome>;
  status(): Promise<StatusRead>;
  show(trial: number | 'best'): Promise<Shown>;
}

/** Copy an example to where its study disturbs nobody. `programs` is a folder that comes first on PATH. */
export function labOf(example: string, programs?: string): Lab {
  const place = mkdtempSync(join(tmpdir(), 'ansatz-example-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const folder = join(place, basename(example));
  const left = new Set(['.ansatz', '__pycache__', 'report.html']);
  cpSync(example, folder, { recursive: true, filter: (path) => !left.has(basename(path)) });
  mkdirSync(join(place, 'node_modules'));
  // What the examples may find installed above them.
  for (const name of ['typescript', '@typescript']) {
    symlinkSync(join(root, 'node_modules', name), join(place, 'node_modules', name));
  }
  const path = process.env['PATH'] ?? '';
  const env = {
    ...process.env,
    PATH: programs === undefined ? path : `${programs}${delimiter}${path}`,
    OMP_NUM_THREADS: '1',
    NO_COLOR: '1',
  };
  const start = (program: string, ...args: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const ended = (error: ExecFileException | null, stdout: string, stderr: string): void =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      execFile(program, args, { cwd: folder, env, maxBuffer: 64 << 20 }, ended);
    });
  const ansatz = (...args: string[]): Promise<Outcome> => start(process.execPath, cli, ...args);
  const read = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await ansatz(...args, '--json');
    if (code !== 0) throw new Error(`ansatz ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as unknown;
  };
  return {
    folder,
    start,
    ansatz,
    status: async () => (await read('status')) as StatusRead,
    show: async (trial) => (await read('show', String(trial))) as Shown,
  };
}

/** The last number a script printed behind a name: `val_loss 0.12`, `"val_loss": 0.12`, `val_loss=0.12`. */
export function lastPrinted(output: string, name: string): number {
  const all = [...output.matchAll(new RegExp(`${name}"?[ :=]+(-?[\\d.]+(?:e[+-]?\\d+)?)`, 'g'))];
  return Number(all.at(-1)?.[1]);
}
