/** Median stopping rule (Golovin et al. 2017, Google Vizier, section 3.2.2). */

import { median as medianOf } from '../math/summary.ts';
import { bestBy, type Pruner, reaches } from './pruner.ts';

/** Fewer finished curves than this say little about the middle. */
const FEWEST = 5;
/** Share of the longest known run below which no run is stopped: early ranks are mostly noise. */
const WARMUP = 0.15;

/** Stop a run whose best loss so far is worse than the median best of the others at the same step. */
export const median: Pruner = (run, others) => {
  const step = run.steps.at(-1);
  if (step === undefined) return 'continue';
  const longest = Math.max(step, ...others.map((curve) => curve.steps.at(-1) ?? 0));
  if (step < WARMUP * longest || step >= longest) return 'continue';
  const peers = others.filter((curve) => reaches(curve, step)).map((curve) => bestBy(curve, step)!);
  if (peers.length < FEWEST) return 'continue';
  return bestBy(run, step)! > medianOf(peers) ? 'stop' : 'continue';
};
