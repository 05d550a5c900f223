/** Records at hand: found by id, by what they changed, and by the words in them. */

import { valueText } from './context.ts';
import { keyOf } from './key.ts';
import { pointOf, type TrialRecord } from './record.ts';
import { textIndex, type TextIndex } from './search.ts';
import { terms } from './terms.ts';

/** A record cited by another: the numbers of both documents. */
export interface Use {
  readonly by: number;
  readonly of: number;
}

/** A collection of records that can be recalled from, in memory or on disk. Documents are records in order of arrival. */
export interface Shelf extends TextIndex {
  /** The record as it stands; undefined for a document that a newer one of the same id has replaced. */
  record(document: number): TrialRecord | undefined;
  /** Who cites whom, in order of `by`. */
  readonly uses: readonly Use[];
}

/** A shelf in memory that grows. Nothing is forgotten: an id that comes again has a newer word on the same trial. */
export interface Memory extends Shelf {
  add(record: TrialRecord): void;
  get(id: string): TrialRecord | undefined;
  /** Records as they stand, in order of their first arrival. */
  all(): Iterable<TrialRecord>;
  /** Records whose change turns exactly these knobs. */
  turning(knobs: readonly string[]): TrialRecord[];
  /** Records of the same experiment: see `keyOf`. */
  keyed(key: string): TrialRecord[];
  /** Records with this metric. */
  around(metric: string): TrialRecord[];
  /** Records whose files or edit have all of these fingerprints. */
  coded(prints: readonly string[]): TrialRecord[];
}

/** Everything of a record that it can be found by. */
export function textOf({ hypothesis, tags, change, context, outcome }: TrialRecord): string {
  const knobs = change.knobs.map(({ name, from, to }) => `${name} ${valueText(from)} ${valueText(to)}`);
  const files = (change.files ?? []).map(({ path }) => path);
  const rest = [context.bet, outcome.verdict, outcome.status === 'ok' ? undefined : outcome.status, outcome.signature];
  const why = outcome.why === hypothesis ? undefined : outcome.why;
  return [hypothesis, ...tags, ...knobs, ...files, why, ...rest].filter((part) => part !== undefined).join('\n');
}

/** The terms a record is found by: words, ideas, and `knob:name` for each knob it turned. */
export function termsOf(record: TrialRecord): string[] {
  return [...terms(textOf(record)), ...record.change.knobs.map(({ name }) => knobTerm(name))];
}

/** Ids that a record builds on: a parent is what it departs from anyway, and says nothing of use. */
export function citedBy({ links }: TrialRecord): string[] {
  return links.flatMap(({ kind, to }) => (kind === 'parent' ? [] : [to]));
}

/** The term of a knob, whatever the case and the marks in its name. */
export function knobTerm(name: string): string {
  return `knob:${name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '')}`;
}

/** An empty memory, or one that holds these records. */
export function memoryOf(records: Iterable<TrialRecord> = []): Memory {
  const index = textIndex();
  const documents: TrialRecord[] = [];
  const newest = new Map<string, number>();
  /** Ids by anything that records have in common, a prefix saying what. */
  const shared = new Map<string, Set<string>>();
  const uses: Use[] = [];
  const having = (key: string): TrialRecord[] => [...(shared.get(key) ?? [])].map((id) => documents[newest.get(id)!]!);

  const memory: Memory = {
    get size() {
      return index.size;
    },
    get total() {
      return index.total;
    },
    lengths: index.lengths,
    frequency: (term) => index.frequency(term),
    postings: (term) => index.postings(term),
    uses,
    record(document) {
      const record = documents[document];
      return record !== undefined && newest.get(record.id) === document ? record : undefined;
    },
    add(record) {
      const again = newest.get(record.id);
      const document = index.add(termsOf(record));
      documents.push(record);
      if (again !== undefined) {
        uses.forEach((use, i) => {
          if (use.of === again) uses[i] = { ...use, of: document };
        });
      } else {
        for (const cited of citedBy(record)) {
          const of = newest.get(cited);
          if (of !== undefined) uses.push({ by: document, of });
        }
      }
      newest.set(record.id, document);
      for (const key of sharedKeys(record)) {
        if (!shared.has(key)) shared.set(key, new Set());
        shared.get(key)!.add(record.id);
      }
    },
    get(id) {
      const document = newest.get(id);
      return document === undefined ? undefined : documents[document];
    },
    *all() {
      for (const document of newest.values()) yield documents[document]!;
    },
    turning: (names) => having(turned(names)),
    keyed: (key) => having(`is:${key}`),
    around: (metric) => having(`metric:${metric}`),
    coded(prints) {
      const [first, ...rest] = prints.map((print) => having(`code:${print}`));
      return (first ?? []).filter((record) => rest.every((list) => list.includes(record)));
    },
  };
  for (const record of records) memory.add(record);
  return memory;
}

function sharedKeys(record: TrialRecord): string[] {
  const { change, context } = record;
  const prints = (change.files ?? []).flatMap(({ fingerprint }) => [
    fingerprint.bare,
    fingerprint.renamed,
    fingerprint.template,
  ]);
  return [
    turned(change.knobs.map(({ name }) => name)),
    `is:${keyOf(pointOf(record), context, change)}`,
    `metric:${context.metric}`,
    ...prints.map((print) => `code:${print}`),
    ...(change.diff === undefined ? [] : [`code:${change.diff}`]),
  ];
}

function turned(knobs: readonly string[]): string {
  return `turns:${[...new Set(knobs.map(knobTerm))].sort().join(' ')}`;
}
