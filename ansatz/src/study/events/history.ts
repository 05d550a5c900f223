/** Events about what was known before a study began. */

import type { Value } from '../../methods/space/space.ts';
import type { Direction } from '../config.ts';

/** An experiment that somebody ran with another tool. */
export interface HistoryRow {
  readonly text?: string;
  /** Settings by name; those that name knobs of the study tell its search where to look. */
  readonly values?: Readonly<Record<string, Value>>;
  /** The metric oriented so that lower is better; absent without a result. */
  readonly loss?: number;
  /** The metric as the log has it. */
  readonly value?: number;
  /** What the log says of it. */
  readonly status?: string;
  readonly verdict?: 'keep' | 'discard' | 'crash';
  /** Seconds it took. */
  readonly cost?: number;
}

export interface HistoryEvent {
  readonly type: 'history.imported';
  /** The file it came from. */
  readonly source: string;
  readonly dialect: string;
  readonly objective: { readonly metric: string; readonly direction: Direction };
  /** What was guessed in reading it. */
  readonly guesses: readonly string[];
  readonly rows: readonly HistoryRow[];
}

/** What an earlier study of the project found, as far as it turned the same knobs: it tells the search where to look first. */
export interface PriorEvent {
  readonly type: 'prior.taken';
  readonly study: string;
  /** Knobs that both of them turn; all others are as the baseline of this study has them. */
  readonly knobs: readonly string[];
  /** How many of its trials say something. */
  readonly trials: number;
  /** All of them, or those that say most. */
  readonly rows: readonly HistoryRow[];
}

/** Whether something that calls itself `history.imported` has what a fold and a search need. */
export function isHistory(event: HistoryEvent): boolean {
  const { source, dialect, objective, guesses, rows } = event as Partial<HistoryEvent>;
  return (
    typeof source === 'string' &&
    typeof dialect === 'string' &&
    typeof objective?.metric === 'string' &&
    (objective.direction === 'minimize' || objective.direction === 'maximize') &&
    Array.isArray(guesses) &&
    Array.isArray(rows) &&
    rows.every(isRow)
  );
}

function isRow(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false;
  const { values, loss } = row as HistoryRow;
  if (loss !== undefined && !Number.isFinite(loss)) return false;
  return (
    values === undefined ||
    (typeof values === 'object' &&
      values !== null &&
      Object.values(values).every((value) => ['number', 'string', 'boolean'].includes(typeof value)))
  );
}
