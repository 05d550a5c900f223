/**
 * Constants in source: where each is written and what it says. `LR` is a module-level name, `Config.lr` stands in a
 * class body, a dictionary, an object, the keywords of a call (`cfg = SimpleNamespace(lr=0.1)`), a member assignment
 * (`cfg.lr = 0.1`) or, for `main.lr`, the body of a function. `Adam(lr)` is the keyword of a call, `optim.Adam(net.parameters(),
 * lr=0.1)`, wherever in the file it stands. `seed()` are the numbers of all calls that fix a seed, `torch.manual_seed(42)`.
 */

import type { SyntaxNode } from '@lezer/common';
import * as js from './discover/javascript.ts';
import * as py from './discover/python.ts';
import type { Value } from '../../methods/space/space.ts';
import { children, descendants, plainValue, type Literal, type Source } from './discover/source.ts';

export interface Constant {
  /** As a `const` delivery names it. */
  readonly name: string;
  readonly scope: 'module' | 'class' | 'entry' | 'member' | 'function' | 'call';
  /** Of the keyword of a call: what is called, as written. */
  readonly callee?: string;
  /** Undefined when the right-hand side is no literal. */
  readonly literal: Literal | undefined;
  /** Offsets of the right-hand side. */
  readonly from: number;
  readonly to: number;
  /** The annotation of a class field or variable. */
  readonly annotated?: Literal['kind'];
}

/** Everything a file binds: constants in order, and how often each name is bound or changed at all. */
export interface Bindings {
  readonly constants: readonly Constant[];
  readonly times: ReadonlyMap<string, number>;
}

/** The parsed source of a file whose constants can be patched, by its extension; undefined for another language. */
export function parseSource(text: string, file: string): Source | undefined {
  if (/\.pyw?$/.test(file)) return py.parsePython(text, file);
  if (/\.[cm]?[jt]s$/.test(file)) return js.parseJavaScript(text, file);
  return undefined;
}

/** What a source file binds. */
export function bindings(source: Source): Bindings {
  const collected = new Collected(source);
  if (source.language === 'python') {
    pythonBlock(collected, source.top, '', 'module', true);
    pythonCalls(collected);
    pythonSeeds(collected);
  } else javascriptModule(collected);
  return { constants: collected.constants, times: collected.times };
}

class Collected {
  readonly source: Source;
  readonly constants: Constant[] = [];
  readonly times = new Map<string, number>();

  constructor(source: Source) {
    this.source = source;
  }

  bind(name: string): void {
    this.times.set(name, (this.times.get(name) ?? 0) + 1);
  }

  add(
    name: string,
    scope: Constant['scope'],
    value: SyntaxNode,
    literal: Literal | undefined,
    annotated?: Literal['kind'],
    callee?: string,
  ): void {
    this.bind(name);
    this.constants.push({
      name,
      scope,
      literal,
      from: value.from,
      to: value.to,
      ...(annotated && { annotated }),
      ...(callee && { callee }),
    });
  }
}

