/**
 * Tree-structured Parzen estimator, multivariate: Bergstra et al. 2011 (NeurIPS 24), with the kernel choices of
 * Watanabe 2023 (arXiv 2304.11127): one product kernel per observation, bandwidths by the range divided by n^(1/(d+4)),
 * and a floor that keeps kernels from collapsing.
 */

import type { Rng } from '../math/rng.ts';
import { decode } from '../space/encode.ts';
import { drawPrior, hasPrior, PRIOR_STRENGTH } from '../space/prior.ts';
import type { ChoiceParam, Param, Space } from '../space/space.ts';
import { firstUntried } from './candidates.ts';
import { leadersOf, rowsAt } from './leaders.ts';
import { quasi } from './quasi.ts';
import type { Sampler } from './sampler.ts';
import { INACTIVE, layoutOf } from './surrogate/layout.ts';

const STARTUP = 10;
/** Of the observations kept as good ones: a share of all, and so many at least. */
const GOOD = 0.15;
const FEWEST_GOOD = 4;
/** Bandwidth in sd n^(-1/(d+4)), and its floor. The normal reference rule's 1.06 smooths away what is not one bell. */
const BANDWIDTH = 0.65;
const NARROWEST = 0.02;
const CANDIDATES = 32;
/** More kernels than this in the bad group cost time and change nothing that can be measured. */
const MOST_BAD = 160;

interface Density {
  /** Encoded centres, one row of d numbers per kernel; choices are held as their index. */
  readonly centres: Float64Array;
  readonly count: number;
  readonly bandwidths: Float64Array;
  /** Per parameter: −1/(2h²) for numbers; for choices log of keeping and of leaving the category. */
  readonly curvature: Float64Array;
  readonly same: Float64Array;
  readonly other: Float64Array;
  /** Sum of the parts of a kernel's log density that no candidate changes. */
  readonly constant: number;
  /** Room for the log density of a candidate under each kernel. */
  readonly logs: Float64Array;
}

/**
 * The candidate with the largest ratio of the density of good points to that of bad ones. Crashed points count as
 * bad, which is how the sampler learns to keep away from them; pending ones too, so that parallel slots spread out.
 * Fewer than 10 finished points (or d, if more) are answered by {@link quasi}. Where values are guessed
 * at, a share of the points is drawn from the guesses, as in PriorBand (Mallik et al. 2023, arXiv 2306.12370).
 */
export const tpe: Sampler = (space, history, rng) => {
  const { best: leaders, done, pending } = leadersOf(history);
  const startup = Math.max(STARTUP, Math.min(space.params.length, 24));
  if (hasPrior(space) && rng.uniform() < guessesAt(space, done))
    return firstUntried(space, history, rng, () => drawPrior(space, rng));
  if (done < Math.min(startup, 4) || history.length < startup) return quasi(space, history, rng);

  // Runs that were cut short are known to be bad: they count towards how many the best 15 % are.
  const share = Math.ceil(GOOD * (history.length - pending));
  const good = leaders.slice(0, Math.max(FEWEST_GOOD, share));
  const rest = thin(history.length, MOST_BAD, rng).filter((place) => !good.includes(place));
  const layout = layoutOf(space);
  const below = density(space, rowsAt(history, layout, good));
  const above = density(space, rowsAt(history, layout, rest));

  // Proposals that were tried before, or are forbidden, give way to the next best: scoring others is what costs.
  let ranked: Scored[] = [];
  return firstUntried(space, history, rng, () => {
    if (ranked.length === 0) ranked = rankedDraws(space, below, above, rng);
    const { candidate } = ranked.pop()!;
    return decode(
      space,
      candidate.map((x, i) => {
        const param = space.params[i]!;
        return isCategory(param) ? (x + 0.5) / param.choices.length : x;
      }),
    );
  });
};

interface Scored {
  readonly candidate: readonly number[];
  /** Log of the ratio of the two densities. */
  readonly score: number;
}

/** Candidates drawn from the good ones, the best last. */
function rankedDraws(space: Space, below: Density, above: Density, rng: Rng): Scored[] {
  return Array.from({ length: CANDIDATES }, () => {
    const candidate = draw(space, below, rng);
    return { candidate, score: logDensity(space, below, candidate) - logDensity(space, above, candidate) };
  }).sort((a, b) => a.score - b.score);
}

