/** `ansatz scale fit --law dataconstrained`: what tokens seen again are worth, and whether the runs say so at all. */

import type { Columns } from '../../io/table/index.ts';
import {
  type Chinchilla,
  dataConstrainedObjective,
  fitDataConstrained,
  MUENNIGHOFF,
} from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import { type ScaleFit, timed } from './scale-fit.ts';
import { num } from './text.ts';

/** Columns of the table. */
export type RepeatedColumn = 'N' | 'D' | 'unique' | 'loss';

export interface RepeatedFit extends ScaleFit {
  readonly level: number;
  /** The law of fresh data that was held fixed. */
  readonly fresh: Chinchilla;
  /** Runs that saw tokens more than once. */
  readonly repeating: number;
}

const LEAST = 6;

/** Fit R_D and R_N. `fresh` is the law without repetition; without one that of Muennighoff et al. is taken, with a warning. */
export function fitRepeatedTable(
  { values, rows, guesses }: Columns<RepeatedColumn>,
  fresh: Chinchilla | undefined,
  level: number,
  file: string,
): RepeatedFit {
  const runs = { N: values.N, D: values.D, unique: values.unique, loss: values.loss };
  const again = runs.D.flatMap((D, i) => (D > 1.01 * runs.unique[i]! ? [i] : []));
  if (again.length < LEAST) {
    throw new UserError('too-few', `${again.length} of ${runs.N.length} runs saw tokens more than once`, {
      where: file,
      why: `R_D and R_N need at least ${LEAST} runs with more tokens (D) than unique tokens`,
      fix: 'add runs of several epochs, or name the columns with --d and --unique',
    });
  }
  const law = fresh ?? MUENNIGHOFF;
  const { result, seconds } = timed(() => ({
    fit: fitDataConstrained(runs, law, level),
    none: dataConstrainedObjective(runs, law, { R_D: 1e5, R_N: 1e5 }),
  }));
  const { params, objective, intervals, identified } = result.fit;
  const warnings: string[] = [];
  if (fresh === undefined)
    warnings.push(
      'the law of fresh data is that of Muennighoff et al. on C4, not yours: --fresh law.json, from ansatz scale fit fresh.csv --json',
    );
  const over = runs.unique.findIndex((unique, i) => unique > 100 * runs.D[i]!);
  if (over >= 0)
    warnings.push(`row ${rows[over]}: far more unique tokens than tokens; are D and the unique tokens exchanged?`);
  const unknown = (['R_D', 'R_N'] as const).filter((name) => !identified[name]);
  for (const name of unknown) {
    const [low, high] = intervals[name];
    warnings.push(
      `not identified: ${name}: anything from ${num(low, 2)} to ${high > 9e4 ? 'no end' : num(high, 2)} fits as well (profile interval)`,
    );
  }
  const epochs = Math.max(...again.map((i) => runs.D[i]! / runs.unique[i]!));
  if (epochs < 4) warnings.push(`window: no run repeats its tokens more than ${num(epochs, 2)} times`);
  if (new Set(runs.N.map((N, i) => `${N} ${runs.D[i]} ${runs.unique[i]} ${runs.loss[i]}`)).size < runs.N.length)
    warnings.push('duplicated rows: a run that counts twice makes intervals too narrow');
  const gained = 1 - objective / result.none;
  if (gained < 0.05) warnings.push('misfit: repeated tokens taken for fresh ones fit these runs as well');
  return {
    law: 'dataconstrained',
    n: runs.N.length,
    objective,
    params: { ...params },
    se: null,
    intervals,
    identified,
    warnings,
    seconds,
    level,
    fresh: law,
    repeating: again.length,
    guesses,
    summary: [
      `  ${again.length} of ${runs.N.length} runs repeat tokens, up to ${num(epochs, 2)} epochs; objective with repeats as good as new ${num(result.none)}`,
      ...(identified.R_D
        ? [
            `  at R_D ${num(params.R_D, 3)} what repeating can give is used up by 1 − 1/e after ${num(params.R_D + 1, 3)} epochs`,
          ]
        : []),
    ],
  };
}
