/** What a study says about its knobs: which mattered, how results follow them, which act together, which ranges are used up. */

import { rng, type Rng } from '../methods/math/rng.ts';
import { mean, median, quantile } from '../methods/math/summary.ts';
import { defineSpace } from '../methods/space/define.ts';
import { decodeParam, encodeParam } from '../methods/space/encode.ts';
import { valueAt } from '../methods/space/point.ts';
import type { Param, Space, Value } from '../methods/space/space.ts';
import { type PressedEdge, pressedEdges } from '../methods/stats/edges.ts';
import { decompose, fitForest, type Forest, marginal } from '../methods/stats/forest.ts';
import { importances, type Result } from '../methods/stats/importance.ts';
import { runCurve } from './axis.ts';
import { noiseOf } from './noise.ts';
import { endByRank } from './projection.ts';
import { lossOf, runOf, type State } from './state.ts';

/** Trials whose value of a knob lies in one range, or is one choice. */
export interface KnobGroup {
  readonly low: Value;
  readonly high: Value;
  readonly trials: number;
  /** How many of them the pruner cut short. */
  readonly stopped: number;
  /** Median result of the others. */
  readonly median?: number;
}

/** The expected result along one knob, all others averaged over their ranges; of the same length each. */
export interface KnobCurve {
  readonly values: readonly Value[];
  /** In the metric's unit. */
  readonly means: readonly number[];
  /** Standard deviation between the trees of the forest: how far other trials might have said otherwise. */
  readonly sds: readonly number[];
}

/** How results went along with one knob. */
export interface KnobEffect {
  readonly knob: string;
  /** Trials that were compared: finished, or cut short for being behind; of a conditional knob those that have it. */
  readonly trials: number;
  /** Share of the importance of all knobs (PED-ANOVA), in [0, 1]; absent with fewer than 8 trials. */
  readonly share?: number;
  /** 90 % of what `share` would be on resampled trials. */
  readonly interval?: readonly [number, number];
  /** What `share` would exceed in 5 % of studies, over all knobs together, if no knob did anything. */
  readonly chance?: number;
  /** Share of the variation of results that goes with this knob alone (fANOVA). */
  readonly alone?: number;
  /** Spearman's correlation of the value with better results, in [−1, 1]; absent for choices. */
  readonly trend?: number;
  readonly curve?: KnobCurve;
  readonly groups: readonly KnobGroup[];
  /** Index of the group with the best mean rank. */
  readonly best?: number;
  /** The best results press against an end of the range. */
  readonly pressed?: Omit<PressedEdge, 'name'>;
  /** The whole range makes no difference beyond noise: not above chance, and a curve no higher than what moves anyway. */
  readonly flat?: true;
}

/** Two knobs whose effect together is more than that of each alone. */
export interface KnobInteraction {
  readonly knobs: readonly [string, string];
  /** Share of the variation of results, in [0, 1]. */
  readonly share: number;
  /** The largest share of any pair when results are dealt out at random, 19 times. */
  readonly chance: number;
}

export interface Effects {
  /** The most important first, by the mean of `share` and `alone`. */
  readonly knobs: readonly KnobEffect[];
  /** Pairs of the knobs with the largest effects that rise above chance, the strongest first. */
  readonly interactions: readonly KnobInteraction[];
}

const FEWEST_TRIALS = 8;
const FEWEST_IN_GROUP = 3;
/** Pairs are looked at among this many knobs. */
const MOST_PAIRED = 6;
/** A knob is called flat on no fewer trials. */
const FEWEST_FOR_FLAT = 20;
const FEWEST_FOR_PAIRS = 20;
const CURVE_PLACES = 17;
/** A forest is fitted to no more trials than these, the best half and the latest. */
const MOST_FITTED = 300;
const DEALS = 19;
/** Runs that one that was cut short is held against. */
const MOST_COMPARED = 200;

