/**
 * What a proposer is told of the past, within a budget of tokens: the records nearest to what it is about, with more
 * failures than wins among them, lines for whole knobs where single records do not fit, and the ids to cite.
 */

import { clusterText, knobClusters } from './cluster.ts';
import { likeness } from './context.ts';
import { fitted, tokensOf } from './budget.ts';
import { choose, type Telling } from './choose.ts';
import type { Lesson } from './lesson.ts';
import { knobTerm, type Shelf, textOf } from './memory.ts';
import { type Context, faceOf, type TrialRecord } from './record.ts';
import { fullLine, shortLine } from './render.ts';
import { best, bm25, countTerms, type Hit } from './search.ts';
import { terms } from './terms.ts';

/** What somebody is about to do. */
export interface Query {
  readonly text: string;
  readonly knobs?: readonly string[];
  /** Records found elsewhere count less: see `likeness`. */
  readonly context?: Context;
}

/** Documents with a score by another signal, such as the likeness of embeddings; scaled to a largest of 1 here. */
export type Signal = (query: Query) => readonly Hit[];

export interface RecallOptions {
  /** Said first, whatever else is: goal, incumbent, noise, limits. At most 300 tokens of it, and a third of the budget. */
  readonly pinned?: string;
  readonly lessons?: readonly Lesson[];
  readonly signal?: Signal;
  /** Only documents before this one. */
  readonly before?: number;
}

/** What was recalled. */
export interface Recalled {
  readonly text: string;
  /** Ids of the records and lessons in the text: a proposal cites some of them. */
  readonly ids: readonly string[];
  /** Estimate from above of the tokens of `text`, ≤ the budget. */
  readonly tokens: number;
}

/** Weights of the signals beside relevance, whose mean over the twenty best is 1. Chosen by `bench -- memory`. */
const USES = 0.75;
const RECENT = 0.15;
const OTHER_SIGNAL = 0.5;
const MEASURED = 0.1;
/** Documents after which a citation, and being new, count for 1/e. */
const MEMORY_SPAN = 150;
/** In such spans. */
const FORGOTTEN = 10;
/** Documents whose records are looked at. */
const CANDIDATES = 120;
const PINNED = 300;
const LESSONS = 5;
/** Share of what is left for records that lines about knobs may take. */
const CLUSTERS = 0.25;
const TITLES = 30;

/** The best documents for a query by relevance (a knob is a rare word), use and novelty, best first. */
export function rank(
  shelf: Shelf,
  query: Query,
  most: number,
  { signal, before = shelf.size }: RecallOptions = {},
): Hit[] {
  const knobs = (query.knobs ?? []).map(knobTerm);
  const scores = bm25(shelf, countTerms([...terms(query.text), ...knobs]), before);
  const top = best(scores, 20);
  const scale = top.length === 0 ? 1 : top.reduce((sum, { score }) => sum + score, 0) / top.length;
  for (let i = 0; i < scores.length; i++) scores[i]! /= scale;
  // What is older than a few spans counts for nothing: it is not looked at.
  const oldest = before - FORGOTTEN * MEMORY_SPAN;
  const used = new Map<number, number>();
  for (let u = shelf.uses.length - 1; u >= 0; u--) {
    const { by, of } = shelf.uses[u]!;
    if (by < oldest) break;
    if (by < before) used.set(of, (used.get(of) ?? 0) + Math.exp((by - before) / MEMORY_SPAN));
  }
  const largestUse = Math.log1p([...used.values()].reduce((a, b) => Math.max(a, b), 0));
  for (const [document, weight] of used) scores[document]! += (USES * Math.log1p(weight)) / largestUse;
  for (let i = Math.max(0, oldest); i < scores.length; i++) scores[i]! += RECENT * Math.exp((i - before) / MEMORY_SPAN);
  const more = signal?.(query) ?? [];
  const largest = more.reduce((max, { score }) => Math.max(max, score), 0);
  for (const { document, score } of more)
    if (document < scores.length && largest > 0) scores[document]! += (OTHER_SIGNAL * score) / largest;
  return best(scores, most);
}

/** A record that may be told. */
interface Candidate extends Telling {
  readonly record: TrialRecord;
}

