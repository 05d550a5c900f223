/** What an optimizer says about arguments that it cannot work with: one place for the texts. */

import { nearest } from '../math/nearest.ts';

/** What each argument has to be, to follow on "use". */
export const EXPECTED = {
  id: 'the id of an answer to ask',
  step: 'a whole number, 1 or more, that grows with every report of a trial',
  value: 'a number',
  values: 'a list of numbers, one for each direction',
  violations: 'a list of numbers, above 0 where a constraint is broken',
  directions: 'a list with "minimize" or "maximize" for each value',
  cost: 'a number above 0, such as seconds',
  state: '"complete", "pruned" or "failed"',
  direction: '"minimize" or "maximize"',
  count: 'a whole number, 1 or more',
  seed: 'a whole number',
  truth: 'true or false',
  params: 'an object with a value for each parameter that matters',
  space: 'a list of parameters, such as {"name": "lr", "type": "float", "low": 1e-5, "high": 0.1, "log": true}',
  constraints: 'a list of expressions, such as "warmup < steps"',
  trials: 'a list of {"params": {…}, "value": number}',
  outcomes: 'a list of {"params": {…}, "values": [numbers]}',
} as const;

/** An argument that makes no sense, and what to do about it. Whatever it was, nothing has changed. */
export class OptimizerError extends Error {
  /** The argument: `maxResource`, `params.lr`. */
  readonly where: string;
  /** What is wrong with it, to follow on its name: `is 0`. */
  readonly what: string;
  /** What to do about it. */
  readonly fix: string;

  constructor(where: string, what: string, fix: string) {
    super(`${where} ${what}`);
    this.name = 'OptimizerError';
    this.where = where;
    this.what = what;
    this.fix = fix;
  }
}

/** The error for an argument of the wrong kind. */
export function misfit(where: string, given: unknown, expected: string): OptimizerError {
  return new OptimizerError(where, given === undefined ? 'is missing' : `is ${shown(given)}`, `use ${expected}`);
}

/** The error for a name that is not among those there are, with the one it most likely meant. */
export function unknownName(where: string, given: unknown, allowed: readonly string[]): OptimizerError {
  const near = typeof given === 'string' ? nearest(given, allowed) : undefined;
  return new OptimizerError(
    where,
    `${given === undefined ? 'is missing' : `is ${shown(given)}`}${near === undefined ? '' : `; closest: "${near}"`}`,
    `use one of ${allowed.join(', ')}`,
  );
}

/** A value as JSON has it, short enough for a line. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…${text.at(-1)}` : text;
}
