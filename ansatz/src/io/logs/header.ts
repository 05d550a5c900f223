/** The first line of a table: whether it names its columns, and which tool writes such names. */

import { numberIn } from './cells.ts';
import { distinct } from './table.ts';
import { wordOf } from './verdicts.ts';

/** A line cut into fields. */
export interface Fields {
  readonly line: number;
  readonly fields: readonly string[];
}

/** The commonest of some numbers, the largest of equally common ones; undefined without any. */
export function modeOf(counts: readonly number[]): number | undefined {
  const times = new Map<number, number>();
  for (const n of counts) times.set(n, (times.get(n) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0];
}

/** The header, or names made up for a file without one. */
export function headerOf(
  all: readonly Fields[],
  delimiter: string,
): { header: string[]; body: Fields[]; named: string } {
  const at = all.findIndex(({ fields }) => fields.length > 1);
  const first = all[Math.max(0, at)];
  if (first === undefined) return { header: [], body: [], named: 'header: none' };
  if (looksLikeHeader(first.fields)) {
    const names = first.fields.map((name, i) => (i === 0 ? name.replace(/^[#\s]+/, '') : name));
    return { header: distinct(names), body: all.slice(at + 1), named: `header: line ${first.line}` };
  }
  const width = modeOf(all.map(({ fields }) => fields.length).filter((n) => n > 1)) ?? first.fields.length;
  const five = width === 5 && delimiter === '\t' && /^[0-9a-f]{7,40}$|^baseline$/i.test(first.fields[0]!);
  const header = five
    ? ['commit', 'metric', 'memory_gb', 'status', 'description']
    : Array.from({ length: width }, (_, i) => `column ${i + 1}`);
  return {
    header,
    body: [...all],
    named: five
      ? 'header: none; read as commit, metric, memory, status, description'
      : 'header: none; columns are numbered',
  };
}

/** A header has names: short, no numbers, no verdicts. */
export function looksLikeHeader(fields: readonly string[]): boolean {
  const filled = fields.filter((field) => field !== '');
  if (filled.length < 2) return false;
  if (filled.some((field) => numberIn(field) !== undefined || field.length > 80)) return false;
  // A first row without a single number may still be one: its status gives it away.
  return !filled.some(
    (field) =>
      /^[\p{L}]+$/u.test(field) && ['keep', 'discard', 'crash'].includes(wordOf(field) ?? '') && !NAMES.test(field),
  );
}

const NAMES =
  /^(?:best|baseline|kept|keep|accepted|improved|improvement|error|errors|crashed?|fail(?:ed|ure)?|reference|loss|better)[\s_]?\w*$/i;

/** The tool that writes such columns, as far as they tell. */
export function dialectOf(header: readonly string[], delimiter: string): string {
  const names = new Set(header.map((name) => name.toLowerCase()));
  const form = delimiter === '\t' ? 'TSV' : delimiter === ',' || delimiter === ';' ? 'CSV' : 'text table';
  if (
    [...names].some((name) => name.startsWith('params_')) ||
    (names.has('state') && names.has('number') && [...names].some((name) => /^values?(?:_\d+)?$/.test(name)))
  )
    return `Optuna ${form}`;
  if (
    [...names].some((name) => name.startsWith('params.') || name.startsWith('metrics.')) ||
    (names.has('run id') && names.has('status'))
  )
    return `MLflow ${form}`;
  if (
    names.has('state') &&
    (names.has('name') || names.has('_runtime') || names.has('runtime')) &&
    names.has('created')
  )
    return `W&B ${form}`;
  if (names.has('quality_guard')) return `helix ${form}`;
  if (names.has('commit') && names.has('status') && names.has('description')) return `autoresearch ${form}`;
  return form;
}
