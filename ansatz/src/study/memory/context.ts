/** How much a result found in one context says in another: by what has changed in between, never by age. */

import { valueAt } from '../../methods/space/point.ts';
import type { Value } from '../../methods/space/space.ts';
import type { Context } from './record.ts';

/** What each difference leaves of a record's weight. */
const KNOB = 0.9;
const INTERACTING = 0.7;
const CODE = 0.9;
const VERSION = 0.5;
const TENFOLD = 0.6;
/** Below this a context counts as another one: three knobs changed, or one that interacts. */
export const SAME_CONTEXT = 0.75;

/** A knob that stands elsewhere now; a side is absent where it is not set. */
export interface Differs {
  readonly what: string;
  readonly was?: Value;
  readonly now?: Value;
}

/** The weight in (0, 1], and what it was lost to. */
export interface Likeness {
  readonly weight: number;
  readonly differs: readonly Differs[];
}

/**
 * Compare two contexts. Knobs in `changed` are what both are about, so where they stood does not count; those in
 * `interacting` have been seen to act together with them.
 */
export function likeness(
  then: Context,
  now: Context,
  changed: ReadonlySet<string> = new Set(),
  interacting: ReadonlySet<string> = new Set(),
): Likeness {
  const differs: Differs[] = [];
  let weight = 1;
  const note = (what: string, factor: number, a: Value | undefined, b: Value | undefined): void => {
    weight *= factor;
    differs.push({ what, ...(a === undefined ? {} : { was: a }), ...(b === undefined ? {} : { now: b }) });
  };
  for (const name of new Set([...Object.keys(then.incumbent), ...Object.keys(now.incumbent)])) {
    if (changed.has(name)) continue;
    const [a, b] = [valueAt(then.incumbent, name), valueAt(now.incumbent, name)];
    if (a !== b) note(name, interacting.has(name) ? INTERACTING : KNOB, a, b);
  }
  const [before, after] = [new Set(then.code), new Set(now.code)];
  const lines = [...before].filter((line) => !after.has(line)).length + [...after].filter((l) => !before.has(l)).length;
  if (lines > 0) note('code', CODE ** lines, before.size, after.size);
  if (then.metric !== now.metric || then.metricVersion !== now.metricVersion)
    note('metric', VERSION, then.metricVersion ?? then.metric, now.metricVersion ?? now.metric);
  if (then.data !== now.data) note('data', VERSION, then.data, now.data);
  for (const [name, size] of Object.entries(then.scale ?? {})) {
    const other = now.scale?.[name];
    if (other !== undefined && other !== size) note(name, TENFOLD ** Math.abs(Math.log10(other / size)), size, other);
  }
  return { weight, differs };
}

/** `weight_decay 0 then, 0.001 now`. */
export function differsText(differs: readonly Differs[], most = 4): string {
  const shown = differs
    .slice(0, most)
    .map(({ what, was, now }) => `${what} ${valueText(was)} then, ${valueText(now)} now`);
  return [...shown, ...(differs.length > most ? [`${differs.length - most} more`] : [])].join('; ');
}

/** A value as people write it, six significant digits; `unset` where there is none. */
export function valueText(value: Value | undefined): string {
  if (value === undefined) return 'unset';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
}
