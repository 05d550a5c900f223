/**
 * Full-text search: Okapi BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond",
 * eq. 3.15) over an inverted index that may lie in memory or on disk.
 */

/** Documents that hold a term, ascending, and how often each does. */
export interface Postings {
  readonly documents: Uint32Array;
  readonly counts: Uint16Array;
}

/** What a search needs to know of a collection; documents are numbered from 0 in the order they came. */
export interface TextIndex {
  readonly size: number;
  /** Terms of each document, and of all. */
  readonly lengths: ArrayLike<number>;
  readonly total: number;
  /** Documents that hold the term. */
  frequency(term: string): number;
  /** Undefined for a term that no document holds. */
  postings(term: string): Postings | undefined;
}

/** A document's number and its score, > 0. */
export interface Hit {
  readonly document: number;
  readonly score: number;
}

const K1 = 1.2;
const B = 0.75;
/** A long question repeats its words; the tenth time adds little (k3 of the probabilistic model). */
const K3 = 8;

/** Most entries of lists that a question reads: what is common among very many documents tells them least apart. */
const MOST_READ = 300_000;

/** How often each term occurs. */
export function countTerms(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of list) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** Scores of all documents before `before` against a question's terms; 0 where none matches. */
export function bm25(index: TextIndex, question: ReadonlyMap<string, number>, before = index.size): Float64Array {
  const scores = new Float64Array(Math.min(before, index.size));
  const { lengths, size } = index;
  const average = index.total / Math.max(1, size) || 1;
  const [fixed, growing] = [K1 * (1 - B), (K1 * B) / average];
  const rarest = [...question]
    .map(([term, asked]) => ({ term, asked, frequency: index.frequency(term) }))
    .filter(({ frequency }) => frequency > 0)
    .sort((a, b) => a.frequency - b.frequency);
  let read = 0;
  for (const { term, asked, frequency } of rarest) {
    if (read > 0 && read + frequency > MOST_READ) break;
    read += frequency;
    const { documents, counts } = index.postings(term)!;
    let end = documents.length;
    if (before < size) for (end = 0; end < documents.length && documents[end]! < before; end++);
    if (end === 0) continue;
    const rarity = Math.log(1 + (scores.length - end + 0.5) / (end + 0.5));
    const weight = rarity * ((asked * (K3 + 1)) / (asked + K3)) * (K1 + 1);
    for (let k = 0; k < end; k++) {
      const document = documents[k]!;
      const count = counts[k]!;
      scores[document]! += (weight * count) / (count + fixed + growing * lengths[document]!);
    }
  }
  return scores;
}

/** The `most` best of the scores above 0, the best first; ties to the newer. */
export function best(scores: ArrayLike<number>, most: number): Hit[] {
  // A heap with the worst of the best on top: its root is what a newcomer has to beat.
  const heap: number[] = [];
  const worse = (a: number, b: number): boolean => scores[a]! < scores[b]! || (scores[a] === scores[b] && a < b);
  const sink = (from: number): void => {
    for (let i = from; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && worse(heap[child]!, heap[least]!)) least = child;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  };
  for (let document = 0; document < scores.length; document++) {
    if (!(scores[document]! > 0) || most < 1) continue;
    if (heap.length < most) {
      heap.push(document);
      if (heap.length === most) for (let i = most >> 1; i >= 0; i--) sink(i);
    } else if (worse(heap[0]!, document)) {
      heap[0] = document;
      sink(0);
    }
  }
  return heap.sort((a, b) => (worse(a, b) ? 1 : -1)).map((document) => ({ document, score: scores[document]! }));
}

/** An index in memory that grows by a document at a time. */
export interface GrowingIndex extends TextIndex {
  /** Gives the document its number. */
  add(list: readonly string[]): number;
  /** Every term, for whoever writes the index down. */
  terms(): Iterable<[string, Postings]>;
}

/** An empty index in memory. */
export function textIndex(): GrowingIndex {
  const lengths: number[] = [];
  let total = 0;
  const lists = new Map<string, { documents: number[]; counts: number[] }>();
  // Typed copies of the lists that were asked for, as long as they are up to date.
  const typed = new Map<string, Postings>();
  const postings = (term: string): Postings | undefined => {
    const list = lists.get(term);
    if (list === undefined) return undefined;
    const known = typed.get(term);
    if (known?.documents.length === list.documents.length) return known;
    const made = { documents: Uint32Array.from(list.documents), counts: Uint16Array.from(list.counts) };
    typed.set(term, made);
    return made;
  };
  return {
    get size() {
      return lengths.length;
    },
    get total() {
      return total;
    },
    lengths,
    frequency: (term) => lists.get(term)?.documents.length ?? 0,
    postings,
    add(list) {
      total += list.length;
      const number = lengths.push(list.length) - 1;
      for (const [term, count] of countTerms(list)) {
        let at = lists.get(term);
        if (at === undefined) lists.set(term, (at = { documents: [], counts: [] }));
        at.documents.push(number);
        at.counts.push(Math.min(count, 0xffff));
      }
      return number;
    },
    *terms() {
      for (const term of lists.keys()) yield [term, postings(term)!];
    },
  };
}
