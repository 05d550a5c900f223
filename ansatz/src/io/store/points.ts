/**
 * Metric points in SQLite, in chunks: 1024 (step, value) pairs of one series make one blob. Rows per point would
 * take fifty times as long to read back.
 */

import { DatabaseSync } from 'node:sqlite';
import { openReading } from './sqlite.ts';
import type { Series, SeriesInfo, SeriesStore } from './series.ts';

const CHUNK = 1024;
/** Chunks of a megabyte. */
const SWEPT = 64;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    source TEXT NOT NULL,
    resolution REAL NOT NULL,
    count INTEGER NOT NULL,
    last TEXT NOT NULL,
    UNIQUE (run, key)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS chunk (
    series INTEGER NOT NULL,
    number INTEGER NOT NULL,
    points BLOB NOT NULL,
    PRIMARY KEY (series, number)
  ) STRICT, WITHOUT ROWID;
`;

/** A series being written: the chunk that is not full yet stays in memory and is rewritten at each flush. */
interface Open {
  readonly id: number;
  chunk: number;
  fill: number;
  count: number;
  last: number;
  dirty: boolean;
  /** Steps in the first half, values in the second. */
  readonly buffer: Float64Array<ArrayBuffer>;
}

/** Open the points database at `file`, for the lab (`write`) or for anyone else. */
export function openPoints(file: string, mode: 'write' | 'read'): SeriesStore {
  const db = mode === 'read' ? openReading(file) : new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 5000');
  if (mode === 'write') {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    db.exec(SCHEMA);
  }
  const open = new Map<number, Map<string, Open>>();
  let inTransaction = false;

  const begin = (): void => {
    if (inTransaction) return;
    db.exec('BEGIN');
    inTransaction = true;
  };
  const putChunk =
    mode === 'write' ? db.prepare('INSERT OR REPLACE INTO chunk (series, number, points) VALUES (?, ?, ?)') : undefined;
  const putSeries = mode === 'write' ? db.prepare('UPDATE series SET count = ?, last = ? WHERE id = ?') : undefined;

  const store = (series: Open): void => {
    const bytes = new Float64Array(2 * series.fill);
    bytes.set(series.buffer.subarray(0, series.fill), 0);
    bytes.set(series.buffer.subarray(CHUNK, CHUNK + series.fill), series.fill);
    begin();
    putChunk!.run(series.id, series.chunk, new Uint8Array(bytes.buffer));
  };

  const openSeries = (run: number, key: string, source: string, resolution: number): Open => {
    begin();
    db.prepare(
      'INSERT OR IGNORE INTO series (run, key, source, resolution, count, last) VALUES (?, ?, ?, ?, 0, ?)',
    ).run(run, key, source, resolution, 'NaN');
    const row = db.prepare('SELECT id, count FROM series WHERE run = ? AND key = ?').get(run, key)!;
    const count = row['count'] as number;
    const series: Open = {
      id: row['id'] as number,
      chunk: Math.floor(count / CHUNK),
      fill: count % CHUNK,
      count,
      last: NaN,
      dirty: false,
      buffer: new Float64Array(2 * CHUNK),
    };
    if (series.fill > 0) {
      const stored = pointsOf(
        db.prepare('SELECT points FROM chunk WHERE series = ? AND number = ?').get(series.id, series.chunk)!['points'],
      );
      series.buffer.set(stored.steps, 0);
      series.buffer.set(stored.values, CHUNK);
    }
    return series;
  };

  return {
    write(run, points) {
      let ofRun = open.get(run);
      if (ofRun === undefined) open.set(run, (ofRun = new Map()));
      for (const point of points) {
        let series = ofRun.get(point.key);
        if (series === undefined) {
          ofRun.set(point.key, (series = openSeries(run, point.key, point.source, point.resolution)));
        }
        series.buffer[series.fill] = point.step;
        series.buffer[CHUNK + series.fill] = point.value;
        series.fill++;
        series.count++;
        series.last = point.value;
        series.dirty = true;
        if (series.fill < CHUNK) continue;
        store(series);
        series.chunk++;
        series.fill = 0;
      }
    },
    flush() {
      for (const [run, ofRun] of open) {
        for (const series of ofRun.values()) {
          if (!series.dirty) continue;
          if (series.fill > 0) store(series);
          begin();
          putSeries!.run(series.count, String(series.last), series.id);
          series.dirty = false;
        }
        // A run that writes again is opened again; one that ended must not hold 16 KiB per series for ever.
        open.delete(run);
      }
      if (!inTransaction) return;
      db.exec('COMMIT');
      inTransaction = false;
    },
    read(run, key, room) {
      const row = db.prepare('SELECT id, count FROM series WHERE run = ? AND key = ?').get(run, key);
      if (row === undefined) return { steps: new Float64Array(0), values: new Float64Array(0) };
      // Straight from the database into the arrays: a page reads a million points at once, and copies would be most of the work.
      const most = row['count'] as number;
      if (room !== undefined && room.steps.length < most) {
        room.steps = new Float64Array(most);
        room.values = new Float64Array(most);
      }
      const { steps, values } = room ?? { steps: new Float64Array(most), values: new Float64Array(most) };
      let at = 0;
      for (const { points } of db
        .prepare('SELECT points FROM chunk WHERE series = ? ORDER BY number')
        .iterate(row['id']!) as Iterable<{ points: Uint8Array }>) {
        const half = Math.min(points.byteLength / 2, (most - at) * 8);
        new Uint8Array(steps.buffer, at * 8, half).set(points.subarray(0, half));
        new Uint8Array(values.buffer, at * 8, half).set(
          points.subarray(points.byteLength / 2, points.byteLength / 2 + half),
        );
        at += half / 8;
        if (at % (SWEPT * CHUNK) === 0) room?.sweep?.();
      }
      // Fewer than were counted: a lab is writing.
      return at === steps.length ? { steps, values } : { steps: steps.subarray(0, at), values: values.subarray(0, at) };
    },
    list(run) {
      const rows = db
        .prepare('SELECT key, source, resolution, count, last FROM series WHERE run = ? ORDER BY id')
        .all(run);
      return rows.map((row) => ({ ...row, last: Number(row['last']) }) as unknown as SeriesInfo);
    },
    forget(run) {
      open.delete(run);
      begin();
      db.prepare('DELETE FROM chunk WHERE series IN (SELECT id FROM series WHERE run = ?)').run(run);
      db.prepare('DELETE FROM series WHERE run = ?').run(run);
    },
    close() {
      if (!db.isOpen) return;
      if (mode === 'write') this.flush();
      db.close();
    },
  };
}

function pointsOf(blob: unknown): Series {
  const bytes = blob as Uint8Array;
  // The blob may start anywhere in its buffer; doubles may not.
  const all = new Float64Array(bytes.slice().buffer);
  const half = all.length / 2;
  return { steps: all.subarray(0, half), values: all.subarray(half) };
}

/** Points in memory, for simulations and tests. */
export function memoryPoints(): SeriesStore {
  const runs = new Map<
    number,
    Map<string, { steps: number[]; values: number[]; source: string; resolution: number }>
  >();
  return {
    write(run, points) {
      let ofRun = runs.get(run);
      if (ofRun === undefined) runs.set(run, (ofRun = new Map()));
      for (const { key, step, value, source, resolution } of points) {
        let series = ofRun.get(key);
        if (series === undefined) ofRun.set(key, (series = { steps: [], values: [], source, resolution }));
        series.steps.push(step);
        series.values.push(value);
      }
    },
    flush: () => {},
    read(run, key) {
      const series = runs.get(run)?.get(key);
      return { steps: Float64Array.from(series?.steps ?? []), values: Float64Array.from(series?.values ?? []) };
    },
    list: (run) =>
      [...(runs.get(run) ?? [])].map(([key, s]) => ({
        key,
        source: s.source,
        resolution: s.resolution,
        count: s.values.length,
        last: s.values.at(-1)!,
      })),
    forget: (run) => {
      runs.delete(run);
    },
    close: () => {},
  };
}
