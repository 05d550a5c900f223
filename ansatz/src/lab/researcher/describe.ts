/** A change of settings in words. */

import { type Point, valueAt } from '../../methods/space/index.ts';

/** `lr 0.05 → 0.12, momentum no longer applies`: what changes between two points, in words. */
export function describe(from: Point, to: Point): string {
  const names = [...new Set([...Object.keys(to), ...Object.keys(from)])];
  const words = names.flatMap((name) => {
    const [before, after] = [valueAt(from, name), valueAt(to, name)];
    if (before === after) return [];
    if (after === undefined) return [`${name} no longer applies`];
    if (before === undefined) return [`${name} now applies: ${String(after)}`];
    return [`${name} ${String(before)} → ${String(after)}`];
  });
  return words.length === 0 ? 'no change' : words.join(', ');
}
