/** Where trials come from: each departs from another, back to the script as it is. */

import { type State, type Trial, trialOf } from './state.ts';

/** A trial and what it departs from, back to the baseline, itself first. */
export function lineageOf(state: State, trial: Trial): Trial[] {
  const line = [trial];
  for (let at = trial; at.parent !== 0;) {
    at = trialOf(state, at.parent);
    line.push(at);
  }
  return line;
}

/** How often the code of a trial was repaired on its way: 0 for one that is no repair. */
export function repairsOf(state: State, trial: Trial): number {
  let repairs = 0;
  for (let at = trial; at.operator === 'debug' && at.of?.[0] !== undefined; repairs++) at = trialOf(state, at.of[0]);
  return repairs;
}

/** Parts of the change that a trial is against the script as it is: settings, and steps of its code or the files they touch. */
export function partsOf(state: State, trial: Trial): number {
  const baseline = trialOf(state, 1);
  const names = new Set([...Object.keys(trial.point), ...Object.keys(baseline.point)]);
  const knobs = [...names].filter((name) => trial.point[name] !== baseline.point[name]).length;
  const trees = new Set(lineageOf(state, trial).flatMap(({ code }) => (code === undefined ? [] : [code.tree])));
  return knobs + Math.max(trees.size, trial.code?.files.length ?? 0);
}
