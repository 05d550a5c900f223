/** What failures and checkpoints cost a long run. Times in seconds. */

/** How a machine fails and recovers; all are assumptions of the plan that can be replaced. */
export interface Reliability {
  /** Device-seconds between unexpected interruptions. */
  readonly deviceSecondsPerFailure: number;
  /** From the interruption until training goes on: noticed, rescheduled, checkpoint read. */
  readonly restart: number;
  /** Bytes per second that one device writes of a checkpoint while training waits. */
  readonly writeBandwidth: number;
}

/** Llama 3 (Grattafiori et al. 2024, arXiv 2407.21783, section 3.3.4): 419 interruptions in 54 days on 16,384 GPUs. */
const LLAMA3 = (16384 * 54 * 86400) / 419;

export const USUAL_RELIABILITY: Reliability = { deviceSecondsPerFailure: LLAMA3, restart: 600, writeBandwidth: 0.25e9 };

export interface Checkpointing {
  /** Mean time between failures of the whole machine. */
  readonly mtbf: number;
  readonly bytes: number;
  /** Time of writing one. */
  readonly cost: number;
  /** Training between two checkpoints. */
  readonly interval: number;
  /** Share of time that becomes training. */
  readonly goodput: number;
  /** Shares lost to writing, and to work done again and restarts. */
  readonly writing: number;
  readonly failing: number;
}

/** Interval √(2δM) (Young 1974), with Daly's terms of higher order (2006, eq. 37); M when a checkpoint takes more than twice M. */
export function checkpointInterval(cost: number, mtbf: number): number {
  if (cost >= 2 * mtbf) return mtbf;
  const x = cost / (2 * mtbf);
  return Math.sqrt(2 * cost * mtbf) * (1 + Math.sqrt(x) / 3 + x / 9) - cost;
}

/** Share of wall time that is training when failures come at random: τ / (M e^(R/M) (e^((τ+δ)/M) − 1)) (Daly 2006, eq. 20). */
export function goodputOf(interval: number, cost: number, mtbf: number, restart: number): number {
  return interval / (mtbf * Math.exp(restart / mtbf) * Math.expm1((interval + cost) / mtbf));
}

/** Checkpoints of weights and optimizer of N parameters, 14 bytes each, on so many devices. */
export function checkpointing(
  parameters: number,
  devices: number,
  { deviceSecondsPerFailure, restart, writeBandwidth }: Reliability,
  bytesPerParameter = 14,
): Checkpointing {
  const mtbf = deviceSecondsPerFailure / devices;
  const bytes = bytesPerParameter * parameters;
  const cost = bytes / (writeBandwidth * devices);
  const interval = checkpointInterval(cost, mtbf);
  const goodput = goodputOf(interval, cost, mtbf, restart);
  const writing = (goodput * cost) / interval;
  return { mtbf, bytes, cost, interval, goodput, writing, failing: 1 - goodput - writing };
}
