import {
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
  existsSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import { upgrade, type Event } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { type State } from '../../study/state.ts';
import { LeaseLost } from './journal.ts';
import { memoryPoints, openPoints } from './points.ts';
import { salvage } from './salvage.ts';
import { openStudyDatabase, type StudyDatabase } from './sqlite.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansatz-store-'));
  file = join(folder, 'journal.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Do something to the file as anybody could. */
const behind = (sql: string): void => {
  const raw = new DatabaseSync(file);
  raw.exec(sql);
  raw.close();
};

const created = (budget = {}): Event => ({
  type: 'study.created',
  config: simpleConfig({ budget }),
  baseline: { lr: 0.1, hidden: 8 },
  at: 1,
});
const started = (run: number, deviceSeconds: number): Event => ({
  type: 'run.started',
  run,
  trial: 1,
  repeat: run - 1,
  seed: 1,
  slot: 0,
  limitSeconds: 1,
  hold: { runs: 1, deviceSeconds, money: 0 },
  at: 2,
});
const ended = (run: number, deviceSeconds: number): Event => ({
  type: 'run.ended',
  run,
  status: 'done',
  value: 1,
  charge: { runs: 1, deviceSeconds, money: 0 },
  seconds: deviceSeconds,
  at: 3,
});

function opened(...events: Event[]): StudyDatabase {
  const database = openStudyDatabase(file, 'write');
  database.take('me 1 1 boot', 0);
  database.append(events);
  return database;
}

describe('the journal', () => {
  test('gives back what was appended, in order, also to another reader', () => {
    const events = [created(), started(1, 5), ended(1, 3)];
    const writer = opened(...events);
    const reader = openStudyDatabase(file, 'read');
    expect([...reader.read()]).toEqual(events);
    expect([...reader.read(1)]).toEqual(events.slice(1));
    writer.append([started(2, 5)]);
    expect([...reader.read(3)]).toEqual([started(2, 5)]);
    writer.close();
    reader.close();
  });

  test('stores all events of an append or none', () => {
    const database = opened(created({ deviceSeconds: 10 }));
    expect(() => database.append([started(1, 6), started(2, 6)])).toThrow(/CHECK/);
    expect([...database.read()]).toHaveLength(1);
    expect(database.ledger().find((row) => row.resource === 'deviceSeconds')).toMatchObject({ held: 0, spent: 0 });
    database.append([started(1, 6)]);
    database.close();
  });

  test('a run cannot end twice', () => {
    const database = opened(created(), started(1, 5), ended(1, 1));
    expect(() => database.append([ended(1, 1)])).toThrow(/ended twice/);
    database.close();
  });

  test('a lab whose lease was taken can write no more', () => {
    const first = opened(created());
    const second = openStudyDatabase(file, 'write');
    second.take('other 2 2 boot', 5);
    expect(() => first.append([started(1, 1)])).toThrow(LeaseLost);
    second.append([started(1, 1)]);
    expect([...first.read()]).toHaveLength(2);
    first.close();
    second.close();
  });

  test('nothing is appended without the lease', () => {
    const database = openStudyDatabase(file, 'write');
    expect(() => database.append([created()])).toThrow(/lease/);
    database.close();
  });

  test('a snapshot and the events after it make the same state as all events', () => {
    const text = 'lr 0.1 → 0.2, "größer\\u00e9", 日本語 🚀 \u0000 \ud800';
    const database = opened(created(), started(1, 5), { ...ended(1, 3), text } as Event);
    database.snapshot(database.state()!);
    // It is the snapshot that is read.
    behind(`UPDATE event SET body = replace(body, 'lr 0.1', 'lr 0.3')`);
    expect(database.state()!.runs[0]!.text).toBe(text);
    behind(`UPDATE event SET body = replace(body, 'lr 0.3', 'lr 0.1')`);
    database.append([started(2, 5), ended(2, 4)]);
    const all = [...database.read()].reduce<State | undefined>(reduce, undefined);
    expect(database.state()).toEqual(JSON.parse(JSON.stringify(all)));
    database.close();
  });

  test('reads events of older versions through their upgrades, and refuses those of newer ones', () => {
    const database = opened(created());
    database.close();
    const raw = new DatabaseSync(file);
    const { type, at, limitSeconds, ...rest } = started(1, 5) as Extract<Event, { type: 'run.started' }>;
    raw
      .prepare('INSERT INTO event (seq, at, type, version, body) VALUES (2, ?, ?, 0, ?)')
      .run(at, type, JSON.stringify({ ...rest, timeout: limitSeconds }));
    raw.close();
    const reader = openStudyDatabase(file, 'read');
    expect([...reader.read(1)]).toEqual([started(1, 5)]);
    reader.close();
    const old = { config: { name: 'old' }, baseline: {} };
    expect(upgrade('study.created', 1, old)).toMatchObject({ config: { name: 'old', pause: 'auto' } });
    expect(() => upgrade('run.started', 99, {})).toThrow(/newer/);
  });

  test('a file of a newer ansatz is refused, not changed', () => {
    opened(created()).close();
    const raw = new DatabaseSync(file);
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    expect(() => openStudyDatabase(file, 'write')).toThrow(/newer ansatz/);
  });
});

describe('the chain over the events', () => {
  const many = (): Event[] => [created(), started(1, 5), ended(1, 3), started(2, 5), ended(2, 3)];
  const said = (): string | undefined => {
    const reader = openStudyDatabase(file, 'read');
    try {
      return reader.broken()?.text;
    } finally {
      reader.close();
    }
  };

  test.each([
    [
      'a value changed',
      `UPDATE event SET body = replace(body, '"value":1', '"value":0') WHERE seq = 3`,
      /event 3 \(run\.ended\) is not what/,
    ],
    ['a time changed', 'UPDATE event SET at = 1 WHERE seq = 4', /event 4 \(run\.started\) is not what/],
    [
      'two changed places',
      'UPDATE event SET seq = -1 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = 5; UPDATE event SET seq = 5 WHERE seq = -1',
      /event 3 \(run\.ended\) is not what/,
    ],
    ['one taken out', 'DELETE FROM event WHERE seq = 2', /event 2 is gone/],
    [
      'one slipped in at the end',
      `INSERT INTO event (seq, at, type, version, body) SELECT 6, at, type, version, body FROM event WHERE seq = 5`,
      /event 6 \(run\.ended\) was slipped in/,
    ],
    ['a hash taken off', 'UPDATE event SET chain = NULL WHERE seq = 4', /event 4 \(run\.started\) was slipped in/],
  ])('%s: the first event that is not what was written is named', (_what, sql, expected) => {
    opened(...many()).close();
    expect(said()).toBeUndefined();
    behind(sql);
    expect(said()).toMatch(expected);
  });

  test('a tail that was cut off is missed when a snapshot knows of it', () => {
    const database = opened(...many());
    database.snapshot(database.state()!);
    database.close();
    behind('DELETE FROM event WHERE seq > 3');
    expect(said()).toBe('event 4 and those after it are gone');
  });

  test('a snapshot that was changed, or is that of other events, is not believed', () => {
    const database = opened(...many());
    database.snapshot(database.state()!);
    const honest = database.state()!;
    database.close();
    behind(`UPDATE snapshot SET state = replace(state, '"spent":{"runs":2', '"spent":{"runs":1')`);
    const reader = openStudyDatabase(file, 'read');
    expect(reader.state()!.ledger).toEqual(honest.ledger);
    reader.close();
  });

  test('a lab at work notices what others write, cut off or put in the place of its journal, and nothing of its own', () => {
    const database = opened(...many());
    expect(database.disturbed()).toBeUndefined();
    database.append([started(3, 1)]);
    database.renew(9);
    database.snapshot(database.state()!);
    expect(database.disturbed()).toBeUndefined();
    behind(`UPDATE event SET body = replace(body, '"value":1', '"value":0') WHERE seq = 3`);
    expect(database.disturbed()).toMatch(/event 3 \(run\.ended\) is not what/);
    database.close();
  });

  test.each([
    ['cut off', 'DELETE FROM event WHERE seq > 4', /event 5 and those after it are gone/],
    [
      'appended to',
      `INSERT INTO event (seq, at, type, version, body, chain) SELECT 6, at, type, version, body, '0' FROM event WHERE seq = 5`,
      /event 6 .* is not what was written/,
    ],
  ])('a lab at work notices that its journal was %s', (_what, sql, expected) => {
    const database = opened(...many());
    behind(sql);
    expect(database.disturbed()).toMatch(expected);
    database.close();
  });

  test('a lab at work notices a chain that was forged to its end, and another file in the place of its own', () => {
    const database = opened(...many());
    const other = join(folder, 'other.db');
    const forger = openStudyDatabase(other, 'write');
    forger.take('me', 0);
    forger.append(many().map((event) => (event.type === 'run.ended' ? { ...event, value: 0 } : event)));
    forger.close();
    expect(openStudyDatabase(other, 'read').broken()).toBeUndefined();
    behind(`ATTACH '${other}' AS other; DELETE FROM event; INSERT INTO event SELECT * FROM other.event`);
    expect(database.disturbed()).toBe('its events were written anew');
    rmSync(file);
    expect(database.disturbed()).toMatch(/^its file was removed/);
    writeFileSync(file, readFileSync(other));
    expect(database.disturbed()).toMatch(/^its file was replaced/);
    database.close();
  });

  test('a journal whose file was taken away is written down beside its place when the lab ends', () => {
    const database = opened(...many());
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    database.append([started(3, 1)]);
    expect(database.disturbed()).toMatch(/journal\.db\.rescued/);
    database.close();
    const rescued = openStudyDatabase(`${file}.rescued1`, 'read');
    expect([...rescued.read()]).toEqual([...many(), started(3, 1)]);
    expect(rescued.broken()).toBeUndefined();
    rescued.close();
    // An ordinary end leaves nothing.
    opened(...many()).close();
    expect(existsSync(`${file}.rescued2`)).toBe(false);
  });

  test('a journal of an ansatz that knew no chain is read as it is, and chained from its next event on', () => {
    opened(...many()).close();
    behind('ALTER TABLE event DROP COLUMN chain; ALTER TABLE snapshot DROP COLUMN seal; PRAGMA user_version = 1');
    const reader = openStudyDatabase(file, 'read');
    expect(reader.broken()).toBeUndefined();
    expect(reader.state()!.runs).toHaveLength(2);
    reader.close();
    const database = opened(started(3, 1), ended(3, 1));
    expect(database.disturbed()).toBeUndefined();
    expect(database.state()!.runs).toHaveLength(3);
    database.close();
    expect(said()).toBeUndefined();
    // What was written before the chain cannot be vouched for; what came after it is.
    behind('UPDATE event SET at = 1 WHERE seq = 7');
    expect(said()).toMatch(/event 7 /);
  });

  test('of an altered journal the events before are kept, or all as they are, each with books that agree', () => {
    opened(...many()).close();
    behind(`UPDATE event SET body = replace(body, '"deviceSeconds":3', '"deviceSeconds":1') WHERE seq = 3`);
    const copy = readFileSync(file);
    expect(salvage(file).kept).toBe(2);
    expect(said()).toBeUndefined();
    writeFileSync(file, copy);
    expect(salvage(file, true).kept).toBe(5);
    expect(said()).toBeUndefined();
    const database = openStudyDatabase(file, 'read');
    expect(database.ledger().find(({ resource }) => resource === 'deviceSeconds')).toMatchObject({ spent: 4, held: 0 });
    database.close();
  });
});

describe('the ledger in the database', () => {
  test('spent + held never exceeds the budget, whatever is tried in whatever order', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('start' as const), hold: fc.double({ min: 0, max: 8, noNaN: true }) }),
      fc.record({
        do: fc.constant('end' as const),
        pick: fc.nat(),
        charge: fc.double({ min: 0, max: 12, noNaN: true }),
      }),
      fc.record({ do: fc.constant('raise' as const), to: fc.double({ min: 0, max: 60, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const path = join(folder, `p${Math.floor(performance.now() * 1000)}.db`);
        const database = openStudyDatabase(path, 'write');
        database.take('me', 0);
        database.append([created({ deviceSeconds: 20 })]);
        const live: number[] = [];
        let runs = 0;
        let budget = 20;
        let spent = 0;
        const holds = new Map<number, number>();
        for (const one of steps) {
          try {
            if (one.do === 'start') {
              database.append([started(runs + 1, one.hold)]);
              live.push(++runs);
              holds.set(runs, one.hold);
            } else if (one.do === 'end' && live.length > 0) {
              const [run] = live.splice(one.pick % live.length, 1);
              database.append([ended(run!, one.charge)]);
              spent += Math.min(one.charge, holds.get(run!)!);
              holds.delete(run!);
            } else if (one.do === 'raise') {
              database.append([{ type: 'budget.raised', budget: { deviceSeconds: one.to }, at: 4 }]);
              budget = one.to;
            }
          } catch (error) {
            expect(String(error)).toMatch(/CHECK/);
          }
          const row = database.ledger().find(({ resource }) => resource === 'deviceSeconds')!;
          expect(row.spent + row.held).toBeLessThanOrEqual(budget + 1e-5);
          expect(row.spent).toBeCloseTo(spent, 6);
          expect(row.held).toBeCloseTo(
            [...holds.values()].reduce((a, b) => a + b, 0),
            6,
          );
        }
        database.close();
      }),
      { numRuns: 40 },
    );
  });

  test('the state in memory and the database keep the same books', () => {
    const database = opened(created({ deviceSeconds: 100 }), started(1, 10), started(2, 10), ended(1, 4), ended(2, 30));
    const state = database.state()!;
    for (const { resource, held, spent } of database.ledger()) {
      expect(state.ledger.spent[resource as 'runs']).toBeCloseTo(spent, 9);
      expect(state.ledger.held[resource as 'runs']).toBeCloseTo(held, 9);
    }
    // A charge beyond the hold is clipped: the executor enforces what was held.
    expect(state.ledger.spent.deviceSeconds).toBe(14);
    database.close();
  });
});

