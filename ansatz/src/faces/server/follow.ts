/** A study read as it grows: the state, folded from where it was, and what changed since somebody last looked. */

import { statSync } from 'node:fs';
import type { SeriesStore } from '../../io/store/series.ts';
import { openPoints } from '../../io/store/points.ts';
import { openStudyDatabase, type StudyDatabase } from '../../io/store/sqlite.ts';
import { held, type StudyFolder } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import type { Event } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { runOf, type State } from '../../study/state.ts';
import { type Column, columnsOf, type TableRow, tableRow } from '../../study/table.ts';

/** What happened since a listener was last told. */
export interface Change {
  /** Number of the last event. */
  readonly seq: number;
  readonly types: readonly string[];
  readonly trials: readonly number[];
  readonly runs: readonly number[];
  /** Runs under way with new metric points. */
  readonly points: readonly number[];
}

type Listener = (change: Change) => void;

/** How often the journal is looked at while somebody listens. */
const LOOK_MS = 200;
/** A journal may be replaced by a mended one: how often to see whether it is still the same file. */
const SAME_FILE_MS = 2000;

/** Reads one study; never writes, locks or migrates. */
export class Follower {
  readonly folder: StudyFolder;
  #database: StudyDatabase | undefined;
  #points: SeriesStore | undefined;
  #state: State | undefined;
  #file = '';
  #lookedAt = 0;
  #rows: { readonly seq: number; readonly rows: TableRow[]; readonly columns: Column[] } | undefined;
  readonly #kept = new Map<string, { readonly seq: number; readonly at: number; readonly value: unknown }>();
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #told = 0;
  #counts = new Map<number, number>();

  constructor(folder: StudyFolder) {
    this.folder = folder;
  }

  /** The state as of the last event on disk. Throws a UserError where there is none. */
  state(): State {
    this.#advance();
    return this.#state!;
  }

  /** Whether a lab works on the study now. */
  working(): boolean {
    this.#advance();
    return held(this.#database!.lease());
  }

  /** The metric points; undefined before there are any. Not to be closed by the caller. */
  points(): SeriesStore | undefined {
    if (this.#points === undefined) {
      try {
        this.#points = openPoints(this.folder.points, 'read');
      } catch {
        return undefined;
      }
    }
    return this.#points;
  }

  /** Every trial as a row of the table, and the columns. */
  table(): { readonly rows: readonly TableRow[]; readonly columns: readonly Column[] } {
    const state = this.state();
    if (this.#rows?.seq !== state.seq) {
      this.#rows = {
        seq: state.seq,
        rows: state.trials.map((trial) => tableRow(state, trial)),
        columns: columnsOf(state),
      };
    }
    return this.#rows;
  }

  /** Something dear, made anew when the study has moved and the last one is older than `ms`. */
  kept<T>(name: string, ms: number, make: (state: State) => T): T {
    const state = this.state();
    const before = this.#kept.get(name);
    if (before !== undefined && (before.seq === state.seq || Date.now() - before.at < ms)) return before.value as T;
    const value = make(state);
    this.#kept.set(name, { seq: state.seq, at: Date.now(), value });
    return value;
  }

  /** Events by number, the newest first, at most `most` before number `before`. */
  recent(before: number, most: number, types?: readonly string[]): readonly (Event & { readonly seq: number })[] {
    this.#advance();
    return this.#database!.recent(before, most, types);
  }

  /** Events that name a trial, in their order. */
  ofTrial(trial: number, types: readonly string[]): readonly (Event & { readonly seq: number })[] {
    this.#advance();
    return this.#database!.ofTrial(trial, types);
  }

  /** Be told of every change until the returned function is called. */
  listen(listener: Listener): () => void {
    if (this.#listeners.size === 0) this.#told = this.state().seq;
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tell(), LOOK_MS);
    this.#timer.unref();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
    this.#drop();
  }

  #drop(): void {
    this.#database?.close();
    this.#points?.close();
    [this.#database, this.#points, this.#state, this.#rows] = [undefined, undefined, undefined, undefined];
    this.#kept.clear();
  }

  #advance(): void {
    const now = Date.now();
    if (now - this.#lookedAt > SAME_FILE_MS) {
      this.#lookedAt = now;
      const file = fileOf(this.folder.journal);
      if (file !== this.#file) this.#drop();
      this.#file = file;
    }
    if (this.#database === undefined || this.#state === undefined) {
      this.#database ??= openStudyDatabase(this.folder.journal, 'read');
      this.#state = this.#database.state();
      if (this.#state === undefined) {
        throw new UserError('empty-study', `study "${this.folder.name}" has no events`, { fix: 'ansatz run' });
      }
      return;
    }
    for (const event of this.#database.read(this.#state.seq)) this.#state = reduce(this.#state, event);
  }

  #tell(): void {
    try {
      const state = this.state();
      const events = state.seq > this.#told ? this.#database!.recent(state.seq + 1, state.seq - this.#told) : [];
      const points = this.#grown(state);
      if (events.length === 0 && points.length === 0) return;
      this.#told = state.seq;
      const trials = new Set<number>();
      const runs = new Set<number>();
      for (const event of events) {
        if ('run' in event && event.run !== undefined) runs.add(event.run);
        if ('trial' in event) trials.add(event.trial);
      }
      for (const run of runs) if (state.runs[run - 1] !== undefined) trials.add(runOf(state, run).trial);
      const types = [...new Set(events.map(({ type }) => type))];
      const change: Change = { seq: state.seq, types, trials: [...trials], runs: [...runs], points };
      for (const listener of this.#listeners) listener(change);
    } catch {
      // A journal being replaced or removed: the next look says more.
    }
  }

  /** Runs under way with more points than at the last look. */
  #grown(state: State): number[] {
    const points = this.points();
    if (points === undefined) return [];
    const counts = new Map<number, number>();
    for (const run of state.running) {
      counts.set(
        run,
        points.list(run).reduce((sum, series) => sum + series.count, 0),
      );
    }
    const grown = [...counts].filter(([run, count]) => count > (this.#counts.get(run) ?? 0)).map(([run]) => run);
    this.#counts = counts;
    return grown;
  }
}

function fileOf(path: string): string {
  try {
    const { ino, dev } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return '';
  }
}
