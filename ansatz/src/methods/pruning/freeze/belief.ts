/** What a scheduler believes about all curves after some reports, kept from one question to the next. */

import { checkpoint } from '../../sampling/surrogate/checkpoint.ts';
import { type Layout, layoutOf, rowOf } from '../../sampling/surrogate/layout.ts';
import { type Hyper } from '../../sampling/surrogate/surrogate.ts';
import { warp } from '../../sampling/surrogate/warp.ts';
import type { Report, Situation } from '../scheduler.ts';
import { type CurveHyper, Curves, fitCurves, type Place, plainCurveHyper } from './model.ts';

/** Share of a full training at which it is looked at first. */
const FIRST = 1 / 26;
const RATIO = 1.6;
/** Most reports the model is fitted to, and most it is conditioned on when it is fitted. */
const MOST_FITTED = 160;
const MOST_KEPT = 200;

/** The steps at which a training is looked at: a twenty-sixth of the whole, then each 1.6 times further, and the last. */
export function rungsOf(longest: number): number[] {
  const rungs: number[] = [];
  const first = firstRung(longest);
  for (let step = first; step < longest; step = Math.max(step + 1, Math.round(step * RATIO))) rungs.push(step);
  return [...rungs, longest];
}

function firstRung(longest: number): number {
  return Math.max(1, Math.round(longest * FIRST));
}

/** Trainings that went to their end count against this many that are imagined, with this agreement. */
const IMAGINED = 4;
const IMAGINED_AGREEMENT = 0.9;

/**
 * How far early ranks foretell the order of ends, 0 to 1: over pairs of trainings that went to their end and all rungs
 * up to half of it, the share in the same order, each pair counting by how far apart its ends are (warped units).
 */
export function agreement(reports: readonly Report[], longest: number): number {
  const curves = new Map<number, Map<number, number>>();
  for (const { trial, step, loss } of reports) {
    let curve = curves.get(trial);
    if (curve === undefined) curves.set(trial, (curve = new Map<number, number>()));
    curve.set(step, loss);
  }
  const ended = [...curves.values()].filter((curve) => curve.has(longest));
  const scale = scaleOf(reports);
  const ends = ended.map((curve) => scale(curve.get(longest)!));
  const early = rungsOf(longest).filter((rung) => rung <= longest / 2);
  let weight = 0;
  let agreed = 0;
  ended.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const gap = ends[i]! - ends[j]!;
      for (const rung of early) {
        const before = (a.get(rung) ?? NaN) - (ended[j]!.get(rung) ?? NaN);
        if (Number.isNaN(before)) continue;
        weight += Math.abs(gap);
        agreed += before === 0 ? Math.abs(gap) / 2 : before > 0 === gap > 0 ? Math.abs(gap) : 0;
      }
    }
  });
  if (weight === 0) return IMAGINED_AGREEMENT;
  return (IMAGINED * IMAGINED_AGREEMENT + (ended.length * agreed) / weight) / (IMAGINED + ended.length);
}

/** Best loss of each training so far, by its number. */
export function bestsOf(reports: readonly Report[]): Map<number, number> {
  const bests = new Map<number, number>();
  for (const { trial, loss } of reports) bests.set(trial, Math.min(loss, bests.get(trial) ?? Infinity));
  return bests;
}

/** Losses as the model sees them: half-rank warped by the best of each training. */
function scaleOf(reports: readonly Report[]): (loss: number) => number {
  return warp([...bestsOf(reports).values()], 'ranks').map;
}

/** Where on which curve a training is after `step`; `trial` −1 is one not yet begun. */
export function placeOf(row: Float64Array, step: number, trial: number, longest: number): Place {
  const first = firstRung(longest);
  const tau = longest > first ? Math.log(Math.max(step, first) / first) / Math.log(longest / first) : 1;
  return { row, time: step / longest, tau, trial };
}

/** Everything here follows from the reports alone; it is kept only to save time. */
interface Memo {
  reports: readonly Report[];
  readonly curves: Map<number, CurveHyper>;
  /** Hyperparameters of the sampler's surrogate, by the number of reports they were fitted to. */
  readonly proposals: Map<number, Hyper>;
  at: number;
  model?: Curves;
  kept: Report[];
  read: number;
}

const memos = new WeakMap<Layout, Memo>();

