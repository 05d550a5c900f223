/** What stopping a run may cost, judged by runs that went to their end: what they still gained after the same step. */

import type { Curve } from './pruner.ts';

/** The curve of a run that went to its end, and what it came to. */
export interface Finished extends Curve {
  /** Lower is better, like the losses. */
  readonly final: number;
}

/**
 * Where a run would end if it changed from here as much as each of the finished ones did: a loss for each of them.
 * Empty when the run has said nothing, or when none of them had a value by then.
 */
export function forecasts(run: Curve, finished: readonly Finished[]): number[] {
  const step = run.steps.at(-1);
  if (step === undefined) return [];
  const here = run.losses.at(-1)!;
  return finished.flatMap((other) => {
    const at = lossAt(other, step);
    return at === undefined ? [] : [here + other.final - at];
  });
}

/**
 * Probability that a run would end below `toBeat`: the share of {@link forecasts} that do, drawn towards a half as
 * if half of one more had (Jeffreys). Undefined without any forecast.
 */
export function siblingRisk(run: Curve, finished: readonly Finished[], toBeat: number): number | undefined {
  const ends = forecasts(run, finished);
  if (ends.length === 0) return undefined;
  return (ends.filter((end) => end < toBeat).length + 0.5) / (ends.length + 1);
}

/** The last value a curve had reported by `step`. */
function lossAt(curve: Curve, step: number): number | undefined {
  const after = curve.steps.findIndex((other) => other > step);
  return after < 0 ? curve.losses.at(-1) : curve.losses[after - 1];
}
