/** What else a trial must not do, and what else speaks for it: guard-rails on other metrics, and cost. */

import { studentCdf } from '../methods/math/quantile.ts';
import { mean, variance } from '../methods/math/summary.ts';
import type { Guard } from './config.ts';
import { type Run, runOf, type State, type Trial, trialOf } from './state.ts';

/** A trial is cheaper when its runs take at most this share of the incumbent's time, and that is no chance. */
const CHEAPER = 0.9;
const CHANCE = 0.01;
/** What is known of a run without its saying so. */
export const MEASURED: ReadonlySet<string> = new Set(['memory', 'seconds']);

/** The guard that a trial breaks, as half a sentence with the numbers; undefined when it keeps all. */
export function broken(state: State, trial: Trial): string | undefined {
  for (const guard of state.config.guards ?? []) {
    const before = mean(valuesOf(state, trialOf(state, 1), guard.metric));
    // The script does not print it as it is: there is nothing to hold a trial to.
    if (Number.isNaN(before)) continue;
    const values = valuesOf(state, trial, guard.metric);
    // What the baseline says and a trial does not (or says is no number) may be anything.
    if (!MEASURED.has(guard.metric) && values.length < finished(state, trial).length)
      return `${guard.metric} is no number or is not printed any more, in ${finished(state, trial).length - values.length} of its runs`;
    const now = mean(values);
    if (Number.isNaN(now)) continue;
    const moved = guard.way === 'up' ? now - before : before - now;
    if (moved <= (guard.relative ? guard.amount * Math.abs(before) : guard.amount)) continue;
    return `${guard.metric} goes ${guard.way} from ${said(before)} to ${said(now)}, more than the ${allowance(guard)} allowed`;
  }
  return undefined;
}

/** Guards on metrics that the script as it is does not print. */
export function unguarded(state: State): string[] {
  return (state.config.guards ?? [])
    .map(({ metric }) => metric)
    .filter((metric) => valuesOf(state, trialOf(state, 1), metric).length === 0);
}

/** The allowance of a guard in words. */
export function allowance({ amount, relative }: Guard): string {
  return relative ? `${said(100 * amount)} %` : said(amount);
}

function valuesOf(state: State, trial: Trial, metric: string): number[] {
  return finished(state, trial).flatMap((run) => {
    const value = metric === 'memory' ? run.peakBytes : metric === 'seconds' ? run.seconds : run.others?.[metric];
    return value === undefined ? [] : [value];
  });
}

/** Whether a single run took clearly less time than each of the incumbent's. */
export function looksCheaper(state: State, trial: Trial, incumbent: Trial): boolean {
  const own = valuesOf(state, trial, 'seconds');
  return own.length > 0 && mean(own) <= CHEAPER * Math.min(...valuesOf(state, incumbent, 'seconds'));
}

/** `23 % cheaper`, when the runs of a trial clearly take less time than the incumbent's (Welch's test); else undefined. */
export function cheaper(state: State, trial: Trial, incumbent: Trial): string | undefined {
  const own = valuesOf(state, trial, 'seconds');
  const other = valuesOf(state, incumbent, 'seconds');
  if (own.length < 2 || other.length < 2 || !(mean(own) <= CHEAPER * mean(other))) return undefined;
  const [a, b] = [variance(own) / own.length, variance(other) / other.length];
  const df = (a + b) ** 2 / (a ** 2 / (own.length - 1) + b ** 2 / (other.length - 1));
  if (a + b > 0 && studentCdf((mean(own) - mean(other)) / Math.sqrt(a + b), df) > CHANCE) return undefined;
  return `${(100 * (1 - mean(own) / mean(other))).toFixed(0)} % cheaper`;
}

function finished(state: State, trial: Trial): Run[] {
  return trial.runs.map((id) => runOf(state, id)).filter((run) => run.status === 'done');
}

function said(x: number): string {
  return String(Number(x.toPrecision(3)));
}
