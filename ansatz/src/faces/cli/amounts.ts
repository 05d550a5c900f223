/** Numbers of options, read so that a wrong one is told with an example. */

import { quantity } from '../../io/table/index.ts';
import { UserError } from '../../study/error.ts';

/** `1e24`, `70B`, `4 million`: an amount above zero. */
export function amount(option: string, given: string, example: string): number {
  const value = quantity(given);
  if (value !== undefined && value > 0) return value;
  throw new UserError('bad-option', `${option} takes an amount above zero, not "${given}"`, {
    fix: `${option} ${example}`,
  });
}

/** A whole number within a range. */
export function wholeOption(option: string, given: string, least: number, most: number, example: string): number {
  const words = `a whole number from ${least} to ${most}`;
  return numberOption(option, given, (v) => Number.isInteger(v) && v >= least && v <= most, words, example);
}

/** A number that `allowed` takes; `words` say which those are. */
export function numberOption(
  option: string,
  given: string,
  allowed: (v: number) => boolean,
  words: string,
  example: string,
): number {
  const value = Number(given);
  if (given.trim() !== '' && allowed(value)) return value;
  throw new UserError('bad-option', `${option} takes ${words}, not "${given}"`, { fix: `${option} ${example}` });
}
