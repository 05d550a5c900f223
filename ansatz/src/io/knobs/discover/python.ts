/** Python source as a tree, and the few questions the conventions ask of it. */

import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { children, combine, descendants, withoutMark, type Literal, type Source } from './source.ts';

/** Parses Python; text that is not Python still gives a tree, with holes. */
export function parsePython(text: string, file: string): Source {
  const top = parser.parse(withoutMark(text)).topNode;
  const names = new Map<string, Literal>();
  const source: Source = { file, language: 'python', text, top, names };
  for (const statement of statements(top)) {
    for (const { target, value } of assignments(statement)) {
      const found = target.name === 'VariableName' ? literal(source, value) : undefined;
      if (found !== undefined) names.set(read(source, target), found);
    }
  }
  return source;
}

/** Text of a node. */
export function read(source: Source, node: SyntaxNode): string {
  return source.text.slice(node.from, node.to);
}

/** Statements directly inside a block, those joined by `;` included. */
export function* statements(block: SyntaxNode): Generator<SyntaxNode> {
  for (const child of children(block)) {
    if (child.name === 'StatementGroup') yield* statements(child);
    else yield child;
  }
}

export interface Assignment {
  readonly target: SyntaxNode;
  /** Text of the annotation, without the colon. */
  readonly annotation: SyntaxNode | undefined;
  readonly value: SyntaxNode;
}

/** Pairs of target and value in `a = 1`, `a: int = 1` and `a, b = 1, 2`; chains such as `a = b = 1` give none. */
export function assignments(statement: SyntaxNode): Assignment[] {
  if (statement.name !== 'AssignStatement') return [];
  const sides: SyntaxNode[][] = [[]];
  let annotation: SyntaxNode | undefined;
  for (const child of children(statement)) {
    if (child.name === 'AssignOp') sides.push([]);
    else if (child.name === 'TypeDef') annotation = child;
    else if (child.name !== ',' && child.name !== 'Comment') sides.at(-1)!.push(child);
  }
  const [targets = [], values = []] = sides;
  if (sides.length !== 2 || targets.length !== values.length) return [];
  return targets.map((target, i) => ({ target, annotation, value: values[i]! }));
}

