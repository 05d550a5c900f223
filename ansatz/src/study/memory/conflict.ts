/** Results of one change that cannot both hold, and what differed between them. */

import { type Differs, likeness, valueText } from './context.ts';
import { type Measured, measured, pooled } from './effects.ts';
import type { TrialRecord } from './record.ts';

/** Two results of the same change that cannot both hold everywhere, and what stood differently. */
export interface Conflict {
  readonly a: TrialRecord;
  readonly b: TrialRecord;
  readonly differs: readonly Differs[];
  /** The newer one refutes the older: the same change in the same context, and the gain is not there. */
  readonly refutes: boolean;
}

/** The same change reads the same: knobs in order with where they went. Undefined for a change of code alone. */
export function changeKey({ change }: TrialRecord): string | undefined {
  if (change.knobs.length === 0) return change.diff === undefined ? undefined : `code ${change.diff}`;
  return [...change.knobs]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, to }) => `${name}=${valueText(to)}`)
    .join(' ');
}

/** Pairs of records that contradict each other, of those that make the same change; the older one is `a`. */
export function conflicts(records: readonly TrialRecord[], noiseSd?: number): Conflict[] {
  const groups = Map.groupBy(measured(records, noiseSd), ({ record }) => changeKey(record));
  return [...groups].flatMap(([key, group]) =>
    key === undefined ? [] : group.flatMap((b, i) => group.slice(0, i).flatMap((a) => conflictOf(a, b))),
  );
}

function conflictOf(a: Measured, b: Measured): Conflict[] {
  const changed = new Set(a.record.change.knobs.map(({ name }) => name));
  const { differs } = likeness(a.record.context, b.record.context, changed);
  const told = a.record.links.some((one) => one.kind === 'refutes' && one.to === b.record.id);
  const written = told || b.record.links.some((one) => one.kind === 'refutes' && one.to === a.record.id);
  const disjoint = Math.abs(a.effect - b.effect) > 1.96 * (a.se + b.se);
  // A gain that its own repeat does not show is refuted although single runs have wide intervals.
  const vanished =
    differs.length === 0 && a.effect > 0 && b.effect < a.effect / 2 && pooled([a, b])!.effect <= pooled([a, b])!.margin;
  if (!written && !disjoint && !vanished) return [];
  return [{ a: a.record, b: b.record, differs, refutes: written || differs.length === 0 }];
}

/** Knobs that stood differently where the same change had another result: they act together with the changed ones. */
export function interactionsOf(found: readonly Conflict[]): Map<string, Set<string>> {
  const together = new Map<string, Set<string>>();
  for (const { a, differs } of found) {
    // Many differences explain nothing in particular.
    if (differs.length === 0 || differs.length > 2) continue;
    for (const { name } of a.change.knobs) {
      if (!together.has(name)) together.set(name, new Set());
      for (const { what } of differs) together.get(name)!.add(what);
    }
  }
  return together;
}
