/** When a piece of Python runs, as an expression over the names of a search space: what stands around it, read only. */

import type { SyntaxNode } from '@lezer/common';
import type { Value } from '../../../methods/space/space.ts';
import { quotedName, quotedValue } from '../../../methods/space/expression.ts';
import { type Call, callOf, calls, read } from '../discover/python.ts';
import { listValues } from '../discover/raw.ts';
import { children, lineAt, plainValue, type Source } from '../discover/source.ts';
import type { Scope } from './scope.ts';

/** A test that stands around a piece of source but is about something else than the space. */
export interface Unread {
  readonly line: number;
  readonly text: string;
}

/** Alternatives, each a list of expressions that must all hold; an empty list is always so. */
export interface Conditions {
  readonly alternatives: readonly (readonly string[])[];
  readonly unread: readonly Unread[];
}

/**
 * Tells for any node of a file under which conditions it is reached, through the functions of the file that lead to it.
 * Each test is read once, however much stands below it.
 */
export function conditionReader(source: Source, scope: Scope): (node: SyntaxNode) => Conditions {
  const texts = new Map<string, string | undefined>();
  const reading: Reading = {
    source,
    scope,
    sites: Map.groupBy(calls(source), (call) => call.callee.replace(/^self\./, '')),
    translate(node) {
      const place = `${node.from} ${node.to}`;
      if (!texts.has(place)) texts.set(place, translate(source, scope, node));
      return texts.get(place);
    },
  };
  return (node) => reach(reading, node, []);
}

interface Reading {
  readonly source: Source;
  readonly scope: Scope;
  readonly sites: ReadonlyMap<string, readonly Call[]>;
  /** A test as an expression, or undefined when it is about something else than the space. */
  translate(node: SyntaxNode): string | undefined;
}

function reach(reading: Reading, node: SyntaxNode, path: readonly number[]): Conditions {
  const { source } = reading;
  const unread: Unread[] = [];
  const all: string[] = [];
  const told = (test: Test): string[] => {
    const text = test.text;
    if (text !== undefined) return [text];
    if (!/^__name__\s*==/.test(read(source, test.node)))
      unread.push({ line: lineAt(source.text, test.node.from), text: read(source, test.node).slice(0, 60) });
    return [];
  };
  for (let child = node, parent = node.parent; parent !== null; child = parent, parent = parent.parent) {
    // The outermost test comes first, as it is asked.
    all.unshift(...testsAbove(reading, parent, child).flatMap(told));
    if (parent.name === 'Body' || parent.name === 'Script') all.unshift(...leftBefore(reading, parent, child));
    if (parent.name !== 'FunctionDefinition') continue;
    const sites = path.includes(parent.from) ? [] : callSites(reading, parent);
    if (sites.length === 0) break;
    const above = sites.map((site) => reach(reading, site, [...path, parent.from]));
    return {
      alternatives: above.flatMap((one) => one.alternatives.map((outer) => [...outer, ...all])),
      unread: [...above.flatMap((one) => one.unread), ...unread],
    };
  }
  return { alternatives: [all], unread };
}

interface Test {
  readonly node: SyntaxNode;
  /** Undefined when it is not about the space. */
  readonly text: string | undefined;
}

/** Tests of `parent` that decide whether its part `child` is reached. */
function testsAbove(reading: Reading, parent: SyntaxNode, child: SyntaxNode): Test[] {
  const yes = (node: SyntaxNode): Test => ({ node, text: reading.translate(node) });
  const no = (node: SyntaxNode): Test => ({ node, text: negated(reading.translate(node)) });
  if (parent.name === 'IfStatement') {
    const branch = branchesOf(parent).find((one) => one.body.from === child.from || one.test?.from === child.from);
    if (branch === undefined) return [];
    const own = branch.test !== undefined && branch.body.from === child.from ? [yes(branch.test)] : [];
    return [...branch.before.map(no), ...own];
  }
  if (parent.name === 'ConditionalExpression') {
    const [first, , test, , last] = [...children(parent)];
    if (test === undefined) return [];
    return child.from === first!.from ? [yes(test)] : child.from === last?.from ? [no(test)] : [];
  }
  if (parent.name === 'BinaryExpression') {
    const [left, operator, right] = [...children(parent)];
    if (right?.from !== child.from) return [];
    return operator!.name === 'and' ? [yes(left!)] : operator!.name === 'or' ? [no(left!)] : [];
  }
  if (parent.name === 'MatchClause' && child.name === 'Body') return matchTests(reading.scope, parent);
  return [];
}

interface Branch {
  readonly before: readonly SyntaxNode[];
  readonly test: SyntaxNode | undefined;
  readonly body: SyntaxNode;
}

function branchesOf(statement: SyntaxNode): Branch[] {
  const branches: Branch[] = [];
  const before: SyntaxNode[] = [];
  let test: SyntaxNode | undefined;
  for (const child of children(statement)) {
    if (child.name === 'Body') {
      branches.push({ before: [...before], test, body: child });
      if (test !== undefined) before.push(test);
      test = undefined;
    } else if (!/^(if|elif|else|Comment)$/.test(child.name)) test = child;
  }
  return branches;
}

function matchTests(scope: Scope, clause: SyntaxNode): Test[] {
  const subject = clause.parent?.parent?.firstChild?.nextSibling;
  const name = subject === null || subject === undefined ? undefined : scope.nameOf(subject);
  if (name === undefined) return subject === null || subject === undefined ? [] : [{ node: subject, text: undefined }];
  const tests: Test[] = [];
  for (const other of clause.parent!.getChildren('MatchClause')) {
    const pattern = other.firstChild?.nextSibling;
    if (pattern === null || pattern === undefined) break;
    const guarded = other.getChild('Guard') !== null;
    const values = /^(LiteralPattern|OrPattern)$/.test(pattern.name) ? valuesOf(scope, pattern) : undefined;
    const text = values === undefined || guarded ? undefined : oneOf(name, values);
    if (other.from === clause.from) {
      if (pattern.name !== 'CapturePattern' || guarded) tests.push({ node: pattern, text });
      break;
    }
    tests.push({ node: pattern, text: negated(text) });
  }
  return tests;
}

