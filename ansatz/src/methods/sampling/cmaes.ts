/**
 * CMA-ES as a pure sampler: the history is replayed generation by generation, then one sample is drawn.
 *
 * Hansen 2016 (arXiv 1604.00772) with active update, restarts with a doubled population (IPOP: Auger & Hansen 2005) and
 * a margin for whole numbers (Hamano et al. 2022, arXiv 2205.13482). Numbers and ordered choices are coordinates of
 * the unit cube; each unordered choice has a probability per option that follows the weighted winners (PBIL, Baluja
 * 1994). Results in order of their place in the history, λ at a time, make a generation, whoever proposed them.
 */

import { rng, type Rng } from '../math/rng.ts';
import { cardinality, decode, encodeParam } from '../space/encode.ts';
import { valueAt } from '../space/point.ts';
import { hasPrior } from '../space/prior.ts';
import type { Param, Point, Space, Value } from '../space/space.ts';
import { firstUntried } from './candidates.ts';
import {
  clipped,
  type Distribution,
  mahalanobis,
  populationOf,
  startAt,
  stepOf,
  type Strategy,
  strategyOf,
  updated,
} from './cma.ts';
import { cellAt, hasCells, placeIn, withMargin } from './margin.ts';
import { quasi } from './quasi.ts';
import type { Observation, Sampler } from './sampler.ts';

/** Standard deviation of a search that knows nothing, as a share of the range. */
const SIGMA = 0.3;
const SEED = 0xc3a;
/** Steps below this share of the range are below the five digits a value is written with. */
const SMALLEST_STEP = 1e-7;
const LARGEST_CONDITION = 1e14;
const MOST_FAILED_GENERATIONS = 3;
const LARGEST_POPULATION = 512;
/** Results a warm start looks at. */
const MOST_BEST = 64;
/** States kept for a result that comes in late and belongs between earlier ones. */
const KEPT_STATES = 16;

type Choice = Param & { readonly kind: 'choice' };

/** The coordinates: places of parameters in the space. A parameter with one value is in neither list. */
interface Layout {
  readonly axes: readonly { readonly param: Param; readonly cells: boolean }[];
  readonly choices: readonly Choice[];
}

/** Where a search is after a number of results. Never changed in place. */
interface Search {
  readonly used: number;
  readonly strategy: Strategy;
  readonly distribution: Distribution;
  /** Widening of single coordinates by the margin; a step is σ × scales × y. */
  readonly scales: Float64Array;
  /** Probability of each option, per unordered choice. */
  readonly odds: readonly (readonly number[])[];
  readonly restarts: number;
  /** Best and median loss of the generations since the last start, oldest first. */
  readonly bests: readonly number[];
  readonly medians: readonly number[];
  readonly failed: number;
  readonly tally: Tally;
}

/** What the last ask of a space found out; only ever saves time. */
interface Memo {
  readonly params: readonly Param[];
  finished: readonly Observation[];
  searches: Search[];
}

/** CMA-ES from scratch. Results that others proposed are learned from as well, see {@link cmaesAfter}. */
export const cmaes: Sampler = cmaesAfter(0);

/**
 * CMA-ES that takes the first `foreign` results as found by another sampler: mean, spread and odds start from the best
 * quarter of them. Later generations most of whose points lie too far out to be its own make it start anew in this way
 * from all results so far. A single point of another's is learned from like its own, with its step cut to a usual length.
 */
export function cmaesAfter(foreign: number): Sampler {
  const evolve = evolution(foreign);
  return (space, history, random) => evolve(space, history, random, history);
}

/** The same, learning from a part of the history alone. Its points differ from those of the whole history. */
export function evolution(
  foreign: number,
): (space: Space, history: readonly Observation[], random: Rng, strain: readonly Observation[]) => Point {
  const memos = new WeakMap<Param, Memo>();
  return (space, history, random, strain) => {
    const layout = layoutOf(space);
    const search = replay(layout, memoOf(memos, space), strain, foreign);
    const starting = history.length < search.strategy.lambda || search.used === 0;
    if (starting && !hasPrior(space)) return quasi(space, history, random);
    return firstUntried(space, history, random, (attempt) =>
      drawn(space, layout, search, random, 1.1 ** Math.min(40, attempt)),
    );
  };
}

