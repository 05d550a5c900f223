/** Successive halving that promotes (Li et al. 2020, arXiv 1810.05934, algorithm 2): a scheduler without a model. */

import type { Report, Scheduler, Situation } from './scheduler.ts';

/** One in this many goes on from a rung. */
export const ETA = 3;

function rungs(longest: number): number[] {
  const steps: number[] = [];
  for (let step = Math.max(1, Math.round(longest / ETA ** 3)); step < longest; step *= ETA) steps.push(step);
  return [...steps, longest];
}

/**
 * Pause at each rung from the first of the training's bracket on; go on once it is among the best third of all of the
 * bracket that reached the rung, those that came furthest first. `bracketOf` gives the index of that first rung.
 */
export function promoting(
  rungs: (longest: number) => number[],
  bracketOf: (training: number, longest: number) => number,
): Scheduler {
  const promotable = ({ longest, trainings, reports }: Situation): number[] => {
    const found: number[] = [];
    const all = rungs(longest);
    for (const [place, rung] of [...all.slice(0, -1).entries()].toReversed()) {
      for (let bracket = 0; bracket <= place; bracket++) {
        const at = reports
          .filter(({ trial, step }) => step === rung && bracketOf(trial, longest) === bracket)
          .sort((a: Report, b: Report) => a.loss - b.loss);
        for (const { trial } of at.slice(0, Math.floor(at.length / ETA))) {
          const training = trainings[trial]!;
          if (training.status === 'paused' && training.step === rung) found.push(trial);
        }
      }
    }
    return found;
  };
  return {
    rungs,
    atRung(situation, training) {
      const { longest } = situation;
      const first = rungs(longest)[bracketOf(training, longest)]!;
      if (situation.trainings[training]!.step < first) return 'continue';
      const trainings = situation.trainings.map((one, i) =>
        i === training ? { ...one, status: 'paused' as const } : one,
      );
      return promotable({ ...situation, trainings }).includes(training) ? 'continue' : 'pause';
    },
    resume: (situation) => promotable(situation)[0],
  };
}

/** All trainings in one bracket, from the first rung on. */
export const halving: Scheduler = promoting(rungs, () => 0);
