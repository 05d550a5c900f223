/** Leaves of a YAML, JSON or TOML file: every plain value with its path and line. */

import { parse as parseToml } from 'smol-toml';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { Literal } from './source.ts';

export interface Leaf {
  readonly path: readonly string[];
  readonly literal: Literal;
  readonly line: number;
  readonly comment?: string;
}

/** Leaves in the order of the file; none when it cannot be read as what its extension says. */
export function leavesOf(text: string, file: string): Leaf[] {
  if (file.endsWith('.toml')) return tomlLeaves(text);
  // JSON is YAML, and read as YAML it has line numbers.
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0 || document.contents === null) return [];
  const leaves: Leaf[] = [];
  const walk = (node: unknown, path: readonly string[]) => {
    if (isMap(node)) {
      for (const { key, value } of node.items) walk(value, [...path, String(isScalar(key) ? key.value : key)]);
      return;
    }
    if (!isScalar(node) && !isSeq(node)) return;
    const literal = literalOf(node);
    if (literal === undefined || path.length === 0) return;
    const comment = node.comment?.trim();
    leaves.push({ path, literal, line: lines.linePos(node.range![0]).line, ...(comment && { comment }) });
  };
  walk(document.contents, []);
  return leaves;
}

function literalOf(node: Node): Literal | undefined {
  if (isSeq(node))
    return { kind: 'list', items: node.items.map((item) => (isScalar(item) ? literalOf(item) : undefined)) };
  if (!isScalar(node)) return undefined;
  const { value, source } = node;
  if (typeof value === 'number')
    return { kind: Number.isInteger(value) && !/[.e]/i.test(source ?? '') ? 'int' : 'float', value };
  if (typeof value === 'boolean') return { kind: 'bool', value };
  if (typeof value === 'string') {
    // PyYAML reads 1e-4 as text and scripts then say float(): what is meant is the number.
    return /^[+-]?(\d+\.?\d*|\.\d+)e[+-]?\d+$/i.test(value)
      ? { kind: 'float', value: Number(value) }
      : { kind: 'text', value };
  }
  return { kind: 'none' };
}

function tomlLeaves(text: string): Leaf[] {
  let data: unknown;
  try {
    data = parseToml(text, { integersAsBigInt: true });
  } catch {
    return [];
  }
  const leaves: Leaf[] = [];
  const walk = (value: unknown, path: readonly string[]) => {
    if (Array.isArray(value)) leaves.push({ path, literal: { kind: 'list', items: [] }, line: 1 });
    else if (typeof value === 'bigint') leaves.push({ path, literal: { kind: 'int', value: Number(value) }, line: 1 });
    else if (typeof value === 'number') leaves.push({ path, literal: { kind: 'float', value }, line: 1 });
    else if (typeof value === 'boolean') leaves.push({ path, literal: { kind: 'bool', value }, line: 1 });
    else if (typeof value === 'string') leaves.push({ path, literal: { kind: 'text', value }, line: 1 });
    else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    }
  };
  walk(data, []);
  const rows = text.split('\n');
  return leaves.map((leaf) => {
    const at = rows.findIndex((row) => row.replace(/["'\s]/g, '').startsWith(`${leaf.path.at(-1)}=`));
    return { ...leaf, line: at + 1 };
  });
}
