/** The periodic look at all bets: which have so little chance left that their money should go to the others. */

import type { Rng } from '../math/rng.ts';
import { forecastOf } from './auto.ts';
import type { BetRecord, Situation } from './bet.ts';
import { recordModel, shrunkBest } from './cvr.ts';
import { affordable, evidenceOf } from './evidence.ts';

/** A bet whose chance is below this in two reviews in a row is given up. */
const HOPELESS = 0.05;
const SAMPLES = 400;
/** A bet cannot be given up before this many of its runs have ended. */
const PROBES = 2;
/** Two single results that differ by less than this many standard deviations of one could be equal: one-sided 5 %. */
const RESOLVABLE = 1.645 * Math.SQRT2;

/** What a review says of one bet. */
export interface Chance {
  readonly name: string;
  /** Probability in [0, 1] that all that is left, put into this bet, would beat the best so far by a gain that counts. */
  readonly chance: number;
  /** Whether its money should go to the others: hopeless now and in the review before. */
  readonly kill: boolean;
}

/** What decides besides the records. */
export interface ReviewOptions {
  /** Least gain worth having, in the unit of the losses, ≥ 0; never less than what two results can tell apart. Default 0. */
  readonly minimum?: number;
  /** Chances of the review before; of a bet that is not among them nothing is known. Default none. */
  readonly last?: readonly Pick<Chance, 'name' | 'chance'>[];
}

/**
 * The chances of all bets, in their order, by 400 draws of what each would reach. The leader (the bet with the best
 * result, luck taken out) and bets with fewer than two ended runs have chance 1 and are never killed; so the only bet
 * is not either.
 */
export function review(
  bets: readonly BetRecord[],
  situation: Situation,
  random: Rng,
  { minimum = 0, last = [] }: ReviewOptions = {},
): Chance[] {
  const evidence = evidenceOf(bets);
  const model = recordModel(evidence);
  const { draw } = forecastOf(evidence, situation);
  const bests = evidence.map((bet, k) =>
    bet.losses.length === 0 ? Infinity : shrunkBest(bet, k, model, situation.noise),
  );
  const best = Math.min(...bests);
  const target = best - Math.max(RESOLVABLE * situation.noise, minimum);
  const before = new Map(last.map(({ name, chance }) => [name, chance]));
  return bets.map((bet, k) => {
    const ended = evidence[k]!.tries - bet.pending;
    const spared = ended < PROBES || bests[k] === best;
    const chance = spared ? 1 : chanceOf();
    return { name: bet.name, chance, kill: chance < HOPELESS && (before.get(bet.name) ?? 1) < HOPELESS };

    function chanceOf(): number {
      if (affordable(evidence[k]!, situation.left) < 1) return 0;
      let reached = 0;
      for (let i = 0; i < SAMPLES; i++) {
        if (draw(k, random) < target) reached++;
      }
      return reached / SAMPLES;
    }
  });
}
