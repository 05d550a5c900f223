import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStudyDatabase } from '../../io/store/sqlite.ts';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Event } from '../../study/events/index.ts';
import { exportMemory, memoryLessons, searchMemory, showMemory } from './memory.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansatz-memory-'));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const hold = { runs: 1, deviceSeconds: 10, money: 0 };
let at = 0;

/** A study that tried these rates, with a result each; `first` when it was there before. */
function study(name: string, rates: readonly number[], first = true): void {
  mkdirSync(join(folder, '.ansatz', name), { recursive: true });
  const database = openStudyDatabase(join(folder, '.ansatz', name, 'journal.db'), 'write');
  database.take('test', ++at);
  const baseline = { lr: 1e-3, hidden: 16 };
  const known = database.state()?.trials.length ?? 1;
  const events = rates.flatMap((lr, i) => {
    const trial = known + i + 1;
    return [
      {
        type: 'trial.proposed',
        trial,
        ask: 0,
        researcher: 'numeric',
        hypothesis: `raise the learning rate to ${lr}`,
        point: { ...baseline, lr },
        parent: 1,
      },
      { type: 'run.started', run: trial - 1, trial, repeat: 0, seed: 1, slot: 0, limitSeconds: 10, hold },
      { type: 'run.ended', run: trial - 1, status: 'done', value: 2 + lr, charge: hold, seconds: 10 },
      { type: 'trial.judged', trial, verdict: 'discard', why: 'worse', effect: -lr, margin: 0.01 },
    ];
  });
  const created = first ? [{ type: 'study.created', config: simpleConfig({ name }), baseline }] : [];
  database.append([...created, ...events].map((event) => ({ ...event, at }) as Event));
  database.close();
}

function said(work: () => void): string {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  work();
  write.mockRestore();
  return text;
}

test('all studies are searched, and what was added since the last search is found', () => {
  study('one', [0.1, 0.2]);
  study('two', [0.3]);
  const lines = said(() => searchMemory(['lr'], {}));
  expect(lines).toContain('[one/2] discard -0.1 ± 0.01: raise the learning rate to 0.1; lr 0.001 → 0.1; worse');
  expect(lines).toContain('[two/2]');
  expect(said(() => searchMemory(['lr'], { study: 'two' }))).not.toContain('[one/');
  study('two', [0.9], false);
  expect(said(() => searchMemory(['rate', '0.9'], { most: '1' }))).toContain('[two/3]');
  rmSync(join(folder, '.ansatz', 'one'), { recursive: true });
  expect(said(() => searchMemory(['lr'], {}))).not.toContain('[one/');
});

test('what a researcher would be told fits into the tokens given', () => {
  study('one', [0.1, 0.2, 0.3]);
  const told = JSON.parse(said(() => searchMemory(['learning', 'rate'], { tokens: '200', json: true }))) as {
    ids: string[];
    tokens: number;
  };
  expect(told.tokens).toBeLessThanOrEqual(200);
  expect(told.ids).toContain('one/2');
});

test('a record is shown by its id or number, with its lessons; a lesson by its id', () => {
  study('one', [0.1, 0.2]);
  const [lesson] = JSON.parse(said(() => memoryLessons({ json: true }))) as { id: string; text: string }[];
  expect(lesson!.text).toBe('lr 0.1, 0.2: 2 tried, none > noise, 2 worse');
  const shown = said(() => showMemory('2', {}));
  expect(shown).toContain('one/2');
  expect(shown).toMatch(/change +lr 0.001 → 0.1/);
  expect(shown).toContain(`[${lesson!.id}]`);
  expect(said(() => showMemory('one/1', {}))).toMatch(/parent this +one\/2/);
  expect(said(() => showMemory(lesson!.id, {}))).toContain('from      one/2, one/3');
  expect(JSON.parse(said(() => showMemory('one/2', { json: true })))).toMatchObject({ id: 'one/2', linkedBy: [] });
});

test('an id that is not there is told with the nearest one', () => {
  study('one', [0.1]);
  expect(() => showMemory('one/22', {})).toThrow(/nothing is remembered under "one\/22"; closest: "one\/2"/);
  expect(() => searchMemory(['lr'], { most: '-3' })).toThrow(/--most takes a whole number from 1, not "-3"/);
  expect(() => searchMemory(['lr'], { study: 'onne' })).toThrow(/no study is called "onne"; closest: "one"/);
});

test('every record is a line of the export', () => {
  study('one', [0.1, 0.2]);
  const lines = said(() => exportMemory({}))
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['one/1', 'one/2', 'one/3']);
});

test('a damaged index is made anew', () => {
  study('one', [0.1]);
  writeFileSync(join(folder, '.ansatz', 'memory.db'), 'not a database at all, but longer than a header is'.repeat(50));
  expect(said(() => searchMemory(['lr'], {}))).toContain('[one/2]');
});
