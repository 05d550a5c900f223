/** The contract of everything that makes runs happen. */

import type { Point } from '../../methods/space/space.ts';
import type { Metric } from '../capture/metric.ts';

/** What to run. Everything an executor needs to start the run, and to find it again after a restart. */
export interface RunSpec {
  readonly run: number;
  readonly trial: number;
  readonly point: Point;
  readonly seed: number;
  readonly slot: number;
  /** Commit of its code in the study's repository; absent = the script as it is. */
  readonly code?: string;
  /** After this many seconds the executor ends the run, also when no lab is there to ask. */
  readonly limitSeconds: number;
  /** Its code is tried for at most so long, up to the first metric, before the run itself begins; absent = it is not. */
  readonly smokeSeconds?: number;
  /** An earlier study's result would do. */
  readonly reusable?: true;
}

/** A run of an earlier study, as much of it as stands for one that need not be made. */
export interface Reused {
  readonly study: string;
  readonly run: number;
  readonly value: number;
  readonly resolution?: number;
  readonly others?: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly peakBytes?: number;
  /** Rungs of its curve, values as they were printed. */
  readonly curve: readonly (readonly [step: number, value: number])[];
}

/** How a run came to its end, as far as the machine can tell. */
export interface Exit {
  /** `exited`: the process ended and its code is known. `lost`: it is gone, and nobody saw how. `unstarted`: it never was. */
  readonly how: 'exited' | 'lost' | 'unstarted';
  /** Exit status; 128 + n for signal n. */
  readonly code?: number;
  /** Set when the executor ended it. */
  readonly cut?: 'time-limit' | 'cancelled' | 'abandoned';
  /** Wall seconds of the process without those during which it was paused, by a clock of the machine it ran on. */
  readonly seconds: number;
  /** Wall seconds that its code was tried for before, which are not among `seconds`. */
  readonly smokeSeconds?: number;
  /** The part of the run that ended it, when it was not the run itself. */
  readonly stage?: 'smoke' | 'evaluate';
  /** Sealed files that are not what they were, in the run's copy or in the project itself: nothing it says counts. */
  readonly tampered?: { readonly files: readonly string[]; readonly original: boolean; readonly how?: string };
  /** Files that steer the study and were changed in the project while this run, which was not confined, could have done it. */
  readonly steering?: readonly string[];
  /** Lines of its output that say it was refused what a confined run may not have. */
  readonly refused?: readonly string[];
  /** It was not made: this came of it when an earlier study made it. */
  readonly reused?: Reused;
  readonly cpuSeconds?: number;
  /** Largest sum of resident memory of the process tree that was seen. */
  readonly peakBytes?: number;
  /** Last lines it printed. */
  readonly tail: readonly string[];
  /** Lines it printed in all, where they were counted. */
  readonly lines?: number;
  /** Why it never started or was lost. */
  readonly text?: string;
}

/** What an executor tells the lab. */
export type Message =
  | {
      readonly type: 'run.heard';
      readonly run: number;
      readonly metrics: readonly Metric[];
      /** Said by the evaluator of the study; absent = by the script itself. */
      readonly by?: 'evaluator';
    }
  | { readonly type: 'run.exited'; readonly run: number; readonly exit: Exit }
  /** The held-out check of a run has ended, and said this. */
  | { readonly type: 'heldout.exited'; readonly run: number; readonly exit: Exit; readonly metrics: readonly Metric[] }
  | { readonly type: 'warning.raised'; readonly code: string; readonly text: string; readonly run?: number };

/** Memory of the machine that runs happen on, in bytes. */
export interface Memory {
  /** What could be had without pushing anything out. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export type Tell = (message: Message) => void;

/**
 * Makes runs happen.
 *
 * Contract: none of these throws or waits. For every run submitted or adopted exactly one `run.exited` follows,
 * after its last `run.heard`. A spec submitted twice, by this process or by another, runs once. `stop` is polite
 * first and hard after the grace time, reaches every process the run started, and of a run that is over it does
 * nothing. `adopt` is given all runs that were under way when the last lab died: those that live go on, those that
 * ended meanwhile are told as such, those that never started are started.
 *
 * `pause` stops every process of a run where it is; the time until `resume` counts neither for its seconds nor for
 * its limit. Both may be called again without harm, and do nothing of a run that is over. A paused run can be stopped
 * like any other, is still paused when it is adopted, and is ended (cut `abandoned`) when no lab comes back to it.
 */
export interface Executor {
  /** Whether `pause` and `resume` do anything. */
  readonly canPause: boolean;
  submit(spec: RunSpec, tell: Tell): void;
  stop(run: number): void;
  pause(run: number): void;
  /** Go on, on a slot like the one it had, for at most `leftSeconds` more when that is less than its limit leaves it. */
  resume(run: number, slot: number, leftSeconds?: number): void;
  /** What memory there is now; undefined where nobody can tell. */
  memory(): Memory | undefined;
  adopt(specs: readonly RunSpec[], tell: Tell): void;
  /**
   * Judge what a run that has ended well left behind by the study's held-out check, within `limitSeconds` of the spec.
   * Exactly one `heldout.exited` follows; asked again for the same run, by whomever, it is not done again but told again.
   */
  check(spec: RunSpec, tell: Tell): void;
  /** The files a run made are not needed any more; its log, shortened if it is huge, is kept. */
  clean(run: number): void;
  /** Let go of files and timers. Runs go on. */
  close(): void;
}
