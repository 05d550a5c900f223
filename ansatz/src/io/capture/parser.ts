/** A run's output stream in, metrics out: lines parsed one by one, with what earlier lines said about later ones. */

import { LineReader } from './stream.ts';
import { parseLine, withoutPrefix, type ParsedLine, type ParsedValue } from './lines.ts';
import type { Metric, Source } from './metric.ts';
import { compilePattern, type PatternMatch } from './pattern.ts';
import { Table } from './table.ts';

/** Reads one stream of a run. */
export interface Parser {
  /** What the bytes complete. Any cut of a stream into pushes gives the same metrics. */
  push(bytes: Uint8Array): Metric[];
  /** What the unfinished last line says. Nothing may be pushed afterwards. */
  end(): Metric[];
  /** Bytes not looked at, because of overlong lines. */
  readonly dropped: number;
}

/** Headings of closing summaries: `---`, `Final results:`, `***** eval metrics *****`, Lightning's table of test metrics. */
const CLOSING =
  /^\s*(?:-{3}|(?:[-=*#]{2,}\s*)?(?:(?:final|run|training|test|evaluation)\s+)?(?:summary|results|metrics)\s*(?::|[-=*#]{2,})|\*{3,}\s*(?:train|eval|test|predict)\s+metrics\s*\*{3,}|[│┃|\s]*Test metric\s+.*DataLoader.*)\s*$/i;
const MAY_CLOSE = /-{3}|summary|results|metric/i;
/** Lines that neither belong to a summary nor end it. */
const RULER = /^[\s\-=_*+#|─━┄═│┃┏┓┗┛┡┩┳┻╇┼├┤┬┴┌┐└┘╭╮╰╯╞╡╪]+$/;
const MAY_MATTER = /[\d:|│┃,\t]|-{3}|nan|inf|\S {2,}\S|results|summary|metrics|Traceback/i;

/**
 * A parser of what a run prints. A `pattern` (regular expression with groups `key`, `value` and optionally `step`)
 * is tried before the built-in grammars on each line; lines it does not match go on to them.
 *
 * A point's step is the counter on its line. Counters that restart every epoch go on counting from where the epoch
 * before ended. A line without a counter belongs to the heading above it (`Epoch 3/10`), unless the key comes again
 * under the same heading: then, and where there is no heading, the key's values are numbered from 1.
 * @throws UserError when the pattern is not usable.
 */
export function createParser(source: Source, options: { readonly pattern?: string | undefined } = {}): Parser {
  return new StreamParser(source, options.pattern);
}

/** Where a key stands in its own count of steps. */
interface Progress {
  /** Values heard. */
  count: number;
  /** Number of the heading under which the last one was heard. */
  heading: number;
  /** The key repeats under one heading: headings do not number it. */
  numbered: boolean;
  epoch: number | undefined;
  raw: number;
  /** Added to a counter that restarts every epoch. */
  base: number;
}

class StreamParser implements Parser {
  readonly #source: Source;
  readonly #reader: LineReader;
  readonly #match: ((line: string) => PatternMatch[]) | undefined;
  readonly #progress = new Map<string, Progress>();
  readonly #table = new Table();
  #heard: Metric[] = [];
  /** Inside a closing summary. */
  #closing = false;
  /** Inside a traceback, whose source lines look like assignments. */
  #traceback = false;
  /** The last line that only counted. */
  #heading: { readonly number: number; readonly step?: number; readonly epoch?: number } = { number: 0 };

  constructor(source: Source, pattern: string | undefined) {
    this.#source = source;
    this.#match = pattern === undefined ? undefined : compilePattern(pattern);
    this.#reader = new LineReader((line) => this.#line(line));
  }

  get dropped(): number {
    return this.#reader.dropped;
  }

  push(bytes: Uint8Array): Metric[] {
    this.#reader.push(bytes);
    return this.#taken();
  }

  end(): Metric[] {
    this.#reader.end();
    this.#lineOf(this.#table.close());
    return this.#taken();
  }

  #taken(): Metric[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  #line(text: string): void {
    if (this.#match !== undefined && this.#patterned(text)) return;
    if (!MAY_MATTER.test(text)) {
      this.#closing &&= RULER.test(text);
      return;
    }
    if (this.#inTraceback(text)) return;
    const table = this.#table.read(text);
    this.#lineOf(table.closed);
    if (table.row !== undefined) {
      this.#lineOf(table.row);
      return;
    }
    if (MAY_CLOSE.test(text) && CLOSING.test(withoutPrefix(text))) {
      this.#closing = true;
      return;
    }
    if (RULER.test(text) || table.held) return;
    const line = parseLine(text);
    if (this.#closing) this.#closing = belongs(text, line);
    this.#lineOf(line);
  }

  /** Indented lines after `Traceback` up to the line that names the error, inclusive. */
  #inTraceback(text: string): boolean {
    if (/^\s*(?:\[[^\]]*\]:?\s*)?Traceback \(most recent call last\)/.test(text)) {
      this.#traceback = true;
      return true;
    }
    if (!this.#traceback) return false;
    this.#traceback = /^(?:\[[^\]]*\]:?)?\s/.test(text);
    return this.#traceback || parseLine(text) === undefined;
  }

  #patterned(text: string): boolean {
    const matches = this.#match!(text);
    for (const { step, ...value } of matches) {
      this.#tell({ step, values: [value], summary: false }, value, false);
    }
    return matches.length > 0;
  }

  #lineOf(line: ParsedLine | undefined): void {
    if (line === undefined) return;
    const { step, epoch, values } = line;
    if (values.length === 0) {
      const { number, ...last } = this.#heading;
      const next = { step, epoch: epoch ?? last.epoch };
      // A bar repeats its heading at every rewrite.
      if (next.step !== last.step || next.epoch !== last.epoch) this.#heading = { number: number + 1, ...next };
      return;
    }
    for (const value of values) this.#tell(line, value, this.#closing);
  }

  #tell(line: ParsedLine, value: ParsedValue, summary: boolean): void {
    const { key, value: number, resolution } = value;
    const step = this.#step(key, line);
    this.#heard.push({ key, step, value: number, resolution, source: this.#source, summary });
  }

  #step(key: string, line: ParsedLine): number {
    let at = this.#progress.get(key);
    if (at === undefined) {
      at = { count: 0, heading: -1, numbered: false, epoch: undefined, raw: -Infinity, base: 0 };
      this.#progress.set(key, at);
    }
    at.count++;
    if (line.step !== undefined) return unwound(at, line.step, line.epoch ?? this.#heading.epoch, line.total);
    if (line.epoch !== undefined) return line.epoch;
    const heading = this.#heading;
    const said = heading.step ?? heading.epoch;
    if (at.heading === heading.number) at.numbered = true;
    at.heading = heading.number;
    return said === undefined || at.numbered ? at.count : said;
  }
}

/** Whether a line goes on with the closing summary it stands in: named values without a counter, or `name: text`. */
function belongs(text: string, line: ParsedLine | undefined): boolean {
  if (line === undefined || line.values.length === 0) return /^\s*[\w ./-]+\s*[:=]\s/.test(text);
  return line.step === undefined && line.epoch === undefined;
}

/** The counter, made to go on where the epoch before ended if it restarts with each. */
function unwound(at: Progress, raw: number, epoch: number | undefined, total: number | undefined): number {
  const last = at.epoch;
  if (epoch !== undefined && last !== undefined && epoch > last && raw <= at.raw) {
    // An equal counter in a later epoch is a restart only if it is the epoch's end: `6/6` after `6/6`.
    const restarted = raw < at.raw || (total !== undefined && raw === total);
    if (restarted) at.base += total === undefined ? at.raw : total * Math.max(1, Math.floor(epoch - last));
  }
  at.raw = raw;
  at.epoch = epoch ?? last;
  return at.base + raw;
}
