/** From what a person or a program wrote down to a space that every method can rely on. */

import { nearest } from '../math/nearest.ts';
import { type Constraint, ExpressionError, isOneOf, type Node, parseConstraint } from './expression.ts';
import type { Domain, Param, Prior, Space, Value } from './space.ts';

/** When a parameter matters: an expression over other parameters, or a list of values one of them must have. */
export type When = string | Constraint | { readonly name: string; readonly in: readonly Value[] };

interface Common {
  readonly name: string;
  readonly when?: When | undefined;
  readonly prior?: Prior | undefined;
}

/** A number between `low` and `high`, both included. `log: true` is another spelling of `scale: 'log'`. */
export interface NumberInput extends Common {
  readonly kind: 'float' | 'int';
  readonly low: number;
  readonly high: number;
  readonly scale?: 'linear' | 'log' | undefined;
  readonly log?: boolean | undefined;
  readonly step?: number | undefined;
  readonly default?: Value | undefined;
}

/** One of a list. */
export interface ChoiceInput extends Common {
  readonly kind: 'choice';
  readonly choices: readonly Value[];
  readonly ordered?: boolean | undefined;
  readonly default?: Value | undefined;
}

/** A value that never varies: a choice of one. */
export interface FixedInput extends Common {
  readonly fixed: Value;
}

/** What {@link defineSpace} accepts for a parameter; a {@link Param} is one too. */
export type ParamInput = NumberInput | ChoiceInput | FixedInput;

/** Why something is no space: what is wrong, where, and what to do about it. */
export class SpaceError extends Error {
  /** The parameter and its field, `lr.low`, or `constraints[0]`. */
  readonly where: string;
  /** What to do about it. */
  readonly fix: string;
  /** The parameter it is about; absent for a constraint, and where none has a name. */
  readonly param: string | undefined;

  constructor(message: string, where: string, fix: string, param?: string) {
    super(message);
    this.name = 'SpaceError';
    this.where = where;
    this.fix = fix;
    this.param = param;
  }
}

/**
 * The space of these parameters: checked, conditions and constraints parsed, parents moved before the parameters whose
 * `when` mentions them and nothing else moved. Throws {@link SpaceError} for whatever no method could work with.
 */
export function defineSpace(params: readonly ParamInput[], constraints: readonly (string | Constraint)[] = []): Space {
  const names = new Set<string>();
  for (const { name } of params) {
    if (name === '') throw new SpaceError('a parameter has no name', `params[${names.size}]`, 'give it a name');
    if (names.has(name))
      throw new SpaceError(`two parameters are called "${name}"`, name, 'rename or remove one', name);
    names.add(name);
  }
  const known = [...names];
  const domains = new Map(params.map((param) => [param.name, about(param, () => domainOf(param))]));
  const paramOf = (param: ParamInput): Param => {
    const domain = domains.get(param.name)!;
    const when = param.when === undefined ? undefined : conditionOf(param.name, param.when, known);
    if (when !== undefined) checkReachable(param.name, when, domains);
    const prior = param.prior === undefined ? undefined : priorOf(domain, param.prior);
    return { ...domain, ...(when === undefined ? {} : { when }), ...(prior === undefined ? {} : { prior }) };
  };
  return {
    params: parentsFirst(params.map((param) => about(param, () => paramOf(param)))),
    constraints: constraints.map((given, i) => expressionOf(given, `constraints[${i}]`, known)),
  };
}

/** What `make` returns; a complaint of it is marked as one about this parameter. */
function about<T>({ name }: ParamInput, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof SpaceError) throw new SpaceError(error.message, error.where, error.fix, name);
    throw error;
  }
}

function domainOf(param: ParamInput): Domain {
  if ('fixed' in param) {
    checkValue(param.fixed, `${param.name}.fixed`);
    return { name: param.name, kind: 'choice', choices: [param.fixed], default: param.fixed };
  }
  return param.kind === 'choice' ? choiceOf(param) : numberOf(param);
}

function choiceOf(param: ChoiceInput): Domain {
  const { name, choices } = param;
  const where = `${name}.choices`;
  if (choices.length === 0) throw new SpaceError(`"${name}" has nothing to choose from`, where, 'list its values');
  choices.forEach((choice) => checkValue(choice, where));
  const seen = new Set<Value>();
  const twice = choices.find((choice) => seen.size === seen.add(choice).size);
  if (twice !== undefined) throw new SpaceError(`"${name}" lists ${text(twice)} twice`, where, 'remove one of them');
  const initial = param.default;
  if (initial !== undefined) checkChoice(name, choices, initial, 'default');
  return {
    name,
    kind: 'choice',
    choices,
    ...(param.ordered === undefined ? {} : { ordered: param.ordered }),
    ...(initial === undefined ? {} : { default: initial }),
  };
}