/** The type in an annotation: `float` for `: float`, `Optional[float]` and `float | None`. */
export function annotatedKind(source: Source, annotation: SyntaxNode | undefined): Literal['kind'] | undefined {
  if (annotation === undefined) return undefined;
  const text = read(source, annotation)
    .replace(/^:\s*/, '')
    .replaceAll(/Optional\[|Annotated\[|\|\s*None|None\s*\||["'\]\s]/g, '');
  return typeKind(text.split(',')[0] ?? '');
}

/** The kind of value a Python type name stands for. */
export function typeKind(type: string): Literal['kind'] | undefined {
  const name = type.split('.').at(-1)!;
  if (/^(float|FLOAT|PositiveFloat|NonNegativeFloat)$/.test(name)) return 'float';
  if (/^(int|INT|PositiveInt|NonNegativeInt)$/.test(name)) return 'int';
  if (/^(bool|BOOL)$/.test(name)) return 'bool';
  if (/^(str|STRING|Path|PathLike)$/.test(name)) return 'text';
  if (/^(list|tuple|set|dict|List|Tuple|Dict|Sequence)/.test(name)) return 'list';
  return undefined;
}

export interface Call {
  /** Dotted name of what is called, e.g. `parser.add_argument`. */
  readonly callee: string;
  readonly positional: readonly SyntaxNode[];
  readonly named: ReadonlyMap<string, SyntaxNode>;
  /** Whether `*args` or `**kwargs` are passed on. */
  readonly spread: boolean;
  readonly node: SyntaxNode;
}

/** A call taken apart, or undefined when the node is no call. */
export function callOf(source: Source, node: SyntaxNode | undefined): Call | undefined {
  const list = node?.name === 'CallExpression' ? node.getChild('ArgList') : null;
  if (node === undefined || list === null || node.firstChild === null) return undefined;
  return { callee: read(source, node.firstChild).replaceAll(/\s/g, ''), node, ...argumentsOf(source, list) };
}

/** The call of a decorator such as `@click.option("--lr")`; one without parentheses has no arguments. */
export function decoratorOf(source: Source, decorator: SyntaxNode): Call {
  const list = decorator.getChild('ArgList');
  const callee = source.text.slice(decorator.from + 1, list?.from ?? decorator.to).replaceAll(/\s/g, '');
  const none = { positional: [], named: new Map<string, SyntaxNode>(), spread: false };
  return { callee, node: decorator, ...(list === null ? none : argumentsOf(source, list)) };
}

function argumentsOf(source: Source, list: SyntaxNode): Omit<Call, 'callee' | 'node'> {
  const positional: SyntaxNode[] = [];
  const named = new Map<string, SyntaxNode>();
  let spread = false;
  let current: SyntaxNode[] = [];
  const close = () => {
    const [first, second, third] = current;
    if (second?.name === 'AssignOp' && third !== undefined) named.set(read(source, first!), third);
    else if (first?.name === '*' || first?.name === '**') spread = true;
    else if (first !== undefined) positional.push(first);
    current = [];
  };
  for (const child of children(list)) {
    if (child.name === ',') close();
    else if (child.name !== '(' && child.name !== ')' && child.name !== 'Comment') current.push(child);
  }
  close();
  return { positional, named, spread };
}

/** Every call in the file, outermost first. */
export function* calls(source: Source, from: SyntaxNode = source.top): Generator<Call> {
  for (const node of descendants(from)) {
    const call = callOf(source, node);
    if (call !== undefined) yield call;
  }
}

/** Parameters of a function that have a default or an annotation. */
export interface Parameter {
  readonly name: string;
  readonly annotation: SyntaxNode | undefined;
  readonly value: SyntaxNode | undefined;
  readonly node: SyntaxNode;
}

export function parametersOf(source: Source, definition: SyntaxNode): Parameter[] {
  const found: { name: string; annotation?: SyntaxNode; value?: SyntaxNode; node: SyntaxNode }[] = [];
  let current: SyntaxNode[] = [];
  const close = () => {
    const [first, ...rest] = current;
    current = [];
    if (first?.name !== 'VariableName') return;
    const at = rest.findIndex((node) => node.name === 'AssignOp');
    const annotation = rest.find((node) => node.name === 'TypeDef');
    const value = at === -1 ? undefined : rest[at + 1];
    found.push({ name: read(source, first), node: first, ...(annotation && { annotation }), ...(value && { value }) });
  };
  const list = definition.getChild('ParamList');
  for (const child of list === null ? [] : children(list)) {
    if (child.name === ',') close();
    else if (child.name !== '(' && child.name !== ')' && child.name !== 'Comment') current.push(child);
  }
  close();
  return found.map((parameter) => ({ annotation: undefined, value: undefined, ...parameter }));
}

/** Functions or classes of the file by name, with their decorators. */
export function definitions(
  source: Source,
  kind: 'FunctionDefinition' | 'ClassDefinition',
): Map<string, { node: SyntaxNode; decorators: Call[] }> {
  const found = new Map<string, { node: SyntaxNode; decorators: Call[] }>();
  for (const node of descendants(source.top)) {
    if (node.name !== kind) continue;
    const name = node.getChild('VariableName');
    if (name === null) continue;
    const decorators =
      node.parent?.name === 'DecoratedStatement'
        ? node.parent.getChildren('Decorator').map((decorator) => decoratorOf(source, decorator))
        : [];
    found.set(read(source, name), { node, decorators });
  }
  return found;
}

/** Classes of enumerations with values of text: by name, their members and values. */
export function enumerations(source: Source): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const [name, { node }] of definitions(source, 'ClassDefinition')) {
    const [, bases = '', body = ''] = /^class\s+\w+\s*\(([^)]*)\)\s*:([\s\S]*)$/.exec(read(source, node)) ?? [];
    if (!/\b(Str)?Enum\b/.test(bases)) continue;
    const members = body.matchAll(/^[ \t]+(\w+)\s*=\s*(["'])([^"'\n]*)\2/gm);
    found.set(name, new Map([...members].map((match) => [match[1]!, match[3]!])));
  }
  return found;
}

/** A number that ends in its point. */
const POINTED = /^\d[\d_]*\.(?:[eE][+-]?\d+)?$/;

/** The value of an expression of literals, or undefined when it is anything else. Known names stand for their value. */
export function literal(source: Source, node: SyntaxNode | undefined): Literal | undefined {
  if (node === undefined) return undefined;
  // The grammar takes `1.` for a member without a name, and `1.e-3` for a difference.
  if (/^(Member|Binary)Expression$/.test(node.name) && POINTED.test(read(source, node)))
    return number(read(source, node));
  switch (node.name) {
    case 'Number':
      return number(read(source, node));
    case 'Boolean':
      return { kind: 'bool', value: read(source, node) === 'True' };
    case 'None':
      return { kind: 'none' };
    case 'String': {
      const value = unquote(read(source, node));
      return value === undefined ? undefined : { kind: 'text', value };
    }
    case 'ContinuedString': {
      const parts = [...children(node)].map((part) => literal(source, part));
      if (!parts.every((part) => part?.kind === 'text')) return undefined;
      return { kind: 'text', value: parts.map((part) => part.value).join('') };
    }
    case 'VariableName':
      return source.names.get(read(source, node));
    case 'ParenthesizedExpression':
      return literal(
        source,
        [...children(node)].find((child) => child.name !== '(' && child.name !== 'Comment'),
      );
    case 'UnaryExpression': {
      const [operator, operand] = [...children(node)];
      const inner = literal(source, operand);
      const sign = operator === undefined ? '' : read(source, operator);
      if (inner?.kind !== 'int' && inner?.kind !== 'float') return undefined;
      return sign === '-' ? { kind: inner.kind, value: -inner.value } : sign === '+' ? inner : undefined;
    }
    case 'BinaryExpression': {
      const [left, operator, right] = [...children(node)];
      if (operator?.name !== 'ArithOp' && operator?.name !== 'BitOp') return undefined;
      return combine(literal(source, left), read(source, operator), literal(source, right));
    }
    case 'CallExpression': {
      const call = callOf(source, node);
      if (!/^(int|float)$/.test(call?.callee ?? '') || call?.positional.length !== 1) return undefined;
      const inner = literal(source, call.positional[0]);
      const value =
        inner?.kind === 'text'
          ? number(inner.value)?.value
          : inner?.kind === 'int' || inner?.kind === 'float'
            ? inner.value
            : undefined;
      if (value === undefined) return undefined;
      return call.callee === 'int' ? { kind: 'int', value: Math.trunc(value) } : { kind: 'float', value };
    }
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression':
      return {
        kind: 'list',
        items: [...children(node)]
          .filter((child) => !/^[[\](){},]$|^Comment$/.test(child.name))
          .map((child) => literal(source, child)),
      };
    case 'DictionaryExpression':
      return { kind: 'list', items: [] };
    default:
      return undefined;
  }
}

function number(text: string): { kind: 'int' | 'float'; value: number } | undefined {
  const digits = text.replaceAll('_', '').toLowerCase();
  const value = digits === '' ? NaN : Number(digits);
  if (Number.isNaN(value)) return undefined;
  return { kind: /^0[xob]/.test(digits) || /^[+-]?\d+$/.test(digits) ? 'int' : 'float', value };
}

/** The text a Python string literal stands for, or undefined for bytes. */
export function unquote(token: string): string | undefined {
  const match = /^([rRuUbBfF]*)("""|'''|"|')([\s\S]*)\2$/.exec(token);
  if (match === null || /[bBfF]/.test(match[1]!)) return undefined;
  if (/r/i.test(match[1]!)) return match[3]!;
  return match[3]!.replaceAll(/\\(\r?\n|.)/g, (_, c: string) => ({ n: '\n', t: '\t', '\n': '', '\r\n': '' })[c] ?? c);
}

/** Keys and values of a dictionary of literals keys: `{"lr": 0.1}`. */
export function entriesOf(
  source: Source,
  dictionary: SyntaxNode,
): { key: string; node: SyntaxNode; value: SyntaxNode }[] {
  const found: { key: string; node: SyntaxNode; value: SyntaxNode }[] = [];
  let current: SyntaxNode[] = [];
  const close = () => {
    const [first, colon, value] = current;
    const key = textOfNode(source, first);
    if (key !== undefined && colon?.name === ':' && value !== undefined) found.push({ key, node: first!, value });
    current = [];
  };
  for (const child of children(dictionary)) {
    if (child.name === ',') close();
    else if (!/^[{}]$|^Comment$/.test(child.name)) current.push(child);
  }
  close();
  return found;
}

function textOfNode(source: Source, node: SyntaxNode | undefined): string | undefined {
  const found = node?.name === 'String' ? literal(source, node) : undefined;
  return found?.kind === 'text' ? found.value : undefined;
}
