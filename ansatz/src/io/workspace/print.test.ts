import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { StudyConfig } from '../../study/config.ts';
import { fingerprintOf } from './print.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

test('is the same until something that a run could notice is another, and only then', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-print-'));
  folders.push(folder);
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'train.py'), 'a\n');
  writeFileSync(join(folder, 'big.bin'), Buffer.alloc(9 << 20));
  const versions = { commit: '1', python: '3.12' };
  const print = (
    changes: Partial<StudyConfig> = {},
    environment: Readonly<Record<string, string>> = versions,
  ): string | undefined =>
    fingerprintOf(
      simpleConfig({ folder, run: { graceSeconds: 1, env: {}, workspace: 'copy' }, ...changes }),
      environment,
    );
  const first = print();
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  // What steers the lab, what is written down of it, and where the repository stands reach no run.
  writeFileSync(join(folder, 'ansatz.yaml'), 'x\n');
  writeFileSync(join(folder, 'guidance.md'), 'x\n');
  mkdirSync(join(folder, '.ansatz'));
  writeFileSync(join(folder, '.ansatz', 'x'), 'x\n');
  expect(print()).toBe(first);
  expect(print({ name: 'other', budget: { runs: 99 }, seedNumber: 5 }, { ...versions, commit: '2' })).toBe(first);
  const seen = new Set([first]);
  const differs = (what: string | undefined): void => {
    expect(seen.has(what)).toBe(false);
    seen.add(what);
  };
  differs(print({}, { ...versions, python: '3.13' }));
  differs(print({ command: ['sh', 'x'] }));
  differs(print({ evaluate: ['sh', 'judge'] }));
  differs(print({ run: { graceSeconds: 1, env: { A: '1' }, workspace: 'copy' } }));
  writeFileSync(join(folder, 'lib', 'ansatz.yaml'), 'x\n');
  differs(print());
  writeFileSync(join(folder, 'train.py'), 'b\n');
  differs(print());
  utimesSync(join(folder, 'big.bin'), 1, 1);
  differs(print());
  symlinkSync('train.py', join(folder, 'link'));
  differs(print());
  expect(print({ run: { graceSeconds: 1, env: {}, workspace: 'inplace' } })).toBeUndefined();
});
