/**
 * Freeze-thaw: which training gets the next steps, by a model of all curves together (Swersky, Snoek & Adams 2014,
 * arXiv 1406.3896). Two rules beside the model keep it honest: every stretch of the ladder gets its share of the
 * steps, as in successive halving, so that no belief can starve the deep runs or the new ones; and only some choices
 * go straight for the largest expected gain per step.
 */

import { logH } from '../../math/normal.ts';
import type { Rng } from '../../math/rng.ts';
import { canonical, cardinality } from '../../space/encode.ts';
import type { Space } from '../../space/space.ts';
import type { Prediction } from '../../sampling/surrogate/gaussian.ts';
import { layoutOf, rowOf } from '../../sampling/surrogate/layout.ts';
import { startupOf } from '../../sampling/gp.ts';
import type { Scheduler, Situation } from '../scheduler.ts';
import { agreement, believeCurves, placeOf, rungsOf } from './belief.ts';

/** Steps of new trainings up to their first rung, in shares of what each later stretch gets. */
const FIRST_SHARE = 3;
/**
 * How much more the early stretches get than the late ones: shares fall as the rung to this power. All of it while the
 * budget is whole, none when it is used up: what is begun last cannot be finished. Half of it where nobody knows.
 */
const LEAN = 0.5;
/** Where every point has been begun, what the lean loses for each bit that early ranks agree less with the ends. */
const DISTRUST = 8;
const AGREEING = 0.9;
/** Without pauses nothing is stopped before this share of a full training: a stop cannot be taken back. */
const SURE = 1 / 18;
/**
 * Without pauses many are looked at until this share of the budget is used. After that new trainings start where those
 * that went far say (see new-point.ts), and this share of all goes on at every rung: what they teach is their ends.
 */
const LATE = 0.6;
const STAYING = 0.5;
/** How often the paused training with the largest expected gain per remaining step goes on, wherever it stands. */
const GREEDY = 0.3;
const MOST_SCORED = 20;

/** Trainings pause at every rung; the model says which of them is worth its next stretch. */
export const freezeThaw: Scheduler = {
  rungs: rungsOf,
  atRung(situation, training, random) {
    if (situation.canPause === false) return stays(situation, training) ? 'continue' : 'stop';
    const trainings = situation.trainings.map((one, i) =>
      i === training ? { ...one, status: 'paused' as const } : one,
    );
    return freezeThaw.resume({ ...situation, trainings }, random) === training ? 'continue' : 'pause';
  },
  resume: thaw,
};

/** Whether there is enough to learn from. */
export function ready({ space, trainings, reports }: Situation): boolean {
  return trainings.length >= startupOf(space) && reports.length >= 3;
}

function thaw(situation: Situation, rng: Rng): number | undefined {
  const { longest, trainings } = situation;
  if (!ready(situation) || !trainings.some((training) => training.status === 'paused')) return undefined;
  const greedy = rng.uniform() < GREEDY;
  const rungs = rungsOf(longest);
  const begun = allBegun(situation);
  const order = byNeed(situation, rungs, begun);
  if (!greedy && order[0] === 0) return undefined;

  const layout = layoutOf(situation.space);
  const { model, best } = believeCurves(situation);
  const base = model.rows.length;
  const end = (i: number): ReturnType<typeof placeOf> =>
    placeOf(rowOf(layout, trainings[i]!.point), longest, i, longest);
  // Trainings under way are believed to reach what is expected of them at their next rung.
  trainings.forEach((training, i) => {
    if (training.status !== 'running') return;
    model.believe(placeOf(rowOf(layout, training.point), next(rungs, training.step), i, longest), model.noise);
  });
  const out: Prediction = { mean: 0, sd: 0 };
  const gain = (i: number): number => {
    model.predict(end(i), out);
    return logH((best - out.mean) / out.sd) + Math.log(out.sd);
  };
  const ends = trainings
    .flatMap((training, i) => (training.status === 'paused' ? [i] : []))
    .map((i) => ({ i, mean: model.mean(end(i)) }))
    .sort((a, b) => a.mean - b.mean)
    .map(({ i }) => i);

  let chosen: number | undefined;
  if (greedy) {
    chosen = largest(ends.slice(0, MOST_SCORED), (i) => gain(i) - Math.log(longest - trainings[i]!.step));
  } else {
    for (const k of order) {
      if (k === 0) break;
      const standing = ends.filter((i) => trainings[i]!.step >= rungs[k - 1]! && trainings[i]!.step < rungs[k]!);
      chosen = largest(standing.slice(0, MOST_SCORED), gain);
      if (chosen !== undefined) break;
    }
  }
  model.truncate(base);
  return chosen;
}

