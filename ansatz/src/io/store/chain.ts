/**
 * The chain over a journal: each event's row carries a hash of its own content and of the hash before it, so that an event
 * that was changed, taken out or slipped in from outside is noticed, and which was the first. There is no secret in it:
 * whoever knows it can forge all of what follows an event. A lab at work knows better, because it remembers the last hash.
 */

import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** Half of a SHA-256 in hexadecimal: two events alike in it are not to be found. */
const LENGTH = 32;

/** What an event's hash is over, besides the one before it. */
export interface Row {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly version: number;
  readonly body: string;
}

/** The hash of an event that follows one with the hash `previous` ('' at the start of a chain). */
export function link(previous: string, { seq, at, type, version, body }: Row): string {
  return hash('sha256', `${previous}\n${seq}\n${at}\n${type}\n${version}\n${body}`, 'hex').slice(0, LENGTH);
}

/** Where a chain does not hold: the first such event, in words. */
export interface Break {
  readonly seq: number;
  readonly text: string;
}

/** A chain as it was followed: its last event and hash ('' where no event is chained), or where it breaks. */
export interface Followed {
  readonly last: number;
  readonly head: string;
  readonly broken?: Break;
}

/** Whether the rows of a journal have a hash at all: those of older versions have none. */
export function isChained(db: DatabaseSync): boolean {
  return db.prepare(`SELECT 1 FROM pragma_table_info('event') WHERE name = 'chain'`).get() !== undefined;
}

/** The hash of one event; '' where it has none. */
export function hashAt(db: DatabaseSync, seq: number): string {
  return (db.prepare('SELECT chain FROM event WHERE seq = ?').get(seq)?.['chain'] as string | null | undefined) ?? '';
}

/**
 * Follow the chain from the event after number `from`, whose hash is `previous`. Events without a hash may only come
 * before all that have one: they were written by an ansatz that knew no chain.
 */
export function follow(db: DatabaseSync, from = 0, previous = ''): Followed {
  const statement = db.prepare('SELECT seq, at, type, version, body, chain FROM event WHERE seq > ? ORDER BY seq');
  statement.setReturnArrays(true);
  let head = previous;
  let last = from;
  const broken = (seq: number, text: string): Followed => ({ last, head, broken: { seq, text } });
  for (const row of statement.iterate(from) as Iterable<unknown>) {
    const [seq, at, type, version, body, chain] = row as [number, number, string, number, string, string | null];
    if (seq !== last + 1) return broken(last + 1, `event ${last + 1} is gone`);
    if (chain === null && head !== '') return broken(seq, `event ${seq} (${type}) was slipped in`);
    const own = chain === null ? '' : link(head, { seq, at, type, version, body });
    if (chain !== null && own !== chain) return broken(seq, `event ${seq} (${type}) is not what was written`);
    head = own;
    last = seq;
  }
  return { last, head };
}