/** What seems to matter, most first: the knobs of {@link effectsOf}. */
export function knobEffects(state: State): readonly KnobEffect[] {
  return effectsOf(state).knobs;
}

/**
 * Everything that the trials say about the knobs. A first look, not an experiment: knobs move together and the sampler
 * went where results were good. Trials cut short by the pruner count as worse than most; crashed ones do not count.
 */
export function effectsOf(state: State): Effects {
  const { config } = state;
  const space = defineSpace(config.knobs, config.constraints);
  const results = toldBy(state);
  const sign = config.objective.direction === 'minimize' ? 1 : -1;
  const random = rng(config.seedNumber, 0xef);
  const shares = importances(space, results, random);
  const enough = results.length >= FEWEST_TRIALS;
  const fitted = enough ? fittedTo(space, results) : undefined;
  const forest = fitted && fitForest(fitted.rows, fitted.losses, random);
  const parts = forest && decompose(forest, []);
  const edges = pressedEdges(
    space,
    results.filter((result) => !result.stopped),
  );
  const noise = noiseOf(state).sd;

  const effects = space.params.map((param, d): KnobEffect => {
    const known = results.filter(({ point }) => valueAt(point, param.name) !== undefined);
    const grouping = groupsOf(param, known, sign);
    const base = { knob: param.name, trials: known.length, groups: grouping.groups };
    if (
      known.length < FEWEST_TRIALS ||
      forest === undefined ||
      new Set(known.map((r) => valueAt(r.point, param.name))).size < 2
    )
      return base;
    const { share, interval, chance } = shares[d]!;
    const curve = curveOf(param, param.when === undefined ? forest : ownForest(space, known, random), d, sign);
    const flat = share <= chance && covered(param, known) && isFlat(curve, noise);
    // A sampler may have stayed at an edge for no good reason: the expected result must be best there as well.
    const pressed = edges.find((edge) => edge.name === param.name && !flat && leadsTo(edge.edge, curve, sign));
    return {
      ...base,
      share,
      interval,
      chance,
      alone: mean(parts!.alone[d]!),
      trend: param.kind === 'choice' ? undefined : trendOf(param.name, known),
      curve,
      best: grouping.best,
      pressed: pressed && {
        edge: pressed.edge,
        at: pressed.at,
        wider: pressed.wider,
        there: pressed.there,
        best: pressed.best,
      },
      flat: flat ? true : undefined,
    };
  });
  return {
    knobs: effects.toSorted((a, b) => weight(b) - weight(a)),
    interactions:
      fitted === undefined || results.length < FEWEST_FOR_PAIRS ? [] : interactionsOf(space, fitted, forest!, state),
  };
}

interface Told extends Result {
  readonly stopped: boolean;
}

/**
 * What the trials came to, lower is better. Of a run that was cut short the end is guessed: as good among the finished
 * runs as it stood among them at the step where it was stopped; in the middle of the worse half without a curve.
 */
function toldBy(state: State): Told[] {
  const losses = state.observations.flatMap(({ status, loss }) =>
    status === 'done' && Number.isFinite(loss) ? [loss!] : [],
  );
  const behind = quantile(losses, 0.75);
  const finished = state.curved
    .map((id) => runOf(state, id))
    .filter((run) => run.status === 'done' && run.value !== undefined)
    .slice(-MOST_COMPARED)
    .map((run) => ({ curve: runCurve(state, run), end: lossOf(state.config, run.value!) }));
  return state.observations.flatMap(({ point, loss, status }, i): Told[] => {
    if (status !== 'stopped' && status !== 'done') return [];
    if (status === 'done') return Number.isFinite(loss) ? [{ point, loss: loss!, stopped: false }] : [];
    const run = state.trials[i]?.runs.map((id) => runOf(state, id)).findLast(({ steps }) => steps.length > 0);
    const guess = run === undefined ? behind : endByRank(runCurve(state, run), finished).mean;
    return Number.isFinite(guess) ? [{ point, loss: guess, stopped: true }] : [];
  });
}

