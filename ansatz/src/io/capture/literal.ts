/** Reads a dictionary as JSON, Python's `repr` or a careless mixture of both prints it, keeping every number's text. */

/** One scalar of a dictionary. */
export interface Leaf {
  /** Keys from the outside in, joined by `/`. */
  readonly key: string;
  readonly text: string;
  /** It stood in quotes. */
  readonly quoted: boolean;
}

/** In keys of `readDocument`: stands before and behind the index of a list's element. */
export const ELEMENT = '\u0001';

const WORD = /[\p{L}_][\p{L}\p{N}_.]*/uy;
const NUMERAL = /[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)\b/iy;
const SPACE = /\s*/y;
/** Deeper than any log line; keeps hostile nesting off the stack. */
const DEPTH = 32;

/**
 * The scalars of the dictionary that begins at `text[from]`, and where it ends; undefined when none can be read there.
 * Understands both kinds of quotes, `True`, `None`, bare NaN and Infinity, calls such as `np.float64(0.5)`,
 * `tensor(0.5, device='cuda:0')` and `OrderedDict([('loss', 0.5)])`. Lists hold no metrics and are passed over.
 */
export function readDictionary(text: string, from = 0): { leaves: Leaf[]; end: number } | undefined {
  const reader = new Reader(text, from);
  if (text[from] !== '{' && !text.startsWith('OrderedDict(', from)) return undefined;
  return reader.value('', 0) ? { leaves: named(reader.leaves), end: reader.at } : undefined;
}

/**
 * The same with what lists hold: `{"log": [{"loss": 0.5}]}` has a leaf whose key is `log`, `0` between two `ELEMENT`s, and
 * `/loss`. A document may be a list itself.
 */
export function readDocument(text: string, from = 0): { leaves: Leaf[]; end: number } | undefined {
  const reader = new Reader(text, from, true);
  if (text[from] !== '{' && text[from] !== '[') return undefined;
  return reader.value('', 0) ? { leaves: reader.leaves, end: reader.at } : undefined;
}

/** `{"name": "loss", "value": 0.5}` is a loss of 0.5. */
function named(leaves: Leaf[]): Leaf[] {
  const value = leaves.findIndex((leaf) => leaf.key === 'value');
  const name = leaves.find(
    (leaf) => leaf.quoted && /^(?:name|metric|key|tag)$/.test(leaf.key) && leaf.text.trim() !== '',
  );
  return value < 0 || name === undefined ? leaves : leaves.with(value, { ...leaves[value]!, key: name.text.trim() });
}

class Reader {
  readonly leaves: Leaf[] = [];
  at: number;
  readonly #text: string;
  readonly #lists: boolean;

  constructor(text: string, from: number, lists = false) {
    this.#text = text;
    this.at = from;
    this.#lists = lists;
  }

  /** Reads one value; `key` undefined passes over it. False on a syntax error. */
  value(key: string | undefined, depth: number): boolean {
    if (depth > DEPTH) return false;
    this.#space();
    const char = this.#text[this.at];
    if (char === undefined) return false;
    if (char === '{') return this.#dictionary(key, depth);
    if (char === '[' || char === '(') return this.#sequence(depth, undefined, this.#lists ? key : undefined);
    if (char === '<') return this.#angles();
    if (char === '"' || char === "'") {
      const text = this.#string();
      if (text !== undefined && key !== undefined) this.leaves.push({ key, text, quoted: true });
      return text !== undefined;
    }
    const number = this.#match(NUMERAL);
    if (number !== undefined) {
      if (key !== undefined) this.leaves.push({ key, text: number.replaceAll('_', ''), quoted: false });
      return true;
    }
    const word = this.#match(WORD);
    if (word === undefined) return false;
    const next = this.#text[this.at];
    // Python's string prefixes: b'..', u'..', r'..'.
    if (word.length <= 2 && (next === '"' || next === "'")) return this.value(key, depth + 1);
    return next === '(' ? this.#call(word, key, depth) : true;
  }

