/** Vectors of texts, kept on disk by the text and the model they were made by, so that nothing is paid for twice. */

import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

/** Vectors by text. */
export interface Vectors {
  get(text: string): Float32Array | undefined;
  put(entries: readonly (readonly [text: string, vector: Float32Array])[]): void;
  close(): void;
}

const SCHEMA = 'CREATE TABLE IF NOT EXISTS vector (key TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID';

/** Open the vectors at `file` (`:memory:` for none on disk) that were made by `model`: its name, and whose it is. */
export function openVectors(file: string, model: string): Vectors {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  db.exec(SCHEMA);
  const read = db.prepare('SELECT body FROM vector WHERE key = ?');
  const write = db.prepare('INSERT OR REPLACE INTO vector (key, body) VALUES (?, ?)');
  const keyOf = (text: string): string => hash('sha256', `${model}\n${text}`, 'hex');
  return {
    get(text) {
      const body = read.get(keyOf(text))?.['body'] as Uint8Array | undefined;
      // The blob may start anywhere in its buffer; floats may not.
      return body === undefined ? undefined : new Float32Array(body.slice().buffer);
    },
    put(entries) {
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const [text, vector] of entries)
          write.run(keyOf(text), new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => db.close(),
  };
}
