import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rng } from '../../methods/math/rng.ts';
import { memoryOf, rank, recall, type TrialRecord } from '../../study/memory/index.ts';
import { experiment } from '../../study/memory/record.fixture.ts';
import { openMemory } from './store.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ansatz-memory-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const file = (): string => join(folder, 'memory.db');

const WORDS =
  'learning rate decay embedding softcap warmup depth width attention gate norm init seed batch noise'.split(' ');

function records(study: string, n: number, seed: number): TrialRecord[] {
  const random = rng(seed);
  return Array.from({ length: n }, (_, i) => ({
    ...experiment(i + 1, { lr: 1 }, { lr: 1 + random.uniform() }, { verdict: 'discard', effect: -0.1, margin: 0.05 }),
    id: `${study}/${i + 1}`,
    study,
    hypothesis: Array.from({ length: 12 }, () => WORDS[random.int(WORDS.length)]!).join(' '),
    links: i === 0 ? [] : [{ kind: 'cites' as const, to: `${study}/${1 + random.int(i)}` }],
  }));
}

test('what is recalled from disk is what is recalled from memory, in one segment or in many', () => {
  const all = [...records('a', 60, 1), ...records('b', 60, 2)];
  const memory = memoryOf(all);
  const store = openMemory(file(), 'write');
  for (let k = 0; k < 6; k++) store.put(k < 3 ? 'a' : 'b', String(k), all.slice(20 * k, 20 * k + 20));
  store.close();
  const read = openMemory(file(), 'read');
  expect([...read.all()]).toEqual(all);
  for (const text of ['learning rate', 'softcap of attention gates', 'warmup depth seed batch']) {
    const query = { text, knobs: ['lr'] };
    const [here, there] = [rank(memory, query, 20), rank(read, query, 20)];
    expect(there.map(({ document }) => document)).toEqual(here.map(({ document }) => document));
    there.forEach(({ score }, i) => expect(score).toBeCloseTo(here[i]!.score, 9));
    expect(recall(read, query, 700)).toEqual(recall(memory, query, 700));
  }
  read.close();
});

test('a record that changed is found by its new words only, and keeps those who cite it', () => {
  const [first, second, ...rest] = records('a', 10, 3);
  const store = openMemory(file(), 'write');
  const cited = { ...second!, links: [{ kind: 'cites' as const, to: first!.id }] };
  store.put('a', '1', [first!, cited, ...rest]);
  store.put('a', '2', [{ ...first!, hypothesis: 'zebra' }, cited, ...rest]);
  expect(store.count).toBe(10);
  expect(store.get('a/1')!.hypothesis).toBe('zebra');
  const found = rank(store, { text: 'zebra' }, 1)[0]!.document;
  expect(store.record(found)!.id).toBe('a/1');
  expect(store.uses).toContainEqual({ by: 1, of: found });
  expect(store.size).toBe(11);
  // The same again writes nothing.
  store.put('a', '3', [{ ...first!, hypothesis: 'zebra' }, cited, ...rest]);
  expect(store.size).toBe(11);
  expect(store.stamp('a')).toBe('3');
  store.close();
});

test('many small additions end in few segments, and nothing is lost', () => {
  const all = records('a', 80, 4);
  const store = openMemory(file(), 'write');
  for (let n = 1; n <= all.length; n++) store.put('a', String(n), all.slice(0, n));
  expect([...store.all()]).toEqual(all);
  const db = new DatabaseSync(file(), { readOnly: true });
  expect(db.prepare('SELECT count(*) AS n FROM segment').get()!['n']).toBeLessThanOrEqual(24);
  db.close();
  expect(store.uses.length).toBe(79);
  store.close();
});

test('a study that is gone is forgotten, the others are not', () => {
  const store = openMemory(file(), 'write');
  store.put('a', '1', records('a', 5, 1));
  store.put('b', '1', records('b', 5, 2));
  store.keepOnly(['b']);
  expect(Array.from(store.all(), ({ study }) => study)).toEqual(Array.from({ length: 5 }, () => 'b'));
  expect(store.stamp('a')).toBeUndefined();
  expect(store.size).toBe(5);
  store.close();
});

test('two writers do not number their documents alike, and each sees what the other wrote', () => {
  const [one, two] = [openMemory(file(), 'write'), openMemory(file(), 'write')];
  one.put('a', '1', records('a', 5, 1));
  two.put('b', '1', records('b', 5, 2));
  one.put('c', '1', records('c', 5, 3));
  expect(one.count).toBe(15);
  expect(two.size).toBe(15);
  expect(new Set(Array.from({ length: 15 }, (_, i) => two.record(i)!.id)).size).toBe(15);
  one.close();
  two.close();
});

test('a file of another version is made anew', () => {
  const store = openMemory(file(), 'write');
  store.put('a', '1', records('a', 5, 1));
  store.close();
  const db = new DatabaseSync(file());
  db.exec('PRAGMA user_version = 999');
  db.close();
  expect(() => openMemory(file(), 'read')).toThrow(/another version/);
  const again = openMemory(file(), 'write');
  expect(again.count).toBe(0);
  expect(again.stamp('a')).toBeUndefined();
  again.close();
});

test('what is no database is refused', () => {
  writeFileSync(file(), 'not a database, and long enough to be told from an empty one'.repeat(50));
  expect(() => openMemory(file(), 'write')).toThrow(/not a database/);
});
