/** A small configuration for tests and simulations. */

import type { StudyConfig } from './config.ts';

/** Two knobs, two slots, lower is better; whatever `changes` says instead. */
export function simpleConfig(changes: Partial<StudyConfig> = {}): StudyConfig {
  const slot = { cpus: [], gpus: [], threads: 1 };
  return {
    name: 'simple',
    command: ['true'],
    folder: '/nowhere',
    objective: { metric: 'loss', direction: 'minimize', value: 'last' },
    knobs: [
      {
        name: 'lr',
        kind: 'float',
        low: 1e-4,
        high: 1,
        scale: 'log',
        default: 1e-3,
        via: { by: 'flag', flag: '--lr', style: 'space' },
      },
      {
        name: 'hidden',
        kind: 'int',
        low: 8,
        high: 128,
        scale: 'linear',
        default: 16,
        via: { by: 'flag', flag: '--hidden', style: 'space' },
      },
    ],
    constraints: [],
    budget: { runs: 40 },
    price: 0,
    slots: [slot, slot],
    run: { graceSeconds: 5, env: {}, workspace: 'inplace' },
    repeats: { baseline: 3, most: 6 },
    minEffect: 0,
    sampler: 'auto',
    pruner: 'auto',
    pause: 'auto',
    capture: { files: [] },
    seedNumber: 1,
    ...changes,
  };
}