function numberOf(param: NumberInput): Domain {
  const { name, kind, low, high, step } = param;
  for (const [field, bound] of [
    ['low', low],
    ['high', high],
  ] as const) {
    if (!Number.isFinite(bound))
      throw new SpaceError(`the range of "${name}" needs a number`, `${name}.${field}`, 'write a finite number');
    if (kind === 'int' && !Number.isInteger(bound))
      throw new SpaceError(
        `"${name}" is an int and cannot reach to ${bound}`,
        `${name}.${field}`,
        'write a whole number',
      );
  }
  if (low > high)
    throw new SpaceError(`"${name}" goes from ${low} to ${high}`, `${name}.low`, `swap them: low ${high}, high ${low}`);
  if (high - low > Number.MAX_VALUE)
    throw new SpaceError(`the range of "${name}" is wider than any number`, `${name}.high`, 'write a narrower range');
  const scale = param.scale ?? (param.log === true ? 'log' : 'linear');
  if (scale === 'log' && low <= 0)
    throw new SpaceError(
      `"${name}" has a log scale and begins at ${low}`,
      `${name}.low`,
      `begin at ${kind === 'int' ? '1 or more' : `a small positive number${high > 0 ? ` such as ${Number((high / 1e5).toPrecision(1))}` : ''}`}, or use a linear scale`,
    );
  if (step !== undefined && !(Number.isFinite(step) && step > 0 && (kind === 'float' || Number.isInteger(step))))
    throw new SpaceError(
      `"${name}" cannot have a step of ${step}`,
      `${name}.step`,
      kind === 'int' ? 'write a whole number above 0' : 'write a number above 0',
    );
  const initial = param.default;
  if (initial !== undefined) checkNumber(name, kind, initial, 'default');
  return {
    name,
    kind,
    low,
    high,
    scale,
    ...(step === undefined ? {} : { step }),
    ...(initial === undefined ? {} : { default: Number(initial) }),
  };
}

function checkValue(value: Value, where: string): void {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  throw new SpaceError(
    `${text(value)} is no value a parameter can have`,
    where,
    'write a number, a text, true or false',
  );
}

function checkChoice(name: string, choices: readonly Value[], value: Value, field: string): void {
  if (choices.includes(value)) return;
  const near = nearest(String(value), choices.map(String));
  throw new SpaceError(
    `${field} ${text(value)} is not among the choices of "${name}"${near === undefined ? '' : `; closest: ${near}`}`,
    `${name}.${field}`,
    `write one of ${choices.map(text).join(', ')}`,
  );
}

function checkNumber(name: string, kind: 'float' | 'int', value: Value, field: string): void {
  if (typeof value === 'number' && Number.isFinite(value) && (kind === 'float' || Number.isInteger(value))) return;
  throw new SpaceError(
    `${field} ${text(value)} of "${name}" is no ${kind === 'int' ? 'whole number' : 'number'}`,
    `${name}.${field}`,
    kind === 'int' ? 'write a whole number' : 'write a number',
  );
}

function priorOf(domain: Domain, prior: Prior): Prior {
  const { name } = domain;
  if (domain.kind === 'choice') checkChoice(name, domain.choices, prior.value, 'prior');
  else {
    checkNumber(name, domain.kind, prior.value, 'prior');
    if (domain.scale === 'log' && Number(prior.value) <= 0)
      throw new SpaceError(
        `prior ${text(prior.value)} of "${name}" is not on its log scale`,
        `${name}.prior`,
        'write a positive number',
      );
  }
  for (const field of ['width', 'strength'] as const) {
    const number = prior[field];
    if (number !== undefined && !(Number.isFinite(number) && number > 0))
      throw new SpaceError(
        `the ${field} of the prior of "${name}" is ${text(number)}`,
        `${name}.prior.${field}`,
        field === 'width' ? 'write a share of the range, such as 0.2' : 'write how many results the guess is worth',
      );
  }
  return {
    value: prior.value,
    ...(prior.width === undefined ? {} : { width: prior.width }),
    ...(prior.strength === undefined ? {} : { strength: prior.strength }),
  };
}

