/** Metric files a script writes beside its output: JSON documents, JSON lines and CSV, read as they grow. */

import { JsonDocument } from './document.ts';
import { readDictionary } from './literal.ts';
import type { Metric, Source } from './metric.ts';
import { readNumber, type Printed } from './number.ts';
import { Tail } from './tail.ts';
import { Counters, isNoMetric, Ordinals } from './words.ts';

/** Something that brings new metrics whenever it is looked at. */
export interface Tailer {
  /** What is new, reading about `maxBytes` at most. */
  poll(maxBytes?: number): Metric[];
  /** Everything left, an unfinished last record included if it can be read. */
  finish(): Metric[];
  /** More is there than the last poll read. */
  readonly behind: boolean;
  close(): void;
  /** Takes what the file holds now as heard, because it is of an earlier run; says how many values that were. */
  skip(): number;
}

/** Bytes a poll reads unless told otherwise. */
export const POLL_BYTES = 1 << 20;
/** Longest record; a longer one is passed over. */
const MOST_RECORD = 1 << 20;

/** Follows a file with one JSON object per line; nested keys are joined by `/`. Bare NaN and Infinity are read. */
export function tailJsonLines(path: string, source: Source): Tailer {
  return new TextTailer(path, (heard) => new JsonLines(source, heard));
}

/**
 * Follows a JSON document, which is heard whenever it is whole: as soon as it is written, and again when it is written
 * anew. See `JsonDocument`. One with an object in its first line is a file of JSON lines.
 */
export function tailJson(path: string, source: Source): Tailer {
  return new TextTailer(path, (heard) => new JsonDocument(source, heard, (tell) => new JsonLines(source, tell)));
}

/**
 * Follows a table with a header, separated by commas, semicolons or tabs. Empty cells say nothing. A file written anew
 * with the rows already heard, as when a logger adds a column, brings only what is new.
 */
export function tailCsv(path: string): Tailer {
  return new TextTailer(path, (heard) => new CsvRows(heard));
}

/** Reads records from text; made anew when the file begins anew. */
export interface Records {
  push(text: string): void;
  end(): void;
}

class TextTailer implements Tailer {
  readonly #tail: Tail;
  readonly #begin: () => Records;
  #history = new History();
  /** What has been heard is of an earlier run, which the file of this one may repeat to the last digit. */
  #skipped = false;
  #records: Records;
  #decoder = new TextDecoder();
  #heard: Metric[] = [];

