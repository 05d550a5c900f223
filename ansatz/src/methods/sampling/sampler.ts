/** The contract of every sampler. */

import type { Rng } from '../math/rng.ts';
import type { Point, Space } from '../space/space.ts';

/** What is known about one point. */
export interface Observation {
  readonly point: Point;
  /**
   * Mean result, lower is better here whatever the study's direction; undefined unless `status` is `done`, or `stopped`
   * with a projection of where the run would have ended.
   */
  readonly loss?: number;
  /** `pending` runs still; `crashed` gave no result and should be kept away from; `stopped` was cut short by a pruner. */
  readonly status: 'done' | 'pending' | 'crashed' | 'stopped';
  /** Variance of `loss` beyond the noise all results share, in squared units of `loss`: that of a projection. */
  readonly variance?: number;
  /** Device-seconds the result cost. */
  readonly cost?: number;
  /** With several objectives: one loss each, all lower-is-better. */
  readonly losses?: readonly number[];
  /**
   * Name of the study it comes from, when that is another one. Such results say where to look first; their scale is
   * their own, and their say fades as results of this study come in.
   */
  readonly study?: string;
  /** Measured constraints: above 0 is a violation, by that much. */
  readonly violations?: readonly number[];
}

/** What is known beforehand of a search. */
export interface Plan {
  /** How many points there will be in all, about; absent when nobody knows. */
  readonly points?: number;
}

/**
 * Propose the next point. Pure: same arguments (and the same state of `random`), same point.
 *
 * Contract: the point has every parameter of the space, inside its range and on its grid, and satisfies the
 * constraints whenever `repaired` finds a way. Pending points are part of the history. Never throws on an
 * empty, all-crashed, constant or non-finite history.
 */
export type Sampler = (space: Space, history: readonly Observation[], random: Rng, plan?: Plan) => Point;
