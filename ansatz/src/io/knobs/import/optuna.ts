/** Search spaces of Optuna: `trial.suggest_*` wherever it stands in a Python file, with the branches it stands in. */

import {
  type Constraint,
  type Domain,
  ExpressionError,
  holds,
  isOneOf,
  parseConstraint,
  quotedName,
  quotedValue,
  type Value,
} from '../../../methods/space/index.ts';
import type { SyntaxNode } from '@lezer/common';
import { nearest } from '../../../methods/math/nearest.ts';
import { calls, parsePython, read } from '../discover/python.ts';
import { lineAt, plainValue, textOf, type Source } from '../discover/source.ts';
import { bound, conditionReader, joined } from './conditions.ts';
import {
  choiceDomain,
  type ImportedParam,
  type ImportedSpace,
  rangeDomain,
  sound,
  type Read,
  type Skipped,
} from './imported.ts';
import { without } from './rewrite.ts';
import { type Scope, scopeOf } from './scope.ts';

const SUGGEST = /(?:^|\.)suggest_(float|int|categorical|uniform|loguniform|discrete_uniform)$/;
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  float: ['name', 'low', 'high'],
  int: ['name', 'low', 'high', 'step', 'log'],
  categorical: ['name', 'choices'],
  uniform: ['name', 'low', 'high'],
  loguniform: ['name', 'low', 'high'],
  discrete_uniform: ['name', 'low', 'high', 'q'],
};

interface Suggestion {
  readonly name: string;
  readonly domain: Domain;
  readonly node: SyntaxNode;
  readonly line: number;
}

