/** A table of trials as faces show it: rows, a filter in words people write, sorting, and only the settings that differ. */

import { nearest } from '../methods/math/nearest.ts';
import { holds, type Constraint, ExpressionError, type Node, parseConstraint } from '../methods/space/expression.ts';
import type { Point, Value } from '../methods/space/point.ts';
import type { Knob } from './config.ts';
import { UserError } from './error.ts';
import { curveLoss } from './standin.ts';
import { type State, type Trial, trialOf } from './state.ts';
import { type TrialRow, trialRow } from './views.ts';

/** A trial in the table. */
export interface TableRow extends TrialRow {
  readonly hypothesis: string;
  readonly parent: number;
  readonly point: Point;
  readonly tags: readonly string[];
  readonly notes: number;
  /** Rungs of its last run's objective, at most 24, for a sparkline. */
  readonly spark: readonly number[];
  readonly proposedAt: number;
}

/** A column a filter or a sort may name. */
export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'flag';
  readonly about: string;
  /** What it may be, where that is known. */
  readonly values?: readonly string[];
}

/** What is asked of the table. */
export interface TableQuery {
  readonly filter?: string;
  readonly sort?: string;
  readonly descending?: boolean;
  readonly offset?: number;
  readonly limit?: number;
}

/** A part of the table. */
export interface TablePage {
  readonly rows: readonly TableRow[];
  /** Rows that pass the filter. */
  readonly matching: number;
  readonly total: number;
}

const SPARK = 24;
const STATES = ['keep', 'discard', 'inconclusive', 'crash', 'running', 'paused', 'queued'];

const OWN: readonly Column[] = [
  { name: 'trial', kind: 'number', about: 'its number' },
  { name: 'state', kind: 'text', about: 'verdict, or what is happening to it', values: STATES },
  { name: 'value', kind: 'number', about: 'mean of the objective' },
  { name: 'se', kind: 'number', about: 'standard error of the value' },
  { name: 'effect', kind: 'number', about: 'against the incumbent of its time, positive is better' },
  { name: 'margin', kind: 'number', about: 'half width of the 95 % interval of the effect' },
  { name: 'better', kind: 'number', about: 'chance that it is better' },
  { name: 'believed', kind: 'number', about: 'the effect after shrinkage' },
  { name: 'p', kind: 'number', about: 'anytime-valid p-value' },
  { name: 'runs', kind: 'number', about: 'number of runs' },
  { name: 'cost', kind: 'number', about: 'device-seconds' },
  { name: 'parent', kind: 'number', about: 'the trial it departs from' },
  { name: 'researcher', kind: 'text', about: 'who proposed it' },
  { name: 'bet', kind: 'text', about: 'its line of enquiry' },
  { name: 'by', kind: 'text', about: 'the person whose idea it is' },
  { name: 'why', kind: 'text', about: 'the reason of the verdict' },
  { name: 'hypothesis', kind: 'text', about: 'why it was tried' },
  { name: 'tags', kind: 'text', about: 'words people put on it' },
  { name: 'code', kind: 'flag', about: 'whether its code differs from its parent’s' },
];

/** One row. */
export function tableRow(state: State, trial: Trial): TableRow {
  const run = state.runs[(trial.runs.at(-1) ?? 0) - 1];
  const sign = curveLoss(state.config, 1);
  const losses = run?.losses ?? [];
  const every = Math.max(1, (losses.length - 1) / (SPARK - 1));
  const spark = Array.from({ length: Math.min(SPARK, losses.length) }, (_, i) => sign * losses[Math.round(i * every)]!);
  return {
    ...trialRow(state, trial),
    hypothesis: trial.hypothesis,
    parent: trial.parent,
    point: trial.point,
    tags: [...new Set((trial.notes ?? []).flatMap((note) => note.tags ?? []))],
    notes: trial.notes?.length ?? 0,
    spark,
    proposedAt: trial.proposedAt,
  };
}

/** Knobs with more than one value among the trials, in the order of the configuration. */
export function differing(state: State): Knob[] {
  const first = trialOf(state, 1).point;
  return state.config.knobs.filter(({ name }) =>
    state.trials.some((trial) => Object.hasOwn(trial.point, name) && trial.point[name] !== first[name]),
  );
}

/** The columns of a study: its own, then its knobs. A knob that is called like a column is `knob.name`. */
export function columnsOf(state: State): Column[] {
  const own = new Set(OWN.map(({ name }) => name));
  const seen = (pick: (trial: Trial) => string | undefined): string[] => [
    ...new Set(state.trials.flatMap((trial) => pick(trial) ?? [])),
  ];
  const values: Record<string, string[]> = {
    researcher: seen((trial) => trial.researcher),
    bet: seen((trial) => trial.bet),
    by: seen((trial) => trial.by),
  };
  return [
    ...OWN.map((column) => (values[column.name] === undefined ? column : { ...column, values: values[column.name] })),
    ...state.config.knobs.map((knob): Column => {
      const name = own.has(knob.name) ? `knob.${knob.name}` : knob.name;
      return knob.kind === 'choice'
        ? { name, kind: 'text', about: 'a knob', values: knob.choices.map(String) }
        : { name, kind: 'number', about: 'a knob' };
    }),
  ];
}

