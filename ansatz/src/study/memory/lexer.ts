/** Tokens of a program without comments, docstrings and layout: enough of each language to tell code from prose. */

export type Language = 'python' | 'c' | 'shell';

/** A word of a program. `mark` is everything else; `\n`, `{` and `}` at the margins of Python's lines are marks. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'mark';
  readonly text: string;
}

const ENDINGS: Readonly<Record<string, Language>> = {
  py: 'python',
  pyi: 'python',
  ipy: 'python',
  sh: 'shell',
  bash: 'shell',
  zsh: 'shell',
  yaml: 'shell',
  yml: 'shell',
  toml: 'shell',
  r: 'shell',
  jl: 'shell',
};
const STRING = String.raw`"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?`;
const NUMBER = String.raw`0[xX][\da-fA-F_]+|\d[\d_]*\.?\d*(?:[eE][-+]?\d+)?[a-zA-Z]*|\.\d+(?:[eE][-+]?\d+)?`;
const REST = String.raw`(?<number>${NUMBER})|(?<name>[\p{L}_$][\p{L}\p{N}_$]*)|(?<line>\n[ \t]*)|(?<space>\s+)|(?<mark>[^\s])`;
const LEXERS: Readonly<Record<Language, RegExp>> = {
  python: new RegExp(
    String.raw`(?<comment>#[^\n]*|\\\n)|(?<string>[rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|${STRING}))|${REST}`,
    'gu',
  ),
  c: new RegExp(
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>${STRING}|${'`'}(?:\\[\s\S]|[^${'`'}\\])*${'`'}?)|${REST}`,
    'gu',
  ),
  shell: new RegExp(String.raw`(?<comment>(?<![\w$\{])#[^\n]*|\\\n)|(?<string>${STRING})|${REST}`, 'gu'),
};

/** The language that a file's name tells; what is unknown is read as C is. */
export function languageOf(path: string): Language {
  return ENDINGS[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'c';
}

/** Tokens in order. Blocks of Python are marked by their depth, however many spaces a level has. */
export function lex(source: string, language: Language): Token[] {
  const tokens: Token[] = [];
  // Columns of the open blocks, brackets open, column of the line, and whether a statement begins here.
  const levels = [0];
  let [open, column, fresh] = [0, 0, true];
  for (const { groups } of source.matchAll(LEXERS[language])) {
    const { comment, space, line, string, number, name, mark } = groups!;
    if (comment !== undefined || space !== undefined) continue;
    if (line !== undefined) {
      if (language === 'c' || open > 0) continue;
      if (tokens.length > 0 && tokens.at(-1)!.text !== '\n') tokens.push({ kind: 'mark', text: '\n' });
      column = line.slice(1).replaceAll('\t', '        ').length;
      fresh = true;
      continue;
    }
    const first = fresh;
    fresh = false;
    // A string where a statement begins is a docstring: nothing comes of it.
    if (language === 'python' && first && string !== undefined && /^\w{0,2}(?:"""|''')/.test(string)) continue;
    if (language === 'python' && first) indent(tokens, levels, column);
    if (string !== undefined) tokens.push({ kind: 'string', text: quoted(string) });
    else if (number !== undefined) tokens.push({ kind: 'number', text: plainNumber(number) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else {
      if (language === 'python')
        open = Math.max(0, open + ('([{'.includes(mark!) ? 1 : ')]}'.includes(mark!) ? -1 : 0));
      if (language === 'c' && mark === ';') continue;
      // A comma before a closing bracket is layout.
      if (')]}'.includes(mark!) && tokens.at(-1)?.text === ',') tokens.pop();
      tokens.push({ kind: 'mark', text: mark! });
    }
  }
  while (tokens.at(-1)?.text === '\n') tokens.pop();
  return tokens;
}

function indent(tokens: Token[], levels: number[], column: number): void {
  if (column > levels.at(-1)!) {
    levels.push(column);
    tokens.push({ kind: 'mark', text: '{' });
  }
  while (column < levels.at(-1)!) {
    levels.pop();
    tokens.push({ kind: 'mark', text: '}' });
  }
}

/** The same text in the other quotes is the same string. */
function quoted(text: string): string {
  const match = /^(\w{0,2})("""|'''|"|'|`)([\s\S]*)\2$/.exec(text);
  return match === null ? text : `${match[1]!.toLowerCase()}"${match[3]!}"`;
}

/** `1_000`, `1000` and `1e3` are one number. */
function plainNumber(text: string): string {
  const value = Number(text.replaceAll('_', ''));
  return Number.isNaN(value) ? text : String(value);
}
