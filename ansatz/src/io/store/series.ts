/** Metric points of all runs, apart from the journal: many, large, and of no consequence for any decision. */

/** Points of one metric of one run, in the order they were heard. */
export interface Series {
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

export interface Point {
  readonly key: string;
  readonly step: number;
  /** May be NaN or ±Infinity. */
  readonly value: number;
}

/** Arrays to read into, replaced by larger ones when they are too small. */
export interface Room {
  steps: Float64Array<ArrayBuffer>;
  values: Float64Array<ArrayBuffer>;
  /** Called after every megabyte that was read: what it came through may be given back. */
  readonly sweep?: () => void;
}

/** Where a metric of a run came from and how precise it is. */
export interface SeriesInfo {
  readonly key: string;
  readonly source: string;
  readonly resolution: number;
  readonly count: number;
  readonly last: number;
}

/**
 * Contract: `write` is durable at the next {@link SeriesStore.flush} (at the latest a second later in a lab);
 * readers in other processes see flushed points only. `forget` removes all points of a run, so that a resumed lab
 * can hear it again from the start.
 */
export interface SeriesStore {
  write(run: number, points: readonly (Point & { readonly source: string; readonly resolution: number })[]): void;
  flush(): void;
  /** `room` may be used for the answer, and is overwritten by the next reading that is given it: for those who look and let go. */
  read(run: number, key: string, room?: Room): Series;
  list(run: number): SeriesInfo[];
  forget(run: number): void;
  close(): void;
}
