/** Runs for a scaling law out of a table: which columns are size, data and loss, and which rows can be used. */

import { median } from '../../methods/math/index.ts';
import { UserError } from '../../study/error.ts';
import { columnFor, noColumn, numbersOf, type Role, type Sheet } from './table.ts';

/** Columns asked for by name. */
export interface Asked {
  readonly n?: string;
  readonly d?: string;
  readonly c?: string;
  readonly loss?: string;
  readonly x?: string;
  readonly y?: string;
}

/** Runs with the line of the file each came from, and what was guessed in reading them. */
export interface RunTable {
  readonly N: readonly number[];
  readonly D: readonly number[];
  readonly loss: readonly number[];
  /** Training FLOPs where the table has them. */
  readonly C: readonly (number | undefined)[];
  readonly rows: readonly number[];
  readonly guesses: readonly string[];
  readonly warnings: readonly string[];
}

const N: Role = {
  name: 'the number of parameters',
  option: '--n',
  known: /^(?:n|n_?params?|num_?params?|(?:model_)?(?:params?|parameters?)|n_parameters|model_?size)$/,
};
const D: Role = {
  name: 'the number of training tokens',
  option: '--d',
  known: /^(?:d|n_?tokens?|num_?tokens?|(?:train(?:ing)?_)?tokens?|tokens_seen|train(?:ing)?_data|data(?:set)?_size)$/,
};
const C: Role = {
  name: 'training FLOPs',
  option: '--c',
  known: /^(?:c|(?:train(?:ing)?_)?flops?|compute|c_budget|train(?:ing)?_compute)$/,
};
const LOSS: Role = {
  name: 'the loss',
  option: '--loss',
  known: /^(?:l|(?:final_|val_|valid_|validation_|test_|eval_|train_)*(?:loss|ce|cross_entropy|nll|log_perplexity))$/,
  likely: /loss|^ce_|_ce$|bpb|nll|perplexity/i,
};

/** Whether a table has size, tokens and loss, so that a law of two variables can be meant. */
export function looksLikeRuns(sheet: Sheet, asked: Asked): boolean {
  if (asked.x !== undefined || asked.y !== undefined) return false;
  const has = (role: Role, name: string | undefined): boolean => columnFor(sheet, role, name) !== undefined;
  return [has(N, asked.n), has(D, asked.d), has(C, asked.c)].filter(Boolean).length >= 2 && has(LOSS, asked.loss);
}

/** N, D and loss of every row that has them; a missing one of N and D is computed from C = 6ND. */
export function runsIn(sheet: Sheet, asked: Asked): RunTable {
  const guesses: string[] = [];
  const [n, d, c, loss] = [
    columnFor(sheet, N, asked.n),
    columnFor(sheet, D, asked.d),
    columnFor(sheet, C, asked.c),
    columnFor(sheet, LOSS, asked.loss),
  ];
  if (loss === undefined) throw noColumn(sheet, LOSS);
  if (n === undefined && (c === undefined || d === undefined)) throw noColumn(sheet, N);
  if (d === undefined && c === undefined) throw noColumn(sheet, D);
  const values = (column: number | undefined): (number | undefined)[] =>
    column === undefined ? sheet.rows.map(() => undefined) : numbersOf(sheet, column);
  const [ns, ds, cs, losses] = [values(n), values(d), values(c), values(loss)];
  if (n === undefined) guesses.push('N: C / 6D');
  if (d === undefined) guesses.push('D: C / 6N');
  for (const [what, column] of [
    ['N', n],
    ['D', d],
    ['C', c],
    ['loss', loss],
  ] as const)
    if (column !== undefined) guesses.push(`${what}: column ${sheet.columns[column]}`);
  const found = {
    N: [] as number[],
    D: [] as number[],
    C: [] as (number | undefined)[],
    loss: [] as number[],
    rows: [] as number[],
  };
  let empty = 0;
  for (const [i, { line }] of sheet.rows.entries()) {
    const size = n === undefined ? cs[i]! / (6 * ds[i]!) : ns[i];
    const data = d === undefined ? cs[i]! / (6 * size!) : ds[i];
    const value = losses[i];
    if (size === undefined || data === undefined || value === undefined || Number.isNaN(size + data)) {
      empty++;
      continue;
    }
    for (const [what, number] of [
      ['N', size],
      ['D', data],
      ['loss', value],
    ] as const)
      if (!(number > 0)) throw notPositive(sheet, line, what, number);
    found.N.push(size);
    found.D.push(data);
    found.C.push(cs[i]);
    found.loss.push(value);
    found.rows.push(line);
  }
  if (empty > 0) guesses.push(`${empty} ${empty === 1 ? 'row' : 'rows'} with an empty cell left out`);
  for (const [what, amounts] of [
    ['N', found.N],
    ['D', found.D],
  ] as const)
    checkUnits(sheet, what, amounts, found.rows);
  return { ...found, guesses, warnings: doubts(found) };
}

