/** Early stopping alone, on given configurations: compute used, and how often the best run was lost. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mean, quantile } from '../ansatz/src/methods/math/index.ts';
import { folder, ours, run, seedCount } from './hpo.ts';
import type { Bench, Figure } from './main.ts';

interface Stopped {
  readonly task: string;
  readonly peer: string;
  readonly used: number;
  readonly lost: number;
}

const RIVALS = ['none', 'median', 'median-late', 'patient-median', 'asha', 'asha3', 'hyperband'];
const SEEDS = Math.min(8, seedCount);

export async function bench(): Promise<Bench> {
  const peers = join(folder, 'stopping.peers.json');
  const optuna = { cmd: '{python} {here}/optuna_peer.py', inproc: 'optuna_peer' };
  writeFileSync(
    peers,
    JSON.stringify([
      ours('ansatz'),
      ...RIVALS.map((name) => ({ ...optuna, name, create: { sampler: 'random', pruner: name } })),
      { name: 'ar-5%' },
    ]),
  );
  const out = join(folder, 'stopping.jsonl');
  run('stopping.py', ['--seeds', String(SEEDS), '--peers', peers, '--out', out]);
  const rows = readFileSync(out, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Stopped);
  const figures: Record<string, Figure> = {};
  const families = [
    ['curve tasks', (task: string) => !task.startsWith('algoperf'), 0.4, 0.05],
    ['AlgoPerf', (task: string) => task.startsWith('algoperf'), 0.7, 0.1],
  ] as const;
  for (const [family, has, used, lost] of families) {
    for (const peer of ['ansatz', ...RIVALS, 'ar-5%']) {
      const some = rows.filter((row) => row.peer === peer && has(row.task));
      const own = peer === 'ansatz';
      const compute = some.map((row) => row.used);
      const gone = mean(some.map((row) => row.lost));
      figures[`${family}, ${peer}: compute`] = {
        value: mean(compute),
        unit: 'of full',
        quartiles: [quantile(compute, 0.25), quantile(compute, 0.75)],
        ...(own ? { bound: `≤ ${used}`, pass: mean(compute) <= used } : {}),
      };
      figures[`${family}, ${peer}: best lost`] = {
        value: gone,
        unit: `of ${some.length} studies`,
        ...(own ? { bound: `≤ ${lost}`, pass: gone <= lost } : {}),
      };
    }
  }
  return { seeds: Array.from({ length: SEEDS }, (_, seed) => seed), figures };
}
