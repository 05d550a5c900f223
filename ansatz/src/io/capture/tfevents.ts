/** TensorBoard event files: TFRecord framing, the few protobuf messages that hold scalars, and a folder that grows. */

import { closeSync, fstatSync, readdirSync, readSync, type Dirent, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { POLL_BYTES, type Tailer } from './files.ts';
import type { Metric } from './metric.ts';
import { openIfPossible } from './tail.ts';

/** One scalar of an event. */
export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  readonly resolution: number;
}

/** Castagnoli's polynomial, reflected; eight tables let eight bytes be taken at once (Kounavis and Berry 2005). */
const POLYNOMIAL = 0x82f63b78;
const TABLES = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  TABLES[0]![byte] = crc;
}
for (let table = 1; table < 8; table++) {
  for (let byte = 0; byte < 256; byte++) {
    const crc = TABLES[table - 1]![byte]!;
    TABLES[table]![byte] = (crc >>> 8) ^ TABLES[0]![crc & 255]!;
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** CRC-32C of the bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      T7[crc & 255]! ^
      T6[(crc >>> 8) & 255]! ^
      T5[(crc >>> 16) & 255]! ^
      T4[crc >>> 24]! ^
      T3[bytes[i + 4]!]! ^
      T2[bytes[i + 5]!]! ^
      T1[bytes[i + 6]!]! ^
      T0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = T0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The checksum as TFRecord stores it, rotated and shifted so that checksums of checksums stay good. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes around a record's data: length and its checksum before, the data's checksum behind. */
const FRAME_BEFORE = 12;
const FRAME = 16;
/** Larger records are images, histograms and graphs: they are passed over unread. */
const MOST_RECORD = 1 << 18;

/** What could be read of a stretch of an event file. */
export interface Stretch {
  readonly scalars: Scalar[];
  /** Bytes done with. */
  readonly done: number;
  /** Where to go on once the file is that long: beyond `done` when a large record there is passed over. */
  readonly next: number;
  /** A length's checksum is wrong: where the next record begins is unknown, nothing more can be read. */
  readonly broken: boolean;
}

/**
 * Reads the whole records at the start of `bytes`. A short tail is left for later; so are zeros, which a network file
 * system may show before the data arrives. A record with damaged data is passed over.
 */
export function readStretch(bytes: Buffer): Stretch {
  const scalars: Scalar[] = [];
  let at = 0;
  while (at + FRAME_BEFORE <= bytes.length) {
    const low = bytes.readUInt32LE(at);
    const high = bytes.readUInt32LE(at + 4);
    const check = bytes.readUInt32LE(at + 8);
    if (low === 0 && high === 0 && check === 0) break;
    if (maskedCrc(bytes.subarray(at, at + 8)) !== check) return { scalars, done: at, next: at, broken: true };
    const length = high * 2 ** 32 + low;
    const end = at + FRAME + length;
    if (end > bytes.length) {
      if (length > MOST_RECORD) return { scalars, done: at, next: end, broken: false };
      break;
    }
    const data = bytes.subarray(at + FRAME_BEFORE, end - 4);
    if (length <= MOST_RECORD && maskedCrc(data) === bytes.readUInt32LE(end - 4)) readEvent(data, scalars);
    at = end;
  }
  return { scalars, done: at, next: at, broken: false };
}

/** A cursor over one protobuf message. */
class Message {
  field = 0;
  /** Value of a varint, bits of a fixed number, or length of bytes. */
  #wire = 0;
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Moves to the next field; the one before must have been read or skipped. False at the end or where it is damaged. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const key = Number(this.varint());
    this.field = key >>> 3;
    this.#wire = key & 7;
    return this.field > 0;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return value;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return value;
  }

  /** The field's content as raw bytes, whatever its wire type; undefined when the message ends inside it. */
  raw(): Buffer | undefined {
    const start = this.#at;
    if (this.#wire === 0) {
      this.varint();
      return this.#bytes.subarray(start, this.#at);
    }
    const length = this.#wire === 2 ? Number(this.varint()) : this.#wire === 1 ? 8 : this.#wire === 5 ? 4 : Infinity;
    const from = this.#at;
    this.#at = from + length;
    return this.#at <= this.#bytes.length ? this.#bytes.subarray(from, this.#at) : undefined;
  }
}

function fields(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  const message = new Message(bytes);
  while (message.next()) {
    const content = message.raw();
    if (content === undefined) break;
    found.set(message.field, content);
  }
  return found;
}

/** Event: 2 step, 5 summary. Summary: 1 value, repeated. */
function readEvent(data: Buffer, scalars: Scalar[]): void {
  let step = 0;
  const summaries: Buffer[] = [];
  const event = new Message(data);
  while (event.next()) {
    if (event.field === 2) {
      step = Number(BigInt.asIntN(64, event.varint()));
      continue;
    }
    const content = event.raw();
    if (content === undefined) return;
    if (event.field === 5) summaries.push(content);
  }
  for (const summary of summaries) {
    const values = new Message(summary);
    while (values.next()) {
      const content = values.raw();
      if (content === undefined) return;
      if (values.field !== 1) continue;
      const scalar = readValue(content, step);
      if (scalar !== undefined) scalars.push(scalar);
    }
  }
}

/** Value: 1 tag, 2 simple_value, 8 tensor, 9 metadata {1 plugin {1 name}}. */
function readValue(bytes: Buffer, step: number): Scalar | undefined {
  const value = fields(bytes);
  const tag = value.get(1)?.toString('utf8').trim();
  if (tag === undefined || tag === '') return undefined;
  const simple = value.get(2);
  if (simple?.length === 4) return { tag, step, ...fromFloat32(simple.readFloatLE(0)) };
  const tensor = value.get(8);
  const metadata = value.get(9);
  const plugin = metadata === undefined ? undefined : fields(metadata).get(1);
  const name = plugin === undefined ? undefined : fields(plugin).get(1)?.toString('utf8');
  if (tensor === undefined || (name !== undefined && name !== 'scalars')) return undefined;
  const scalar = readTensor(fields(tensor));
  return scalar === undefined ? undefined : { tag, step, ...scalar };
}

/** DataType numbers of tensorflow/core/framework/types.proto. */
const FLOAT32 = 1;
const FLOAT64 = 2;
const BFLOAT16 = 14;
const FLOAT16 = 19;
const INTEGERS = new Set([3, 4, 5, 6, 9, 17, 22, 23]);

/** TensorProto: 1 dtype, 4 content, 5 float, 6 double, 7 int, 10 int64, 13 half (bits as varint). One element only. */
function readTensor(tensor: Map<number, Buffer>): { value: number; resolution: number } | undefined {
  const type = Number(varintOf(tensor.get(1)) ?? 0n);
  const content = tensor.get(4);
  if (type === FLOAT32) {
    const bits = content ?? tensor.get(5);
    return bits?.length === 4 ? fromFloat32(bits.readFloatLE(0)) : undefined;
  }
  if (type === FLOAT64) {
    const bits = content ?? tensor.get(6);
    return bits?.length === 8 ? { value: bits.readDoubleLE(0), resolution: 0 } : undefined;
  }
  if (type === BFLOAT16 || type === FLOAT16) {
    const bits = content?.length === 2 ? content.readUInt16LE(0) : Number(varintOf(tensor.get(13)) ?? -1n);
    return bits < 0 ? undefined : fromSixteen(bits, type === BFLOAT16);
  }
  if (!INTEGERS.has(type)) return undefined;
  if (content?.length === 4) return { value: content.readInt32LE(0), resolution: 0 };
  if (content?.length === 8) return { value: Number(content.readBigInt64LE(0)), resolution: 0 };
  const integer = varintOf(tensor.get(7) ?? tensor.get(10));
  return integer === undefined ? undefined : { value: Number(BigInt.asIntN(64, integer)), resolution: 0 };
}

/** The only varint in the bytes, plain or packed. */
function varintOf(bytes: Buffer | undefined): bigint | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : new Message(bytes).varint();
}

