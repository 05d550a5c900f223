/** Did the values arrive? Scripts often echo their settings; what they say there is compared with what was sent. */

import type { Point, Value } from '../../methods/space/space.ts';
import type { Delivered } from './deliver.ts';

export interface Arrival {
  readonly knob: string;
  /** `no` when the script echoed another value, `unknown` when it echoed none. */
  readonly seen: 'yes' | 'no' | 'unknown';
  /** The line that says so, cut to 200 characters. */
  readonly evidence?: string;
}

/** Settings are echoed early. */
const linesRead = 200;

/**
 * What the first 200 lines of output say about each knob of the point: `Overriding: lr = 0.1`, `lr: 0.1`,
 * `Namespace(lr=0.1, …)`, JSON, tables. Progress lines (`step 10: lr 0.001`) are no echo: a schedule changes the value.
 */
export function arrived(point: Point, delivered: Pick<Delivered, 'spelled'>, lines: readonly string[]): Arrival[] {
  const echoes = lines.slice(0, linesRead).flatMap(echoesOf);
  return Object.entries(point).map(([knob, value]) => {
    const names = new Set((delivered.spelled.get(knob) ?? [knob]).map(plain));
    const about = echoes.filter((echo) => names.has(plain(echo.name)));
    const agreeing = about.find((echo) => agrees(echo.value, value));
    if (agreeing !== undefined) return { knob, seen: 'yes', evidence: agreeing.line };
    const other = about[0];
    if (other === undefined) return { knob, seen: 'unknown' };
    return { knob, seen: 'no', evidence: other.line };
  });
}

interface Echo {
  readonly name: string;
  readonly value: string;
  readonly line: string;
}

const progress =
  /^\W*(step|iter|iteration|epoch|batch|train|val|valid|test|eval)\b[^=]*\d|\b(loss|acc|accuracy)\b\s*[:=]?\s*[-\d.]/i;

function echoesOf(raw: string): Echo[] {
  // oxlint-disable-next-line no-control-regex
  const line = raw
    .replaceAll(/\u001B\[[\d;?]*[A-Za-z]/g, '')
    .trim()
    .slice(0, 8192);
  if (line === '') return [];
  const evidence = line.slice(0, 200);
  const echo = (name: string, value: string): Echo => ({ name, value, line: evidence });
  const single =
    /^(?:.{0,40}?(?:overrid\w*|setting|set|using|config\w*|param\w*|arg\w*)\b\s*:?\s+)?["']?(--?)?([A-Za-z_][\w./-]*)["']?\s*(?:\(\w+\))?\s*(?:=|:|->|\||\.{3,})\s*([^,;=|]+?)[,|]?$/i.exec(
      line.replace(/^[|\-*•]\s+/, ''),
    );
  // A block of settings: Namespace(…), {'lr': 0.1, …}, Config(lr=0.1, n=2).
  const block = /[({](.*)[)}]?\s*$/s.exec(line)?.[1];
  const pairs =
    block === undefined
      ? []
      : [...block.matchAll(/["']?([A-Za-z_][\w./-]*)["']?\s*[:=]\s*("[^"]*"|'[^']*'|[^,\s(){}[\]]+)/g)];
  if (pairs.length >= 2 && !progress.test(line)) return pairs.map((pair) => echo(pair[1]!, pair[2]!));
  if (single !== null && !/^(step|iter|epoch)$/i.test(single[2]!)) return [echo(single[2]!, single[3]!)];
  if (pairs.length === 1 && !progress.test(line)) return [echo(pairs[0]![1]!, pairs[0]![2]!)];
  return [];
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}

function agrees(echoed: string, value: Value): boolean {
  const text = echoed.trim().replaceAll(/^["']|["']$/g, '');
  if (typeof value === 'number') {
    const number = text === '' ? NaN : Number(text.replaceAll('_', '').replaceAll(/,(?=\d{3}\b)/g, ''));
    // Echoes are rounded: what was sent must round to what is shown, at two digits or more.
    return (
      number === value || Math.abs(number - value) <= Math.abs(value) * 1e-6 + 1e-15 || rounds(text, number, value)
    );
  }
  if (typeof value === 'boolean') return new RegExp(value ? '^(true|1|yes|on)$' : '^(false|0|no|off)$', 'i').test(text);
  return text === value;
}

function rounds(text: string, shown: number, value: number): boolean {
  const digits = text.replace(/e.*$/i, '').replaceAll(/\D/g, '').replace(/^0+/, '').length;
  return digits >= 2 && Number(value.toPrecision(digits)) === shown;
}
