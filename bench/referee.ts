/** Whole labs in virtual time whose researcher's ideas have known true effects, with real or normal noise. */

import { simulation } from '../ansatz/src/io/executor/simulated.ts';
import { memoryJournal } from '../ansatz/src/io/store/memory.ts';
import { memoryPoints } from '../ansatz/src/io/store/points.ts';
import { openLab } from '../ansatz/src/lab/lab.ts';
import { rng, type Rng } from '../ansatz/src/methods/math/rng.ts';
import { simpleConfig } from '../ansatz/src/study/config.fixture.ts';
import type { StudyConfig } from '../ansatz/src/study/config.ts';
import { leaderOf } from '../ansatz/src/study/belief.ts';
import type { State } from '../ansatz/src/study/state.ts';

/** How the ideas of a researcher turn out: the gain of one more idea over what it departs from, in noise sd. */
export type Ideas = (random: Rng, gained: number) => number;

/** A study that has come to its end. */
export interface Played {
  readonly state: State;
  /** True value of each trial, in noise sd, higher is better; the baseline's is 0. */
  readonly truth: readonly number[];
}

/** Residuals of one run, in noise sd: normal, or drawn from repeats of a real configuration. */
export function noiseFrom(residuals: readonly number[] | undefined): (random: Rng) => number {
  return residuals === undefined ? (random) => random.normal() : (random) => residuals[random.int(residuals.length)]!;
}

/** How a study is played: its configuration, and the world it lives in. */
export type Setting = Partial<StudyConfig> & {
  /** Share of the noise's variance that comes with the seed. */
  readonly common?: number;
  /** The researcher has no more ideas than this. */
  readonly trials?: number;
};

/** Play one study to its end. */
export async function play(
  seed: number,
  ideas: Ideas,
  noise: (random: Rng) => number,
  { common = 0, trials = Infinity, ...changes }: Setting,
): Promise<Played> {
  const config = simpleConfig({
    knobs: [
      {
        name: 'idea',
        kind: 'int',
        low: 0,
        high: 1e9,
        scale: 'linear',
        default: 0,
        via: { by: 'flag', flag: '--idea', style: 'space' },
      },
    ],
    seedNumber: 1,
    pruner: 'none',
    repeats: { baseline: 3, baselineMost: 8, most: 10 },
    reserve: 0.05,
    ...changes,
  });
  const truth: number[] = [0];
  const { executor, world } = simulation((point, runSeed) => {
    const idea = Number(point['idea']);
    const shared = noise(rng(seed, 0x5eed, runSeed));
    const own = noise(rng(seed, idea + 1, runSeed));
    const value = truth[idea]! + Math.sqrt(common) * shared + Math.sqrt(1 - common) * own;
    return { seconds: 60, curve: [10 - value] };
  }, config.objective.metric);
  const random = rng(seed, 0x1dea);
  const lab = openLab({
    journal: memoryJournal([{ type: 'study.created', config, baseline: { idea: 0 }, at: 0 }]),
    series: memoryPoints(),
    executor,
    researcher: {
      asksAtOnce: 1,
      propose(state, ask, post) {
        // As people do, it goes on from what looks best so far, proven or not.
        const parent = leaderOf(state).id;
        const trial = state.trials.length + 1;
        if (trial > trials) return post({ type: 'proposal.refused', ask, text: '', exhausted: true });
        const before = truth[parent - 1]!;
        truth[trial - 1] = before + ideas(random, before);
        post({
          type: 'trial.proposed',
          trial: 0,
          ask,
          researcher: 'ideas',
          hypothesis: '',
          point: { idea: trial - 1 },
          parent,
        });
      },
    },
    pruner: () => 'continue',
    world,
    identity: { host: 'bench', pid: 1, version: '0' },
  });
  return { state: await lab.done, truth };
}

/** The loop without a judge: one run each, and whatever is lower is kept. Gains in noise sd. */
export function keepIfLower(
  seed: number,
  ideas: Ideas,
  noise: (random: Rng) => number,
  runs: number,
): { readonly keeps: number; readonly wrong: number; readonly gain: number } {
  const random = rng(seed, 0x1dea);
  let [gain, best, keeps, wrong] = [0, noise(rng(seed, 1, 0)), 0, 0];
  for (let idea = 1; idea < runs; idea++) {
    const truth = gain + ideas(random, gain);
    const seen = truth + noise(rng(seed, idea + 1, 0));
    if (seen <= best) continue;
    best = seen;
    keeps++;
    if (truth <= gain) wrong++;
    gain = truth;
  }
  return { keeps, wrong, gain };
}
