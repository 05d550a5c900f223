/** Metrics in JSON documents: results written at the end, histories of Keras, the state of a Hugging Face trainer. */

import { ELEMENT, type Leaf, readDocument } from './literal.ts';
import type { Metric, Source } from './metric.ts';
import { type Printed, readNumber } from './number.ts';
import { Counters, isNoMetric, Ordinals } from './words.ts';

/** Characters of the longest document that is read. */
const MOST_DOCUMENT = 1 << 24;

/**
 * Reads a document once it is whole. Objects in lists are records, `[{"epoch": 1, "loss": 0.5}, …]`, and so are the rows of
 * lists of numbers that stand side by side, `{"epoch": [1, 2], "loss": [0.5, 0.4]}`: of a record without a counter the
 * step is its place. What stands in no list is one record, and closes the run where it has no counter. Lists of numbers
 * in lists measure nothing. NaN and Infinity are read, as Python writes them.
 */
export class JsonDocument {
  readonly #source: Source;
  readonly #tell: (metric: Metric) => void;
  readonly #ordinals = new Ordinals();
  readonly #byLine: () => Lines;
  #lines: Lines | undefined;
  #text = '';
  #tooLong = false;

  constructor(source: Source, tell: (metric: Metric) => void, lines: (tell: (metric: Metric) => void) => Lines) {
    this.#source = source;
    this.#tell = tell;
    this.#byLine = () => lines(tell);
  }

  push(text: string): void {
    if (this.#lines !== undefined) return this.#lines.push(text);
    if (this.#tooLong) return;
    this.#text += text;
    if (/^\s*\{[^\n]*\}[^\S\n]*\n/.test(this.#text)) {
      this.#lines = this.#byLine();
      this.#lines.push(this.#text);
      this.#text = '';
    } else if (this.#text.length > MOST_DOCUMENT) {
      this.#tooLong = true;
      this.#text = '';
    } else this.#read();
  }

  end(): void {
    if (this.#lines !== undefined) this.#lines.end();
    else this.#read();
  }

  #read(): void {
    const text = this.#text.trim();
    // The end of a document, or of a part of it: the rest may not be written yet.
    if (!/[}\]]$/.test(text)) return;
    const read = readDocument(text);
    if (read === undefined || read.end !== text.length) return;
    this.#text = '';
    for (const record of recordsOf(read.leaves)) this.#record(record);
  }

  #record({ fields, alone }: Row): void {
    const counters = new Counters();
    const metrics: { key: string; number: Printed }[] = [];
    for (const { key, name, text } of fields) {
      const number = readNumber(text);
      if (number === undefined || counters.take(name, number.value)) continue;
      if (!isNoMetric(name.slice(name.lastIndexOf('/') + 1))) metrics.push({ key, number });
    }
    for (const { key, number } of metrics) {
      const { value, resolution } = number;
      const step = counters.step ?? this.#ordinals.next(key);
      const summary = alone && counters.step === undefined;
      this.#tell({ key, step, value, resolution, source: this.#source, summary });
    }
  }
}

interface Lines {
  push(text: string): void;
  end(): void;
}

interface Row {
  /** `key` from the document's root on, `name` within the row. */
  readonly fields: { readonly key: string; readonly name: string; readonly text: string }[];
  /** It stands in no list. */
  readonly alone: boolean;
}

function recordsOf(leaves: readonly Leaf[]): Iterable<Row> {
  const rows = new Map<string, Row>();
  for (const { key, text } of leaves) {
    // Path, index, path, index, …, path: an even place holds a path.
    const parts = key.split(ELEMENT);
    const whole = parts.filter((_, i) => i % 2 === 0).join('');
    let id = parts.slice(0, -1).join(ELEMENT);
    let name = parts.at(-1)!;
    if (parts.length > 1 && name === '') {
      if (parts.length > 3) continue;
      const cut = whole.lastIndexOf('/') + 1;
      id = `${whole.slice(0, cut)}${ELEMENT}${parts[1]}`;
      name = whole.slice(cut);
    }
    let row = rows.get(id);
    if (row === undefined) rows.set(id, (row = { fields: [], alone: parts.length === 1 }));
    row.fields.push({ key: whole.replace(/^\//, ''), name: name.replace(/^\//, ''), text });
  }
  return rows.values();
}
