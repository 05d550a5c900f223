/** Records for tests: a change of knobs from an incumbent, and what came of it. */

import type { Point } from '../../methods/space/space.ts';
import { changesBetween, type Context, type Outcome, type TrialRecord } from './record.ts';

/** A context in which nothing is set, or this. */
export function contextFor(changes: Partial<Context> = {}): Context {
  return { incumbent: {}, metric: 'loss', direction: 'minimize', code: ['script'], researcher: 'test', ...changes };
}

/** A finished experiment of study `s` that departs from `from` to `to`. */
export function experiment(
  id: number,
  from: Point,
  to: Point,
  outcome: Partial<Outcome> = {},
  more: Partial<TrialRecord> = {},
): TrialRecord {
  return {
    id: `s/${id}`,
    study: 's',
    at: id,
    hypothesis: '',
    tags: [],
    change: { knobs: changesBetween(from, to) },
    context: contextFor({ incumbent: from }),
    outcome: { status: 'ok', n: 1, seeds: [1], ...outcome },
    cost: { deviceSeconds: 10, money: 0, tokens: 0 },
    links: id === 1 ? [] : [{ kind: 'parent', to: 's/1' }],
    ...more,
  };
}
