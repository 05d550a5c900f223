/** Which name of a search space a piece of Python stands for: what was suggested, and where it was put. */

import type { SyntaxNode } from '@lezer/common';
import { assignments, callOf, entriesOf, literal, read } from '../discover/python.ts';
import { descendants, type Literal, type Source } from '../discover/source.ts';

/** What was written to a variable, a dictionary entry or an attribute, in the order of the text. */
interface Written {
  readonly target: string;
  readonly at: number;
  /** The name suggested for it; absent when it is something else. */
  readonly name?: string;
  /** Offset of the function it happens in; -1 for the module. */
  readonly inside: number;
}

/** Answers for one file. */
export interface Scope {
  /** The name of the space that an expression stands for, or undefined. */
  nameOf(node: SyntaxNode): string | undefined;
  /** The literal an expression stands for; names bound once in its function stand for their value. */
  literalOf(node: SyntaxNode | undefined): Literal | undefined;
}

/** The scope of a file in which `suggested` tells the names of suggesting calls by where they end. */
export function scopeOf(source: Source, suggested: ReadonlyMap<number, string>): Scope {
  const written: Written[] = [];
  for (const node of descendants(source.top)) {
    if (node.name === 'NamedExpression') {
      const [target, value] = [node.firstChild, node.lastChild];
      if (target !== null && value !== null) put(written, source, suggested, plain(source, target), value);
    }
    if (node.name !== 'AssignStatement') continue;
    for (const { target, value } of assignments(node)) put(written, source, suggested, plain(source, target), value);
  }
  const names = new Set(suggested.values());
  const byTarget = Map.groupBy(written, (one) => one.target);
  const locals = new Map<number, Source>();

  const nameOf = (node: SyntaxNode): string | undefined => {
    const inner = unwrapped(node);
    const own = suggested.get(inner.to);
    if (own !== undefined && inner.name === 'CallExpression') return own;
    const target = plain(source, inner);
    // `trial.params["lr"]` is Optuna's own record of what it suggested.
    const recorded = /\.params\['(.*)'\]$/.exec(target)?.[1];
    if (recorded !== undefined && names.has(recorded)) return recorded;
    const inside = functionAt(node)?.from ?? -1;
    const all = byTarget.get(target) ?? [];
    const here = all.filter((one) => one.inside === inside && one.at < node.from);
    if (here.length > 0) return here.at(-1)!.name;
    // An argument, or a variable of the function around: known when it means one thing wherever it is suggested.
    const anywhere = new Set(all.flatMap((one) => one.name ?? []));
    return anywhere.size === 1 ? [...anywhere][0] : undefined;
  };

  const literalOf = (node: SyntaxNode | undefined): Literal | undefined => {
    if (node === undefined) return undefined;
    const around = functionAt(node);
    if (around === undefined) return literal(source, node);
    let local = locals.get(around.from);
    if (local === undefined) {
      local = { ...source, names: new Map([...source.names, ...boundOnce(source, around)]) };
      locals.set(around.from, local);
    }
    return literal(local, node);
  };
  return { nameOf, literalOf };
}

/** The innermost function around a node. */
export function functionAt(node: SyntaxNode): SyntaxNode | undefined {
  for (let at = node.parent; at !== null; at = at.parent) if (at.name === 'FunctionDefinition') return at;
  return undefined;
}

/** Literals that are bound exactly once in a function. */
function boundOnce(source: Source, around: SyntaxNode): Map<string, Literal> {
  const values = new Map<string, (Literal | undefined)[]>();
  for (const node of descendants(around)) {
    for (const { target, value } of assignments(node)) {
      if (target.name !== 'VariableName') continue;
      const name = read(source, target);
      values.set(name, [...(values.get(name) ?? []), literal(source, value)]);
    }
  }
  return new Map(
    [...values].flatMap(([name, [only, ...more]]) => (only !== undefined && more.length === 0 ? [[name, only]] : [])),
  );
}

function put(
  written: Written[],
  source: Source,
  suggested: ReadonlyMap<number, string>,
  target: string,
  value: SyntaxNode,
): void {
  const inner = unwrapped(value);
  const inside = functionAt(value)?.from ?? -1;
  if (inner.name === 'DictionaryExpression') {
    for (const entry of entriesOf(source, inner))
      put(written, source, suggested, `${target}['${entry.key}']`, entry.value);
  }
  const call = callOf(source, inner);
  if (call !== undefined && /^(dict|SimpleNamespace|Namespace)$/.test(call.callee)) {
    for (const [key, entry] of call.named) {
      put(written, source, suggested, `${target}['${key}']`, entry);
      put(written, source, suggested, `${target}.${key}`, entry);
    }
  }
  const name = inner.name === 'CallExpression' ? suggested.get(inner.to) : undefined;
  // What is written is there from its end on: `m = f(m)` still reads the old one.
  written.push({ target, at: value.to - 1, inside, ...(name === undefined ? {} : { name }) });
}

/** Without parentheses and `:=`. */
export function unwrapped(node: SyntaxNode): SyntaxNode {
  if (node.name === 'ParenthesizedExpression') {
    const inner = node.firstChild?.nextSibling;
    return inner === null || inner === undefined ? node : unwrapped(inner);
  }
  return node.name === 'NamedExpression' && node.lastChild !== null ? unwrapped(node.lastChild) : node;
}

/** Text in one spelling: no spaces, single quotes. */
function plain(source: Source, node: SyntaxNode): string {
  return read(source, node).replaceAll(/\s/g, '').replaceAll('"', "'");
}
