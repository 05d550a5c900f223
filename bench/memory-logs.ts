/** Memory on logs that agents wrote: a re-test that must go through, refutations that must be found, budgets that must hold. */

import { join } from 'node:path';
import { knobsInText, readLog } from '../ansatz/src/io/logs/index.ts';
import {
  conflicts,
  type Context,
  memoryOf,
  pointOf,
  recall,
  recordsOfLog,
  tokensOf,
  triedBefore,
  type TrialRecord,
} from '../ansatz/src/study/memory/index.ts';
import type { Figure } from './main.ts';

const LOGS = [
  'karpathy-exp-H100-mar8.tsv',
  'pg1928.tsv',
  'pg432_s1.tsv',
  'pg432_s2.tsv',
  'djordje-rtx5070-20min.tsv',
  'karpathy-pr109-loop.tsv',
];
const BUDGETS = [0, 10, 60, 200, 500, 1000, 2000, 4000];
/** Standard deviation of one run, by the log's own words (PR 1928: noise band ± 0.003 to 0.005). */
const PG_NOISE = 0.004;

export function logFigures(folder: string): Record<string, Figure> {
  const read = (file: string): TrialRecord[] =>
    recordsOfLog(readLog(join(folder, file)), file.replace(/\.tsv$/, ''), knobsInText);
  return {
    ...contextFigures(read('karpathy-exp-H100-mar8.tsv')),
    ...refutedFigures(read('pg1928.tsv')),
    ...budgetFigures(LOGS.map(read)),
  };
}

/** "embedding LR 0.8 to 0.9": discarded, and kept 75 rows later, when weight decay had come to embeddings. */
function contextFigures(records: readonly TrialRecord[]): Record<string, Figure> {
  const both = records.flatMap(({ hypothesis }, i) => (hypothesis.startsWith('embedding LR 0.8 to 0.9') ? [i] : []));
  const [first, again] = both as [number, number];
  const ask = (i: number, asker: TrialRecord) => {
    const memory = memoryOf(records.slice(0, i));
    const context: Context = asker.context;
    return triedBefore(memory, {
      point: pointOf(asker),
      context,
      hypothesis: asker.hypothesis,
      ...(asker.change.diff === undefined ? {} : { diff: asker.change.diff }),
    });
  };
  const later = ask(again, records[again]!);
  // The same words in the context of the row after it: nothing but that row has happened.
  const atOnce = ask(first + 1, records[first]!);
  const told = later.elsewhere.some(({ record }) => record.id === records[first]!.id);
  const flagged = records.filter(
    (record, i) => record.outcome.verdict === 'keep' && ['block', 'reuse'].includes(ask(i, record).decision),
  );
  return {
    'embedding LR, re-test in another context': {
      value: Number(later.decision === 'allow'),
      unit: 'allowed',
      bound: '= 1',
      pass: later.decision === 'allow' && told,
      note: `${later.decision}: ${later.why}`,
    },
    'embedding LR, repeat at once': {
      value: Number(atOnce.decision !== 'allow'),
      unit: 'caught',
      bound: '= 1',
      pass: atOnce.decision !== 'allow',
      note: atOnce.why,
    },
    'kept rows of that log stopped': { value: flagged.length, unit: 'rows', bound: '= 0', pass: flagged.length === 0 },
  };
}

/** Rows whose text says that another row refuted them, and whether the numbers alone say so too. */
function refutedFigures(records: readonly TrialRecord[]): Record<string, Figure> {
  const said = records.flatMap(({ id, hypothesis }) => {
    const by = /refuted by (\d{4})/.exec(hypothesis)?.[1];
    return by === undefined ? [] : [{ id, by }];
  });
  const linked = said.filter(({ id, by }) =>
    records.some(
      (record) =>
        new RegExp(`:${by}_`).test(record.id) && record.links.some(({ kind, to }) => kind === 'refutes' && to === id),
    ),
  );
  // The texts say nothing of refutations here: what repeats what has to be enough.
  const silent = records.map((record) => ({
    ...record,
    links: record.links.filter(({ kind }) => kind === 'parent' || kind === 'replicates'),
  }));
  const seen = conflicts(silent, PG_NOISE).filter(({ refutes }) => refutes);
  const byNumbers = said.filter(({ id, by }) =>
    seen.some(
      ({ a, b }) => [a.id, b.id].includes(id) && [a.id, b.id].some((other) => new RegExp(`:${by}_`).test(other)),
    ),
  );
  return {
    '“refuted by” found': {
      value: linked.length,
      unit: `of ${said.length}`,
      bound: 'all',
      pass: said.length > 0 && linked.length === said.length,
    },
    'of these by numbers alone': {
      value: byNumbers.length,
      unit: `of ${said.length}`,
      note: `${seen.length} refutations found in all`,
    },
  };
}

/** Every row of six logs asks what is known, with budgets from nothing to 4,000 tokens. */
function budgetFigures(logs: readonly (readonly TrialRecord[])[]): Record<string, Figure> {
  let [asked, over, used, failures, wins, lines] = [0, 0, 0, 0, 0, 0];
  for (const records of logs) {
    const memory = memoryOf(records);
    const faces = new Map(records.map((record) => [record.id, record.outcome.verdict]));
    records.forEach((record, i) => {
      if (i % 5 !== 0) return;
      for (const budget of BUDGETS) {
        const query = {
          text: record.hypothesis,
          knobs: record.change.knobs.map(({ name }) => name),
          context: record.context,
        };
        const { text, ids } = recall(memory, query, budget, { before: i, pinned: 'goal: less loss; noise 0.0007' });
        asked++;
        if (tokensOf(text) > budget) over++;
        if (budget < 1000 || i < 30) continue;
        used++;
        lines += tokensOf(text) / budget;
        const told = ids.map((id) => faces.get(id));
        failures +=
          told.filter((verdict) => verdict === 'discard' || verdict === 'crash').length / Math.max(1, told.length);
        wins += told.filter((verdict) => verdict === 'keep').length / Math.max(1, told.length);
      }
    });
  }
  return {
    'recalled text over its budget': {
      value: over,
      unit: 'times',
      bound: '= 0',
      pass: over === 0,
      note: `of ${asked}`,
    },
    'failures among what is told': {
      value: failures / used,
      unit: 'share',
      note: `wins ${(wins / used).toFixed(2)}, budget used ${(lines / used).toFixed(2)}`,
    },
  };
}
