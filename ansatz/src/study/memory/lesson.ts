/**
 * What records add up to, without a model: where results of one change contradict each other, both and what differed;
 * where they agree, their pooled effect; and a line for each knob.
 */

import { valueAt } from '../../methods/space/point.ts';
import type { Value } from '../../methods/space/space.ts';
import { type Cluster, clusterText, knobClusters } from './cluster.ts';
import { changeKey, type Conflict, conflicts } from './conflict.ts';
import { type Measured, measured, pooled, type Pooled, signed } from './effects.ts';
import { valueText } from './context.ts';
import { hash } from './hash.ts';
import type { TrialRecord } from './record.ts';

/** A condition on the context; all of a list must hold. */
export interface Condition {
  readonly knob: string;
  /** One of these values; absent = it is not set. */
  readonly is?: readonly Value[];
}

/** Something learned, with what it rests on. */
export interface Lesson {
  readonly id: string;
  readonly text: string;
  readonly knobs: readonly string[];
  readonly when: readonly Condition[];
  readonly whenNot: readonly Condition[];
  /** Ids of records, ≥ 1. */
  readonly evidence: readonly string[];
  readonly effect?: Pooled;
  /** Experiments for it and against it. */
  readonly support: { readonly for: number; readonly against: number };
  /** Trials that cited it and were kept, and those that cited it and were not. */
  readonly helpful: number;
  readonly harmful: number;
  /** `distilled` from records, or written by a `model` or a `person`. */
  readonly by: 'distilled' | 'model' | 'person';
}

/** Fewest experiments behind a line about a knob: one is no more than its record. */
const FEWEST = 2;
/** Longest lesson that somebody may write. */
const MOST_WORDS = 60;

/** Lessons that the records teach: what each change did, contradictions first, then clusters of each knob. */
export function lessonsOf(records: readonly TrialRecord[], noiseSd?: number): Lesson[] {
  const cited = citations(records);
  const found = conflicts(records, noiseSd);
  const conditional = [...Map.groupBy(found, ({ a }) => changeKey(a)!)].map(([key, pairs]) =>
    conditionalLesson(key, pairs, noiseSd),
  );
  const torn = new Set(found.map(({ a }) => changeKey(a)));
  const agreed = [...Map.groupBy(records, changeKey)].flatMap(([key, group]) =>
    key === undefined || torn.has(key) ? [] : agreedLesson(key, group, noiseSd),
  );
  const clusters = knobClusters(records, noiseSd)
    .filter((cluster) => cluster.records.length >= FEWEST)
    .map(clusterLesson);
  return [...conditional, ...agreed, ...clusters].map((lesson) => ({ ...lesson, ...cited.get(lesson.id) }));
}

function lessonId(what: string): string {
  return `lesson:${hash(what).slice(0, 8)}`;
}

/** The same change, made more than once, with results that agree: their intervals merge. */
function agreedLesson(key: string, records: readonly TrialRecord[], noiseSd: number | undefined): Lesson[] {
  const effects = measured(records, noiseSd);
  const all = pooled(effects);
  if (all === undefined || effects.length < FEWEST) return [];
  const better = effects.filter(({ effect }) => effect > 0).length;
  return [
    {
      id: lessonId(`change ${key}`),
      text: `${key}: ${signed(all.effect)} ± ${valueText(Number(all.margin.toPrecision(2)))} over ${all.n} experiments`,
      knobs: records[0]!.change.knobs.map(({ name }) => name),
      when: shared(records),
      whenNot: [],
      evidence: records.map(({ id }) => id),
      effect: all,
      support: { for: better, against: effects.length - better },
      helpful: 0,
      harmful: 0,
      by: 'distilled',
    },
  ];
}

function clusterLesson(cluster: Cluster): Lesson {
  const { knob, records, better, worse } = cluster;
  return {
    id: lessonId(`knob ${knob}`),
    text: clusterText(cluster),
    knobs: [knob],
    when: shared(records),
    whenNot: [],
    evidence: records.map(({ id }) => id),
    ...(cluster.pooled === undefined ? {} : { effect: cluster.pooled }),
    support: { for: better, against: worse },
    helpful: 0,
    harmful: 0,
    by: 'distilled',
  };
}

