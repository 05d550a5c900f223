/** A point: one setting of everything that may vary. */

/** One setting of a parameter. */
export type Value = number | string | boolean;

/** One setting of every parameter, by name. */
export type Point = Readonly<Record<string, Value>>;
