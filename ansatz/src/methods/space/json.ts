/** Spaces as programs send them: the JSON form of the ask-tell protocol. */

import { nearest } from '../math/nearest.ts';
import { defineSpace, type ParamInput, SpaceError, type When } from './define.ts';
import type { Prior, Space, Value } from './space.ts';

const KINDS: Readonly<Record<string, 'float' | 'int' | 'choice'>> = {
  float: 'float',
  int: 'int',
  cat: 'choice',
  categorical: 'choice',
  choice: 'choice',
};
const FIELDS = [
  'name',
  'type',
  'low',
  'high',
  'log',
  'step',
  'choices',
  'ordered',
  'default',
  'prior',
  'fixed',
  'when',
] as const;
type Fields = Partial<Record<(typeof FIELDS)[number], unknown>>;

/**
 * The space a JSON list describes: `{"name","type":"float"|"int"|"cat","low","high","log","step","choices","ordered",
 * "default","prior","when"}` or `{"name","fixed"}`; `prior` is a value or `{"value","width","strength"}`, `when` is
 * `{"name":parent,"in":[values]}` or an expression. Constraints are expressions. A field that is null counts as absent.
 * Throws {@link SpaceError} for anything else.
 */
export function toSpace(params: unknown, constraints: unknown = []): Space {
  if (!Array.isArray(params)) throw new SpaceError('the space is not a list', 'space', 'send a list of parameters');
  if (!Array.isArray(constraints) || !constraints.every((one) => typeof one === 'string'))
    throw new SpaceError('the constraints are not a list of texts', 'constraints', 'send ["a <= b"]');
  return defineSpace(params.map(paramOf), constraints);
}

function paramOf(given: unknown, index: number): ParamInput {
  if (!isObject(given))
    throw new SpaceError('a parameter is not an object', `space[${index}]`, 'send {"name": "lr", "type": "float", …}');
  const fields: Fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const { name } = fields;
  if (typeof name !== 'string') throw new SpaceError('a parameter has no name', `space[${index}]`, 'add "name": "lr"');
  const stranger = Object.keys(fields).find((key) => !(FIELDS as readonly string[]).includes(key));
  if (stranger !== undefined) {
    const near = nearest(stranger, FIELDS);
    throw new SpaceError(
      `"${name}" has an unknown field "${stranger}"${near === undefined ? '' : `; closest: "${near}"`}`,
      `${name}.${stranger}`,
      `fields are ${FIELDS.join(', ')}`,
    );
  }
  const common = {
    name,
    when: fields.when === undefined ? undefined : whenOf(name, fields.when),
    prior: fields.prior === undefined ? undefined : priorOf(name, fields.prior),
  };
  if (fields.fixed !== undefined) return { ...common, fixed: valueOf(fields.fixed, `${name}.fixed`) };
  const kind = kindOf(name, fields);
  const initial = fields.default === undefined ? undefined : valueOf(fields.default, `${name}.default`);
  if (kind === 'choice') {
    refuse(name, fields, ['low', 'high', 'log', 'step'], 'a list of choices');
    const where = `${name}.choices`;
    if (!Array.isArray(fields.choices))
      throw new SpaceError(`"${name}" has no list of choices`, where, 'add "choices": ["a", "b"]');
    const choices = fields.choices.map((choice) => valueOf(choice, where));
    return { ...common, kind, choices, ordered: truthOf(name, fields, 'ordered'), default: initial };
  }
  refuse(name, fields, ['choices', 'ordered'], 'a range');
  return {
    ...common,
    kind,
    low: numberOf(name, fields, 'low'),
    high: numberOf(name, fields, 'high'),
    log: truthOf(name, fields, 'log'),
    step: fields.step === undefined ? undefined : numberOf(name, fields, 'step'),
    default: initial,
  };
}

function kindOf(name: string, fields: Fields): 'float' | 'int' | 'choice' {
  const { type } = fields;
  if (type === undefined && fields.choices !== undefined) return 'choice';
  if (typeof type === 'string' && Object.hasOwn(KINDS, type)) return KINDS[type]!;
  const near = typeof type === 'string' ? nearest(type, Object.keys(KINDS)) : undefined;
  throw new SpaceError(
    type === undefined
      ? `"${name}" has no type`
      : `"${name}" has the unknown type ${JSON.stringify(type)}${near === undefined ? '' : `; closest: "${near}"`}`,
    `${name}.type`,
    'write "type": "float", "int" or "cat"',
  );
}

function refuse(name: string, fields: Fields, keys: readonly (keyof Fields)[], what: string): void {
  const extra = keys.find((key) => fields[key] !== undefined && fields[key] !== false);
  if (extra === undefined) return;
  throw new SpaceError(`"${name}" has ${what}, and "${extra}" says nothing there`, `${name}.${extra}`, 'remove it');
}

function numberOf(name: string, fields: Fields, key: 'low' | 'high' | 'step'): number {
  const value = fields[key];
  if (typeof value === 'number') return value;
  const given = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
  throw new SpaceError(`"${key}" of "${name}" ${given}`, `${name}.${key}`, 'write a number');
}

function truthOf(name: string, fields: Fields, key: 'log' | 'ordered'): boolean | undefined {
  const value = fields[key];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new SpaceError(`"${key}" of "${name}" is ${JSON.stringify(value)}`, `${name}.${key}`, 'write true or false');
}

function valueOf(value: unknown, where: string): Value {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  throw new SpaceError(
    `${JSON.stringify(value)} is no value a parameter can have`,
    where,
    'write a number, a text, true or false',
  );
}

function whenOf(name: string, given: unknown): When {
  if (typeof given === 'string') return given;
  const where = `${name}.when`;
  if (isObject(given) && typeof given['name'] === 'string' && Array.isArray(given['in']))
    return { name: given['name'], in: given['in'].map((value) => valueOf(value, where)) };
  throw new SpaceError(
    `the condition of "${name}" is ${JSON.stringify(given)}`,
    where,
    `write {"name": "optimizer", "in": ["sgd"]} or "optimizer == 'sgd'"`,
  );
}

function priorOf(name: string, given: unknown): Prior {
  const where = `${name}.prior`;
  if (!isObject(given)) return { value: valueOf(given, where) };
  const { value, width, strength, ...rest } = given;
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined)
    throw new SpaceError(
      `the prior of "${name}" has an unknown field "${stranger}"`,
      where,
      'fields are value, width, strength',
    );
  const part = (key: string, number: unknown): number => {
    if (typeof number === 'number') return number;
    throw new SpaceError(`${key} is ${JSON.stringify(number)}`, `${where}.${key}`, 'write a number');
  };
  return {
    value: valueOf(value, where),
    ...(width === undefined ? {} : { width: part('width', width) }),
    ...(strength === undefined ? {} : { strength: part('strength', strength) }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
