/** The HPO harness as a child process: where it is, who runs, and what came of it. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One run as the harness writes it. */
export interface Row {
  readonly kind: 'single' | 'mf';
  readonly problem: string;
  readonly peer: string;
  readonly seed: number;
  readonly error?: string;
  readonly cpu_s: number;
  /** Single fidelity: regret after n evaluations; of the incumbent, and of what the optimizer recommends. */
  readonly regret?: Readonly<Record<string, number>>;
  readonly recommended?: Readonly<Record<string, number>> | null;
  /** Multi fidelity: steps, seconds, clock, regret at each improvement. */
  readonly trace?: readonly (readonly [number, number, number, number])[];
  readonly T?: number;
  readonly scale?: number;
}

/** Where things are. HPO_HARNESS: folder of harness.py; HPO_DATA: its data; ANSATZ_PYTHON: a Python with Optuna. */
export const harness = process.env['HPO_HARNESS'] ?? '.';
export const python = process.env['ANSATZ_PYTHON'] ?? 'python3';
/** Rows are kept in this folder: a bench that was stopped goes on, and runs that are there are not repeated. */
export const folder = process.env['ANSATZ_BENCH_OUT'] ?? mkdtempSync(join(tmpdir(), 'ansatz-bench-'));
export const seedCount = Number(process.env['ANSATZ_BENCH_SEEDS'] ?? 10);

/** Our command line, as a peer of the harness. */
export function ours(name: string, create: object = {}): object {
  const cli = join(import.meta.dirname, '../ansatz/bin/ansatz.cjs');
  return { name, cmd: `${process.execPath} ${cli} optimize`, create };
}

/**
 * Run peers of the harness's own list, by name, and `extra` ones on suites; the rows of all runs so far. `only`: the
 * problems (comma-separated) and seeds, if not all and the usual ones.
 */
export function runHarness(
  name: string,
  suites: string,
  peers: readonly string[],
  extra: readonly object[],
  only: { readonly problems: string; readonly seed0: number; readonly seeds: number } | null = null,
): Row[] {
  const out = join(folder, `${name}.jsonl`);
  const evaluations = suites.includes('mf') || suites.includes('race') ? '0' : '100';
  const list = peersFile(name, peers, extra);
  run(
    'harness.py',
    [
      `--suite ${suites} --peers ${list} --evals ${evaluations} --limit 100000 --out ${out}`,
      only === null
        ? `--seeds ${seedCount}`
        : `--problems ${only.problems} --seed0 ${only.seed0} --seeds ${only.seeds}`,
    ]
      .join(' ')
      .split(' '),
  );
  return rowsOf(out);
}

/** The peers as a file for the harness. */
export function peersFile(name: string, peers: readonly string[], extra: readonly object[]): string {
  const file = join(folder, `${name}.peers.json`);
  const known = JSON.parse(readFileSync(join(harness, 'peers.json'), 'utf8')) as { name: string }[];
  writeFileSync(file, JSON.stringify([...extra, ...known.filter((peer) => peers.includes(peer.name))]));
  return file;
}

/** Run one of the harness's scripts, or one of ours with the harness at hand. */
export function run(script: string, args: readonly string[]): void {
  const path = script.includes('/') ? script : join(harness, script);
  if (!existsSync(path)) throw new Error(`${path} is not there: set HPO_HARNESS and HPO_DATA (see bench/RESULTS.md)`);
  const done = spawnSync(python, [path, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  if (done.status !== 0) throw new Error(`${script} failed: set ANSATZ_PYTHON to a Python with optuna`);
}

/** The rows of a file. Runs that failed end the bench: a failing optimizer is no result of ours to average over. */
export function rowsOf(file: string): Row[] {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
  const failed = rows.find((row) => row.error !== undefined && row.peer.startsWith('ansatz'));
  if (failed !== undefined) throw new Error(`${failed.problem}, seed ${failed.seed}: ${failed.error}`);
  return rows.filter((row) => row.error === undefined);
}
