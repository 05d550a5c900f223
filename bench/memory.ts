/**
 * Memory: what the gate catches and what recall finds, replayed on public logs. `ANSATZ_DATA_LOGS` names their folder
 * (not part of this repository); without it only the speed over synthetic records is measured.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { amlFigures } from './memory-aml.ts';
import { citationFigures } from './memory-citations.ts';
import { logFigures } from './memory-logs.ts';
import { speedFigures } from './memory-speed.ts';
import type { Bench } from './main.ts';

export async function bench(): Promise<Bench> {
  const folder = process.env['ANSATZ_DATA_LOGS'];
  const there = folder !== undefined && existsSync(join(folder, 'aml_trials.json'));
  if (!there) {
    return {
      seeds: [],
      figures: speedFigures(),
      notes: ['ANSATZ_DATA_LOGS names no folder with the logs: replays left out'],
    };
  }
  const { figures, notes } = amlFigures(folder);
  return {
    seeds: [11],
    figures: { ...figures, ...citationFigures(folder), ...logFigures(folder), ...speedFigures() },
    notes,
  };
}
