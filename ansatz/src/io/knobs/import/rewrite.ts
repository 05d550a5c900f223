/** Expressions over a space, rewritten: other names, and names that no point will ever have. */

import { type Constraint, isOneOf, type Node, quotedName, quotedValue } from '../../../methods/space/expression.ts';
import type { Value } from '../../../methods/space/space.ts';

/** The text of a condition over other names; the old one where nothing changes. Every name it mentions must be given. */
export function renamed(condition: Constraint, names: ReadonlyMap<string, string>): string {
  if (condition.names.every((name) => names.get(name) === name)) return condition.text;
  return written(condition.tree, (name) => names.get(name)!);
}

/**
 * The condition where some names are never there: what asks for one of them is never true. The answer itself when
 * nothing else is asked.
 */
export function without(condition: Constraint, never: (name: string) => boolean): string | boolean {
  if (!condition.names.some(never)) return condition.text;
  const left = cut(condition.tree, never);
  return typeof left === 'boolean' ? left : written(left, (name) => name);
}

function cut(node: Node, never: (name: string) => boolean): Node | boolean {
  if (node.kind === 'unary' && node.op === 'not') {
    const of = cut(node.of, never);
    return typeof of === 'boolean' ? !of : { ...node, of };
  }
  if (node.kind === 'binary' && (node.op === 'and' || node.op === 'or')) {
    const strong = node.op === 'or';
    const [left, right] = [cut(node.left, never), cut(node.right, never)];
    if (left === strong || right === strong) return strong;
    if (typeof left === 'boolean') return right;
    return typeof right === 'boolean' ? left : { ...node, left, right };
  }
  return mentions(node, never) ? false : node;
}

function mentions(node: Node, never: (name: string) => boolean): boolean {
  switch (node.kind) {
    case 'value':
      return false;
    case 'name':
      return never(node.name);
    case 'list':
      return node.items.some((item) => mentions(item, never));
    case 'unary':
      return mentions(node.of, never);
    case 'call':
      return node.args.some((arg) => mentions(arg, never));
    case 'binary':
      return mentions(node.left, never) || mentions(node.right, never);
  }
}

function written(node: Node, nameOf: (name: string) => string): string {
  switch (node.kind) {
    case 'value':
      return quotedValue(node.value);
    case 'name':
      return quotedName(nameOf(node.name));
    case 'list':
      return `[${node.items.map((item) => written(item, nameOf)).join(', ')}]`;
    case 'unary':
      return node.op === 'not' ? `not (${written(node.of, nameOf)})` : `-(${written(node.of, nameOf)})`;
    case 'call':
      return `${node.name}(${node.args.map((arg) => written(arg, nameOf)).join(', ')})`;
    case 'binary': {
      const { left, right, op } = node;
      if (
        op === 'in' &&
        left.kind === 'name' &&
        right.kind === 'list' &&
        right.items.every((item) => item.kind === 'value')
      )
        return isOneOf(
          nameOf(left.name),
          right.items.map((item): Value => item.value),
        ).text;
      // A chain of one word needs no parentheses; everything else that has parts gets them.
      const side = (part: Node): string =>
        (part.kind === 'binary' && !(part.op === op && (op === 'and' || op === 'or') && part === left)) ||
        part.kind === 'unary'
          ? `(${written(part, nameOf)})`
          : written(part, nameOf);
      return `${side(left)} ${op} ${side(right)}`;
    }
  }
}
