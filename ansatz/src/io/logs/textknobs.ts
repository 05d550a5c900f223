/** Settings named in a description: `depth=6 lr=5e-4`, `embedding LR 0.6 to 0.8`, `weight_decay 0.2→0.1`. */

import type { Value } from '../../methods/space/space.ts';

const VALUE = String.raw`-?\d+(?:\.\d+)?(?:e[-+]?\d+)?`;
const SET = new RegExp(
  String.raw`(?<![\w.])([A-Za-z][\w.-]*)\s*=\s*(${VALUE}(?![\w.])|[A-Za-z][\w-]*|true|false)`,
  'gi',
);
const MOVED = new RegExp(
  String.raw`((?:[A-Za-z][\w.-]*\s+){1,4})(?:from\s+)?${VALUE}\s*(?:to|->|→|=>)\s*(${VALUE})(?![\w])`,
  'gi',
);

/** Names as they stand, words joined by `_`, with the value they were set to. What is said in another way is not found. */
export function knobsInText(text: string): Record<string, Value> {
  const found = new Map<string, Value>();
  for (const [, words, value] of text.matchAll(MOVED)) found.set(words!.trim().split(/\s+/).join('_'), Number(value));
  for (const [, name, value] of text.matchAll(SET)) {
    const number = Number(value);
    found.set(name!, Number.isFinite(number) ? number : /^(?:true|false)$/i.test(value!) ? /^t/i.test(value!) : value!);
  }
  return Object.fromEntries(found);
}