function conditionOf(name: string, when: When, known: readonly string[]): Constraint {
  const where = `${name}.when`;
  if (typeof when === 'string' || 'tree' in when) return expressionOf(when, where, known);
  if (!known.includes(when.name)) throw unknownName(when.name, where, known);
  if (when.in.length === 0)
    throw new SpaceError(`"${name}" could never matter: its list of values is empty`, where, 'list at least one value');
  when.in.forEach((value) => checkValue(value, where));
  return isOneOf(when.name, when.in);
}

function expressionOf(given: string | Constraint, where: string, known: readonly string[]): Constraint {
  if (typeof given !== 'string') {
    const stranger = given.names.find((name) => !known.includes(name));
    if (stranger !== undefined) throw unknownName(stranger, where, known);
    return given;
  }
  try {
    return parseConstraint(given, known);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    if (error.unknown !== undefined) throw unknownName(error.unknown, where, known);
    throw new SpaceError(
      `"${given}" is no expression: ${error.message} (character ${error.at + 1})`,
      where,
      "write for example  optimizer == 'sgd'  or  depth * width <= 512",
    );
  }
}

function unknownName(name: string, where: string, known: readonly string[]): SpaceError {
  const near = nearest(name, known);
  return new SpaceError(
    `no parameter is called "${name}"${near === undefined ? '' : `; closest: "${near}"`}`,
    where,
    near === undefined ? `use one of ${known.join(', ')}; a text goes in quotes: '${name}'` : `write ${near}`,
  );
}

/** A condition that asks for a choice its parent does not have is a slip of the pen, and would hide a parameter for good. */
function checkReachable(name: string, when: Constraint, domains: ReadonlyMap<string, Domain>): void {
  const visit = (node: Node): void => {
    if (node.kind === 'unary') visit(node.of);
    if (node.kind !== 'binary') return;
    visit(node.left);
    visit(node.right);
    if ((node.op !== '==' && node.op !== 'in') || node.left.kind !== 'name') return;
    const parent = domains.get(node.left.name);
    const wanted = node.op === '==' ? [node.right] : node.right.kind === 'list' ? node.right.items : [];
    const values = wanted.flatMap((item) => (item.kind === 'value' ? [item.value] : []));
    if (parent?.kind !== 'choice' || values.length === 0 || values.length < wanted.length) return;
    const same = (a: Value, b: Value) => a === b || (node.op === '==' && isTruth(a) && isTruth(b) && +a === +b);
    if (values.some((value) => parent.choices.some((choice) => same(value, choice)))) return;
    const near = nearest(String(values[0]), parent.choices.map(String));
    throw new SpaceError(
      `"${parent.name}" is never ${values.map(text).join(' or ')}${near === undefined ? '' : `; closest: ${near}`}`,
      `${name}.when`,
      `write one of ${parent.choices.map(text).join(', ')}`,
    );
  };
  visit(when.tree);
}

function isTruth(value: Value): value is number | boolean {
  return typeof value !== 'string';
}

/** Each parameter as early as its parents allow. Throws for a circle, which never could be decided. */
function parentsFirst(params: readonly Param[]): Param[] {
  const placed = new Set<string>();
  const sorted: Param[] = [];
  let waiting = params;
  while (waiting.length > 0) {
    const late: Param[] = [];
    for (const param of waiting) {
      if ((param.when?.names ?? []).every((parent) => placed.has(parent))) {
        placed.add(param.name);
        sorted.push(param);
      } else late.push(param);
    }
    if (late.length === waiting.length) throw circle(late, placed);
    waiting = late;
  }
  return sorted;
}

function circle(late: readonly Param[], placed: ReadonlySet<string>): SpaceError {
  const byName = new Map(late.map((param) => [param.name, param]));
  const path: string[] = [];
  let name = late[0]!.name;
  while (!path.includes(name)) {
    path.push(name);
    name = byName.get(name)!.when!.names.find((parent) => !placed.has(parent))!;
  }
  const round = [...path.slice(path.indexOf(name)), name];
  const message =
    round.length === 2
      ? `"${name}" would matter only when "${name}" already does`
      : `conditions go in a circle: ${round.join(' needs ')}`;
  return new SpaceError(message, `${name}.when`, 'remove one of these conditions', name);
}

function text(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
