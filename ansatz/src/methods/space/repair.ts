/** From a point that breaks constraints to one nearby that keeps them. */

import type { Rng } from '../math/rng.ts';
import { decode, encode, feasible } from './encode.ts';
import { shortfall } from './expression.ts';
import type { Point, Space } from './space.ts';

/** Steps before it gives up. */
const STEPS = 1000;
/** Lengths of a step as powers of e, in the unit cube. */
const SHORTEST = Math.log(1e-4);

/**
 * A point that keeps all constraints, reached from `point` by random steps that never bring it further from them; the
 * last one reached when a thousand of them do not get there. How far it is: the sum over the constraints of what each
 * misses by, as a share of what it missed by at first, so that their units do not matter.
 */
export function repaired(space: Space, point: Point, random: Rng): Point {
  if (feasible(space, point) || space.params.length === 0) return point;
  const offAt = (at: Point): number[] =>
    space.constraints.map((constraint) =>
      feasible({ ...space, constraints: [constraint] }, at) ? 0 : shortfall(constraint, at),
    );
  const units = offAt(point).map((off) => (off > 0 && off < Infinity ? off : 1));
  const distance = (at: Point): number => offAt(at).reduce((sum, off, i) => sum + off / units[i]!, 0);
  let u = encode(space, point);
  let [here, least] = [point, distance(point)];
  for (let step = 0; step < STEPS && least > 0; step++) {
    const length = Math.exp(SHORTEST * random.uniform());
    const one = random.uniform() < 0.5 ? random.int(u.length) : undefined;
    const moved = u.map((x, i) => (one === undefined || one === i ? reflected(x + length * random.normal()) : x));
    const next = decode(space, moved);
    const off = distance(next);
    if (off > least) continue;
    [u, here, least] = [moved, next, off];
  }
  return here;
}

/** Back into the unit interval from either end. */
function reflected(x: number): number {
  const folded = Math.abs(x) % 2;
  return folded > 1 ? 2 - folded : folded;
}
