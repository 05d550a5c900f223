/** `ansatz scale fit` with a law of one variable: the fit, how it would have forecast its own last points, a forecast. */

import type { PointTable } from '../../io/table/index.ts';
import { quantile, rng, variance } from '../../methods/math/index.ts';
import { backtest, fitLaw, type FittedLaw, identifyLaw, type LawName, LAWS } from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import { type ScaleFit, timed } from './scale-fit.ts';
import { num } from './text.ts';

/** What was asked for beside the fit. */
export interface LawWish {
  /** Points with the highest y to leave out. */
  readonly drop: number;
  readonly draws: number;
  readonly level: number;
  readonly seed: number;
  readonly at: number | undefined;
}

export interface LawFit extends ScaleFit {
  readonly dropped: number;
  readonly level: number;
  /** Root mean square error of ln y of the last points, forecast from those before; null with too few. */
  readonly backtest: number | null;
  readonly forecast: { readonly x: number; readonly y: number } | null;
}

/** Fit a table. Throws a UserError when it has fewer points than the law has parameters. */
export function fitLawTable(law: LawName, table: PointTable, wish: LawWish, file: string): LawFit {
  const order = table.y.map((_, i) => i).sort((i, j) => table.y[i]! - table.y[j]!);
  const kept = order.slice(0, Math.max(0, order.length - wish.drop)).sort((i, j) => i - j);
  const [x, y] = [kept.map((i) => table.x[i]!), kept.map((i) => table.y[i]!)];
  const least = LAWS[law] + 1;
  if (new Set(x).size < least) {
    throw new UserError('too-few', `${new Set(x).size} different x are too few for the law ${law}`, {
      where: file,
      why: `it has ${LAWS[law]} parameters and needs at least ${least} points`,
      fix: new Set(x).size > LAWS.m2 ? `ansatz scale fit ${file} --law m2` : 'add points at other x',
    });
  }
  const { result, seconds } = timed(() => {
    const fit = fitLaw(law, x, y);
    return {
      fit,
      identified: identifyLaw(law, fit, x, y, wish.level),
      drawn: wish.draws > 1 ? redrawn(law, x, y, wish) : undefined,
      back: backtest(law, x, y),
    };
  });
  const { fit, identified, drawn, back } = result;
  const forecast = wish.at === undefined ? null : { x: wish.at, y: fit.at(wish.at) };
  return {
    law,
    n: x.length,
    objective: fit.objective,
    params: { ...fit.params },
    se: drawn === undefined ? null : mapped(drawn, (values) => Math.sqrt(variance(values))),
    intervals:
      drawn === undefined
        ? null
        : mapped(drawn, (values) => [quantile(values, (1 - wish.level) / 2), quantile(values, (1 + wish.level) / 2)]),
    identified,
    warnings: warningsOf(law, fit, x, y, identified, back, wish.at),
    seconds,
    guesses: table.guesses,
    dropped: table.y.length - x.length,
    level: wish.level,
    backtest: back ?? null,
    forecast,
    summary: [
      ...(back === undefined
        ? []
        : [`  backtest: the last points forecast from those before, ${num(100 * back, 2)} % off`]),
      ...(forecast === null ? [] : [`  at ${num(forecast.x)}: ${num(forecast.y)}`]),
    ],
  };
}

/** Parameters of the law fitted to points drawn again in pairs; draws of too few different x are left out. */
function redrawn(law: LawName, x: readonly number[], y: readonly number[], wish: LawWish): Map<string, number[]> {
  const random = rng(wish.seed, 0x1a3);
  const found = new Map<string, number[]>();
  for (let draw = 0; draw < wish.draws; draw++) {
    const drawn = x.map(() => random.int(x.length)).sort((i, j) => i - j);
    if (new Set(drawn).size <= LAWS[law]) continue;
    const { params } = fitLaw(
      law,
      drawn.map((i) => x[i]!),
      drawn.map((i) => y[i]!),
    );
    for (const [name, value] of Object.entries(params)) {
      const values = found.get(name);
      if (values === undefined) found.set(name, [value]);
      else values.push(value);
    }
  }
  return found;
}

function mapped<T>(drawn: ReadonlyMap<string, number[]>, f: (values: number[]) => T): Record<string, T> {
  return Object.fromEntries([...drawn].map(([name, values]) => [name, f(values)]));
}

function warningsOf(
  law: LawName,
  fit: FittedLaw,
  x: readonly number[],
  y: readonly number[],
  identified: Readonly<Record<string, boolean>>,
  back: number | undefined,
  at: number | undefined,
): string[] {
  const warnings: string[] = [];
  const unknown = Object.keys(identified).filter((name) => !identified[name]);
  if (unknown.length > 0)
    warnings.push(`not identified: ${unknown.join(', ')}: the points fit as well with quite other values`);
  const span = x.at(-1)! / x[0]!;
  if (span < 10) warnings.push(`window: x spans a factor of ${num(span, 2)}; a forecast needs 10 or more`);
  if (law === 'power') warnings.push('a pure power law has no floor: it forecasts too low far out (m2 has one)');
  if (back === undefined) warnings.push('too few points to test a forecast on the last of them');
  if (y.at(-1)! > y[0]!) warnings.push('y rises with x: these laws are of losses and errors, which fall');
  const gain = Math.log(Math.max(...y) / Math.min(...y));
  const misfit = Math.sqrt(fit.objective / x.length);
  if (gain < 1e-6) warnings.push('y is the same everywhere: there is nothing to fit');
  else if (misfit > 0.3 * gain) {
    warnings.push('misfit: the law explains little of how y varies: are x and y the right columns?');
  }
  if (new Set(x.map((v, i) => `${v} ${y[i]}`)).size < x.length)
    warnings.push('duplicated rows: a point that counts twice makes intervals too narrow');
  if (at !== undefined && at > 10 * x.at(-1)!)
    warnings.push(`window: the forecast is ${num(at / x.at(-1)!, 2)} times beyond the last point`);
  return warnings;
}