/**
 * What knobs are ordered by: both measures in equal parts. Where a sampler moved knobs together, the first sees one
 * in the other; the second does not, but knows nothing of chance.
 */
function weight({ share, alone }: KnobEffect): number {
  return share === undefined ? -1 : (share + alone!) / 2;
}

/** Rows in the unit cube and losses that a forest can bear: none so bad that it hides all else. */
interface Fitted {
  readonly rows: readonly number[][];
  readonly losses: readonly number[];
}

function fittedTo(space: Space, all: readonly Result[]): Fitted | undefined {
  let results = all;
  if (all.length > MOST_FITTED) {
    const best = new Set(all.toSorted((a, b) => a.loss - b.loss).slice(0, MOST_FITTED / 2));
    const rest = all.filter((result) => !best.has(result)).slice(-MOST_FITTED / 2);
    results = [...best, ...rest];
  }
  if (results.length < 2) return undefined;
  // The worst tenth is just bad: how bad would hide all else.
  const worst = quantile(
    results.map((result) => result.loss),
    0.9,
  );
  const rows = results.map(({ point }) =>
    space.params.map((param) => {
      const value = valueAt(point, param.name);
      return value === undefined ? NaN : encodeParam(param, value);
    }),
  );
  return { rows, losses: results.map((result) => Math.min(worst, result.loss)) };
}

/** A forest over the trials that have a conditional knob: averaged with those that lack it its effect would look small. */
function ownForest(space: Space, known: readonly Result[], random: Rng): Forest {
  const fitted = fittedTo(space, known);
  return fitForest(fitted?.rows ?? [], fitted?.losses ?? [], random, { trees: 16 });
}

function curveOf(param: Param, forest: Forest, axis: number, sign: number): KnobCurve | undefined {
  if (forest.trees.length === 0) return undefined;
  const places =
    param.kind === 'choice'
      ? param.choices.map((_, i) => (i + 0.5) / param.choices.length)
      : Array.from({ length: CURVE_PLACES }, (_, i) => i / (CURVE_PLACES - 1));
  const values = places.map((u) => decodeParam(param, u));
  const kept = [...places.keys()].filter((i) => i === 0 || values[i] !== values[i - 1]);
  const spread = marginal(
    forest,
    axis,
    kept.map((i) => places[i]!),
  );
  return {
    values: kept.map((i) => values[i]!),
    means: spread.map((one) => sign * one.mean),
    sds: spread.map((one) => one.sd),
  };
}

/** Whether a curve is best in the outer third at one end. */
function leadsTo(edge: 'low' | 'high', curve: KnobCurve | undefined, sign: number): boolean {
  if (curve === undefined) return false;
  const losses = curve.means.map((value) => sign * value);
  const best = losses.indexOf(Math.min(...losses)) / (losses.length - 1);
  const last = losses.lastIndexOf(Math.min(...losses)) / (losses.length - 1);
  return edge === 'low' ? best <= 1 / 3 : last >= 2 / 3;
}

/** Whether the trials went over enough of the range to speak of all of it. */
function covered(param: Param, known: readonly Told[]): boolean {
  if (known.length < FEWEST_FOR_FLAT) return false;
  const values = known.map(({ point }) => valueAt(point, param.name)!);
  if (param.kind === 'choice') return param.choices.every((choice) => values.filter((v) => v === choice).length >= 4);
  const places = values.map((value) => encodeParam(param, value));
  return quantile(places, 0.9) - quantile(places, 0.1) >= 0.5;
}

/** Whether a curve moves no more than single runs do, or than its trees disagree (three standard deviations). */
function isFlat(curve: KnobCurve | undefined, noise: number): boolean {
  if (curve === undefined) return false;
  const range = Math.max(...curve.means) - Math.min(...curve.means);
  return range <= Math.max(Number.isFinite(noise) ? noise : 0, 3 * median(curve.sds));
}

