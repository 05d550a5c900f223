/** What a convention finds before anyone has judged whether it is worth searching over. */

import type { Delivery } from '../../../study/config.ts';
import type { Value } from '../../../methods/space/space.ts';
import type { Literal } from './source.ts';

export interface Raw {
  readonly name: string;
  readonly via: Delivery;
  readonly kind: Literal['kind'] | undefined;
  /** What the script uses today. */
  readonly initial: Literal | undefined;
  readonly choices?: readonly Value[];
  /** Bounds the script itself declares. */
  readonly low?: number;
  readonly high?: number;
  readonly help?: string;
  readonly file: string;
  readonly line: number;
  /** Why it cannot be set, when the convention already knows. */
  readonly why?: string;
  /** The script takes text and makes a number of it: a default of `0` does not say that 0.5 is refused. */
  readonly untyped?: boolean;
  /** What it is, where that does not show in its name: `gamma` of a schedule is no discount. */
  readonly meaning?: 'share' | 'penalty';
  /** A loose find (a lower-case variable, a local one): wanted only when its name is that of a usual knob. */
  readonly loose?: boolean;
}

/** What one convention says about a script. */
export interface Finds {
  readonly knobs: readonly Raw[];
  /** Sentences a person should read, e.g. about arguments the script insists on. */
  readonly notes?: readonly string[];
}

/** `learning-rate`, `--learning-rate` and `learning_rate` are one knob name. */
export function knobName(flag: string): string {
  return flag.replace(/^-+/, '').replaceAll('-', '_');
}

/** Values of a list of literals, or undefined when one of them is no plain value. */
export function listValues(list: Literal | undefined): Value[] | undefined {
  if (list?.kind !== 'list' || list.items.length === 0) return undefined;
  const values = list.items.map((item) =>
    item === undefined || item.kind === 'list' || item.kind === 'none' ? undefined : item.value,
  );
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** The number or truth written in a text such as `"3e-4"`, as a literal; other text as text. */
export function readText(text: string): Literal {
  const number = text.trim() === '' ? NaN : Number(text.replaceAll('_', ''));
  if (Number.isFinite(number)) return { kind: /^[+-]?\d[\d_]*$/.test(text.trim()) ? 'int' : 'float', value: number };
  return { kind: 'text', value: text };
}
