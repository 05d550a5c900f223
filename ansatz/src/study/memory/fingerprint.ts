/**
 * Whether two programs are the same: byte for byte, but for comments and layout, but for names, but for numbers. By a
 * small lexer for Python, JavaScript and TypeScript, languages with C's comments, and shells; no parser.
 */

import { hash } from './hash.ts';
import { lex, languageOf, type Token } from './lexer.ts';

/** Hashes, each blind to more than the one before. */
export interface Fingerprint {
  readonly blob: string;
  /** Without comments, docstrings and layout (but Python's indentation counts, however deep a level is). */
  readonly bare: string;
  /** Names numbered in the order they appear. */
  readonly renamed: string;
  /** Numbers are all alike. */
  readonly template: string;
}

/** Words of the languages and names that mean something outside of the file: renaming these changes the program. */
const RESERVED = new Set(
  (
    'and as assert async await break case catch class const continue def default del delete do elif else enum except export extends false False finally fn for from func function global go if ' +
    'impl implements import in instanceof interface is lambda let loop match mod mut new nil None nonlocal not null or package pass private public raise return self static struct super switch ' +
    'then this throw throws trait true True try type typedef typeof undefined union until use using var void while with yield int float double bool char long short unsigned str list dict set ' +
    'tuple len range print abs min max sum map filter zip sorted enumerate open fi done esac echo exit'
  ).split(' '),
);

/** Hashes of a file; its name tells the language, and what is unknown is read as C is. */
export function fingerprint(source: string, path = ''): Fingerprint {
  const tokens = lex(source.replaceAll('\r\n', '\n'), languageOf(path));
  const bare = tokens.map(({ text }) => text);
  const renamed = rename(tokens);
  const template = tokens.map(({ kind }, i) => (kind === 'number' ? '0' : renamed[i]!));
  const of = (list: readonly string[]): string => hash(list.join('\u0001'));
  return { blob: hash(source), bare: of(bare), renamed: of(renamed), template: of(template) };
}

/**
 * Fingerprint of an edit: its removed and added lines in a set, each without comments and layout. `path` tells the
 * language. Lines that only moved cancel.
 */
export function diffPrint(removed: readonly string[], added: readonly string[], path = ''): string {
  const language = languageOf(path);
  const bare = (line: string): string =>
    lex(line.trim(), language)
      .map(({ text }) => text)
      .join(' ');
  const [minus, plus] = [new Set(removed.map(bare)), new Set(added.map(bare))];
  const only = (one: Set<string>, other: Set<string>): string[] =>
    [...one].filter((line) => line !== '' && !other.has(line)).sort();
  return hash(JSON.stringify([only(minus, plus), only(plus, minus)]));
}

/** Names numbered in the order they appear; those after a dot belong to others and stay, as do reserved ones. */
function rename(tokens: readonly Token[]): string[] {
  const numbers = new Map<string, number>();
  return tokens.map(({ kind, text }, i) => {
    if (kind !== 'name' || RESERVED.has(text) || tokens[i - 1]?.text === '.') return text;
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return `$${numbers.get(text)!}`;
  });
}
