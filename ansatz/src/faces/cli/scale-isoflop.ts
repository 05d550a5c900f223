/** `ansatz scale fit --law isoflop`: the exponent of the best size over FLOPs, found in two ways, both told. */

import type { RunTable } from '../../io/table/index.ts';
import { studentQuantile } from '../../methods/math/index.ts';
import { fitIsoflop, type IsoFit, type Optimum } from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import type { BowlsPicture } from '../report/figures/scaling.ts';
import { type ScaleFit, timed } from './scale-fit.ts';
import { num } from './text.ts';

/** What was asked for beside the fit. */
export interface IsoflopWish {
  readonly level: number;
  readonly flops: number | undefined;
}

export interface IsoflopFit extends ScaleFit {
  readonly level: number;
  /** Per way: where the loss of each budget is least, and budgets without a minimum between their sizes. */
  readonly optima: Readonly<Record<string, readonly Optimum[]>>;
  readonly left: Readonly<Record<string, readonly number[]>>;
  /** The best size at the FLOPs of `--flops`, per way; null without. */
  readonly optimum: Readonly<Record<string, { readonly flops: number; readonly N: number; readonly D: number }>> | null;
}

const WAYS = [
  ['akima', 'Akima spline'],
  ['local', 'parabola through the 7 points around the lowest'],
] as const;

/** Fit a table. Throws a UserError when fewer than two budgets have a minimum between their sizes. */
export function fitIsoflopTable(table: RunTable, wish: IsoflopWish, file: string): IsoflopFit {
  const counted = table.C.filter((c) => c !== undefined).length;
  const runs = table.N.map((N, i) => ({ C: table.C[i] ?? 6 * N * table.D[i]!, N, loss: table.loss[i]! }));
  const { result, seconds } = timed(() => fitIsoflop(runs));
  const found = WAYS.flatMap(([way, words]) => (result[way] === undefined ? [] : [{ way, words, fit: result[way] }]));
  if (found.length === 0) {
    throw new UserError('too-few', 'fewer than two budgets have a lowest loss between the sizes tried', {
      where: file,
      why: 'at each of several budgets of FLOPs the loss must fall and rise again as N grows',
      fix: 'train smaller and larger models at the same FLOPs, or --law chinchilla, which needs no budgets',
    });
  }
  const each = <T>(f: (fit: IsoFit) => T): Record<string, T> =>
    Object.fromEntries(found.map(({ way, fit }) => [way, f(fit)]));
  const half = (fit: IsoFit): number =>
    fit.optima.length > 2 ? studentQuantile((1 + wish.level) / 2, fit.optima.length - 2) * fit.se : Infinity;
  const warnings = [...table.warnings, ...result.warnings];
  if (new Set(runs.map(({ C, N, loss }) => `${C} ${N} ${loss}`)).size < runs.length)
    warnings.push('duplicated rows: a run that counts twice says nothing new');
  const unknown = found.filter(({ fit }) => !(half(fit) < WIDE));
  if (unknown.length > 0) {
    warnings.push(
      `not identified: ${unknown.map(({ way }) => `a_${way}`).join(', ')}: the optima scatter too much, or are too few, for an exponent`,
    );
  }
  const largest = Math.max(...runs.map(({ C }) => C));
  if (wish.flops !== undefined && wish.flops > 100 * largest)
    warnings.push(`window: ${num(wish.flops)} FLOPs are ${num(wish.flops / largest, 2)} times the largest budget`);
  const optimum =
    wish.flops === undefined
      ? null
      : each(({ a, k }) => {
          const N = k * wish.flops! ** a;
          return { flops: wish.flops!, N, D: wish.flops! / 6 / N };
        });
  return {
    pictures: [bowls(runs, found[0]!.fit, found[0]!.words)],
    law: 'isoflop',
    n: runs.length,
    objective: scatter(found[0]!.fit),
    params: named(found, ({ a, k }) => ({ a, k })),
    se: named(found, ({ se }): Record<string, number> => (Number.isNaN(se) ? {} : { a: se })),
    intervals: named(found, (fit): Record<string, readonly [number, number]> => {
      const by = half(fit);
      return Number.isFinite(by) ? { a: [fit.a - by, fit.a + by] } : {};
    }),
    identified: named(found, (fit) => ({ a: half(fit) < WIDE, k: half(fit) < WIDE })),
    warnings,
    seconds,
    level: wish.level,
    optima: each(({ optima }) => optima),
    left: each(({ dropped }) => dropped),
    optimum,
    guesses: counted < runs.length ? [...table.guesses, 'C: 6ND'] : table.guesses,
    summary: [
      ...found.map(
        ({ words, fit }) =>
          `  ${words}: N* ∝ C^${num(fit.a, 3)}${Number.isNaN(fit.se) ? '' : ` ± ${num(fit.se, 2)}`} over ${fit.optima.length} budgets`,
      ),
      ...(optimum === null
        ? []
        : found.map(
            ({ way, words }) =>
              `  ${num(wish.flops!)} FLOPs, ${words}: N ${num(optimum[way]!.N)}, D ${num(optimum[way]!.D)}`,
          )),
      '  both ways are biased when α and β of the loss differ or the sizes are not centred on the optimum; --law chinchilla is not',
    ],
  };
}

/** An exponent known no better than this is not known. */
const WIDE = 0.25;

/** Sum of squared distances of ln N* from the line. */
function scatter({ optima, a, k }: IsoFit): number {
  return optima.reduce((sum, { C, N }) => sum + (Math.log(N / k) - a * Math.log(C)) ** 2, 0);
}

/** Numbers of each way under names of their own: `a_akima`, `k_local`. */
function named<T>(
  found: readonly { readonly way: string; readonly fit: IsoFit }[],
  f: (fit: IsoFit) => Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(
    found.flatMap(({ way, fit }) => Object.entries(f(fit)).map(([name, value]) => [`${name}_${way}`, value])),
  );
}

/** The runs of each budget by size. FLOPs that are counted, not planned, scatter by less than this. */
const SAME = 1.01;

function bowls(runs: readonly { C: number; N: number; loss: number }[], fit: IsoFit, words: string): BowlsPicture {
  const groups: { C: number; N: number; loss: number }[][] = [];
  for (const run of runs.toSorted((one, other) => one.C - other.C || one.N - other.N)) {
    const last = groups.at(-1);
    if (last !== undefined && run.C <= last[0]!.C * SAME) last.push(run);
    else groups.push([run]);
  }
  return {
    kind: 'bowls',
    title: `Loss over size at each budget, and its least (${words})`,
    xName: 'parameters',
    yName: 'loss',
    budgets: groups.map((group) => {
      const C = group[0]!.C;
      const optimum = fit.optima.find((one) => one.C >= C / SAME && one.C <= C * SAME);
      const points = group.toSorted((one, other) => one.N - other.N).map(({ N, loss }) => ({ x: N, y: loss }));
      return { C, points, ...(optimum === undefined ? {} : { optimum: { x: optimum.N, y: optimum.loss } }) };
    }),
  };
}
