/** Constraints between parameters, written as expressions: a small parser and evaluator, never `eval`. */

/** A parsed expression and the text it came from. */
export interface Constraint {
  readonly text: string;
}
