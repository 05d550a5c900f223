/** `ansatz scale fit` with a law of one variable: the fit, how it would have forecast its own last points, a forecast. */

import type { PointTable } from '../../io/table/index.ts';
import { quantile, rng, variance } from '../../methods/math/index.ts';
import {
  backtest,
  type Choice,
  chooseLaw,
  fitLaw,
  type FittedLaw,
  forecastLaw,
  identifyLaw,
  type LawForecast,
  type LawName,
  LAWS,
  strongest,
  toldOf,
} from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import type { ScalePicture } from '../report/figures/scaling.ts';
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
  /** Nominal coverage of a forecast's interval. */
  readonly forecastLevel: number;
}

export interface LawFit extends ScaleFit {
  readonly dropped: number;
  readonly level: number;
  /** Root mean square error of ln y of the last points, forecast from those before; null with too few. */
  readonly backtest: number | null;
  readonly forecast: LawForecast | null;
  /** Why this law; null when it was asked for by name. */
  readonly chosen: Choice | null;
}

/** Fit a table. `auto` chooses the law. Throws a UserError when it has fewer points than the law has parameters. */
export function fitLawTable(asked: LawName | 'auto', table: PointTable, wish: LawWish, file: string): LawFit {
  const order = table.y.map((_, i) => i).sort((i, j) => table.y[i]! - table.y[j]!);
  const kept = order.slice(0, Math.max(0, order.length - wish.drop)).sort((i, j) => i - j);
  const [x, y] = [kept.map((i) => table.x[i]!), kept.map((i) => table.y[i]!)];
  const chosen = asked === 'auto' && x.length > 0 ? chooseLaw(x, y) : null;
  const law = chosen?.law ?? (asked === 'auto' ? 'blend' : asked);
  const least = LAWS[law] + 1;
  if (new Set(x).size < least) {
    throw new UserError(
      'too-few',
      `${new Set(x).size} different x are too few ${asked === 'auto' ? 'for any law' : `for the law ${law}`}`,
      {
        where: file,
        why: `${asked === 'auto' ? 'the plainest' : 'it'} has ${LAWS[law]} parameters and needs at least ${least} points`,
        fix: new Set(x).size > LAWS.m2 ? `ansatz scale fit ${file} --law auto` : 'add points at other x',
      },
    );
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
  const forecast = wish.at === undefined ? null : forecastLaw(law, fit, x, y, [wish.at], wish.forecastLevel)[0]!;
  const rows = kept.map((i) => table.rows[i]!);
  const names = { x: nameOf(table.guesses, 'x'), y: nameOf(table.guesses, 'y') };
  return {
    pictures: picturesOf(law, fit, x, y, forecast, names),
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
    warnings: warningsOf({ law, fit, x, y, rows, identified, back, forecast }),
    seconds,
    guesses: table.guesses,
    dropped: table.y.length - x.length,
    level: wish.level,
    backtest: back ?? null,
    forecast,
    chosen,
    summary: [
      ...(chosen === null
        ? []
        : [`  chosen: ${law}, for ${chosen.why}${toldOf(law) === law ? '' : '; E, b, c are those of its m2'}`]),
      ...(forecast === null
        ? []
        : [
            `  at ${num(forecast.x)}: ${num(forecast.y)}  [${num(forecast.low)}, ${num(forecast.high)}] in ${num(100 * forecast.level)} of 100 forecasts; ${num(forecast.x / x.at(-1)!, 2)} times the largest x`,
          ]),
      ...(back === undefined
        ? []
        : [
            `  backtest: the last points, up to twice as far out as those before, forecast from them: ${num(100 * back, 2)} % off`,
          ]),
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
      // Of one made of several only the parameters of its m2 are told.
      toldOf(law),
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

function warningsOf(told: {
  readonly law: LawName;
  readonly fit: FittedLaw;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly rows: readonly number[];
  readonly identified: Readonly<Record<string, boolean>>;
  readonly back: number | undefined;
  readonly forecast: LawForecast | null;
}): string[] {
  const { law, fit, x, y, rows, identified, back, forecast } = told;
  const warnings: string[] = [];
  const unknown = Object.keys(identified).filter((name) => !identified[name]);
  if (unknown.length > 0)
    warnings.push(`not identified: ${unknown.join(', ')}: the points fit as well with quite other values`);
  const span = x.at(-1)! / x[0]!;
  if (span < 10) warnings.push(`window: x spans a factor of ${num(span, 2)}; a forecast needs 10 or more`);
  if (new Set(x).size < 6) warnings.push(`window: only ${new Set(x).size} different x`);
  if (law === 'power') warnings.push('a pure power law has no floor: it forecasts too low far out (m2 has one)');
  if (back === undefined) warnings.push('too few points to test a forecast on the last of them');
  if (y.at(-1)! > y[0]!) warnings.push('y rises with x: these laws are of losses and errors, which fall');
  const gain = Math.log(Math.max(...y) / Math.min(...y));
  const misfit = Math.sqrt(fit.objective / x.length);
  if (gain < 1e-6) warnings.push('y is the same everywhere: there is nothing to fit');
  else if (misfit > 0.3 * gain) {
    warnings.push('misfit: the law explains little of how y varies: are x and y the right columns?');
  }
  const several = differing(x, y);
  if (several > 2 * Math.max(misfit, 1e-3) || (several > 0.1 * gain && several > 1e-3)) {
    warnings.push(
      `the same x has y that differ by up to ${num(100 * several, 2)} %: several curves in one table? --where column=value takes one`,
    );
  }
  if (new Set(x.map((v, i) => `${v} ${y[i]}`)).size < x.length)
    warnings.push('duplicated rows: a point that counts twice makes intervals too narrow');
  if (forecast === null) return warnings;
  if (forecast.x > 10 * x.at(-1)!)
    warnings.push(`window: the forecast is ${num(forecast.x / x.at(-1)!, 2)} times beyond the last point`);
  if (forecast.x < x[0]!) warnings.push('window: the forecast lies before the first point');
  const half = Math.log(forecast.high / forecast.low) / 2;
  const one = strongest(x, y, forecast.x);
  if (one !== undefined && one.moved > 0.01 && (one.moved > half / 2 || one.moved > 3 * one.next)) {
    warnings.push(
      `leverage: one run dominates: without row ${rows[one.index]} the forecast of m2 moves by ${num(100 * one.moved, 2)} %; run it again`,
    );
  }
  if (back !== undefined && back > half && forecast.x > x.at(-1)!)
    warnings.push('backtest: the last points were missed by more than this interval is wide: trust it less');
  return warnings;
}

/** The largest difference of ln y at one x. */
function differing(x: readonly number[], y: readonly number[]): number {
  const ends = new Map<number, [number, number]>();
  x.forEach((v, i) => {
    const [low, high] = ends.get(v) ?? [Infinity, 0];
    ends.set(v, [Math.min(low, y[i]!), Math.max(high, y[i]!)]);
  });
  return Math.max(...[...ends.values()].map(([low, high]) => Math.log(high / low)));
}

/** The column that was taken for x or y. */
function nameOf(guesses: readonly string[], what: string): string {
  return guesses.find((guess) => guess.startsWith(`${what}: column `))?.slice(`${what}: column `.length) ?? what;
}

/** Shares of forecasts that the fan shows. */
const FAN = [0.9, 0.8, 0.5];
const STEPS = 80;

/** The law over its points, with a fan of forecasts beyond the last of them, and the residuals. */
function picturesOf(
  law: LawName,
  fit: FittedLaw,
  x: readonly number[],
  y: readonly number[],
  forecast: LawForecast | null,
  names: { readonly x: string; readonly y: string },
): ScalePicture[] {
  const [first, last] = [x[0]!, x.at(-1)!];
  // An octave beyond the points shows where the law goes, even when nothing was asked.
  const end = Math.max(2 * last, forecast?.x ?? 0);
  const grid = (from: number, to: number): number[] =>
    Array.from({ length: STEPS }, (_, i) => from * (to / from) ** (i / (STEPS - 1)));
  return [
    {
      kind: 'law',
      title: `${names.y} over ${names.x}: ${law}`,
      xName: names.x,
      yName: names.y,
      name: law,
      points: x.map((at, i) => ({ x: at, y: y[i]! })),
      curve: grid(Math.min(first, forecast?.x ?? first), end).map((at) => ({ x: at, y: fit.at(at) })),
      bands: FAN.map((level) => ({ level, ends: forecastLaw(law, fit, x, y, grid(last, end), level) })),
      ...(forecast === null ? {} : { forecast }),
    },
    {
      kind: 'residuals',
      title: 'What the law leaves over',
      xName: names.x,
      points: x.map((at, i) => ({ x: at, y: y[i]! / fit.at(at) - 1 })),
    },
  ];
}
