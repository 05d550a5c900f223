/** The user's own grammar: a regular expression with groups `key`, `value` and optionally `step`. */

import { UserError } from '../../study/error.ts';
import type { ParsedValue } from './lines.ts';
import { readNumber } from './number.ts';

/** One metric a user's pattern found. */
export type PatternMatch = ParsedValue & { readonly step?: number };

const FIX = String.raw`use named groups, for example: ^(?<key>\w+) +(?<value>[-+.\deE]+)$`;

/** Texts on which patterns that backtrack without bound show it; each is repeated and followed by what cannot match. */
const HARD = ['a', '0', ' ', 'a ', '0 ', 'ab', '0,', '0.', 'a=0 ', 'a: 0.5, ', '-', '_'];
/** Enough repetitions to make exponential growth visible, few enough to keep it short: 2^24 steps are some 0.1 s. */
const REPEATS = 24;
const SLOW_MILLISECONDS = 40;

/**
 * A function that applies the pattern to a line. All matches of a line count.
 * @throws UserError `bad-pattern` when the pattern is no regular expression or lacks a group, `slow-pattern` when it
 * takes exponential time on lines made to provoke that: one such line would stop the lab.
 */
export function compilePattern(pattern: string): (line: string) => PatternMatch[] {
  const expression = compiled(pattern);
  for (const group of ['key', 'value']) {
    if (pattern.includes(`(?<${group}>`)) continue;
    throw new UserError('bad-pattern', `capture pattern has no group "${group}"`, {
      where: 'capture.pattern',
      why: pattern,
      fix: FIX,
    });
  }
  refuseSlow(pattern, expression);
  return (line) => {
    const found: PatternMatch[] = [];
    for (const { groups } of line.matchAll(expression)) {
      const key = groups?.['key']?.trim();
      const number = readNumber(groups?.['value']?.replace(/%$/, '') ?? '');
      if (key === undefined || key === '' || number === undefined) continue;
      const step = readNumber(groups?.['step'] ?? '')?.value;
      found.push({ key, ...number, ...(step !== undefined && Number.isFinite(step) ? { step } : {}) });
    }
    return found;
  };
}

function compiled(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'gu');
  } catch {
    // Escapes such as `\-` are errors under `u` and harmless without it.
  }
  try {
    return new RegExp(pattern, 'g');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError('bad-pattern', 'capture pattern is not a regular expression', {
      where: 'capture.pattern',
      why,
      fix: FIX,
    });
  }
}

function refuseSlow(pattern: string, expression: RegExp): void {
  for (const text of HARD) {
    // Growing lengths: an exponential pattern is caught at the first that hurts, long before the next would hang.
    for (let repeats = 4; repeats <= REPEATS; repeats++) {
      const line = `${text.repeat(repeats)}\u0001`;
      const start = performance.now();
      for (const match of line.matchAll(expression)) if (match[0] === '') break;
      if (performance.now() - start <= SLOW_MILLISECONDS) continue;
      throw new UserError('slow-pattern', 'capture pattern can take exponential time', {
        where: 'capture.pattern',
        why: `${pattern} needs ${String(SLOW_MILLISECONDS)} ms for a line of ${String(line.length)} characters; nested repetitions such as (a+)+ do this`,
        fix: FIX,
      });
    }
  }
}
