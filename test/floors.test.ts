/** The house has floors: an import goes to a lower floor, or to an earlier room of its own floor, and never in a circle. */

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../ansatz/src');

/** Rooms from the lowest up; a room may import those before it. */
const ROOMS = [
  'methods/math',
  'methods/space',
  'methods/stats',
  'methods/sampling',
  'methods/pruning',
  'methods/optimizer',
  'methods/scaling',
  'methods/plan',
  'methods/bets',
  'study',
  'study/memory',
  'io/config',
  'io/capture',
  'io/knobs',
  'io/store',
  'io/memory',
  'io/workspace',
  'io/llm',
  'io/executor',
  'io/logs',
  'io/table',
  'lab/researcher',
  'lab',
  'faces/report',
  'faces/mcp',
  'faces/server',
  'faces/cli',
];
/** Packages the pure floors may use: small, numeric, without I/O. */
const PURE_PACKAGES = new Set(['jstat']);
const IMPURE =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bprocess\.|\bsetTimeout\(|\bfetch\(/;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = globSync('**/*.ts', { cwd: SRC })
  .filter((file) => !/\.(test|fixture|d)\.ts$/.test(file) && !file.includes('fixtures/'))
  .sort();

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+['"]([^'"]+)['"]|(?:^|\n)\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => ({ from: file, to: (match[1] ?? match[2] ?? match[3])! }));
}

const all = files.flatMap(importsOf);
const local = all
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: relative(SRC, resolve(SRC, dirname(from), to)) }));

function roomOf(file: string): string {
  const room = ROOMS.toReversed().find((candidate) => file.startsWith(`${candidate}/`));
  if (room !== undefined || file === 'index.ts') return room ?? 'index';
  throw new Error(`${file} is in no room: add its room to ROOMS at the right height`);
}

test('every file is in a room', () => {
  expect(files.length).toBeGreaterThan(40);
  for (const file of files) roomOf(file);
});

test('imports go down a floor, or to an earlier room', () => {
  const upward = local
    .filter(({ from }) => from !== 'index.ts')
    .filter(({ from, to }) => ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(from)))
    .map(({ from, to }) => `${from} → ${to}`);
  expect(upward).toEqual([]);
});

test('no file imports itself through others', () => {
  const targets = new Map(files.map((file) => [file, local.filter(({ from }) => from === file).map(({ to }) => to)]));
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    expect(path, `circle: ${[...path, file].join(' → ')}`).not.toContain(file);
    if (done.has(file)) return;
    for (const next of targets.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('methods and study do no I/O, read no clock, draw no hidden randomness, use no big package', () => {
  const pure = files.filter((file) => file.startsWith('methods/') || file.startsWith('study/'));
  const packages = all
    .filter(({ from, to }) => pure.includes(from) && !to.startsWith('.') && !PURE_PACKAGES.has(to))
    .map(({ from, to }) => `${from} imports ${to}`);
  expect(packages).toEqual([]);
  const impure = pure.flatMap((file) =>
    readFileSync(join(SRC, file), 'utf8')
      .split('\n')
      .filter((line) => IMPURE.test(line.replace(/\/\/.*|^\s*\/?\*.*/, '')))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(impure).toEqual([]);
});

test('every import that is not a file is a declared dependency or a part of Node', () => {
  const manifest = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const foreign = all.map(({ to }) => to).filter((to) => !to.startsWith('.') && !to.startsWith('node:'));
  for (const name of foreign) {
    const parts = name.split('/');
    expect(Object.keys(manifest.dependencies)).toContain(name.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]);
  }
});