describe('a damaged journal', () => {
  const many = (): Event[] => [
    created(),
    ...Array.from({ length: 300 }, (_, i) => [started(i + 1, 1), ended(i + 1, 0.5)]).flat(),
  ];

  test('keeps the events before the damage and starts a clean file with them', () => {
    opened(...many()).close();
    // Overwrite the last third of the file, as a bad disk might.
    const { size } = statSync(file);
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(Math.floor(size / 3), 0xaa), 0, Math.floor(size / 3), Math.floor((2 * size) / 3));
    closeSync(handle);
    const { kept, aside } = salvage(file);
    expect(kept).toBeGreaterThan(100);
    expect(existsSync(aside)).toBe(true);
    const database = openStudyDatabase(file, 'write');
    expect([...database.read()]).toEqual(many().slice(0, kept));
    expect(database.ledger().find((row) => row.resource === 'runs')!.spent).toBe(database.state()!.ledger.spent.runs);
    database.close();
  });

  test('a torn body ends the chain there', () => {
    opened(...many()).close();
    const raw = new DatabaseSync(file);
    raw.exec(`UPDATE event SET body = '{"run": 1' WHERE seq = 50`);
    raw.close();
    expect(salvage(file).kept).toBe(49);
  });

  test('a torn write-ahead log loses only what was not whole', () => {
    const database = opened(...many());
    // A copy of the files as a crash leaves them, the log cut in the middle of its last page.
    const copy = join(folder, 'copy.db');
    writeFileSync(copy, readFileSync(file));
    writeFileSync(`${copy}-wal`, readFileSync(`${file}-wal`).subarray(0, -100));
    database.close();
    const after = openStudyDatabase(copy, 'write');
    const events = [...after.read()];
    expect(events).toEqual(many().slice(0, events.length));
    after.close();
  });

  test('a file that is no database at all gives an empty journal and keeps the file', () => {
    writeFileSync(file, 'not a database, but long enough to look at '.repeat(100));
    const { kept, aside } = salvage(file);
    expect(kept).toBe(0);
    expect(readFileSync(aside, 'utf8')).toContain('not a database');
  });
});

