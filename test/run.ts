/** `npm test`: vitest over everything, closing with one plain line that says what passed. Arguments go to vitest. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'ansatz-test-'));
const file = join(folder, 'report.json');
const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('exit', (code) => {
  let failed = 1;
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    failed = report.numFailedTests;
    for (const { name, assertionResults } of report.testResults) {
      for (const { status, fullName } of assertionResults) {
        if (status === 'pending' || status === 'skipped') process.stdout.write(`skipped: ${fullName} (${name})\n`);
      }
    }
    process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests} skipped\n`);
  } catch (error) {
    process.stderr.write(`the test runner left no report: ${(error as Error).message}\n`);
  }
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code === 0 && failed > 0 ? 1 : (code ?? 1);
});
