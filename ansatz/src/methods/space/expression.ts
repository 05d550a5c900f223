/**
 * Constraints between parameters, written as expressions: a small parser and evaluator, never `eval`.
 *
 * Grammar, loosest first: `or`/`||`, `and`/`&&`, `not`/`!`, comparisons (`< <= > >= == != in`, chained as in
 * Python, `not in` among them), `+ -`, `* / // %`, unary `-`, `**`; names (in backticks where they are no words), numbers,
 * quoted strings, `True`/`False`, `[lists]` and `(tuples,)`, parentheses and `min max abs floor ceil sqrt log log2 log10
 * exp`. `%` and `//` follow Python's sign rules.
 */

import { type Point, type Value, valueAt } from './point.ts';

/** A parsed expression and the text it came from. */
export interface Constraint {
  readonly text: string;
  readonly tree: Node;
  /** The parameters it mentions, each once. */
  readonly names: readonly string[];
}

/** What a text means. */
export type Node =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'unary'; readonly op: '-' | 'not'; readonly of: Node }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Node; readonly right: Node }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] };

/** Why a text is no expression; `at` is the offset of the offending character. */
export class ExpressionError extends Error {
  readonly text: string;
  readonly at: number;
  /** The name that is not among those allowed, when that is the trouble. */
  readonly unknown: string | undefined;

  constructor(message: string, text: string, at: number, unknown?: string) {
    super(message);
    this.name = 'ExpressionError';
    this.text = text;
    this.at = at;
    this.unknown = unknown;
  }
}

interface Token {
  readonly kind: 'number' | 'string' | 'name' | 'quoted' | 'op' | 'end';
  readonly text: string;
  readonly at: number;
}

