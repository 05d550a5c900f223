/** `ansatz scale fit`: a scaling law fitted to a table of finished runs. */

import {
  candidates,
  columnsIn,
  looksLikeRuns,
  pointsIn,
  readSheet,
  type Role,
  rowsWhere,
  runsIn,
  type Sheet,
} from '../../io/table/index.ts';
import { type LawName, LAWS } from '../../methods/scaling/index.ts';
import { closest, UserError } from '../../study/error.ts';
import { amount, numberOption, wholeOption } from './amounts.ts';
import { fitChosenTable, fitPassTable } from './scale-attempts.ts';
import { fitChinchillaTable } from './scale-chinchilla.ts';
import { printFit, type ScaleFit } from './scale-fit.ts';
import { fitIsoflopTable } from './scale-isoflop.ts';
import { fitLawTable } from './scale-law.ts';
import { readLaw } from './scale-lawfile.ts';
import { fitRepeatedTable } from './scale-repeated.ts';
import { fitSigmoidTable } from './scale-sigmoid.ts';

/** Options as they are typed. */
export interface ScaleOptions {
  law?: string;
  where?: string;
  dropHighest?: string;
  bootstrap?: string;
  level?: string;
  seed?: string;
  flops?: string;
  at?: string;
  n?: string;
  d?: string;
  c?: string;
  loss?: string;
  x?: string;
  y?: string;
  unique?: string;
  fresh?: string;
  floor?: string;
  items?: string;
  k?: string;
  problem?: string;
  answer?: string;
  correct?: string;
  svg?: string;
  csv?: boolean;
  json?: boolean;
}

/** Laws that are not of one variable alone. */
const OTHERS = ['chinchilla', 'isoflop', 'dataconstrained', 'sigmoid', 'passk', 'majority', 'bestofn'] as const;
type Other = (typeof OTHERS)[number];
const NAMES: readonly string[] = ['auto', ...OTHERS, ...Object.keys(LAWS)];
/** Coverage of a forecast's interval when no level is asked for: what the intervals were calibrated at. */
const FORECAST_LEVEL = 0.8;
const LEVEL = '0.95';

const UNIQUE: Role = {
  name: 'the number of unique tokens',
  option: '--unique',
  known: /^(?:u|unique|u_?unique|unique_?(?:tokens|data)|d_?unique|tokens_unique)$/,
};
const TASK_LOSS: Role = {
  name: 'the loss that accuracy is over',
  option: '--x',
  known: /^(?:l|(?:.*_)?(?:bpb|loss|ce|cross_entropy|nll|log_perplexity))$/,
};
const ACCURACY: Role = {
  name: 'the accuracy',
  option: '--y',
  known: /^(?:score|(?:.*_)?(?:acc|accuracy|acc_norm|len_norm|pass_rate|solve_rate))$/,
};

/** Fit and print. */
export function scaleFit(file: string, options: ScaleOptions): void {
  const { law } = options;
  if (law !== undefined && !NAMES.includes(law)) {
    throw new UserError('bad-option', `--law does not know "${law}"${closest(law, NAMES)}`, {
      why: `the laws are ${NAMES.join(', ')}`,
      fix: `ansatz scale fit ${file} --law auto`,
    });
  }
  const whole = readSheet(file);
  const sheet = options.where === undefined ? whole : rowsWhere(whole, options.where);
  const name = law ?? (looksLikeRuns(sheet, options) ? 'chinchilla' : 'auto');
  printFit(fitted(name, sheet, options, file), options);
}

