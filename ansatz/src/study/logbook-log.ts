/** A log of experiments as it was read: what `io/logs` gives and the audit takes. */

import type { Value } from '../methods/space/space.ts';
import type { Direction } from './config.ts';

/** What a log says became of an experiment. `running` has no result yet. */
export type LogStatus = 'keep' | 'discard' | 'crash' | 'running';

/** One experiment of a log, as far as its columns could be told apart. */
export interface LogRow {
  /** Line of the file, from 1; for JSON the position of the record. */
  readonly row: number;
  /** The cells as they are in the file, by column. */
  readonly raw: Readonly<Record<string, string>>;
  /** What was tried, in words. */
  readonly text?: string;
  /** The metric, finite and in its own unit; absent when the run gave none. */
  readonly value?: number;
  /** Absent where the log gives no verdict. */
  readonly status?: LogStatus;
  /** Settings that have columns of their own. */
  readonly knobs?: Readonly<Record<string, Value>>;
  /** A fingerprint of the whole configuration, where the log has one. */
  readonly config?: string;
  readonly id?: string;
  readonly seed?: string;
  readonly seconds?: number;
  readonly money?: number;
  /** In the unit of its column. */
  readonly memory?: number;
  readonly commit?: string;
  /** Rows of different groups are not compared: another task, method or segment. */
  readonly group?: string;
  /** Milliseconds since 1970. */
  readonly at?: number;
}

/** A log that was read. */
export interface Log {
  readonly file: string;
  readonly dialect: string;
  readonly columns: readonly string[];
  readonly metric: string;
  readonly direction: Direction;
  /** Whether the rows say what was kept; if not, the best so far counts as kept. */
  readonly judged: boolean;
  readonly rows: readonly LogRow[];
  /** Every guess that was made in reading it, a sentence each. */
  readonly guesses: readonly string[];
}
