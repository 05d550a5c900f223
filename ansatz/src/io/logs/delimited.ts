/** Lines of fields: TSV as research loops write it by hand and by `echo`, CSV as spreadsheets and trackers export it. */

import { parse } from 'csv-parse/sync';
import type { Direction } from '../../study/config.ts';
import { isNothing, numberIn } from './cells.ts';
import { dialectOf, type Fields, headerOf, looksLikeHeader, modeOf } from './header.ts';
import { type Cells, counted, type Dialect, distinct, type Odd } from './table.ts';
import { wordOf } from './verdicts.ts';

const DELIMITERS: readonly (readonly [string, string])[] = [
  ['\t', 'tab'],
  [';', 'semicolon'],
  [',', 'comma'],
  ['|', 'vertical bar'],
];

/** TSV, CSV, and fields parted by semicolons, vertical bars or several spaces. */
export const delimited: Dialect = (text) => {
  const lines = text.split(/\r\n|\n|\r/);
  const delimiter = delimiterOf(lines);
  if (delimiter === undefined) return undefined;
  const guesses: string[] = [];
  const { metric, direction, first } = comments(lines, delimiter);
  const all = fieldsOf(text, lines, first, delimiter, guesses);
  const { header, body, named } = headerOf(all, delimiter);
  guesses.push(named, `delimiter: ${DELIMITERS.find(([mark]) => mark === delimiter)?.[1] ?? 'two or more spaces'}`);
  const { records, odd } = sorted(header, body, guesses);
  const dialect = dialectOf(header, delimiter);
  return {
    dialect,
    columns: header,
    records,
    odd,
    guesses,
    ...(metric === undefined ? {} : { metric }),
    ...(direction === undefined ? {} : { direction }),
  };
};

/** The mark that cuts most lines into the same number of fields, at least two. */
function delimiterOf(lines: readonly string[]): string | undefined {
  const sample = lines.filter((line) => line.trim() !== '' && !isComment(line)).slice(0, 2000);
  let best: { mark: string; score: number } | undefined;
  for (const [mark] of DELIMITERS) {
    const counts = sample.map((line) => line.split(mark).length);
    const mode = modeOf(counts.filter((n) => n > 1));
    if (mode === undefined) continue;
    const share = counts.filter((n) => n === mode).length / sample.length;
    const some = counts.filter((n) => n > 1).length / sample.length;
    // A comma is in any sentence; a tab in every second line is no accident.
    const score = mark === '\t' ? 2 * some : share * Math.min(1, 0.55 + 0.15 * mode);
    if (score > (best?.score ?? 0.3)) best = { mark, score };
  }
  if (best !== undefined) return best.mark;
  const spaced = sample.map((line) => line.trim().split(/ {2,}/).length);
  const mode = modeOf(spaced.filter((n) => n > 2));
  if (mode !== undefined && spaced.filter((n) => n === mode).length > 0.7 * sample.length) return '  ';
  // A single line of a header with nothing below is a table too.
  return sample.length > 0 && sample.every((line) => line.includes(',')) ? ',' : undefined;
}

