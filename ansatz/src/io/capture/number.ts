/** A number as a program printed it, and how finely it was printed. */

/** A number and the text it came from. */
export interface Printed {
  readonly value: number;
  /** As printed, without surrounding space. */
  readonly text: string;
  /** Distance between neighbouring numbers in this notation: 1e-4 for `2.8656`. 0 for full precision, NaN and ±Infinity. */
  readonly resolution: number;
}

/** Pattern source of a finite number: sign, thousands commas, decimals, exponent. */
export const FINITE = String.raw`[-+]?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?`;
/** Pattern source of what Python, C and JavaScript print for numbers that are none or too large; case does not count. */
export const UNREAL = String.raw`[-+]?(?:nan|inf(?:inity)?)(?![\w.])`;

const WHOLE = new RegExp(`^(?:${FINITE}|${UNREAL})$`, 'i');

/** A float64 printed in full has 15 to 17 significant digits: from here on the notation loses nothing. */
const FULL_DIGITS = 15;

/** Reads a text that is a number and nothing else; undefined otherwise. `1e999` is Infinity. */
export function readNumber(text: string): Printed | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 64 || !WHOLE.test(trimmed)) return undefined;
  return toNumber(trimmed);
}

/** The number that a text matching `FINITE` or `UNREAL` stands for. */
export function toNumber(text: string): Printed {
  const lower = text.toLowerCase();
  if (lower.includes('n')) {
    const value = lower.includes('nan') ? NaN : lower.startsWith('-') ? -Infinity : Infinity;
    return { value, text, resolution: 0 };
  }
  const digits = lower.replaceAll(',', '');
  const value = Number(digits);
  return { value, text, resolution: Number.isFinite(value) ? resolutionOf(digits) : 0 };
}

/** Resolution of a finite number in plain notation (no commas, lower-case `e`). */
function resolutionOf(text: string): number {
  const e = text.indexOf('e');
  const mantissa = e < 0 ? text : text.slice(0, e);
  const significant = mantissa.replace(/[-+.]/g, '').replace(/^0+/, '').length;
  if (significant >= FULL_DIGITS) return 0;
  const point = mantissa.indexOf('.');
  const decimals = point < 0 ? 0 : mantissa.length - point - 1;
  // Parsed from decimal text: `10 ** -5` is not the number nearest to 1e-5.
  return Number(`1e${(e < 0 ? 0 : Number(text.slice(e + 1))) - decimals}`);
}
