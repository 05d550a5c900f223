/**
 * Stop by forecast: how much better runs became after the same step, learned from those that went to their end, says
 * how much better this one may still become. A run is stopped when that is not enough to beat the best so far.
 */

import { studentCdf } from '../math/quantile.ts';
import { mean } from '../math/summary.ts';
import { byFamilies, type Forecast } from './families.ts';
import type { Curve, Pruner } from './pruner.ts';
import { standstill } from './standstill.ts';

/** No stop without this many finished runs. */
const FEWEST = 2;
/** From this many on the gain still to come is regressed on where a run stands and how fast it moves. */
const REGRESSED = 8;
/** No stop in the first and the last part of a run: nothing is known there, and nothing is saved there. */
const FROM = 0.05;
const FIRST = 2;
const UNTIL = 0.99;
/** Largest chance of beating the best so far that a run is stopped with. */
const RISK = 0.12;
/** Largest chance of ever moving again that a run which stands still is stopped with. */
const MOVES = 0.2;
/**
 * A run is granted the largest gain that any other has made since that step, and on top of it what its own pace
 * promises: the gain over the last third of its steps once; or, while fewer than ALIKE siblings had at least FAST of
 * that gain there, as often as {@link logClock} says. Siblings that stood still say nothing about a run that moves, and
 * at the start of a study most of those that finished did.
 */
const ALIKE = 4;
const FAST = 0.25;
/** The same must have been so a little earlier, this share of a full run: one bad report stops nothing. */
const EARLIER = 0.01;
/** Least spread of a forecast, as a share of the largest gain of any sibling. */
const LEAST_SPREAD = 0.1;
const RIDGE = 1;
const CLIP = 2.5;
const MOST_DF = 30;

/** What a run may still gain. */
interface Outlook extends Forecast {
  readonly df: number;
  /** The best loss it can be granted at all. */
  readonly hope: number;
}

/**
 * Stops a run that will hardly beat the best loss of all others. `risk` is the chance that it would have. Goes on
 * while fewer than two others have reached the longest known step.
 */
export const forecast: Pruner = (run, others) => {
  const step = run.steps.at(-1);
  if (step === undefined || step < FIRST) return 'continue';
  let longest = step;
  let best = Infinity;
  const read: Read[] = [];
  for (const other of others) {
    if (other.steps.length === 0) continue;
    const one = readOf(other);
    longest = Math.max(longest, one.last);
    best = Math.min(best, one.lowest);
    read.push(one);
  }
  const finished = read.filter(({ last }) => last >= longest);
  return decided(readOf(run), { finished, others: read, longest, best, ended: true });
};

/** What a run is compared with. */
export interface Siblings<C = Curve> {
  /** Those that went to their end, and all of them, these included. */
  readonly finished: readonly C[];
  readonly others: readonly C[];
  /** Steps of a full run. */
  readonly longest: number;
  /** Lowest loss of all others so far. */
  readonly best: number;
}

/** The same when the full length and the best loss so far are known. */
export function stopOrNot(run: Curve, { finished, others, longest, best }: Siblings): ReturnType<Pruner> {
  return decided(readOf(run), { finished: finished.map(readOf), others: others.map(readOf), longest, best });
}

/** What is asked of a curve a hundred times for each report of another. */
interface Read {
  readonly curve: Curve;
  /** Lowest loss up to each report, and of all. */
  readonly low: readonly number[];
  readonly lowest: number;
  /** Last step; 0 before there is any. */
  readonly last: number;
}

const reads = new WeakMap<Curve, Read>();

function readOf(curve: Curve): Read {
  const known = reads.get(curve);
  // Curves of running trainings grow in place.
  if (known?.low.length === curve.losses.length) return known;
  let best = Infinity;
  const low = curve.losses.map((loss) => (best = Math.min(best, loss)));
  const read = { curve, low, lowest: best, last: curve.steps.at(-1) ?? 0 };
  reads.set(curve, read);
  return read;
}

/** `ended`: all others that went to their end are among the finished. */
interface Compared extends Siblings<Read> {
  readonly ended?: boolean;
}

