/** When hyperparameters are fitted again, and a name for what they were fitted to. */

import type { Observation } from '../sampler.ts';
import { type Layout, rowOf } from './layout.ts';

/** Fits are redone when this much more is known. */
const GROWTH = 1.12;
/** From this many results on, fits are rare and start from nothing: what is left of the data is the same each time. */
export const LONG = 600;

/** The largest checkpoint not above n: every number up to 12, then each 12 % larger, doubling once there are many. */
export function checkpoint(n: number): number {
  let at = Math.min(n, 12);
  while (at < n) {
    const next = Math.max(at + 1, Math.floor(at * (at < LONG ? GROWTH : 2)));
    if (next > n) return at;
    at = next;
  }
  return at;
}

/** A text that differs when the points or their values do. */
export function keyOf(layout: Layout, known: readonly Observation[], value: (o: Observation) => number): string {
  const view = new Float64Array(1);
  const bits = new Uint32Array(view.buffer);
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const mix = (x: number): void => {
    view[0] = x;
    a = Math.imul(a ^ bits[0]!, 0x01000193);
    a = Math.imul(a ^ bits[1]!, 0x01000193) ^ (a >>> 15);
    b = Math.imul(b ^ bits[1]!, 0x5bd1e995);
    b = Math.imul(b ^ bits[0]!, 0x5bd1e995) ^ (b >>> 13);
  };
  for (const o of known) {
    mix(value(o));
    for (const x of rowOf(layout, o.point)) mix(x);
  }
  return `${known.length}:${a >>> 0}:${b >>> 0}`;
}
