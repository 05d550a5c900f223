/** Markdown: tables, also inside fences and quotes, fenced TSV or CSV, and a heading with a verdict for each experiment. */

import { guessDirection } from '../capture/index.ts';
import { delimited } from './delimited.ts';
import { type Cells, columnsOf, counted, type Dialect, distinct, type Table } from './table.ts';
import { wordOf } from './verdicts.ts';

/** Tables first; then what is fenced; then headings. */
export const markdown: Dialect = (text) => {
  const lines = text.split(/\r\n|\n|\r/);
  return tables(lines) ?? fenced(lines) ?? headings(lines);
};

const RULE = /^[\s>]*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)+\|?\s*$/;

/** Tables with the same header are one; of different ones that with verdicts and results is the log, else that with most rows. */
function tables(lines: readonly string[]): Table | undefined {
  const found: { header: string[]; records: Cells[]; line: number }[] = [];
  for (let i = 1; i < lines.length; i++) {
    if (!RULE.test(lines[i]!) || !lines[i - 1]!.includes('|')) continue;
    const header = distinct(cellsOf(lines[i - 1]!));
    if (header.length < 2) continue;
    const records: Cells[] = [];
    let at = i + 1;
    for (; at < lines.length && lines[at]!.includes('|') && !RULE.test(lines[at + 1] ?? ''); at++) {
      const cells = cellsOf(lines[at]!);
      if (cells.every((cell) => cell === '') || RULE.test(lines[at]!)) continue;
      if (cells.every((cell, k) => cell.toLowerCase() === header[k]?.toLowerCase())) continue;
      const last = cells.slice(header.length - 1).join(' | ');
      records.push({
        line: at + 1,
        cells: new Map(header.map((name, k) => [name, k === header.length - 1 ? last : (cells[k] ?? '')])),
      });
    }
    found.push({ header, records, line: i });
    i = at - 1;
  }
  if (found.length === 0) return undefined;
  const groups = new Map<string, Cells[]>();
  for (const { header, records } of found) {
    const key = header.join('\n').toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), ...records]);
  }
  const [records] = [...groups]
    .sort((a, b) => logLikeness(b[0]) - logLikeness(a[0]) || b[1].length - a[1].length)
    .map(([, list]) => list);
  if (records!.length === 0) return undefined;
  const left = found.filter(({ records: own }) => own.length > 0 && !records!.includes(own[0]!));
  const used = found.length - left.length;
  return {
    dialect: 'Markdown table',
    columns: columnsOf(records!),
    records: records!,
    guesses: [
      ...(used > 1 ? [`${used} tables with the same header, read as one`] : []),
      ...(left.length > 0
        ? [`${counted(left.length, 'other table')} with another header left out (first: line ${left[0]!.line})`]
        : []),
    ],
  };
}

/** How much a header looks like that of a log: a column of verdicts, a column of results. */
function logLikeness(header: string): number {
  const names = header.split('\n');
  const verdict = names.some((name) =>
    /^(?:status|verdict|decision|outcome|kept\??|keep\??|keep\/discard)$/.test(name),
  );
  return (
    Number(verdict) * 2 + Number(names.some((name) => guessDirection(name) !== undefined && !/delta|range/.test(name)))
  );
}

function cellsOf(line: string): string[] {
  const inner = line.replace(/^[\s>]*\|?/, '').replace(/\|\s*$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) =>
    cell
      .replaceAll(String.raw`\|`, '|')
      .replaceAll(/<br\s*\/?>/gi, ' ')
      .trim(),
  );
}

/** Fences that hold a table of the same columns are one log. Lines keep their numbers. */
function fenced(lines: readonly string[]): Table | undefined {
  const blocks: { from: number; to: number }[] = [];
  let open: number | undefined;
  lines.forEach((line, i) => {
    if (!/^\s*(?:```|~~~)/.test(line)) return;
    if (open === undefined) open = i;
    else {
      blocks.push({ from: open + 1, to: i });
      open = undefined;
    }
  });
  if (open !== undefined) blocks.push({ from: open + 1, to: lines.length });
  const read = blocks.flatMap(({ from, to }) => {
    // Everything outside is blanked, so that a row has the line it has in the file.
    const table = delimited(lines.map((line, i) => (i >= from && i < to ? line : '')).join('\n'));
    return table === undefined || table.columns.length < 3 || table.records.length === 0 ? [] : [table];
  });
  const [best] = read.toSorted((a, b) => b.records.length - a.records.length);
  if (best === undefined) return undefined;
  const same = read.filter((table) => table.columns.join('\n') === best.columns.join('\n'));
  return {
    ...best,
    dialect: `${best.dialect} in Markdown`,
    records: same.flatMap((table) => table.records),
    odd: same.flatMap((table) => table.odd ?? []),
    guesses: [
      ...best.guesses,
      ...(blocks.length > 1 ? [`${same.length} of ${blocks.length} fenced blocks are read`] : []),
    ],
  };
}

/** `## a1b2c3d — keep`, with lines such as `**Result:** val_bpb 1.83` below. */
function headings(lines: readonly string[]): Table | undefined {
  const records: Cells[] = [];
  let cells: Map<string, string> | undefined;
  let last = '';
  lines.forEach((line, i) => {
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    if (heading !== null) {
      cells = undefined;
      const parts = heading[1]!.split(/\s+[—–:|-]+\s+|:\s+/);
      const status = parts.find((part) => wordOf(part) !== undefined && part.split(/\s/).length <= 3);
      if (status === undefined || parts.length < 2) return;
      cells = new Map([
        ['id', parts.find((part) => part !== status) ?? ''],
        ['status', status],
      ]);
      records.push({ line: i + 1, cells });
      return;
    }
    if (cells === undefined) return;
    const field = /^\s*(?:[-*+]\s+)?\**([A-Za-z][\w ]{1,24}?)\**:\**\s*(.*)$/.exec(line);
    if (field !== null) {
      last = field[1]!.toLowerCase();
      const text = field[2]!.replace(/^\**\s*/, '');
      cells.set(last, text);
      // A result names its metric: `val_bpb 1.83 (worse), memory 1.9GB`.
      for (const [, name, value] of text.matchAll(
        /\b([a-z][a-z0-9]*(?:_[a-z0-9]+)+|loss|accuracy|acc|score)\s*[:=]?\s+(-?\d+\.?\d*(?:e-?\d+)?)\b/gi,
      ))
        if (/result|metric|score|outcome/.test(last) && !cells.has(name!)) cells.set(name!, value!);
    } else if (line.trim() !== '' && last !== '') cells.set(last, `${cells.get(last) ?? ''} ${line.trim()}`.trim());
  });
  if (records.length < 2) return undefined;
  return {
    dialect: 'Markdown headings',
    columns: columnsOf(records),
    records,
    guesses: ['an experiment is a heading with a verdict in it'],
  };
}