function decided(own: Read, siblings: Compared): ReturnType<Pruner> {
  const { finished, others, longest, best } = siblings;
  const run = own.curve;
  const step = run.steps.at(-1);
  if (step === undefined || finished.length < FEWEST) return 'continue';
  if (step < Math.max(FIRST, FROM * longest) || step > UNTIL * longest) return 'continue';
  const stands = own.lowest > best ? standstill(run, others, longest) : undefined;
  if (stands !== undefined && stands.moves < MOVES) {
    const { steps, stood, moves } = stands;
    const share = Math.round((100 * steps) / longest);
    return {
      stop: true,
      risk: moves,
      why: `not the best, and the same value for ${share} % of a training; ${stood} others that stood as long never moved again`,
    };
  }
  const risk = riskAt(own, step, siblings);
  if (risk === undefined) return 'continue';
  const earlier = run.steps.findLast((other) => other <= step - EARLIER * longest && other < step);
  if (earlier === undefined || riskAt(own, earlier, siblings) === undefined) return 'continue';
  // So few siblings cannot vouch for less: the next run is one of n + 1 alike.
  return { stop: true, risk: Math.max(risk, 0.5 / (finished.length + 1)) };
}

/** The chance that the run beats `best`, if at `step` it was small enough to stop; undefined otherwise. */
function riskAt(run: Read, step: number, siblings: Compared): number | undefined {
  const { finished, longest, best } = siblings;
  const here = lowestBy(run, step);
  if (here === undefined || here <= best) return undefined;
  const outlook = bySiblings(run, step, finished, longest, siblings);
  if (outlook === undefined || outlook.hope <= best) return undefined;
  const risk = studentCdf((best - outlook.mean) / Math.max(outlook.sd, 1e-12), Math.min(MOST_DF, outlook.df));
  return risk < RISK ? risk : undefined;
}

/**
 * The best loss a run is expected to reach by `longest`: from finished siblings by regression (8 or more), by their
 * mean gain (2 to 7) or by their ratio (1); from formulas when there are none. Undefined when it has said too little.
 */
export function forecastOf(run: Curve, finished: readonly Curve[], longest: number): Forecast | undefined {
  const step = run.steps.at(-1);
  if (step === undefined) return undefined;
  const own = readOf(run);
  if (step >= longest) return { mean: own.lowest, sd: 0 };
  const others = finished.map(readOf);
  return bySiblings(own, step, others, longest) ?? byRatio(own, step, others) ?? byFamilies(run, longest);
}

/** Undefined where fewer than two finished siblings had reported by `step`, or where even the largest gain of any of those it is compared with leads to no better than their best. */
function bySiblings(
  run: Read,
  step: number,
  finished: readonly Read[],
  longest: number,
  compared?: Compared,
): Outlook | undefined {
  const before = step - Math.max(1, Math.floor(step / 3));
  const here = lowestBy(run, step);
  if (here === undefined) return undefined;
  const recent = here - (lowestBy(run, before) ?? run.low[0]!);
  // What each sibling had at the step, had gained lately by then, and still gained.
  const places: number[] = [];
  const paces: number[] = [];
  const gains: number[] = [];
  let most = Infinity;
  for (const sibling of finished) {
    const then = lowestBy(sibling, step);
    if (then === undefined) continue;
    const gain = lowestBy(sibling, longest)! - then;
    places.push(then);
    paces.push(then - (lowestBy(sibling, before) ?? sibling.low[0]!));
    gains.push(gain);
    if (gain < most) most = gain;
  }
  const n = gains.length;
  if (n < 2) return undefined;
  // What one that was stopped had gained by then, or one that is under way has, counts as well.
  for (const other of compared?.others ?? []) {
    // Those that finished have been looked at.
    if (other.last <= step || (compared?.ended === true && other.last >= longest)) continue;
    const then = lowestBy(other, step);
    if (then !== undefined) most = Math.min(most, other.lowest - then);
  }
  // A run that comes down from a spike moves, though it is no better than it was.
  const { curve } = run;
  const pace = Math.min(0, recent, (lossBy(curve, step) ?? 0) - (lossBy(curve, before) ?? curve.losses[0]!));
  let alike = 0;
  for (const gained of paces) if (gained <= FAST * pace) alike++;
  const own = pace * (alike < ALIKE ? Math.max(1, logClock(before, step, longest)) : 1);
  if (compared !== undefined && here + most + own <= compared.best) return undefined;
  let gain: number;
  let variance: number;
  let df: number;
  if (n >= REGRESSED) {
    const fit = ridge([places, paces], gains, [here, recent]);
    gain = fit.at;
    df = n;
    variance = fit.squares / (n - 2);
  } else {
    gain = gains.reduce((a, b) => a + b, 0) / n;
    df = n + 1;
    variance = gains.reduce((sum, one) => sum + (one - gain) ** 2, 0) / (n - 1);
  }
  gain = Math.min(0, gain);
  const sd = Math.hypot(Math.max(Math.sqrt(variance * (1 + 1 / n)), LEAST_SPREAD * Math.abs(most)), 0.5 * own);
  return { mean: here + gain, sd, df, hope: here + Math.min(most, gain) + own };
}

