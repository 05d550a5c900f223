/** What stands in one cell: a number with or without its unit, a length of time, a moment, or nothing. */

/** What people and programs write where there is nothing. */
const NOTHING = /^(?:|-+|–|—|n\/?a|none|null|nil|nan|undefined|tbd|\?+|\.+|_+|#n\/a|✗|❌|x|missing|skipped|pending)$/i;

/** Whether a cell says that there is nothing in it. `NaN` is nothing: a metric that diverged has no value. */
export function isNothing(cell: string): boolean {
  return cell.length <= LONGEST && NOTHING.test(plain(cell));
}

/** Without Markdown emphasis, code marks, links and emoji around it. */
export function plain(cell: string): string {
  return cell
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\*\*|__|`|~~/g, '')
    .replaceAll(/[\p{Extended_Pictographic}\ufe0f\u200d]/gu, '')
    .trim();
}

/** No number, length of time or verdict needs more characters. */
const LONGEST = 200;

const NUMBER = /^([<>≈~=≤≥\s]*)([-+−]?(?:\d[\d_\u202f\u00a0']*(?:[.,]\d+)*\.?|[.,]\d+)(?:[eE][-+−]?\d+)?)\s*(.*)$/;

/**
 * The number a cell begins with, when nothing but a unit, an uncertainty or a remark in parentheses follows: `0.993 bpb`,
 * `93.1 %`, `**0.97**`, `0.97 ± 0.01`. With `comma` the decimal mark is a comma. Undefined for anything else; ±Infinity for
 * `inf`. Percents stay percents.
 */
export function numberIn(cell: string, comma = false): number | undefined {
  if (cell.length > LONGEST) return undefined;
  const text = plain(cell);
  if (/^[-+]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const rest = match[3]!.replace(/^(?:±|\+\/-|\+-)\s*[\d.,eE+-]+\s*/, '').replace(/\s*\([^)]*\)\s*$/, '');
  if (!/^[\p{L}µ°%$€£/²³^·*_-]{0,14}(?:\s?[\p{L}/]{1,8})?$/u.test(rest)) return undefined;
  // `4e` and `3d` are no numbers with a unit but hashes and names; so is a number glued to a word.
  if (/^[\p{L}_]/u.test(rest) && !/\s/.test(text) && !UNITS.test(rest)) return undefined;
  return toNumber(match[2]!, comma);
}

const UNITS =
  /^(?:%|pp|s|sec|secs|ms|us|µs|ns|m|min|mins|h|hr|hrs|d|x|k|g|t|b|kb|mb|gb|tb|kib|mib|gib|bpb|bpc|nats?|bits?|db|pt|pts|tflops|tok\/s|it\/s|fps|hz|usd|eur)$/i;

function toNumber(text: string, comma: boolean): number | undefined {
  let digits = text.replaceAll(/[_'\u202f\u00a0\s]/g, '').replaceAll('−', '-');
  if (comma) digits = digits.replaceAll('.', '').replace(',', '.');
  else digits = digits.replaceAll(',', '');
  const value = Number(digits.replace(/\.$/, ''));
  return Number.isNaN(value) ? undefined : value;
}

/** Whether the cells of a column have a decimal comma: one comma with digits that are no group of thousands. */
export function hasDecimalComma(cells: readonly string[]): boolean {
  const filled = cells.map(plain).filter((cell) => /\d/.test(cell));
  const comma = filled.filter((cell) => /^[-+−]?\d+,\d+(?:[eE][-+]?\d+)?(?:\s*\D*)$/.test(cell));
  if (comma.length === 0 || filled.some((cell) => /\d\.\d/.test(cell) && !/\.\d{3},/.test(cell))) return false;
  return (
    comma.some((cell) => !/^[-+−]?\d{1,3},\d{3}(?!\d)/.test(cell)) || comma.every((cell) => /^[-+−]?0,/.test(cell))
  );
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds in `300.1`, `5 min`, `1h30m`, `0:05:12`, `0 days 00:05:12.5`. `unit` is that of plain numbers, in seconds. */
export function secondsIn(cell: string, unit: number): number | undefined {
  if (cell.length > LONGEST) return undefined;
  const text = plain(cell).toLowerCase();
  const clock = /^(?:(\d+)\s*days?,?\s*)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (clock !== null) {
    const [, days = '0', hours = '0', minutes, seconds] = clock;
    return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  }
  const parts = [
    ...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|msecs?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])/g),
  ];
  if (parts.length > 0 && parts.map((part) => part[0]).join('').length >= text.replaceAll(/[\s,]/g, '').length - 2) {
    return parts.reduce((sum, [, n, name]) => {
      const short = name!.startsWith('ms') ? 'ms' : name![0]!;
      return sum + Number(n) * UNIT_SECONDS[short]!;
    }, 0);
  }
  const value = numberIn(cell);
  return value === undefined || !Number.isFinite(value) || value < 0 ? undefined : value * unit;
}

/** Milliseconds since 1970 of an ISO date, or of a count of seconds or milliseconds of this century; undefined otherwise. */
export function momentIn(cell: string): number | undefined {
  const text = plain(cell);
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const at = Date.parse(text.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1'));
    return Number.isNaN(at) ? undefined : at;
  }
  const value = Number(text);
  if (value > 1e9 && value < 1e10) return value * 1000;
  return value > 1e12 && value < 1e13 ? value : undefined;
}
