/**
 * The demo: a lab spends a small compute budget on a real training script, is killed on the way, goes on, and
 * reports. Everything happens in a fresh folder; the example itself is not touched.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const cli = join(import.meta.dirname, '..', 'ansatz', 'bin', 'ansatz.cjs');
const example = join(import.meta.dirname, '01-digits');
const folder = join(mkdtempSync(join(tmpdir(), 'ansatz-demo-')), 'digits');
cpSync(example, folder, { recursive: true, filter: (path) => !basename(path).startsWith('.') });

/** Trials after which the lab is killed. */
const KILL_AFTER_RUNS = 12;

function ansatz(args: readonly string[], stdio: 'inherit' | 'piped' = 'inherit'): ChildProcess {
  return spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    stdio: stdio === 'inherit' ? 'inherit' : ['inherit', 'pipe', 'inherit'],
  });
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

function say(text: string): void {
  process.stdout.write(`\n▸ ${text}\n`);
}

const startedAt = performance.now();
say('The script: a small network that reads 8×8 digits. The lab may spend 60 runs on 2 slots.');
await ended(ansatz(['run', '--dry-run']));

say(`The lab starts. After ${KILL_AFTER_RUNS} runs it is killed (SIGKILL), as a crash would.`);
const first = ansatz(['run', '--plain'], 'piped');
let runs = 0;
let rest = '';
first.stdout!.on('data', (chunk: Buffer) => {
  process.stdout.write(chunk);
  const lines = (rest + chunk.toString()).split('\n');
  rest = lines.pop()!;
  runs += lines.filter((line) => /run \d+ started/.test(line)).length;
  if (runs >= KILL_AFTER_RUNS) first.kill('SIGKILL');
});
await ended(first);

say('The lab is dead. Its runs go on, each under a supervisor of its own.');
await ended(ansatz(['status']));

say('The same command picks everything up: finished runs are settled, living ones adopted, nothing runs twice.');
const code = await ended(ansatz(['run', '--plain']));
if (code !== 0) {
  process.stderr.write(`the study ended with exit code ${code}\n`);
  process.exit(code);
}

say('The trials, the best settings, and a report to forward.');
await ended(ansatz(['trials', '--last', '12']));
await ended(ansatz(['best']));
const report = join(folder, 'report.html');
await ended(ansatz(['report', '-o', report]));

if (!existsSync(report)) process.exit(1);
const kilobytes = Math.ceil(statSync(report).size / 1024);
const offline = !/(?:src|href)="https?:/.test(readFileSync(report, 'utf8'));
say(
  `Done in ${((performance.now() - startedAt) / 1000).toFixed(0)} s. Report: ${report} (${kilobytes} KB${offline ? ', opens without a network' : ''})`,
);
process.stdout.write(
  `  In a browser: cd ${folder} && ${join(import.meta.dirname, '..', 'node_modules', '.bin', 'ansatz')} ui\n`,
);
