/** JavaScript and TypeScript source as a tree, and the few questions the conventions ask of it. */

import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/javascript';
import { children, combine, descendants, withoutMark, type Literal, type Source } from './source.ts';

const typescript = parser.configure({ dialect: 'ts' });

/** Parses a module; text that is not JavaScript still gives a tree, with holes. */
export function parseJavaScript(text: string, file: string): Source {
  const top = (/\.[cm]?ts$/.test(file) ? typescript : parser).parse(withoutMark(text)).topNode;
  const names = new Map<string, Literal>();
  const source: Source = { file, language: 'javascript', text, top, names };
  for (const { name, value } of declarations(source)) {
    const found = literal(source, value);
    if (found !== undefined) names.set(name, found);
  }
  return source;
}

/** Text of a node. */
export function read(source: Source, node: SyntaxNode): string {
  return source.text.slice(node.from, node.to);
}

/** `const a = 1, b = 2` at the top of the module, exported or not. */
export function declarations(source: Source): { name: string; value: SyntaxNode; node: SyntaxNode }[] {
  const found: { name: string; value: SyntaxNode; node: SyntaxNode }[] = [];
  for (const outer of children(source.top)) {
    const statement = outer.name === 'ExportDeclaration' ? outer.getChild('VariableDeclaration') : outer;
    if (statement?.name !== 'VariableDeclaration') continue;
    let variable: SyntaxNode | undefined;
    let equals = false;
    for (const child of children(statement)) {
      if (child.name === 'VariableDefinition') variable = child;
      else if (child.name === 'Equals') equals = true;
      else if (child.name === ',') [variable, equals] = [undefined, false];
      else if (equals && variable !== undefined && child.name !== 'TypeAnnotation' && !child.name.endsWith('Comment')) {
        found.push({ name: read(source, variable), value: child, node: variable });
        [variable, equals] = [undefined, false];
      }
    }
  }
  return found;
}

/** Properties `key: value` of an object literal; methods, spreads and computed keys are left out. */
export function propertiesOf(
  source: Source,
  object: SyntaxNode | undefined,
): { key: string; value: SyntaxNode; node: SyntaxNode }[] {
  if (object?.name !== 'ObjectExpression') return [];
  return object.getChildren('Property').flatMap((property) => {
    const [key, colon, value] = [...children(property)].filter((child) => !child.name.endsWith('Comment'));
    // `{ options }` is short for `{ options: options }`.
    if (key?.name === 'PropertyDefinition' && colon === undefined)
      return [{ key: read(source, key), value: key, node: key }];
    if (key === undefined || colon?.name !== ':' || value === undefined) return [];
    const name =
      key.name === 'String'
        ? unquote(read(source, key))
        : key.name === 'PropertyDefinition'
          ? read(source, key)
          : undefined;
    return name === undefined ? [] : [{ key: name, value, node: key }];
  });
}

export interface Call {
  /** Dotted name of what is called; a method on another call's result begins with a dot. */
  readonly callee: string;
  readonly args: readonly SyntaxNode[];
  readonly node: SyntaxNode;
}

/** A call taken apart, or undefined when the node is no call. */
export function callOf(source: Source, node: SyntaxNode): Call | undefined {
  const list = node.name === 'CallExpression' ? node.getChild('ArgList') : null;
  const target = node.firstChild;
  if (list === null || target === null) return undefined;
  const property = target.name === 'MemberExpression' ? target.getChild('PropertyName') : null;
  const callee = property === null ? read(source, target) : `.${read(source, property)}`;
  return { callee, node, args: [...children(list)].filter((child) => !/^[(),]$|Comment$/.test(child.name)) };
}

/** Every call in the file. */
export function* calls(source: Source): Generator<Call> {
  for (const node of descendants(source.top)) {
    const call = callOf(source, node);
    if (call !== undefined) yield call;
  }
}

/** The value of an expression of literals, or undefined when it is anything else. Known names stand for their value. */
export function literal(source: Source, node: SyntaxNode | undefined): Literal | undefined {
  if (node === undefined) return undefined;
  switch (node.name) {
    case 'Number': {
      const text = read(source, node).replaceAll('_', '');
      const value = Number(text);
      if (Number.isNaN(value)) return undefined;
      return { kind: /[.]|^\d[\d]*e/i.test(text) ? 'float' : 'int', value };
    }
    case 'BooleanLiteral':
      return { kind: 'bool', value: read(source, node) === 'true' };
    case 'null':
      return { kind: 'none' };
    case 'String': {
      const value = unquote(read(source, node));
      return value === undefined ? undefined : { kind: 'text', value };
    }
    case 'TemplateString':
      return node.getChild('Interpolation') === null
        ? { kind: 'text', value: read(source, node).slice(1, -1) }
        : undefined;
    case 'VariableName':
      return source.names.get(read(source, node));
    case 'ParenthesizedExpression':
      return literal(
        source,
        [...children(node)].find((child) => child.name !== '('),
      );
    case 'UnaryExpression': {
      const [operator, operand] = [...children(node)];
      const inner = literal(source, operand);
      if (operator === undefined || (inner?.kind !== 'int' && inner?.kind !== 'float')) return undefined;
      return read(source, operator) === '-' ? { kind: inner.kind, value: -inner.value } : undefined;
    }
    case 'BinaryExpression': {
      const [left, operator, right] = [...children(node)];
      if (operator === undefined) return undefined;
      return combine(literal(source, left), read(source, operator), literal(source, right));
    }
    case 'ArrayExpression':
      return {
        kind: 'list',
        items: [...children(node)]
          .filter((child) => !/^[[\],]$|Comment$/.test(child.name))
          .map((child) => literal(source, child)),
      };
    default:
      return undefined;
  }
}

function unquote(token: string): string | undefined {
  const match = /^(["'])([\s\S]*)\1$/.exec(token);
  return match?.[2]?.replaceAll(/\\(.)/g, (_, c: string) => ({ n: '\n', t: '\t' })[c] ?? c);
}
