/** The trials of a study as a tree: what departs from what. */

import type { Operator } from './events/index.ts';
import { type State, type Trial, trialOf } from './state.ts';
import { type TrialRow, trialRow } from './views.ts';

/** A row of the tree, in the order in which it is drawn: each trial before what departs from it. */
export interface TreeRow extends Pick<
  TrialRow,
  'trial' | 'state' | 'researcher' | 'effect' | 'margin' | 'value' | 'se' | 'changes' | 'files'
> {
  /** What it hangs from: the trial it departs from, or the one whose code it repairs; absent for the baseline. */
  readonly under?: number;
  /** How deep it hangs: 0 for the baseline. */
  readonly depth: number;
  readonly hypothesis: string;
  readonly operator?: Operator;
  /** Trials it was made with, besides what it hangs from. */
  readonly of?: readonly number[];
  readonly by?: string;
  readonly incumbent: boolean;
  /** What hangs directly from it and is not among the rows, by state. */
  readonly more: Readonly<Record<string, number>>;
}

/** What part of a tree is wanted. */
export interface TreeWish {
  /** Only what leads to this trial, and what came of it. */
  readonly trial?: number;
  /** Also the trials that came to nothing and that nothing departs from. */
  readonly all?: boolean;
}

/**
 * The tree in rows. Without `all`, leaves that were discarded, failed or left open by a sampler are counted where they
 * hang; what was kept, is under way, or was made with an operator or by a person is always shown.
 */
export function treeOf(state: State, { trial: wanted, all = false }: TreeWish = {}): TreeRow[] {
  const children = new Map<number, Trial[]>();
  for (const trial of state.trials) {
    const under = underOf(trial);
    if (under === undefined) continue;
    const known = children.get(under);
    if (known === undefined) children.set(under, [trial]);
    else known.push(trial);
  }
  const way = new Set<number>();
  for (let at = wanted; at !== undefined; at = underOf(trialOf(state, at))) way.add(at);
  const rows: TreeRow[] = [];
  // A list instead of recursion: a climb of many small gains is deep.
  const open: { readonly trial: Trial; readonly depth: number; readonly inside: boolean }[] = [
    { trial: trialOf(state, 1), depth: 0, inside: wanted === undefined || wanted === 1 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { trial, depth, inside } = next;
    const own = children.get(trial.id) ?? [];
    const kin = inside ? own : own.filter(({ id }) => way.has(id));
    const shown = kin.filter((child) => all || way.has(child.id) || children.has(child.id) || stands(child));
    const more: Record<string, number> = {};
    for (const child of kin)
      if (!shown.includes(child)) more[child.verdict ?? 'open'] = (more[child.verdict ?? 'open'] ?? 0) + 1;
    rows.push(rowOf(state, trial, depth, more));
    for (const child of shown.toReversed())
      open.push({ trial: child, depth: depth + 1, inside: inside || child.id === wanted });
  }
  return rows;
}

function underOf({ parent, operator, of }: Trial): number | undefined {
  if (operator === 'debug' && of?.[0] !== undefined) return of[0];
  return parent === 0 ? undefined : parent;
}

/** Whether a trial is worth a line though nothing departs from it. */
function stands({ verdict, operator, by, researcher, code }: Trial): boolean {
  return (
    verdict === undefined ||
    verdict === 'keep' ||
    operator !== undefined ||
    by !== undefined ||
    (code !== undefined && researcher !== 'numeric')
  );
}

function rowOf(state: State, trial: Trial, depth: number, more: Readonly<Record<string, number>>): TreeRow {
  const { state: verdict, researcher, effect, margin, value, se, changes, files } = trialRow(state, trial);
  const under = underOf(trial);
  const of = trial.of?.filter((id) => id !== under);
  return {
    trial: trial.id,
    ...(under === undefined ? {} : { under }),
    depth,
    state: verdict,
    researcher,
    hypothesis: trial.hypothesis,
    ...(trial.operator === undefined ? {} : { operator: trial.operator }),
    ...(of === undefined || of.length === 0 ? {} : { of }),
    ...(trial.by === undefined ? {} : { by: trial.by }),
    ...(value === undefined ? {} : { value }),
    ...(se === undefined ? {} : { se }),
    ...(effect === undefined ? {} : { effect }),
    ...(margin === undefined ? {} : { margin }),
    changes,
    ...(files === undefined ? {} : { files }),
    incumbent: trial.id === state.incumbent,
    more,
  };
}
