/**
 * What a person believes about the best point before any result: how likely a point is under the guesses at its
 * parameters, and points drawn from them. Used as in πBO (Hvarfner et al. 2022, arXiv 2204.11051): a factor whose say
 * fades with the number of results.
 *
 * A number or an ordered choice: a normal in the encoded range, cut off at its ends, centred on the guess. An unordered
 * choice: half of the belief on the guess, the other half spread over all choices.
 */

import { normalCdf, normalQuantile } from '../math/quantile.ts';
import type { Rng } from '../math/rng.ts';
import { active, decodeParam, encodeParam, gridOf } from './encode.ts';
import { valueAt } from './point.ts';
import type { Param, Point, Prior, Space, Value } from './space.ts';

/** Width of a guess that names none, as a share of the encoded range. */
export const PRIOR_WIDTH = 0.2;
/** Results a guess is worth when it does not say. */
export const PRIOR_STRENGTH = 10;
/** Belief in a guess at an unordered choice; the rest is spread over all of its choices. */
const CHOICE_BELIEF = 0.5;

/** Whether anybody has guessed at anything. */
export function hasPrior(space: Space): boolean {
  return space.params.some((param) => param.prior !== undefined);
}

/**
 * Natural log of the density of `point` under the guesses, relative to the uniform: 0 where nobody guessed, above 0
 * near a guess, below 0 far from one, never −Infinity. Parameters the point lacks say nothing. Each guess fades once
 * more `results` are known than its strength, as strength ÷ results; 0 results or fewer than the strength: its full say.
 */
export function logPrior(space: Space, point: Point, results = 0): number {
  let sum = 0;
  for (const param of space.params) {
    const value = valueAt(point, param.name);
    if (param.prior === undefined || value === undefined) continue;
    const fading = Math.min(1, (param.prior.strength ?? PRIOR_STRENGTH) / Math.max(1, results));
    sum += fading * logDensity(param, param.prior, value);
  }
  return sum;
}

/**
 * A point drawn from the guesses; uniform (in the cube) where nobody guessed. Parameters that do not matter in it are
 * left out. Constraints are not looked at. Every parameter takes one number of `random`, whether it matters or not.
 */
export function drawPrior(space: Space, random: Rng): Point {
  const point: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const param of space.params) {
    const share = random.uniform();
    if (active(param, point)) point[param.name] = decodeParam(param, quantileOf(param, share));
  }
  return point;
}

function logDensity(param: Param, prior: Prior, value: Value): number {
  if (param.kind === 'choice' && param.ordered !== true) {
    const spread = 1 - CHOICE_BELIEF;
    return Math.log(value === prior.value ? spread + CHOICE_BELIEF * param.choices.length : spread);
  }
  const bell = bellOf(param, prior);
  const { from, to } = shareOf(param, value);
  // One value stands for its whole share of the cube, so that the masses of a finite list sum to 1.
  const mass = to > from ? bell.mass(from, to) / (to - from) : 0;
  return mass > 0 ? Math.log(mass) : bell.logDensity((from + to) / 2);
}

/** Part of the cube that decodes to `value`; a single spot for a continuous parameter. */
function shareOf(param: Param, value: Value): { from: number; to: number } {
  const middle = encodeParam(param, value);
  if (param.kind === 'choice') {
    const half = 0.5 / param.choices.length;
    return { from: middle - half, to: middle + half };
  }
  const grid = gridOf(param);
  if (grid === 0 || param.low === param.high) return { from: middle, to: middle };
  const x = Number(value);
  const last = x + grid > param.high + 1e-9 * grid;
  return { from: encodeParam(param, x - grid / 2), to: last ? 1 : encodeParam(param, x + grid / 2) };
}

/** The u below which `share` of the belief lies, or any u of the choice that is drawn. */
function quantileOf(param: Param, share: number): number {
  const { prior } = param;
  if (prior === undefined) return share;
  if (param.kind === 'choice' && param.ordered !== true)
    return share < CHOICE_BELIEF ? encodeParam(param, prior.value) : (share - CHOICE_BELIEF) / (1 - CHOICE_BELIEF);
  return bellOf(param, prior).quantile(share);
}

/** A normal cut off at 0 and 1. */
function bellOf(param: Param, prior: Prior) {
  const centre = encodeParam(param, prior.value);
  const width = prior.width ?? PRIOR_WIDTH;
  const lowest = normalCdf(-centre / width);
  const whole = normalCdf((1 - centre) / width) - lowest;
  return {
    mass(from: number, to: number): number {
      const a = (from - centre) / width;
      const b = (to - centre) / width;
      // In the upper tail 1 − tiny loses the tiny part.
      return (a > 0 ? normalCdf(-a) - normalCdf(-b) : normalCdf(b) - normalCdf(a)) / whole;
    },
    logDensity(u: number): number {
      const z = (u - centre) / width;
      return -0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - Math.log(width * whole);
    },
    quantile(share: number): number {
      const below = lowest + share * whole;
      const z = normalQuantile(Math.min(1 - Number.EPSILON, Math.max(Number.MIN_VALUE, below)));
      return Math.min(1, Math.max(0, centre + width * z));
    },
  };
}
