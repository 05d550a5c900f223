/** Saving what can be read of a damaged journal. */

import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Event, EVENT_VERSION, upgrade } from '../../study/events/index.ts';
import { isChained, link, type Row } from './chain.ts';
import { openStudyDatabase, type StudyDatabase } from './sqlite.ts';

/** What became of a journal: how many events are in the new one, and where the old one lies. */
export interface Salvaged {
  readonly kept: number;
  readonly aside: string;
}

/**
 * Move a damaged file aside and write a new journal with the unbroken run of events from its start. A journal is
 * a chain: what comes after a hole, or after an event that is not what was written, cannot be trusted, so the first such
 * event ends it. With `trusting` every event that can be read is taken as it stands, whatever its hash says. The ledger is
 * made again from the events, its invariant checked at each one; one that it cannot bear ends the journal too.
 */
export function salvage(file: string, trusting = false): Salvaged {
  let number = 1;
  while (existsSync(`${file}.damaged${number}`)) number++;
  const aside = `${file}.damaged${number}`;
  renameSync(file, aside);
  // A log that belongs to the damaged file must not be replayed into the new one.
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  const events = readable(aside, trusting);
  rmSync(file, { force: true });
  const fresh = openStudyDatabase(file, 'write');
  try {
    fresh.take('salvage', 0);
    store(fresh, events);
    fresh.release();
    return { kept: fresh.last, aside };
  } finally {
    fresh.close();
  }
}

const BATCH = 1000;

/** Append events up to the first that the books do not bear. */
function store(fresh: StudyDatabase, events: readonly Event[]): void {
  for (let at = 0; at < events.length; at += BATCH) {
    const batch = events.slice(at, at + BATCH);
    try {
      fresh.append(batch);
    } catch {
      for (const event of batch) {
        try {
          fresh.append([event]);
        } catch {
          return;
        }
      }
    }
  }
}

function readable(file: string, trusting: boolean): Event[] {
  const events: Event[] = [];
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(file);
  } catch {
    return events;
  }
  try {
    const next = db.prepare(`SELECT *${isChained(db) ? '' : ', NULL AS chain'} FROM event WHERE seq >= ? ORDER BY seq`);
    let head = '';
    for (let seq = 1; ; seq++) {
      const row = next.get(seq);
      if (row === undefined || (row['seq'] !== seq && !trusting)) return events;
      seq = row['seq'] as number;
      const chained = row['chain'] !== null;
      if (chained) head = link(head, row as unknown as Row);
      if (!trusting && (chained ? row['chain'] !== head : head !== '')) return events;
      const body = JSON.parse(row['body'] as string) as Record<string, unknown>;
      const version = row['version'] as number;
      const type = row['type'] as string;
      const current = version === EVENT_VERSION ? body : upgrade(type, version, body);
      events.push({ ...current, type, at: row['at'] } as unknown as Event);
    }
  } catch {
    return events;
  } finally {
    db.close();
  }
}
