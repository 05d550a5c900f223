/**
 * "Has this been tried?", asked before anything is paid for: from the same point to the same words, the strongest
 * answer wins. A result holds in its context, so what was tried in another one is shown and stands in nobody's way.
 */

import type { Rng } from '../../methods/math/rng.ts';
import { mean, variance } from '../../methods/math/summary.ts';
import type { Point } from '../../methods/space/space.ts';
import { type Differs, differsText, likeness, SAME_CONTEXT, valueText } from './context.ts';
import type { CrashModel } from './crash.ts';
import type { Memory } from './memory.ts';
import { type Distance, FIRST_RADIUS } from './near.ts';
import { changesBetween, type Context, failed, pointOf, type TrialRecord } from './record.ts';
import { type CodeChange, codeOf, keyOf } from './key.ts';
import { best, bm25, countTerms } from './search.ts';
import { terms } from './terms.ts';

/** What somebody wants to try: all settings, and the context it would happen in. */
export interface Question extends CodeChange {
  readonly point: Point;
  readonly context: Context;
  readonly hypothesis?: string;
  readonly seed?: number | string;
}

/**
 * What to do: `reuse` a result that is there, run it although there is a `warn`ing (give a reason: another seed, another
 * context), `block` it because it will fail (unless overridden), or `allow`.
 */
export type Decision = 'reuse' | 'warn' | 'block' | 'allow';

/** What the answer rests on. */
export type Step = 'exact' | 'near' | 'same-change' | 'code' | 'crash' | 'text' | 'none';

export interface Answer {
  readonly decision: Decision;
  readonly step: Step;
  /** One sentence. */
  readonly why: string;
  /** What it rests on, the likest first. */
  readonly records: readonly TrialRecord[];
  /** The same, tried in another context, with what was different: it lifts the warning. */
  readonly elsewhere: readonly { readonly record: TrialRecord; readonly differs: readonly Differs[] }[];
  /** It would have been blocked, and is let through to see whether the prediction is right. */
  readonly tested?: true;
  /** Predicted probability of a failure, where one could be made. */
  readonly crash?: number;
}

export interface TriedOptions {
  /** See `distanceOver`; without it only equal settings are near. */
  readonly distance?: Distance;
  /** See `noiseRadius`. */
  readonly radius?: number;
  readonly crash?: CrashModel;
  /** Draws which of the blocked are tested; without it none is. */
  readonly random?: Rng;
  /** Somebody insists: nothing is blocked. */
  readonly override?: boolean;
  /** Knobs seen to act together with a knob. */
  readonly interacting?: (knob: string) => ReadonlySet<string>;
}

/** Blocked above this probability of a failure. */
export const BLOCK_ABOVE = 0.9;
/** Share of the blocked that is run all the same. */
export const TESTED = 0.05;
/** Share of their words, weighted by rarity, that two hypotheses have in common to be one. */
const SAME_WORDS = 0.8;
/** And share of words that descriptions have in common at least when both of them mean the settings they name. */
const RELATED_WORDS = 0.3;
const SHOWN = 8;
const ORDER: Readonly<Record<Decision, number>> = { reuse: 3, block: 2, warn: 1, allow: 0 };