  constructor(path: string, records: (heard: (metric: Metric) => void) => Records) {
    this.#tail = new Tail(path, { anew: true });
    this.#begin = () =>
      records((metric) => {
        if (this.#history.isNew(metric)) this.#heard.push(metric);
      });
    this.#records = this.#begin();
  }

  get behind(): boolean {
    return this.#tail.behind;
  }

  poll(maxBytes = POLL_BYTES): Metric[] {
    const { restarted, bytes } = this.#tail.read(maxBytes);
    if (restarted) {
      if (this.#skipped) this.#history = new History();
      else this.#history.rewind();
      this.#skipped = false;
      this.#records = this.#begin();
      this.#decoder = new TextDecoder();
    }
    if (bytes.length > 0) this.#records.push(this.#decoder.decode(bytes, { stream: true }));
    return this.#taken();
  }

  finish(): Metric[] {
    const heard: Metric[][] = [];
    do heard.push(this.poll());
    while (this.behind);
    this.#records.end();
    return [...heard.flat(), ...this.#taken()];
  }

  close(): void {
    this.#tail.close();
  }

  skip(): number {
    let passed = 0;
    do passed += this.poll().length;
    while (this.behind);
    this.#skipped = true;
    return passed;
  }

  #taken(): Metric[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }
}

/** What a file has said, so that a copy of it with more at the end is not heard twice. */
class History {
  /** Per key: step, value, step, value… */
  readonly #said = new Map<string, number[]>();
  /** While a rewritten file is read: how much of each key's list has come again. */
  #again = new Map<string, number>();

  rewind(): void {
    this.#again = new Map([...this.#said.keys()].map((key) => [key, 0]));
  }

  isNew({ key, step, value }: Metric): boolean {
    let said = this.#said.get(key);
    if (said === undefined) {
      said = [];
      this.#said.set(key, said);
    }
    const at = this.#again.get(key);
    if (at !== undefined) {
      if (at < said.length && said[at] === step && Object.is(said[at + 1], value)) {
        this.#again.set(key, at + 2);
        return false;
      }
      // From here on the file tells another story.
      said.length = at;
      this.#again.delete(key);
    }
    said.push(step, value);
    return true;
  }
}

class JsonLines implements Records {
  readonly #source: Source;
  readonly #tell: (metric: Metric) => void;
  readonly #ordinals = new Ordinals();
  /** Keys once printed with all digits: their shorter numbers are exact too. */
  readonly #exact = new Set<string>();
  #rest = '';
  #tooLong = false;

  constructor(source: Source, tell: (metric: Metric) => void) {
    this.#source = source;
    this.#tell = tell;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (!this.#tooLong) this.#line(line);
      this.#tooLong = false;
    }
    if (this.#rest.length <= MOST_RECORD) return;
    this.#rest = '';
    this.#tooLong = true;
  }

  end(): void {
    if (!this.#tooLong) this.#line(this.#rest);
    this.#rest = '';
  }

  #line(line: string): void {
    const trimmed = line.trim();
    const read = readDictionary(trimmed);
    // Text after the object means two writers tore each other's lines.
    if (read === undefined || read.end !== trimmed.length) return;
    const metrics: { key: string; number: Printed }[] = [];
    const counters = new Counters();
    for (const leaf of read.leaves) {
      const number = readNumber(leaf.text);
      if (number === undefined || counters.take(leaf.key, number.value)) continue;
      if (!isNoMetric(leaf.key.slice(leaf.key.lastIndexOf('/') + 1))) metrics.push({ key: leaf.key, number });
    }
    for (const { key, number } of metrics) {
      const { value } = number;
      if (number.resolution === 0 && Number.isFinite(value)) this.#exact.add(key);
      const resolution = this.#exact.has(key) ? 0 : number.resolution;
      const step = counters.step ?? this.#ordinals.next(key);
      this.#tell({ key, step, value, resolution, source: this.#source, summary: false });
    }
  }
}

class CsvRows implements Records {
  readonly #tell: (metric: Metric) => void;
  readonly #ordinals = new Ordinals();
  #separator: string | undefined;
  #header: readonly string[] | undefined;
  #text = '';

  constructor(tell: (metric: Metric) => void) {
    this.#tell = tell;
  }

  push(text: string): void {
    this.#text += text;
    let from = 0;
    for (let end = rowEnd(this.#text, from); end >= 0; end = rowEnd(this.#text, from)) {
      this.#row(this.#text.slice(from, end));
      from = end + 1;
    }
    this.#text = this.#text.slice(from);
    // A quote that is never closed would hold everything after it.
    if (this.#text.length > MOST_RECORD) this.#text = this.#text.slice(this.#text.indexOf('\n') + 1);
  }

  end(): void {
    const cells = this.#text.trim() === '' ? [] : this.#cells(this.#text);
    // A torn row could end inside a number; a whole one ends with the last column.
    if (cells.length === this.#header?.length) this.#row(this.#text);
    this.#text = '';
  }

  #cells(row: string): string[] {
    this.#separator ??= ['\t', ';', ','].find((separator) => row.includes(separator)) ?? ',';
    return splitRow(row.replace(/\r$/, ''), this.#separator);
  }

  #row(row: string): void {
    if (row.trim() === '') return;
    const cells = this.#cells(row.replace(/^\uFEFF/, ''));
    const numbers = cells.map((cell) => readNumber(cell));
    if (this.#header === undefined || isNewHeader(cells, numbers, this.#header)) {
      this.#header = cells;
      return;
    }
    const counters = new Counters();
    const metrics: { key: string; number: Printed }[] = [];
    for (const [i, key] of this.#header.entries()) {
      const number = numbers[i];
      if (key === '' || number === undefined || counters.take(key, number.value) || isNoMetric(key)) continue;
      metrics.push({ key, number });
    }
    for (const { key, number } of metrics) {
      const { value, resolution } = number;
      const step = counters.step ?? this.#ordinals.next(key);
      this.#tell({ key, step, value, resolution, source: 'csv', summary: false });
    }
  }
}

/** A script started again in append mode writes its header again, perhaps with other columns. */
function isNewHeader(cells: readonly string[], numbers: readonly unknown[], header: readonly string[]): boolean {
  if (numbers.some((number) => number !== undefined)) return false;
  return cells.some((cell) => cell !== '' && header.includes(cell));
}

/** Index of the newline that ends the row at `from`, looking past quoted ones; -1 when it is unfinished. */
function rowEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  const quote = text.indexOf('"', from);
  if (end < 0 || quote < 0 || quote > end) return end;
  let quoted = false;
  for (let i = quote; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    else if (text[i] === '\n' && !quoted) return i;
  }
  return -1;
}

/** Cells of a row (RFC 4180: a quote inside a quoted cell is doubled), trimmed. */
function splitRow(row: string, separator: string): string[] {
  if (!row.includes('"')) return row.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < row.length; i++) {
    const char = row[i]!;
    if (char === '"') {
      if (quoted && row[i + 1] === '"') {
        cell += '"';
        i++;
        continue;
      }
      quoted = !quoted;
      continue;
    }
    if (char === separator && !quoted) {
      cells.push(cell.trim());
      cell = '';
      continue;
    }
    cell += char;
  }
  cells.push(cell.trim());
  return cells;
}