/**
 * How long the time from `step` to `longest` is beside that from `before` to `step`, on a logarithmic clock. A curve
 * that falls by a power law, a + b t^−c (Hestness et al. 2017, arXiv 1712.00409), still gains at most its recent gain
 * times this: the gain per factor of time only shrinks. 0 when `before` is no time.
 */
function logClock(before: number, step: number, longest: number): number {
  return before > 0 ? Math.log(longest / step) / Math.log(step / before) : 0;
}

/** With one finished run: as large a share of its gain as it has made so far, give or take as much again. */
function byRatio(run: Read, step: number, finished: readonly Read[]): Forecast | undefined {
  const other = finished.find((sibling) => lowestBy(sibling, step) !== undefined);
  const here = lowestBy(run, step);
  if (other === undefined || here === undefined) return undefined;
  const past = lowestBy(other, step)! - other.low[0]!;
  const future = other.lowest - lowestBy(other, step)!;
  const own = here - run.low[0]!;
  const gain = past < 0 ? future * Math.min(3, own / past) : future;
  return { mean: here + gain, sd: Math.max(Math.abs(gain), Math.abs(future), 1e-12) };
}

/** A column of a sample about its mean, in units of its spread and cut off at 2.5 of them. */
interface Column {
  /** From a value to its place. */
  readonly standard: (value: number) => number;
  /** Places of the sample's values, less their mean. */
  readonly places: readonly number[];
  readonly mean: number;
}

function columnOf(values: readonly number[]): Column {
  const centre = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  const scale = Math.sqrt(squares / values.length) + 1e-12;
  const standard = (value: number): number => Math.max(-CLIP, Math.min(CLIP, (value - centre) / scale));
  const places = values.map(standard);
  const middle = mean(places);
  return { standard, places: places.map((place) => place - middle), mean: middle };
}

/** Ridge regression on two standardised features; the prediction is made no further out than 2.5 of their sd. */
function ridge(
  features: readonly [readonly number[], readonly number[]],
  targets: readonly number[],
  at: readonly [number, number],
): { readonly at: number; readonly squares: number } {
  const [a, b] = [columnOf(features[0]), columnOf(features[1])];
  const level = mean(targets);
  let [aa, bb, ab, ay, by] = [RIDGE, RIDGE, 0, 0, 0];
  for (let i = 0; i < targets.length; i++) {
    const [p, q, y] = [a.places[i]!, b.places[i]!, targets[i]! - level];
    aa += p * p;
    bb += q * q;
    ab += p * q;
    ay += p * y;
    by += q * y;
  }
  const determinant = aa * bb - ab * ab;
  const wa = (ay * bb - by * ab) / determinant;
  const wb = (by * aa - ay * ab) / determinant;
  let squares = 0;
  for (let i = 0; i < targets.length; i++)
    squares += (targets[i]! - level - wa * a.places[i]! - wb * b.places[i]!) ** 2;
  return { at: level + wa * (a.standard(at[0]) - a.mean) + wb * (b.standard(at[1]) - b.mean), squares };
}

/** Lowest loss up to `step`; undefined when nothing was reported by then. */
function lowestBy({ curve, low }: Read, step: number): number | undefined {
  return low[reportsBy(curve, step) - 1];
}

/** The last loss up to `step`; undefined when nothing was reported by then. */
function lossBy(curve: Curve, step: number): number | undefined {
  return curve.losses[reportsBy(curve, step) - 1];
}

/** How many reports there were up to `step`. */
function reportsBy({ steps }: Curve, step: number): number {
  if (steps.length > 0 && steps.at(-1)! <= step) return steps.length;
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}
