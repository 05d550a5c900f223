/**
 * Tree-structured Parzen estimator, multivariate: Bergstra et al. 2011 (NeurIPS 24), with the kernel choices of
 * Watanabe 2023 (arXiv 2304.11127): one product kernel per observation, bandwidths by the range divided by n^(1/(d+4)),
 * and a floor that keeps kernels from collapsing.
 */

import type { Rng } from '../math/rng.ts';
import { decode, encode } from '../space/encode.ts';
import type { ChoiceParam, Param, Space } from '../space/space.ts';
import { firstFeasible } from './candidates.ts';
import { quasi } from './quasi.ts';
import type { Observation, Sampler } from './sampler.ts';

const STARTUP = 10;
const CANDIDATES = 32;
/** More kernels than this in the bad group cost time and change nothing that can be measured. */
const MOST_BAD = 256;
const MOST_GOOD = 25;

interface Density {
  /** Encoded centres, one per kernel; choices are held as their index. */
  readonly centres: readonly (readonly number[])[];
  readonly bandwidths: readonly number[];
}

/**
 * The candidate with the largest ratio of the density of good points to that of bad ones. Crashed points count as
 * bad, which is how the sampler learns to keep away from them; pending ones too, so that parallel slots spread out.
 * Fewer than 10 finished points (or 2·d, if more) are answered by {@link quasi}.
 */
export const tpe: Sampler = (space, history, rng) => {
  const done = history.filter((o) => o.status === 'done' && Number.isFinite(o.loss));
  const startup = Math.max(STARTUP, Math.min(2 * space.params.length, 24));
  if (done.length < Math.min(startup, 4) || history.length < startup) return quasi(space, history, rng);

  const ranked = done.toSorted((a, b) => a.loss! - b.loss!);
  // Runs that were cut short are known to be bad: they count towards how many the best 15 % are.
  const known = history.filter((o) => o.status !== 'pending').length;
  const goodCount = Math.min(MOST_GOOD, done.length, Math.max(3, Math.ceil(0.15 * known)));
  const good = ranked.slice(0, goodCount);
  const rest = [...ranked.slice(goodCount), ...history.filter((o) => o.status !== 'done' || !Number.isFinite(o.loss))];
  const below = density(space, good);
  const above = density(space, thin(rest, MOST_BAD, rng));

  return firstFeasible(space, rng, () => {
    let best: number[] | undefined;
    let bestScore = -Infinity;
    for (let i = 0; i < CANDIDATES; i++) {
      const candidate = draw(space, below, rng);
      const score = logDensity(space, below, candidate) - logDensity(space, above, candidate);
      if (score > bestScore || best === undefined) {
        best = candidate;
        bestScore = score;
      }
    }
    return decode(
      space,
      best!.map((x, i) => {
        const param = space.params[i]!;
        return param.kind === 'choice' ? (x + 0.5) / param.choices.length : x;
      }),
    );
  });
};

/** At most `most` of the items, the best ranked half kept and the others drawn evenly. */
function thin(items: readonly Observation[], most: number, rng: Rng): readonly Observation[] {
  if (items.length <= most) return items;
  const kept = items.slice(0, most / 2);
  for (let i = 0; i < most / 2; i++) kept.push(items[most / 2 + rng.int(items.length - most / 2)]!);
  return kept;
}

function density(space: Space, observations: readonly Observation[]): Density {
  const n = Math.max(1, observations.length);
  const d = Math.max(1, space.params.length);
  const scott = n ** (-1 / (d + 4));
  const floor = 1 / Math.min(100, n + 2);
  const centres = observations.map((o) =>
    encode(space, o.point).map((u, i) => {
      const param = space.params[i]!;
      return param.kind === 'choice' ? Math.max(0, param.choices.indexOf(o.point[param.name]!)) : u;
    }),
  );
  const bandwidths = space.params.map((_, i) => {
    const values = centres.map((c) => c[i]!);
    const centre = values.reduce((a, b) => a + b, 0) / n;
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - centre) ** 2, 0) / n);
    return Math.min(1, Math.max(floor, 0.05, 1.06 * sd * scott));
  });
  return { centres, bandwidths };
}

/** How likely a kernel is to keep its category; the rest is shared by the others. */
function stay(param: ChoiceParam, n: number): number {
  const k = param.choices.length;
  return (n + 1 / k) / (n + 1);
}

function draw(space: Space, of: Density, rng: Rng): number[] {
  // One extra kernel is the uniform prior: no corner of the space is ever ruled out.
  const kernel = rng.int(of.centres.length + 1);
  const centre = of.centres[kernel];
  return space.params.map((param, i) => {
    if (param.kind === 'choice') {
      const k = param.choices.length;
      if (centre === undefined || rng.uniform() > stay(param, of.centres.length / 4)) return rng.int(k);
      return centre[i]!;
    }
    if (centre === undefined) return rng.uniform();
    for (let attempt = 0; attempt < 20; attempt++) {
      const u = centre[i]! + of.bandwidths[i]! * rng.normal();
      if (u >= 0 && u <= 1) return u;
    }
    return Math.min(1, Math.max(0, centre[i]!));
  });
}

function logDensity(space: Space, of: Density, candidate: readonly number[]): number {
  const n = of.centres.length;
  const logs: number[] = [uniformLog(space.params)];
  for (const centre of of.centres) {
    let sum = 0;
    for (let i = 0; i < space.params.length; i++) {
      const param = space.params[i]!;
      if (param.kind === 'choice') {
        const keep = stay(param, n / 4);
        const k = param.choices.length;
        sum += Math.log(centre[i] === candidate[i] ? keep + (1 - keep) / k : (1 - keep) / k);
      } else {
        const z = (candidate[i]! - centre[i]!) / of.bandwidths[i]!;
        sum += -0.5 * z * z - Math.log(of.bandwidths[i]!) - 0.919;
      }
    }
    logs.push(sum);
  }
  const top = Math.max(...logs);
  let sum = 0;
  for (const value of logs) sum += Math.exp(value - top);
  return top + Math.log(sum) - Math.log(n + 1);
}

function uniformLog(params: readonly Param[]): number {
  return params.reduce((sum, param) => sum - (param.kind === 'choice' ? Math.log(param.choices.length) : 0), 0);
}