  #dictionary(key: string | undefined, depth: number): boolean {
    this.at++;
    for (;;) {
      if (this.#take('}')) return true;
      const name = this.#key();
      if (name === undefined) return false;
      if (this.#take(':')) {
        const inner = key === undefined ? undefined : key === '' ? name : `${key}/${name}`;
        if (!this.value(inner, depth + 1)) return false;
      }
      // Without a colon it is a set: nothing in it has a name.
      if (!this.#take(',') && this.#peek() !== '}') return false;
    }
  }

  #sequence(depth: number, pairsUnder: string | undefined, key?: string): boolean {
    const close = this.#text[this.at] === '[' ? ']' : ')';
    this.at++;
    for (let i = 0; ; i++) {
      if (this.#take(close)) return true;
      const inner = key === undefined ? undefined : `${key}${ELEMENT}${i}${ELEMENT}`;
      if (!(pairsUnder !== undefined && this.#pair(pairsUnder, depth)) && !this.value(inner, depth + 1)) return false;
      if (!this.#take(',') && this.#peek() !== close) return false;
    }
  }

  /** `('loss', 0.5)` inside an OrderedDict. */
  #pair(under: string, depth: number): boolean {
    const start = this.at;
    if (this.#take('(')) {
      this.#space();
      const name = this.#string();
      const inner = under === '' ? name : `${under}/${name}`;
      if (name !== undefined && this.#take(',') && this.value(inner, depth + 1) && this.#take(')')) return true;
    }
    this.at = start;
    return false;
  }

  /** A call stands for its positional arguments: `np.float64(0.5)` is 0.5; `device='cuda:0'` says nothing. */
  #call(name: string, key: string | undefined, depth: number): boolean {
    this.at++;
    for (;;) {
      if (this.#take(')')) return true;
      const start = this.at;
      this.#space();
      const keyword = this.#match(WORD) !== undefined && this.#take('=');
      if (!keyword) this.at = start;
      this.#space();
      const pairs = name === 'OrderedDict' && this.#text[this.at] === '[' && !keyword;
      const read = pairs ? this.#sequence(depth + 1, key) : this.value(keyword ? undefined : key, depth + 1);
      if (!read) return false;
      if (!this.#take(',') && this.#peek() !== ')') return false;
    }
  }

  /** `<class 'float'>`, `<NllLossBackward0>`. */
  #angles(): boolean {
    const end = this.#text.indexOf('>', this.at);
    if (end < 0) return false;
    this.at = end + 1;
    return true;
  }

  #key(): string | undefined {
    this.#space();
    const char = this.#text[this.at];
    if (char === '"' || char === "'") return this.#string();
    return this.#match(WORD) ?? this.#match(NUMERAL);
  }

  /** The text of a quoted string; escapes are taken as the character they hide, which is enough for names and numbers. */
  #string(): string | undefined {
    const quote = this.#text[this.at];
    if (quote !== '"' && quote !== "'") return undefined;
    let out = '';
    for (let i = this.at + 1; i < this.#text.length; i++) {
      const char = this.#text[i]!;
      if (char === quote) {
        this.at = i + 1;
        return out;
      }
      if (char !== '\\') {
        out += char;
        continue;
      }
      const code = /^u[0-9a-fA-F]{4}/.exec(this.#text.slice(i + 1, i + 6));
      out += code === null ? (this.#text[i + 1] ?? '') : String.fromCharCode(parseInt(code[0].slice(1), 16));
      i += code === null ? 1 : 5;
    }
    return undefined;
  }

  #space(): void {
    SPACE.lastIndex = this.at;
    SPACE.test(this.#text);
    this.at = SPACE.lastIndex;
  }

  #peek(): string | undefined {
    this.#space();
    return this.#text[this.at];
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.at = pattern.lastIndex;
    return found[0];
  }
}
