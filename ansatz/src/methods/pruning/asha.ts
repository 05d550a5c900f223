/** Asynchronous successive halving, stopping variant (Li et al. 2020, MLSys; arXiv 1810.05934, section 3.3). */

import { quantile } from '../math/summary.ts';
import { bestBy, type Pruner, reaches } from './pruner.ts';

const ETA = 3;
/** First rung as a share of the longest known run. */
const FIRST = 1 / 27;

/**
 * At each rung (the longest known run ÷ 3ᵏ) stop unless the run is among the best third of all that reached the
 * rung. Between rungs always continue. A rung's only run goes on.
 */
export const asha: Pruner = (run, others) => {
  const step = run.steps.at(-1);
  if (step === undefined) return 'continue';
  const longest = Math.max(0, ...others.map((curve) => curve.steps.at(-1) ?? 0));
  if (longest === 0 || step >= longest) return 'continue';
  const previous = run.steps.at(-2) ?? 0;
  for (let rung = longest / ETA; rung >= longest * FIRST; rung /= ETA) {
    if (!(previous < rung && step >= rung)) continue;
    const peers = others.filter((curve) => reaches(curve, rung)).map((curve) => bestBy(curve, step)!);
    if (peers.length < ETA) return 'continue';
    const own = bestBy(run, step)!;
    return own > quantile([...peers, own], 1 / ETA) ? 'stop' : 'continue';
  }
  return 'continue';
};
