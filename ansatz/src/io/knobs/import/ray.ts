/** Search spaces of Ray Tune: the dictionary with `tune.uniform` and its kin in a Python file. */

import type { SyntaxNode } from '@lezer/common';
import { nearest } from '../../../methods/math/nearest.ts';
import type { Direction } from '../../../study/config.ts';
import { assignments, type Call, callOf, calls, entriesOf, parsePython, read } from '../discover/python.ts';
import { descendants, lineAt, plainValue, textOf, type Literal, type Source } from '../discover/source.ts';
import { bound } from './conditions.ts';
import {
  choiceDomain,
  type ImportedParam,
  type ImportedSpace,
  multiples,
  rangeDomain,
  type Read,
  type Skipped,
} from './imported.ts';
import { scopeOf } from './scope.ts';

/** Arguments by place; bounds above are not included where Ray does not include them. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  uniform: ['lower', 'upper'],
  quniform: ['lower', 'upper', 'q'],
  loguniform: ['lower', 'upper', 'base'],
  qloguniform: ['lower', 'upper', 'q', 'base'],
  randint: ['lower', 'upper'],
  qrandint: ['lower', 'upper', 'q'],
  lograndint: ['lower', 'upper', 'base'],
  qlograndint: ['lower', 'upper', 'q', 'base'],
  choice: ['categories'],
  grid_search: ['values'],
  randn: ['mean', 'sd'],
  qrandn: ['mean', 'sd', 'q'],
  sample_from: ['func'],
};

/** Whether a text uses the functions of Ray Tune. */
export function isRay(text: string): boolean {
  return /\bray\b/.test(text) && new RegExp(`\\b(${Object.keys(KINDS).join('|')})\\s*\\(`).test(text);
}

/** The space of a Python file: every dictionary that holds one of Ray's distributions. Nothing is run. */
export function importRay(text: string, file: string): ImportedSpace {
  const source = parsePython(text, file);
  const reader = new Reader(source);
  const taken = new Set<number>();
  for (const root of roots(source, reader)) {
    // A dictionary inside another is read with it, under its key.
    if (taken.has(root.from)) continue;
    reader.dictionary(root, '');
    for (const inner of descendants(root)) taken.add(inner.from);
  }
  for (const node of descendants(source.top)) reader.entry(node);
  const metric = metricOf(source, reader);
  return {
    source: 'Ray Tune',
    file,
    params: [...reader.params.values()],
    skipped: reader.skipped,
    warnings: reader.warnings,
    ...(metric === undefined ? {} : { metric }),
  };
}

/** The dictionaries of `param_space=` and `config=`, else the outermost ones with a distribution inside. */
function roots(source: Source, reader: Reader): SyntaxNode[] {
  const named = [...calls(source)].flatMap((call) => {
    const given = /(^|\.)Tuner$/.test(call.callee)
      ? call.named.get('param_space')
      : /(^|\.)tune\.run$/.test(call.callee)
        ? call.named.get('config')
        : undefined;
    const found = given === undefined ? undefined : reader.resolve(given);
    return found === undefined ? [] : [found];
  });
  const others = [...descendants(source.top)].filter((node) => isDictionary(source, node) && reader.holdsSpace(node));
  return named.length > 0 ? named : others;
}

function isDictionary(source: Source, node: SyntaxNode): boolean {
  return node.name === 'DictionaryExpression' || callOf(source, node)?.callee === 'dict';
}

class Reader {
  readonly params = new Map<string, ImportedParam>();
  readonly skipped: Skipped[] = [];
  readonly warnings: string[] = [];
  private readonly source: Source;
  private readonly scope: ReturnType<typeof scopeOf>;
  /** Names under which the module of the distributions, or one of them, was imported. */
  private readonly modules: ReadonlySet<string>;
  private readonly functions: ReadonlyMap<string, string>;

  constructor(source: Source) {
    this.source = source;
    this.scope = scopeOf(source, new Map());
    const modules = new Set(['tune', 'ray.tune']);
    const functions = new Map<string, string>();
    const { text } = source;
    for (const match of text.matchAll(/^\s*(?:from\s+ray\s+import\s+tune|import\s+ray\.tune)\s+as\s+(\w+)/gm))
      modules.add(match[1]!);
    for (const match of text.matchAll(
      /^\s*from\s+ray\.tune(?:\.search(?:\.sample)?)?\s+import\s+(?:\(([^)]*)\)|(.*))$/gm,
    )) {
      for (const item of (match[1] ?? match[2]!).replaceAll(/#.*$/gm, '').split(',')) {
        const [, name, alias] = /^\s*(\w+)(?:\s+as\s+(\w+))?/.exec(item) ?? [];
        if (name !== undefined && Object.hasOwn(KINDS, name)) functions.set(alias ?? name, name);
      }
    }
    this.modules = modules;
    this.functions = functions;
  }

  /** The distribution a call makes. */
  kindOf(call: Call): string | undefined {
    const dot = call.callee.lastIndexOf('.');
    const name = call.callee.slice(dot + 1);
    if (dot === -1) return this.functions.get(name);
    return this.modules.has(call.callee.slice(0, dot)) && Object.hasOwn(KINDS, name) ? name : undefined;
  }

  /** The name of a function of Ray Tune that is none of its distributions. */
  strangerOf({ callee }: Call): string | undefined {
    const dot = callee.lastIndexOf('.');
    const name = callee.slice(dot + 1);
    return dot > 0 && this.modules.has(callee.slice(0, dot)) && !Object.hasOwn(KINDS, name) ? name : undefined;
  }