describe.each([
  ['sqlite', () => openPoints(join(folder, 'points.db'), 'write')],
  ['memory', () => memoryPoints()],
] as const)('metric points in %s', (_name, open) => {
  const point = (key: string, step: number, value: number) => ({
    key,
    step,
    value,
    source: 'stdout',
    resolution: 0.01,
  });

  test('come back in order, across chunks and flushes, NaN and infinities included', () => {
    const store = open();
    const expected: number[] = [];
    for (let i = 0; i < 2500; i++) {
      const value = i === 7 ? NaN : i === 8 ? -Infinity : i / 3;
      expected.push(value);
      store.write(1, [point('loss', i, value)]);
      if (i % 700 === 0) store.flush();
    }
    store.flush();
    const { steps, values } = store.read(1, 'loss');
    expect([...values]).toEqual(expected);
    expect([...steps]).toEqual(expected.map((_, i) => i));
    expect(store.list(1)).toMatchObject([{ key: 'loss', count: 2500, source: 'stdout', resolution: 0.01 }]);
    store.close();
  });

  test('names like __proto__ are names like any other', () => {
    const store = open();
    for (const key of ['__proto__', 'constructor', 'toString', 'a"b\'c', 'ключ']) store.write(1, [point(key, 0, 1)]);
    store.flush();
    expect(store.list(1).map(({ key }) => key)).toEqual(['__proto__', 'constructor', 'toString', 'a"b\'c', 'ключ']);
    expect([...store.read(1, '__proto__').values]).toEqual([1]);
    store.close();
  });

  test('a run that is forgotten can be heard again', () => {
    const store = open();
    store.write(1, [point('loss', 0, 1)]);
    store.write(2, [point('loss', 0, 2)]);
    store.flush();
    store.forget(1);
    store.write(1, [point('loss', 5, 9)]);
    store.flush();
    expect([...store.read(1, 'loss').values]).toEqual([9]);
    expect([...store.read(2, 'loss').values]).toEqual([2]);
    store.close();
  });

  test('a metric nobody printed has no points', () => {
    const store = open();
    expect(store.read(4, 'loss').values).toHaveLength(0);
    expect(store.list(4)).toEqual([]);
    store.close();
  });
});
