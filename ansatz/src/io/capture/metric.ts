/** A number heard from a run. */

export type Source = 'stdout' | 'stderr' | 'metrics' | 'csv' | 'tensorboard';

export interface Metric {
  /** As printed, trimmed; nested keys joined by `/`. */
  readonly key: string;
  /** The counter printed with it, or the ordinal of this key's value in the stream when the line has none. */
  readonly step: number;
  /** May be NaN or ±Infinity: a diverged run says so. */
  readonly value: number;
  /** Half of this is the rounding error: 1e-4 for `2.8656`, 0.5 ulp of float32 for TensorBoard. 0 when exact. */
  readonly resolution: number;
  readonly source: Source;
  /** True for a line of a closing summary block, which outranks progress lines for the run's result. */
  readonly summary: boolean;
}
