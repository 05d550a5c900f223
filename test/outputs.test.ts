/** What leaves a study: tables and digests, by the real command line. */

import { parquetReadObjects } from 'hyparquet';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ansatz, cleanUp, project, SCRIPT, stateOf, yaml } from './product.ts';

let folder: string;

beforeAll(async () => {
  folder = project({ 'ansatz.yaml': yaml('budget: { runs: 16 }'), 'script.sh': SCRIPT });
  await ansatz(folder, ['run', '--plain']);
}, 60_000);

afterAll(cleanUp);

test('trials, runs and points as CSV, JSON lines and Parquet hold the same rows', async () => {
  const state = stateOf(folder, 's');
  for (const form of ['csv', 'json', 'parquet']) {
    const done = await ansatz(folder, ['export', '--as', form, '-o', 'out']);
    expect(done.code, done.err).toBe(0);
  }
  const lines = (file: string): string[] =>
    readFileSync(join(folder, 'out', file), 'utf8')
      .trimEnd()
      .split(/\r?\n/);
  expect(lines('trials.csv').length).toBe(state.trials.length + 1);
  expect(lines('runs.csv').length).toBe(state.runs.length + 1);
  const points = lines('points.jsonl').map(
    (line) => JSON.parse(line) as { run: number; metric: string; value: number },
  );
  expect(points.length).toBe(lines('points.csv').length - 1);
  expect(points.every(({ metric }) => metric === 'loss')).toBe(true);
  const bytes = readFileSync(join(folder, 'out', 'trials.parquet'));
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  });
  const told = lines('trials.jsonl').map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows.map(({ trial, x, value, verdict }) => ({ trial, x, value: value ?? undefined, verdict }))).toEqual(
    told.map(({ trial, x, value, verdict }) => ({ trial, x, value, verdict })),
  );
  const piped = await ansatz(folder, ['export', '--table', 'trials', '-o', '-']);
  expect(piped.out.trimEnd().split('\r\n')).toEqual(lines('trials.csv'));
});

test('what cannot be exported says what can', async () => {
  expect((await ansatz(folder, ['export', '--as', 'parqet'])).err).toMatch(/closest: "parquet"/);
  expect((await ansatz(folder, ['export', '-o', '-'])).err).toMatch(/one table/);
  writeFileSync(join(folder, 'taken'), '');
  expect((await ansatz(folder, ['export', '-o', 'taken'])).err).toMatch(/cannot be written/);
  mkdirSync(join(folder, 'fine'));
  expect((await ansatz(folder, ['export', '-o', 'fine', '--table', 'runs'])).code).toBe(0);
});

test('a digest says what was found and what is to be decided, in every form', async () => {
  const text = await ansatz(folder, ['digest']);
  expect(text.out).toMatch(/### Found[\s\S]*### To decide[\s\S]*the study has ended/);
  expect((await ansatz(folder, ['digest', '--as', 'mail'])).out).toMatch(/^Date: .*\r\nSubject: /);
  expect((await ansatz(folder, ['digest', '--as', 'rss'])).out).toContain('<rss version="2.0">');
  const json = JSON.parse((await ansatz(folder, ['digest', '--json'])).out) as { runs: number };
  expect(json.runs).toBe(16);
  expect((await ansatz(folder, ['digest', '--as', 'pdf'])).err).toMatch(/md\|mail\|rss/);
  expect((await ansatz(folder, ['digest', '--since', 'yesterday'])).code).toBe(2);
});
