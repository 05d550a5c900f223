/** Which earlier reports a report cites: 1,633 reports of one competition, in the order they were opened. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { best, bm25, countTerms, memoryOf, rank, terms, type TrialRecord } from '../ansatz/src/study/memory/index.ts';
import type { Figure } from './main.ts';

const TOP = 10;
/** The opening of a report: what the figures this is compared with were searched by. */
const HEAD = 600;

/** Report numbers are what is asked for, so nobody gets to read them: not in the question, not in the answers. */
function withoutNumbers(text: string): string {
  return text
    .replaceAll(/https?:\S+/g, ' ')
    .replaceAll(/#\s?\d+/g, ' ')
    .replaceAll(/\b(?:PR|pull|issue)s?[\s/#-]*\d+/gi, ' ');
}

/** Recall at 10 over all queries, of ours and of the ways it is compared with. */
export function citationFigures(folder: string): Record<string, Figure> {
  const { docs, cite } = JSON.parse(readFileSync(join(folder, 'paramgolf_prs.json'), 'utf8')) as {
    docs: Record<string, [string, number | null]>;
    cite: Record<string, number[]>;
  };
  const ids = Object.keys(docs)
    .map(Number)
    .sort((a, b) => a - b);
  const place = new Map(ids.map((id, i) => [id, i]));
  const texts = ids.map((id) => withoutNumbers(docs[id]![0]));
  const citesOf = (i: number): number[] =>
    [...new Set(cite[ids[i]!] ?? [])].flatMap((id) => {
      const to = place.get(id);
      return to === undefined || to >= i ? [] : [to];
    });
  const record = (i: number, text: string): TrialRecord => ({
    id: String(ids[i]),
    study: 'reports',
    at: i,
    hypothesis: text,
    tags: [],
    change: { knobs: [] },
    context: { incumbent: {}, metric: 'val_bpb', direction: 'minimize', code: [], researcher: 'people' },
    outcome: { status: 'ok', n: 1 },
    cost: { deviceSeconds: 0, money: 0, tokens: 0 },
    links: citesOf(i).map((to) => ({ kind: 'cites', to: String(ids[to]) })),
  });
  const shelf = memoryOf(texts.map((text, i) => record(i, text)));
  const heads = memoryOf(texts.map((text, i) => record(i, text.slice(0, HEAD))));
  const queries = ids.flatMap((_, i) => (citesOf(i).length > 0 ? [i] : []));
  const score = (answer: (i: number) => readonly number[]): number => {
    const shares = queries.map((i) => {
      const found = new Set(answer(i));
      const gold = citesOf(i);
      return gold.filter((to) => found.has(to)).length / gold.length;
    });
    return shares.reduce((a, b) => a + b, 0) / shares.length;
  };
  const plain = (index: typeof shelf, text: (i: number) => string) =>
    score((i) => best(bm25(index, countTerms(terms(text(i))), i), TOP).map(({ document }) => document));
  const bare = plain(heads, (i) => texts[i]!.slice(0, HEAD));
  const full = plain(shelf, (i) => texts[i]!);
  const agents = score((i) =>
    generativeAgents(
      shelf,
      texts[i]!,
      i,
      ids.map((id) => docs[id]![1]),
    ),
  );
  const ours = score((i) => rank(shelf, { text: texts[i]! }, TOP, { before: i }).map(({ document }) => document));
  return {
    'citations, recall@10': {
      value: ours,
      unit: 'share',
      bound: '≥ 0.45',
      pass: ours >= 0.45,
      rival: { name: 'Generative Agents weighting', value: agents },
      note: `${queries.length} queries`,
    },
    'citations, BM25 of openings': { value: bare, unit: 'share' },
    'citations, BM25 of whole reports': { value: full, unit: 'share' },
  };
}

/** Park et al. 2023: recency, importance and relevance, each scaled to [0, 1], in equal parts. Importance is the score's rank. */
function generativeAgents(
  shelf: ReturnType<typeof memoryOf>,
  text: string,
  before: number,
  values: readonly (number | null)[],
): number[] {
  const relevance = bm25(shelf, countTerms(terms(text)), before);
  const most = relevance.reduce((a, b) => Math.max(a, b), 0) || 1;
  const known = values.slice(0, before).map((value) => value ?? Infinity);
  const sorted = known.toSorted((a, b) => a - b);
  const rankOf = new Map(sorted.map((value, i) => [value, i]));
  const scores = relevance.map(
    (score, i) => score / most + 0.99 ** (before - 1 - i) + (1 - rankOf.get(known[i]!)! / Math.max(1, before - 1)),
  );
  return best(scores, TOP).map(({ document }) => document);
}
