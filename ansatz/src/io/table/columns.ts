/** Several columns of numbers of a table, row by row: for laws whose tables are neither runs over N and D nor points. */

import { UserError } from '../../study/error.ts';
import { columnFor, noColumn, numbersOf, type Role, type Sheet } from './table.ts';

/** A column that is wanted, and what its numbers may be. */
export interface Wanted {
  readonly role: Role;
  /** Named by the user. */
  readonly asked?: string | undefined;
  /** Whether there may be none. */
  readonly optional?: boolean;
  readonly allowed?: (value: number) => boolean;
  /** What is allowed, in words: "above zero". */
  readonly words?: string;
}

/** Numbers of the rows that have all of them. */
export interface Columns<K extends string> {
  readonly values: Readonly<Record<K, readonly number[]>>;
  /** Whether an optional column was found. */
  readonly has: Readonly<Record<K, boolean>>;
  /** Line of the file of each row. */
  readonly rows: readonly number[];
  readonly guesses: readonly string[];
}

/** Read them. Throws a UserError for a column that is missing and for a number that is not allowed. */
export function columnsIn<K extends string>(sheet: Sheet, wanted: Readonly<Record<K, Wanted>>): Columns<K> {
  const keys = Object.keys(wanted) as K[];
  const places = keys.map((key) => {
    const { role, asked, optional } = wanted[key];
    const at = columnFor(sheet, role, asked);
    if (at === undefined && optional !== true) throw noColumn(sheet, role);
    return at;
  });
  const numbers = places.map((at) => (at === undefined ? undefined : numbersOf(sheet, at)));
  const values = Object.fromEntries(keys.map((key) => [key, [] as number[]])) as Record<K, number[]>;
  const rows: number[] = [];
  sheet.rows.forEach(({ line }, i) => {
    const row = numbers.map((column) => (column === undefined ? NaN : column[i]));
    if (row.some((value) => value === undefined)) return;
    keys.forEach((key, k) => {
      if (numbers[k] === undefined) return;
      const { allowed, words, role } = wanted[key];
      if (allowed !== undefined && !allowed(row[k]!)) {
        throw new UserError(
          'bad-cell',
          `${sheet.columns[places[k]!]} is ${row[k]}, and ${role.name} must be ${words}`,
          {
            where: `${sheet.file}:${line}`,
            fix: `leave the row out, or name another column with ${role.option}`,
          },
        );
      }
      values[key].push(row[k]!);
    });
    rows.push(line);
  });
  const empty = sheet.rows.length - rows.length;
  return {
    values,
    has: Object.fromEntries(keys.map((key, k) => [key, places[k] !== undefined])) as Record<K, boolean>,
    rows,
    guesses: [
      ...keys.flatMap((key, k) => (places[k] === undefined ? [] : [`${key}: column ${sheet.columns[places[k]]}`])),
      ...(empty > 0 ? [`${empty} ${empty === 1 ? 'row' : 'rows'} with an empty cell left out`] : []),
    ],
  };
}

/** The rows whose cell of a column is this value: `--where model=A`. Throws for a column or value that is not there. */
export function rowsWhere(sheet: Sheet, condition: string): Sheet {
  const split = condition.indexOf('=');
  const [name, value] = [condition.slice(0, split).trim(), condition.slice(split + 1).trim()];
  const role = { name: 'what --where asks for', option: '--where', known: /^$/ };
  if (split < 1) {
    throw new UserError('bad-option', `--where takes column=value, not "${condition}"`, {
      fix: `--where ${sheet.columns[0]}=${sheet.rows[0]?.cells[0] ?? ''}`,
    });
  }
  const at = columnFor(sheet, role, name)!;
  const rows = sheet.rows.filter(({ cells }) => (cells[at] ?? '') === value);
  if (rows.length > 0) return { ...sheet, rows };
  const known = [...new Set(sheet.rows.map(({ cells }) => cells[at] ?? ''))];
  throw new UserError('bad-option', `no row has ${name} "${value}"`, {
    where: sheet.file,
    why: `it is ${known.slice(0, 8).join(', ')}${known.length > 8 ? ` and ${known.length - 8} others` : ''}`,
    fix: `--where ${name}=${known[0]}`,
  });
}

/** Cells of a column as text, per row; undefined when there is no such column. */
export function labelsIn(sheet: Sheet, role: Role, asked: string | undefined): readonly string[] | undefined {
  const at = columnFor(sheet, role, asked);
  return at === undefined ? undefined : sheet.rows.map(({ cells }) => cells[at] ?? '');
}

const YES = /^(?:1|1\.0|true|yes|y|t|right|correct|pass(?:ed)?)$/i;
const NO = /^(?:0|0\.0|false|no|n|f|wrong|incorrect|fail(?:ed)?)$/i;

/** Whether each row's cell says yes: `1`, `true`, `correct`. Throws for a missing column and for a cell that says neither. */
export function truthsIn(sheet: Sheet, role: Role, asked: string | undefined): readonly boolean[] {
  const cells = labelsIn(sheet, role, asked);
  if (cells === undefined) throw noColumn(sheet, role);
  return cells.map((cell, i) => {
    if (YES.test(cell)) return true;
    if (NO.test(cell)) return false;
    throw new UserError('bad-cell', `"${cell}" says neither yes nor no`, {
      where: `${sheet.file}:${sheet.rows[i]!.line}`,
      why: `${role.name} is written 1 or 0, true or false`,
      fix: '1',
    });
  });
}