function valuesOf(scope: Scope, pattern: SyntaxNode): Value[] | undefined {
  const parts = pattern.name === 'OrPattern' ? pattern.getChildren('LiteralPattern') : [pattern];
  const values = parts.map((part) => plainValue(scope.literalOf(part.firstChild ?? undefined)));
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** What must be so because an earlier statement of the block would have left it. Tests about other things say nothing. */
function leftBefore(reading: Reading, block: SyntaxNode, child: SyntaxNode): string[] {
  return [...children(block)]
    .filter((statement) => statement.from < child.from)
    .flatMap((statement) => leaves(reading, statement))
    .flatMap((parts) => (parts.length > 0 ? negated(joined(parts, 'and'))! : []));
}

/** When a statement leaves the block around it: alternatives, each a list of expressions that must all hold. */
function leaves(reading: Reading, statement: SyntaxNode): string[][] {
  if (/^(Return|Raise|Continue|Break)Statement$/.test(statement.name)) return [[]];
  if (statement.name !== 'IfStatement') return [];
  return branchesOf(statement).flatMap(({ before, test, body }) => {
    const own = test === undefined ? [] : [reading.translate(test)];
    const parts = [...before.map((node) => negated(reading.translate(node))), ...own];
    if (!parts.every((part) => part !== undefined)) return [];
    const inner = [...children(body)].flatMap((one) => leaves(reading, one));
    return inner.map((more) => [...parts, ...more]);
  });
}

/** Calls of a function of the file by its name, those inside itself aside. */
function callSites({ source, sites }: Reading, definition: SyntaxNode): SyntaxNode[] {
  const name = definition.getChild('VariableName');
  const found = name === null ? [] : (sites.get(read(source, name)) ?? []);
  return found.map((call) => call.node).filter((node) => node.from < definition.from || node.from >= definition.to);
}

/** A test as an expression, or undefined when it is about something else than the space. */
function translate(source: Source, scope: Scope, node: SyntaxNode): string | undefined {
  const text = expression(source, scope, node);
  return text !== undefined && mentions(scope, node) ? text : undefined;
}

function mentions(scope: Scope, node: SyntaxNode): boolean {
  if (scope.nameOf(node) !== undefined) return true;
  return [...children(node)].some((child) => mentions(scope, child));
}

function expression(source: Source, scope: Scope, node: SyntaxNode): string | undefined {
  const name = scope.nameOf(node);
  if (name !== undefined) return quotedName(name);
  const literal = scope.literalOf(node);
  const value = plainValue(literal);
  if (value !== undefined) return quotedValue(value);
  const values = listValues(literal);
  if (values !== undefined) return `[${values.map(quotedValue).join(', ')}]`;
  const parts = [...children(node)].filter((child) => child.name !== 'Comment');
  if (node.name === 'ParenthesizedExpression') {
    const inner = parts[1] === undefined ? undefined : expression(source, scope, parts[1]);
    return inner === undefined ? undefined : `(${inner})`;
  }
  if (node.name === 'UnaryExpression') {
    const of = expression(source, scope, parts[1]!);
    const operator = read(source, parts[0]!);
    if (of === undefined) return undefined;
    return operator === 'not' ? `not ${of}` : operator === '-' ? `-${of}` : undefined;
  }
  if (node.name !== 'BinaryExpression') return undefined;
  const operator = parts
    .slice(1, -1)
    .map((part) => read(source, part))
    .join(' ');
  const left = expression(source, scope, parts[0]!);
  const right = expression(source, scope, parts.at(-1)!);
  if (left === undefined || right === undefined) return undefined;
  if (operator === 'in' || operator === 'not in') {
    // In a text, `in` asks for a part of it: another question.
    if (!right.startsWith('[')) return undefined;
    return operator === 'in' ? `${left} in ${right}` : `not ${left} in ${right}`;
  }
  const same: Readonly<Record<string, string>> = { is: '==', 'is not': '!=' };
  const known = /^(==|!=|<|<=|>|>=|and|or|\+|-|\*|\/|\/\/|%|\*\*)$/;
  const meant = same[operator] ?? operator;
  return known.test(meant) ? `${left} ${meant} ${right}` : undefined;
}

function oneOf(name: string, values: readonly Value[]): string {
  return `${quotedName(name)} in [${values.map(quotedValue).join(', ')}]`;
}

/** The opposite; undefined stays so. */
function negated(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `not (${text})`;
}

/** Parts joined, each in parentheses where there are several. */
export function joined(parts: readonly string[], word: 'and' | 'or'): string {
  const distinct = [...new Set(parts)];
  return distinct.length === 1
    ? distinct[0]!
    : distinct
        .map((part) => (/\b(and|or)\b/.test(part) && !part.startsWith('not (') ? `(${part})` : part))
        .join(` ${word} `);
}

/** The arguments of a call as Python binds them: by place, then by name. */
export function bound(source: Source, node: SyntaxNode, names: readonly string[]): ReadonlyMap<string, SyntaxNode> {
  const call = callOf(source, node);
  const found = new Map<string, SyntaxNode>();
  call?.positional.forEach((value, i) => names[i] !== undefined && found.set(names[i], value));
  for (const [name, value] of call?.named ?? []) found.set(name, value);
  return found;
}
