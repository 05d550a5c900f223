/**
 * What a model is asked to do next. Pure.
 *
 * A trial whose code failed is repaired first, as long as that code was not repaired three times. Otherwise the first two
 * requests are drafts, where code may be changed: two starts that know nothing of each other. From then on requests go
 * round {@link ROUND}; an operator that finds nothing to work on is an improvement of the leader.
 */

import { leaderOf } from '../study/belief.ts';
import type { ModelConfig } from '../study/config.ts';
import type { FailReason, Operator } from '../study/events/index.ts';
import { lineageOf, partsOf, repairsOf } from '../study/lineage.ts';
import { runOf, type State, type Trial, trialOf } from '../study/state.ts';

/** What is to be done, and the trials that it is to be done with, the one to work on first. */
export interface Task {
  readonly operator: Operator;
  readonly of: readonly number[];
}

const ROUND: readonly Operator[] = [
  'improve',
  'improve',
  'combine',
  'improve',
  'ablate',
  'improve',
  'simplify',
  'draft',
];
const DRAFTS = 2;
/** Repairs in a row of what was one trial. */
export const MOST_REPAIRS = 3;
/** Requests for one repair: the first may have been lost with its lab. */
const REQUESTS = 2;
/** Newest trials that are looked at. */
const MOST_SEEN = 100;
/** Failures that another text of the code may cure. */
const CURABLE: ReadonlySet<FailReason> = new Set(['crash', 'oom', 'nan', 'no-metric']);

/** Who writes code that nobody has read before it runs. */
export function unread({ researcher }: Trial): boolean {
  return researcher === 'model' || researcher === 'agent';
}

/** A trial whose code is to be repaired; undefined when there is none. */
export function brokenTrial(state: State, model = state.config.model): Trial | undefined {
  if (!mayCode(model)) return undefined;
  return state.trials.slice(-MOST_SEEN).findLast((trial) => {
    if (trial.verdict !== 'crash' || trial.code === undefined || !unread(trial)) return false;
    if (trial.code.tree === trialOf(state, trial.parent).code?.tree) return false;
    const failed = trial.runs.map((id) => runOf(state, id)).find((run) => run.status === 'failed');
    if (failed?.reason === undefined || !CURABLE.has(failed.reason)) return false;
    return (state.repairs[trial.id] ?? 0) < REQUESTS && repairsOf(state, trial) < MOST_REPAIRS;
  });
}

/** What the next request to a model is for, when it is no person's idea. */
export function nextTask(state: State, model = state.config.model): Task {
  const broken = brokenTrial(state, model);
  if (broken !== undefined) return { operator: 'debug', of: [broken.id] };
  const leader = leaderOf(state);
  const n = state.model.asked - state.model.repairs;
  const code = mayCode(model);
  const wanted = code && n < DRAFTS ? 'draft' : ROUND[Math.max(0, n - (code ? DRAFTS : 0)) % ROUND.length]!;
  const task = able(state, wanted, leader, code);
  return task ?? { operator: 'improve', of: [leader.id] };
}

function able(state: State, operator: Operator, leader: Trial, code: boolean): Task | undefined {
  switch (operator) {
    case 'draft':
      return code ? { operator, of: [1] } : undefined;
    case 'combine': {
      const other = partnerOf(state, leader);
      return other === undefined ? undefined : { operator, of: [leader.id, other.id] };
    }
    case 'ablate':
      return partsOf(state, leader) > 1 ? { operator, of: [leader.id] } : undefined;
    case 'simplify':
      return code && leader.code !== undefined ? { operator, of: [leader.id] } : undefined;
    case 'improve':
    case 'debug':
      return undefined;
  }
}

/** The most promising trial that the leader has nothing of, and that was not put together with it before. */
function partnerOf(state: State, leader: Trial): Trial | undefined {
  const own = new Set(lineageOf(state, leader).map(({ id }) => id));
  const mark = trialOf(state, 1).belief?.mean ?? -Infinity;
  const tried = new Set(
    state.trials.filter(({ operator, of }) => operator === 'combine' && of?.[0] === leader.id).map(({ of }) => of![1]),
  );
  const loss = (trial: Trial): number => trial.belief?.mean ?? Infinity;
  return state.trials
    .slice(-MOST_SEEN)
    .filter(
      (trial) =>
        (trial.verdict === 'keep' || (trial.verdict === 'inconclusive' && (trial.shrunk ?? trial.effect ?? 0) > 0)) &&
        trial.id !== 1 &&
        !own.has(trial.id) &&
        !tried.has(trial.id) &&
        loss(trial) < mark &&
        !lineageOf(state, trial).some(({ id }) => id === leader.id),
    )
    .toSorted((a, b) => loss(a) - loss(b))[0];
}

export function mayCode(model: ModelConfig | undefined): boolean {
  return model !== undefined && model.changes !== 'knobs';
}