/**
 * The stretches of the ladder, the one furthest behind its share of the steps first. Stretch 0 is a new training's, and
 * missing when every point has been `begun`.
 */
function byNeed(situation: Situation, rungs: readonly number[], begun: boolean): number[] {
  const { trainings, reports, longest } = situation;
  const spent = new Float64Array(rungs.length);
  for (const { status, step } of trainings) {
    const to = status === 'running' ? next(rungs, step) : step;
    for (let k = 0, before = 0; k < rungs.length && before < to; before = rungs[k++]!) {
      spent[k]! += Math.min(to, rungs[k]!) - before;
    }
  }
  let power = lean(situation);
  // Nothing is left to look for: what counts is which of them ends best, and that early ranks may not tell.
  if (begun) power = Math.max(-1, power - DISTRUST * Math.max(0, AGREEING - agreement(reports, longest)));
  for (const k of rungs.keys()) spent[k]! /= shareOf(rungs, k, power);
  return Array.from(rungs.keys())
    .slice(begun ? 1 : 0)
    .sort((a, b) => spent[a]! - spent[b]!);
}

/** The share of the steps that stretch `k` gets, up to a factor common to all. */
function shareOf(rungs: readonly number[], k: number, power: number): number {
  return (k === 0 ? FIRST_SHARE : 1) * (rungs[k]! / rungs[0]!) ** -power;
}

function lean(situation: Situation): number {
  const used = usedOf(situation);
  return used === undefined ? LEAN / 2 : LEAN * Math.max(0, 1 - used);
}

/** The share of the budget that is used up; undefined when nobody knows how much there is. */
function usedOf({ trainings, budgetSteps }: Situation): number | undefined {
  return budgetSteps === undefined ? undefined : trainings.reduce((sum, { step }) => sum + step, 0) / budgetSteps;
}

/** Whether it is time to follow few trainings to their end, where none can wait for its turn. */
export function isLate(situation: Situation): boolean {
  return situation.canPause === false && (usedOf(situation) ?? 0) >= LATE;
}

const sizes = new WeakMap<Space, number>();

/** Whether every point there is has been begun. */
function allBegun({ space, trainings }: Situation): boolean {
  let size = sizes.get(space);
  if (size === undefined) sizes.set(space, (size = cardinality(space)));
  return trainings.length >= size && new Set(trainings.map(({ point }) => canonical(point))).size >= size;
}

/**
 * Without pauses: whether a training that has reached a rung is among the best there. The share of them that goes on
 * is the one that keeps the stretches' shares. The model's word does not help: it expects most of the newest.
 */
function stays(situation: Situation, training: number): boolean {
  const { longest, trainings, reports } = situation;
  const rungs = rungsOf(longest).filter((rung) => rung >= Math.round(longest * SURE));
  const k = rungs.findLastIndex((rung) => rung <= trainings[training]!.step);
  if (k < 0 || k >= rungs.length - 1) return true;
  const power = lean(situation);
  const count = (j: number): number => shareOf(rungs, j, power) / (rungs[j]! - (j === 0 ? 0 : rungs[j - 1]!));
  // One that reports seldom passes several rungs between two looks: the share is of those that came to the first of them.
  const before = reports.findLast((report) => report.trial === training && report.step < rungs[k]!)?.step ?? 0;
  const from = rungs.findIndex((rung) => rung > before);
  const share = count(k + 1) / count(from);
  const at = reports.filter((report) => report.step === rungs[k]!);
  const own = at.findLast((report) => report.trial === training)?.loss;
  if (own === undefined) return true;
  const better = at.filter((report) => report.loss < own).length;
  if (better === 0) return true;
  if (isLate(situation)) return better < STAYING * at.length;
  // A search that gets better sends nearly all of its newest on: the share is of all that were let through as well.
  const through = new Set(reports.filter((report) => report.step > rungs[k]!).map((report) => report.trial)).size;
  return better < share * at.length && through < share * at.length;
}

function next(rungs: readonly number[], step: number): number {
  return rungs.find((rung) => rung > step) ?? rungs.at(-1)!;
}

function largest(items: readonly number[], score: (item: number) => number): number | undefined {
  let best: number | undefined;
  let top = -Infinity;
  for (const item of items) {
    const value = score(item);
    if (value > top) {
      top = value;
      best = item;
    }
  }
  return best;
}
