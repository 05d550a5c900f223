/** A point: one setting of everything that may vary. */

/** One setting of a parameter. */
export type Value = number | string | boolean;

/** One setting of every parameter, by name. */
export type Point = Readonly<Record<string, Value>>;

/** The value of a parameter, or undefined when the point has none: `constructor` is a name like any other. */
export function valueAt(point: Point, name: string): Value | undefined {
  return Object.hasOwn(point, name) ? point[name] : undefined;
}