  literal(node: SyntaxNode | undefined): Literal | undefined {
    return this.scope.literalOf(node);
  }

  holdsSpace(node: SyntaxNode): boolean {
    return [...calls(this.source, node)].some((call) => this.kindOf(call) !== undefined);
  }

  /** The dictionary an expression is, or the variable it names was given. */
  resolve(node: SyntaxNode): SyntaxNode | undefined {
    if (isDictionary(this.source, node)) return node;
    if (node.name !== 'VariableName') return undefined;
    const name = read(this.source, node);
    const given = [...descendants(this.source.top)]
      .flatMap(assignments)
      .filter(({ target, value }) => read(this.source, target) === name && isDictionary(this.source, value));
    return given.at(-1)?.value;
  }

  dictionary(node: SyntaxNode, prefix: string): void {
    const call = callOf(this.source, node);
    const entries =
      call === undefined
        ? entriesOf(this.source, node).map(({ key, value }) => [key, value] as const)
        : [...call.named].map(([key, value]) => [key, value] as const);
    for (const [key, value] of entries) this.value(`${prefix}${key}`, value);
  }

  /** `config["lr"] = tune.uniform(0, 1)`. */
  entry(node: SyntaxNode): void {
    for (const { target, value } of assignments(node)) {
      const call = callOf(this.source, value);
      if (target.name !== 'MemberExpression' || call === undefined || this.kindOf(call) === undefined) continue;
      const keys = [...read(this.source, target).matchAll(/\[\s*(["'])(.*?)\1\s*\]/g)].map((match) => match[2]!);
      if (keys.length > 0) this.value(keys.join('.'), value);
    }
  }

  value(name: string, node: SyntaxNode): void {
    const line = lineAt(this.source.text, node.from);
    const call = callOf(this.source, node);
    const kind = call === undefined ? undefined : this.kindOf(call);
    if (kind !== undefined) {
      const found = this.domain(name, kind, node);
      if ('why' in found) this.skipped.push({ name, why: found.why, line });
      else this.params.set(name, { ...found.domain, line });
      return;
    }
    const stranger = call === undefined ? undefined : this.strangerOf(call);
    if (stranger !== undefined) {
      const near = nearest(stranger, Object.keys(KINDS));
      const why = `tune.${stranger} is not known here${near === undefined ? '' : `; closest: tune.${near}`}`;
      this.skipped.push({ name, why, line });
      return;
    }
    const inner = this.resolve(node);
    if (inner !== undefined) {
      // What Ray Train hands to the loop under this key, the loop sees without it.
      this.dictionary(inner, name === 'train_loop_config' ? '' : `${name}.`);
      return;
    }
    const value = plainValue(this.literal(node));
    if (value !== undefined && name !== '' && !this.params.has(name))
      this.params.set(name, { name, kind: 'choice', choices: [value], line, aside: true });
  }

  private domain(name: string, kind: string, node: SyntaxNode): Read {
    const args = bound(this.source, node, KINDS[kind]!);
    if (kind === 'sample_from') return { why: 'is computed from other settings by sample_from' };
    if (kind === 'randn' || kind === 'qrandn') return { why: 'is normally distributed and has no range' };
    if (kind === 'choice' || kind === 'grid_search') {
      const list = this.literal(args.get(kind === 'choice' ? 'categories' : 'values'));
      if (list?.kind !== 'list' || list.items.length === 0)
        return { why: 'its choices are computed when the script runs' };
      if (list.items.some((item) => item?.kind !== 'none' && plainValue(item) === undefined))
        return { why: 'has choices that are not single values' };
      const values = list.items.flatMap((item) => plainValue(item) ?? []);
      if (values.length < list.items.length)
        this.warnings.push(
          `${this.source.file}:${lineAt(this.source.text, node.from)}: ${name} may be None, which cannot be given to a script; that choice is left out`,
        );
      return choiceDomain(name, values);
    }
    const number = (key: string): number | undefined => {
      const value = plainValue(this.literal(args.get(key)));
      return typeof value === 'number' ? value : undefined;
    };
    const [low, high] = [number('lower'), number('upper')];
    if (low === undefined || high === undefined) return { why: 'its range is computed when the script runs' };
    const q = args.has('q') ? number('q') : kind === 'qrandint' || kind === 'qlograndint' ? 1 : undefined;
    const log = kind.includes('log');
    if (kind.startsWith('q')) {
      if (q === undefined) return { why: 'its step is computed when the script runs' };
      return multiples(name, low, high, q, { log, kind: kind.endsWith('randint') ? 'int' : 'float' });
    }
    if (kind.endsWith('randint')) return rangeDomain(name, 'int', low, high - 1, { log });
    return rangeDomain(name, 'float', low, high, { log });
  }
}

/** `metric=` and `mode=` of the first call that says both. */
function metricOf(source: Source, reader: Reader): { name?: string; direction?: Direction } | undefined {
  for (const call of calls(source)) {
    const name = textOf(reader.literal(call.named.get('metric')));
    const mode = textOf(reader.literal(call.named.get('mode')));
    if (mode !== 'min' && mode !== 'max') continue;
    const direction = mode === 'min' ? 'minimize' : 'maximize';
    if (name !== undefined) return { name, direction };
  }
  return undefined;
}