/** The decimal number a person would say was logged: 0.9 is stored as 0.8999999761581421. */
function fromFloat32(stored: number): { value: number; resolution: number } {
  if (!Number.isFinite(stored) || stored === 0) return { value: stored, resolution: 0 };
  const exponent = Math.floor(Math.log10(Math.abs(stored)));
  const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(stored)))) - 23);
  return { value: Number(stored.toPrecision(7)), resolution: Math.max(ulp, Number(`1e${exponent - 6}`)) };
}

function fromSixteen(bits: number, brain: boolean): { value: number; resolution: number } {
  const mantissaBits = brain ? 7 : 10;
  const exponentBits = 15 - mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >>> 15 === 1 ? -1 : 1;
  const exponent = (bits >>> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 2 ** exponentBits - 1) return { value: fraction === 0 ? sign * Infinity : NaN, resolution: 0 };
  const scale = 2 ** (Math.max(exponent, 1) - bias);
  return { value: sign * scale * (fraction + (exponent === 0 ? 0 : 1)), resolution: scale / 2 ** mantissaBits };
}

/** Deepest folder and most files looked at, so that a wrong path such as `/` costs little. */
const DEPTH = 6;
const MOST_FILES = 2000;

/** Follows every event file in a folder and the folders below it (or one event file). */
export function tailTensorBoard(path: string): Tailer {
  return new TensorBoardTailer(path);
}