function fitted(name: string, sheet: Sheet, options: ScaleOptions, file: string): ScaleFit {
  const level = numberOption('--level', options.level ?? LEVEL, (v) => v > 0 && v < 1, 'between 0 and 1', LEVEL);
  const wish = {
    drop: wholeOption('--drop-highest', options.dropHighest ?? '0', 0, 1e6, '5'),
    draws: wholeOption('--bootstrap', options.bootstrap ?? '0', 0, 1e6, '1000'),
    level,
    forecastLevel: options.level === undefined ? FORECAST_LEVEL : level,
    seed: wholeOption('--seed', options.seed ?? '0', 0, 1e6, '5'),
    at: optional('--at', options.at),
    flops: optional('--flops', options.flops),
  };
  switch (name as Other) {
    case 'chinchilla':
      return fitChinchillaTable(runsIn(sheet, options), wish, file);
    case 'isoflop':
      return fitIsoflopTable(runsIn(sheet, options), wish, file);
    case 'dataconstrained': {
      const fresh = options.fresh === undefined ? undefined : readLaw(options.fresh).params;
      return fitRepeatedTable(repeatedIn(sheet, options), fresh, level, file);
    }
    case 'sigmoid':
      return fitSigmoidTable(scoresIn(sheet, options), { ...wish, ...scoring(options) }, file);
    case 'passk':
      return fitPassTable(sheet, options, { ...wish, ks: wholes(options.k) });
    case 'majority':
    case 'bestofn':
      return fitChosenTable(name as 'majority' | 'bestofn', sheet, options, { ...wish, ks: wholes(options.k) });
    default:
      return fitLawTable(name as LawName | 'auto', pointsIn(sheet, options), wish, file);
  }
}

function repeatedIn(sheet: Sheet, options: ScaleOptions): Parameters<typeof fitRepeatedTable>[0] {
  const table = runsIn(sheet, options);
  const unique = columnsIn(sheet, {
    unique: { role: UNIQUE, asked: options.unique, allowed: (v) => v > 0, words: 'above zero' },
  });
  const places = new Map(unique.rows.map((row, i) => [row, i]));
  const both = table.rows.flatMap((row, i) => (places.has(row) ? [i] : []));
  const take = (values: readonly number[]): number[] => both.map((i) => values[i]!);
  return {
    values: {
      N: take(table.N),
      D: take(table.D),
      unique: both.map((i) => unique.values.unique[places.get(table.rows[i]!)!]!),
      loss: take(table.loss),
    },
    has: { N: true, D: true, unique: true, loss: true },
    rows: take(table.rows),
    guesses: [...table.guesses, ...unique.guesses, ...table.warnings],
  };
}

function scoresIn(sheet: Sheet, options: ScaleOptions): Parameters<typeof fitSigmoidTable>[0] {
  const table = columnsIn(sheet, {
    x: { role: TASK_LOSS, asked: options.x ?? options.loss, allowed: (v) => v > 0, words: 'above zero' },
    y: { role: ACCURACY, asked: options.y, allowed: (v) => v >= 0 && v <= 100, words: 'a share or per cent' },
  });
  const others = (role: Role, asked: string | undefined): string[] => {
    const more = asked === undefined ? candidates(sheet, role).length - 1 : 0;
    return more > 0 ? [`${more} other columns may be ${role.name}: ${role.option} names one`] : [];
  };
  return {
    ...table,
    guesses: [...table.guesses, ...others(TASK_LOSS, options.x ?? options.loss), ...others(ACCURACY, options.y)],
  };
}

function scoring(options: ScaleOptions): { floor: number | undefined; items: number | undefined } {
  const share = (v: number): boolean => v >= 0 && v < 1;
  return {
    floor:
      options.floor === undefined
        ? undefined
        : numberOption('--floor', options.floor, share, 'a share from 0 to below 1', '0.25'),
    items: options.items === undefined ? undefined : wholeOption('--items', options.items, 1, 1e9, '1000'),
  };
}

/** `1,10,100`. */
function wholes(given: string | undefined): number[] | undefined {
  if (given === undefined) return undefined;
  const found = given.split(',').map((part) => wholeOption('--k', part.trim(), 1, 1e6, '1,10,100'));
  return [...new Set(found)].sort((a, b) => a - b);
}

function optional(option: string, given: string | undefined): number | undefined {
  return given === undefined ? undefined : amount(option, given, '1e24');
}
