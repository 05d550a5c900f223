/** One summand of the log of the acquisition. */
export interface Term {
  readonly value: (row: Float64Array) => number;
  /** Value, and its gradient by coordinate (zeros where it has none). */
  readonly slope: (row: Float64Array, gradient: Float64Array) => number;
  /** Logs of improvement below this (standardised losses) all count as much. */
  readonly least?: number;
}