function isComment(line: string): boolean {
  return /^\s*(?:#|\/\/|--\s|;;)/.test(line);
}

/** What comments above the header say of the objective, and the line the table starts at. */
function comments(
  lines: readonly string[],
  delimiter: string,
): { metric?: string; direction?: Direction; first: number } {
  const found: { metric?: string; direction?: Direction } = {};
  let first = 0;
  for (; first < lines.length; first++) {
    const line = lines[first]!;
    if (line.trim() === '') continue;
    if (!isComment(line) && !/^sep=/i.test(line)) break;
    // `#commit<tab>val_bpb` is a header with a mark in front.
    if (/^\s*#/.test(line) && line.split(delimiter).length > 2) break;
    const [, key, value] = /^[\s#/;-]*([\w\s-]+?)\s*[:=]\s*(.+?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (/direction|goal|optimi[sz]e|better/i.test(key)) {
      if (/lower|min|down|decreas/i.test(value)) found.direction = 'minimize';
      else if (/higher|max|up|increas/i.test(value)) found.direction = 'maximize';
    } else if (/^(?:primary[\s_-]*)?metric(?:[\s_-]*name)?$|^objective$/i.test(key)) found.metric = value;
  }
  return { ...found, first };
}

function fieldsOf(
  text: string,
  lines: readonly string[],
  first: number,
  delimiter: string,
  guesses: string[],
): Fields[] {
  const simple = (): Fields[] => {
    const found: Fields[] = [];
    for (let i = first; i < lines.length; i++) {
      const line = lines[i]!;
      if (line.trim() === '') continue;
      const fields = delimiter === '  ' ? line.trim().split(/ {2,}/) : line.split(delimiter);
      found.push({ line: i + 1, fields: fields.map(unquoted) });
    }
    return found;
  };
  if (delimiter === '  ' || !text.includes('"')) return simple();
  const quoted = quotedFields(lines.slice(first).join('\n'), delimiter, first);
  const plainly = simple();
  if (quoted === undefined) {
    if (delimiter !== '\t') guesses.push('quotes: not closed somewhere, so they are read as they stand');
    return plainly;
  }
  // Quotes in a TSV are mostly part of a sentence; they are marks when reading them so gives more even rows.
  if (delimiter === '\t' && evenness(quoted) < evenness(plainly)) return plainly;
  return quoted;
}

function quotedFields(text: string, delimiter: string, offset: number): Fields[] | undefined {
  try {
    const parsed = parse(text, {
      delimiter,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    let before = 0;
    return parsed.map(({ record, info }) => {
      // csv-parse tells the line a record ends on.
      const spanned = record.reduce((sum, field) => sum + (field.match(/\n/g)?.length ?? 0), 0);
      const line = Math.max(before + 1, info.lines - spanned);
      before = info.lines;
      return { line: line + offset, fields: record.map((field) => field.trim()) };
    });
  } catch {
    return undefined;
  }
}

function evenness(rows: readonly Fields[]): number {
  const counts = rows.map((row) => row.fields.length);
  const mode = modeOf(counts.filter((n) => n > 1));
  return counts.filter((n) => n === mode).length;
}

function unquoted(field: string): string {
  const text = field.trim();
  return /^"(?:[^"]|"")*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** Rows that fit the header, and those of another shape. */
function sorted(
  header: readonly string[],
  body: readonly Fields[],
  guesses: string[],
): { records: Cells[]; odd: Odd[] } {
  const records: Cells[] = [];
  const odd: Odd[] = [];
  const loose: number[] = [];
  let [repeated, joined, padded, totals, part] = [0, 0, 0, 0, 0];
  let names = [...header];
  let declared: string | undefined;
  const take = (line: number, fields: readonly string[]): void => {
    records.push({
      line,
      cells: new Map(names.map((name, i) => [name, fields[i] ?? ''])),
      ...(declared === undefined ? {} : { group: declared }),
    });
  };
  for (const { line, fields: given } of body) {
    const told = /^\W*columns?:\s*(.+)$/i.exec(given.join(', '));
    if (told !== null) {
      names = distinct(told[1]!.split(/[,\t|;]/));
      part++;
      declared = `part ${part + 1}`;
      guesses.push(`line ${line} names other columns: what follows is a part of its own`);
      continue;
    }
    // Fields of a later part may be parted by another mark.
    const fields =
      given.length === 1 && names !== header && declared !== undefined && given[0]!.split(',').length >= names.length
        ? limited(
            given[0]!.split(',').map((field) => field.trim()),
            names.length,
            ', ',
          )
        : trimmed(given, names.length);
    if (fields.filter((field) => field !== '').length === 0) continue;
    if (fields.length === 1 || (fields.length <= 2 && names.length > 4 && isComment(fields[0]!))) {
      loose.push(line);
      continue;
    }
    if (fields.every((field, i) => field.toLowerCase() === (names[i] ?? '').toLowerCase())) {
      repeated++;
      continue;
    }
    if (isHeader(fields, names)) {
      names = distinct(fields);
      guesses.push(`line ${line} is another header: ${names.join(', ')}`);
      continue;
    }
    if (/^(?:total|sum|mean|average|avg|std|min|max|median|count)s?:?$/i.test(fields[0]!)) {
      totals++;
      continue;
    }
    if (fields.length === names.length) take(line, fields);
    else if (fields.length > names.length && fitsBefore(fields, names, records)) {
      take(line, limited(fields, names.length, ' '));
      joined++;
    } else if (fields.length < names.length && fitsBefore(fields, names, records)) {
      take(line, fields);
      padded++;
    } else odd.push({ line, fields });
  }
  if (repeated > 0) guesses.push(`${counted(repeated, 'header')} repeated further down, left out`);
  if (joined > 0)
    guesses.push(`${counted(joined, 'row')} with more fields than the header: the surplus belongs to the last`);
  if (padded > 0) guesses.push(`${counted(padded, 'row')} with fewer fields than the header: the last are empty`);
  if (totals > 0) guesses.push(`${counted(totals, 'summary row')} left out`);
  if (loose.length > 0)
    guesses.push(
      `${counted(loose.length, 'line')} that ${loose.length === 1 ? 'is no row' : 'are no rows'} left out (first: line ${loose[0]})`,
    );
  return { records, odd };
}

/** Without empty fields beyond the header's. */
function trimmed(fields: readonly string[], width: number): string[] {
  const kept = [...fields];
  while (kept.length > width && kept.at(-1) === '') kept.pop();
  return kept;
}

/** The surplus joined to the last field. */
function limited(fields: readonly string[], width: number, mark: string): string[] {
  if (fields.length <= width) return [...fields];
  return [...fields.slice(0, width - 1), fields.slice(width - 1).join(mark)];
}

/** Another header: names only, and at least two of them known from the first. */
function isHeader(fields: readonly string[], names: readonly string[]): boolean {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return looksLikeHeader(fields) && fields.filter((field) => known.has(field.toLowerCase())).length >= 2;
}

/** Whether the fields that have a column look like those of earlier rows: numbers where numbers were, verdicts where verdicts were. */
function fitsBefore(fields: readonly string[], names: readonly string[], records: readonly Cells[]): boolean {
  const earlier = records.slice(0, 50);
  if (earlier.length === 0) return true;
  const shared = Math.min(fields.length, names.length - (fields.length > names.length ? 1 : 0));
  let [checked, fit] = [0, 0];
  let verdict = true;
  let wanted = false;
  for (let i = 0; i < names.length; i++) {
    const cells = earlier.map((record) => record.cells.get(names[i]!) ?? '').filter((cell) => !isNothing(cell));
    const numbers = cells.filter((cell) => numberIn(cell) !== undefined).length;
    const verdicts = cells.filter((cell) => wordOf(cell) !== undefined && cell.length < 30).length;
    const field = i < shared ? fields[i]! : '';
    if (cells.length > 0 && verdicts > 0.8 * cells.length && numbers === 0) {
      wanted = true;
      verdict &&= i < shared && wordOf(field) !== undefined;
    } else if (cells.length > 0 && numbers > 0.8 * cells.length && i < shared) {
      checked++;
      if (isNothing(field) || numberIn(field) !== undefined) fit++;
    }
  }
  return (!wanted || verdict) && fit >= 0.7 * checked && (wanted || checked > 0 || fields.length > names.length);
}