interface EventFile {
  readonly path: string;
  /** Folder names that tell this file's tags from others', with a slash, or nothing. */
  readonly prefix: string;
  descriptor: number | undefined;
  position: number;
  broken: boolean;
}

class TensorBoardTailer implements Tailer {
  behind = false;
  readonly #root: string;
  readonly #files = new Map<string, EventFile>();

  constructor(path: string) {
    this.#root = path;
  }

  poll(maxBytes = POLL_BYTES): Metric[] {
    this.#discover();
    const heard: Metric[] = [];
    let left = maxBytes;
    this.behind = false;
    for (const file of this.#files.values()) {
      if (left <= 0) {
        this.behind = true;
        break;
      }
      left -= this.#read(file, left, heard);
    }
    return heard;
  }

  finish(): Metric[] {
    const heard: Metric[][] = [];
    do heard.push(this.poll());
    while (this.behind);
    return heard.flat();
  }

  close(): void {
    for (const file of this.#files.values()) {
      if (file.descriptor !== undefined) closeSync(file.descriptor);
      file.descriptor = undefined;
      file.broken = true;
    }
  }

  skip(): number {
    return this.finish().length;
  }

  #discover(): void {
    const found: string[] = [];
    const top = statSync(this.#root, { throwIfNoEntry: false });
    if (top?.isFile()) found.push(this.#root);
    if (top?.isDirectory()) eventFiles(this.#root, 0, found);
    // Files of a folder follow each other in time, and their names begin with it.
    for (const path of found.sort()) {
      if (this.#files.has(path)) continue;
      const folder = path === this.#root ? '' : relative(this.#root, join(path, '..'));
      this.#files.set(path, { path, prefix: prefixOf(folder), descriptor: undefined, position: 0, broken: false });
    }
  }

  /** Reads about `room` bytes of the file; returns how many. */
  #read(file: EventFile, room: number, heard: Metric[]): number {
    if (file.broken) return 0;
    file.descriptor ??= openIfPossible(file.path);
    if (file.descriptor === undefined) return 0;
    const size = fstatSync(file.descriptor).size;
    const start = file.position;
    // A record must fit, or a small allowance would never get past it.
    const length = Math.min(size - file.position, Math.max(room, MOST_RECORD + FRAME));
    if (length < FRAME_BEFORE) return 0;
    const buffer = Buffer.allocUnsafe(length);
    const count = readSync(file.descriptor, buffer, 0, length, file.position);
    const { scalars, done, next, broken } = readStretch(buffer.subarray(0, count));
    file.position += start + next <= size ? next : done;
    file.broken = broken;
    const moved = file.position > start;
    if (moved && !broken && start + count < size && file.position < size) this.behind = true;
    for (const { tag, step, value, resolution } of scalars) {
      heard.push({ key: file.prefix + tag, step, value, resolution, source: 'tensorboard', summary: false });
    }
    return count;
  }
}

function eventFiles(folder: string, depth: number, found: string[]): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // A folder removed or closed to us while we look holds no news.
    if (error instanceof Error && 'code' in error) return;
    throw error;
  }
  for (const entry of entries) {
    if (found.length >= MOST_FILES) return;
    const path = join(folder, entry.name);
    if (entry.isFile() && basename(path).includes('tfevents')) found.push(path);
    else if (entry.isDirectory() && depth < DEPTH) eventFiles(path, depth + 1, found);
  }
}

/**
 * `validation/` for Keras' folder of that name. Folders named after a version, date or host (they have a digit) differ
 * from run to run and would give the same metric another name each time.
 */
function prefixOf(folder: string): string {
  const names = folder.split(sep).filter((name) => name !== '' && !/\d/.test(name));
  return names.map((name) => `${name}/`).join('');
}
