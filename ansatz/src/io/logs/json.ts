/** JSON documents: arrays of records anywhere in them, records by name, and the columns that pandas writes. */

import { type Cells, columnsOf, type Dialect } from './table.ts';

/** Nested deeper than this nothing is looked for. */
const DEEPEST = 6;

/** Values of an object as text, inner objects by `outer.inner`. Lists are kept as JSON. */
export function flattened(
  object: Readonly<Record<string, unknown>>,
  before = '',
  into = new Map<string, string>(),
  depth = 0,
): Map<string, string> {
  for (const [key, value] of Object.entries(object)) {
    const name = before === '' ? key : `${before}.${key}`;
    if (value === null || value === undefined) into.set(name, '');
    else if (typeof value === 'object' && !Array.isArray(value) && depth < DEEPEST)
      flattened(value as Record<string, unknown>, name, into, depth + 1);
    else into.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return into;
}

/** A document of one JSON value. `NaN` and `Infinity`, which Python writes, are read as null. */
export const json: Dialect = (text) => {
  const start = text.trimStart()[0];
  if (start !== '[' && start !== '{') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    try {
      value = JSON.parse(text.replaceAll(/(?<=[:[,]\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/g, 'null'));
    } catch {
      return undefined;
    }
  }
  const found: { path: string; records: Map<string, string>[] }[] = [];
  collect(value, '', 0, found);
  const all = found.filter(({ records }) => records.length > 0);
  if (all.length === 0) return undefined;
  const most = Math.max(...all.map(({ records }) => records.length));
  // Lists beside a much longer one are settings or links, not experiments; alike ones are groups.
  const shape = [...all.find(({ records }) => records.length === most)!.records[0]!.keys()];
  const groups = all.filter(({ records }) => {
    const keys = new Set(records[0]!.keys());
    return shape.filter((key) => keys.has(key)).length >= 0.6 * shape.length;
  });
  let line = 0;
  const records = groups.flatMap(({ path, records: list }) =>
    list.map((cells): Cells => ({ line: ++line, cells, ...(groups.length > 1 ? { group: path } : {}) })),
  );
  return {
    dialect: 'JSON records',
    columns: columnsOf(records),
    records,
    guesses: [
      ...(groups.length > 1
        ? [`${groups.length} lists of records: each is a group of its own (${groups[0]!.path}, …)`]
        : []),
      'rows are numbered as they come, as JSON has no lines',
    ],
  };
};

function collect(
  value: unknown,
  path: string,
  depth: number,
  found: { path: string; records: Map<string, string>[] }[],
): void {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return;
  if (Array.isArray(value)) {
    const objects = value.filter(isObject);
    if (objects.length > 0 && objects.length >= 0.5 * value.length)
      found.push({ path, records: objects.map((object) => flattened(object)).filter((cells) => cells.size > 0) });
    return;
  }
  const entries = Object.entries(value);
  const inner = entries.map(([, one]) => one);
  const columns = pandasColumns(entries);
  if (columns !== undefined) {
    found.push({ path, records: columns });
    return;
  }
  if (entries.length > 1 && inner.every(isRecord) && alike(inner)) {
    found.push({
      path,
      records: entries.map(([key, one]) => new Map([['key', key], ...flattened(one as Record<string, unknown>)])),
    });
    return;
  }
  const pairs = inner.filter(
    (one): one is unknown[] =>
      Array.isArray(one) &&
      one.length >= 2 &&
      one.length <= 8 &&
      typeof one[0] === 'string' &&
      one.every((part) => part === null || typeof part !== 'object'),
  );
  if (
    entries.length > 1 &&
    pairs.length === entries.length &&
    pairs.some((one) => one.some((part) => typeof part === 'number'))
  ) {
    found.push({ path, records: entries.map(([key], i) => tuple(key, pairs[i]!)) });
    return;
  }
  for (const [key, one] of entries) collect(one, path === '' ? key : `${path}/${key}`, depth + 1, found);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object that is a record itself: some of its values are no objects. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.values(value).some((one) => one === null || typeof one !== 'object');
}

/** Whether records share most of their names. */
function alike(records: readonly unknown[]): boolean {
  const first = Object.keys(records[0] as object);
  const last = new Set(Object.keys(records.at(-1) as object));
  return first.filter((key) => last.has(key)).length >= 0.5 * first.length;
}

/** `{"value": {"0": 0.1, "1": 0.2}, …}`: what `DataFrame.to_json()` writes. */
function pandasColumns(entries: readonly (readonly [string, unknown])[]): Map<string, string>[] | undefined {
  if (
    entries.length === 0 ||
    !entries.every(
      ([key, one]) =>
        isObject(one) &&
        !/^\d+$/.test(key) &&
        Object.keys(one).length > 0 &&
        Object.entries(one).every(
          ([index, cell]) => /^\d+$/.test(index) && (cell === null || typeof cell !== 'object'),
        ),
    )
  )
    return undefined;
  const indexes = Object.keys(entries[0]![1] as object);
  return indexes.map(
    (index) =>
      new Map(
        entries.map(([name, one]) => {
          const value = (one as Record<string, unknown>)[index];
          return [
            name,
            value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value),
          ];
        }),
      ),
  );
}

/** `"17": ["what was tried", 1.25]`: its texts and numbers, named by what they are. */
function tuple(key: string, parts: readonly unknown[]): Map<string, string> {
  const cells = new Map([['key', key]]);
  const text = parts.find((part) => typeof part === 'string');
  cells.set('text', String(text));
  parts
    .filter((part) => part !== text)
    .forEach((part, i) =>
      cells.set(
        i === 0 ? 'value' : `value ${i + 1}`,
        typeof part === 'string' ? part : part === null ? '' : JSON.stringify(part),
      ),
    );
  return cells;
}
