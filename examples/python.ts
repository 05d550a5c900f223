/** A Python that has the packages of an example: `ANSATZ_PYTHON` when it is set, else `python3`. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, type TestContext } from 'vitest';

/** The first Python in which all of `modules` can be found, or why there is none. Nothing is imported. */
export function findPython(modules: readonly string[]): { readonly path: string } | { readonly missing: string } {
  const given = process.env['ANSATZ_PYTHON'];
  const tried = given === undefined || given === '' ? ['python3'] : [given, 'python3'];
  // Its own path, not its name: a script called python3 that starts `python3` would start itself.
  const code =
    'import importlib.util, sys; print(sys.executable); sys.exit(any(importlib.util.find_spec(m) is None for m in sys.argv[1:]))';
  for (const python of tried) {
    const { status, stdout } = spawnSync(python, ['-c', code, ...modules], { encoding: 'utf8' });
    if (status === 0) return { path: stdout.trim() };
  }
  return {
    missing: `no Python${modules.length === 0 ? '' : ` with ${modules.join(' and ')}`}: tried ${tried.join(' and ')}; set ANSATZ_PYTHON to one that has them`,
  };
}

/**
 * A folder for the front of PATH in which `python3` is a Python with these packages, gone after the file's tests.
 * Without one the test is skipped, and why is printed.
 */
export function pythonFolder(modules: readonly string[], test: TestContext): string {
  const found = findPython(modules);
  if ('missing' in found) {
    console.warn(`skipped: ${found.missing}`);
    return test.skip(found.missing);
  }
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-python-'));
  folders.push(folder);
  const python = join(folder, 'python3');
  // A script, not a link: beside a link Python would not find the packages of its virtual environment.
  writeFileSync(python, `#!/bin/sh\nexec '${found.path.replaceAll("'", "'\\''")}' "$@"\n`);
  chmodSync(python, 0o755);
  return folder;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
