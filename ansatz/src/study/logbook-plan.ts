/** The same number of runs as ansatz would have spent them: repeats not run, claims confirmed on fresh runs. */

import { normalCdf } from '../methods/math/quantile.ts';

/** What confirming one claim would have taken. */
export interface Confirmation {
  readonly row: number;
  /** Fresh runs of the change; the incumbent has as many. */
  readonly runs: number;
  /** The one-sided p to be expected after them, if the effect is as likely. */
  readonly p: number;
  readonly confirmed: boolean;
}

/** How the runs of a log would have been shared out. */
export interface Plan {
  readonly runs: number;
  /** More runs of the baseline, for a noise floor. */
  readonly baselineRuns: number;
  /** Rows that would not have been run again. */
  readonly savedRuns: number;
  /** At most, on all claims. */
  readonly confirmRuns: number;
  /** Left for ideas, the claims themselves included. */
  readonly ideas: number;
  readonly confirmed: number;
  readonly claims: readonly Confirmation[];
}

/** What `repeats:` in ansatz.yaml says when it says nothing: runs of the baseline, and most runs of one trial. */
const BASELINE = 3;
const MOST = 6;
const LEVEL = 0.05;

/** The plan for a log of `runs` rows and its claims, at a standard deviation `sd` of one run. */
export function planOf(
  runs: number,
  claims: readonly { readonly row: number; readonly likely?: number }[],
  repeats: number,
  sd: number,
): Plan {
  const list = claims.map(({ row, likely = 0 }): Confirmation => {
    for (let fresh = 1; fresh < MOST; fresh++) {
      const p = expectedP(likely, sd, fresh);
      if (p <= LEVEL) return { row, runs: fresh, p, confirmed: true };
    }
    return { row, runs: MOST - 1, p: expectedP(likely, sd, MOST - 1), confirmed: false };
  });
  const confirmRuns = list.reduce((sum, one) => sum + one.runs, 0);
  const baselineRuns = runs === 0 ? 0 : BASELINE - 1;
  return {
    runs,
    baselineRuns,
    savedRuns: repeats,
    confirmRuns,
    ideas: Math.max(0, runs - baselineRuns - confirmRuns),
    confirmed: list.filter((one) => one.confirmed).length,
    claims: list,
  };
}

/** Of an effect measured by `fresh` runs on either side. */
function expectedP(effect: number, sd: number, fresh: number): number {
  if (!(sd > 0)) return effect > 0 ? 0 : 1;
  return normalCdf(-effect / (sd * Math.sqrt(2 / fresh)));
}
