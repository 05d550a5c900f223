/**
 * IsoFLOP profiles: at each budget C the size N* of the least loss, then the exponent a of N* ∝ C^a (Hoffmann et al.
 * 2022, section 3.2). Two ways to find N*, because either alone misleads: a parabola breaks on wide grids, a spline on
 * noisy ones.
 */

import { median } from '../math/index.ts';
import { akimaMinimum } from './akima.ts';

/** One run: FLOPs, parameters (or tokens: then a is theirs) and loss, all positive. */
export interface IsoRun {
  readonly C: number;
  readonly N: number;
  readonly loss: number;
}

/** Where the loss of a budget is least. */
export interface Optimum {
  readonly C: number;
  readonly N: number;
  readonly loss: number;
}

/** The line ln N* = ln k + a ln C over budgets. */
export interface IsoFit {
  readonly a: number;
  /** Standard error of a from the scatter about the line; NaN with two budgets. */
  readonly se: number;
  readonly k: number;
  readonly optima: readonly Optimum[];
  /** Budgets without an optimum inside their sizes. */
  readonly dropped: readonly number[];
}

export interface Isoflop {
  /** Vertex of a parabola of ln loss over ln N through the points around the least loss. */
  readonly local?: IsoFit;
  /** Minimum of an Akima spline of ln loss over ln N (Porian et al. 2024, arXiv 2406.19146, appendix). */
  readonly akima?: IsoFit;
  readonly warnings: readonly string[];
}

/** Points of the local parabola. */
const WINDOW = 7;
/** A gap between exponents that changes no decision: over two decades of C it moves N* by 5 %. */
const NEGLIGIBLE = 0.01;
/** FLOPs of one budget differ by less than this share: counted, not planned, FLOPs scatter a little. */
const SAME = 0.01;

/** Both exponents; undefined where fewer than two budgets have an optimum inside their sizes. */
export function fitIsoflop(runs: readonly IsoRun[]): Isoflop {
  const profiles = budgets(runs);
  const [local, akima] = [along(profiles, localMinimum), along(profiles, akimaMinimum)];
  const warnings: string[] = [];
  if (profiles.length < 4)
    warnings.push(`window: ${profiles.length} budgets: the error of the exponent is itself unknown`);
  for (const [name, fit] of [
    ['local window', local],
    ['Akima', akima],
  ] as const) {
    if (fit === undefined) warnings.push(`${name}: fewer than two budgets have an optimum between their sizes`);
    else if (fit.dropped.length > 0) {
      const which = fit.dropped.map((C) => C.toExponential(1)).join(', ');
      warnings.push(`edge (${name}): no optimum between the sizes tried at ${which} FLOPs; these budgets are left out`);
    }
  }
  if (local !== undefined && akima !== undefined) {
    const gap = Math.abs(local.a - akima.a);
    if (gap > Math.max(NEGLIGIBLE, 2 * Math.hypot(local.se, akima.se))) {
      warnings.push(
        `the two ways give ${local.a.toFixed(3)} and ${akima.a.toFixed(3)}, more than two standard errors apart: the profiles are no parabolas or too noisy`,
      );
    }
  }
  return {
    ...(local === undefined ? {} : { local }),
    ...(akima === undefined ? {} : { akima }),
    warnings,
  };
}

/** One budget: ln N ascending, ln of the least loss at each. */
interface Budget {
  readonly C: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

function budgets(runs: readonly IsoRun[]): Budget[] {
  const groups: IsoRun[][] = [];
  for (const run of runs.toSorted((one, other) => one.C - other.C)) {
    const last = groups.at(-1);
    if (last !== undefined && run.C <= last[0]!.C * (1 + SAME)) last.push(run);
    else groups.push([run]);
  }
  return groups.map((group) => {
    const least = new Map<number, number>();
    for (const { N, loss } of group) least.set(N, Math.min(loss, least.get(N) ?? Infinity));
    const sizes = [...least].sort(([one], [other]) => one - other);
    return {
      C: median(group.map(({ C }) => C)),
      x: sizes.map(([N]) => Math.log(N)),
      y: sizes.map(([, loss]) => Math.log(loss)),
    };
  });
}

function along(
  profiles: readonly Budget[],
  minimum: (x: readonly number[], y: readonly number[]) => { x: number; y: number } | undefined,
): IsoFit | undefined {
  const optima: Optimum[] = [];
  const dropped: number[] = [];
  for (const { C, x, y } of profiles) {
    const found = minimum(x, y);
    if (found === undefined) dropped.push(C);
    else optima.push({ C, N: Math.exp(found.x), loss: Math.exp(found.y) });
  }
  if (optima.length < 2) return undefined;
  const [u, v] = [optima.map(({ C }) => Math.log(C)), optima.map(({ N }) => Math.log(N))];
  const n = u.length;
  const [mu, mv] = [u, v].map((values) => values.reduce((a, b) => a + b, 0) / n) as [number, number];
  let [uu, uv] = [0, 0];
  for (let i = 0; i < n; i++) {
    uu += (u[i]! - mu) ** 2;
    uv += (u[i]! - mu) * (v[i]! - mv);
  }
  const a = uv / uu;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (v[i]! - mv - a * (u[i]! - mu)) ** 2;
  return { a, se: n > 2 ? Math.sqrt(squares / (n - 2) / uu) : NaN, k: Math.exp(mv - a * mu), optima, dropped };
}

/** Vertex of the least-squares parabola through the points around the lowest one, if it lies between them. */
function localMinimum(x: readonly number[], y: readonly number[]): { x: number; y: number } | undefined {
  const lowest = y.indexOf(Math.min(...y));
  const from = Math.max(0, Math.min(lowest - (WINDOW >> 1), x.length - WINDOW));
  const [xs, ys] = [x.slice(from, from + WINDOW), y.slice(from, from + WINDOW)];
  if (xs.length < 3) return undefined;
  const centre = xs.reduce((a, b) => a + b, 0) / xs.length;
  // Moments about the mean keep the normal equations of the parabola well conditioned.
  const moment = (power: number): number => xs.reduce((sum, v) => sum + (v - centre) ** power, 0);
  const against = (power: number): number => xs.reduce((sum, v, i) => sum + (v - centre) ** power * ys[i]!, 0);
  const [m0, m2, m3, m4] = [xs.length, moment(2), moment(3), moment(4)];
  const [t0, t1, t2] = [against(0), against(1), against(2)];
  const curvature = (m0 * (m2 * t2 - m3 * t1) - m2 * m2 * t0) / (m0 * (m2 * m4 - m3 * m3) - m2 ** 3);
  const slope = (t1 - curvature * m3) / m2;
  const level = (t0 - curvature * m2) / m0;
  if (!(curvature > 0)) return undefined;
  const step = -slope / (2 * curvature);
  const at = centre + step;
  if (at <= xs[0]! || at >= xs.at(-1)!) return undefined;
  return { x: at, y: level + slope * step + curvature * step * step };
}
