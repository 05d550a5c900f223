/**
 * Records that are near in meaning, for recall: by the vectors of an embedding model, where the study names one. They are
 * one signal beside words; what cannot be had is left out, and said once.
 */

import type { Embed } from '../../io/llm/index.ts';
import type { Vectors } from '../../io/memory/index.ts';
import type { EmbedConfig } from '../../study/config.ts';
import { type Hit, textOf, tokensOf, type TrialRecord } from '../../study/memory/index.ts';

/** What was found, and what it took. */
export interface Near {
  /** Documents (places of the records that were given) with a score, the nearest first; empty where nothing could be had. */
  readonly hits: readonly Hit[];
  readonly tokens: number;
  /** Why nothing could be had. */
  readonly failed?: string;
}

/** Records nearest in meaning to some words. Never throws. */
export type Nearness = (words: string, records: readonly TrialRecord[], signal: AbortSignal) => Promise<Near>;

/** Records that get a score, and how fast it falls with the rank (Cormack et al. 2009, reciprocal rank fusion). */
const NEAREST = 50;
const HALF_AT = 10;
/** After a failure nothing is asked for so long: a model that is not there must not make every question late. */
const REST_MS = 600_000;

/** Make vectors of what has none, the newest first, for at most `maxTokens` each time; the rest comes with later questions. */
export function openNearness(embed: Embed, vectors: Vectors, { maxTokens }: EmbedConfig, now = Date.now): Nearness {
  let restsUntil = -Infinity;
  return async (words, records, signal) => {
    if (now() < restsUntil || words.trim() === '') return { hits: [], tokens: 0 };
    const texts = records.map(textOf);
    const missing = chosen([words, ...texts.toReversed()], vectors, maxTokens);
    let tokens = 0;
    if (missing.length > 0) {
      const answer = await embed(missing, signal);
      if (!answer.ok) {
        restsUntil = now() + REST_MS;
        return { hits: [], tokens: 0, failed: answer.failed };
      }
      tokens = Math.min(answer.tokens, maxTokens);
      vectors.put(missing.map((text, i) => [text, answer.vectors[i]!]));
    }
    const about = vectors.get(words);
    if (about === undefined) return { hits: [], tokens };
    const alike = texts.flatMap((text, document) => {
      const vector = vectors.get(text);
      return vector === undefined || vector.length !== about.length ? [] : [{ document, score: cosine(about, vector) }];
    });
    const nearest = alike.sort((a, b) => b.score - a.score).slice(0, NEAREST);
    return { hits: nearest.map(({ document }, rank) => ({ document, score: HALF_AT / (HALF_AT + rank) })), tokens };
  };
}

/** Texts without a vector, the first first, as many as `most` tokens pay for. */
function chosen(texts: readonly string[], vectors: Vectors, most: number): string[] {
  const found = new Set<string>();
  let left = most;
  for (const text of texts) {
    if (found.has(text) || vectors.get(text) !== undefined) continue;
    left -= tokensOf(text);
    if (left < 0) break;
    found.add(text);
  }
  return [...found];
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return aa > 0 && bb > 0 ? dot / Math.sqrt(aa * bb) : 0;
}
