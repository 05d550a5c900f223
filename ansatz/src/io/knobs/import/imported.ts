/** A search space as another tool's file describes it, and the rules all sources share. */

import { defineSpace, type Domain, SpaceError, type Value } from '../../../methods/space/index.ts';
import type { Direction } from '../../../study/config.ts';

/** A parameter of the other tool. */
export type ImportedParam = Domain & {
  /** Expression over other parameters of the space. */
  readonly when?: string;
  /** 1-based line of the file. */
  readonly line: number;
  /** A constant among the parameters: of interest only where the script has such a setting. */
  readonly aside?: boolean;
};

/** What a file says about a search space. */
export interface ImportedSpace {
  readonly source: 'Optuna' | 'Ray Tune' | 'W&B';
  /** The file, as it was named. */
  readonly file: string;
  readonly params: readonly ImportedParam[];
  /** What was left out, and why. */
  readonly skipped: readonly Skipped[];
  /** Sentences a person should read. */
  readonly warnings: readonly string[];
  readonly metric?: { readonly name?: string; readonly direction?: Direction };
  /** The script the file starts, relative to the file. */
  readonly program?: string;
  /** The whole command, when the file says more than the script; how names and values follow it. */
  readonly command?: readonly string[];
}

export interface Skipped {
  readonly name: string;
  readonly why: string;
  readonly line: number;
}

/** A domain, or why there is none. */
export type Read = { readonly domain: Domain } | { readonly why: string };

/** A range as a domain: a value when there is only one, else checked as `ansatz.yaml` wants it. */
export function rangeDomain(
  name: string,
  kind: 'float' | 'int',
  low: number,
  high: number,
  { log = false, step }: { readonly log?: boolean; readonly step?: number | undefined } = {},
): Read {
  if (name === '') return { why: 'has no name' };
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { why: 'its range is not finite' };
  if (low > high) return { why: `its range is upside down: ${low} to ${high}` };
  if (log && low <= 0) return { why: `a log scale cannot begin at ${low}` };
  if (kind === 'int' && !(Number.isInteger(low) && Number.isInteger(high)))
    return { why: `takes whole numbers, but its range is ${low} to ${high}` };
  if (step !== undefined && !(step > 0)) return { why: `cannot have a step of ${step}` };
  if (low === high || (step !== undefined && step > high - low))
    return { domain: { name, kind: 'choice', choices: [low] } };
  const grid = step === undefined || (kind === 'int' && step === 1) ? {} : { step };
  return { domain: { name, kind, low, high, scale: log ? 'log' : 'linear', ...grid } };
}

/** A list as a domain, each value once. */
export function choiceDomain(name: string, values: readonly Value[]): Read {
  if (name === '') return { why: 'has no name' };
  const choices = [...new Set(values)];
  if (choices.length === 0) return { why: 'has nothing to choose from' };
  return { domain: { name, kind: 'choice', choices } };
}

/**
 * A grid as Ray and W&B mean it: multiples of `step`, whatever the lower bound is. A log grid begins at one step when
 * the bound rounds to nothing.
 */
export function multiples(
  name: string,
  low: number,
  high: number,
  step: number,
  { log = false, kind }: { readonly log?: boolean; readonly kind?: 'float' | 'int' } = {},
): Read {
  if (!(step > 0)) return { why: `cannot have a step of ${step}` };
  const at = (x: number) => Number((Math.round(x / step) * step).toPrecision(12));
  const whole = kind === 'int' || (kind === undefined && Number.isInteger(step));
  return rangeDomain(name, whole ? 'int' : 'float', log ? Math.max(step, at(low)) : at(low), at(high), { log, step });
}

/** The parameters without conditions that no space can have, such as a circle; each is told. */
export function sound(params: readonly ImportedParam[], file: string, warnings: string[]): ImportedParam[] {
  let kept = [...params];
  for (;;) {
    try {
      defineSpace(kept);
      return kept;
    } catch (error) {
      const wrong = error instanceof SpaceError ? kept.find((param) => param.name === error.param) : undefined;
      if (wrong === undefined) throw error;
      warnings.push(`${file}:${wrong.line}: ${(error as SpaceError).message}; ${wrong.name} is taken to apply always`);
      kept =
        wrong.when === undefined
          ? kept.filter((param) => param !== wrong)
          : kept.map((param) => (param === wrong ? { ...param, when: undefined } : param));
    }
  }
}
