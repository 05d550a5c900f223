/** The budget over time, and the price of what it bought. */

import { mean } from '../methods/math/summary.ts';
import { outlookOf } from './account.ts';
import { RESOURCES, type Resource } from './ledger.ts';
import { lossOf, resultsOf, runOf, type State, trialOf } from './state.ts';

/** Spending of one limited resource over time; arrays are of one length. */
export interface Burn {
  readonly resource: Resource;
  /** Milliseconds since 1970. */
  readonly at: readonly number[];
  readonly spent: readonly number[];
  readonly cap: number;
  readonly held: number;
  /** When it is gone at the pace so far; absent before anything was spent. */
  readonly gone?: number;
}

/** Each limited resource, thinned to about `most` points. */
export function burnOf(state: State, most = 300): Burn[] {
  const { ledger } = state;
  const gone = outlookOf(state).gone;
  const ended = state.runs
    .filter((run) => run.endedAt !== undefined && run.charge !== undefined)
    .sort((a, b) => a.endedAt! - b.endedAt! || a.id - b.id);
  const every = Math.max(1, Math.ceil(ended.length / most));
  return RESOURCES.flatMap((resource): Burn[] => {
    const cap = ledger.budget[resource];
    if (cap === undefined) return [];
    let sum = 0;
    const [at, spent] = [[state.createdAt], [0]];
    ended.forEach((run, i) => {
      // The ledger charges no more than was held; runs are charged when they start.
      sum += Math.min(run.charge![resource], run.hold[resource]);
      if (i % every !== 0 && i !== ended.length - 1) return;
      at.push(run.endedAt!);
      spent.push(sum);
    });
    // Expenses that are no runs are in the books and not in the runs: the last point is what the ledger says.
    at.push(state.now);
    spent.push(ledger.spent[resource]);
    return [
      {
        resource,
        at,
        spent,
        cap,
        held: ledger.held[resource],
        // What has ended burns no further.
        ...(gone[resource] === undefined || state.phase === 'ended' ? {} : { gone: gone[resource] }),
      },
    ];
  });
}

/** One confirmed improvement and what was spent since the one before. */
export interface KeepCost {
  readonly trial: number;
  readonly at: number;
  /** Device-seconds, money and runs since the keep before. */
  readonly deviceSeconds: number;
  readonly runs: number;
  /** Against the incumbent of its time, as it is believed. */
  readonly effect?: number;
  /** Device-seconds ÷ effect; absent without an effect above zero. */
  readonly price?: number;
}

/** What each keep cost, in their order; the baseline is not one. */
export function keepCosts(state: State): KeepCost[] {
  return state.marks.slice(1).map((mark, i) => {
    const before = state.marks[i]!;
    const trial = trialOf(state, mark.trial);
    const effect = trial.shrunk ?? trial.effect;
    const deviceSeconds = mark.deviceSeconds - before.deviceSeconds;
    return {
      trial: mark.trial,
      at: mark.at,
      deviceSeconds,
      runs: mark.runs - before.runs,
      ...(effect === undefined ? {} : { effect }),
      ...(effect !== undefined && effect > 0 ? { price: deviceSeconds / effect } : {}),
    };
  });
}

/** A trial on the plane of quality and cost. */
export interface Tradeoff {
  readonly trial: number;
  /** Mean of its results. */
  readonly value: number;
  /** Mean wall seconds of its finished runs. */
  readonly seconds: number;
  /** No other trial is both better and quicker. */
  readonly front: boolean;
}

/** Trials with a finished run, and which of them nobody beats in both. */
export function tradeoffsOf(state: State): Tradeoff[] {
  const points = state.trials.flatMap((trial) => {
    const results = resultsOf(trial);
    const seconds = trial.runs
      .map((id) => runOf(state, id))
      .flatMap((run) => (run.status === 'done' && run.seconds !== undefined ? [run.seconds] : []));
    if (results.length === 0 || seconds.length === 0) return [];
    return [{ trial: trial.id, value: mean(results), seconds: mean(seconds) }];
  });
  // Two objectives: from the best on, whatever is quicker than everything better belongs to the front.
  const loss = (i: number): number => lossOf(state.config, points[i]!.value);
  const order = [...points.keys()].sort((a, b) => loss(a) - loss(b) || points[a]!.seconds - points[b]!.seconds);
  const front = new Set<number>();
  let quickest = Infinity;
  for (const i of order) {
    if (points[i]!.seconds >= quickest) continue;
    quickest = points[i]!.seconds;
    front.add(i);
  }
  return points.map((point, i) => ({ ...point, front: front.has(i) }));
}
