/** Events about runs: started, reported, stopping, ended. */

/** Amounts of what is budgeted. */
export interface Amount {
  readonly runs: number;
  readonly deviceSeconds: number;
  readonly money: number;
}

export type StopReason = 'pruned' | 'nan' | 'killed';

/** How a run ended. `stopped` = by the lab; `lost` = nobody can say how. */
export type EndStatus = 'done' | 'stopped' | 'failed' | 'lost';

/** Why a run failed: the script's own error, a diverged metric, the limit, memory, no metric, or no start at all. */
export type FailReason = 'crash' | 'nan' | 'timeout' | 'oom' | 'no-metric' | 'start';

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
      readonly hold: Amount;
    }
  /** A value of the objective at a rung; every other number goes to the series store. */
  | { readonly type: 'run.reported'; readonly run: number; readonly step: number; readonly value: number }
  | { readonly type: 'run.stopping'; readonly run: number; readonly reason: StopReason; readonly why: string }
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
      readonly step?: number;
      readonly charge: Amount;
      /** Wall seconds of the process. */
      readonly seconds: number;
      readonly cpuSeconds?: number;
      readonly peakBytes?: number;
      readonly exit?: number;
    };