/** Statements of a Python block. `direct` is false inside loops and branches, where a binding is no constant. */
function pythonBlock(
  into: Collected,
  block: SyntaxNode,
  prefix: string,
  scope: Constant['scope'],
  direct: boolean,
): void {
  const { source } = into;
  for (const statement of py.statements(block)) {
    const definition = statement.name === 'DecoratedStatement' ? statement.lastChild! : statement;
    if (definition.name === 'ClassDefinition' || definition.name === 'FunctionDefinition') {
      const name = definition.getChild('VariableName');
      const body = definition.getChild('Body');
      if (name === null || body === null) continue;
      const inner: Constant['scope'] = definition.name === 'ClassDefinition' ? 'class' : 'function';
      // Methods have no constants of the class, and functions inside functions none that a name could reach.
      if (scope === 'function' || (scope === 'class' && inner === 'function')) continue;
      pythonBlock(into, body, `${prefix}${py.read(source, name)}.`, inner, true);
      for (const node of descendants(body)) {
        if (node.name === 'ScopeStatement')
          for (const variable of node.getChildren('VariableName')) into.bind(py.read(source, variable));
      }
      continue;
    }
    if (statement.name === 'AssignStatement') {
      const pairs = py.assignments(statement);
      for (const { target, annotation, value } of pairs) {
        const name = targetName(source, target);
        if (name === undefined) continue;
        const member = target.name === 'MemberExpression';
        if (!direct) into.bind(`${prefix}${name}`);
        else pythonValue(into, `${prefix}${name}`, member ? 'member' : scope, value, annotation);
      }
      if (pairs.length === 0) bindAll(into, statement, prefix);
      continue;
    }
    if (statement.name === 'UpdateStatement') {
      const name = statement.firstChild === null ? undefined : targetName(source, statement.firstChild);
      if (name !== undefined) into.bind(`${prefix}${name}`);
      continue;
    }
    if (statement.name === 'ForStatement') bindAll(into, statement, prefix);
    const guard = statement.name === 'IfStatement' && /^if\s*\(?\s*__name__\s*==/.test(py.read(source, statement));
    for (const body of statement.getChildren('Body')) pythonBlock(into, body, prefix, scope, direct && guard);
  }
}

/** Names bound by a loop header or a chained assignment. */
function bindAll(into: Collected, statement: SyntaxNode, prefix: string): void {
  for (const child of children(statement)) {
    if (child.name === 'in' || child.name === 'Body') break;
    if (child.name === 'VariableName') into.bind(`${prefix}${py.read(into.source, child)}`);
  }
}

/** `lr`, `cfg.lr`, `cfg["lr"]`; undefined for anything computed. */
function targetName(source: Source, target: SyntaxNode): string | undefined {
  if (target.name === 'VariableName') return py.read(source, target);
  if (target.name !== 'MemberExpression' || target.firstChild === null) return undefined;
  const object = targetName(source, target.firstChild);
  const property = target.getChild('PropertyName');
  if (object === undefined || object === 'self') return undefined;
  if (property !== null) return `${object}.${py.read(source, property)}`;
  const key = target.getChild('String');
  const text = key === null ? undefined : py.unquote(py.read(source, key));
  return text === undefined ? undefined : `${object}.${text}`;
}

const holders =
  /(^|\.)(dict|SimpleNamespace|Namespace|EasyDict|AttrDict|ConfigDict|edict|Munch|OmegaConf\.create|Box)$/;

function pythonValue(
  into: Collected,
  name: string,
  scope: Constant['scope'],
  value: SyntaxNode,
  annotation?: SyntaxNode,
): void {
  const { source } = into;
  if (value.name === 'DictionaryExpression') {
    into.bind(name);
    for (const entry of py.entriesOf(source, value)) pythonValue(into, `${name}.${entry.key}`, 'entry', entry.value);
    return;
  }
  const call = py.callOf(source, value);
  if (call !== undefined && holders.test(call.callee)) {
    into.bind(name);
    for (const [key, inner] of call.named) pythonValue(into, `${name}.${key}`, 'entry', inner);
    const first = call.positional[0];
    for (const entry of first?.name === 'DictionaryExpression' ? py.entriesOf(source, first) : []) {
      pythonValue(into, `${name}.${entry.key}`, 'entry', entry.value);
    }
    return;
  }
  const field =
    call !== undefined && /(^|\.)(field|Field|Param|param)$/.test(call.callee)
      ? (call.named.get('default') ?? call.positional[0])
      : undefined;
  const written = field ?? value;
  into.add(
    name,
    scope,
    written,
    ownLiteral(written, () => py.literal(source, written)),
    py.annotatedKind(source, annotation),
  );
}

/** The name of the one constant that may stand in several places, which are always set alike. */
export const SEEDS = 'seed()';

/** Numbers that fix a seed in place, such as the 42 of `torch.manual_seed(42)` or `seed_everything(42 + rank)`. */
function pythonSeeds(into: Collected): void {
  const { source } = into;
  for (const { callee, positional } of py.calls(source)) {
    if (
      !/(^|\.)(manual_seed(_all)?|seed|set_(random_)?seed|seed_everything|default_rng|RandomState|PRNGKey)$/.test(
        callee,
      )
    )
      continue;
    const [first] = positional;
    const number = first?.name === 'BinaryExpression' ? first.firstChild! : first;
    if (number?.name !== 'Number' || !/^\d+$/.test(py.read(source, number))) continue;
    const literal = py.literal(source, number);
    into.constants.push({ name: SEEDS, scope: 'call', literal, from: number.from, to: number.to, callee });
  }
}

const optimizers = /^(Adam\w*|SGD|RMS[pP]rop|Ada\w+|NAdam|RAdam|Lion|L?AMB|Muon)$/;

/** Keywords of calls: `Adam(lr)` for `torch.optim.Adam(parameters, lr=0.1)`. */
function pythonCalls(into: Collected): void {
  for (const { callee, named, positional } of py.calls(into.source)) {
    const last = /[A-Za-z_]\w*$/.exec(callee)?.[0];
    if (last === undefined || holders.test(callee)) continue;
    // What everybody writes without its name: `Dropout(0.1)`, `SGD(parameters, 0.01)`, `Adam(0.001)`.
    const [unnamed, at] = /Dropout\w*$/i.test(last)
      ? ['p', positional[0]]
      : optimizers.test(last)
        ? ['lr', positional.slice(0, 2).find(({ name }) => name === 'Number')]
        : [];
    const all = new Map(named);
    if (unnamed !== undefined && at?.name === 'Number' && !all.has(unnamed)) all.set(unnamed, at);
    for (const [key, value] of all) {
      const literal = ownLiteral(value, () => py.literal(into.source, value));
      into.add(`${last}(${key})`, 'call', value, literal, undefined, callee);
    }
  }
}

function javascriptModule(into: Collected): void {
  const { source } = into;
  for (const { name, value } of js.declarations(source)) javascriptValue(into, name, 'module', value);
  for (const node of descendants(source.top)) {
    if (node.name === 'ClassDeclaration') javascriptClass(into, node);
    const target =
      node.name === 'AssignmentExpression' || node.name === 'UpdateExpression' || node.name === 'PostfixExpression'
        ? node.firstChild
        : null;
    if (target !== null) into.bind(js.read(source, target));
  }
}

function javascriptClass(into: Collected, node: SyntaxNode): void {
  const { source } = into;
  const name = node.getChild('VariableDefinition');
  const body = node.getChild('ClassBody');
  if (name === null || body === null) return;
  for (const field of body.getChildren('PropertyDeclaration')) {
    const key = field.getChild('PropertyDefinition');
    const parts = [...children(field)];
    const value = parts[parts.findIndex((part) => part.name === 'Equals') + 1];
    if (key === null || field.getChild('Equals') === null || value === undefined) continue;
    javascriptValue(into, `${js.read(source, name)}.${js.read(source, key)}`, 'class', value);
  }
}

function javascriptValue(into: Collected, name: string, scope: Constant['scope'], value: SyntaxNode): void {
  const { source } = into;
  // `{ … } as const` and `Object.freeze({ … })` hold the object one level down.
  const call = js.callOf(source, value);
  const typed = /\b(as|satisfies)\b/.test(source.text.slice(value.firstChild?.to ?? value.to, value.to))
    ? value.firstChild!
    : value;
  const inner = call?.callee === '.freeze' ? call.args[0] : typed;
  if (inner?.name === 'ObjectExpression') {
    into.bind(name);
    for (const { key, value: entry } of js.propertiesOf(source, inner))
      javascriptValue(into, `${name}.${key}`, 'entry', entry);
    return;
  }
  into.add(
    name,
    scope,
    value,
    ownLiteral(value, () => js.literal(source, value)),
  );
}

/** The literal, unless it is computed from another name: replacing it would cut the two apart. */
function ownLiteral(written: SyntaxNode, evaluate: () => Literal | undefined): Literal | undefined {
  for (const node of descendants(written))
    if (node.name === 'VariableName' || node.name === 'CallExpression') return undefined;
  return evaluate();
}

/** The plain module-level settings of a source file by name, such as those of a configuration that is a script. */
export function settingsIn(text: string, file: string): Map<string, Value> {
  const source = parseSource(text, file);
  const settings = new Map<string, Value>();
  for (const { name, scope, literal } of source === undefined ? [] : bindings(source).constants) {
    const value = plainValue(literal);
    if (scope === 'module' && value !== undefined) settings.set(name, value);
  }
  return settings;
}
