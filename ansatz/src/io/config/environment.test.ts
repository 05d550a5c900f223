import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { environmentOf } from './environment.ts';

const folders: string[] = [];
const fresh = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-environment-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('the commit, and whether files differ from it', () => {
  const folder = fresh();
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder, encoding: 'utf8' });
  git('init', '-q');
  writeFileSync(join(folder, 'train.sh'), 'echo 1\n');
  git('add', '.');
  git('commit', '-qm', 'first');
  const head = git('rev-parse', 'HEAD').trim();
  expect(environmentOf(folder, ['sh', 'train.sh'])['commit']).toBe(head);
  writeFileSync(join(folder, 'train.sh'), 'echo 2\n');
  writeFileSync(join(folder, 'new.txt'), '');
  expect(environmentOf(folder, ['sh', 'train.sh'])['commit']).toBe(`${head}, 1 files changed since`);
});

test('the interpreter of the command, also behind variables; nothing that names the machine or a path', () => {
  const folder = fresh();
  const found = environmentOf(folder, ['LR=1', process.execPath, 'train.mjs']);
  expect(found['node']).toBe(process.versions.node);
  expect(found['commit']).toBeUndefined();
  expect(found['system']).toBeDefined();
  expect(JSON.stringify(found)).not.toContain(folder);
  expect(environmentOf(folder, ['./no-such-program'])['python']).toBeUndefined();
});
