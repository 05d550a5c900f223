/** Is this a point of the space? For points that were not proposed here. */

import { nearest } from '../math/nearest.ts';
import { active, feasible, gridOf } from '../space/encode.ts';
import type { Constraint } from '../space/expression.ts';
import { valueAt } from '../space/point.ts';
import type { NumberParam, Param, Point, Space, Value } from '../space/space.ts';
import { EXPECTED, misfit, OptimizerError, shown } from './error.ts';

/** Rounding of other languages may leave a range by this share of it. */
const ROUNDING = 1e-9;

/**
 * The point with exactly the parameters that matter in it. Parameters of the space that do not matter there are left
 * out; one that is missing, unknown, outside its range or off its grid is an error, and so is a broken constraint.
 */
export function pointOf(space: Space, given: unknown, where = 'params'): Point {
  if (!isObject(given)) throw misfit(where, given, EXPECTED.params);
  const values = given as Point;
  const names = space.params.map((param) => param.name);
  const stranger = Object.keys(values).find((name) => !names.includes(name));
  if (stranger !== undefined) {
    const near = nearest(stranger, names);
    throw new OptimizerError(
      `${where}.${stranger}`,
      `is no parameter of the space${near === undefined ? '' : `; closest: "${near}"`}`,
      names.length === 0 ? 'send {}, the space has none' : `the parameters are ${names.join(', ')}`,
    );
  }
  const point: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const param of space.params) {
    if (!active(param, point)) continue;
    const value = valueAt(values, param.name);
    if (value === undefined || value === null)
      throw new OptimizerError(where, `lacks "${param.name}"`, `add "${param.name}": ${rangeOf(param)}`);
    if (!isIn(param, value)) {
      const choices = param.kind === 'choice' && typeof value === 'string' ? param.choices : [];
      const near = nearest(String(value), choices.map(String));
      const meant = choices.find((choice) => String(choice) === near);
      throw new OptimizerError(
        `${where}.${param.name}`,
        `is ${shown(value)}${meant === undefined ? '' : `; closest: ${shown(meant)}`}`,
        `use ${rangeOf(param)}`,
      );
    }
    point[param.name] = value;
  }
  const broken = brokenIn(space, point);
  if (broken === undefined) return point;
  throw new OptimizerError(where, `breaks the constraint ${broken.text}`, 'change one of its parameters');
}

/** The point, or an error when no sampler has found one that keeps the constraints. */
export function keeping(space: Space, point: Point): Point {
  const broken = brokenIn(space, point);
  if (broken === undefined) return point;
  throw new OptimizerError(
    'constraints',
    `leave no point that could be found; the last one tried breaks ${broken.text}`,
    'loosen them, or widen the ranges of the parameters they mention',
  );
}

/** The first constraint that a point breaks. */
function brokenIn(space: Space, point: Point): Constraint | undefined {
  return space.constraints.find((constraint) => !feasible({ ...space, constraints: [constraint] }, point));
}

/** Throws for a cost that is none; absent is well. */
export function checkCost(where: string, cost: unknown): void {
  if (cost !== undefined && !(typeof cost === 'number' && Number.isFinite(cost) && cost > 0))
    throw misfit(where, cost, EXPECTED.cost);
}

/** Whether `value` is a whole number, 1 or more. */
export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isIn(param: Param, value: unknown): boolean {
  if (param.kind === 'choice') return (param.choices as readonly unknown[]).includes(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  const { low, high } = param;
  const slack = ROUNDING * Math.max(high - low, Math.abs(high));
  if (value < low - slack || value > high + slack) return false;
  return (param.kind === 'float' || Number.isInteger(value)) && onGrid(param, value);
}

function onGrid(param: NumberParam, value: number): boolean {
  if (param.step === undefined || value === param.high) return true;
  const steps = (value - param.low) / gridOf(param);
  // As far beside a step as twelve digits of a large number are.
  const dust = (1e-11 * Math.max(Math.abs(param.low), Math.abs(param.high))) / gridOf(param);
  return Math.abs(steps - Math.round(steps)) < 1e-6 + Math.min(0.01, dust);
}

function rangeOf(param: Param): string {
  if (param.kind === 'choice') return `one of ${param.choices.map(shown).join(', ')}`;
  const kind = param.kind === 'int' ? 'a whole number' : 'a number';
  const grid = param.step === undefined ? '' : ` in steps of ${param.step}`;
  return `${kind} from ${param.low} to ${param.high}${grid}`;
}

/** Whether `value` is an object and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
