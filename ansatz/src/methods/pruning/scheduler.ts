/** The contract of a scheduler: it decides which training gets the next steps. */

import type { Rng } from '../math/rng.ts';
import type { Observation } from '../sampling/sampler.ts';
import type { Point, Space } from '../space/space.ts';

/** A training. Its number is its place in the list. */
export interface Training {
  readonly point: Point;
  /** `paused` keeps its state and can go on; `over` has ended, for whatever reason. */
  readonly status: 'running' | 'paused' | 'over';
  /** Last step it has reached; 0 before its first report. */
  readonly step: number;
}

/** One number heard from one training. */
export interface Report {
  readonly trial: number;
  readonly step: number;
  /** Lower is better here, whatever the study's direction; finite. */
  readonly loss: number;
}

export interface Situation {
  readonly space: Space;
  /** Steps of a full training. */
  readonly longest: number;
  readonly trainings: readonly Training[];
  /** What trainings reported when they reached a rung (see {@link Scheduler.rungs}), in the order it came. */
  readonly reports: readonly Report[];
  /** False when a training that pauses could not go on later. */
  readonly canPause?: boolean;
  /** Steps there are for all trainings together; absent when nobody knows. */
  readonly budgetSteps?: number;
  /** What samplers may know besides: trainings that crashed, results of other studies. */
  readonly history?: readonly Observation[];
}

/**
 * Pure: the same situation and the same state of `random` give the same answer. Never throws on an empty list, on
 * constant losses, or on a space without parameters.
 */
export interface Scheduler {
  /** The steps at which it wants to be asked, ascending, the last one being `longest`. */
  readonly rungs: (longest: number) => number[];
  /** A running training has just reached a rung before its end. `pause` lets another one have its slot. */
  readonly atRung: (situation: Situation, training: number, random: Rng) => 'continue' | 'pause' | 'stop';
  /** A slot is free: the number of the paused training that should go on, or undefined for a new one. */
  readonly resume: (situation: Situation, random: Rng) => number | undefined;
}