function layoutOf(space: Space): Layout {
  const free = space.params.filter((param) =>
    param.kind === 'choice' ? param.choices.length > 1 : param.low < param.high,
  );
  return {
    axes: free
      .filter((param) => param.kind !== 'choice' || param.ordered === true)
      .filter((param) => cardinality({ params: [{ ...param, when: undefined }], constraints: [] }) > 1)
      .map((param) => ({ param, cells: hasCells(param) })),
    choices: free.filter((param) => param.kind === 'choice').filter((param) => param.ordered !== true),
  };
}

function memoOf(memos: WeakMap<Param, Memo>, { params }: Space): Memo {
  const key = params[0];
  const known = key === undefined ? undefined : memos.get(key);
  if (known?.params.length === params.length && known.params.every((param, i) => param === params[i])) return known;
  const memo: Memo = { params, finished: [], searches: [] };
  if (key !== undefined) memos.set(key, memo);
  return memo;
}

/** The search after all whole generations of the history. */
function replay(layout: Layout, memo: Memo, history: readonly Observation[], foreign: number): Search {
  const finished = history.filter((o) => o.status !== 'pending');
  let same = 0;
  while (same < finished.length && same < memo.finished.length && finished[same] === memo.finished[same]) same++;
  const searches = memo.searches.filter(({ used }) => used <= same);
  if (searches.length === 0) searches.push(startOf(layout));
  for (;;) {
    const search = searches.at(-1)!;
    const first = search.used === 0 && foreign > 0;
    const size = first ? foreign : search.strategy.lambda;
    if (search.used + size > finished.length) break;
    const block = finished.slice(search.used, search.used + size);
    const next = first ? undefined : generation(layout, search, block);
    searches.push(next ?? warm(layout, search.used + size, tallied(layout, search.tally, block)));
    // The first is where any other history begins.
    if (searches.length > KEPT_STATES) searches.splice(1, 1);
  }
  memo.finished = finished;
  memo.searches = searches;
  return searches.at(-1)!;
}

/** Before any result: around the guesses, or the middle of the range, as wide as half of it. */
function startOf({ axes, choices }: Layout): Search {
  const mean = axes.map(({ param }) => (param.prior === undefined ? 0.5 : encodeParam(param, param.prior.value)));
  const sds = axes.map(({ param }) => (param.prior === undefined ? SIGMA : (param.prior.width ?? 0.2)));
  return {
    used: 0,
    strategy: strategyOf(Math.max(1, axes.length), populationOf(axes.length + choices.length)),
    distribution: startAt(mean, SIGMA, diagonal(sds.map((sd) => (Math.max(sd, 0.01) / SIGMA) ** 2))),
    scales: new Float64Array(axes.length).fill(1),
    odds: choices
      .map(({ choices: options, prior }) =>
        options.map((option) => (prior === undefined ? 1 : option === prior.value ? 1 + options.length : 1)),
      )
      .map(normalised),
    restarts: 0,
    bests: [],
    medians: [],
    failed: 0,
    tally: { count: 0, best: [], sums: new Float64Array(3 * axes.length) },
  };
}

/** From somewhere else, with twice as many samples for a generation. */
function restarted(layout: Layout, { strategy, restarts, used, tally }: Search): Search {
  const random = rng(SEED, restarts, used);
  const start = startOf(layout);
  const lambda = Math.min(LARGEST_POPULATION, 2 * strategy.lambda);
  return {
    ...start,
    used,
    tally,
    strategy: strategyOf(strategy.n, lambda),
    distribution: startAt(
      Float64Array.from(layout.axes, () => random.uniform()),
      SIGMA,
    ),
    restarts: restarts + 1,
  };
}

/** What a warm start needs to know of all results so far, kept up to date block by block. */
interface Tally {
  /** Results with a loss. */
  readonly count: number;
  /** The best of them, at most {@link MOST_BEST}, best first. */
  readonly best: readonly Observation[];
  /** Per axis: how many had it, the sum of their places and of their squares. */
  readonly sums: Float64Array;
}

function tallied({ axes }: Layout, before: Tally, block: readonly Observation[]): Tally {
  const good = block.filter((o) => lossOf(o) < Infinity);
  const best = [...before.best, ...good].sort((a, b) => lossOf(a) - lossOf(b)).slice(0, MOST_BEST);
  const sums = before.sums.slice();
  axes.forEach(({ param }, i) => {
    for (const { point } of good) {
      const u = placeOf(param, point);
      if (u === undefined) continue;
      sums[3 * i]! += 1;
      sums[3 * i + 1]! += u;
      sums[3 * i + 2]! += u * u;
    }
  });
  return { count: before.count + good.length, best, sums };
}

