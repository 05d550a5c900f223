/** Between points and the unit cube, where every sampler works. */

import type { Rng } from '../math/rng.ts';
import { type Constraint, holds, settled } from './expression.ts';
import { valueAt } from './point.ts';
import type { Domain, NumberParam, Param, Point, Space, Value } from './space.ts';

/** Map u in [0, 1] to the parameter's range; out-of-range u is clipped. Ints get equal shares of the cube. */
export function decodeParam(param: Domain, u: number): Value {
  const clipped = Math.min(1, Math.max(0, u));
  if (param.kind === 'choice') {
    const index = Math.min(param.choices.length - 1, Math.floor(clipped * param.choices.length));
    return param.choices[index]!;
  }
  const { low, high } = endsOf(param);
  const raw =
    param.scale === 'log'
      ? Math.exp(Math.log(low) + clipped * (Math.log(high) - Math.log(low)))
      : low + clipped * (high - low);
  return snap(param, raw);
}

/** Inverse of {@link decodeParam} up to quantisation: the middle of the value's share. Values outside are clipped. */
export function encodeParam(param: Domain, value: Value): number {
  if (param.kind === 'choice') {
    const index = Math.max(0, param.choices.indexOf(value));
    return (index + 0.5) / param.choices.length;
  }
  if (param.low === param.high) return 0.5;
  const { low, high } = endsOf(param);
  const x = Math.min(high, Math.max(low, Number(value)));
  if (param.scale !== 'log') return (x - low) / (high - low);
  const span = Math.log(high) - Math.log(low);
  // Two neighbouring numbers may have the same logarithm.
  return span > 0 ? (Math.log(x) - Math.log(low)) / span : 0.5;
}

/** The range that the unit interval stands for: that of the values, half a step wider at both ends where there are steps. */
function endsOf(param: NumberParam): { readonly low: number; readonly high: number } {
  const half = gridOf(param) / 2;
  if (half === 0) return param;
  return {
    low: param.scale === 'log' && param.low - half <= 0 ? param.low : param.low - half,
    high: lastOf(param) + half,
  };
}

/** The last value of a grid: where steps do not fill the range, below its end. */
function lastOf(param: NumberParam): number {
  const grid = gridOf(param);
  if (Number.isInteger((param.high - param.low) / grid)) return param.high;
  const last = param.low + Math.floor((param.high - param.low) / grid + 1e-9) * grid;
  return tidy(param, last);
}

/** Distance between neighbouring values; 0 for a continuous parameter. */
export function gridOf(param: NumberParam): number {
  if (param.step !== undefined && param.step > 0) return param.step;
  return param.kind === 'int' ? 1 : 0;
}

/** A value of a grid without the dust of its sum: twelve digits, or more where steps are small for their place. */
function tidy(param: NumberParam, value: number): number {
  if (param.kind === 'int') return value;
  const places = Math.ceil(Math.log10(Math.max(Math.abs(param.low), Math.abs(param.high)) / gridOf(param)));
  return Number(value.toPrecision(Math.min(15, Math.max(12, 7 + places))));
}

function snap(param: NumberParam, raw: number): number {
  const grid = gridOf(param);
  let value =
    grid > 0 ? param.low + Math.round((raw - param.low) / grid) * grid : Number(raw.toPrecision(digitsOf(param)));
  if (grid > 0) value = tidy(param, value);
  if (value > param.high && grid > 0) value = lastOf(param);
  return Math.min(param.high, Math.max(param.low, value));
}

/**
 * Significant digits of a continuous value: five are more than any knob resolves, and keep command lines readable. A
 * range that is narrow for its size has more, a few hundred values at least.
 */
function digitsOf({ low, high }: NumberParam): number {
  const narrow = Math.max(Math.abs(low), Math.abs(high)) / (high - low);
  return narrow < 1000 || high === low ? 5 : Math.min(17, 3 + Math.floor(Math.log10(narrow)));
}

/**
 * Whether a parameter matters in `point`, which must hold its parents. A comparison with a parent that is absent is
 * neither true nor false, so that a condition on one fails, unless the rest of the condition settles it.
 */
export function active(param: Param, point: Point): boolean {
  return param.when === undefined || settled(param.when, point) === true;
}

