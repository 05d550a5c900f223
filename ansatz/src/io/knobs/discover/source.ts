/** A parsed source file and the literals in it: what Python and JavaScript have in common. */

import { calculate } from '../../../methods/space/expression.ts';
import type { SyntaxNode } from '@lezer/common';
import type { Value } from '../../../methods/space/space.ts';

/** A value written out in source. A `list` has no value we could search over. */
export type Literal =
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly (Literal | undefined)[] }
  | { readonly kind: 'none' };

/** Source text with its tree; offsets are UTF-16 indexes into `text`. */
export interface Source {
  /** Path relative to the study's folder, with `/`. */
  readonly file: string;
  readonly language: 'python' | 'javascript';
  readonly text: string;
  readonly top: SyntaxNode;
  /** Literals by the module-level name they are bound to, for defaults such as `default=LR`. */
  readonly names: ReadonlyMap<string, Literal>;
}

/** The value of a literal that a knob can take, or undefined for lists and `None`. */
export function plainValue(literal: Literal | undefined): Value | undefined {
  if (literal === undefined || literal.kind === 'list' || literal.kind === 'none') return undefined;
  return literal.value;
}

/** Text of a string literal, or undefined for anything else. */
export function textOf(literal: Literal | undefined): string | undefined {
  return literal?.kind === 'text' ? literal.value : undefined;
}

/** The text with a byte order mark turned into an empty line, which leaves all offsets as they were. */
export function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '\n');
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** The comment behind an expression on its line, without its mark. */
export function commentAfter(source: Source, end: number): string | undefined {
  const mark = source.language === 'python' ? '#' : '//';
  const eol = source.text.indexOf('\n', end);
  const rest = source.text.slice(end, eol === -1 ? undefined : eol);
  const at = rest.indexOf(mark);
  if (at === -1 || !/^[\s,;)\]}]*$/.test(rest.slice(0, at))) return undefined;
  const comment = rest.slice(at + mark.length).trim();
  return comment === '' ? undefined : comment;
}

/** Children of a node, punctuation included. */
export function* children(node: SyntaxNode): Generator<SyntaxNode> {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) yield child;
}

/** The node and everything below it, in order of the text. */
export function* descendants(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of children(node)) yield* descendants(child);
}

/** Arithmetic of literals, for `2**19` and `64 * 1024`; undefined when an operand is no number. */
export function combine(left: Literal | undefined, operator: string, right: Literal | undefined): Literal | undefined {
  if (left?.kind !== 'int' && left?.kind !== 'float') return undefined;
  if (right?.kind !== 'int' && right?.kind !== 'float') return undefined;
  // A shift is arithmetic in source; in a constraint nobody writes one.
  const value = operator === '<<' ? left.value * 2 ** right.value : calculate(left.value, operator, right.value);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  const whole = left.kind === 'int' && right.kind === 'int' && operator !== '/' && Number.isInteger(value);
  return { kind: whole ? 'int' : 'float', value };
}
