/** Tables drawn with text: rows of `| key | value |` under group headings, and columns under a header. */

import { counterOf, isMetricWord, isNoMetric } from './words.ts';
import { readNumber } from './number.ts';
import type { ParsedLine, ParsedValue } from './lines.ts';

/** What a line means to the table being read. */
export interface TableReading {
  /** A finished key-and-value table: its counter is known only once all of it has been seen. */
  readonly closed?: ParsedLine;
  /** A row of a table with columns. */
  readonly row?: ParsedLine;
  /** The line is part of a table and says nothing by itself yet. */
  readonly held: boolean;
}

const PIPE = /[|│┃]/;
/** A heading row of Stable-Baselines3: `| rollout/ | |`. */
const GROUP = /^\s*[|│┃]\s*([\p{L}_][\p{L}\p{N}_.-]*\/)\s*[|│┃]\s*[|│┃]\s*$/u;
const PAIR = /^\s*[|│┃](\s*)([\p{L}_][^|│┃=]*?)\s*[|│┃]\s*([^|│┃]*?)\s*[|│┃]\s*$/u;
const NAME = /^[\p{L}_][\p{L}\p{N}_ ./@()%#:-]*$/u;
/** A header has none, which spares most lines the look at their cells. */
const LONE_NUMBER = /(?:^|[\s|,=:[(])[-+]?\.?\d/;
const CLOCK = /^\d+:\d\d(?::\d\d)?(?:\.\d+)?$/;

/** Remembers the table that the lines so far have begun. */
export class Table {
  /** Heading of the rows that follow, with its slash; undefined outside a table with headings. */
  #group: string | undefined;
  #values: ParsedValue[] = [];
  #step: number | undefined;
  #epoch: number | undefined;
  #columns: readonly string[] | undefined;

  /** Reads the next line of the stream. */
  read(text: string): TableReading {
    const group = GROUP.exec(text);
    if (group !== null) {
      this.#group = group[1];
      return { held: true };
    }
    if (this.#group !== undefined) {
      if (this.#pair(text)) return { held: true };
      return { closed: this.close(), ...this.#column(text) };
    }
    return this.#column(text);
  }

  /** The key-and-value table read so far, if any. */
  close(): ParsedLine | undefined {
    const values = this.#values;
    const step = this.#step;
    const epoch = this.#epoch;
    this.#group = undefined;
    this.#values = [];
    this.#step = undefined;
    this.#epoch = undefined;
    return values.length === 0 ? undefined : { step, epoch, values, summary: false };
  }

  #pair(text: string): boolean {
    const pair = PAIR.exec(text);
    if (pair === null) return false;
    const name = pair[2]!;
    const number = readNumber(pair[3]!);
    // Rows of a group are indented; one flush left belongs to none.
    const key = pair[1]!.length > 1 ? this.#group! + name : name;
    const counter = counterOf(key);
    if (number === undefined) return true;
    if (counter === 'epoch') this.#epoch ??= number.value;
    else if (counter === 'step' && (this.#step === undefined || name.startsWith('total'))) this.#step = number.value;
    else if (counter === undefined) this.#values.push({ key, ...number });
    return true;
  }

  #column(text: string): TableReading {
    if (this.#columns === undefined && LONE_NUMBER.test(text)) return { held: false };
    const cells = cellsOf(text);
    if (cells.length < 2) return { held: false };
    if (isHeader(cells)) {
      this.#columns = cells;
      return { held: true };
    }
    const columns = this.#columns;
    if (columns === undefined || columns.length !== cells.length) return { held: false };
    if (!cells.every((cell) => readCell(cell) !== undefined || cell === '' || CLOCK.test(cell))) return { held: false };
    let step: number | undefined;
    let epoch: number | undefined;
    const values: ParsedValue[] = [];
    for (const [i, name] of columns.entries()) {
      const number = readCell(cells[i]!);
      if (number === undefined || isNoMetric(name)) continue;
      const counter = counterOf(name);
      if (counter === 'epoch') epoch ??= number.value;
      else if (counter === 'step') step ??= number.value;
      else if (!values.some((value) => value.key === name)) values.push({ key: name, ...number });
    }
    return values.length === 0 ? { held: false } : { held: true, row: { step, epoch, values, summary: false } };
  }
}

function cellsOf(text: string): string[] {
  if (PIPE.test(text)) {
    const inner = text.trim().replace(/^[|│┃]|[|│┃]$/g, '');
    return inner.split(PIPE).map((cell) => cell.trim());
  }
  if (/^[^\s,]+(?:,\s*[^,]*)+$/.test(text.trim()))
    return text
      .trim()
      .split(',')
      .map((cell) => cell.trim());
  return text
    .trim()
    .split(/\t+| {2,}/)
    .map((cell) => cell.trim());
}

/** Names only, one of them a counter or surely a metric: a sentence in columns is rare enough. */
function isHeader(cells: readonly string[]): boolean {
  if (!cells.every((cell) => cell.length <= 40 && NAME.test(cell) && !/:\s*\S|\s\d/.test(cell))) return false;
  const counts = cells.some((cell) => counterOf(cell) !== undefined);
  const metrics = cells.filter((cell) => isMetricWord(cell) && cell.split(' ').length <= 3).length;
  return counts ? metrics >= 1 : metrics >= 2;
}

/** `0.5`, `98.2%`, `1.00s`. */
function readCell(cell: string): ReturnType<typeof readNumber> {
  return readNumber(cell.replace(/(?<=\d)\s?(?:%|m?s|[KMG]i?B?)$/, ''));
}