/** Points of a law of one variable, in ascending x, with the line of the file each came from. */
export interface PointTable {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly rows: readonly number[];
  readonly guesses: readonly string[];
}

/** x and y of a table: the columns named, else those of FLOPs and loss, else the first and second of two. */
export function pointsIn(sheet: Sheet, asked: Asked): PointTable {
  const role = (name: string, option: string): Role => ({ name, option, known: /^$/ });
  const [roleX, roleY] = [role('what the law is over (x)', '--x'), role('what it predicts (y)', '--y')];
  const two = sheet.columns.length === 2;
  const x = columnFor(sheet, roleX, asked.x) ?? columnFor(sheet, C, undefined) ?? (two ? 0 : undefined);
  const y = columnFor(sheet, roleY, asked.y) ?? columnFor(sheet, LOSS, undefined) ?? (two ? 1 : undefined);
  if (x === undefined) throw noColumn(sheet, roleX);
  if (y === undefined) throw noColumn(sheet, roleY);
  const [xs, ys] = [numbersOf(sheet, x), numbersOf(sheet, y)];
  const points = sheet.rows.flatMap(({ line }, i) => {
    const [at, value] = [xs[i], ys[i]];
    if (at === undefined || value === undefined) return [];
    if (!(at > 0)) throw notPositive(sheet, line, sheet.columns[x]!, at);
    if (!(value > 0)) throw notPositive(sheet, line, sheet.columns[y]!, value);
    return [{ at, value, line }];
  });
  points.sort((one, other) => one.at - other.at);
  return {
    x: points.map(({ at }) => at),
    y: points.map(({ value }) => value),
    rows: points.map(({ line }) => line),
    guesses: [`x: column ${sheet.columns[x]}`, `y: column ${sheet.columns[y]}`],
  };
}

function notPositive(sheet: Sheet, line: number, what: string, value: number): UserError {
  return new UserError('bad-cell', `${what} is ${value}, and a scaling law needs it above zero`, {
    where: `${sheet.file}:${line}`,
    why: 'the law is fitted in logarithms; a run that diverged or a difference of losses does not belong in it',
    fix: 'leave the row out',
  });
}

/** `1.3B` in one row and `0.7` in another: whoever wrote this meant 0.7 billion. */
function checkUnits(sheet: Sheet, what: string, amounts: readonly number[], rows: readonly number[]): void {
  const usual = median(amounts);
  const odd = amounts.findIndex((amount) => amount < usual * 1e-6 || (amount < 1000 && usual > 1e6));
  if (odd < 0) return;
  throw new UserError(
    'mixed-units',
    `${what} is ${amounts[odd]} in one row and ${usual.toPrecision(3)} in the middle one`,
    {
      where: `${sheet.file}:${rows[odd]}`,
      why: 'some cells seem to be in millions or billions without saying so',
      fix: `write the unit: ${amounts[odd]}B or ${amounts[odd]}M`,
    },
  );
}

/** Seeds differ by less than this share of the loss; what differs by more is another recipe. */
const RECIPES = 0.03;

/** Columns that look exchanged or in another unit, recipes that look mixed. */
function doubts(found: Pick<RunTable, 'N' | 'D' | 'C' | 'loss'>): string[] {
  const warnings: string[] = [];
  const ratios = found.C.flatMap((c, i) => (c === undefined ? [] : [c / (6 * found.N[i]! * found.D[i]!)]));
  if (ratios.length > 0) {
    const ratio = median(ratios);
    if (ratio > 3 || ratio < 1 / 3) {
      warnings.push(
        `units: the FLOPs of the table are ${ratio.toPrecision(2)} × 6ND; are N, D and C in the units they seem to be in?`,
      );
    }
  }
  const [middleN, middleD] = [median(found.N), median(found.D)];
  if (middleN < 1e4)
    warnings.push(
      `units: N is ${middleN.toPrecision(2)} in the middle row; in millions or billions? Then A is in those too`,
    );
  const places = new Map<string, [number, number]>();
  found.N.forEach((size, i) => {
    const [low, high] = places.get(`${size} ${found.D[i]}`) ?? [Infinity, 0];
    places.set(`${size} ${found.D[i]}`, [Math.min(low, found.loss[i]!), Math.max(high, found.loss[i]!)]);
  });
  const apart = [...places.values()].map(([low, high]) => high / low - 1).filter((gap) => gap > RECIPES);
  if (apart.length > 0) {
    warnings.push(
      `${apart.length} of ${places.size} places (N, D) have losses that differ by up to ${(100 * Math.max(...apart)).toPrecision(2)} %: several recipes in one table? --where column=value takes one`,
    );
  }
  if (middleN > 10 * middleD) warnings.push('columns: N is far above D in most rows; are the two exchanged?');
  return warnings;
}
