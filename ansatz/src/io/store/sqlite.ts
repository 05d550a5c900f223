/** Journal, ledger and lease of one study in one SQLite file (WAL, one writer). */

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { type Event, EVENT_VERSION, upgrade } from '../../study/events/index.ts';
import { caps, EPSILON, movement, RESOURCES } from '../../study/ledger.ts';
import type { Amount } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { type State } from '../../study/state.ts';
import { type Break, follow, hashAt, isChained, link } from './chain.ts';
import { type Journal, LeaseLost } from './journal.ts';

/** Raise when a table changes; `open` refuses files of a newer one. */
const SCHEMA_VERSION = 2;
/** Events read from the file together. */
const READ_AT_ONCE = 256;
/** A snapshot's text belongs to the code that made it; another State shape needs another number. */
const STATE_VERSION = 13;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    chain TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS ledger (
    resource TEXT PRIMARY KEY,
    budget REAL,
    held REAL NOT NULL DEFAULT 0,
    spent REAL NOT NULL DEFAULT 0,
    CHECK (held >= -${EPSILON}),
    CHECK (spent >= 0),
    CHECK (budget IS NULL OR spent + held <= budget + ${EPSILON})
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hold (run INTEGER PRIMARY KEY, amount TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS lease (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL,
    renewed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS snapshot (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    seal TEXT
  ) STRICT;
`;

/** Who holds a study and since when it was last heard of. */
export interface Lease {
  readonly epoch: number;
  /** `host pid started`, see lab/lease. */
  readonly owner: string;
  readonly renewed: number;
}

/** A study's database opened for writing by one lab, or for reading by anyone. */
export interface StudyDatabase extends Journal {
  /** The lease as it stands; undefined when nobody ever held the study. */
  lease(): Lease | undefined;
  /** Take the lease whatever it says; from now on appends of earlier holders throw {@link LeaseLost}. */
  take(owner: string, now: number): number;
  renew(now: number): void;
  release(): void;
  /** Whether every page of the file hangs together; takes about a second per gigabyte. */
  sound(): boolean;
  /** The first event that is not what was written, as far as the chain over them tells; undefined when there is none. */
  broken(): Break | undefined;
  /** What the database itself says of the ledger, for `doctor` and tests. */
  ledger(): { resource: string; budget: number | null; held: number; spent: number }[];
  /** At most `most` events before number `before`, the newest first; of these types only, where they are given. */
  recent(before: number, most: number, types?: readonly string[]): (Event & { readonly seq: number })[];
  /** Events of these types that name a trial, in their order. */
  ofTrial(trial: number, types: readonly string[]): (Event & { readonly seq: number })[];
  /** Number of the last event. */
  readonly last: number;
}

/** Open the database at `file`. A read-only one never creates, migrates or locks anything. */
export function openStudyDatabase(file: string, mode: 'write' | 'read'): StudyDatabase {
  const db = mode === 'read' ? openReading(file) : new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 5000');
  if (mode === 'write') {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    migrate(db);
  }
  const chained = mode === 'write' || isChained(db);
  const identity = identityOf(file);
  let epoch: number | undefined;
  /** It was held for work: what is in it is worth keeping. */
  let taken = false;
  let last = (db.prepare('SELECT max(seq) AS seq FROM event').get()?.['seq'] as number | null) ?? 0;
  /** Hash of the last event; the last one that was read again, with its hash; what changes when another connection writes. */
  let head = '';
  let checked = { last: 0, head: '' };
  let dataVersion = 0;
  const versionNow = (): number => db.prepare('PRAGMA data_version').get()!['data_version'] as number;

  let insert: StatementSync | undefined;
  const durable = ({ type }: Event): boolean =>
    type === 'run.started' || type === 'run.ended' || type === 'expense.held' || type === 'expense.settled';

  const settle = (event: Event): void => {
    if (event.type === 'study.created' || event.type === 'budget.raised') {
      const budget = caps(event.type === 'study.created' ? event.config.budget : event.budget);
      const set = db.prepare(
        'INSERT INTO ledger (resource, budget) VALUES (?, ?) ON CONFLICT (resource) DO UPDATE SET budget = excluded.budget',
      );
      for (const resource of RESOURCES) set.run(resource, budget[resource] ?? null);
      return;
    }
    const holdOf = (run: number): Amount | undefined => {
      const row = db.prepare('SELECT amount FROM hold WHERE run = ?').get(run);
      return row === undefined ? undefined : (JSON.parse(row['amount'] as string) as Amount);
    };
    // Expenses share the table of holds with runs, under negative numbers.
    const moved = movement(event, { run: holdOf, expense: (expense) => holdOf(-expense) });
    if (moved === undefined) return;
    if (event.type === 'run.started') {
      db.prepare('INSERT INTO hold (run, amount) VALUES (?, ?)').run(event.run, JSON.stringify(event.hold));
    }
    if (event.type === 'expense.held') {
      db.prepare('INSERT INTO hold (run, amount) VALUES (?, ?)').run(-event.expense, JSON.stringify(event.hold));
    }
    if (event.type === 'run.ended' || event.type === 'expense.settled') {
      const key = event.type === 'run.ended' ? event.run : -event.expense;
      const gone = db.prepare('DELETE FROM hold WHERE run = ?').run(key);
      if (gone.changes !== 1) throw new Error(`${key > 0 ? 'run' : 'expense'} ${Math.abs(key)} ended twice`);
    }
    const add = db.prepare('UPDATE ledger SET held = max(0, held + ?), spent = spent + ? WHERE resource = ?');
    for (const resource of RESOURCES) add.run(moved.held[resource], moved.spent[resource], resource);
  };

  const holder = (): Lease | undefined => {
    const row = db.prepare('SELECT epoch, owner, renewed FROM lease').get();
    return row === undefined ? undefined : (row as unknown as Lease);
  };

  const transaction = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      if (epoch !== undefined) {
        const now = holder();
        if (now === undefined || now.epoch !== epoch) throw new LeaseLost(now?.owner ?? 'nobody');
      }
      work();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  const database: StudyDatabase = {
    get last() {
      return last;
    },
    *read(from = 0) {
      const statement = db.prepare(
        `SELECT at, type, version, body, seq FROM event WHERE seq > ? ORDER BY seq LIMIT ${READ_AT_ONCE}`,
      );
      statement.setReturnArrays(true);
      for (let after = from; ;) {
        const rows = statement.all(after) as unknown as Row[];
        yield* eventsOf(rows);
        if (rows.length < READ_AT_ONCE) return;
        after = rows.at(-1)![4];
      }
    },
    recent(before, most, types) {
      const only = types === undefined ? '' : `AND type IN (SELECT value FROM json_each(?))`;
      const statement = db.prepare(
        `SELECT at, type, version, body, seq FROM event WHERE seq < ? ${only} ORDER BY seq DESC LIMIT ?`,
      );
      statement.setReturnArrays(true);
      const wanted = types === undefined ? [before, most] : [before, JSON.stringify(types), most];
      return numbered(statement.all(...wanted));
    },
    ofTrial(trial, types) {
      const statement = db.prepare(
        `SELECT at, type, version, body, seq FROM event
         WHERE type IN (SELECT value FROM json_each(?)) AND json_extract(body, '$.trial') = ? ORDER BY seq`,
      );
      statement.setReturnArrays(true);
      return numbered(statement.all(JSON.stringify(types), trial));
    },
    append(events) {
      if (events.length === 0) return;
      if (epoch === undefined) throw new Error('append needs the lease: call take() first');
      // Full sync costs milliseconds: only money is worth it. The pragma has no effect inside a transaction.
      db.exec(`PRAGMA synchronous = ${events.some(durable) ? 'FULL' : 'NORMAL'}`);
      insert ??= db.prepare('INSERT INTO event (seq, at, type, version, body, chain) VALUES (?, ?, ?, ?, ?, ?)');
      let seq = last;
      let linked = head;
      transaction(() => {
        for (const event of events) {
          const { at, type, ...rest } = event;
          const body = JSON.stringify(rest);
          linked = link(linked, { seq: ++seq, at, type, version: EVENT_VERSION, body });
          insert!.run(seq, at, type, EVENT_VERSION, body, linked);
          settle(event);
        }
      });
      last = seq;
      head = linked;
    },
    state() {
      const row =
        chained && tableExists(db, 'snapshot')
          ? db.prepare('SELECT seq, version, seal, CAST(state AS BLOB) AS state FROM snapshot').get()
          : undefined;
      let state: State | undefined;
      let from = 0;
      if (row?.['version'] === STATE_VERSION) {
        const { buffer, byteOffset, length } = row['state'] as Uint8Array<ArrayBuffer>;
        const bytes = Buffer.from(buffer, byteOffset, length);
        const seq = row['seq'] as number;
        // One that does not belong to these events says nothing: they tell it all again.
        if (row['seal'] === sealOf(hashAt(db, seq), bytes)) {
          state = JSON.parse(bytes.toString('latin1')) as State;
          from = seq;
        }
      }
      for (const event of database.read(from)) state = reduce(state, event);
      return state;
    },
    snapshot(state) {
      transaction(() => {
        // Ten megabytes of nothing but ASCII are read in half the time.
        const text = JSON.stringify(state).replace(/[\u0080-\uffff]/g, escaped);
        const put = db.prepare(
          'INSERT OR REPLACE INTO snapshot (one, seq, version, state, seal) VALUES (1, ?, ?, ?, ?)',
        );
        put.run(last, STATE_VERSION, text, sealOf(head, Buffer.from(text, 'latin1')));
      });
    },
    lease: holder,
    take(owner, now) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const next = (holder()?.epoch ?? 0) + 1;
        db.prepare('INSERT OR REPLACE INTO lease (one, epoch, owner, renewed) VALUES (1, ?, ?, ?)').run(
          next,
          owner,
          now,
        );
        db.exec('COMMIT');
        epoch = next;
        taken = true;
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
      last = (db.prepare('SELECT max(seq) AS seq FROM event').get()?.['seq'] as number | null) ?? 0;
      head = hashAt(db, last);
      checked = { last, head };
      dataVersion = versionNow();
      return epoch;
    },
    broken() {
      if (!chained) return undefined;
      const { broken, last: end } = follow(db);
      const noted = db.prepare('SELECT max(seq) AS seq FROM snapshot').get()?.['seq'] as number | null;
      if (broken !== undefined || (noted ?? 0) <= end) return broken;
      return { seq: end + 1, text: `event ${end + 1} and those after it are gone` };
    },
    disturbed() {
      const there = identityOf(file);
      if (there !== identity)
        return `its file was ${there === undefined ? 'removed' : 'replaced'}; what this lab wrote is kept beside it as journal.db.rescued when it ends`;
      // Another lab has taken it over: the next append says so.
      if (holder()?.epoch !== epoch) return undefined;
      // Only another connection moves it, and nobody but a lab has reason to write: then everything is read again.
      const version = versionNow();
      const all = version !== dataVersion;
      dataVersion = version;
      const { broken, ...reached } = all ? follow(db) : follow(db, checked.last, checked.head);
      if (broken !== undefined) return broken.text;
      if (reached.last < last) return `event ${reached.last + 1} and those after it are gone`;
      if (reached.last > last) return `event ${last + 1} was added`;
      if (reached.head !== head) return 'its events were written anew';
      checked = reached;
      return undefined;
    },
    renew(now) {
      transaction(() => {
        db.prepare('UPDATE lease SET renewed = ?').run(now);
      });
    },
    release() {
      transaction(() => {
        db.prepare(`UPDATE lease SET owner = '', renewed = 0`).run();
      });
      epoch = undefined;
    },
    sound() {
      try {
        return db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok';
      } catch {
        return false;
      }
    },
    ledger: () =>
      db.prepare('SELECT resource, budget, held, spent FROM ledger ORDER BY resource').all() as unknown as ReturnType<
        StudyDatabase['ledger']
      >,
    close() {
      if (!db.isOpen) return;
      try {
        // Somebody has put another file in its place, or none: what was written here must not go with this connection.
        if (mode === 'write' && taken && identityOf(file) !== identity) rescue(db, file);
      } finally {
        db.close();
      }
    },
  };
  return database;
}

/** Time, type, version, body and number of an event. */
type Row = readonly [number, string, number, string, number];

/** Bodies are parsed together, which is half of the cost; each by itself where one of them cannot be. */
function* eventsOf(rows: readonly Row[]): Generator<Event> {
  let bodies: readonly Record<string, unknown>[] | undefined;
  try {
    bodies = JSON.parse(`[${rows.map((row) => row[3]).join(',')}]`) as Record<string, unknown>[];
  } catch {
    // The events before the one that is damaged are still good.
  }
  for (const [i, row] of rows.entries()) {
    yield eventOf(row, bodies?.length === rows.length ? bodies[i]! : (JSON.parse(row[3]) as Record<string, unknown>));
  }
}

function eventOf([at, type, version]: Row, parsed: Record<string, unknown>): Event {
  const body =
    version === EVENT_VERSION ? parsed : (upgrade(type, version, parsed) as unknown as Record<string, unknown>);
  body['type'] = type;
  body['at'] = at;
  return body as unknown as Event;
}

function numbered(rows: readonly unknown[]): (Event & { readonly seq: number })[] {
  const known = rows as readonly Row[];
  return Array.from(eventsOf(known), (event, i) => ({ ...event, seq: known[i]![4] }));
}

/**
 * Open a database that may be in use, or on a disk nobody can write. Reading a write-ahead log takes a little file
 * beside it; where that cannot be made nobody else can write either, and the file may be read as it lies.
 */
export function openReading(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get();
    // Who reads, reads through: pages kept in memory would not be asked for again.
    db.exec('PRAGMA cache_size = -128');
    return db;
  } catch (error) {
    db.close();
    const cannotOpen = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (cannotOpen !== 14) throw error;
    const address = pathToFileURL(file);
    address.searchParams.set('immutable', '1');
    return new DatabaseSync(address, { readOnly: true });
  }
}

/** Write what a connection holds beside the place where its file was. Gives the name of the copy. */
function rescue(db: DatabaseSync, file: string): void {
  let number = 1;
  while (existsSync(`${file}.rescued${number}`)) number++;
  if (existsSync(dirname(file))) db.prepare('VACUUM INTO ?').run(`${file}.rescued${number}`);
}

/** Which file a path names; undefined when there is none. */
function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}

/** What ties a snapshot to the events it is the fold of. */
function sealOf(head: string, text: Uint8Array): string {
  return createHash('sha256').update(`${head}\n`).update(text).digest('hex');
}

/** A character as JSON can say it in ASCII. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function tableExists(db: DatabaseSync, name: string): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get(name) !== undefined;
}

function migrate(db: DatabaseSync): void {
  const version = db.prepare('PRAGMA user_version').get()!['user_version'] as number;
  if (version > SCHEMA_VERSION) {
    throw new Error(`the study was written by a newer ansatz (schema ${version}, this one knows ${SCHEMA_VERSION})`);
  }
  db.exec(SCHEMA);
  if (!isChained(db)) db.exec('ALTER TABLE event ADD COLUMN chain TEXT; DROP TABLE snapshot;');
  db.exec(SCHEMA);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}