function placeOf(param: Param, point: Point): number | undefined {
  const value = valueAt(point, param.name);
  return value === undefined ? undefined : encodeParam(param, value);
}

/**
 * From the best quarter of the results so far (at most 64): their mean and covariance, weighted by rank. Few points say
 * little about a spread, so that of all results goes in with the weight of two points, and correlations are shrunk.
 */
function warm(layout: Layout, used: number, tally: Tally): Search {
  const chosen = tally.best.slice(0, Math.ceil(tally.count / 4));
  const start = { ...startOf(layout), used, tally };
  if (chosen.length === 0) return start;
  const raw = chosen.map((_, i) => Math.log(chosen.length + 0.5) - Math.log(i + 1));
  const weights = normalised(raw);
  const count = 1 / weights.reduce((sum, w) => sum + w * w, 0);

  const n = layout.axes.length;
  const means: number[] = [];
  const overall: number[] = [];
  const off = layout.axes.map(({ param }, i) => {
    const good = chosen.map(({ point }) => placeOf(param, point));
    const known = good.reduce((sum: number, x, k) => sum + (x === undefined ? 0 : weights[k]!), 0);
    const mean = known > 0 ? good.reduce((sum: number, x, k) => sum + weights[k]! * (x ?? 0), 0) / known : 0.5;
    const [had, sum, squares] = tally.sums.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    means.push(mean);
    overall.push(had < 2 ? SIGMA ** 2 : Math.max(1e-6, squares / had - (2 * mean * sum) / had + mean * mean));
    return good.map((x) => (x === undefined ? 0 : x - mean));
  });
  const kept = count / (count + n + 1);
  const covariance = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    const own = count * weights.reduce((sum, w, p) => sum + w * off[i]![p]! * off[j]![p]!, 0);
    return (i === j ? own + 2 * overall[i]! : kept * own) / (count + 2);
  });
  const total = overall.reduce((sum, _, i) => sum + covariance[i * (n + 1)]!, 0);
  const sigma = n === 0 ? SIGMA : Math.sqrt(total / n);
  const C = covariance.map((c) => c / sigma ** 2);
  return margined(layout, {
    ...start,
    distribution: startAt(means, sigma, C),
    odds: layout.choices.map(({ name, choices }, i) => {
      const share = (option: Value): number =>
        chosen.reduce((sum, o, p) => sum + (valueAt(o.point, name) === option ? weights[p]! : 0), 0);
      return normalised(choices.map((option, j) => 2 * start.odds[i]![j]! + count * share(option)));
    }),
  });
}

/** The search after one more generation; undefined when most of its points cannot be its own. */
function generation(layout: Layout, search: Search, block: readonly Observation[]): Search | undefined {
  const { distribution, strategy, scales } = search;
  const n = layout.axes.length;
  const used = search.used + block.length;
  const order = [...block.keys()].sort((a, b) => rankOf(block[a]!) - rankOf(block[b]!) || a - b);
  const ranked = order.map((i) => block[i]!);
  const weights = weightsOf(strategy, ranked);
  const tally = tallied(layout, search.tally, block);
  if (weights === undefined) {
    const failed = search.failed + 1;
    return failed < MOST_FAILED_GENERATIONS
      ? { ...search, used, failed, tally }
      : restarted(layout, { ...search, used, tally });
  }
  const steps = order.map((i) => stepTo(layout, search, block[i]!, search.used + i));
  if (n > 0) {
    const usual = n * Math.max(2, 1 + 4 * Math.sqrt(2 / n));
    const far = steps.filter((y) => mahalanobis(distribution, y) ** 2 > usual).length;
    if (far > block.length / 2) return undefined;
  }
  const losses = ranked.map(lossOf).filter((loss) => loss < Infinity);
  const moved =
    n === 0
      ? { ...distribution, generation: distribution.generation + 1 }
      : scaledUpdate(distribution, strategy, steps, weights, scales);
  const next: Search = {
    ...search,
    used,
    distribution: moved,
    odds: search.odds.map((odds, i) => learned(layout.choices[i]!, odds, ranked, weights, strategy)),
    bests: [...search.bests, losses[0]!],
    medians: [...search.medians, losses[Math.floor(losses.length / 2)]!],
    failed: 0,
    tally,
  };
  return over(layout, next) ? restarted(layout, next) : margined(layout, next);
}

