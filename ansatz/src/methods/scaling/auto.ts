/**
 * Which law of one variable to take, how far its forecast may be off, and which point it hangs on. The rule and the
 * widths were learned from public curves (bench/RESULTS.md, scaling), of which each forecast's top was not seen.
 */

import { median } from '../math/index.ts';
import { fitLaw, type LawName, LAWS } from './curves.ts';
import type { FittedLaw } from './laws.ts';

/** A law and the reason for it. */
export interface Choice {
  readonly law: LawName;
  readonly why: string;
  /** Scatter of the points as a share of how much y varies, in ln y. */
  readonly roughness: number;
}

/** A forecast with its interval. */
export interface LawForecast {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  /** Nominal coverage of the interval. */
  readonly level: number;
}

/** From so many points on, this smooth, one break is told from noise; from so many on each law can be tried on a part of them. */
const ENOUGH = 8;
const MANY = 12;
const SMOOTH = 0.015;

/**
 * `weighted` for at least 12 points. Of fewer, `bnsl` for at least 8 that scatter by at most 1.5 % of how much y varies;
 * else `blend`. Never the pure power law alone: it has no floor.
 */
export function chooseLaw(x: readonly number[], y: readonly number[]): Choice {
  const n = new Set(x).size;
  const rough = roughness(x, y);
  const scatter = `they scatter by ${(100 * rough).toPrecision(2)} % of how much y varies`;
  if (n < ENOUGH) return { law: 'blend', why: `${n} points, fewer than ${ENOUGH}`, roughness: rough };
  if (n >= MANY)
    return { law: 'weighted', why: `${n} points: each law counts by its forecast of the upper ones`, roughness: rough };
  if (rough <= SMOOTH) return { law: 'bnsl', why: `${n} smooth points: ${scatter}`, roughness: rough };
  return { law: 'blend', why: `${n} points, but ${scatter}`, roughness: rough };
}

/**
 * Median distance of ln y from the line between its neighbours over ln x, over the range of ln y; the distance is
 * divided by its standard deviation for noise of sd 1. Repeats at one x count as one point, their mean, whose standard
 * error is the least scatter.
 */
function roughness(x: readonly number[], y: readonly number[]): number {
  const groups = new Map<number, number[]>();
  x.forEach((v, i) => groups.set(v, [...(groups.get(v) ?? []), Math.log(y[i]!)]));
  const points = [...groups].map(([v, logs]) => [Math.log(v), logs.reduce((a, b) => a + b, 0) / logs.length] as const);
  const range = Math.log(Math.max(...y) / Math.min(...y));
  if (points.length < 3 || !(range > 0)) return Infinity;
  const far = points.slice(1, -1).map(([z, v], i) => {
    const [[z0, v0], [z1, v1]] = [points[i]!, points[i + 2]!];
    const w = (z - z0) / (z1 - z0);
    return Math.abs(v - (1 - w) * v0 - w * v1) / Math.hypot(1, w, 1 - w);
  });
  const apart = [...groups.values()].flatMap((logs) =>
    logs.map((v) => v - logs.reduce((a, b) => a + b, 0) / logs.length),
  );
  const free = apart.length - points.length;
  const within = free > 0 ? apart.reduce((sum, v) => sum + v * v, 0) / free : 0;
  return Math.max(median(far), Math.sqrt((within * points.length) / apart.length)) / range;
}

/**
 * Level and the multiple of the doubt within which that share of forecasts was right, over five sets of public curves of
 * which each counts the same (conformal calibration by groups): NMT, compute frontiers, tokens at one size, checkpoints,
 * sample sizes.
 */
export const WIDTHS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.5, 0.18],
  [0.8, 0.34],
  [0.9, 0.44],
  [0.95, 0.69],
];

/**
 * What the error of a forecast of ln y is measured in: the gain it promises beyond the last point, the scatter of the
 * points about the law, and how far two plain laws (m2 and shifted) disagree there.
 */
export function doubt(
  law: LawName,
  fit: FittedLaw,
  x: readonly number[],
  y: readonly number[],
): (at: number) => number {
  const [one, other] = [fitLaw('m2', x, y), fitLaw('shifted', x, y)];
  const scatter = Math.sqrt(fit.objective / Math.max(1, x.length - LAWS[law]));
  const last = fit.at(x.at(-1)!);
  return (at) => Math.abs(Math.log(fit.at(at) / last)) + scatter + Math.abs(Math.log(one.at(at) / other.at(at)));
}

/** Forecasts at several x. `level` is the nominal coverage of the intervals. */
export function forecastLaw(
  law: LawName,
  fit: FittedLaw,
  x: readonly number[],
  y: readonly number[],
  where: readonly number[],
  level: number,
): LawForecast[] {
  const [unsure, multiple] = [doubt(law, fit, x, y), multipleAt(WIDTHS, level)];
  return where.map((at) => {
    const [value, far] = [fit.at(at), multiple * unsure(at)];
    return { x: at, y: value, low: value * Math.exp(-far), high: value * Math.exp(far), level };
  });
}

/** The multiple of a doubt at a level: between the levels of a table it is a line over −ln(1 − level), and goes on as one. */
export function multipleAt(widths: readonly (readonly [number, number])[], level: number): number {
  const next = Math.min(
    widths.length - 1,
    Math.max(
      1,
      widths.findIndex(([known]) => known >= level),
    ),
  );
  const upper = level > widths.at(-1)![0] ? widths.length - 1 : next;
  const [[l0, q0], [l1, q1]] = [widths[upper - 1]!, widths[upper]!];
  const u = (l: number): number => -Math.log(1 - l);
  return q0 + ((q1 - q0) * (u(level) - u(l0))) / (u(l1) - u(l0));
}

/** Points left out in turn at most: with more none of them decides anything alone. */
const MOST = 40;

/**
 * The point whose absence moves the forecast of m2 at `where` most, by how much in ln y, and the next such move. Undefined with too few or
 * so many points that none can matter.
 */
export function strongest(
  x: readonly number[],
  y: readonly number[],
  where: number,
): { readonly index: number; readonly moved: number; readonly next: number } | undefined {
  if (x.length <= LAWS.m2 + 1 || x.length > MOST) return undefined;
  const whole = fitLaw('m2', x, y).at(where);
  const moves = x.map((_, i) => {
    const others = (values: readonly number[]): number[] => values.filter((__, j) => j !== i);
    return Math.abs(Math.log(fitLaw('m2', others(x), others(y)).at(where) / whole));
  });
  const [moved, next] = moves.toSorted((a, b) => b - a) as [number, number];
  return { index: moves.indexOf(moved), moved, next };
}
