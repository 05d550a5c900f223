/** Which way the metric of a log gets better. */

import type { Direction } from '../../study/config.ts';
import type { LogRow } from '../../study/logbook-log.ts';
import { guessDirection } from '../capture/index.ts';
import { directionOf } from '../config/index.ts';
import type { Table } from './table.ts';

/** By the log's own word, else by the metric's name, unless the verdicts say otherwise. */
export function directionFor(
  table: Table,
  metric: string,
  rows: readonly LogRow[],
): { direction: Direction; why: string } {
  if (table.direction !== undefined) return { direction: table.direction, why: 'as the log says' };
  const generic = /^(?:score|value|metric|objective|result|fitness|values?_0|column \d+|none)$/i.test(metric);
  const name = generic ? undefined : (guessDirection(metric) ?? directionOf(metric) ?? speedDirection(metric));
  const { down, up } = votes(rows);
  const all = down + up;
  const trend: Direction = down >= up ? 'minimize' : 'maximize';
  const share = Math.max(down, up) / Math.max(1, all);
  const clear = all >= 4 && share >= 0.75;
  if (name === undefined && clear)
    return { direction: trend, why: `by what was kept (${Math.round(100 * share)} % of ${all} verdicts fit)` };
  if (name !== undefined && name !== trend && all >= 8 && share >= 0.9)
    return {
      direction: trend,
      why: `by what was kept (${Math.round(100 * share)} % of ${all} verdicts fit), against the metric's name`,
    };
  if (name !== undefined) return { direction: name, why: "by the metric's name" };
  if (all > 0 && share > 0.5)
    return {
      direction: trend,
      why: `by what was kept, which is not clear (${Math.round(100 * share)} % of ${all} verdicts fit); --direction settles it`,
    };
  return { direction: 'minimize', why: 'for want of any sign; --direction settles it' };
}

function speedDirection(metric: string): Direction | undefined {
  if (
    /(?:^|[_. /-])(?:throughput|tflops|speed|speedup|tps|qps|fps|ops|rps|mfu|sharpe|coverage|gain|profit|pass(?:ed|_rate)?|hit_?rate)/i.test(
      metric,
    ) ||
    /tok(?:en)?s?_?(?:per_?|\/)?_?s(?:ec)?\b/i.test(metric)
  )
    return 'maximize';
  if (
    /(?:^|[_. /-])(?:time|seconds?|latency|duration|runtime|ms|us|µs|ns|bytes|size|memory|cost|violations?|failures?|warnings?)(?:$|[_. /-])/i.test(
      metric,
    )
  )
    return 'minimize';
  return undefined;
}

/** Kept rows that are lower than what was kept before, dropped ones that are higher, and the reverse. */
function votes(rows: readonly LogRow[]): { down: number; up: number } {
  const kept = new Map<string, number>();
  let [down, up] = [0, 0];
  for (const { value, status, group = '' } of rows) {
    if (value === undefined || (status !== 'keep' && status !== 'discard')) continue;
    const before = kept.get(group);
    if (before !== undefined && value !== before) {
      if (value < before === (status === 'keep')) down++;
      else up++;
    }
    if (status === 'keep') kept.set(group, value);
  }
  return { down, up };
}
