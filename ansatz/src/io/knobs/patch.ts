/** New text of a file with some of its settings replaced; everything else stays as it was, byte for byte where it can. */

import { parse as parseToml } from 'smol-toml';
import { isMap, isScalar, parseDocument, type Document, type Scalar } from 'yaml';
import { closest, UserError } from '../../study/error.ts';
import type { Value } from '../../methods/space/space.ts';
import { formatPath } from '../config/via.ts';
import { bindings, parseSource, SEEDS, type Constant } from './constants.ts';
import { floatText, wholeText, type Edit } from './edit.ts';
import { leavesOf } from './discover/leaves.ts';
import type { Source } from './discover/source.ts';
import type { Text } from './private.ts';

/** The patched text. What is missing or written twice is a UserError that names the nearest. */
export function patchText(before: Text, file: string, edits: readonly Edit[]): Text {
  const constants = edits.filter((edit) => edit.by === 'constant');
  const leaves = edits.filter((edit) => edit.by === 'file');
  const { encoding } = before;
  let { text } = before;
  if (constants.length > 0) text = patchConstants(text, file, constants);
  if (leaves.length === 0) return { text, encoding };
  if (file.endsWith('.toml')) return { text: patchToml(text, file, leaves), encoding };
  if (file.endsWith('.json')) return { text: patchJson(text, file, leaves), encoding };
  if (/\.ya?ml$/.test(file)) return { text: patchYaml(text, file, leaves), encoding };
  throw new UserError('unknown-format', `${file} is neither YAML, JSON nor TOML`, {
    where: file,
    fix: 'set the knob with a flag, an environment variable or a constant',
  });
}

type ConstantEdit = Extract<Edit, { by: 'constant' }>;
type LeafEdit = Extract<Edit, { by: 'file' }>;

function patchConstants(text: string, file: string, edits: readonly ConstantEdit[]): string {
  const source = parseSource(text, file);
  if (source === undefined) {
    throw new UserError('unknown-format', `constants of ${file} cannot be set`, {
      where: file,
      why: 'constants are known in Python, JavaScript and TypeScript',
    });
  }
  const { constants, times } = bindings(source);
  const placed = edits.flatMap((edit) => {
    const alike = edit.name === SEEDS ? constants.filter(({ name }) => name === SEEDS) : [];
    const places = alike.length > 0 ? alike : [theOne(edit.name, constants, times, file)];
    return places.map((constant) => ({ edit, constant }));
  });
  placed.sort((a, b) => b.constant.from - a.constant.from);
  let patched = text;
  for (const { edit, constant } of placed) {
    const { from, to } = constant;
    patched = patched.slice(0, from) + expression(edit, text.slice(from, to), constant, source) + patched.slice(to);
  }
  return patched;
}

function theOne(
  name: string,
  constants: readonly Constant[],
  times: ReadonlyMap<string, number>,
  file: string,
): Constant {
  const all = constants.filter((constant) => constant.name === name);
  const [found] = all;
  if (found === undefined) {
    const names = constants.filter((constant) => constant.literal !== undefined).map((constant) => constant.name);
    throw new UserError('no-constant', `${file} has no constant "${name}"${closest(name, names)}`, {
      where: file,
      why: 'a constant is set once, at the top of the file, in a class, a dictionary or a function named in front of a dot',
      fix: 'correct the name behind  via: const',
    });
  }
  if (all.length === 1 && (times.get(name) ?? 1) === 1) return found;
  throw new UserError('constant-twice', `"${name}" is set in more than one place of ${file}`, {
    where: file,
    why: 'the script would go on with another value than the one that was set',
    fix: 'set it once in the script, or use a flag',
  });
}

/** The value as the language writes it, in the style of what stood there. */
function expression(edit: ConstantEdit, old: string, constant: Constant, source: Source): string {
  const { value } = edit;
  if (typeof value === 'boolean') {
    if (source.language === 'python') return value ? 'True' : 'False';
    return String(value);
  }
  if (typeof value === 'string') return quoted(value, old);
  if (edit.as === 'float' || constant.literal?.kind === 'float') return floatText(value);
  return (
    powerLike(value, old) ?? (old.includes('_') && Number.isSafeInteger(value) ? underscored(value) : wholeText(value))
  );
}

function quoted(value: string, old: string): string {
  const quote = /^["'`]/.exec(old)?.[0] === '"' ? '"' : "'";
  const escaped = JSON.stringify(value).slice(1, -1);
  return quote === '"'
    ? `"${escaped}"`
    : `'${escaped.replaceAll(String.raw`\"`, '"').replaceAll("'", String.raw`\'`)}'`;
}

/** `2**18` where `2**19` stood, `1 << 18` where `1 << 19` stood; undefined where the value is no such power. */
function powerLike(value: number, old: string): string | undefined {
  const power = /^(\d+)(\s*(?:\*\*|<<)\s*)\d+$/.exec(old);
  if (power === null || value < 1) return undefined;
  const [, base = '', operator = ''] = power;
  const shift = operator.trim() === '<<';
  const exponent = shift ? Math.log2(value / Number(base)) : Math.log(value) / Math.log(Number(base));
  const whole = Math.round(exponent);
  if (whole < 0 || (shift ? Number(base) * 2 ** whole : Number(base) ** whole) !== value) return undefined;
  return `${base}${operator}${whole}`;
}

function underscored(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, '_');
}