/** An update in units of the scaled coordinates; the mean stays in the cube, and no step grows beyond it. */
function scaledUpdate(
  from: Distribution,
  strategy: Strategy,
  steps: readonly Float64Array[],
  weights: ArrayLike<number>,
  scales: Float64Array,
): Distribution {
  const to = updated(
    from,
    strategy,
    steps.map((y) => clipped(from, y)),
    weights,
  );
  const n = to.mean.length;
  const mean = to.mean.map((m, i) => Math.min(1, Math.max(0, from.mean[i]! + (m - from.mean[i]!) * scales[i]!)));
  let widest = 0;
  for (let i = 0; i < n; i++) widest = Math.max(widest, Math.sqrt(to.C[i * n + i]!));
  return { ...to, mean, sigma: Math.min(to.sigma, 1 / widest) };
}

/** The step that led to a point, in units of σ × scales. Where the point has no value, one it could have come from. */
function stepTo(
  { axes }: Layout,
  { distribution, scales }: Search,
  { point }: Observation,
  index: number,
): Float64Array {
  const { mean, sigma, C } = distribution;
  const n = axes.length;
  let random: Rng | undefined;
  return Float64Array.from(axes, ({ param, cells }, i) => {
    const unit = sigma * scales[i]!;
    const sd = unit * Math.sqrt(C[i * n + i]!);
    const value = valueAt(point, param.name);
    if (value !== undefined && !cells) return (encodeParam(param, value) - mean[i]!) / unit;
    random ??= rng(SEED, 1, index);
    if (value === undefined) return (sd * random.normal()) / unit;
    return (placeIn(cellAt(param, encodeParam(param, value)), mean[i]!, sd, random.uniform()) - mean[i]!) / unit;
  });
}

/** What a result is worth; Infinity for none. */
function lossOf({ status, loss }: Observation): number {
  return (status === 'done' || status === 'stopped') && Number.isFinite(loss) ? loss! : Infinity;
}

/** The same, with runs that were cut short before those that gave nothing at all. */
function rankOf(observation: Observation): number {
  const loss = lossOf(observation);
  if (loss < Infinity) return loss;
  return observation.status === 'stopped' ? Number.MAX_VALUE : Infinity;
}

/**
 * Weights of ranked results: equal results share theirs, and what failed gets no positive one. Undefined when there is
 * no result at all.
 */
function weightsOf(strategy: Strategy, ranked: readonly Observation[]): Float64Array | undefined {
  const good = Math.min(ranked.filter((o) => lossOf(o) < Infinity).length, ranked.length);
  if (good === 0) return undefined;
  const gain = strategy.weights.map((w, i) => (i < good ? Math.max(0, w) : 0));
  const total = gain.reduce((sum, w) => sum + w, 0);
  const loss = strategy.weights.map((w) => Math.min(0, w));
  const weights = new Float64Array(ranked.length);
  for (let from = 0; from < ranked.length;) {
    let to = from + 1;
    while (to < ranked.length && rankOf(ranked[to]!) === rankOf(ranked[from]!)) to++;
    let [plus, minus] = [0, 0];
    for (let i = from; i < to; i++) {
      plus += gain[i]! / total;
      minus += loss[i]!;
    }
    for (let i = from; i < to; i++) weights[i] = (plus + minus) / (to - from);
    from = to;
  }
  // Ties across the middle mix both signs: what is left of the positive part must sum to 1 again.
  const positive = weights.reduce((sum, w) => sum + Math.max(0, w), 0);
  if (!(positive > 1e-9)) return weights.fill(1 / ranked.length);
  return weights.map((w) => (w > 0 ? w / positive : w));
}

/** Odds of a choice after a generation: moved towards the weighted share of each option among the winners. */
function learned(
  { name, choices }: Choice,
  odds: readonly number[],
  ranked: readonly Observation[],
  weights: ArrayLike<number>,
  { mueff }: Strategy,
): readonly number[] {
  const shares = choices.map(() => 0);
  let total = 0;
  ranked.forEach(({ point }, k) => {
    const option = choices.indexOf(valueAt(point, name)!);
    if (option < 0 || weights[k]! <= 0) return;
    shares[option] = shares[option]! + weights[k]!;
    total += weights[k]!;
  });
  if (total === 0) return odds;
  const rate = (total * mueff) / (mueff + 5 * choices.length);
  return normalised(odds.map((p, j) => (1 - rate) * p + (rate * shares[j]!) / total));
}