/** Share of points drawn from guesses at good values: half, until there are more results than the strongest is worth. */
function guessesAt(space: Space, results: number): number {
  const strength = Math.max(
    ...space.params.map(({ prior }) => (prior === undefined ? 0 : (prior.strength ?? PRIOR_STRENGTH))),
  );
  return 0.5 * Math.min(1, strength / Math.max(1, results));
}

/** At most `most` of so many places, drawn evenly. */
function thin(count: number, most: number, rng: Rng): readonly number[] {
  return Array.from({ length: Math.min(count, most) }, (_, i) => (count <= most ? i : rng.int(count)));
}

function density(space: Space, rows: readonly Float64Array[]): Density {
  const count = rows.length;
  const n = Math.max(1, count);
  const d = space.params.length;
  const scott = n ** (-1 / (d + 4));
  const floor = Math.max(NARROWEST, 1 / Math.min(100, n + 2));
  const centres = new Float64Array(count * d);
  const bandwidths = new Float64Array(d);
  const curvature = new Float64Array(d);
  const same = new Float64Array(d);
  const other = new Float64Array(d);
  let constant = 0;
  for (let i = 0; i < d; i++) {
    const param = space.params[i]!;
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < count; k++) {
      const x = rows[k]![i] === INACTIVE ? 0.5 : rows[k]![i]!;
      centres[k * d + i] = x;
      sum += x;
      squares += x * x;
    }
    if (isCategory(param)) {
      const keep = stay(param, n / 4);
      same[i] = Math.log(keep + (1 - keep) / param.choices.length);
      other[i] = Math.log((1 - keep) / param.choices.length);
      continue;
    }
    const sd = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
    const h = Math.min(1, Math.max(floor, BANDWIDTH * sd * scott));
    bandwidths[i] = h;
    curvature[i] = -0.5 / (h * h);
    constant -= Math.log(h) + 0.5 * Math.log(2 * Math.PI);
  }
  return { centres, count, bandwidths, curvature, same, other, constant, logs: new Float64Array(count + 1) };
}

/** A choice whose neighbours in the list are alike is a number here. */
function isCategory(param: Param): param is Param & ChoiceParam {
  return param.kind === 'choice' && param.ordered !== true;
}

/** How likely a kernel is to keep its category; the rest is shared by all. */
function stay(param: ChoiceParam, n: number): number {
  const k = param.choices.length;
  return (n + 1 / k) / (n + 1);
}

function draw(space: Space, of: Density, rng: Rng): number[] {
  const d = space.params.length;
  // One extra kernel is the uniform prior: no corner of the space is ever ruled out.
  const kernel = rng.int(of.count + 1);
  const uniform = kernel === of.count;
  return space.params.map((param, i) => {
    if (isCategory(param)) {
      const k = param.choices.length;
      if (uniform || rng.uniform() > stay(param, of.count / 4)) return rng.int(k);
      return of.centres[kernel * d + i]!;
    }
    if (uniform) return rng.uniform();
    const centre = of.centres[kernel * d + i]!;
    for (let attempt = 0; attempt < 20; attempt++) {
      const u = centre + of.bandwidths[i]! * rng.normal();
      if (u >= 0 && u <= 1) return u;
    }
    return Math.min(1, Math.max(0, centre));
  });
}

/** Log density of a mixture of the kernels and the uniform prior, up to the same constant for both groups. */
function logDensity(space: Space, of: Density, candidate: readonly number[]): number {
  const d = space.params.length;
  const { logs, centres, curvature, same, other, constant, count } = of;
  let top = uniformLog(space.params);
  logs[count] = top;
  for (let k = 0, at = 0; k < count; k++) {
    let sum = constant;
    for (let i = 0; i < d; i++, at++) {
      const away = candidate[i]! - centres[at]!;
      const curved = curvature[i]!;
      if (curved === 0) sum += away === 0 ? same[i]! : other[i]!;
      else sum += curved * away * away;
    }
    logs[k] = sum;
    if (sum > top) top = sum;
  }
  let total = 0;
  for (let k = 0; k <= count; k++) {
    const below = logs[k]! - top;
    // A hundred times e^-25 adds nothing to a sum of at least 1.
    if (below > -25) total += Math.exp(below);
  }
  return top + Math.log(total) - Math.log(count + 1);
}

function uniformLog(params: readonly Param[]): number {
  return params.reduce((sum, param) => sum - (isCategory(param) ? Math.log(param.choices.length) : 0), 0);
}
