/** Points as rows of numbers that a kernel can compare. */

import { active, decodeParam, encodeParam } from '../../space/encode.ts';
import { valueAt } from '../../space/point.ts';
import type { Param, Point, Space, Value } from '../../space/space.ts';

/** In a row, in the place of a parameter that does not matter in the point. */
export const INACTIVE = -1;

/** How the rows of a space are made. Every row has one number per parameter. */
export interface Layout {
  readonly space: Space;
  readonly size: number;
  /** 1 where the number is the index of a choice without order, 0 where it lies in [0, 1]. */
  readonly category: Uint8Array;
  /** 1 where every number of [0, 1] is a value of its own: gradients mean something there. */
  readonly smooth: Uint8Array;
  /** How many values the parameter has; Infinity when smooth. */
  readonly counts: Float64Array;
  readonly conditional: boolean;
  readonly constrained: boolean;
}

const layouts = new WeakMap<Space, Layout>();

/** The layout of a space, made once per space. */
export function layoutOf(space: Space): Layout {
  const known = layouts.get(space);
  if (known !== undefined) return known;
  const { params } = space;
  const layout: Layout = {
    space,
    size: params.length,
    category: Uint8Array.from(params, (param) => Number(param.kind === 'choice' && param.ordered !== true)),
    smooth: Uint8Array.from(params, (param) => Number(valuesOf(param) === Infinity)),
    counts: Float64Array.from(params, valuesOf),
    conditional: params.some((param) => param.when !== undefined),
    constrained: space.constraints.length > 0,
  };
  layouts.set(space, layout);
  return layout;
}

function valuesOf(param: Param): number {
  if (param.kind === 'choice') return param.choices.length;
  if (param.low === param.high) return 1;
  const step = param.step ?? 0;
  const grid = step > 0 ? step : Number(param.kind === 'int');
  return grid === 0 ? Infinity : Math.floor((param.high - param.low) / grid + 1e-9) + 1;
}

const rows = new WeakMap<Layout, WeakMap<Point, Float64Array>>();

/** The row of a point; kept with the point, since histories come again with every ask. */
export function rowOf(layout: Layout, point: Point): Float64Array {
  let known = rows.get(layout);
  if (known === undefined) rows.set(layout, (known = new WeakMap()));
  let row = known.get(point);
  if (row === undefined) {
    row = Float64Array.from(layout.space.params, (param, i) => {
      const value = valueAt(point, param.name);
      return value === undefined ? INACTIVE : coordinate(layout, i, param, value);
    });
    known.set(point, row);
  }
  return row;
}

function coordinate(layout: Layout, i: number, param: Param, value: Value): number {
  if (layout.category[i] === 1 && param.kind === 'choice') return Math.max(0, param.choices.indexOf(value));
  return encodeParam(param, value);
}

/**
 * The row of a vector u in the unit cube (length d): values rounded to what the parameters can be, parameters whose
 * condition fails marked {@link INACTIVE}. Written into `row`.
 */
export function rowAt(layout: Layout, u: Float64Array, row: Float64Array): Float64Array {
  const { params } = layout.space;
  let point: Record<string, Value> | undefined;
  if (layout.conditional) point = Object.create(null) as Record<string, Value>;
  for (let i = 0; i < layout.size; i++) {
    const param = params[i]!;
    if (point !== undefined) {
      if (!active(param, point)) {
        row[i] = INACTIVE;
        continue;
      }
      point[param.name] = decodeParam(param, u[i]!);
    }
    row[i] =
      layout.smooth[i] === 1
        ? Math.min(1, Math.max(0, u[i]!))
        : layout.category[i] === 1
          ? Math.min(layout.counts[i]! - 1, Math.floor(Math.min(1, Math.max(0, u[i]!)) * layout.counts[i]!))
          : encodeParam(param, decodeParam(param, u[i]!));
  }
  return row;
}

/** A vector of the unit cube that has this row; what is inactive is put at `missing`. */
export function unitOf(layout: Layout, row: Float64Array, missing: (i: number) => number): Float64Array {
  return Float64Array.from(row, (x, i) => {
    if (x === INACTIVE) return missing(i);
    return layout.category[i] === 1 ? (x + 0.5) / layout.counts[i]! : x;
  });
}