/** Whether a text suggests anything. */
export function isOptuna(text: string): boolean {
  return /\.suggest_(float|int|categorical|uniform|loguniform|discrete_uniform)\s*\(/.test(text);
}

/** The space a Python file suggests. Nothing is run. */
export function importOptuna(text: string, file: string): ImportedSpace {
  const source = parsePython(text, file);
  const suggesting = [...calls(source)].flatMap((call) => {
    const way = SUGGEST.exec(call.callee)?.[1];
    return way === undefined
      ? []
      : [{ node: call.node, way, spread: call.spread, args: bound(source, call.node, ARGUMENTS[way]!) }];
  });
  const bare = scopeOf(source, new Map());
  const named = suggesting.map((one) => ({ ...one, name: textOf(bare.literalOf(one.args.get('name'))) }));
  const scope = scopeOf(
    source,
    new Map(named.flatMap(({ node, name }) => (name === undefined ? [] : [[node.to, name]]))),
  );
  const skipped: Skipped[] = [];
  const warnings: string[] = [];
  const found: Suggestion[] = [];
  for (const { node, way, spread, args, name } of named) {
    const line = lineAt(source.text, node.from);
    if (name === undefined) {
      const given = args.get('name');
      const shown = given === undefined ? `suggest_${way}` : read(source, given);
      skipped.push({ name: shown, why: 'its name is computed when the script runs', line });
      continue;
    }
    const domain = spread
      ? { why: 'its range is passed on from elsewhere' }
      : domainOf(name, way, args, scope, (words) => warnings.push(`${file}:${line}: ${words}`));
    if ('why' in domain) skipped.push({ name, why: domain.why, line });
    else found.push({ name, domain: domain.domain, node, line });
  }
  for (const call of calls(source)) {
    const way = /\.suggest_(\w+)$/.exec(call.callee)?.[1];
    if (way === undefined || Object.hasOwn(ARGUMENTS, way)) continue;
    const name = textOf(bare.literalOf(bound(source, call.node, ['name']).get('name')));
    if (name === undefined) continue;
    const near = nearest(way, Object.keys(ARGUMENTS));
    const why = `suggest_${way} is not known here${near === undefined ? '' : `; closest: suggest_${near}`}`;
    skipped.push({ name, why, line: lineAt(source.text, call.node.from) });
  }
  const params = sound(merged(found, source, scope, skipped, warnings), file, warnings);
  const direction = directionOf(source, scope);
  return {
    source: 'Optuna',
    file,
    params,
    skipped,
    warnings,
    ...(direction === undefined ? {} : { metric: { direction } }),
  };
}

function domainOf(
  name: string,
  way: string,
  args: ReadonlyMap<string, SyntaxNode>,
  scope: Scope,
  warn: (words: string) => void,
): Read {
  if (way === 'categorical') {
    const list = scope.literalOf(args.get('choices'));
    if (list?.kind !== 'list' || list.items.length === 0)
      return { why: 'its choices are computed when the script runs' };
    if (list.items.some((item) => item?.kind !== 'none' && plainValue(item) === undefined))
      return { why: 'has choices that are not single values' };
    const values = list.items.flatMap((item) => plainValue(item) ?? []);
    if (values.length < list.items.length)
      warn(`${name} may be None, which cannot be given to a script; that choice is left out`);
    return choiceDomain(name, values);
  }
  const number = (key: string): number | undefined => {
    const value = plainValue(scope.literalOf(args.get(key)));
    return typeof value === 'number' ? value : undefined;
  };
  const [low, high] = [number('low'), number('high')];
  if (low === undefined || high === undefined) return { why: 'its range is computed when the script runs' };
  const log = args.has('log') ? plainValue(scope.literalOf(args.get('log'))) : way === 'loguniform';
  if (typeof log !== 'boolean') return { why: 'its scale is computed when the script runs' };
  const stepKey = way === 'discrete_uniform' ? 'q' : 'step';
  const stepNode = args.get(stepKey);
  const step = stepNode === undefined || scope.literalOf(stepNode)?.kind === 'none' ? undefined : number(stepKey);
  if (step === undefined && stepNode !== undefined && scope.literalOf(stepNode)?.kind !== 'none')
    return { why: 'its step is computed when the script runs' };
  return rangeDomain(name, way === 'int' ? 'int' : 'float', low, high, { log, step });
}

/** One parameter per name; what is suggested in several places applies where any of them is reached. */
function merged(
  found: readonly Suggestion[],
  source: Source,
  scope: Scope,
  skipped: Skipped[],
  warnings: string[],
): ImportedParam[] {
  const domains = new Map<string, Domain>();
  for (const [name, places] of Map.groupBy(found, (one) => one.name)) {
    const [first, ...others] = places as [Suggestion, ...Suggestion[]];
    let domain = first.domain;
    for (const other of others) {
      if (JSON.stringify(other.domain) === JSON.stringify(domain)) continue;
      const wider = union(domain, other.domain);
      const lines = places.map((place) => place.line).join(' and ');
      warnings.push(
        wider === undefined
          ? `${name} is suggested in different ways in lines ${lines} of ${source.file}; the first is taken`
          : `${name} has different ranges in lines ${lines} of ${source.file}; one that holds them all is taken`,
      );
      domain = wider ?? domain;
    }
    domains.set(name, domain);
  }
  const lines = new Map(found.toReversed().map((one) => [one.name, one.line]));
  const parse = remembering();
  const conditionsOf = conditionReader(source, scope);
  const asked = new Map<string, readonly (readonly string[])[]>();
  for (const [name, places] of Map.groupBy(found, (one) => one.name)) {
    const all = places.map((place) => conditionsOf(place.node));
    const unsure = (line: number, on: string) =>
      warnings.push(`${source.file}:${line}: whether ${name} applies depends on ${on}; it is taken to apply`);
    for (const { line, text } of all.flatMap((one) => one.unread))
      unsure(line, `"${text}", which is not about the space`);
    const answerable = (part: string): boolean => {
      if (!isExpression(part, parse)) {
        unsure(lines.get(name)!, 'tests that are nested too deeply to be read');
        return false;
      }
      const strange = parse(part).names.filter((other) => !domains.has(other));
      if (strange.length > 0) unsure(lines.get(name)!, `${strange.join(', ')}, which was skipped`);
      return strange.length === 0;
    };
    asked.set(
      name,
      all.flatMap((one) => one.alternatives.map((parts) => parts.filter(answerable))),
    );
  }
  const whens = settled(asked, domains, parse);
  return [...domains].flatMap(([name, domain]): ImportedParam[] => {
    const line = lines.get(name)!;
    const when = whens.get(name);
    if (when === 'never') {
      skipped.push({ name, why: 'the branch it stands in is never reached', line });
      return [];
    }
    return [{ ...domain, ...(when === undefined ? {} : { when }), line }];
  });
}

/** Parses each text once: in a long chain of branches the same tests stand around everything. */
function remembering(): (text: string) => Constraint {
  const known = new Map<string, Constraint>();
  return (text) => {
    const parsed = known.get(text) ?? parseConstraint(text);
    known.set(text, parsed);
    return parsed;
  };
}

function isExpression(text: string, parse: (text: string) => Constraint): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof ExpressionError) return false;
    throw error;
  }
}

