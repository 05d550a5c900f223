/** A study as plain tables, for spreadsheets and notebooks: one row per trial, one per run, the same numbers as everywhere else. */

import type { Value } from '../methods/space/point.ts';
import { type State, trialOf } from './state.ts';
import { tableRow } from './table.ts';
import { runRow } from './views.ts';

/** Columns of equal length; null where there is nothing. */
export interface Flat {
  readonly columns: readonly { readonly name: string; readonly cells: readonly (Value | null)[] }[];
}

/** Trials with their settings; knobs that are called like a column are `knob.name`. */
export function flatTrials(state: State): Flat {
  const rows = state.trials.map((trial) => tableRow(state, trial));
  const own: Record<string, (row: (typeof rows)[number]) => Value | undefined> = {
    trial: (row) => row.trial,
    verdict: (row) => row.state,
    value: (row) => row.value,
    standard_error: (row) => row.se,
    effect: (row) => row.effect,
    margin: (row) => row.margin,
    better: (row) => row.better,
    believed: (row) => row.shrunk,
    p: (row) => row.p,
    runs: (row) => row.runs,
    device_seconds: (row) => row.deviceSeconds,
    parent: (row) => (row.parent === 0 ? undefined : row.parent),
    researcher: (row) => row.researcher,
    bet: (row) => row.bet,
    by: (row) => row.by,
    incumbent: (row) => row.trial === state.incumbent,
    tags: (row) => row.tags.join(' ') || undefined,
    files: (row) => row.files?.join(' '),
    hypothesis: (row) => row.hypothesis,
    why: (row) => row.why || undefined,
  };
  const knobs = state.config.knobs.map(({ name }) => ({
    name: Object.hasOwn(own, name) ? `knob.${name}` : name,
    cells: rows.map(({ point }) => (Object.hasOwn(point, name) ? point[name]! : null)),
  }));
  return { columns: [...columns(rows, own), ...knobs] };
}

/** Runs, in the order of their start. */
export function flatRuns(state: State): Flat {
  const rows = state.runs.map((run) => ({
    ...runRow(state, run),
    charge: run.charge,
    endedAt: run.endedAt,
    verdict: trialOf(state, run.trial).verdict,
  }));
  return {
    columns: columns(rows, {
      run: (row) => row.run,
      trial: (row) => row.trial,
      repeat: (row) => row.repeat,
      level: (row) => row.level,
      seed: (row) => row.seed,
      slot: (row) => row.slot,
      status: (row) => row.status,
      reason: (row) => row.reason,
      value: (row) => row.value,
      seconds: (row) => row.seconds,
      cpu_seconds: (row) => row.cpuSeconds,
      peak_bytes: (row) => row.peakBytes,
      device_seconds: (row) => row.charge?.deviceSeconds,
      money: (row) => row.charge?.money,
      stated_risk: (row) => row.audited?.risk ?? row.risk,
      audited: (row) => row.audited !== undefined,
      started: (row) => iso(row.startedAt),
      ended: (row) => (row.endedAt === undefined ? undefined : iso(row.endedAt)),
      text: (row) => row.text,
    }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function columns<Row>(
  rows: readonly Row[],
  pick: Readonly<Record<string, (row: Row) => Value | undefined>>,
): Flat['columns'] {
  return Object.entries(pick).map(([name, cell]) => ({ name, cells: rows.map((row) => cell(row) ?? null) }));
}

/**
 * RFC 4180. Text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a return) gets an apostrophe before it: a name in a
 * log must not become a command on somebody's desk. Numbers stay numbers.
 */
export function csvOf({ columns: list }: Flat): string {
  const length = list[0]?.cells.length ?? 0;
  const lines = [list.map(({ name }) => csvCell(name)).join(',')];
  for (let i = 0; i < length; i++) lines.push(list.map(({ cells }) => csvCell(cells[i]!)).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function csvCell(value: Value | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text =
    /^[=+\-@\t\r]/.test(value) && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