/** Cells by column name; a cell without a value is not there. */
function cellsOf(row: TableRow): Record<string, Value> {
  const cells: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const [knob, value] of Object.entries(row.point)) {
    cells[knob] = value;
    cells[`knob.${knob}`] = value;
  }
  const own: Record<string, Value | undefined> = {
    trial: row.trial,
    state: row.state,
    value: row.value,
    se: row.se,
    effect: row.effect,
    margin: row.margin,
    better: row.better,
    believed: row.shrunk,
    p: row.p,
    runs: row.runs,
    cost: row.deviceSeconds,
    parent: row.parent,
    researcher: row.researcher,
    bet: row.bet,
    by: row.by,
    why: row.why,
    hypothesis: row.hypothesis,
    tags: row.tags.join(' '),
    code: row.files !== undefined,
  };
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) delete cells[name];
    else cells[name] = value;
  }
  return cells;
}

/**
 * Whether rows pass a filter. `state == keep and lr < 1e-3`, `effect > 0 or researcher in [model, agent]`, arithmetic as in
 * constraints; a single `=` will do, words need no quotes. A text without any operator is looked
 * for in hypothesis, reason, tags and changes. Throws a UserError that says where it went wrong and what name may be meant.
 */
export function filterOf(text: string, columns: readonly Column[]): (row: TableRow) => boolean {
  const trimmed = text.trim();
  if (trimmed === '') return () => true;
  if (
    !/[<>=!]|\bin\s*\[|\b(?:not|and|or)\b.*[<>=]/.test(trimmed) &&
    columns.every(({ kind, name }) => kind !== 'flag' || name !== trimmed)
  ) {
    return words(trimmed);
  }
  let parsed: Constraint;
  try {
    parsed = parseConstraint(doubled(trimmed));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new UserError('bad-filter', `the filter cannot be read: ${error.message}`, {
      where: `${trimmed}\n${' '.repeat(Math.min(error.at, trimmed.length))}^`,
      fix: 'state == keep and lr < 1e-3',
    });
  }
  const known = new Map(columns.map((column) => [column.name, column]));
  const constraint: Constraint = { ...parsed, tree: resolved(parsed.tree, known, trimmed) };
  return (row) => holds(constraint, cellsOf(row));
}

function words(text: string): (row: TableRow) => boolean {
  const wanted = text.toLowerCase().split(/\s+/);
  return (row) => {
    const changed = row.changes.map(({ knob, to }) => `${knob} ${String(to ?? '')}`).join(' ');
    const all = `${row.state} ${row.hypothesis} ${row.why} ${row.tags.join(' ')} ${changed} ${(row.files ?? []).join(' ')}`;
    const low = all.toLowerCase();
    return wanted.every((word) => low.includes(word));
  };
}

/** `=` alone means `==`; what is in quotes stays. */
function doubled(text: string): string {
  return text.replaceAll(/('[^']*'|"[^"]*"|`[^`]*`)|(?<![<>=!])=(?!=)/g, (_all, quoted?: string) => quoted ?? '==');
}

/** Names that are no columns are words where they are compared with text, and mistakes elsewhere. */
function resolved(node: Node, known: ReadonlyMap<string, Column>, text: string): Node {
  const isText = (one: Node): boolean => one.kind === 'name' && known.get(one.name)?.kind === 'text';
  const word = (one: Node): Node =>
    one.kind === 'name' && !known.has(one.name)
      ? { kind: 'value', value: one.name }
      : one.kind === 'list'
        ? { kind: 'list', items: one.items.map(word) }
        : one;
  switch (node.kind) {
    case 'value':
      return node;
    case 'name': {
      if (known.has(node.name)) return node;
      const near = nearest(node.name, known.keys());
      throw new UserError(
        'bad-filter',
        `there is no column "${node.name}"${near === undefined ? '' : `; closest: "${near}"`}`,
        {
          where: text,
          fix: `columns: ${[...known.keys()].join(', ')}`,
        },
      );
    }
    case 'list':
      return { kind: 'list', items: node.items.map((item) => resolved(item, known, text)) };
    case 'unary':
      return { ...node, of: resolved(node.of, known, text) };
    case 'call':
      return { ...node, args: node.args.map((arg) => resolved(arg, known, text)) };
    case 'binary': {
      const textual = isText(node.left) || isText(node.right);
      const [left, right] = textual ? [word(node.left), word(node.right)] : [node.left, node.right];
      return { ...node, left: resolved(left, known, text), right: resolved(right, known, text) };
    }
  }
}

/** Filter, sort and cut rows. Rows without a value in the sorted column come last. Throws as {@link filterOf}. */
export function pageOf(rows: readonly TableRow[], columns: readonly Column[], query: TableQuery): TablePage {
  const passes = filterOf(query.filter ?? '', columns);
  const matching = query.filter === undefined || query.filter.trim() === '' ? [...rows] : rows.filter(passes);
  const { sort = 'trial', descending = false, offset = 0, limit = 100 } = query;
  if (!columns.some(({ name }) => name === sort)) {
    const near = nearest(
      sort,
      columns.map(({ name }) => name),
    );
    throw new UserError('bad-sort', `there is no column "${sort}"${near === undefined ? '' : `; closest: "${near}"`}`);
  }
  const keyed = matching.map((row) => ({ row, key: sort === 'trial' ? row.trial : cellsOf(row)[sort] }));
  keyed.sort((a, b) => order(a.key, b.key, descending) || a.row.trial - b.row.trial);
  return {
    rows: keyed.slice(offset, offset + limit).map(({ row }) => row),
    matching: matching.length,
    total: rows.length,
  };
}

function order(a: Value | undefined, b: Value | undefined, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const sign = descending ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  const [x, y] = [String(a), String(b)];
  return x === y ? 0 : sign * (x < y ? -1 : 1);
}