type Settled = ReadonlyMap<string, string | undefined>;

/** One expression per name from its alternatives; `never` for what no choice leads to, and for what stands below that. */
function settled(
  asked: ReadonlyMap<string, readonly (readonly string[])[]>,
  domains: ReadonlyMap<string, Domain>,
  parse: (text: string) => Constraint,
): Settled {
  let whens: Settled = new Map();
  for (;;) {
    const known = whens;
    const next = new Map(
      [...asked].map(([name, alternatives]) => {
        const texts = alternatives
          .map((parts) => allOf(parts, domains, asked, known, parse))
          .filter((text) => text !== 'never');
        if (texts.length === 0) return [name, 'never'] as const;
        if (texts.includes(undefined)) return [name, undefined] as const;
        return [name, simplified(joined(texts as string[], 'or'), domains, asked, parse)] as const;
      }),
    );
    // Only ever more is never reached, so this ends.
    if ([...next].every(([name, when]) => (when === 'never') === (known.get(name) === 'never'))) return next;
    whens = next;
  }
}

function allOf(
  parts: readonly string[],
  domains: ReadonlyMap<string, Domain>,
  asked: ReadonlyMap<string, readonly (readonly string[])[]>,
  whens: Settled,
  parse: (text: string) => Constraint,
): string | undefined {
  const possible = parts.map((part) => without(parse(part), (name) => whens.get(name) === 'never'));
  if (possible.includes(false)) return 'never';
  const together = Map.groupBy(
    possible.filter((part) => typeof part === 'string'),
    (part) => parse(part).names.join('\0'),
  );
  const simple = [...together.values()].map((same) => simplified(joined(same, 'and'), domains, asked, parse));
  if (simple.includes('never')) return 'never';
  const left = simple.filter((part) => part !== undefined);
  return left.length === 0 ? undefined : joined(left, 'and');
}

function union(a: Domain, b: Domain): Domain | undefined {
  if (a.kind === 'choice' && b.kind === 'choice') return { ...a, choices: [...new Set([...a.choices, ...b.choices])] };
  if (a.kind === 'choice' || b.kind === 'choice' || a.kind !== b.kind || a.scale !== b.scale || a.step !== b.step)
    return undefined;
  return { ...a, low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** A condition on a single finite parent, as the list of values for which it holds; others as they are. */
function simplified(
  when: string,
  domains: ReadonlyMap<string, Domain>,
  asked: ReadonlyMap<string, readonly (readonly string[])[]>,
  parse: (text: string) => Constraint,
): string | undefined {
  const parsed = parse(when);
  const [parent, ...others] = parsed.names;
  const domain = parent === undefined ? undefined : domains.get(parent);
  if (parent === undefined || others.length > 0 || domain?.kind !== 'choice') return when;
  const values = domain.choices.filter((value) => holds(parsed, { [parent]: value }));
  if (values.length === 0) return 'never';
  const unconditional = asked.get(parent)?.some((parts) => parts.length === 0);
  if (values.length === domain.choices.length && unconditional === true) return undefined;
  const [only, ...more] = values as [Value, ...Value[]];
  if (more.length > 0) return isOneOf(parent, values).text;
  const truths = domain.choices.every((choice) => typeof choice === 'boolean');
  if (truths) return `${only === true ? '' : 'not '}${quotedName(parent)}`;
  return `${quotedName(parent)} == ${quotedValue(only)}`;
}

/** What `create_study` says; Optuna's own default where it is called and says nothing. */
function directionOf(source: Source, scope: Scope): 'minimize' | 'maximize' | undefined {
  for (const call of calls(source)) {
    if (!/(^|\.)create_study$/.test(call.callee) || call.named.has('directions')) continue;
    const given = call.named.get('direction');
    if (given === undefined) return 'minimize';
    // StudyDirection.MAXIMIZE, or the text.
    const text = (textOf(scope.literalOf(given)) ?? read(source, given)).toLowerCase();
    return text.endsWith('maximize') ? 'maximize' : text.endsWith('minimize') ? 'minimize' : undefined;
  }
  return undefined;
}
