/** Numbers, tables and small pictures for a terminal. */

import type { Value } from '../../methods/space/space.ts';
import type { Change, Result, TrialRow } from '../../study/views.ts';
import * as page from '../report/numbers.ts';

export { seconds } from '../report/numbers.ts';

/** Colours when the stream is a terminal that wants them (NO_COLOR, FORCE_COLOR), else nothing. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** The paint for a stream. */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const wanted = forced || (stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb');
  const code = (open: number, close: number) => (text: string) =>
    wanted ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
    cyan: code(36, 39),
  };
}

/** A number with as many digits as help, as the report prints it but with the minus sign that can be pasted. */
export function num(value: number, digits = 4): string {
  return typable(page.num(value, digits));
}

/** `2.412 ± 0.031`: the mean to the digits its margin supports. */
export function plusMinus(value: number, margin: number | undefined): string {
  return typable(page.plusMinus(value, margin));
}

function typable(text: string): string {
  return text.replaceAll('−', '-');
}

/** A result with its interval. */
export function resultText(result: Result | undefined): string {
  return result === undefined ? '-' : plusMinus(result.mean, result.margin);
}

/** Bytes in the unit that fits. */
export function bytes(value: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (value >= size) return `${num(value / size, 3)} ${unit}`;
  }
  return `${value} B`;
}

/** A value as it would be typed; `-` for a knob that does not apply. */
export function valueText(value: Value | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'number' ? num(value, 6) : String(value);
}

/** `lr 0.05 → 0.12  hidden 32 → 64`. */
export function changesText(list: readonly Change[], most = Infinity): string {
  const shown = list.slice(0, most).map((c) => `${c.knob} ${valueText(c.from)}→${valueText(c.to)}`);
  if (list.length > most) shown.push(`+${list.length - most} more`);
  return shown.join(' ') || '-';
}

/** What a trial changes against its parent: settings, and the files of its code. */
export function changeText(row: Pick<TrialRow, 'changes' | 'files'>, most = Infinity): string {
  if (row.files === undefined) return changesText(row.changes, most);
  const settings = row.changes.length === 0 ? [] : [changesText(row.changes, most)];
  return [...settings, `code ${row.files.join(' ')}`].join(' ');
}

/** `+0.31 ± 0.12`: better is plus. */
export function effectText(row: Pick<TrialRow, 'effect' | 'margin'>): string {
  if (row.effect === undefined) return '';
  const sign = row.effect > 0 ? '+' : '';
  return `${sign}${plusMinus(row.effect, row.margin)}`;
}

/** A curve in eight heights of block; values that are not finite leave a gap. At most `width` characters. */
export function sparkline(values: readonly number[], width = 40): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return '';
  // Curves of hundreds of thousands of points are more than a call takes as arguments.
  const low = finite.reduce((a, b) => Math.min(a, b));
  const span = finite.reduce((a, b) => Math.max(a, b)) - low || 1;
  const cells = Math.min(width, values.length);
  const blocks = '▁▂▃▄▅▆▇█';
  let text = '';
  for (let i = 0; i < cells; i++) {
    const from = Math.floor((i * values.length) / cells);
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / cells));
    const part = values.slice(from, to).filter(Number.isFinite);
    if (part.length === 0) {
      text += ' ';
      continue;
    }
    const centre = part.reduce((a, b) => a + b, 0) / part.length;
    text += blocks[Math.min(7, Math.floor(((centre - low) / span) * 8))];
  }
  return text;
}

/** `████████░░░░ 63 %`. */
export function bar(share: number, width = 20): string {
  const clipped = Math.min(1, Math.max(0, share));
  const full = Math.round(clipped * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

/** Columns padded to their widest cell; numbers to the right. Colour codes do not count as width. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => visibleWidth(row[i] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, i) => {
        const pad = ' '.repeat(Math.max(0, widths[i]! - visibleWidth(cell)));
        if (i === row.length - 1 && !right.includes(i)) return cell;
        return right.includes(i) ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Characters a terminal shows. */
export function visibleWidth(text: string): number {
  return Array.from(text.replaceAll(/\u001b\[[0-9;]*m/g, '')).length;
}

/** Cut to `width` visible characters, colour codes kept whole, an ellipsis at the end. */
export function fit(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let shown = 0;
  let result = '';
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) {
      result += part;
      continue;
    }
    for (const char of part) {
      if (shown >= width - 1) continue;
      result += char;
      shown++;
    }
  }
  return `${result}…`;
}
