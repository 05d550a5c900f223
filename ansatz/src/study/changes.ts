/** How two points differ. */

import { type Point, type Value, valueAt } from '../methods/space/point.ts';

/** One setting that differs. */
export interface Change {
  readonly knob: string;
  /** Absent where the knob did not apply before. */
  readonly from?: Value;
  /** Absent where it no longer applies. */
  readonly to?: Value;
}

/** Differences between two points, in the order of `to`; knobs that no longer apply come last. */
export function changes(from: Point, to: Point): Change[] {
  return [...new Set([...Object.keys(to), ...Object.keys(from)])]
    .map((knob): Change => ({ knob, from: valueAt(from, knob), to: valueAt(to, knob) }))
    .filter((change) => change.from !== change.to);
}