function interactionsOf(space: Space, { rows, losses }: Fitted, forest: Forest, { config }: State): KnobInteraction[] {
  const random = rng(config.seedNumber, 0xef, 1);
  const { alone } = decompose(forest, []);
  const axes = [...alone.keys()].sort((a, b) => mean(alone[b]!) - mean(alone[a]!)).slice(0, MOST_PAIRED);
  if (axes.length < 2) return [];
  const strongest = (of: Forest): number => Math.max(...decompose(of, axes).pairs.map((pair) => mean(pair.shares)));
  const chance = Math.max(
    ...Array.from({ length: DEALS }, () => {
      const dealt = [...losses];
      for (let i = dealt.length - 1; i > 0; i--) {
        const j = random.int(i + 1);
        [dealt[i], dealt[j]] = [dealt[j]!, dealt[i]!];
      }
      return strongest(fitForest(rows, dealt, random, { trees: 6 }));
    }),
  );
  return decompose(forest, axes)
    .pairs.map(({ axes: [a, b], shares }): KnobInteraction => ({
      knobs: [space.params[a]!.name, space.params[b]!.name],
      share: mean(shares),
      chance,
    }))
    .filter((pair) => pair.share > pair.chance)
    .toSorted((a, b) => b.share - a.share);
}

/** Up to four ranges of a number with about equally many trials, or the choices; and the best of them by mean rank. */
function groupsOf(param: Param, known: readonly Told[], sign: number): { groups: KnobGroup[]; best?: number } {
  const value = (result: Told): Value => valueAt(result.point, param.name)!;
  const grouped =
    param.kind === 'choice'
      ? param.choices.map((choice) => known.filter((r) => value(r) === choice)).filter((group) => group.length > 0)
      : rangesOf(known, (result) => Number(value(result)));
  const groups = grouped.map((group): KnobGroup => {
    const finished = group.filter((r) => !r.stopped).map((r) => sign * r.loss);
    const inOrder = param.kind === 'choice' ? group : group.toSorted((a, b) => Number(value(a)) - Number(value(b)));
    return {
      low: value(inOrder[0]!),
      high: value(inOrder.at(-1)!),
      trials: group.length,
      stopped: group.length - finished.length,
      median: finished.length > 0 ? median(finished) : undefined,
    };
  });
  const ranks = new Map(ranksOf(known.map((r) => r.loss)).map((rank, i) => [known[i]!, rank]));
  const means = grouped.map((group) =>
    group.length < FEWEST_IN_GROUP ? Infinity : mean(group.map((result) => ranks.get(result)!)),
  );
  const lowest = Math.min(...means);
  return { groups, best: lowest < Infinity ? means.indexOf(lowest) : undefined };
}

/** Equal values stay together. */
function rangesOf(members: readonly Told[], valueOf: (member: Told) => number): Told[][] {
  const sorted = members.toSorted((a, b) => valueOf(a) - valueOf(b));
  const most = Math.max(1, Math.min(4, Math.floor(sorted.length / 4)));
  const groups: Told[][] = [];
  sorted.forEach((member, place) => {
    const wanted = Math.floor((place * most) / sorted.length);
    const last = groups.at(-1);
    const tied = place > 0 && valueOf(sorted[place - 1]!) === valueOf(member);
    if (last === undefined || (!tied && wanted >= groups.length)) groups.push([member]);
    else last.push(member);
  });
  return groups;
}

function trendOf(name: string, known: readonly Result[]): number {
  return -correlation(
    ranksOf(known.map((result) => Number(valueAt(result.point, name)))),
    ranksOf(known.map((result) => result.loss)),
  );
}

/** Ranks from 1 for the smallest; equal values share the mean of theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0));
  const ranks = Array.from(values, () => 0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Pearson's correlation; 0 when either side does not vary. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