/** The strongest of what the steps say; `elsewhere` gathers what each of them found in other contexts. */
export function triedBefore(memory: Memory, question: Question, options: TriedOptions = {}): Answer {
  const elsewhere = new Map<string, Answer['elsewhere'][number]>();
  const changed = new Set(changesBetween(question.context.incumbent, question.point).map(({ name }) => name));
  const interacting = new Set([...changed].flatMap((knob) => [...(options.interacting?.(knob) ?? [])]));
  const inContext = (records: readonly TrialRecord[], except: ReadonlySet<string> = changed): TrialRecord[] =>
    records.filter((record) => {
      if (!described(record, question)) return false;
      const { weight, differs } = likeness(record.context, question.context, except, interacting);
      if (weight >= SAME_CONTEXT) return true;
      elsewhere.set(record.id, { record, differs });
      return false;
    });

  const close = near(memory, question, options, inContext);
  const found = [
    exact(memory, question),
    close,
    sameChange(memory, question, options, inContext),
    sameCode(memory, question, inContext),
    sameWords(memory, question, inContext),
  ].filter((answer) => answer !== undefined);
  const crash = options.crash?.probability(question.point);
  // A result next to it weighs more than a prediction.
  const works = close?.records.some(({ outcome }) => outcome.status === 'ok') === true;
  const doomed = crash !== undefined && crash > BLOCK_ABOVE && options.override !== true && !works;
  const tested = doomed && options.random !== undefined && options.random.uniform() < TESTED;
  if (doomed && !tested) {
    const { rows, failures } = options.crash!;
    const why = `it will fail with probability ${crash.toFixed(2)}, by the settings of ${failures} failures among ${rows} trials`;
    found.push({ decision: 'block', step: 'crash', why, records: [] });
  }
  const first = found.reduce<Found>((a, b) => (ORDER[b.decision] > ORDER[a.decision] ? b : a), {
    decision: 'allow',
    step: 'none',
    why: 'nothing like it was tried',
    records: [],
  });
  for (const { id } of first.records) elsewhere.delete(id);
  const lifted = [...elsewhere.values()];
  const why =
    first.step === 'none' && lifted[0] !== undefined
      ? `tried in another context: ${lifted[0].record.id}, ${differsText(lifted[0].differs)}`
      : first.why;
  return {
    ...first,
    why,
    elsewhere: lifted.slice(0, SHOWN),
    ...(tested ? { tested } : {}),
    ...(crash === undefined ? {} : { crash }),
  };
}

/**
 * Settings read out of a description are a part of the change: whether it is the same is also a matter of the words.
 * Always true where settings are all there is, or the question has no words.
 */
function described({ change, hypothesis }: TrialRecord, question: Question): boolean {
  if (change.prose !== true || question.hypothesis === undefined) return true;
  const [then, now] = [new Set(terms(hypothesis)), new Set(terms(question.hypothesis))];
  const both = [...then].filter((term) => now.has(term)).length;
  return both >= RELATED_WORDS * (then.size + now.size - both);
}

type Found = Pick<Answer, 'decision' | 'step' | 'why' | 'records'>;
type InContext = (records: readonly TrialRecord[], except?: ReadonlySet<string>) => TrialRecord[];

function exact(memory: Memory, question: Question): Found | undefined {
  const same = memory
    .keyed(keyOf(question.point, question.context, question))
    .filter((record) => described(record, question));
  if (same.length === 0) return undefined;
  const done = same.filter(({ outcome }) => outcome.status !== 'open' && outcome.status !== 'lost');
  const seed = question.seed === undefined ? undefined : String(question.seed);
  const seeded = done.filter(
    ({ outcome }) => seed === undefined || outcome.seeds === undefined || outcome.seeds.map(String).includes(seed),
  );
  if (done.length === 0) return { decision: 'warn', step: 'exact', why: 'the same is under way', records: same };
  if (same.some(({ change }) => change.prose)) {
    return { decision: 'warn', step: 'exact', why: `the same by its description: ${summary(done)}`, records: done };
  }
  if (seeded.length > 0)
    return { decision: 'reuse', step: 'exact', why: `the same: ${summary(seeded)}`, records: seeded };
  return { decision: 'warn', step: 'exact', why: `a replicate of the same: ${summary(done)}`, records: done };
}

function near(
  memory: Memory,
  question: Question,
  { distance, radius = FIRST_RADIUS }: TriedOptions,
  inContext: InContext,
): Found | undefined {
  if (distance === undefined) return undefined;
  const { point, context } = question;
  const code = codeOf(question);
  const close = memory
    .around(context.metric)
    .flatMap((record) => {
      const apart = distance(remembered(record), point);
      return apart <= radius && record.outcome.status !== 'open' && codeOf(record.change) === code
        ? [{ record, apart }]
        : [];
    })
    .sort((a, b) => a.apart - b.apart)
    .map(({ record }) => record);
  // All settings are compared: where each of them came from makes no difference.
  const names = new Set(Object.keys(point));
  const here = inContext(close, new Set([...names, ...close.flatMap(({ context }) => Object.keys(context.incumbent))]));
  if (here.length === 0) return undefined;
  return { decision: 'warn', step: 'near', why: `next to it ${summary(here)}`, records: here.slice(0, SHOWN) };
}

