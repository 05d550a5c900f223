/** Mean, variance, median and quantiles of a sample. */

/** Arithmetic mean; NaN when empty. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Unbiased variance (n − 1); NaN for fewer than two values. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  // About the first value: equal ones then have a variance of exactly 0, and large ones lose no digits.
  const first = values[0]!;
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value - first;
  const centre = sum / values.length;
  for (const value of values) squares += (value - first - centre) ** 2;
  return squares / (values.length - 1);
}

/** Middle value, mean of the two middle ones for even n; NaN when empty. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Quantile by linear interpolation (Hyndman & Fan 1996, type 7); NaN when empty. q in [0, 1]. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
