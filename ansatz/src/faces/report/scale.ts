/** From data to places on an axis, with ticks at numbers people like. */

import { num } from './numbers.ts';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
  /** Place of a value; outside the domain it lands outside the range. */
  readonly at: (value: number) => number;
  /** Like `at`, but never outside. */
  readonly clipped: (value: number) => number;
}

/** A linear axis that covers [low, high] and ends on ticks when `nice`. */
export function linear(low: number, high: number, from: number, to: number, most = 6, nice = true): Scale {
  const [a, b] = widened(low, high);
  const step = niceStep((b - a) / Math.max(1, most));
  const start = nice ? Math.floor(a / step + 1e-9) * step : a;
  const end = nice ? Math.ceil(b / step - 1e-9) * step : b;
  const ticks: Tick[] = [];
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  for (let i = Math.ceil(start / step - 1e-9); i * step <= end + step * 1e-9; i++) {
    const value = i * step;
    ticks.push({ value, label: tickText(value, decimals) });
  }
  return scale(start, end, from, to, ticks, (x) => x);
}

/** A logarithmic axis for 0 < low ≤ high: decades, and 2 and 5 between them when there are few. */
export function log(low: number, high: number, from: number, to: number, most = 6): Scale {
  const [a, b] = low === high ? [low / 2, high * 2] : [low, high];
  const decades = Math.log10(b / a);
  const parts = decades * 3 <= most ? [1, 2, 5] : decades * 2 <= most ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(decades / most));
  const ticks: Tick[] = [];
  for (let power = Math.floor(Math.log10(a)); power <= Math.ceil(Math.log10(b)); power++) {
    if (power % every !== 0) continue;
    for (const part of parts) {
      const value = part * 10 ** power;
      if (value >= a * (1 - 1e-9) && value <= b * (1 + 1e-9))
        ticks.push({ value, label: num(Number(value.toPrecision(6)), 3) });
    }
  }
  return scale(a, b, from, to, ticks.length < 2 ? linear(a, b, 0, 1, most, false).ticks : ticks, Math.log);
}

const UNITS = [
  ['s', 1],
  ['min', 60],
  ['h', 3600],
  ['days', 86_400],
] as const;

/** A linear axis of durations in the unit that fits; says which. */
export function duration(seconds: number, from: number, to: number, most = 6): { scale: Scale; unit: string } {
  const [unit, size] = UNITS.findLast(([, size]) => seconds >= 2 * size) ?? UNITS[0];
  const inner = linear(0, Math.max(seconds, 1e-3) / size, from, to, most, false);
  const ticks = inner.ticks.map((tick) => ({ value: tick.value * size, label: tick.label }));
  return { scale: scale(0, inner.high * size, from, to, ticks, (x) => x), unit };
}

function scale(
  low: number,
  high: number,
  from: number,
  to: number,
  ticks: readonly Tick[],
  f: (x: number) => number,
): Scale {
  const [a, b] = [f(low), f(high)];
  const at = (value: number): number => from + ((f(value) - a) / (b - a)) * (to - from);
  const clipped = (value: number): number => at(Math.min(high, Math.max(low, value)));
  return { low, high, ticks, at, clipped };
}

function widened(low: number, high: number): [number, number] {
  if (low < high) return [low, high];
  const room = low === 0 ? 1 : Math.abs(low) * 0.1;
  return [low - room, high + room];
}

/** The next of 1, 2, 5 × 10ⁿ. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const part = rough / power;
  return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
}

function tickText(value: number, decimals: number): string {
  const size = Math.abs(value);
  if (size < 1e-12) return '0';
  if (size >= 1e6 || size < 1e-4) return num(value, 3);
  return value.toFixed(decimals).replace('-', '−');
}