function conditionalLesson(key: string, pairs: readonly Conflict[], noiseSd: number | undefined): Lesson {
  const records = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const effects = measured(records, noiseSd);
  const [good, bad] = [effects.filter(({ effect }) => effect > 0), effects.filter(({ effect }) => effect <= 0)];
  const all = pooled(effects);
  const side = ({ record, effect }: Measured): string => `${signed(effect)} in ${record.id}`;
  const differs = pairs.flatMap((pair) => pair.differs);
  const about = [...new Set(differs.map(({ what }) => what))].slice(0, 4).join(', ');
  const refuted = pairs.every(({ refutes }) => refutes);
  return {
    id: lessonId(`conflict ${key}`),
    text: `${key}: ${effects.slice(0, 4).map(side).join(', ')}; ${refuted ? 'the gain did not repeat' : about === '' ? 'test again' : `differed: ${about}; test again`}`,
    knobs: records[0]!.change.knobs.map(({ name }) => name),
    when: apart(good, bad),
    whenNot: apart(bad, good),
    evidence: records.map(({ id }) => id),
    ...(all === undefined ? {} : { effect: all }),
    support: { for: good.length, against: bad.length },
    helpful: 0,
    harmful: 0,
    by: 'distilled',
  };
}

/** Settings that all of these experiments shared, those they changed left out. */
function shared(records: readonly TrialRecord[]): Condition[] {
  const [first, ...rest] = records.map(({ context }) => context.incumbent);
  if (first === undefined) return [];
  const changed = new Set(records.flatMap(({ change }) => change.knobs.map(({ name }) => name)));
  return Object.entries(first).flatMap(([knob, value]) =>
    !changed.has(knob) && rest.every((point) => valueAt(point, knob) === value) ? [{ knob, is: [value] }] : [],
  );
}

/** Settings that tell these experiments from the others. */
function apart(these: readonly Measured[], others: readonly Measured[]): Condition[] {
  if (these.length === 0 || others.length === 0) return [];
  const contexts = (list: readonly Measured[]) => list.map(({ record }) => record.context.incumbent);
  const names = new Set(contexts([...these, ...others]).flatMap((point) => Object.keys(point)));
  return [...names].flatMap((knob) => {
    const [mine, rest] = [these, others].map((list) => new Set(contexts(list).map((point) => valueAt(point, knob))));
    if ([...mine!].some((value) => rest!.has(value))) return [];
    const is = [...mine!].filter((value) => value !== undefined);
    return [{ knob, ...(is.length === 0 ? {} : { is }) }];
  });
}

function citations(records: readonly TrialRecord[]): Map<string, { helpful: number; harmful: number }> {
  const counts = new Map<string, { helpful: number; harmful: number }>();
  for (const { links, outcome } of records) {
    for (const { to } of links.filter(({ kind, to }) => kind === 'cites' && to.startsWith('lesson:'))) {
      const count = counts.get(to) ?? { helpful: 0, harmful: 0 };
      if (outcome.verdict === 'keep') count.helpful++;
      else if (outcome.verdict !== undefined) count.harmful++;
      counts.set(to, count);
    }
  }
  return counts;
}

/**
 * A lesson that a model or a person wrote, or why it is not taken: it must be short and cite records that exist, so
 * that whoever reads it can see what it rests on.
 */
export function admitted(
  given: Pick<Lesson, 'text' | 'knobs' | 'when' | 'whenNot' | 'evidence'>,
  by: 'model' | 'person',
  exists: (id: string) => boolean,
): Lesson | { readonly refused: string } {
  const words = given.text.trim().split(/\s+/).length;
  if (given.text.trim() === '') return { refused: 'it says nothing' };
  if (words > MOST_WORDS) return { refused: `it has ${words} words, at most ${MOST_WORDS} are read` };
  if (given.evidence.length === 0) return { refused: 'it cites no record' };
  const unknown = given.evidence.filter((id) => !exists(id));
  if (unknown.length > 0) return { refused: `there is no record ${unknown.join(', ')}` };
  const support = { for: given.evidence.length, against: 0 };
  return { ...given, id: lessonId(`${by} ${given.text}`), support, helpful: 0, harmful: 0, by };
}
