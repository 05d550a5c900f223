/**
 * "Has this been tried?", asked of each point that a sampler offers. It knows settings alone and is cheap: some hundredths of
 * a millisecond for a thousand trials, besides a model of crashes that is learned anew now and then. A sampler has reasons of
 * its own to come near a point again, so what is found is written down beside the proposal and stands in nobody's way; only
 * where a run is all but certain to fail is it asked for another point.
 */

import { rng } from '../../methods/math/rng.ts';
import { mean } from '../../methods/math/summary.ts';
import { valueAt } from '../../methods/space/index.ts';
import type { Point } from '../../methods/space/space.ts';
import type { Knob, StudyConfig } from '../../study/config.ts';
import type { Tried } from '../../study/events/index.ts';
import {
  BLOCK_ABOVE,
  contextOf,
  type CrashModel,
  distanceOver,
  endingsOf,
  FIRST_RADIUS,
  fitCrash,
  idOf,
  noiseRadius,
  pointOf,
  TESTED,
  type TrialRecord,
} from '../../study/memory/index.ts';
import { noiseOf } from '../../study/noise.ts';
import { lossOf, type State, trialOf } from '../../study/state.ts';

/** What is found of a point, and whether it is to be run all the same. */
export interface Glanced {
  readonly tried?: Tried;
  /** It will all but certainly fail, and is not among those that are run to see whether that is so. */
  readonly doomed: boolean;
}

/** Look at a point that would run on code `tree` (undefined: the script as it is). */
export type Glance = (state: State, point: Point, tree: string | undefined, ask: number) => Glanced;

/** Labels of the draws, so that they are nobody else's. */
const FITS = 0x61a9ce;
const TESTS = 0x7e57ed;
/** Newest endings that crashes are learned from. */
const MOST_ENDINGS = 1000;
/** What was learned stands until there is so much more to learn from. */
const GROWTH = 1.2;
const MOST_NAMED = 5;

/** Settings as numbers, in which the largest difference is a distance: as {@link distanceOver} has it, but laid out once. */
interface Place {
  readonly row: Float64Array;
  readonly id: string;
  readonly loss?: number;
}

/** A glance over the trials of one study and what is remembered of others. */
export function openGlance(config: StudyConfig, elsewhere: readonly TrialRecord[]): Glance {
  const rowOf = layout(config.knobs);
  const distance = distanceOver(config.knobs);
  const foreign = endingsOf(elsewhere);
  let others: readonly Place[] | undefined;
  /** Where each ended trial of this study is, by its code; those from `from` on are still to be looked at. */
  const own = new Map<string, Map<number, Place>>();
  let radius = { results: 0, value: FIRST_RADIUS };
  let crash: { readonly endings: number; readonly model: CrashModel | undefined } = { endings: 0, model: undefined };

  const placesOn = (state: State, tree: string | undefined): Map<number, Place> => {
    const key = tree ?? '';
    let places = own.get(key);
    if (places === undefined) own.set(key, (places = new Map()));
    for (const [i, seen] of state.observations.entries()) {
      const id = i + 1;
      const known = places.get(id);
      if (known !== undefined && known.loss === seen.loss) continue;
      if ((seen.status !== 'done' && seen.status !== 'crashed') || trialOf(state, id).code?.tree !== tree) continue;
      const loss = seen.status === 'done' && seen.loss !== undefined ? { loss: seen.loss } : {};
      places.set(id, { row: known?.row ?? rowOf(seen.point), id: idOf(config.name, id), ...loss });
    }
    return places;
  };

  const learn = (state: State): CrashModel | undefined => {
    const ended = state.observations.filter(({ status }) => status === 'done' || status === 'crashed');
    const endings = foreign.length + ended.length;
    if (endings < crash.endings * GROWTH) return crash.model;
    const all = [...foreign, ...ended.map(({ point, status }) => ({ point, failed: status === 'crashed' }))];
    const random = rng(config.seedNumber, FITS, endings);
    return (crash = { endings, model: fitCrash(all.slice(-MOST_ENDINGS), random) }).model;
  };

  const reach = (state: State): number => {
    const results = state.observations.filter(({ status }) => status === 'done').length;
    if (results < radius.results * GROWTH) return radius.value;
    const { sd, df } = noiseOf(state);
    const seen = state.observations.flatMap(({ point, status, loss }) =>
      status === 'done' && loss !== undefined ? [{ point, loss }] : [],
    );
    return (radius = { results, value: noiseRadius(seen, distance, df > 0 ? sd : undefined) }).value;
  };

  return (state, point, tree, ask) => {
    others ??= alike(state, elsewhere).map((record) => placeOf(record, rowOf));
    const row = rowOf(point);
    const within = reach(state);
    const close = [...(tree === undefined ? others : []), ...placesOn(state, tree).values()].filter(
      (place) => apart(place.row, row, within) <= within,
    );
    const chance = learn(state)?.probability(point);
    const works = close.some(({ loss }) => loss !== undefined);
    const failing = chance !== undefined && chance > BLOCK_ABOVE && !works;
    const tested = failing && rng(config.seedNumber, TESTS, ask).uniform() < TESTED;
    const why = [
      ...(close.length > 0 ? [`next to it ${told(state, close)}`] : []),
      ...(failing ? [`it will fail with probability ${chance.toFixed(2)} by the settings of earlier failures`] : []),
    ];
    if (why.length === 0) return { doomed: false };
    const tried: Tried = {
      why: why.join('; '),
      records: close.slice(-MOST_NAMED).map(({ id }) => id),
      ...(failing ? { crash: chance } : {}),
      ...(tested ? { tested } : {}),
    };
    return { tried, doomed: failing && !tested };
  };
}

