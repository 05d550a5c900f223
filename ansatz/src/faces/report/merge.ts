/** What to do with the winner: its settings in the forms they are pasted in, and the study as a file that runs again. */

import { joinWords, renderConfig } from '../../io/config/index.ts';
import { deliver } from '../../io/knobs/index.ts';
import { clean } from '../../io/executor/tail.ts';
import type { Knob, StudyConfig } from '../../study/config.ts';
import type { Trial } from '../../study/state.ts';
import { redact, redactEnv, redactWords } from './redact.ts';

/** Settings of one trial, ready to use. */
export interface Settings {
  readonly trial: number;
  /** One shell line: variables, program, arguments. */
  readonly argv: string;
  /** What must change inside files, a line each: `train.py: LR = 0.1`. */
  readonly edits: readonly string[];
}

/** The settings of a trial, without a seed or with one. */
export function settingsOf(config: StudyConfig, trial: Trial, seed?: number): Settings {
  const { argv, env, patches } = deliver(config, trial.point, seed);
  const variables = Object.entries(redactEnv(env, config.folder)).map(
    ([name, value]) => `${name}=${joinWords([value])}`,
  );
  const edits = patches.flatMap(({ file, edits }) =>
    edits.map((edit) => {
      const name = edit.by === 'file' ? edit.path.join('.') : edit.name;
      return `${file}: ${name} = ${JSON.stringify(edit.value)}`;
    }),
  );
  return { trial: trial.id, argv: [...variables, joinWords(redactWords(argv, config.folder))].join(' '), edits };
}

/** The study's configuration as `ansatz.yaml`. Folder and CPU numbers belong to the machine and stay there. */
export function yamlOf(config: StudyConfig): string {
  const gpus = Math.max(0, ...config.slots.map((slot) => slot.gpus.length));
  return renderConfig({
    name: config.name,
    command: redactWords(config.command, config.folder),
    objective: config.objective,
    minEffect: config.minEffect,
    budget: config.budget,
    deadline: config.deadline,
    price: config.price,
    slots: { count: config.slots.length, ...(gpus > 0 ? { gpus } : {}) },
    run: { ...config.run, env: redactEnv(config.run.env, config.folder) },
    knobs: config.knobs.map((knob): Knob => knob),
    seed: config.seed,
    fidelity: config.fidelity,
    constraints: config.constraints,
    repeats: config.repeats,
    sampler: config.sampler,
    pruner: config.pruner,
    pause: config.pause === 'auto' ? undefined : config.pause,
    capture: config.capture,
    seedNumber: config.seedNumber,
  }).trimEnd();
}

/** A line of text from a run or a researcher, fit to be forwarded: clean, not endless, without secrets. */
export function forwardable(config: StudyConfig, text: string): string {
  return redact(clean(text.replaceAll(/[\n\u2028\u2029]+/g, ' ')), config.folder);
}
