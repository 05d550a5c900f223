/** What a run took: a column of lengths, or the moments of its start and end. */

import { isNothing, momentIn, secondsIn } from './cells.ts';

/** A column of a log, as far as its times are concerned. */
interface Column {
  readonly name: string;
  readonly filled: number;
  /** Share of the filled cells that are numbers. */
  readonly numbers: number;
  readonly values: readonly number[];
}

/** Where a log has its times. */
export interface Times {
  /** `unit` in seconds. */
  readonly seconds?: { readonly column: string; readonly unit: number };
  readonly span?: { readonly start: string; readonly end: string };
}

/** The column of lengths, by its name: of the whole run before a part of it. */
export function secondsOf(columns: readonly Column[]): { column: string; unit: number } | undefined {
  const names = [
    /^(?:total_?(?:seconds|time|runtime|duration)|time_total)/i,
    /^(?:wall|wall_?clock|walltime|wt|device)(?:[_ ]?(?:time|seconds|secs?|s))?$/i,
    /^_?(?:runtime|duration|elapsed|run_?time)(?:[_ (]|$)/i,
    /^(?:train(?:ing)?|run|eval)[_ ](?:seconds|secs?|time|duration|minutes|hours)/i,
    /^(?:seconds?|secs?|time_s|time_sec|time|minutes?|mins?|hours?|hrs?|gpu_?(?:hours?|seconds?|h|s))(?:$|[_ (])/i,
  ];
  for (const pattern of names) {
    const found = columns.find(
      ({ name, filled }) =>
        pattern.test(name.replace(/^(?:summary|metrics?)[./]/i, '')) &&
        filled > 0 &&
        !/(?:^|[_. ])(?:per|avg|mean|step|stamp|ratio|delta)|timestamp/i.test(name),
    );
    if (found === undefined) continue;
    const unit = /(?:^|[_ (])(?:ms|millis)/i.test(found.name)
      ? 1e-3
      : /(?:^|[_ (])min/i.test(found.name)
        ? 60
        : /(?:^|[_ (])h(?:ou)?rs?\b|hours?|_h$/i.test(found.name)
          ? 3600
          : 1;
    if (found.numbers > 0.5 || found.values.length === 0) return { column: found.name, unit };
  }
  return undefined;
}

/** Start and end. */
export function spanOf(columns: readonly Column[]): { start: string; end: string } | undefined {
  const start = columns.find(({ name }) => /^(?:datetime_start|start_time|started(?:_at)?|time_start)$/i.test(name));
  const end = columns.find(({ name }) =>
    /^(?:datetime_complete|end_time|finished(?:_at)?|ended(?:_at)?|time_end)$/i.test(name),
  );
  return start === undefined || end === undefined ? undefined : { start: start.name, end: end.name };
}

/** Seconds between the two moments of a span, or in the column of lengths; undefined when unknown. */
export function secondsOfRow(cells: ReadonlyMap<string, string>, { seconds, span }: Times): number | undefined {
  if (seconds !== undefined) {
    const cell = cells.get(seconds.column) ?? '';
    if (!isNothing(cell)) return secondsIn(cell, seconds.unit);
  }
  if (span === undefined) return undefined;
  const [from, to] = [momentIn(cells.get(span.start) ?? ''), momentIn(cells.get(span.end) ?? '')];
  return from === undefined || to === undefined || to < from ? undefined : (to - from) / 1000;
}