/** Recall within `budget` tokens. Nothing fits: an empty text. */
export function recall(shelf: Shelf, query: Query, budget: number, options: RecallOptions = {}): Recalled {
  const lines: string[] = [];
  const ids: string[] = [];
  let left = budget;
  const say = (line: string, cited: readonly string[] = []): boolean => {
    const cost = tokensOf(line) + 1;
    if (cost > left) return false;
    lines.push(line);
    ids.push(...cited);
    left -= cost;
    return true;
  };
  const pinned = fitted(options.pinned ?? '', Math.min(PINNED, Math.floor(budget / 3)));
  if (pinned !== '') say(pinned);
  const candidates = candidatesOf(shelf, query, options);
  const lessons = lessonsFor(query, options.lessons ?? [], candidates);
  if (lessons.length > 0 && say('Lessons:')) {
    for (const { id, text, evidence } of lessons)
      say(`[${id}] ${text} (from ${evidence.slice(0, 3).join(', ')})`, [id]);
  }
  // Titles are paid for too. Lines about knobs get their share only where not everything can be told.
  const whole = choose(candidates, left - TITLES);
  const chosen = whole.length === candidates.length ? whole : choose(candidates, left * (1 - CLUSTERS) - TITLES);
  const told = new Set(chosen.map(({ one }) => one.record.id));
  for (const [face, title] of [
    ['failure', 'Did not help or failed:'],
    ['win', 'Helped:'],
    ['other', 'Open or unclear:'],
  ] as const) {
    const mine = chosen.filter(({ one }) => one.face === face);
    if (mine.length > 0 && say(title)) for (const { line, one } of mine) say(line, [one.record.id]);
  }
  const untold = candidates.filter(({ record }) => !told.has(record.id)).map(({ record }) => record);
  const taught = new Set(lessons.filter(({ id }) => ids.includes(id)).flatMap(({ knobs }) => knobs));
  const clusters = knobClusters(untold).filter(({ knob, records }) => records.length > 1 && !taught.has(knob));
  if (clusters.length > 0 && say('Others by knob:')) {
    for (const cluster of clusters) {
      const [newest] = cluster.records.slice(-1);
      if (!say(`${clusterText(cluster)} [${newest!.id}]`, [newest!.id])) break;
    }
  }
  const text = lines.join('\n');
  return { text, ids: [...new Set(ids)], tokens: tokensOf(text) };
}

function candidatesOf(shelf: Shelf, query: Query, options: RecallOptions): Candidate[] {
  const about = new Set(query.knobs ?? []);
  const found = rank(shelf, query, CANDIDATES, options).flatMap(({ document, score }): Candidate[] => {
    const record = shelf.record(document);
    if (record === undefined) return [];
    const { outcome, context } = record;
    const like = query.context === undefined ? undefined : likeness(context, query.context, about);
    const size =
      outcome.effect === undefined || outcome.noiseSd === undefined || outcome.noiseSd === 0
        ? 0
        : Math.min(1, Math.abs(outcome.effect) / (3 * outcome.noiseSd));
    return [
      {
        record,
        words: new Set(
          textOf(record)
            .toLowerCase()
            .match(/[\p{L}\p{N}]+/gu),
        ),
        full: fullLine(record, like?.differs),
        short: shortLine(record),
        face: faceOf(record),
        // A result from far away is still told, as one from far away.
        score: (score + MEASURED * size) * (0.5 + 0.5 * (like?.weight ?? 1)),
      },
    ];
  });
  return found.sort((a, b) => b.score - a.score);
}

/** Lessons about the query's knobs, then those whose evidence is among the candidates. */
function lessonsFor({ knobs = [] }: Query, lessons: readonly Lesson[], candidates: readonly Candidate[]): Lesson[] {
  const near = new Set(candidates.slice(0, 30).map(({ record }) => record.id));
  const worth = ({ knobs: about, evidence, helpful, harmful }: Lesson): number =>
    (about.some((knob) => knobs.includes(knob)) ? 1 : 0) +
    evidence.filter((id) => near.has(id)).length / (evidence.length + 2) +
    0.2 * Math.tanh((helpful - harmful) / 2);
  return lessons
    .map((lesson) => ({ lesson, value: worth(lesson) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
    .slice(0, LESSONS)
    .map(({ lesson }) => lesson);
}
