/** What may vary: parameters with a range and a scale, and the constraints between them. */

import type { Constraint } from './expression.ts';
import type { Value } from './point.ts';

export type { Point, Value } from './point.ts';

/** A float or an int in [low, high], both included. `log` spaces it by ratio and needs low > 0. */
export interface NumberParam {
  readonly name: string;
  readonly kind: 'float' | 'int';
  readonly low: number;
  readonly high: number;
  readonly scale: 'linear' | 'log';
  /** Grid width, counted from `low`; 0 or absent means none (ints always have 1). */
  readonly step?: number;
  /** What the script uses today. May lie outside the range. */
  readonly default?: number;
}

/** One of a finite list. `ordered` says that neighbours in the list are alike. */
export interface ChoiceParam {
  readonly name: string;
  readonly kind: 'choice';
  readonly choices: readonly Value[];
  readonly ordered?: boolean;
  readonly default?: Value;
}

export type Param = NumberParam | ChoiceParam;

export interface Space {
  readonly params: readonly Param[];
  readonly constraints: readonly Constraint[];
}
