/**
 * What is remembered of an experiment: a record, written once. Whatever is concluded from records (weights, lessons,
 * contradictions, indexes) is computed from them and can be thrown away.
 */

import { valueAt } from '../../methods/space/point.ts';
import type { Point, Value } from '../../methods/space/space.ts';
import type { Direction } from '../config.ts';
import type { FailReason, Verdict } from '../events/index.ts';
import type { Fingerprint } from './fingerprint.ts';

/** A knob that was turned; a side is absent where the knob did not apply, or nobody wrote it down. */
export interface KnobChange {
  readonly name: string;
  readonly from?: Value;
  readonly to?: Value;
  readonly scale?: 'linear' | 'log';
}

/** A file that was changed, as it was afterwards. */
export interface FileChange {
  readonly path: string;
  readonly fingerprint: Fingerprint;
}

/** Everything a result depends on besides the change. */
export interface Context {
  /** Settings of what the trial departed from, as far as they are known. */
  readonly incumbent: Point;
  readonly metric: string;
  readonly direction: Direction;
  /** Names a definition of the metric; another one is another yardstick. */
  readonly metricVersion?: string;
  /** Hash of the data, or its version. */
  readonly data?: string;
  /** Hashes of what makes up the code: of the script, and of each change to it that was in force. */
  readonly code: readonly string[];
  /** Sizes that results depend on (parameters, tokens, seconds), by name, > 0. */
  readonly scale?: Readonly<Record<string, number>>;
  readonly bet?: string;
  readonly researcher: string;
}

/** `open` = no run has ended yet; `stopped` = cut short by the lab. */
export type Status = 'ok' | 'open' | 'stopped' | 'lost' | FailReason;

export interface Outcome {
  readonly status: Status;
  /** Absent while nobody has judged. */
  readonly verdict?: Verdict;
  readonly why?: string;
  /** Mean of the results, oriented so that lower is better. */
  readonly loss?: number;
  /** Difference to the incumbent, positive is better, and half its 95 % interval. */
  readonly effect?: number;
  readonly margin?: number;
  /** Results behind `loss`. */
  readonly n: number;
  /** Standard deviation of one run, as it was known then. */
  readonly noiseSd?: number;
  /** P(better than the incumbent). */
  readonly better?: number;
  /** What failed, with numbers and paths taken out, so that the same failure reads the same. */
  readonly signature?: string;
  readonly seeds?: readonly (number | string)[];
}

export interface Cost {
  readonly deviceSeconds: number;
  readonly money: number;
  readonly tokens: number;
}

export type LinkKind = 'parent' | 'replicates' | 'refutes' | 'supersedes' | 'combines' | 'cites' | 'same-as';

/** This record does something to another (or to a lesson, for `cites`). */
export interface Link {
  readonly kind: LinkKind;
  readonly to: string;
}

/** One experiment. Ids are `study/trial`, or `study/source:row` for what was imported. */
export interface TrialRecord {
  readonly id: string;
  readonly study: string;
  /** Milliseconds since 1970; that of the import where the log has no times. */
  readonly at: number;
  readonly hypothesis: string;
  /** Mechanisms it is about, in few words each. */
  readonly tags: readonly string[];
  readonly change: {
    readonly knobs: readonly KnobChange[];
    /** The knobs were read out of a description: there may be more to the change. */
    readonly prose?: true;
    readonly files?: readonly FileChange[];
    /** Fingerprint of the set of added and removed lines: the same edit of another base has the same. */
    readonly diff?: string;
    /** Hash of all code after the change; absent where it is the script as it is, or nobody knows. */
    readonly tree?: string;
  };
  readonly context: Context;
  readonly outcome: Outcome;
  readonly cost: Cost;
  readonly links: readonly Link[];
}

/** All settings of an experiment: those it departed from, with the change made. */
export function pointOf({ change, context }: Pick<TrialRecord, 'change' | 'context'>): Point {
  const point: Record<string, Value> = Object.assign(Object.create(null) as Record<string, Value>, context.incumbent);
  for (const { name, to } of change.knobs) {
    if (to === undefined) delete point[name];
    else point[name] = to;
  }
  return point;
}

/** What two settings differ in, in order of the names. */
export function changesBetween(from: Point, to: Point, scales?: ReadonlyMap<string, 'linear' | 'log'>): KnobChange[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.flatMap((name) => {
    const [before, after] = [valueAt(from, name), valueAt(to, name)];
    if (before === after) return [];
    const scale = scales?.get(name);
    return [
      {
        name,
        ...(before === undefined ? {} : { from: before }),
        ...(after === undefined ? {} : { to: after }),
        ...(scale === undefined ? {} : { scale }),
      },
    ];
  });
}

/** Whether it failed to give a result. Being stopped, lost or still open says nothing about the change. */
export function failed({ status }: Outcome): boolean {
  return status !== 'ok' && status !== 'open' && status !== 'stopped' && status !== 'lost';
}

/** How an experiment counts when a summary must not be all successes. */
export function faceOf({ outcome }: TrialRecord): 'win' | 'failure' | 'other' {
  if (outcome.verdict === 'keep') return 'win';
  if (outcome.verdict === 'discard' || outcome.verdict === 'crash' || failed(outcome)) return 'failure';
  return 'other';
}

/** An error line with its numbers, addresses and paths taken out: `CUDA out of memory. Tried to allocate # GiB`. */
export function signatureOf(text: string): string {
  return text
    .replaceAll(/0x[\da-f]+/gi, '#')
    .replaceAll(/(?:\/[\w.-]+){2,}/g, '…')
    .replaceAll(/\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi, '#')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 160);
}
