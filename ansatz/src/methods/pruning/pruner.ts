/** The contract of every pruner. */

/** What a run has reported so far, oldest first; `losses` are lower-is-better and finite. */
export interface Curve {
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/**
 * Should this run go on? Pure. Asked each time a run reports; `others` are the curves of other trials at the same
 * fidelity, finished or still running, but never those a pruner cut short before the step in question.
 *
 * Contract: `continue` when there is too little to compare with. Never throws on empty curves.
 */
export type Pruner = (run: Curve, others: readonly Curve[]) => 'continue' | 'stop' | Stop;

/** Stop, and say what that risks. */
export interface Stop {
  readonly stop: true;
  /** Probability that the run would have come out better than the best trial so far. */
  readonly risk: number;
  /** Why, where it is not for being behind. */
  readonly why?: string;
}

/** Best loss of a curve up to and including `step`; undefined when it had reported nothing by then. */
export function bestBy(curve: Curve, step: number): number | undefined {
  let best: number | undefined;
  for (let i = 0; i < curve.steps.length && curve.steps[i]! <= step; i++) {
    const loss = curve.losses[i]!;
    if (best === undefined || loss < best) best = loss;
  }
  return best;
}

/** Whether a curve has been seen to reach `step`. */
export function reaches(curve: Curve, step: number): boolean {
  return curve.steps.length > 0 && curve.steps.at(-1)! >= step;
}
