/**
 * The memory of a project in one SQLite file: records, and an inverted index whose lists lie in blobs, a segment for
 * each time something was put. All of it is made from journals and can be made again. SQLite's own full-text search
 * took ten times as long for questions of twenty words over 100,000 records (docs/log.md).
 */

import { DatabaseSync } from 'node:sqlite';
import {
  citedBy,
  type Postings,
  type Shelf,
  termsOf,
  textIndex,
  type TrialRecord,
  type Use,
} from '../../study/memory/index.ts';
import { openReading } from '../store/sqlite.ts';

/** Raise when a table, a record or the way terms are made changes: the file is then made anew. */
const VERSION = 1;
/** Segments, and the share of documents that newer ones have replaced, before all is written into one segment again. */
const MOST_SEGMENTS = 24;
const MOST_REPLACED = 0.3;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS study (name TEXT PRIMARY KEY, stamp TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS record (
    document INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    study TEXT NOT NULL,
    current INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS record_id ON record (id) WHERE current = 1;
  CREATE TABLE IF NOT EXISTS segment (number INTEGER PRIMARY KEY, lengths BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS usage (by INTEGER NOT NULL, of INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS usage_of ON usage (of);
  CREATE TABLE IF NOT EXISTS posting (
    term TEXT NOT NULL,
    segment INTEGER NOT NULL,
    documents BLOB NOT NULL,
    counts BLOB NOT NULL,
    PRIMARY KEY (term, segment)
  ) STRICT, WITHOUT ROWID;
`;

/** The memory of a project, on disk. */
export interface MemoryStore extends Shelf {
  /** What a study was last put from; undefined when it never was. */
  stamp(study: string): string | undefined;
  /** Take the records of a study as they are now; those that did not change stay where they are. */
  put(study: string, stamp: string, records: readonly TrialRecord[]): void;
  /** Forget studies that are not among these: their folders are gone. */
  keepOnly(studies: readonly string[]): void;
  get(id: string): TrialRecord | undefined;
  /** All records as they stand, in order of arrival, or those of one study. */
  all(study?: string): Generator<TrialRecord>;
  /** How many records there are. */
  readonly count: number;
  close(): void;
}

/** Open the memory at `file` (`:memory:` for none on disk). One written by another version is emptied, or for reading refused. */
export function openMemory(file: string, mode: 'write' | 'read'): MemoryStore {
  const db = mode === 'read' ? openReading(file) : new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 5000');
  if (mode === 'write') prepare(db);
  else if (versionOf(db) !== VERSION) throw new Error(`the memory was written by another version of ansatz`);
  const one = (sql: string) => db.prepare(sql);
  const readRecord = one('SELECT body FROM record WHERE document = ? AND current = 1');
  const readId = one('SELECT document, body FROM record WHERE id = ? AND current = 1');
  const readPostings = one('SELECT documents, counts FROM posting WHERE term = ? ORDER BY segment');
  const readFrequency = one('SELECT sum(length(documents)) / 4 AS n FROM posting WHERE term = ?');
  let lengths = new Uint32Array();
  let total = 0;
  let uses: Use[] = [];
  let segments = 0;
  let seen = -1;
  const versionNow = (): number => one('PRAGMA data_version').get()!['data_version'] as number;
  const load = (): void => {
    seen = versionNow();
    const rows = one('SELECT lengths FROM segment ORDER BY number').all();
    segments = rows.length;
    lengths = joined(rows.map((row) => numbers(row['lengths'])));
    total = lengths.reduce((sum, length) => sum + length, 0);
    const pairs = one('SELECT by, of FROM usage ORDER BY by');
    pairs.setReturnArrays(true);
    uses = (pairs.all() as unknown as [number, number][]).map(([by, of]) => ({ by, of }));
  };
  load();

  const parse = (row: Record<string, unknown> | undefined): TrialRecord | undefined =>
    row === undefined ? undefined : (JSON.parse(row['body'] as string) as TrialRecord);
  const transaction = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  /** Write a segment of new documents after those that are there. */
  const append = (records: readonly { readonly record: TrialRecord; readonly body: string }[]): void => {
    const index = textIndex();
    const first = lengths.length;
    const insert = one('INSERT INTO record (document, id, study, current, body) VALUES (?, ?, ?, 1, ?)');
    const replace = one('UPDATE record SET current = 0 WHERE document = ?');
    const cite = one('INSERT INTO usage (by, of) VALUES (?, ?)');
    const recite = one('UPDATE usage SET of = ? WHERE of = ?');
    for (const { record, body } of records) {
      const document = first + index.add(termsOf(record));
      const before = readId.get(record.id)?.['document'] as number | undefined;
      if (before !== undefined) {
        replace.run(before);
        recite.run(document, before);
      }
      insert.run(document, record.id, record.study, body);
      if (before !== undefined) continue;
      for (const id of citedBy(record)) {
        const of = readId.get(id)?.['document'] as number | undefined;
        if (of !== undefined) cite.run(document, of);
      }
    }
    const number = segments + 1;
    one('INSERT INTO segment (number, lengths) VALUES (?, ?)').run(
      number,
      bytes(Uint32Array.from(index.lengths as readonly number[])),
    );
    const post = one('INSERT INTO posting (term, segment, documents, counts) VALUES (?, ?, ?, ?)');
    for (const [term, { documents, counts }] of index.terms())
      post.run(term, number, bytes(documents.map((document) => document + first)), bytes(counts));
  };

  const store: MemoryStore = {
    get size() {
      // Another process may have written in the meantime. Every search begins here.
      if (versionNow() !== seen) load();
      return lengths.length;
    },
    get lengths() {
      return lengths;
    },
    get total() {
      return total;
    },
    get uses() {
      return uses;
    },
    get count() {
      return one('SELECT count(*) AS n FROM record WHERE current = 1').get()!['n'] as number;
    },
    frequency: (term) => (readFrequency.get(term)!['n'] as number | null) ?? 0,
    postings(term) {
      const rows = readPostings.all(term);
      if (rows.length === 0) return undefined;
      const lists = rows.map((row): Postings => ({
        documents: numbers(row['documents']),
        counts: shorts(row['counts']),
      }));
      if (lists.length === 1) return lists[0];
      const counts = new Uint16Array(lists.reduce((sum, list) => sum + list.counts.length, 0));
      let at = 0;
      for (const list of lists) {
        counts.set(list.counts, at);
        at += list.counts.length;
      }
      return { documents: joined(lists.map(({ documents }) => documents)), counts };
    },
    record: (document) => parse(readRecord.get(document)),
    get: (id) => parse(readId.get(id)),
    *all(study) {
      const rows =
        study === undefined
          ? one('SELECT body FROM record WHERE current = 1 ORDER BY document').iterate()
          : one('SELECT body FROM record WHERE current = 1 AND study = ? ORDER BY document').iterate(study);
      for (const row of rows) yield parse(row)!;
    },
    stamp: (study) => one('SELECT stamp FROM study WHERE name = ?').get(study)?.['stamp'] as string | undefined,
    put(study, stamp, records) {
      transaction(() => {
        if (versionNow() !== seen) load();
        const changed = records.flatMap((record) => {
          const body = JSON.stringify(record);
          return readId.get(record.id)?.['body'] === body ? [] : [{ record, body }];
        });
        if (changed.length > 0) append(changed);
        one('INSERT OR REPLACE INTO study (name, stamp) VALUES (?, ?)').run(study, stamp);
      });
      load();
      if (segments > MOST_SEGMENTS || store.count < (1 - MOST_REPLACED) * lengths.length) compact();
    },
    keepOnly(studies) {
      const gone = one('SELECT name FROM study')
        .all()
        .map(({ name }) => name as string)
        .filter((name) => !studies.includes(name));
      if (gone.length === 0) return;
      transaction(() => {
        for (const name of gone) {
          one('UPDATE record SET current = 0 WHERE study = ?').run(name);
          one('DELETE FROM study WHERE name = ?').run(name);
        }
      });
      compact();
    },
    close() {
      if (db.isOpen) db.close();
    },
  };

  /** Write everything that is current into one segment. */
  function compact(): void {
    transaction(() => {
      const records = [...store.all()].map((record) => ({ record, body: JSON.stringify(record) }));
      db.exec('DELETE FROM record; DELETE FROM segment; DELETE FROM posting; DELETE FROM usage');
      [lengths, segments] = [new Uint32Array(), 0];
      if (records.length > 0) append(records);
    });
    load();
  }
  return store;
}

function versionOf(db: DatabaseSync): number {
  return db.prepare('PRAGMA user_version').get()!['user_version'] as number;
}

function prepare(db: DatabaseSync): void {
  // Nothing here is precious: a power cut may cost the file, and it is made again.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
  if (versionOf(db) === VERSION) return;
  const drops = ['study', 'record', 'segment', 'usage', 'posting'].map((table) => `DROP TABLE IF EXISTS ${table};`);
  db.exec(`BEGIN IMMEDIATE; ${drops.join('')} ${SCHEMA} PRAGMA user_version = ${VERSION}; COMMIT`);
}

function bytes(list: Uint32Array | Uint16Array): Uint8Array {
  return new Uint8Array(list.buffer, list.byteOffset, list.byteLength);
}

/** A copy: a blob need not begin where a number may. */
function numbers(blob: unknown): Uint32Array<ArrayBuffer> {
  return new Uint32Array((blob as Uint8Array).slice().buffer);
}

function shorts(blob: unknown): Uint16Array {
  return new Uint16Array((blob as Uint8Array).slice().buffer);
}

function joined(lists: readonly Uint32Array[]): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
