import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { copyTree } from '../knobs/copy.ts';
import { checkChange, Repository } from './index.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-code-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const FILES = {
  'train.py': 'LR = 0.1\n\n\ndef main():\n    print("loss: 1.0")\n\n\nmain()\n',
  'eval.py': 'def score():\n    return 1\n',
  'lib/model.py': 'WIDTH = 8\n',
};

function open(folder: string): Repository {
  return new Repository(join(folder, '.ansatz', 's', 'code.git'), folder, 's');
}

const PATCH = `--- a/train.py
+++ b/train.py
@@ -2,7 +2,8 @@


 def main():
+    # half the loss
-    print("loss: 1.0")
+    print("loss: 0.5")


 main()
`;

describe('the code of a study', () => {
  test('begins with the script as it is: without data, caches, what the project ignores and the study itself', () => {
    const folder = project({
      ...FILES,
      '.gitignore': 'secret.txt\n',
      'secret.txt': 'x',
      '__pycache__/train.pyc': 'x',
      '.ansatz/s/journal.db': 'x',
      'big.bin': 'x'.repeat(2 << 20),
    });
    const repository = open(folder);
    const base = repository.base();
    const listed = repository.changed('4b825dc642cb6eb9a060e54bf8d69288fbee4904', base.tree).map(({ path }) => path);
    expect(listed.sort()).toEqual(['.gitignore', 'eval.py', 'lib/model.py', 'train.py']);
    expect(existsSync(join(folder, '.git'))).toBe(false);
    // It stays what it was, whatever happens to the files.
    writeFileSync(join(folder, 'train.py'), 'other\n');
    expect(open(folder).base()).toEqual(base);
    expect(repository.read(base.commit, 'train.py')!.toString()).toBe(FILES['train.py']);
  });

  test('leaves the repository of the user alone, hooks, index and all', () => {
    const folder = project(FILES);
    const run = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
    run('init', '--quiet');
    mkdirSync(join(folder, '.git', 'hooks'), { recursive: true });
    writeFileSync(join(folder, '.git', 'hooks', 'pre-commit'), '#!/bin/sh\ntouch hooked\n');
    chmodSync(join(folder, '.git', 'hooks', 'pre-commit'), 0o755);
    run('add', 'train.py');
    const look = (): string[] => [
      run('status', '--porcelain', '--', 'train.py', 'eval.py'),
      run('ls-files', '--stage'),
      run('for-each-ref'),
    ];
    const before = look();
    const repository = open(folder);
    repository.patch(repository.base().commit, PATCH, 'half', '2');
    expect(look()).toEqual(before);
    expect(existsSync(join(folder, 'hooked'))).toBe(false);
  });

  test('a nested repository is refused with what to do', () => {
    const folder = project({ ...FILES, 'vendor/x.py': 'x' });
    execFileSync('git', ['init', '--quiet', join(folder, 'vendor')]);
    expect(() => open(folder).base()).toThrow(expect.objectContaining({ code: 'nested-repository' }) as Error);
  });

  test('keeps each change under its name; the same change is the same code', () => {
    const repository = open(project(FILES));
    const base = repository.base();
    const half = repository.patch(base.commit, PATCH, 'half', '2');
    expect(repository.find('2')).toEqual(half);
    expect(repository.read(half.commit, 'train.py')!.toString()).toContain('loss: 0.5');
    expect(repository.patch(base.commit, PATCH.trimEnd(), 'half', '3')).toEqual(half);
    const edited = repository.edit(
      base.commit,
      new Map([
        ['lib/model.py', null],
        ['new/deep.py', 'X = 1\n'],
      ]),
      'more',
      '4',
    );
    expect(repository.changed(base.commit, edited.commit)).toEqual([
      { how: 'D', path: 'lib/model.py' },
      { how: 'A', path: 'new/deep.py' },
    ]);
    expect(repository.diff(base.commit, half.commit)).toMatch(
      /^diff --git a\/train\.py b\/train\.py[\s\S]*\+ {4}print\("loss: 0\.5"\)/,
    );
    expect(repository.diff(half.commit, half.commit)).toBe('');
  });

  test('a patch that does not fit, or fits nowhere, is refused whole', () => {
    const repository = open(project(FILES));
    const base = repository.base();
    for (const patch of [
      PATCH.replace('def main', 'def other'),
      'no patch at all',
      PATCH.replaceAll('train.py', 'none.py'),
    ]) {
      expect(() => repository.patch(base.commit, patch, '', '2')).toThrow(
        expect.objectContaining({ code: 'bad-patch' }) as Error,
      );
    }
    expect(repository.find('2')).toBeUndefined();
  });

  test('is laid over a private copy, never through a link', () => {
    const folder = project({ ...FILES, 'run.sh': 'echo\n' });
    const repository = open(folder);
    const base = repository.base();
    const code = repository.edit(
      base.commit,
      new Map([
        ['train.py', 'changed\n'],
        ['eval.py', null],
        ['a/b.py', 'new\n'],
      ]),
      '',
      '2',
    );
    const into = join(folder, '.ansatz', 'tree');
    copyTree(folder, into, { patched: ['train.py', 'eval.py', 'a/b.py'] });
    rmSync(join(into, 'train.py'));
    symlinkSync(join(folder, 'train.py'), join(into, 'train.py'));
    repository.lay(code.commit, into);
    expect(readFileSync(join(into, 'train.py'), 'utf8')).toBe('changed\n');
    expect(existsSync(join(into, 'eval.py'))).toBe(false);
    expect(readFileSync(join(into, 'a', 'b.py'), 'utf8')).toBe('new\n');
    expect(readFileSync(join(folder, 'train.py'), 'utf8')).toBe(FILES['train.py']);
    const outside = project({});
    const linked = join(folder, '.ansatz', 'linked');
    mkdirSync(linked);
    symlinkSync(outside, join(linked, 'a'));
    expect(() => repository.lay(code.commit, linked)).toThrow(
      expect.objectContaining({ code: 'outside-folder' }) as Error,
    );
    expect(existsSync(join(outside, 'b.py'))).toBe(false);
  });

  test('two may work on it at once', () => {
    const folder = project(FILES);
    const base = open(folder).base();
    const script = `
      import { Repository } from '${join(import.meta.dirname, 'repository.ts')}';
      const repository = new Repository('${join(folder, '.ansatz', 's', 'code.git')}', '${folder}', 's');
      for (let i = 0; i < 8; i++) repository.edit('${base.commit}', new Map([['x.py', process.argv[1] + i]]), '', process.argv[1] + i);`;
    const start = (name: string): string =>
      `"${process.execPath}" --input-type=module -e '${script.replaceAll("'", `'\\''`)}' ${name}`;
    execFileSync('sh', ['-c', `${start('a')} & ${start('b')} & wait`]);
    const repository = open(folder);
    for (const name of ['a', 'b']) {
      for (let i = 0; i < 8; i++) {
        expect(repository.read(repository.find(`${name}${i}`)!.commit, 'x.py')!.toString()).toBe(`${name}${i}`);
      }
    }
  });
});

describe('what a change may touch', () => {
  const refused = (edits: Readonly<Record<string, string | null>>, territory = {}): string => {
    const repository = open(project(FILES));
    const base = repository.base();
    const code = repository.edit(base.commit, new Map(Object.entries(edits)), '', '2');
    try {
      checkChange(repository, base.commit, code.commit, territory, true);
      return 'allowed';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test.each([
    [{ 'train.py': 'x\n' }, {}, 'allowed'],
    [{ 'eval.py': 'x\n' }, { protected: ['eval.py'] }, 'protected'],
    [{ 'eval.py': null }, { protected: ['eval.*'] }, 'protected'],
    [{ 'data/labels/test.csv': 'x' }, { protected: ['data/**'] }, 'protected'],
    [{ 'lib/model.py': 'x\n' }, { editable: ['train.py'] }, 'not-editable'],
    [{ 'train.py': 'x\n', 'lib/model.py': 'x\n' }, { editable: ['train.py', 'lib/**'] }, 'allowed'],
    [{ 'ansatz.yaml': 'budget: { runs: 1000000 }\n' }, {}, 'protected'],
    [{ '.ansatz/s/journal.db': 'x' }, {}, 'protected'],
    [{ 'train.py': FILES['train.py'] }, {}, 'no-op'],
  ])('%j under %j: %s', (edits, territory, outcome) => {
    expect(refused(edits, territory)).toBe(outcome);
  });

  test('a patch cannot make a link, or leave the folder', () => {
    const repository = open(project(FILES));
    const base = repository.base();
    const link =
      'diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n';
    const code = repository.patch(base.commit, link, '', '2');
    expect(() => checkChange(repository, base.commit, code.commit, {}, true)).toThrow(/would be a link/);
    const out = '--- /dev/null\n+++ b/../out.py\n@@ -0,0 +1 @@\n+x\n';
    expect(() => repository.patch(base.commit, out, '', '3')).toThrow(/does not fit/);
    const hidden = '--- /dev/null\n+++ b/.git/hooks/pre-commit\n@@ -0,0 +1 @@\n+x\n';
    expect(() => repository.patch(base.commit, hidden, '', '4')).toThrow(/does not fit/);
  });
});
