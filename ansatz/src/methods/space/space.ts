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

/** The values a parameter may have. */
export type Domain = NumberParam | ChoiceParam;

/** A guess at where the best value lies, made by a person or a model before any result. */
export interface Prior {
  readonly value: Value;
  /** Standard deviation of the guess as a share of the encoded range; default 0.2. Unused for unordered choices. */
  readonly width?: number;
  /** How many results the guess is worth: its say fades as strength ÷ results (piBO's β, arXiv 2204.11051). Default 10. */
  readonly strength?: number;
}

/** A domain, and when it matters: only while `when` holds. A point lacks the parameters that do not matter in it. */
export type Param = Domain & {
  readonly when?: Constraint;
  readonly prior?: Prior;
};

export interface Space {
  /** Parents before the parameters whose `when` mentions them; {@link defineSpace} sees to that. */
  readonly params: readonly Param[];
  /** Each must hold in every point that has all the parameters it mentions. */
  readonly constraints: readonly Constraint[];
}
