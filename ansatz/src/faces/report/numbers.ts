/** Numbers as a page prints them: true minus signs, digits that the uncertainty supports, units. */

import type { Value } from '../../methods/space/space.ts';
import type { Change, Result } from '../../study/views.ts';

/** Up to `digits` significant digits, no trailing zeros. */
export function num(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const small = size < 1e-4 || size >= 1e7;
  const text = small
    ? value.toExponential(digits - 1)
    : Number.isInteger(value)
      ? String(value)
      : value.toPrecision(digits);
  return minus(trim(text));
}

/** A setting the way it is typed, for people and for pasting: plain hyphen, up to six digits; `-` where it does not apply. */
export function typed(value: Value | undefined): string {
  if (value === undefined) return '-';
  if (typeof value !== 'number') return String(value);
  return trim(Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6))));
}

function trim(text: string): string {
  const [mantissa, exponent] = text.split('e') as [string, string?];
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace('+', '')}`;
}

function minus(text: string): string {
  return text.replace(/^-/, '−').replace('e-', 'e−');
}

/** `2.412 ± 0.031`: as many decimals as two digits of the margin need. */
export function plusMinus(value: number, margin: number | undefined): string {
  if (margin === undefined || !(margin > 0) || !Number.isFinite(margin)) return num(value, 5);
  const decimals = decimalsFor(margin);
  return `${minus(value.toFixed(decimals))} ± ${margin.toFixed(decimals)}`;
}

/** Decimals that show two significant digits of `margin`. */
function decimalsFor(margin: number): number {
  return Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(margin))));
}

/** A mean with its 95 % interval. */
export function result(value: Result | undefined): string {
  return value === undefined ? 'no result' : plusMinus(value.mean, value.margin);
}

/** With a sign in front: positive is better. */
export function signed(value: number, margin?: number): string {
  return `${value > 0 ? '+' : ''}${plusMinus(value, margin)}`;
}

/** Three digits, with a sign in front: positive is better. */
export function plus(value: number): string {
  return `${value > 0 ? '+' : ''}${num(value, 3)}`;
}

/** `p = 0.004`, `p < 0.0001`. */
export function pText(p: number): string {
  return p < 1e-4 ? 'p < 0.0001' : `p = ${num(p, 2)}`;
}

/** Trials of a bet; its runs where it has none of its own: those at other levels are runs of other bets' trials. */
export function triedText({
  trials,
  spent,
}: {
  readonly trials: number;
  readonly spent: { readonly runs: number };
}): string {
  return trials === 0 && spent.runs > 0 ? count(spent.runs, 'run') : String(trials);
}

/** A share in whole or tenth percents. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  if (value > 99.9 && value < 100) return '> 99.9 %';
  return `${minus(Math.abs(value) < 10 || value > 99 ? trim(value.toFixed(1)) : value.toFixed(0))} %`;
}

/** `0.4 s`, `45 s`, `3 min 20 s`, `2 h 5 min`, `1.5 d`. */
export function seconds(value: number): string {
  if (value < 9.95) return `${trim(value.toFixed(1))} s`;
  const whole = Math.round(value);
  if (whole < 90) return `${whole} s`;
  if (whole < 5400) return pair(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(value / 60);
  if (minutes < 2880) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  return `${trim((value / 86_400).toFixed(1))} d`;
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** `2026-03-01 08:15 UTC`. */
export function date(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.getTime()) ? 'unknown' : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A setting to be read, not pasted: three digits; `-` where it does not apply. */
export function brief(value: Value | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'number' ? num(value, Number.isInteger(value) ? 6 : 3) : String(value);
}

/** `1 run`, `3 runs`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

/** Thousands set apart by a thin space that does not break. */
export function grouped(n: number): string {
  return Number.isInteger(n) && n >= 10_000 ? String(n).replaceAll(/\B(?=(?:\d{3})+$)/g, '\u202f') : num(n);
}

/** `lr 0.05 → 0.12, hidden 32 → 64`. */
export function changed(list: readonly Change[], most = Infinity): string {
  const shown = list.slice(0, most).map((change) => `${change.knob} ${brief(change.from)} → ${brief(change.to)}`);
  if (list.length > most) shown.push(`${list.length - most} more`);
  return shown.join(', ');
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

/** `157B`, `3.31T`, `790k`: three digits and the letter of the thousands. */
export function short(value: number): string {
  for (const [size, letter] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const)
    if (value >= size) return `${Number((value / (letter === 'k' ? 1e3 : size)).toPrecision(3))}${letter}`;
  return num(value, 3);
}
