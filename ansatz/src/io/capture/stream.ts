/** Bytes of a terminal stream in, lines of plain text out: the same lines however the bytes were cut into chunks. */

/** Most bytes of one line that are looked at; what follows up to the next `\n` or `\r` is dropped and counted. */
export const LINE_CAP = 4096;

const NEWLINE = 10;
const RETURN = 13;
const BACKSPACE = 8;

/** Per byte: 0 plain, 1 ends a segment, 2 makes the segment need more than a copy. */
const KIND = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) KIND[byte] = byte < 32 || byte > 126 ? 2 : 0;
KIND[9] = 0;
KIND[NEWLINE] = 1;
KIND[RETURN] = 1;

/** ECMA-48 control sequences (colours, cursor), operating-system commands (titles, links), and two-byte escapes. */
const ESCAPES =
  /\u001B\[[0-?]*[ -/]*[@-~]|\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)|\u001B[ -/]*[0-~]|\u009B[0-?]*[ -/]*[@-~]/g;
/** Every control but tab and backspace. */
const CONTROLS = /[\0-\u0007\n-\u001F\u007F-\u009F\uFEFF]/g;

/**
 * Splits a byte stream into lines as a person at the terminal would have read them.
 *
 * A `\r` ends a line too, so a progress bar that rewrites itself is heard at every rewrite; a rewrite with the same
 * text as the one before is told once. Blank lines are not told. Invalid UTF-8 becomes U+FFFD, escape sequences and
 * control characters vanish, and a line longer than `LINE_CAP` loses its end (and the token cut in two).
 */
export class LineReader {
  /** Bytes not looked at because their line was too long. */
  dropped = 0;

  readonly #tell: (line: string) => void;
  readonly #decoder = new TextDecoder();
  /** The unfinished segment. */
  readonly #held = Buffer.alloc(LINE_CAP);
  #length = 0;
  #special = false;
  /** The segment reached the cap: the rest of it is only counted. */
  #full = false;
  /** Text of the previous rewrite of this line, to tell equal ones once. */
  #previous = '';

  /** Contract: `tell` is called synchronously from `push` and `end`, once per line, in order; it must not throw. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  push(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = chunk.length;
    let start = 0;
    for (let i = 0; i < size; i++) {
      const kind = KIND[chunk[i]!]!;
      if (kind === 0) continue;
      if (kind === 2) {
        this.#special = true;
        continue;
      }
      if (this.#length === 0 && !this.#special && i - start <= LINE_CAP) {
        // The common case: a whole plain line inside this chunk needs no copy of its bytes.
        if (i > start) this.#line(chunk.toString('latin1', start, i));
      } else {
        this.#hold(chunk, start, i);
        this.#flush();
      }
      if (chunk[i] === NEWLINE) this.#previous = '';
      start = i + 1;
    }
    if (start < size) this.#hold(chunk, start, size);
  }

  /** The stream is over: its unfinished last line is told. */
  end(): void {
    this.#flush();
    this.#previous = '';
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    let start = from;
    while (!this.#full && start < to) {
      const taken = Math.min(to - start, LINE_CAP - this.#length);
      chunk.copy(this.#held, this.#length, start, start + taken);
      this.#length += taken;
      start += taken;
      // Room is made only when one more byte needs it, so a line of exactly the cap is whole.
      if (start < to) this.#full = !this.#compact();
    }
    this.dropped += to - start;
  }

  /**
   * Makes room in a full segment by carrying out its backspaces; false when that does not free half of it.
   * A bar drawn with backspaces alone has no `\r` and would otherwise fall silent at the cap.
   */
  #compact(): boolean {
    // Not inside a run of backspaces: what they step back over is still part of the row.
    let last = this.#length;
    while (last > 0 && this.#held[last - 1] === BACKSPACE) last--;
    const cut = this.#held.subarray(0, last).lastIndexOf(BACKSPACE) + 1;
    if (cut === 0) return false;
    const { done, left } = rewrites(this.#plain(0, cut));
    const kept = Buffer.from(left);
    const length = kept.length + this.#length - cut;
    if (length > LINE_CAP / 2) return false;
    for (const text of done) this.#line(text);
    this.#held.copy(this.#held, kept.length, cut, this.#length);
    kept.copy(this.#held);
    this.#length = length;
    return true;
  }

  #plain(from: number, to: number): string {
    const text = this.#decoder.decode(this.#held.subarray(from, to));
    return text.replace(ESCAPES, '').replace(CONTROLS, '');
  }

  #flush(): void {
    if (this.#length > 0) {
      let text = this.#special ? this.#plain(0, this.#length) : this.#held.toString('latin1', 0, this.#length);
      if (this.#full) text = text.slice(0, Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t'), 0));
      if (text.includes('\b')) {
        const { done, row } = rewrites(text);
        for (const old of done) this.#line(old);
        text = row;
      }
      this.#line(text);
    }
    this.#length = 0;
    this.#special = false;
    this.#full = false;
  }

  #line(text: string): void {
    if (text === this.#previous || text.trim() === '' || isBinary(text)) return;
    this.#previous = text;
    this.#tell(text);
  }
}

/** More than one character in eight is no text: not a line with a broken letter but an image or an archive. */
function isBinary(text: string): boolean {
  let broken = 0;
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', at + 1)) broken++;
  return broken * 8 > text.length;
}

/**
 * Carries out backspaces: each moves the cursor left, what is written next replaces what stood there. A cursor back at
 * the start begins a rewrite. `left` is what stands before the cursor at the end, `row` the whole row.
 */
function rewrites(text: string): { done: string[]; left: string; row: string } {
  const done: string[] = [];
  let row: string[] = [];
  let cursor = 0;
  for (const char of text) {
    if (char !== '\b') {
      row[cursor++] = char;
      continue;
    }
    if (cursor === 0) continue;
    cursor--;
    if (cursor > 0) continue;
    done.push(row.join(''));
    row = [];
  }
  return { done, left: row.slice(0, cursor).join(''), row: row.join('') };
}
