/** Effects of changes as numbers with an error, pooled where several experiments made the same one. */

import { valueText } from './context.ts';
import type { TrialRecord } from './record.ts';

/** Effect sizes pooled by inverse variance, with the spread of true effects between experiments. */
export interface Pooled {
  /** Positive is better. */
  readonly effect: number;
  /** Half the 95 % interval. */
  readonly margin: number;
  /** Standard deviation of true effects between the experiments (DerSimonian & Laird 1986), ≥ 0. */
  readonly tau: number;
  readonly n: number;
}

/** An effect with its standard error; records without an interval take that of one run against one. */
export interface Measured {
  readonly record: TrialRecord;
  readonly effect: number;
  readonly se: number;
}

/** Effects that can be weighed. `noiseSd` stands in where a record does not know its noise; none of both: left out. */
export function measured(records: readonly TrialRecord[], noiseSd?: number): Measured[] {
  return records.flatMap((record) => {
    const { effect, margin, n, noiseSd: own } = record.outcome;
    if (effect === undefined || record.links.every(({ kind }) => kind !== 'parent')) return [];
    const sd = own ?? noiseSd;
    const se =
      margin !== undefined && margin > 0
        ? margin / 1.96
        : sd === undefined
          ? undefined
          : sd * Math.sqrt(1 + 1 / Math.max(1, n));
    return se === undefined || !(se > 0) ? [] : [{ record, effect, se }];
  });
}

/** Pool effects by inverse variance, the variance between experiments added where they differ by more than noise. */
export function pooled(effects: readonly Pick<Measured, 'effect' | 'se'>[]): Pooled | undefined {
  const n = effects.length;
  if (n === 0) return undefined;
  const fixed = effects.map(({ se }) => 1 / se ** 2);
  const total = fixed.reduce((a, b) => a + b, 0);
  const centre = effects.reduce((sum, { effect }, i) => sum + fixed[i]! * effect, 0) / total;
  const q = effects.reduce((sum, { effect }, i) => sum + fixed[i]! * (effect - centre) ** 2, 0);
  const scale = total - fixed.reduce((sum, w) => sum + w * w, 0) / total;
  const between = n < 2 || scale <= 0 ? 0 : Math.max(0, (q - (n - 1)) / scale);
  const weights = effects.map(({ se }) => 1 / (se ** 2 + between));
  const sum = weights.reduce((a, b) => a + b, 0);
  const effect = effects.reduce((all, one, i) => all + weights[i]! * one.effect, 0) / sum;
  return { effect, margin: 1.96 / Math.sqrt(sum), tau: Math.sqrt(between), n };
}

/** `+0.0031`: better is plus. */
export function signed(effect: number): string {
  return `${effect > 0 ? '+' : ''}${valueText(Number(effect.toPrecision(3)))}`;
}
