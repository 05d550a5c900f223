/** Saving what can be read of a damaged journal. */

import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Event, EVENT_VERSION, upgrade } from '../../study/events/index.ts';
import { openStudyDatabase } from './sqlite.ts';

/**
 * Move the damaged file aside and write a new journal with the unbroken run of events from its start. A journal is
 * a chain: what comes after a hole cannot be trusted, so the first unreadable event ends it. The ledger is made
 * again from the events, its invariant checked at each one.
 */
export function salvage(file: string): { readonly kept: number; readonly aside: string } {
  let number = 1;
  while (existsSync(`${file}.damaged${number}`)) number++;
  const aside = `${file}.damaged${number}`;
  renameSync(file, aside);
  // A log that belongs to the damaged file must not be replayed into the new one.
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  const events = readable(aside);
  rmSync(file, { force: true });
  const fresh = openStudyDatabase(file, 'write');
  try {
    fresh.take('salvage', 0);
    for (let i = 0; i < events.length; i += 1000) fresh.append(events.slice(i, i + 1000));
    fresh.release();
  } finally {
    fresh.close();
  }
  return { kept: events.length, aside };
}

function readable(file: string): Event[] {
  const events: Event[] = [];
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(file);
  } catch {
    return events;
  }
  try {
    const one = db.prepare('SELECT at, type, version, body FROM event WHERE seq = ?');
    for (let seq = 1; ; seq++) {
      const row = one.get(seq);
      if (row === undefined) return events;
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
