/**
 * Whether a file that was edited can still be read as what it is, before any compute is spent on it. Python, JavaScript and
 * TypeScript by the parsers that find knobs; data formats by their own; shell, C, C++, CUDA, Rust, Go, Java and Ruby by the
 * grammars of tree-sitter, each loaded when the first file of its kind is edited. Where they are not installed, and for
 * other languages, nothing is said.
 */

import { parser as javascript } from '@lezer/javascript';
import { parser as python } from '@lezer/python';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import { LineCounter, parseDocument } from 'yaml';

/** Line (from 1) of the first error in a text that is a file of this name; undefined for none, or where nobody can say. */
export type Syntax = (file: string, text: string) => number | undefined;

/** Grammars by the endings of files. C is read as C++, which reads headers too. */
const GRAMMARS: readonly (readonly [ending: RegExp, grammar: string])[] = [
  [/\.(sh|bash)$/, 'bash'],
  [/\.(c|h|cc|cpp|cxx|hh|hpp|hxx|cu|cuh)$/, 'cpp'],
  [/\.rs$/, 'rust'],
  [/\.go$/, 'go'],
  [/\.java$/, 'java'],
  [/\.rb$/, 'ruby'],
];

/** Make ready to read these files. */
export async function openSyntax(files: readonly string[]): Promise<Syntax> {
  const names = new Set(files.flatMap((file) => grammarOf(file) ?? []));
  const parsers = new Map<string, Parser | undefined>();
  for (const name of names) parsers.set(name, await loaded(name));
  return (file, text) => {
    const grammar = grammarOf(file);
    if (grammar !== undefined) {
      const parser = parsers.get(grammar);
      return parser === undefined ? undefined : firstError(parser, /\.cuh?$/.test(file) ? plainCpp(text) : text);
    }
    return brokenAt(file, text);
  };
}

function grammarOf(file: string): string | undefined {
  return GRAMMARS.find(([ending]) => ending.test(file))?.[1];
}

/** What is used of web-tree-sitter. */
interface Node {
  readonly hasError: boolean;
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly startPosition: { readonly row: number };
  readonly children: readonly (Node | null)[];
}
interface Parser {
  setLanguage(language: unknown): void;
  parse(text: string): { readonly rootNode: Node; delete(): void } | null;
}
interface TreeSitter {
  readonly Parser: { new (): Parser; init(): Promise<void> };
  readonly Language: { load(path: string): Promise<unknown> };
}

const PACKAGE = '@vscode/tree-sitter-wasm';
const known = new Map<string, Promise<Parser | undefined>>();
let library: Promise<TreeSitter | undefined> | undefined;

function loaded(grammar: string): Promise<Parser | undefined> {
  let parser = known.get(grammar);
  if (parser === undefined) known.set(grammar, (parser = load(grammar)));
  return parser;
}

async function load(grammar: string): Promise<Parser | undefined> {
  library ??= treeSitter();
  const found = await library;
  if (found === undefined) return undefined;
  const folder = dirname(createRequire(import.meta.url).resolve(PACKAGE));
  const parser = new found.Parser();
  parser.setLanguage(await found.Language.load(join(folder, `tree-sitter-${grammar}.wasm`)));
  return parser;
}

/** The library, an optional dependency: without it these languages are not looked at. */
async function treeSitter(): Promise<TreeSitter | undefined> {
  try {
    const found = createRequire(import.meta.url)(PACKAGE) as TreeSitter;
    await found.Parser.init();
    return found;
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Line of the first node that is an error, or that was put in because it is missing. */
function firstError(parser: Parser, text: string): number | undefined {
  const tree = parser.parse(text);
  if (tree === null) return undefined;
  try {
    let node: Node = tree.rootNode;
    if (!node.hasError) return undefined;
    while (!node.isError && !node.isMissing) {
      const inner = node.children.find((child) => child !== null && (child.hasError || child.isMissing));
      if (inner === undefined || inner === null) break;
      node = inner;
    }
    return node.startPosition.row + 1;
  } finally {
    tree.delete();
  }
}

/** CUDA as C++ reads it: its words and the shape of a launch blanked, so that lines stay where they are. */
function plainCpp(text: string): string {
  const blank = (part: string): string => part.replaceAll(/[^\n]/g, ' ');
  return text
    .replaceAll(/\b__(?:global|device|host|shared|constant|managed|restrict|forceinline|noinline)__\b/g, blank)
    .replaceAll(/\b__launch_bounds__\s*\([^)]*\)/g, blank)
    .replaceAll(/<<<[\s\S]*?>>>/g, blank);
}

/** Line of the first syntax error by the parsers that are here anyway. */
function brokenAt(file: string, text: string): number | undefined {
  if (file.endsWith('.json')) return brokenJson(text);
  if (/\.ya?ml$/.test(file)) return brokenYaml(text);
  if (file.endsWith('.toml')) return brokenToml(text);
  const parser = file.endsWith('.py')
    ? python
    : /\.[cm]?js$/.test(file)
      ? javascript
      : /\.[cm]?ts$/.test(file)
        ? javascript.configure({ dialect: 'ts' })
        : /\.[jt]sx$/.test(file)
          ? javascript.configure({ dialect: file.endsWith('.tsx') ? 'jsx ts' : 'jsx' })
          : undefined;
  const at = parser === undefined ? undefined : errorIn(parser, text);
  return at === undefined ? undefined : lineAt(text, at);
}

/** Where the first error of a text begins. */
function errorIn(parser: typeof javascript, text: string): number | undefined {
  let at: number | undefined;
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError && at === undefined) at = node.from;
    },
  });
  return at;
}

function brokenJson(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    // What JSON.parse says of the place differs from one Node to another; as an expression it is JavaScript.
    return lineAt(text, (errorIn(javascript, `(${text})`) ?? text.length + 1) - 1);
  }
}

function brokenYaml(text: string): number | undefined {
  const lineCounter = new LineCounter();
  const [error] = parseDocument(text, { lineCounter, logLevel: 'silent' }).errors;
  return error === undefined ? undefined : Math.max(1, lineCounter.linePos(error.pos[0]).line);
}

function brokenToml(text: string): number | undefined {
  try {
    parseToml(text);
    return undefined;
  } catch (error) {
    if (error instanceof TomlError) return error.line;
    throw error;
  }
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}
