/** `ansatz scale fit --law chinchilla`: the fit, its intervals and what speaks against it, in the words of `--json`. */

import type { RunTable } from '../../io/table/index.ts';
import {
  bootstrapChinchilla,
  type Chinchilla,
  chinchillaLoss,
  computeBacktest,
  chinchillaWarnings,
  computeOptimal,
  exponents,
  fitChinchilla,
  identify,
} from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import type { At, Between, ScalePicture } from '../report/figures/scaling.ts';
import { type ScaleFit, timed } from './scale-fit.ts';
import { num } from './text.ts';

/** What was asked for beside the fit. */
export interface ChinchillaWish {
  /** Runs with the highest losses to leave out. */
  readonly drop: number;
  /** Draws of the bootstrap; with 0 intervals are profile intervals and there are no standard errors. */
  readonly draws: number;
  readonly level: number;
  readonly seed: number;
  readonly flops: number | undefined;
}

/** Below this a fit of five parameters says nothing that a ruler would not. */
const LEAST_RUNS = 8;

export interface ChinchillaFit extends ScaleFit {
  readonly dropped: number;
  readonly level: number;
  readonly intervalsFrom: 'bootstrap' | 'profile';
  /** Mean relative error of the runs of most compute, forecast from the others; null with too few. */
  readonly backtest: number | null;
  /** N* grows as C^a_N, D* as C^a_D. */
  readonly exponents: { readonly a_N: number; readonly a_D: number };
  readonly starts: { readonly tried: number; readonly agreed: number };
  /** Of (ln E, ln A, ln B, alpha, beta), row by row; null without a bootstrap. `ansatz scale plan --law` reads it. */
  readonly covariance: readonly (readonly number[])[] | null;
  readonly optimum: { readonly flops: number; readonly N: number; readonly D: number; readonly loss: number } | null;
}

/** Fit a table. Throws a UserError when it has too few runs. */
export function fitChinchillaTable(table: RunTable, wish: ChinchillaWish, file: string): ChinchillaFit {
  const order = table.loss.map((_, i) => i).sort((i, j) => table.loss[i]! - table.loss[j]!);
  const kept = order.slice(0, Math.max(0, order.length - wish.drop)).sort((i, j) => i - j);
  if (kept.length < LEAST_RUNS) {
    throw new UserError('too-few', `${kept.length} runs are too few for the five parameters of this law`, {
      where: file,
      why: `at least ${LEAST_RUNS} are needed, with several N at one D and several D at one N`,
      fix: 'add runs of other sizes, or --law m2 over one variable',
    });
  }
  const take = (values: readonly number[]): number[] => kept.map((i) => values[i]!);
  const runs = { N: take(table.N), D: take(table.D), loss: take(table.loss) };
  const { result, seconds } = timed(() => {
    const fit = fitChinchilla(runs);
    return {
      fit,
      known: identify(runs, fit, wish.level),
      drawn: wish.draws > 1 ? bootstrapChinchilla(runs, fit, wish.draws, wish.level, wish.seed) : undefined,
      back: computeBacktest(runs),
      warnings: [...table.warnings, ...chinchillaWarnings(runs, fit, take(table.rows))],
    };
  });
  const { fit, known, drawn, back, warnings } = result;
  const unknown = Object.entries(known.identified).flatMap(([name, is]) => (is ? [] : [name]));
  if (unknown.length > 0)
    warnings.push(`not identified: ${unknown.join(', ')}: the runs fit as well with quite other values`);
  const optimum = wish.flops === undefined ? null : { flops: wish.flops, ...computeOptimal(fit.params, wish.flops) };
  const largest = Math.max(...runs.N.map((size, i) => 6 * size * runs.D[i]!));
  if (optimum !== null && optimum.flops > 100 * largest) {
    warnings.push(`window: ${num(optimum.flops)} FLOPs are ${num(optimum.flops / largest, 2)} times the largest run`);
  }
  const ratios = exponents(fit.params);
  return {
    pictures: picturesOf(runs, fit.params, 'loss', undefined, optimum?.flops),
    law: 'chinchilla',
    n: kept.length,
    objective: fit.objective,
    params: { ...fit.params },
    se: drawn === undefined ? null : { ...drawn.se },
    intervals: drawn === undefined ? known.intervals : { ...drawn.intervals },
    identified: known.identified,
    warnings,
    seconds,
    dropped: table.loss.length - kept.length,
    level: wish.level,
    intervalsFrom: drawn === undefined ? 'profile' : 'bootstrap',
    backtest: Number.isNaN(back) ? null : back,
    exponents: ratios,
    starts: fit.starts,
    covariance: drawn?.covariance ?? null,
    optimum,
    guesses: table.guesses,
    summary: [
      `  N* ∝ C^${num(ratios.a_N)}, D* ∝ C^${num(ratios.a_D)}; ${fit.starts.agreed} of ${fit.starts.tried} starts agree`,
      ...(optimum === null
        ? []
        : [
            `  ${num(optimum.flops)} FLOPs (${num(optimum.flops / largest, 2)} times the largest run): N ${num(optimum.N)}, D ${num(optimum.D)}, loss ${num(optimum.loss)}`,
          ]),
      ...(Number.isNaN(back)
        ? []
        : [`  backtest: the runs of most compute, forecast from the others, ${num(100 * back, 2)} % off`]),
    ],
  };
}

/** Loss over compute with the least loss the law promises there, and how far each run is from the law. */
export function picturesOf(
  runs: { readonly N: readonly number[]; readonly D: readonly number[]; readonly loss: readonly number[] },
  law: Chinchilla,
  yName: string,
  forecast?: At & Between,
  until?: number,
): ScalePicture[] {
  const points = runs.N.map((N, i) => ({ x: 6 * N * runs.D[i]!, y: runs.loss[i]! }));
  const flops = points.map(({ x }) => x);
  const [from, to] = [Math.min(...flops), Math.max(...flops, forecast?.x ?? 0, until ?? 0)];
  const curve = Array.from({ length: 60 }, (_, i) => {
    const x = from * (to / from) ** (i / 59);
    return { x, y: computeOptimal(law, x).loss };
  });
  return [
    {
      kind: 'law',
      title: `${yName} over training compute, and the least that the law promises`,
      xName: 'training compute, FLOPs',
      yName,
      name: 'compute-optimal',
      points,
      curve,
      bands: [],
      ...(forecast === undefined ? {} : { forecast }),
    },
    {
      kind: 'residuals',
      title: 'What the law leaves over',
      xName: 'training compute, FLOPs',
      points: points.map(({ x, y }, i) => ({ x, y: y / chinchillaLoss(law, runs.N[i]!, runs.D[i]!) - 1 })),
    },
  ];
}
