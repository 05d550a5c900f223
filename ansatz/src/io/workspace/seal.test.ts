import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import { sealCheck, sealOf } from './seal.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-seal-'));
  folders.push(folder);
  mkdirSync(join(folder, 'eval', '__pycache__'), { recursive: true });
  writeFileSync(join(folder, 'eval', 'judge.py'), 'print(1)');
  writeFileSync(join(folder, 'eval', '__pycache__', 'judge.pyc'), 'x');
  writeFileSync(join(folder, 'train.py'), 'print(2)');
  writeFileSync(join(folder, 'constructor'), 'a name like any other');
  return folder;
}

test('a seal holds what is protected and what the evaluator’s command names, caches apart', () => {
  const folder = project();
  const config = simpleConfig({
    folder,
    code: { protected: ['eval/**', 'constructor'] },
    evaluate: ['python3', './train.py'],
  });
  expect(Object.keys(sealOf(config)).sort()).toEqual(['constructor', 'eval/judge.py', 'train.py']);
  expect(Object.keys(sealOf(simpleConfig({ folder })))).toEqual([]);
});

test('a file that was changed, replaced, taken away or made a folder is told; one that was touched is not', () => {
  const folder = project();
  const check = sealCheck(sealOf(simpleConfig({ folder, code: { protected: ['**/*.py'] } })));
  expect(check(folder)).toEqual([]);
  const { atime, mtime } = statSync(join(folder, 'train.py'));
  utimesSync(join(folder, 'train.py'), new Date(0), new Date(0));
  expect(check(folder)).toEqual([]);
  writeFileSync(join(folder, 'train.py'), 'print(3)');
  utimesSync(join(folder, 'train.py'), atime, mtime);
  expect(check(folder)).toEqual(['train.py']);
  expect(check(folder, ['train.py'])).toEqual([]);
  rmSync(join(folder, 'eval', 'judge.py'));
  expect(check(folder)).toEqual(['eval/judge.py', 'train.py']);
  mkdirSync(join(folder, 'eval', 'judge.py'));
  expect(check(folder)).toContain('eval/judge.py');
});

test('a big file is read again when its content has changed, though its times say that it has not', () => {
  const folder = project();
  const file = join(folder, 'data.bin');
  writeFileSync(file, Buffer.alloc(9 << 20, 1));
  const check = sealCheck(sealOf(simpleConfig({ folder, code: { protected: ['data.bin'] } })));
  const { atime, mtime } = statSync(file);
  expect(check(folder)).toEqual([]);
  writeFileSync(file, Buffer.alloc(9 << 20, 2));
  utimesSync(file, atime, mtime);
  expect(check(folder)).toEqual(['data.bin']);
  // In a run's copy big files are links: what one leads to is what counts.
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  symlinkSync(join(folder, 'train.py'), join(copy, 'data.bin'));
  expect(check(copy)).toEqual(['data.bin']);
});
