/** Documentation is held to the code: links lead somewhere, YAML is valid, codes and fields are all there. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from '../ansatz/src/io/config/index.ts';
import { EXIT } from '../ansatz/src/faces/cli/errors.ts';
import { ansatz, cleanUp, project, SCRIPT, yaml } from './product.ts';

const ROOT = resolve(import.meta.dirname, '..');
const pages = [
  'README.md',
  'AGENTS.md',
  'CHANGELOG.md',
  ...globSync('{docs,examples,bench}/**/*.md', { cwd: ROOT }),
].filter((file) => !file.includes('node_modules') && existsSync(join(ROOT, file)));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

afterAll(cleanUp);

test.each(pages)('links and pictures of %s lead somewhere', (page) => {
  const targets = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map((match) => match[1]!)
    .filter((to) => !/^[a-z]+:/.test(to));
  for (const target of targets) expect(existsSync(join(ROOT, dirname(page), target)), `${page} → ${target}`).toBe(true);
});

test.each(pages)('files named in %s exist', (page) => {
  const named = [
    ...read(page).matchAll(/`((?:ansatz|docs|test|bench|examples)\/[\w./-]+\.(?:ts|md|sh|cjs|mjs|py|yaml))`/g),
  ].map((match) => match[1]!);
  for (const file of named)
    expect(existsSync(join(ROOT, file)) || existsSync(join(ROOT, dirname(page), file)), `${page}: ${file}`).toBe(true);
});

test('every whole ansatz.yaml in the documentation is valid', () => {
  let checked = 0;
  for (const page of pages) {
    for (const [, block] of read(page).matchAll(/```yaml\n([\s\S]*?)```/g)) {
      if (!/^command:/m.test(block!)) continue;
      parseConfig(block!, join(ROOT, 'ansatz.yaml'), { now: 0, machine: { cpus: 4, gpus: ['0', '1', '2', '3'] } });
      checked++;
    }
  }
  expect(checked).toBeGreaterThanOrEqual(2);
});

test('every error code of the source is documented, and none that is not there', () => {
  const source = globSync('ansatz/src/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts'))
    .map(read)
    .join('\n');
  const used = new Set([...source.matchAll(/UserError\(\s*(?:[^'"()]*\?\s*)?'([a-z-]+)'/g)].map((match) => match[1]!));
  const documented = new Set(
    [...read('docs/errors.md').matchAll(/^\| (`.*?) \|/gm)].flatMap((row) =>
      [...row[1]!.matchAll(/`([a-z-]+)`/g)].map((match) => match[1]!),
    ),
  );
  expect(
    [...used].filter((code) => !documented.has(code)),
    'missing in docs/errors.md',
  ).toEqual([]);
  expect(
    [...documented].filter((code) => !source.includes(`'${code}'`)),
    'documented but gone',
  ).toEqual([]);
});

test('every exit code is documented', () => {
  const codes = new Set([...read('docs/cli.md').matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1])));
  for (const code of Object.values(EXIT)) expect(codes).toContain(code);
});

test('every command and option of --help is documented', async () => {
  const folder = project({});
  const help = (await ansatz(folder, ['--help'])).out;
  const commands = [...help.matchAll(/^ {2}(\w+) .* {2,}\S/gm)]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help' && name !== 'ansatz');
  expect(commands.length).toBeGreaterThanOrEqual(10);
  const page = read('docs/cli.md');
  for (const command of commands) {
    expect(page, command).toContain(`ansatz ${command}`);
    const options = [...(await ansatz(folder, [command, '--help'])).out.matchAll(/(--[a-z-]+)/g)].map(
      (match) => match[1]!,
    );
    for (const option of options.filter((name) => !['--help', '--study', '--json', '--output'].includes(name)))
      expect(page, `${command} ${option}`).toContain(option);
  }
});

test('every field of --json is documented', async () => {
  const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT });
  await ansatz(folder, ['run', '--plain']);
  const sections = new Map(
    read('docs/json.md')
      .split(/^## /m)
      .map((text) => [text.split('\n')[0]!.replaceAll('`', ''), text]),
  );
  for (const [command, title] of [
    [['status'], 'ansatz status --json'],
    [['trials'], 'ansatz trials --json'],
    [['show', 'knobs'], 'ansatz show knobs --json'],
    [['best'], 'ansatz best --json'],
    [['run', '--dry-run'], 'ansatz run --json'],
    [['doctor'], 'ansatz doctor --json'],
  ] as const) {
    const parsed = JSON.parse((await ansatz(folder, [...command, '--json'])).out) as object | object[];
    const keys = (Array.isArray(parsed) ? parsed : [parsed]).flatMap((item) => Object.keys(item as object));
    for (const key of keys) expect(sections.get(title), `${title}: ${key}`).toMatch(new RegExp(`\\b${key}\\b`));
  }
  const shown = JSON.parse((await ansatz(folder, ['show', '2', '--json'])).out) as Record<string, unknown> & {
    runs: object[];
  };
  const page = read('docs/json.md');
  for (const key of [...Object.keys(shown), ...Object.keys(shown.runs[0]!)])
    expect(page, `show: ${key}`).toMatch(new RegExp(`\\b${key}\\b`));
});
