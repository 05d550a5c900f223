/** What every dialect is read into: records of named cells. What the cells mean is decided later, for all dialects alike. */

import type { Direction } from '../../study/config.ts';

/** One record of a file. */
export interface Cells {
  /** Line, from 1; for JSON the position of the record. */
  readonly line: number;
  readonly cells: Map<string, string>;
  readonly group?: string;
}

/** A file as records. */
export interface Table {
  readonly dialect: string;
  /** In their order; records may lack some. */
  readonly columns: readonly string[];
  readonly records: readonly Cells[];
  readonly guesses: readonly string[];
  /** The objective, where the log names it. */
  readonly metric?: string;
  readonly direction?: Direction;
  /** Column of the objective, where the format defines it. */
  readonly metricColumn?: string;
  /** Records of a shape of their own, without names for their cells. */
  readonly odd?: readonly Odd[];
}

/** Fields that fit no header. */
export interface Odd {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads text of one kind.
 *
 * Contract: pure; gives undefined for text of another kind; never throws. Records without any filled cell are left out.
 */
export type Dialect = (text: string) => Table | undefined;

/** Names made distinct: a second `loss` becomes `loss 2`, an empty one `column 3`. */
export function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((given, i) => {
    const name = given.trim() === '' ? `column ${i + 1}` : given.trim();
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} ${times}`;
  });
}

/** All columns of some records, in the order in which they first occur. */
export function columnsOf(records: readonly Cells[]): string[] {
  return [...new Set(records.flatMap((record) => [...record.cells.keys()]))];
}

/** `3 lines`, `1 line`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
