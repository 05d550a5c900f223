/** How long recall takes over 100,000 records on disk. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemory } from '../ansatz/src/io/memory/index.ts';
import { quantile, type Rng, rng } from '../ansatz/src/methods/math/index.ts';
import { recall, type TrialRecord } from '../ansatz/src/study/memory/index.ts';
import { GROUPS } from '../ansatz/src/study/memory/thesaurus.ts';
import type { Figure } from './main.ts';

const RECORDS = 100_000;
const STUDIES = 20;
const QUERIES = 60;
const MOST_MS = 50;
const KNOBS = Array.from(
  { length: 60 },
  (_, i) => `${['lr', 'decay', 'width', 'depth', 'warmup', 'dropout'][i % 6]}_${Math.floor(i / 6)}`,
);
const WORDS = GROUPS.flatMap((group) => group.split(/,? /));

/** As Zipf has it: the k-th word comes about 1/k times as often as the first. */
function sentence(random: Rng, length: number): string {
  const word = (): string => WORDS[Math.min(WORDS.length - 1, Math.floor(WORDS.length ** random.uniform()))]!;
  return Array.from({ length }, word).join(' ');
}

function synthetic(study: string, i: number, random: Rng): TrialRecord {
  const name = KNOBS[random.int(KNOBS.length)]!;
  const effect = 0.01 * random.normal();
  const cites = i === 0 ? [] : Array.from({ length: random.int(3) }, () => `${study}/${random.int(i)}`);
  return {
    id: `${study}/${i}`,
    study,
    at: i,
    hypothesis: sentence(random, 25),
    tags: [],
    change: { knobs: [{ name, from: random.uniform(), to: random.uniform() }] },
    context: {
      incumbent: { [KNOBS[0]!]: 1 },
      metric: 'loss',
      direction: 'minimize',
      code: [],
      researcher: 'synthetic',
    },
    outcome: {
      status: 'ok',
      verdict: effect > 0.02 ? 'keep' : 'discard',
      why: sentence(random, 8),
      loss: 1 - effect,
      effect,
      margin: 0.005,
      n: 2,
    },
    cost: { deviceSeconds: 60, money: 0, tokens: 0 },
    links: cites.map((to) => ({ kind: 'cites', to })),
  };
}

export function speedFigures(): Record<string, Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-memory-'));
  const file = join(folder, 'memory.db');
  try {
    const random = rng(5);
    const began = performance.now();
    let store = openMemory(file, 'write');
    for (let s = 0; s < STUDIES; s++) {
      const study = `s${s}`;
      store.put(
        study,
        '1',
        Array.from({ length: RECORDS / STUDIES }, (_, i) => synthetic(study, i, random)),
      );
    }
    const built = (performance.now() - began) / 1000;
    store.close();
    const opening = performance.now();
    store = openMemory(file, 'read');
    const opened = performance.now() - opening;
    const times: number[] = [];
    for (let q = 0; q < QUERIES; q++) {
      const query = {
        text: sentence(random, 20),
        knobs: [KNOBS[random.int(KNOBS.length)]!, KNOBS[random.int(KNOBS.length)]!],
      };
      const from = performance.now();
      const { ids } = recall(store, query, 2000);
      times.push(performance.now() - from);
      if (ids.length === 0) throw new Error('nothing was recalled');
    }
    store.close();
    const middle = quantile(times, 0.5);
    return {
      'recall over 100,000 records': {
        value: middle,
        unit: 'ms',
        quartiles: [quantile(times, 0.25), quantile(times, 0.75)],
        bound: `≤ ${MOST_MS}`,
        pass: middle <= MOST_MS,
        note: `median of ${QUERIES}, on disk; slowest ${Math.max(...times).toFixed(0)}; opened in ${opened.toFixed(0)} ms; made in ${built.toFixed(0)} s`,
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
