/** A trial against the incumbent: the difference, what it is worth after shrinkage, and the evidence for it. */

import { normalCdf } from '../methods/math/quantile.ts';
import { type Comparison, compare, type Sample } from '../methods/stats/compare.ts';
import {
  logEvidence,
  mixtureRadius,
  normalEquivalent,
  spreadFor,
  studentEquivalent,
} from '../methods/stats/confidence.ts';
import { nextBoundary } from '../methods/stats/sequential.ts';
import { noiseOf } from './noise.ts';
import type { Belief, State, Trial } from './state.ts';

/** Information (in runs) at which the confidence sequence is narrowest: five fresh runs against five. */
const USUAL_INFORMATION = 2.5;
/** Error of the intervals that are shown. */
const SHOWN = 0.05;

/** The results of a trial that stand for it, and whether the noise floor was measured on them too. */
export function sampleOf(state: State, trial: Trial): Sample {
  return { values: incumbentValues(trial), included: trial.values.length > 1 && state.pool.trials.includes(trial.id) };
}

/** What a challenger is compared with: results nobody selected, replicates among them, or the only one there is. */
export function incumbentValues(trial: Trial): readonly number[] {
  if (trial.values.length === 0) return [trial.screen!];
  return trial.replicates.length === 0 ? trial.values : [...trial.values, ...trial.replicates];
}

/** Replicates that are reported alone: two say too little of their own spread. */
export const FEWEST_REPORTED = 3;

/** The results that are reported for a trial: replicates made after the search where there are three, else all that nobody selected. */
export function reportedSample(state: State, trial: Trial): Sample {
  return trial.replicates.length < FEWEST_REPORTED
    ? sampleOf(state, trial)
    : { values: trial.replicates, included: false };
}

/** A sample of a challenger: its screening run, or its fresh ones. */
export interface Challenge extends Sample {
  readonly seeds: readonly number[];
}

/** Challenger against incumbent under the noise floor, paired as far as seeds are shared and share their luck. */
export function contrast(state: State, challenge: Challenge, incumbent: Trial, floor = noiseOf(state)): Comparison {
  const seeds = incumbent.values.length > 0 ? incumbent.seeds : [];
  const pairs = challenge.seeds.filter((seed) => seeds.includes(seed)).length;
  return compare(challenge, sampleOf(state, incumbent), state.config.objective.direction, floor, SHOWN, {
    pairs,
    rho: state.common.usable,
  });
}

/** Mean and variance of the gain of a trial over the incumbent, as it is believed. */
export function gainBelief(trial: Trial, incumbent: Trial): Belief {
  if (trial.belief === undefined || incumbent.belief === undefined) return { mean: 0, variance: 0 };
  const { belief } = incumbent;
  return { mean: belief.mean - trial.belief.mean, variance: belief.variance + trial.belief.variance };
}

/** What fresh runs prove. */
export interface Proof {
  /** Anytime-valid p-value of "not better". */
  readonly p: number;
  /** Half width of the 95 % confidence sequence of the effect. */
  readonly margin: number;
  /** Information so far, in runs: 1 / (1/n + 1/m) for n against m independent results. */
  readonly information: number;
  /** Standardised difference, as the standard normal deviate with the tail of its Student's t. */
  readonly z: number;
}

/** The evidence of fresh runs against "not better than the incumbent", good at every look however many there will be. */
export function proofOf({ effect, se, df, runs }: Comparison, sd: number): Proof {
  if (!(se > 0))
    return { p: effect > 0 ? 0 : 1, margin: 0, information: Infinity, z: effect > 0 ? Infinity : -Infinity };
  // More than the runs say where luck is shared; never less, for a side that is noisier than the floor has it in `se` already.
  const information = Math.max((sd / se) ** 2, runs);
  const z = normalEquivalent(effect / se, df);
  const spread = spreadFor(USUAL_INFORMATION, SHOWN);
  const radius = mixtureRadius(information, SHOWN, spread) * Math.sqrt(information);
  return {
    p: Math.min(1, Math.exp(-logEvidence(z, information, spread))),
    margin: studentEquivalent(radius, df) * se,
    information,
    z,
  };
}

/**
 * The deviate that is enough at this look, when the chance of being wrong over all looks at a trial is its level. A new
 * incumbent begins a new series with what the old one has not used up.
 *
 * @param most information there will be at most
 */
export function enough(trial: Trial, incumbent: Trial, information: number, most: number, level: number): number {
  if (trial.against === undefined || trial.against === incumbent.id) {
    return nextBoundary(trial.looks, information, most, level);
  }
  const used = Math.min(1, (trial.looks.at(-1)?.information ?? 0) / most);
  return nextBoundary([], information, most, level * (1 - used));
}

/**
 * Chance that the difference would come out beyond `boundary` standard errors with the most runs a trial may have, if
 * the effect is what it looks like.
 *
 * @param known mean and variance of the true effect as far as known
 * @param se standard error that the effect would then have, `df` degrees of freedom behind it
 */
export function chanceToProve(known: Belief, se: number, df: number, boundary: number): number {
  const needed = studentEquivalent(boundary, df) * se;
  return normalCdf((known.mean - needed) / Math.sqrt(known.variance + se ** 2));
}
