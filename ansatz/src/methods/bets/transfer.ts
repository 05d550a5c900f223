/**
 * From the proxy scale to the target scale: how likely the better of two bets stays the better one, and how many have to be run
 * large so that the best of them is likely among them.
 */

import { cdf } from '../math/normal.ts';
import { mean, variance } from '../math/summary.ts';
import type { Rng } from '../math/rng.ts';

/**
 * What the prior is worth, in configurations run at both scales. It says that differences keep their size (ρ = 1) and
 * that 80 % of pairwise choices survive: what ranking at one small scale achieved over 25 corpora (DataDecide, Magnusson et al.
 * 2025, arXiv 2504.11393).
 */
const PRIOR = 4;
/** For normal differences, P(survives) = ½ + arctan(d)/π with d their spread over that of the error; here 80 %. */
const SPREAD_TO_ERROR = Math.tan(0.3 * Math.PI);
/** Draws of the target scale in {@link promote}. */
const SAMPLES = 4000;
/** Promote until the best is among them with this probability. */
const ENOUGH = 0.9;

/** One configuration run at both scales; losses, lower is better. */
export interface Pair {
  readonly proxy: number;
  readonly target: number;
}

/** How differences at the proxy scale Δ become differences at the target scale: ρΔ + N(0, 2σ² + τ²). */
export interface Transfer {
  /** Slope. 1: differences keep their size; below 0: what is better small is worse large. */
  readonly rho: number;
  /** Standard deviation, ≥ 0, of what the target scale adds to a difference of two, in the unit of the losses. */
  readonly tau: number;
  /** Standard deviation of one result, ≥ 0. */
  readonly noise: number;
}

/**
 * ρ and τ from configurations run at both scales: Bayesian regression of target on proxy losses (normal-inverse-gamma,
 * Gelman et al. 2013, section 14.8), each centred. `proxies` are the losses to choose between: their spread gives the
 * prior its unit. Pairs with a loss that is not finite are left out. Without any spread the prior knows no error but noise.
 */
export function fitTransfer(pairs: readonly Pair[], proxies: readonly number[], noise: number): Transfer {
  const sound = pairs.filter(({ proxy, target }) => Number.isFinite(proxy) && Number.isFinite(target));
  const all = [...proxies.filter(Number.isFinite), ...(proxies.length > 1 ? [] : sound.map(({ proxy }) => proxy))];
  const spread = all.length > 1 ? variance(all) : 0;
  const [x, y] = [mean(sound.map(({ proxy }) => proxy)), mean(sound.map(({ target }) => target))];
  let xx = PRIOR * spread;
  let xy = PRIOR * spread;
  for (const { proxy, target } of sound) {
    xx += (proxy - x) ** 2;
    xy += (proxy - x) * (target - y);
  }
  const rho = xx > 0 ? xy / xx : 1;
  let squares = PRIOR * spread * (rho - 1) ** 2 + (PRIOR * spread) / SPREAD_TO_ERROR ** 2;
  for (const { proxy, target } of sound) squares += (target - y - rho * (proxy - x)) ** 2;
  const residual = squares / (PRIOR + Math.max(sound.length - 1, 0));
  return { rho, tau: Math.sqrt(Math.max(2 * residual - 2 * noise ** 2, 0)), noise };
}

/**
 * Probability that A is better than B at the target scale, Φ(ρΔ/√(2σ² + τ²)), where `gain` Δ is B's loss minus A's at
 * the proxy scale. ½ when nothing speaks for either.
 */
export function betterAtScale(gain: number, { rho, tau, noise }: Transfer): number {
  const error = Math.sqrt(2 * noise ** 2 + tau ** 2);
  const signal = rho * gain;
  if (error > 0) return cdf(signal / error);
  return signal === 0 ? 0.5 : Number(signal > 0);
}

/** Who goes to the target scale, and how likely the best is among them. */
export interface Promotion {
  /** Indices of the losses, the most promising first. */
  readonly chosen: readonly number[];
  readonly chance: number;
}

/**
 * The fewest candidates that hold the best one at the target scale with probability 0.9 (4,000 draws), by their proxy
 * losses. Candidates without a finite loss are not promoted; empty when there is no other.
 */
export function promote(proxies: readonly number[], { rho, tau, noise }: Transfer, random: Rng): Promotion {
  const order = proxies
    .flatMap((loss, k) => (Number.isFinite(loss) ? [k] : []))
    .toSorted((a, b) => rho * (proxies[a]! - proxies[b]!));
  if (order.length === 0) return { chosen: [], chance: 0 };
  // Half of a difference's error belongs to each of the two.
  const error = Math.sqrt(noise ** 2 + tau ** 2 / 2);
  const wins = order.map(() => 0);
  for (let i = 0; i < SAMPLES; i++) {
    let first = 0;
    let least = Infinity;
    for (const [place, k] of order.entries()) {
      const loss = rho * proxies[k]! + error * random.normal();
      if (loss >= least) continue;
      least = loss;
      first = place;
    }
    wins[first]!++;
  }
  let sum = 0;
  let count = 0;
  while (sum < ENOUGH * SAMPLES) sum += wins[count++]!;
  return { chosen: order.slice(0, count), chance: sum / SAMPLES };
}