const OPERATORS = [
  '**',
  '//',
  '<=',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '%',
  '(',
  ')',
  '[',
  ']',
  ',',
  '!',
];
const TOKEN =
  /\s*(?:((?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([\p{L}_][\p{L}\p{N}_.-]*(?<!-)))/uy;
const QUOTED = /`(?:[^`\\]|\\.)+`/sy;
const FUNCTIONS: Readonly<Record<string, (args: number[]) => number>> = {
  min: (args) => Math.min(...args),
  max: (args) => Math.max(...args),
  abs: ([x]) => Math.abs(x!),
  floor: ([x]) => Math.floor(x!),
  ceil: ([x]) => Math.ceil(x!),
  sqrt: ([x]) => Math.sqrt(x!),
  log: ([x]) => Math.log(x!),
  log2: ([x]) => Math.log2(x!),
  log10: ([x]) => Math.log10(x!),
  exp: ([x]) => Math.exp(x!),
};
/** Those that take as many numbers as there are; all others take one. */
const MANY = ['min', 'max'];
const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '!=', 'in']);
/** What means something else than a name. */
const WORDS = new Set(['or', 'and', 'not', 'in', 'True', 'true', 'False', 'false']);
const DEEPEST = 60;

/** Parse `text`. Throws {@link ExpressionError}. `names` (if given) are the only names allowed besides functions. */
export function parseConstraint(text: string, names?: readonly string[]): Constraint {
  const tokens = tokenize(text, names);
  let position = 0;
  let depth = 0;
  const peek = (): Token => tokens[position]!;
  const fail = (message: string, token: Token): never => {
    throw new ExpressionError(message, text, token.at);
  };
  const take = (op: string): boolean => {
    const token = peek();
    if (token.kind === 'op' || token.kind === 'name') {
      if (token.text === op) {
        position++;
        return true;
      }
    }
    return false;
  };
  const expect = (op: string): void => {
    if (!take(op)) fail(`expected "${op}"`, peek());
  };

  const or = (): Node => {
    let left = and();
    while (take('or') || take('||')) left = { kind: 'binary', op: 'or', left, right: and() };
    return left;
  };
  const and = (): Node => {
    let left = not();
    while (take('and') || take('&&')) left = { kind: 'binary', op: 'and', left, right: not() };
    return left;
  };
  const not = (): Node => {
    if (++depth > DEEPEST) fail('nested too deeply', peek());
    const node: Node = take('not') || take('!') ? { kind: 'unary', op: 'not', of: not() } : comparison();
    depth--;
    return node;
  };
  const comparison = (): Node => {
    let left = sum();
    let result: Node | undefined;
    for (;;) {
      const denied = peek().kind === 'name' && peek().text === 'not' && tokens[position + 1]?.text === 'in';
      if (denied) position++;
      if (!COMPARISONS.has(peek().text) || (peek().kind !== 'op' && peek().kind !== 'name')) break;
      const op = tokens[position++]!.text;
      const right = sum();
      const compared: Node = { kind: 'binary', op, left, right };
      const one: Node = denied ? { kind: 'unary', op: 'not', of: compared } : compared;
      result = result === undefined ? one : { kind: 'binary', op: 'and', left: result, right: one };
      left = right;
    }
    return result ?? left;
  };
  const sum = (): Node => {
    let left = product();
    for (;;) {
      const op = ['+', '-'].find(take);
      if (op === undefined) return left;
      left = { kind: 'binary', op, left, right: product() };
    }
  };
  const product = (): Node => {
    let left = unary();
    for (;;) {
      const op = ['*', '//', '/', '%'].find(take);
      if (op === undefined) return left;
      left = { kind: 'binary', op, left, right: unary() };
    }
  };
  const unary = (): Node => {
    if (++depth > DEEPEST) fail('nested too deeply', peek());
    const node: Node = take('-') ? { kind: 'unary', op: '-', of: unary() } : power();
    depth--;
    return node;
  };
  const power = (): Node => {
    const left = primary();
    return take('**') ? { kind: 'binary', op: '**', left, right: unary() } : left;
  };
  const primary = (): Node => {
    const token = peek();
    if (token.kind === 'number') {
      position++;
      return { kind: 'value', value: Number(token.text.replaceAll('_', '')) };
    }
    if (token.kind === 'string') {
      position++;
      return { kind: 'value', value: token.text.slice(1, -1).replaceAll(/\\(.)/g, '$1') };
    }
    if (token.kind === 'quoted') {
      position++;
      return known(token.text.slice(1, -1).replaceAll(/\\(.)/g, '$1'), token);
    }
    if (take('(')) {
      const inner = or();
      if (take(',')) return { kind: 'list', items: [inner, ...list(')')] };
      expect(')');
      return inner;
    }
    if (take('[')) return { kind: 'list', items: list(']') };
    if (token.kind !== 'name')
      return fail(token.kind === 'end' ? 'ends too early' : `"${token.text}" is out of place`, token);
    position++;
    if (token.text === 'True' || token.text === 'true') return { kind: 'value', value: true };
    if (token.text === 'False' || token.text === 'false') return { kind: 'value', value: false };
    if (Object.hasOwn(FUNCTIONS, token.text) && take('(')) {
      const args = list(')');
      if (MANY.includes(token.text) ? args.length === 0 : args.length !== 1)
        fail(`${token.text} takes one number${MANY.includes(token.text) ? ' or more' : ''}`, token);
      return { kind: 'call', name: token.text, args };
    }
    if (peek().kind === 'op' && peek().text === '(')
      fail(`there is no function "${token.text}", only ${Object.keys(FUNCTIONS).join(', ')}`, token);
    return known(token.text, token);
  };
  const known = (name: string, token: Token): Node => {
    if (names !== undefined && !names.includes(name))
      throw new ExpressionError(`unknown name "${name}"`, text, token.at, name);
    return { kind: 'name', name };
  };
  const list = (close: string): Node[] => {
    const items: Node[] = [];
    if (take(close)) return items;
    do items.push(or());
    while (take(',') && peek().text !== close);
    expect(close);
    return items;
  };

  const tree = or();
  if (peek().kind !== 'end') fail(`"${peek().text}" is out of place`, peek());
  return { text, tree, names: mentioned(tree) };
}

function tokenize(text: string, names: readonly string[] | undefined): Token[] {
  const tokens: Token[] = [];
  // Longest first, so that a knob called `weight-decay` is not read as a subtraction.
  // One that begins like an operator or a text can only be meant in backticks.
  const dashed = (names ?? [])
    .filter((name) => /[^\w.]/.test(name) && /^[\p{L}_]/u.test(name))
    .sort((a, b) => b.length - a.length);
  let at = 0;
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    if (at >= text.length) break;
    const known = dashed.find(
      (name) => text.startsWith(name, at) && !/[\p{L}\p{N}_]/u.test(text[at + name.length] ?? ' '),
    );
    if (known !== undefined) {
      tokens.push({ kind: 'name', text: known, at });
      at += known.length;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match !== null && match[1] !== undefined) {
      tokens.push({ kind: 'number', text: match[1], at });
      at = TOKEN.lastIndex;
      continue;
    }
    if (match !== null && match[2] !== undefined) {
      tokens.push({ kind: 'string', text: match[2], at });
      at = TOKEN.lastIndex;
      continue;
    }
    if (match !== null && match[3] !== undefined) {
      const name = /^[\p{L}\p{N}_.]+/u.exec(match[3])![0];
      tokens.push({ kind: 'name', text: name, at });
      at += name.length;
      continue;
    }
    QUOTED.lastIndex = at;
    const quoted = QUOTED.exec(text);
    if (quoted !== null) {
      tokens.push({ kind: 'quoted', text: quoted[0], at });
      at = QUOTED.lastIndex;
      continue;
    }
    const op = OPERATORS.find((candidate) => text.startsWith(candidate, at));
    if (op === undefined) throw new ExpressionError(`"${text[at]}" means nothing here`, text, at);
    tokens.push({ kind: 'op', text: op, at });
    at += op.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

/** The parameter names an expression mentions, each once. */
export function namesIn(constraint: Constraint): readonly string[] {
  return constraint.names;
}

/**
 * `name in [values]`, built without a parser in between: any name, any text. Its own text means the same when it is
 * parsed. Values must be finite.
 */
export function isOneOf(name: string, values: readonly Value[]): Constraint {
  const tree: Node = {
    kind: 'binary',
    op: 'in',
    left: { kind: 'name', name },
    right: { kind: 'list', items: values.map((value): Node => ({ kind: 'value', value })) },
  };
  return { text: `${quotedName(name)} in [${values.map(quotedValue).join(', ')}]`, tree, names: [name] };
}

/** A value as an expression writes it: `'it\\'s'`, `0.1`, `True`. */
export function quotedValue(value: Value): string {
  if (typeof value === 'string') return `'${value.replaceAll(/[\\']/g, '\\$&')}'`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

/** A name as an expression writes it: in backticks when it would not be read as one word. */
export function quotedName(name: string): string {
  const word = /^[A-Za-z_][\w.]*$/.test(name) && !WORDS.has(name) && !Object.hasOwn(FUNCTIONS, name);
  return word ? name : `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``;
}

function mentioned(tree: Node): string[] {
  const found = new Set<string>();
  const visit = (node: Node): void => {
    switch (node.kind) {
      case 'value':
        return;
      case 'name':
        found.add(node.name);
        return;
      case 'list':
        node.items.forEach(visit);
        return;
      case 'unary':
        visit(node.of);
        return;
      case 'binary':
        visit(node.left);
        visit(node.right);
        return;
      case 'call':
        node.args.forEach(visit);
    }
  };
  visit(tree);
  return [...found];
}

/** Whether `point` satisfies `constraint`. A name the point lacks, or arithmetic on text, makes it false. */
export function holds(constraint: Constraint, point: Point): boolean {
  return truthy(evaluate(constraint.tree, point));
}

/**
 * By how much `point` misses `constraint`: 0 where it holds, above 0 where it does not. Comparisons of numbers are off by
 * the difference of their sides, `and` by the sum of its parts, `or` by the least of them; what has no measure is off by
 * 1. Only good for comparing points with each other.
 */
export function shortfall(constraint: Constraint, point: Point): number {
  return missing(constraint.tree, point, true);
}

const LEAST = 1e-12;

function missing(node: Node, point: Point, wanted: boolean): number {
  if (node.kind === 'unary' && node.op === 'not') return missing(node.of, point, !wanted);
  if (node.kind === 'binary' && (node.op === 'and' || node.op === 'or')) {
    const [a, b] = [missing(node.left, point, wanted), missing(node.right, point, wanted)];
    return (node.op === 'and') === wanted ? a + b : Math.min(a, b);
  }
  if (truthy(evaluate(node, point)) === wanted) return 0;
  if (node.kind !== 'binary' || !COMPARISONS.has(node.op)) return 1;
  // Equals that should differ differ after any step.
  if (wanted ? node.op === '!=' : node.op === '==' || node.op === 'in') return 1;
  const left = number(evaluate(node.left, point));
  const right = evaluate(node.right, point);
  const apart = Math.min(
    ...(Array.isArray(right) ? right : [right]).map((side) => Math.abs(left - number(side as Result))),
  );
  // A strict comparison of equals misses by less than any two numbers do.
  return Number.isNaN(apart) ? 1 : Math.max(LEAST, apart);
}

/**
 * What is already settled about `constraint` where `point` may lack names: true or false when no value of the absent ones
 * could change it, else undefined (Kleene's three values: false and unknown is false, true or unknown is true).
 */
export function settled(constraint: Constraint, point: Point): boolean | undefined {
  if (constraint.names.every((name) => Object.hasOwn(point, name))) return holds(constraint, point);
  return decide(constraint.tree, point);
}

function decide(node: Node, point: Point): boolean | undefined {
  if (node.kind === 'unary' && node.op === 'not') {
    const of = decide(node.of, point);
    return of === undefined ? undefined : !of;
  }
  if (node.kind === 'binary' && (node.op === 'and' || node.op === 'or')) {
    const strong = node.op === 'or';
    const left = decide(node.left, point);
    if (left === strong) return strong;
    const right = decide(node.right, point);
    if (right === strong) return strong;
    return left === undefined || right === undefined ? undefined : !strong;
  }
  const known = mentioned(node).every((name) => Object.hasOwn(point, name));
  return known ? truthy(evaluate(node, point)) : undefined;
}

type Result = Value | undefined | readonly Result[];

function evaluate(node: Node, point: Point): Result {
  switch (node.kind) {
    case 'value':
      return node.value;
    case 'name':
      return valueAt(point, node.name);
    case 'list':
      return node.items.map((item) => evaluate(item, point));
    case 'unary': {
      const of = evaluate(node.of, point);
      return node.op === 'not' ? !truthy(of) : -number(of);
    }
    case 'call':
      return FUNCTIONS[node.name]!(node.args.map((arg) => number(evaluate(arg, point))));
    case 'binary':
      return binary(node.op, evaluate(node.left, point), () => evaluate(node.right, point));
  }
}

function binary(op: string, left: Result, rightOf: () => Result): Result {
  if (op === 'or') return truthy(left) || truthy(rightOf());
  if (op === 'and') return truthy(left) && truthy(rightOf());
  const right = rightOf();
  if (op === 'in') return Array.isArray(right) && right.some((item) => item === left);
  if (op === '==') return left !== undefined && right !== undefined && comparable(left) === comparable(right);
  if (op === '!=') return left !== undefined && right !== undefined && comparable(left) !== comparable(right);
  if (op === '+' && typeof left === 'string' && typeof right === 'string') return left + right;
  const a = number(left);
  const b = number(right);
  switch (op) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      // The parser makes no other operators.
      return calculate(a, op, b)!;
  }
}

/** Arithmetic of two numbers by Python's rules: `+ - * / // % **`; undefined for another operator. */
export function calculate(a: number, op: string, b: number): number | undefined {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a - b * Math.floor(a / b);
    case '**':
      return a ** b;
    default:
      return undefined;
  }
}

function comparable(value: Result): Result {
  return typeof value === 'boolean' ? Number(value) : value;
}

function number(value: Result): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return NaN;
}

function truthy(value: Result): boolean {
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return Boolean(value);
}
