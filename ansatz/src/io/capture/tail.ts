/** Reads what a growing file has gained since the last look, and notices when it was replaced or written anew. */

import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Bytes kept from the start and from before the read position, to recognise a file that was written anew in place. */
const WITNESS = 64;

/** What a look at the file brought. */
export interface Gain {
  /** The file is not the one read before: what is in `bytes` starts at its beginning. */
  readonly restarted: boolean;
  readonly bytes: Uint8Array;
}

const NONE: Gain = { restarted: false, bytes: new Uint8Array(0) };

/** Follows one file by path. A file that is not there yet, or no longer, brings nothing. */
export class Tail {
  /** More is there than the last read took. */
  behind = false;

  readonly #path: string;
  readonly #anew: boolean;
  /** Last change of the file when all of it had been read. */
  #changed: bigint | undefined;
  #descriptor: number | undefined;
  #inode = 0n;
  #position = 0;
  #head = Buffer.alloc(0);
  #last = Buffer.alloc(0);

  /** `anew`: notice a file written anew at its old length, by its time of change. */
  constructor(path: string, { anew = false } = {}) {
    this.#path = path;
    this.#anew = anew;
  }

  /** At most `maxBytes` new bytes. */
  read(maxBytes: number): Gain {
    const restarted = this.#reopen();
    if (this.#descriptor === undefined) return NONE;
    const size = fstatSync(this.#descriptor).size;
    const room = Math.min(maxBytes, size - this.#position);
    if (room <= 0) {
      this.behind = size > this.#position;
      this.#remember();
      return restarted ? { restarted, bytes: NONE.bytes } : NONE;
    }
    const buffer = Buffer.allocUnsafe(room);
    const count = readSync(this.#descriptor, buffer, 0, room, this.#position);
    const bytes = buffer.subarray(0, count);
    if (this.#head.length < WITNESS)
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, WITNESS - this.#head.length)]);
    this.#last = Buffer.concat([this.#last, bytes.subarray(Math.max(0, count - WITNESS))]);
    this.#last = this.#last.subarray(Math.max(0, this.#last.length - WITNESS));
    this.#position += count;
    this.behind = count > 0 && this.#position < size;
    this.#remember();
    return { restarted, bytes };
  }

  #remember(): void {
    if (!this.#anew) return;
    const { size, mtimeNs } = fstatSync(this.#descriptor!, { bigint: true });
    this.#changed = size === BigInt(this.#position) ? mtimeNs : undefined;
  }

  /** Goes to the present end: what is there now belongs to an earlier run. */
  skip(): void {
    while (this.read(1 << 20).bytes.length > 0) continue;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Opens the file if need be; true when it is another file, or another content, than the one read so far. */
  #reopen(): boolean {
    const now = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (now === undefined || !now.isFile()) return false;
    const known = this.#descriptor !== undefined;
    if (known && now.ino === this.#inode && !this.#rewritten(now)) return false;
    this.close();
    this.#descriptor = openIfPossible(this.#path);
    if (this.#descriptor === undefined) return false;
    this.#inode = now.ino;
    const restarted = this.#position > 0;
    this.#position = 0;
    this.#head = Buffer.alloc(0);
    this.#last = Buffer.alloc(0);
    return restarted;
  }

  #rewritten({ size, mtimeNs }: BigIntStats): boolean {
    if (size < BigInt(this.#position)) return true;
    // Nothing new, nothing to compare: an idle file costs one stat.
    if (size === BigInt(this.#position)) return this.#changed !== undefined && this.#changed !== mtimeNs;
    return !this.#holds(this.#head, 0) || !this.#holds(this.#last, this.#position - this.#last.length);
  }

  #holds(expected: Buffer, at: number): boolean {
    const found = Buffer.alloc(expected.length);
    const count = readSync(this.#descriptor!, found, 0, found.length, at);
    return count === expected.length && found.equals(expected);
  }
}

/** A descriptor for reading; undefined when the file is gone or closed to us, which the next look may find changed. */
export function openIfPossible(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
