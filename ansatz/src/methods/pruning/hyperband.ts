/**
 * Hyperband (Li et al. 2018, JMLR 18(185)), asynchronous: trainings are dealt to brackets of successive halving that
 * begin at different rungs, since nobody knows how early ranks begin to mean something.
 */

import type { Report, Scheduler, Situation } from './scheduler.ts';

const ETA = 3;
/** Most halvings of the boldest bracket. */
const MOST = 4;
/** Deals shares evenly over any stretch of numbers. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

function rungs(longest: number): number[] {
  const steps: number[] = [];
  for (let step = longest; step >= 1 && steps.length <= MOST; step /= ETA) steps.push(Math.max(1, Math.round(step)));
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** Index of the first rung at which training number `i` is compared: its bracket. */
export function bracketOf(i: number, longest: number): number {
  const last = rungs(longest).length - 1;
  // Trainings of the bracket with k halvings: ⌈(K + 1) ηᵏ / (k + 1)⌉ (algorithm 1, line 2).
  const sizes = Array.from({ length: last + 1 }, (_, skipped) => {
    const halvings = last - skipped;
    return Math.ceil(((last + 1) * ETA ** halvings) / (halvings + 1));
  });
  const all = sizes.reduce((a, b) => a + b, 0);
  let place = ((i * GOLDEN) % 1) * all;
  for (const [skipped, size] of sizes.entries()) {
    place -= size;
    if (place < 0) return skipped;
  }
  return last;
}

/** Paused trainings among the best third of their bracket at the last rung they reached; furthest first. */
function promotable({ longest, trainings, reports }: Situation): number[] {
  const found: number[] = [];
  const all = rungs(longest);
  for (const rung of all.slice(0, -1).toReversed()) {
    for (let bracket = 0; bracket <= all.indexOf(rung); bracket++) {
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
}

/** Pause at each rung from the first of the training's bracket on, until it is among the best third there. */
export const hyperband: Scheduler = {
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
