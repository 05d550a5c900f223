/** What all samplers share: keep a proposal inside the constraints and away from points that were tried. */

import type { Rng } from '../math/rng.ts';
import { feasible, randomPoint } from '../space/encode.ts';
import type { Point, Space } from '../space/space.ts';

const TRIES = 400;

/**
 * The first feasible point that `draw` gives within 400 tries, then a uniformly random feasible one; when that
 * fails too the last drawn point is given back and the lab refuses it with the constraint's name.
 */
export function firstFeasible(space: Space, random: Rng, draw: (attempt: number) => Point): Point {
  let point = draw(0);
  for (let attempt = 1; attempt < TRIES && !feasible(space, point); attempt++) point = draw(attempt);
  for (let attempt = 0; attempt < 20 * TRIES && !feasible(space, point); attempt++) point = randomPoint(space, random);
  return point;
}
