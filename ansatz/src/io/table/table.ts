/** A table of finished runs: CSV or TSV with a header, columns found by what they are called, cells with units. */

import { readFileSync, statSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { closest, UserError } from '../../study/error.ts';
import { quantity, unitFactor } from './quantity.ts';

/** A file as rows of text. */
export interface Sheet {
  readonly file: string;
  readonly columns: readonly string[];
  /** Cells in the order of the columns. */
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
}

/** A role a column can play: what it is called in messages, and the names it goes by (lower case, without units). */
export interface Role {
  readonly name: string;
  /** The option that names its column. */
  readonly option: string;
  readonly known: RegExp;
  /** Names that look like it without saying enough: offered when none is known. */
  readonly likely?: RegExp;
}

const MOST_BYTES = 200 * 2 ** 20;
const NOTHING = /^(?:|-+|n\/?a|none|null|nan|\?+)$/i;

/** Read a file. Throws a UserError when it is missing, a folder, too large, or has no header and row. */
export function readSheet(file: string): Sheet {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined)
    throw new UserError('no-data', `there is no file "${file}"`, { fix: 'ansatz scale fit runs.csv' });
  if (found.isDirectory())
    throw new UserError('not-a-file', `"${file}" is a folder`, { fix: `ansatz scale fit ${file}/runs.csv` });
  if (found.size > MOST_BYTES)
    throw new UserError('no-table', `"${file}" is larger than 200 MiB`, {
      why: 'a table of runs has a line for each run',
    });
  return parseSheet(readFileSync(file, 'utf8'), file);
}

/** The same for text in memory; `file` is only named in errors. */
export function parseSheet(text: string, file: string): Sheet {
  const first = text.replace(/^\ufeff/, '').split(/\r?\n/, 1)[0] ?? '';
  const delimiter = ['\t', ';', ','].find((mark) => first.includes(mark)) ?? ',';
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parse(text, {
      delimiter,
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as typeof parsed;
  } catch (error) {
    throw new UserError('no-table', `"${file}" cannot be read as a table`, {
      where: file,
      why: (error as Error).message,
    });
  }
  const [header, ...body] = parsed;
  if (header === undefined || body.length === 0 || header.record.every((name) => quantity(name) !== undefined)) {
    throw new UserError('no-table', `"${file}" has no header line with rows below it`, {
      where: file,
      fix: 'N,D,loss\n1.3B,26B,2.61',
    });
  }
  return {
    file,
    columns: header.record,
    rows: body.map(({ record, info }) => ({ line: info.lines, cells: record })),
  };
}

/** The columns that have a name known for a role: with several the first is taken, and somebody may have meant another. */
export function candidates(sheet: Sheet, role: Role): string[] {
  return sheet.columns.filter((name) => role.known.test(split(name).name));
}

/** The column that plays a role: the one asked for, else the first whose name is known; undefined when there is none. */
export function columnFor(sheet: Sheet, role: Role, asked: string | undefined): number | undefined {
  if (asked !== undefined) {
    const at = sheet.columns.indexOf(asked);
    if (at >= 0) return at;
    throw new UserError('no-column', `there is no column "${asked}"${closest(asked, sheet.columns)}`, {
      where: sheet.file,
      why: `its columns are ${sheet.columns.join(', ')}`,
      fix: `${role.option} ${sheet.columns[0]}`,
    });
  }
  const at = sheet.columns.findIndex((name) => role.known.test(split(name).name));
  return at < 0 ? undefined : at;
}

/** An error for a role that no column plays. */
export function noColumn(sheet: Sheet, role: Role): UserError {
  const offered =
    sheet.columns.find((name) => role.likely?.test(name) === true) ??
    sheet.columns.find((name) => !/^(?:id|name|run|seed|size)$/i.test(name));
  return new UserError('no-column', `no column of "${sheet.file}" looks like ${role.name}`, {
    where: sheet.file,
    why: `its columns are ${sheet.columns.join(', ')}`,
    fix: `${role.option} ${offered ?? sheet.columns[0]}`,
  });
}

/**
 * The numbers of a column, units of cells and header applied; undefined where a cell is empty. Throws for a cell that is
 * neither a number nor empty.
 */
export function numbersOf(sheet: Sheet, column: number): (number | undefined)[] {
  const factor = split(sheet.columns[column]!).factor;
  return sheet.rows.map(({ line, cells }) => {
    const cell = cells[column] ?? '';
    if (NOTHING.test(cell)) return undefined;
    const value = quantity(cell);
    if (value !== undefined) return value * factor;
    throw new UserError('bad-cell', `"${cell}" is no amount that can be read`, {
      where: `${sheet.file}:${line}, column ${sheet.columns[column]}`,
      why: 'numbers may end in k, M, B, T, FLOPs, EFLOPs or PF-days',
      fix: '1.3B, 300 million or 1.3e9',
    });
  });
}

/** `tokens (B)` is tokens in units of 1e9; `params_millions` parameters in millions. */
function split(column: string): { name: string; factor: number } {
  const marked =
    /^(.*?)\s*[([]\s*([^)\]]*)\s*[)\]]\s*$/.exec(column) ??
    /^(.*?)[_\s]+(millions?|billions?|trillions?)$/i.exec(column);
  const factor = marked === null ? undefined : unitFactor(marked[2]!);
  const name = (marked === null ? column : marked[1]!).toLowerCase().replaceAll(/[\s-]+/g, '_');
  return { name, factor: factor ?? 1 };
}