/** The search with every value next to the mean of a coordinate with cells kept reachable. */
function margined({ axes }: Layout, search: Search): Search {
  if (!axes.some(({ cells }) => cells)) return search;
  const { distribution, strategy } = search;
  const n = axes.length;
  const alpha = 1 / (n * strategy.lambda);
  const mean = distribution.mean.slice();
  const scales = search.scales.slice();
  axes.forEach(({ param, cells }, i) => {
    if (!cells) return;
    const sd = distribution.sigma * scales[i]! * Math.sqrt(distribution.C[i * n + i]!);
    const kept = withMargin(cellAt(param, mean[i]!), mean[i]!, sd, alpha);
    mean[i] = kept.mean;
    scales[i] = scales[i]! * (kept.sd / sd);
  });
  return { ...search, distribution: { ...distribution, mean }, scales };
}

/** Whether a search has nothing left to find (tutorial, B.3): steps too small, results alike, or no gain for long. */
function over({ axes }: Layout, { distribution, strategy, scales, bests, medians }: Search): boolean {
  const { C, D, sigma } = distribution;
  const n = axes.length;
  if (n === 0) return false;
  const [least, most] = [D[0]!, D[n - 1]!];
  if (!(most / least < Math.sqrt(LARGEST_CONDITION))) return true;
  const largest = axes.reduce(
    (size, { cells }, i) => Math.max(size, cells ? 0 : sigma * scales[i]! * Math.sqrt(C[i * n + i]!)),
    axes.every(({ cells }) => cells) ? 1 : 0,
  );
  if (largest < SMALLEST_STEP) return true;
  const window = 10 + Math.ceil((30 * n) / strategy.lambda);
  if (bests.length < window) return false;
  const recent = bests.slice(-window);
  const range = Math.max(...recent) - Math.min(...recent);
  if (!(range > 1e-12 * Math.max(1e-12, Math.abs(recent[0]!)))) return true;
  const long = Math.max(120 + Math.ceil((30 * n) / strategy.lambda), Math.ceil(0.2 * bests.length));
  if (bests.length < long) return false;
  const share = Math.ceil(0.3 * long);
  const noBetter = (values: readonly number[]): boolean =>
    middle(values.slice(-share)) >= middle(values.slice(-long).slice(0, share));
  return noBetter(bests) && noBetter(medians);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A sample, its steps multiplied by `wider`. */
function drawn(space: Space, layout: Layout, search: Search, random: Rng, wider: number): Point {
  const { distribution, scales, odds, strategy } = search;
  const { mean, sigma } = distribution;
  const places = new Map<string, number>();
  const y = stepOf(
    distribution,
    Float64Array.from(mean, () => random.normal()),
  );
  layout.axes.forEach(({ param, cells }, i) => {
    const u = mean[i]! + wider * sigma * scales[i]! * y[i]!;
    places.set(param.name, cells ? Math.min(1, Math.max(0, u)) : reflected(u));
  });
  layout.choices.forEach(({ name, choices }, i) => {
    const least = Math.min(0.5 / choices.length, wider / (strategy.lambda * odds.length * choices.length));
    let left = random.uniform();
    let option = 0;
    for (; option < choices.length - 1; option++) {
      left -= least + (1 - choices.length * least) * odds[i]![option]!;
      if (left < 0) break;
    }
    places.set(name, (option + 0.5) / choices.length);
  });
  return decode(
    space,
    space.params.map((param) => places.get(param.name) ?? 0.5),
  );
}

/** Back into [0, 1] by reflection at the bounds. */
function reflected(u: number): number {
  const folded = Math.abs(u) % 2;
  return folded > 1 ? 2 - folded : folded;
}

function normalised(odds: readonly number[]): readonly number[] {
  const sum = odds.reduce((total, p) => total + p, 0);
  return odds.map((p) => p / sum);
}

function diagonal(variances: readonly number[]): Float64Array {
  const n = variances.length;
  return Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? variances[i / (n + 1)]! : 0));
}