const points = new WeakMap<TrialRecord, Point>();
/** Every question looks at all points: each is made once. */
function remembered(record: TrialRecord): Point {
  const known = points.get(record) ?? pointOf(record);
  points.set(record, known);
  return known;
}

function sameChange(
  memory: Memory,
  question: Question,
  { distance, radius = FIRST_RADIUS }: TriedOptions,
  inContext: InContext,
): Found | undefined {
  const turned = changesBetween(question.context.incumbent, question.point);
  const code = codeOf(question);
  if (turned.length === 0) return undefined;
  const goal = Object.fromEntries(turned.flatMap(({ name, to }) => (to === undefined ? [] : [[name, to]])));
  const same = memory.turning(turned.map(({ name }) => name)).filter(({ change }) => {
    if (codeOf(change) !== code) return false;
    const was = Object.fromEntries(change.knobs.flatMap(({ name, to }) => (to === undefined ? [] : [[name, to]])));
    return distance === undefined
      ? Object.keys(goal).every((name) => goal[name] === was[name])
      : distance(goal, was) <= radius;
  });
  const here = inContext(same.toReversed());
  if (here.length === 0) return undefined;
  return {
    decision: 'warn',
    step: 'same-change',
    why: `the same change ${summary(here)}`,
    records: here.slice(0, SHOWN),
  };
}

/** The same edit: of one base it is the same program, of another base it is the same idea. */
function sameCode(memory: Memory, { files = [], diff }: Question, inContext: InContext): Found | undefined {
  const levels = [
    ['bare', 'the same code but for comments and layout'],
    ['renamed', 'the same code under other names'],
    ['template', 'the same code with other numbers'],
  ] as const;
  if (files.length > 0) {
    for (const [level, what] of levels) {
      const here = inContext(memory.coded(files.map(({ fingerprint }) => fingerprint[level])));
      if (here.length > 0)
        return { decision: 'warn', step: 'code', why: `${what} ${summary(here)}`, records: here.slice(0, SHOWN) };
    }
  }
  const edited = diff === undefined ? [] : inContext(memory.coded([diff]));
  if (edited.length === 0) return undefined;
  return { decision: 'warn', step: 'code', why: `the same edit ${summary(edited)}`, records: edited.slice(0, SHOWN) };
}

function sameWords(memory: Memory, { hypothesis }: Question, inContext: InContext): Found | undefined {
  if (hypothesis === undefined) return undefined;
  const asked = countTerms(terms(hypothesis));
  if (asked.size < 2) return undefined;
  const rarity = (term: string): number => Math.log(1 + memory.size / (1 + memory.frequency(term)));
  const alike = best(bm25(memory, asked), 10).flatMap(({ document }) => {
    const record = memory.record(document);
    if (record === undefined) return [];
    const words = countTerms(terms(record.hypothesis));
    let [both, either] = [0, 0];
    for (const term of new Set([...asked.keys(), ...words.keys()])) {
      either += rarity(term);
      if (asked.has(term) && words.has(term)) both += rarity(term);
    }
    return both >= SAME_WORDS * either ? [record] : [];
  });
  const here = inContext(alike);
  if (here.length === 0) return undefined;
  return { decision: 'warn', step: 'text', why: `in the same words ${summary(here)}`, records: here };
}

/** `tried 7×, mean 0.9911 ± 0.0001`: standard error over the records. */
export function summary(records: readonly TrialRecord[]): string {
  const losses = records.flatMap(({ outcome }) => (outcome.loss === undefined ? [] : [outcome.loss]));
  const crashes = records.filter(({ outcome }) => failed(outcome)).length;
  const sign = records[0]!.context.direction === 'minimize' ? 1 : -1;
  const parts = [`tried ${records.length}×`];
  if (losses.length > 0) {
    const spread =
      losses.length > 1 ? ` ± ${valueText(Number(Math.sqrt(variance(losses) / losses.length).toPrecision(2)))}` : '';
    parts.push(`mean ${valueText(sign * mean(losses))}${spread}`);
  }
  if (crashes > 0) parts.push(`${crashes} failed`);
  return `${parts.join(', ')} (${records
    .slice(0, 3)
    .map(({ id }) => id)
    .join(', ')}${records.length > 3 ? ', …' : ''})`;
}
