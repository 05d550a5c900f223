/** Numbers that stand for no result. */

import type { LogRow } from '../../study/logbook-log.ts';
import { counted } from './table.ts';

/** Such as 0 for a crash or −999: exact, round, and far from everything else. */
const STAND_INS = new Set([0, -1, 100, 999, 9999, 99_999, 999_999, -999, -9999, -99_999, 1e6, 1e9, 1e10, -1e6, -1e9]);

/** The rows without values that are none. What was taken for one is told in `guesses`. */
export function withoutStandIns(rows: readonly LogRow[], guesses: string[]): LogRow[] {
  const values = rows.flatMap(({ value }) => value ?? []);
  const others = values.filter((value) => !STAND_INS.has(value)).map(Math.abs);
  if (others.length < 3) return [...rows];
  const low = others.reduce((a, b) => Math.min(a, b));
  const high = others.reduce((a, b) => Math.max(a, b));
  const negative = values.some((value) => value < 0 && !STAND_INS.has(value));
  const zeros = values.filter((value) => value === 0).length;
  const means = new Map<number, number>();
  const cleared = rows.map((row) => {
    const { value, status, memory, ...rest } = row;
    if (value === undefined || !STAND_INS.has(value)) return row;
    // A zero is a result of its own where results reach down to it, or where the row was kept and measured.
    const unmeasured = memory === 0 || (zeros >= 3 && zeros > 0.05 * values.length);
    const far =
      value === 0
        ? memory === 0 || (low > 0.3 * high && (status !== 'keep' || unmeasured))
        : value < 0
          ? (!negative || Math.abs(value) > 20 * high) && (status !== 'keep' || value < -100)
          : value > 5 * high && (status !== 'keep' || value > 100);
    if (!far) return row;
    means.set(value, (means.get(value) ?? 0) + 1);
    return { ...rest, ...(status === undefined ? {} : { status }), ...(memory === undefined ? {} : { memory }) };
  });
  for (const [value, n] of means) guesses.push(`${value} in ${counted(n, 'row')} stands for no result`);
  return cleared;
}