/** `tried 7×, mean 0.9911, 2 failed`. */
function told(state: State, close: readonly Place[]): string {
  const losses = close.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  const failures = close.length - losses.length;
  const centre = losses.length === 0 ? '' : `, mean ${Number(lossOf(state.config, mean(losses)).toPrecision(4))}`;
  return `tried ${close.length}×${centre}${failures > 0 ? `, ${failures} failed` : ''}`;
}

/** Records of other studies in the context of this one: the same metric, command and code, and an ending. */
function alike(state: State, elsewhere: readonly TrialRecord[]): TrialRecord[] {
  const here = contextOf(state, trialOf(state, 1));
  return elsewhere.filter((record) => {
    const { context, change } = record;
    return (
      endingsOf([record]).length > 0 &&
      change.tree === undefined &&
      change.prose !== true &&
      context.metric === here.metric &&
      context.direction === here.direction &&
      context.code.join() === here.code.join()
    );
  });
}

function placeOf(record: TrialRecord, rowOf: (point: Point) => Float64Array): Place {
  const { loss } = record.outcome;
  return { row: rowOf(pointOf(record)), id: record.id, ...(loss === undefined ? {} : { loss }) };
}

/** A number in [0, 1] for each knob's value on its scale, and whole numbers for choices; NaN where a point lacks the knob. */
function layout(knobs: readonly Knob[]): (point: Point) => Float64Array {
  return (point) =>
    Float64Array.from(knobs, (knob) => {
      const value = valueAt(point, knob.name);
      if (value === undefined) return NaN;
      if (knob.kind === 'choice') return knob.choices.indexOf(value);
      const { low, high, scale } = knob;
      const x = Number(value);
      if (!(high > low)) return x;
      return scale === 'log' && low > 0 && x > 0 ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
    });
}

/** The largest difference, or infinity as soon as one is beyond `most`. */
function apart(a: Float64Array, b: Float64Array, most: number): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (Number.isNaN(x) && Number.isNaN(y)) continue;
    const difference = Math.abs(x - y);
    if (!(difference <= most)) return Infinity;
    if (difference > largest) largest = difference;
  }
  return largest;
}
