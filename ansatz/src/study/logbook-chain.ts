/** The rows of a log against the incumbent of their time: what was claimed, and by how much. */

import type { Log, LogRow, LogStatus } from './logbook-log.ts';

/** A row and what it was compared with. */
export interface Judgement {
  readonly row: LogRow;
  /** The log's own verdict, or best-so-far where the log has none. */
  readonly status: LogStatus | undefined;
  /** Against the incumbent before it, positive is better; absent for the baseline, and without a value or an incumbent. */
  readonly effect?: number;
  /** It was kept, and is better than what was kept before. */
  readonly claim: boolean;
  /** Value of the incumbent after this row, in the metric's own unit; absent before the baseline. */
  readonly after?: number;
  /** It is where its group starts. */
  readonly baseline: boolean;
}

/**
 * Follow the incumbent of every group through the log: the best value kept so far. `sign` is 1 when lower is better, else
 * −1. The first kept row with a value is the baseline; without any kept row it is the first that calls itself baseline,
 * else the first with a value. `baseline` names another.
 */
export function judgeRows(
  log: Log,
  sign: number,
  baseline: string | undefined,
): { steps: Judgement[]; told: string[] } {
  const told: string[] = [];
  const groups = new Map<string, LogRow[]>();
  for (const row of log.rows) {
    const name = row.group ?? '';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  const starts = new Map<string, LogRow | undefined>();
  for (const [name, rows] of groups) starts.set(name, startOf(rows, log.judged, baseline));
  const [first] = [...starts.values()].filter((row) => row !== undefined);
  if (first !== undefined) {
    const more = groups.size > 1 ? `; ${groups.size} groups, each with its own` : '';
    told.push(`baseline: row ${first.row}${named(first)}, ${reasonOf(first, log.judged, baseline)}${more}`);
  }

  const best = new Map<string, number>();
  const steps = log.rows.map((row): Judgement => {
    const name = row.group ?? '';
    const start = starts.get(name);
    const before = best.get(name);
    const { value } = row;
    if (start === row) {
      best.set(name, value!);
      const status = row.status === 'discard' && log.judged ? row.status : 'keep';
      return { row, status, claim: false, after: value!, baseline: true };
    }
    if (before === undefined) return { row, status: verdictOf(row, log.judged, false), claim: false, baseline: false };
    const effect = value === undefined ? undefined : sign * (before - value) || 0;
    const status = verdictOf(row, log.judged, effect !== undefined && effect > 0);
    const claim = status === 'keep' && effect !== undefined && effect > 0;
    if (claim) best.set(name, value!);
    return {
      row,
      status,
      claim,
      after: best.get(name)!,
      baseline: false,
      ...(effect === undefined || status === 'crash' || status === 'running' ? {} : { effect }),
    };
  });
  return { steps, told };
}

/** Where a log gives no verdicts, the best so far is what its owner kept. */
function verdictOf(row: LogRow, judged: boolean, better: boolean): LogStatus | undefined {
  // A trial that was stopped early has a value, but was nobody's best.
  if (judged || (row.status !== undefined && row.status !== 'keep')) return row.status;
  if (row.value === undefined) return row.status;
  return better ? 'keep' : 'discard';
}

function startOf(rows: readonly LogRow[], judged: boolean, asked: string | undefined): LogRow | undefined {
  const valued = rows.filter((row) => row.value !== undefined && row.status !== 'crash' && row.status !== 'running');
  if (asked !== undefined) {
    const named = valued.find((row) => isRow(row, asked));
    if (named !== undefined) return named;
  }
  if (!judged) return valued[0];
  return (
    valued.find((row) => row.status === 'keep') ??
    valued.find((row) => /\bbaseline\b/i.test(`${row.id ?? ''} ${row.text ?? ''}`)) ??
    valued[0]
  );
}

/** Whether a row is the one meant: by its line, id, commit or text. */
export function isRow(row: LogRow, asked: string): boolean {
  return String(row.row) === asked || row.id === asked || row.commit === asked || row.text === asked;
}

function reasonOf(row: LogRow, judged: boolean, asked: string | undefined): string {
  if (asked !== undefined && isRow(row, asked)) return 'as asked';
  if (!judged) return 'the first with a value';
  return row.status === 'keep' ? 'the first kept' : 'nothing was kept';
}

function named(row: LogRow): string {
  const name = row.text ?? row.id;
  return name === undefined ? '' : ` (${name.length > 40 ? `${name.slice(0, 39)}…` : name})`;
}