/** The memo of this space, if the reports it has seen are the first of these. */
function memoOf(layout: Layout, reports: readonly Report[]): Memo {
  const known = memos.get(layout);
  if (known !== undefined && continues(known.reports, reports)) {
    known.reports = reports.slice();
    return known;
  }
  const memo: Memo = {
    reports: reports.slice(),
    curves: new Map<number, CurveHyper>(),
    proposals: new Map<number, Hyper>(),
    at: -1,
    kept: [],
    read: 0,
  };
  memos.set(layout, memo);
  return memo;
}

function continues(before: readonly Report[], now: readonly Report[]): boolean {
  if (before.length > now.length) return false;
  for (let i = before.length - 1; i >= 0; i--) {
    const a = before[i]!;
    const b = now[i]!;
    if (a !== b && (a.trial !== b.trial || a.step !== b.step || a.loss !== b.loss)) return false;
  }
  return true;
}

/** The sampler's hyperparameters fitted so far; whoever fits more adds them. */
export function proposalHypers(layout: Layout, reports: readonly Report[]): Map<number, Hyper> {
  return memoOf(layout, reports).proposals;
}

/** The model conditioned on the reports, and the lowest value among them, in its units. */
export function believeCurves(situation: Situation): { readonly model: Curves; readonly best: number } {
  const { reports, trainings, longest, space } = situation;
  const layout = layoutOf(space);
  const memo = memoOf(layout, reports);
  const at = checkpoint(reports.length);
  const place = (report: Report): Place =>
    placeOf(rowOf(layout, trainings[report.trial]!.point), report.step, report.trial, longest);
  if (memo.at !== at || memo.model === undefined) {
    const hyper = hyperAt(layout, reports, at, memo.curves, place);
    memo.kept = thin(reports.slice(0, at), MOST_KEPT);
    memo.model = new Curves(hyper, layout.category);
    for (const report of memo.kept) memo.model.add(place(report), memo.model.noise);
    memo.at = at;
    memo.read = at;
  }
  const { model } = memo;
  for (; memo.read < reports.length; memo.read++) {
    const report = reports[memo.read]!;
    memo.kept.push(report);
    model.add(place(report), model.noise);
  }
  const scale = scaleOf(reports);
  const values = Float64Array.from(memo.kept, (report) => scale(report.loss));
  model.condition(values);
  return { model, best: values.reduce((least, value) => Math.min(least, value), Infinity) };
}

function hyperAt(
  layout: Layout,
  reports: readonly Report[],
  at: number,
  known: Map<number, CurveHyper>,
  place: (report: Report) => Place,
): CurveHyper {
  const found = known.get(at);
  if (found !== undefined) return found;
  if (at < 4) return plainCurveHyper(layout.size);
  const start = hyperAt(layout, reports, checkpoint(at - 1), known, place);
  const first = thin(reports.slice(0, at), MOST_FITTED);
  const scale = scaleOf(reports.slice(0, at));
  const values = Float64Array.from(first, (report) => scale(report.loss));
  const fit = fitCurves(first.map(place), values, layout.category, start, at < 40 ? 20 : 12);
  known.set(at, fit);
  return fit;
}

/** At most about `most` reports, in their order: all of the better trainings, only the last of the others. */
function thin(reports: readonly Report[], most: number): Report[] {
  if (reports.length <= most) return [...reports];
  const bests = new Map<number, number>();
  const counts = new Map<number, number>();
  for (const { trial, loss } of reports) {
    bests.set(trial, Math.min(loss, bests.get(trial) ?? Infinity));
    counts.set(trial, (counts.get(trial) ?? 0) + 1);
  }
  const order = [...bests.entries()].sort((a, b) => a[1] - b[1]).map(([trial]) => trial);
  const whole = new Set<number>();
  let room = most;
  // Three quarters of the room for whole curves of the best, the rest for one report each of the others, evenly.
  let i = 0;
  for (; i < order.length && room - counts.get(order[i]!)! > most / 4; i++) {
    whole.add(order[i]!);
    room -= counts.get(order[i]!)!;
  }
  const rest = order.slice(i);
  const single = new Set<number>();
  for (let k = 0; k < Math.min(room, rest.length); k++) {
    single.add(rest[Math.floor(((k + 0.5) * rest.length) / Math.min(room, rest.length))]!);
  }
  const last = new Map<number, number>();
  reports.forEach(({ trial }, index) => last.set(trial, index));
  return reports.filter(({ trial }, index) => whole.has(trial) || (single.has(trial) && last.get(trial) === index));
}