function patchYaml(text: string, file: string, edits: readonly LeafEdit[]): string {
  const document = parseDocument(text, { keepSourceTokens: true });
  const [error] = document.errors;
  if (error !== undefined) throw new UserError('bad-yaml', `${file}: ${error.message}`, { where: file });
  const changes = edits.map((edit) => {
    const node = leafNode(document, edit, text, file);
    return { from: node.range![0], to: node.range![1], text: yamlText(edit, node) };
  });
  changes.sort((a, b) => b.from - a.from);
  const patched = changes.reduce(
    (whole, change) => whole.slice(0, change.from) + change.text + whole.slice(change.to),
    text,
  );
  verify(parseDocument(patched).toJS(), file, edits);
  return patched;
}

function leafNode(document: Document, edit: LeafEdit, text: string, file: string): Scalar {
  let node: unknown = document.contents;
  for (const key of edit.path) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    node = pair?.value;
  }
  if (isScalar(node) && node.range) return node;
  throw noLeaf(edit, text, file);
}

/** PyYAML takes `1e-5` for text: its floats need a dot. */
function yamlText(edit: LeafEdit, node: Scalar): string {
  const { value } = edit;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    const float = edit.as === 'float' || (node.type === 'PLAIN' && /^[-+]?\d*\.\d*$|e/i.test(node.source ?? ''));
    return float ? floatText(value).replace(/^(-?\d+)e/, '$1.0e') : wholeText(value);
  }
  const style = node.type === 'QUOTE_SINGLE' && !/[\n']/.test(value);
  return style
    ? `'${value}'`
    : /^[A-Za-z][\w-]*$/.test(value) && node.type === 'PLAIN' && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
      ? value
      : JSON.stringify(value);
}

/** JSON is patched through the positions YAML finds in it, which keeps its indentation. */
function patchJson(text: string, file: string, edits: readonly LeafEdit[]): string {
  const document = parseDocument(text, { keepSourceTokens: true });
  const changes = edits.map((edit) => {
    const node = leafNode(document, edit, text, file);
    const { value } = edit;
    const written =
      typeof value !== 'number' ? JSON.stringify(value) : edit.as === 'float' ? floatText(value) : wholeText(value);
    return { from: node.range![0], to: node.range![1], text: written };
  });
  changes.sort((a, b) => b.from - a.from);
  const patched = changes.reduce(
    (whole, change) => whole.slice(0, change.from) + change.text + whole.slice(change.to),
    text,
  );
  verify(JSON.parse(patched), file, edits);
  return patched;
}

/** TOML: the right-hand side on the key's own line, and the whole file read again to be sure. */
function patchToml(text: string, file: string, edits: readonly LeafEdit[]): string {
  const rows = text.split('\n');
  for (const edit of edits) {
    const at = tomlRow(rows, edit.path);
    const match =
      at === undefined
        ? null
        : /^(\s*[^=]+?\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^#\s,[\]{}]+)(\s*(?:#.*)?\r?)$/.exec(rows[at]!);
    if (at === undefined || match === null) throw noLeaf(edit, text, file);
    const { value } = edit;
    const float = edit.as === 'float' || /^[-+\d_]*(\.|e)/i.test(match[2]!);
    const written = typeof value !== 'number' ? JSON.stringify(value) : float ? floatText(value) : wholeText(value);
    rows[at] = `${match[1]}${written}${match[3]}`;
  }
  const patched = rows.join('\n');
  verify(parseToml(patched), file, edits);
  return patched;
}

function tomlRow(rows: readonly string[], path: readonly string[]): number | undefined {
  let table: string[] = [];
  for (const [i, row] of rows.entries()) {
    const header = /^\s*\[([^[\]]+)\]\s*(?:#.*)?\r?$/.exec(row);
    if (header !== null) table = tomlKeys(header[1]!);
    const key = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(row)?.[1];
    if (key === undefined) continue;
    const full = [...table, ...tomlKeys(key)];
    if (full.length === path.length && full.every((part, j) => part === path[j])) return i;
  }
  return undefined;
}

function tomlKeys(dotted: string): string[] {
  return [...dotted.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

function noLeaf(edit: LeafEdit, text: string, file: string): UserError {
  const wanted = formatPath(edit.path);
  const names = leavesOf(text, file).map((leaf) => formatPath(leaf.path));
  return new UserError('no-key', `${file} has no value at "${wanted}"${closest(wanted, names)}`, {
    where: file,
    fix: 'correct the path behind  via: file',
  });
}

/** The file read again must say what was meant: anything else would silently run another experiment. */
function verify(data: unknown, file: string, edits: readonly LeafEdit[]): void {
  for (const { path, value } of edits) {
    let reached = data;
    for (const key of path)
      reached =
        typeof reached === 'object' && reached !== null && Object.hasOwn(reached, key)
          ? (reached as Record<string, unknown>)[key]
          : undefined;
    if (!same(reached, value)) {
      throw new UserError('patch-failed', `${file} cannot be patched at "${formatPath(path)}" without rewriting it`, {
        where: file,
        fix: 'write that setting as a plain value on a line of its own',
      });
    }
  }
}

function same(read: unknown, value: Value): boolean {
  return read === value || (read === 0 && value === 0);
}
