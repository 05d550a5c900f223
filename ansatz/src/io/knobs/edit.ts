/** One change of one file, and how its numbers are written. */

import type { Knob } from '../../study/config.ts';
import type { Value } from '../../methods/space/space.ts';

/** One change of one file. `as` is the kind of number to write; text and truth are written as they are. */
export type Edit =
  | { readonly by: 'constant'; readonly name: string; readonly value: Value; readonly as: Knob['kind'] }
  | { readonly by: 'file'; readonly path: readonly string[]; readonly value: Value; readonly as: Knob['kind'] };

/** A float with a dot or an exponent. */
export function floatText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A whole number in digits alone; anything else as a float. */
export function wholeText(value: number): string {
  return Number.isSafeInteger(value)
    ? String(value)
    : Number.isInteger(value)
      ? BigInt(value).toString()
      : floatText(value);
}
