/** Successive halving that promotes (Li et al. 2020, arXiv 1810.05934, algorithm 2): a scheduler without a model. */

import type { Report, Scheduler, Situation } from './scheduler.ts';

const ETA = 3;

function rungs(longest: number): number[] {
  const steps: number[] = [];
  for (let step = Math.max(1, Math.round(longest / ETA ** 3)); step < longest; step *= ETA) steps.push(step);
  return [...steps, longest];
}

/** Paused trainings among the best third at the last rung they reached, those that came furthest first. */
function promotable({ longest, trainings, reports }: Situation): number[] {
  const found: number[] = [];
  for (const rung of rungs(longest).slice(0, -1).toReversed()) {
    const at = reports.filter((report) => report.step === rung).sort((a: Report, b: Report) => a.loss - b.loss);
    for (const { trial } of at.slice(0, Math.floor(at.length / ETA))) {
      const training = trainings[trial]!;
      if (training.status === 'paused' && training.step === rung) found.push(trial);
    }
  }
  return found;
}

/** Pause at each rung; go on with a training once it is among the best third of all that reached its rung. */
export const halving: Scheduler = {
  rungs,
  atRung(situation, training) {
    const trainings = situation.trainings.map((one, i) =>
      i === training ? { ...one, status: 'paused' as const } : one,
    );
    return promotable({ ...situation, trainings }).includes(training) ? 'continue' : 'pause';
  },
  resume: (situation) => promotable(situation)[0],
};
