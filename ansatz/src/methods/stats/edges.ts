/** Ranges that were too narrow: numbers whose best results press against an end of their range, and how far to widen it. */

import { encodeParam, gridOf } from '../space/encode.ts';
import { valueAt } from '../space/point.ts';
import type { NumberParam, Space } from '../space/space.ts';
import type { Result } from './importance.ts';

/** The best values lie at one end of the range. */
export interface PressedEdge {
  readonly name: string;
  readonly edge: 'low' | 'high';
  /** The end as it is. */
  readonly at: number;
  /** An end to try instead, rounded to two digits. */
  readonly wider: number;
  /** How many of the best results lie there, and of how many. */
  readonly there: number;
  readonly best: number;
}

/** The outer part of a range that counts as its edge, as a share of the encoded range; whole cells for ints. */
const EDGE = 0.15;
const BEST = 0.15;
/** Share of the best results that must lie there. */
const PRESSING = 0.5;
const FEWEST_BEST = 4;
/** Chance of calling an edge pressed when the best values lie anywhere alike. */
const LEVEL = 0.01;

/**
 * The edges that the best 15 % of the results (at least four) press against: half of them or more lie in the outer 15 % of the
 * range, which values that lie anywhere alike would do in less than 1 % of cases. Ends that cannot be moved further, such as
 * a lower one of 0, are not told. Results that lack the parameter say nothing.
 */
export function pressedEdges(space: Space, results: readonly Result[]): PressedEdge[] {
  return space.params.flatMap((param) => {
    if (param.kind === 'choice' || param.low >= param.high) return [];
    const known = results
      .filter(({ point, loss }) => loss < Infinity && valueAt(point, param.name) !== undefined)
      .toSorted((a, b) => a.loss - b.loss);
    const top = known.slice(0, Math.max(FEWEST_BEST, Math.ceil(BEST * known.length)));
    // Fewer than twice as many say nothing about which are the best.
    if (known.length < 2 * top.length) return [];
    const places = top.map(({ point }) => encodeParam(param, valueAt(point, param.name)!));
    return (['low', 'high'] as const).flatMap((edge): PressedEdge[] => {
      const zone = zoneOf(param, edge);
      const there = places.filter((u) => (edge === 'low' ? u <= zone : u >= 1 - zone)).length;
      if (there < PRESSING * places.length || zone >= 0.5 || atLeast(there, places.length, zone) > LEVEL) return [];
      const wider = widened(param, edge);
      if (wider === undefined) return [];
      return [{ name: param.name, edge, at: param[edge], wider, there, best: places.length }];
    });
  });
}

/** The outer part, or the outermost value where that takes more. */
function zoneOf(param: NumberParam, edge: 'low' | 'high'): number {
  const half = gridOf(param) / 2;
  if (half === 0) return EDGE;
  return Math.max(
    EDGE,
    edge === 'low' ? encodeParam(param, param.low + half) : 1 - encodeParam(param, param.high - half),
  );
}

/** P(X ≥ k) for X binomial with n throws at p. */
function atLeast(k: number, n: number, p: number): number {
  let sum = 0;
  let term = (1 - p) ** n;
  for (let i = 0; i <= n; i++) {
    if (i >= k) sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return sum;
}

/** Half as wide again at one end, ten times at most on a logarithmic scale. Signs are kept, and shares between 0 and 1 stay such. */
function widened(param: NumberParam, edge: 'low' | 'high'): number | undefined {
  const { low, high, scale } = param;
  const ratio = scale === 'log' ? Math.min(10, Math.sqrt(high / low)) : 0;
  const span = (high - low) / 2;
  if (edge === 'high') {
    const wider = scale === 'log' ? high * ratio : high + span;
    return differing(
      param,
      low >= 0 && high < 1 && param.kind === 'float' && high > 0.3 ? Math.min(wider, (1 + high) / 2) : wider,
      high,
    );
  }
  if (low === 0) return undefined;
  const wider = scale === 'log' ? low / ratio : low - span;
  return differing(param, low > 0 && wider <= 0 ? low / 4 : wider, low);
}

function differing(param: NumberParam, wanted: number, from: number): number | undefined {
  const digits = Number(wanted.toPrecision(2));
  const value = param.kind === 'int' ? Math.round(digits) : digits;
  if (value === from || (param.kind === 'int' && param.low > 0 && value <= 0)) return undefined;
  return value;
}
