/** Events about runs: started, reported, passed, paused, resumed, audited, stopping, ended. */

/** Amounts of what is budgeted. */
export interface Amount {
  readonly runs: number;
  readonly deviceSeconds: number;
  readonly money: number;
}

/** Why the lab stops a run. `unfinished` = it was paused, and no time, slot or lab was left to finish it. */
export type StopReason = 'pruned' | 'nan' | 'killed' | 'unfinished';

/** How a run ended. `stopped` = by the lab; `lost` = nobody can say how. */
export type EndStatus = 'done' | 'stopped' | 'failed' | 'lost';

/**
 * Why a run failed: the script's own error, a diverged metric, the limit, memory, no metric, no start at all, or what
 * judges it was changed while it ran.
 */
export type FailReason = 'crash' | 'nan' | 'timeout' | 'oom' | 'no-metric' | 'start' | 'tampered';

export type RunEvent =
  | {
      readonly type: 'run.started';
      readonly run: number;
      readonly trial: number;
      /** 0 for the screening run, then 1, 2, … */
      readonly repeat: number;
      readonly seed: number;
      readonly slot: number;
      /** The executor ends the run after this many seconds, whatever happens to the lab. */
      readonly limitSeconds: number;
      /** The budget or deadline left it less than a run is meant to have. */
      readonly short?: boolean;
      /** Level of the study's fidelity, where it is another than the one at which trials are judged; `repeat` counts the runs there. */
      readonly level?: number;
      /** What it is to tell, where it is made for a forecast. */
      readonly why?: string;
      readonly hold: Amount;
    }
  /** A value of the objective at a rung; every other number goes to the series store. */
  | {
      readonly type: 'run.reported';
      readonly run: number;
      readonly step: number;
      readonly value: number;
      /** Which of its reports it is, from 1 on, where some before it are not written down. */
      readonly nth?: number;
    }
  /** It was looked at when it reached this rung, and goes on to the next. */
  | { readonly type: 'run.passed'; readonly run: number; readonly step: number }
  /** Its processes stand still and its slot is free; its hold stays. */
  | { readonly type: 'run.paused'; readonly run: number; readonly step: number; readonly why: string }
  /** It goes on, on this slot, for at most `leftSeconds` when that is less than its limit leaves it. */
  | { readonly type: 'run.resumed'; readonly run: number; readonly slot: number; readonly leftSeconds?: number }
  /** It would have been stopped for good, and is let finish to see what such stops cost. */
  | {
      readonly type: 'run.audited';
      readonly run: number;
      readonly step: number;
      readonly why: string;
      /** As in `run.stopping`. */
      readonly risk?: number;
      /** Mean of the incumbent at that moment, in the metric's own unit. */
      readonly toBeat: number;
    }
  | {
      readonly type: 'run.stopping';
      readonly run: number;
      readonly reason: StopReason;
      readonly why: string;
      /** Probability that it would have come out better than the incumbent; absent when nobody could say. */
      readonly risk?: number;
    }
  | {
      readonly type: 'run.ended';
      readonly run: number;
      readonly status: EndStatus;
      readonly reason?: FailReason;
      /** One line for people. */
      readonly text?: string;
      /** Last lines of the log, when it failed. */
      readonly tail?: readonly string[];
      /** The objective, finite; absent when there is none. */
      readonly value?: number;
      readonly resolution?: number;
      /** Last values of the other metrics that guards are about, by the name in the configuration. */
      readonly others?: Readonly<Record<string, number>>;
      /** Last step of the objective, and how often it was reported. */
      readonly step?: number;
      readonly reports?: number;
      readonly charge: Amount;
      /** Wall seconds of the process and of its evaluator, those during which it was paused left out. */
      readonly seconds: number;
      /** Wall seconds for which its code was tried before; charged, and not among `seconds`. */
      readonly smokeSeconds?: number;
      readonly cpuSeconds?: number;
      readonly peakBytes?: number;
      readonly exit?: number;
      /** It was not made: an earlier study had made it. */
      readonly reused?: { readonly study: string; readonly run: number };
    };
