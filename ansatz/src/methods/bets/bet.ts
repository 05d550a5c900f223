/** The contract of every allocator: which line of enquiry gets the next run. */

import type { Rng } from '../math/rng.ts';

/** A bet: one line of enquiry (a method, an idea, an architecture) that competes with others for the same budget. */
export interface BetRecord {
  readonly name: string;
  /** Results of its successful runs in the order they came; lower is better, one metric for all bets. NaN and ±Infinity are ignored. */
  readonly losses: readonly number[];
  /** Runs that ended without a result. Default 0. */
  readonly failures?: number;
  /** Runs under way. */
  readonly pending: number;
  /** What its ended runs have cost so far, failed ones included, in the unit of the budget. */
  readonly cost: number;
  /** What one run is expected to cost while none has ended. Default: the median of the other bets. */
  readonly price?: number;
  /** Share of all spending this bet is to have at least. Default 0. */
  readonly floor?: number;
  /** Share of all spending this bet may have at most; 0 takes it out altogether. Default 1. */
  readonly cap?: number;
  /**
   * Set for a bet whose runs answer another question than which setting is best, so that none of its results is compared: it
   * gets floor + worth × (cap − floor) of the spending, and nothing beyond. In [0, 1].
   */
  readonly worth?: number;
}

/** What is common to all bets. */
export interface Situation {
  /** Budget that is neither spent nor held nor set aside for confirming the best, in the unit of `cost`. */
  readonly left: number;
  /** Standard deviation of one result when nothing but the seed changes, in the unit of the losses; 0 when unknown. */
  readonly noise: number;
}

/**
 * The index of the bet that gets the next run; undefined when no bet's run is affordable.
 *
 * Contract: pure, the stream is the only chance. Never throws, whatever the records hold. Names mean nothing to it.
 */
export type Allocator = (bets: readonly BetRecord[], situation: Situation, random: Rng) => number | undefined;