/** Decode a vector of length d. Parameters whose condition does not hold are left out. */
export function decode(space: Space, unit: ArrayLike<number>): Point {
  const point: Record<string, Value> = Object.create(null) as Record<string, Value>;
  space.params.forEach((param, i) => {
    if (active(param, point)) point[param.name] = decodeParam(param, unit[i]!);
  });
  return point;
}

/** Encode a point as a vector of length d in [0, 1]. A parameter the point lacks is put in the middle. */
export function encode(space: Space, point: Point): number[] {
  return space.params.map((param) => {
    const value = valueAt(point, param.name);
    return value === undefined ? 0.5 : encodeParam(param, value);
  });
}

/** Whether every constraint holds. One that mentions a conditional parameter the point lacks says nothing about it. */
export function feasible(space: Space, point: Point): boolean {
  return space.constraints.every((constraint) => holds(constraint, point) || silent(space, constraint, point));
}

function silent(space: Space, constraint: Constraint, point: Point): boolean {
  return constraint.names.some(
    (name) =>
      !Object.hasOwn(point, name) && space.params.some((param) => param.name === name && param.when !== undefined),
  );
}

/** One text per point: equal texts mean equal settings, whatever the order of the names. */
export function canonical(point: Point): string {
  return JSON.stringify(
    Object.keys(point)
      .sort()
      .map((name) => [name, point[name]]),
  );
}

/** Every value of a parameter in order, or undefined when it is continuous. Make it only where there are few. */
export function valuesOf(param: Domain): Value[] | undefined {
  if (param.kind === 'choice') return [...param.choices];
  if (param.low === param.high) return [param.low];
  const grid = gridOf(param);
  if (grid === 0) return undefined;
  return Array.from({ length: countOf(param) }, (_, i) => Math.min(param.high, tidy(param, param.low + i * grid)));
}

function countOf(param: Domain): number {
  if (param.kind === 'choice') return param.choices.length;
  if (param.low === param.high) return 1;
  const grid = gridOf(param);
  return grid === 0 ? Infinity : Math.floor((param.high - param.low) / grid + 1e-9) + 1;
}

/**
 * How many different points the space holds; Infinity when a parameter that can matter is continuous. Constraints are
 * not looked at. An upper bound where the parameters that others depend on have more than 20,000 settings.
 */
export function cardinality(space: Space): number {
  const { params } = space;
  const parents = new Set(params.flatMap((param) => param.when?.names ?? []));
  const settings = params.reduce((all, param) => (parents.has(param.name) ? all * countOf(param) : all), 1);
  if (parents.size === 0 || settings > 20_000) return params.reduce((all, param) => all * countOf(param), 1);
  const point: Record<string, Value> = Object.create(null) as Record<string, Value>;
  const from = (i: number): number => {
    const param = params[i];
    if (param === undefined) return 1;
    if (!active(param, point)) return from(i + 1);
    if (!parents.has(param.name)) return countOf(param) * from(i + 1);
    let sum = 0;
    for (const value of valuesOf(param)!) {
      point[param.name] = value;
      sum += from(i + 1);
    }
    delete point[param.name];
    return sum;
  };
  return from(0);
}

/** The point without the parameters that do not matter in it, and without those below them. */
export function applicable(space: Space, point: Point): Point {
  const kept: Record<string, Value> = Object.assign(Object.create(null) as Record<string, Value>, point);
  for (const param of space.params) if (!active(param, kept)) delete kept[param.name];
  return kept;
}

/** The point with exactly the parameters that matter in it: those it lacks are as the script has them. */
export function completed(space: Space, point: Point): Point {
  const whole: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const param of space.params) {
    if (active(param, whole))
      whole[param.name] = valueAt(point, param.name) ?? param.default ?? decodeParam(param, 0.5);
  }
  return whole;
}

/** The script's own settings as a point (a default outside its range is kept as it is). */
export function defaults(space: Space): Point {
  return completed(space, {});
}

/** A uniformly random point of the cube, decoded. Constraints are not looked at. */
export function randomPoint(space: Space, random: Rng): Point {
  return decode(
    space,
    space.params.map(() => random.uniform()),
  );
}
