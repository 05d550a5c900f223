/** Lengths of time and moments as people write them: `90s`, `1h30m`, `2026-11-22T08:00`, `+8h`. */

import { UserError } from '../../study/error.ts';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const part = /(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)\s*/gy;

/**
 * Seconds in `90s`, `10m`, `2h`, `1d`, `1h30m`, or a plain number of seconds. Never negative, always finite.
 * Anything else is a UserError `bad-duration`.
 */
export function parseDuration(given: string | number, where?: string): number {
  if (typeof given === 'number') {
    if (Number.isFinite(given) && given >= 0) return given;
    throw badDuration(String(given), where);
  }
  const text = given.trim().toLowerCase();
  if (/^(\d+(\.\d+)?|\.\d+)$/.test(text)) return Number(text);
  let seconds = 0;
  let end = 0;
  for (const match of text.matchAll(part)) {
    const unit = unitSeconds[unitOf(match[2]!)];
    if (unit === undefined) throw badDuration(given, where);
    seconds += Number(match[1]) * unit;
    end = match.index + match[0].length;
  }
  if (end === 0 || end !== text.length || !Number.isFinite(seconds)) throw badDuration(given, where);
  // Sums such as 0.1h would otherwise carry the rounding of binary fractions into the journal.
  return Math.round(seconds * 1e6) / 1e6;
}

/** The one-letter unit behind the longer spellings `sec`, `minutes`, `hrs`, `days`. */
function unitOf(word: string): string {
  if (/^(secs?|seconds?)$/.test(word)) return 's';
  if (/^(mins?|minutes?)$/.test(word)) return 'm';
  if (/^(hrs?|hours?)$/.test(word)) return 'h';
  if (/^days?$/.test(word)) return 'd';
  if (/^weeks?$/.test(word)) return 'w';
  return Object.hasOwn(unitSeconds, word) ? word : '';
}

function badDuration(given: string, where: string | undefined): UserError {
  return new UserError('bad-duration', `"${given}" is not a length of time`, {
    where,
    why: 'a length of time is a number of seconds, or numbers with the units s, m, h, d, w',
    fix: 'write for example 90s, 10m, 2h, 1d or 1h30m',
  });
}

/** The shortest spelling that `parseDuration` reads back as the same seconds: `1h30m`, `90s` as `1m30s`, `0.5s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${plainDecimal(seconds)}s`;
  if (seconds < 60) return `${seconds}s`;
  let rest = seconds;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitSeconds[unit]!;
    const count = Math.floor(rest / size);
    if (count === 0) continue;
    text += `${plainDecimal(count)}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** Without an exponent, which a reader would take for a unit. */
function plainDecimal(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(6) : text;
}

/**
 * Milliseconds since 1970 of a moment: an ISO date-time (local time unless it names a zone) or `+8h` counted from `now`.
 * Anything else, and a date that does not exist, is a UserError `bad-deadline`.
 */
export function parseDeadline(given: string, now: number, where?: string): number {
  const text = given.trim();
  if (text.startsWith('+')) return now + parseDuration(text.slice(1), where) * 1000;
  const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text);
  const moment = iso === null ? NaN : Date.parse(`${iso[1]}-${iso[2]}-${iso[3]}T${iso[4] ?? '00:00'}${iso[5] ?? ''}`);
  // JavaScript reads 31 February as 3 March.
  const exists = iso !== null && Number(iso[3]) <= new Date(Date.UTC(Number(iso[1]), Number(iso[2]), 0)).getUTCDate();
  if (exists && Number.isFinite(moment)) return moment;
  throw new UserError('bad-deadline', `"${given}" is not a moment in time`, {
    where,
    why: 'a deadline is a date and time, or + and a length of time from now',
    fix: 'write for example 2026-11-22T08:00 or +8h',
  });
}
