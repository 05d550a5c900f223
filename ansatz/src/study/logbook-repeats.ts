/** What was tried again: rows with the same configuration, or the same description, as an earlier one. */

import type { LogRow } from './logbook-log.ts';

/** Rows that try the same. */
export interface RepeatGroup {
  readonly key: string;
  readonly rows: readonly LogRow[];
  /** Their whole configuration is the same, not only the words for the change. */
  readonly exact: boolean;
}

export interface Repeats {
  readonly groups: readonly RepeatGroup[];
  /** Rows beyond the first of each group. */
  readonly count: number;
  /** What they cost, where the log has a time column. */
  readonly seconds?: number;
  readonly money?: number;
}

/** Words that say that a row runs something again on purpose, to see how far the result moves. */
const AGAIN =
  /\b(?:random[ _-]?)?seed(?:s|ed)?\b|\bre-?runs?\b|\bre-?ran\b|\brepro(?:duce[ds]?|duction|ducib\w+)?\d*\b|\breplicat\w+|\bre-?test(?:ed)?\b|\bconfirm(?:s|ed|ing|ation)?\b|\blottery\b|\bverif(?:y|ied|ication)\b|\bsentinel\b/i;

/** Whether a row says that it runs something again to see how far the result moves. */
export function runsAgain(row: LogRow): boolean {
  return AGAIN.test(`${row.text ?? ''} ${(row.id ?? '').replaceAll('_', ' ')}`);
}

/**
 * Rows of one group with the same configuration; where a log has no configuration, with the same description. A row with
 * another seed, or one that says it is a rerun, repeats nothing: it measures.
 */
export function repeatsOf(rows: readonly LogRow[]): Repeats {
  const groups = new Map<string, LogRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key === undefined || (row.config === undefined && row.knobs === undefined && runsAgain(row))) continue;
    const whole = `${row.group ?? ''}\n${row.seed ?? ''}\n${key}`;
    const group = groups.get(whole);
    if (group === undefined) groups.set(whole, [row]);
    else group.push(row);
  }
  const found = [...groups]
    .filter(([, list]) => list.length > 1)
    .map(([key, list]): RepeatGroup => {
      const [first] = list;
      return { key, rows: list, exact: first!.config !== undefined || first!.knobs !== undefined };
    });
  const again = found.flatMap((group) => group.rows.slice(1));
  return {
    groups: found,
    count: again.length,
    ...summed('seconds', again),
    ...summed('money', again),
  };
}

function summed(name: 'seconds' | 'money', rows: readonly LogRow[]): Partial<Record<typeof name, number>> {
  const known = rows.flatMap((row) => row[name] ?? []);
  return known.length === 0 ? {} : { [name]: known.reduce((sum, amount) => sum + amount, 0) };
}

/** What a row tried, in a form that can be compared; undefined when it does not say. */
export function keyOf(row: LogRow): string | undefined {
  if (row.config !== undefined) return row.config;
  if (row.knobs !== undefined) {
    const names = Object.keys(row.knobs).sort();
    return names.map((name) => `${name}=${String(row.knobs![name])}`).join('\n');
  }
  const words = changeIn(row.text ?? '');
  return words === '' ? undefined : words;
}

/**
 * The change a description names: case, spaces and punctuation do not count, nor do remarks. What stands in parentheses,
 * or after a number behind a closing "with" that names no other number, says in what context it was tried or how it went.
 */
export function changeIn(text: string): string {
  return text
    .replaceAll(/\([^()]*\)/g, ' ')
    .replace(/(\d\S*)\s+with\s+[^\d=]{1,24}$/i, '$1')
    .toLowerCase()
    .replaceAll(/(?<=\d)[.,](?=\d)/g, '\u0001')
    .replaceAll(/(?<![\p{L}\p{N}])[-+](?=[\d.])/gu, (mark) => (mark === '-' ? '\u0002' : ''))
    .replaceAll(/[^\p{L}\p{N}\u0001\u0002=<>]+/gu, ' ')
    .replaceAll('\u0001', '.')
    .replaceAll('\u0002', '-')
    .trim();
}
