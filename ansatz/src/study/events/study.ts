/** Events about a study as a whole. */

import type { Point } from '../../methods/space/space.ts';
import type { Budget, Slot, StudyConfig } from '../config.ts';

export type EndReason = 'budget' | 'deadline' | 'milestone' | 'exhausted' | 'baseline-failed';

export type StudyEvent =
  | {
      readonly type: 'study.created';
      readonly config: StudyConfig;
      /** The script's own settings: trial 1. */
      readonly baseline: Point;
    }
  /** A lab took the lease and brings these slots. Time between two labs is not charged as wall time. */
  | {
      readonly type: 'lab.opened';
      readonly host: string;
      readonly pid: number;
      readonly version: string;
      readonly slots: readonly Slot[];
      /** Versions and machine, by name, for whoever wants to get the results again. */
      readonly environment?: Readonly<Record<string, string>>;
      /** Fingerprint of all that results depend on besides settings and seeds; absent where nobody can tell. */
      readonly print?: string;
    }
  | { readonly type: 'lab.closed' }
  | { readonly type: 'study.paused' }
  | { readonly type: 'study.resumed' }
  /** No new runs; those under way finish. */
  | { readonly type: 'study.draining' }
  /** No new runs; those under way are stopped. */
  | { readonly type: 'study.killed' }
  | { readonly type: 'budget.raised'; readonly budget: Budget; readonly deadline?: number }
  /** The search is over, for this reason; what was held in reserve goes to the finalists. */
  | { readonly type: 'study.closing'; readonly reason: EndReason; readonly text: string }
  /** The rules of how work is paid for and shared have changed: each named key has this value now, null = none. */
  | { readonly type: 'study.amended'; readonly changes: Readonly<Record<string, unknown>> }
  | { readonly type: 'study.ended'; readonly reason: EndReason; readonly text: string }
  /** Wakes `decide` at a time it waits for; carries nothing but its `at`. */
  | { readonly type: 'clock.ticked' }
  /** Memory of the machine, noted where a paused run may have to stay in it. */
  | { readonly type: 'machine.noted'; readonly freeBytes: number; readonly totalBytes: number }
  /** A knob whose change altered nothing: the search leaves it alone from here on. */
  | { readonly type: 'knob.died'; readonly knob: string; readonly trial: number; readonly text: string }
  /** What results are judged by, as it was before the first run: path → SHA-256. */
  | { readonly type: 'study.sealed'; readonly files: Readonly<Record<string, string>> }
  /** Something the user should know that changes no rule. */
  | { readonly type: 'warning.raised'; readonly code: string; readonly text: string; readonly run?: number };
