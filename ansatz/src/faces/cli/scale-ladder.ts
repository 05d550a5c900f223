/** `ansatz scale ladder`: from small models to the loss and the task accuracies of a large one. */

import { columnsIn, readSheet, type Role, rowsWhere, runsIn } from '../../io/table/index.ts';
import {
  chinchillaWarnings,
  climb,
  type Climbed,
  climbTask,
  combined,
  identify,
  largestOut,
} from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import { amount, numberOption, wholeOption } from './amounts.ts';
import { picturesOf } from './scale-chinchilla.ts';
import { printFit, type ScaleFit, timed } from './scale-fit.ts';
import { shares } from './scale-sigmoid.ts';
import { num } from './text.ts';

/** Options as they are typed. */
export interface LadderOptions {
  target: string;
  n?: string;
  d?: string;
  c?: string;
  loss?: string;
  task?: string[];
  via?: string;
  floor?: string;
  items?: string;
  bootstrap?: string;
  level?: string;
  seed?: string;
  where?: string;
  svg?: string;
  csv?: boolean;
  json?: boolean;
}

/** A forecast with what a test of it on the largest size gave. */
interface Told {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Mean error at the largest size, forecast from the smaller ones: relative for the loss, absolute for a task. */
  readonly backtest: number | null;
}

export interface LadderFit extends ScaleFit {
  readonly level: number;
  readonly target: { readonly N: number; readonly D: number; readonly flops: number };
  readonly loss: Told;
  /** Mean of several tasks, by their weights: what is saturated counts little. */
  readonly together: { readonly value: number; readonly low: number; readonly high: number } | null;
  readonly tasks: readonly (Told & {
    readonly name: string;
    readonly via: string;
    readonly viaLoss: number;
    readonly floor: number;
    readonly ceiling: number | null;
    readonly saturated: boolean;
    /** What it counts in `together`. */
    readonly weight: number;
    /** Scores that stand clear of chance. */
    readonly informative: number;
  })[];
}

const LEAST = 8;
const FEW_SCORES = 5;
/** Coverage of the intervals when no level is asked for. */
const LEVEL = '0.8';

/** Fit, forecast and print. */
export function scaleLadder(file: string, options: LadderOptions): void {
  const parts = options.target.split(',');
  if (parts.length !== 2) {
    throw new UserError('bad-option', `--target takes parameters and tokens, not "${options.target}"`, {
      fix: '--target 7B,4T',
    });
  }
  const [N, D] = parts.map((part) => amount('--target', part, '7B,4T')) as [number, number];
  const floor = numberOption(
    '--floor',
    options.floor ?? '0',
    (v) => v >= 0 && v < 1,
    'a share from 0 to below 1',
    '0.25',
  );
  const items = options.items === undefined ? undefined : wholeOption('--items', options.items, 1, 1e9, '1000');
  const wish = {
    draws: wholeOption('--bootstrap', options.bootstrap ?? '400', 50, 1e5, '400'),
    seed: wholeOption('--seed', options.seed ?? '0', 0, 1e6, '5'),
    level: numberOption('--level', options.level ?? LEVEL, (v) => v > 0 && v < 1, 'between 0 and 1', LEVEL),
  };
  const whole = readSheet(file);
  const sheet = options.where === undefined ? whole : rowsWhere(whole, options.where);
  const table = runsIn(sheet, options);
  if (table.loss.length < LEAST || new Set(table.N).size < 2) {
    throw new UserError('too-few', `${table.loss.length} runs of ${new Set(table.N).size} sizes make no ladder`, {
      where: file,
      why: `at least ${LEAST} runs of two sizes or more, each at several amounts of data`,
      fix: 'add smaller models: they are cheap',
    });
  }
  const runs = { N: table.N, D: table.D, loss: table.loss };
  const warnings = [...table.warnings];
  const guesses = [...table.guesses];
  const viaName = options.via ?? options.loss;
  const { result, seconds } = timed(() => {
    const loss = climb(runs, { N, D }, wish);
    const tasks = (options.task ?? []).map((name) => {
      const viaOf =
        options.via ??
        bitsOf(name, sheet.columns) ??
        options.loss ??
        sheet.columns.find((c) => c.toLowerCase().endsWith('loss'));
      const share = (v: number): boolean => v >= 0 && v <= 100;
      const read = columnsIn(sheet, {
        via: {
          role: role('the loss that the task is forecast by', '--via'),
          asked: viaOf,
          allowed: (v) => v > 0,
          words: 'above zero',
        },
        score: { role: role('the score', '--task'), asked: name, allowed: share, words: 'a share or per cent' },
      });
      const lines = read.rows.map((row) => table.rows.indexOf(row));
      const used = lines.flatMap((at, i) => (at < 0 ? [] : [{ at, i }]));
      const { score, guess } = shares(read.values.score, name);
      guesses.push(...guess, `${name}: by column ${viaOf}`);
      const task = {
        via: used.map(({ i }) => read.values.via[i]!),
        score: used.map(({ i }) => score[i]!),
        floor,
        ...(items === undefined ? {} : { items }),
      };
      const places = { N: used.map(({ at }) => table.N[at]!), D: used.map(({ at }) => table.D[at]!) };
      return { name, via: viaOf ?? '', climbed: climbTask(places, task, { N, D }, wish) };
    });
    return { loss, tasks, known: identify(runs, loss.fit, wish.level) };
  });
  const { loss, tasks, known } = result;
  warnings.push(...chinchillaWarnings(runs, loss.fit, table.rows));
  const [largestN, largestD] = [Math.max(...runs.N), Math.max(...runs.D)];
  if (N > 10 * largestN)
    warnings.push(`window: ${num(N)} parameters are ${num(N / largestN, 2)} times the largest model`);
  if (D > 10 * largestD)
    warnings.push(`window: ${num(D)} tokens are ${num(D / largestD, 2)} times the most of any run`);
  if (N < largestN && D < largestD) warnings.push('the target lies within the ladder: nothing is forecast');
  if (Number.isNaN(loss.backtest)) warnings.push('no backtest: too few runs below the largest size');
  if (tasks.length > 0 && options.floor === undefined)
    warnings.push('the floor of the tasks is taken to be 0: --floor 0.25 for a question with four choices');
  for (const { name, climbed } of tasks) {
    const { sigmoid } = climbed;
    if (sigmoid.informative < FEW_SCORES)
      warnings.push(
        `${name}: not identified: only ${sigmoid.informative} scores stand clear of chance: the forecast is a guess`,
      );
    else if (!sigmoid.identified.ceiling) warnings.push(`${name}: the ceiling is not identified and taken to be 1`);
    if (sigmoid.saturated)
      warnings.push(`${name}: saturated: the ceiling is within two standard errors of the best score`);
  }
  const weights = tasks.map(({ climbed }) => climbed.sigmoid.weight);
  const mean = (of: (one: (typeof tasks)[number]['climbed']) => number): number =>
    combined(
      tasks.map(({ climbed }) => of(climbed)),
      weights,
    );
  // Intervals of tasks rise and fall together: that of their mean is the mean of theirs.
  const together =
    tasks.length < 2
      ? null
      : { value: mean(({ value }) => value), low: mean(({ low }) => low), high: mean(({ high }) => high) };
  const fit: LadderFit = {
    pictures: picturesOf(runs, loss.fit.params, viaName ?? 'loss', {
      x: 6 * N * D,
      y: loss.value,
      low: loss.low,
      high: loss.high,
    }),
    law: 'ladder',
    n: runs.loss.length,
    objective: loss.fit.objective,
    params: { ...loss.fit.params },
    se: null,
    intervals: known.intervals,
    identified: known.identified,
    warnings,
    seconds,
    level: wish.level,
    target: { N, D, flops: 6 * N * D },
    loss: told(loss),
    together,
    tasks: tasks.map(({ name, via, climbed }) => ({
      name,
      ...told(climbed),
      via,
      viaLoss: climbed.via.value,
      floor,
      ceiling: climbed.sigmoid.identified.ceiling ? climbed.sigmoid.params.ceiling : null,
      saturated: climbed.sigmoid.saturated,
      weight: climbed.sigmoid.weight,
      informative: climbed.sigmoid.informative,
    })),
    guesses,
    summary: [
      `  target ${num(N)} parameters, ${num(D)} tokens, ${num(6 * N * D)} FLOPs; intervals for ${num(100 * wish.level)} of 100`,
      `  ${viaName ?? 'loss'} ${num(loss.value)}  [${num(loss.low)}, ${num(loss.high)}]${backtestText(loss, largestOut(runs.N).out.length, '%')}`,
      ...tasks.map(
        ({ name, climbed }) =>
          `  ${name} ${num(climbed.value, 3)}  [${num(climbed.low, 3)}, ${num(climbed.high, 3)}] by a loss of ${num(climbed.via.value, 3)}${backtestText(climbed, largestOut(runs.N).out.length, 'points')}`,
      ),
      ...(together === null
        ? []
        : [
            `  together ${num(together.value, 3)}  [${num(together.low, 3)}, ${num(together.high, 3)}]${weights.some((w) => w < 1) ? `; ${tasks.flatMap(({ name }, i) => (weights[i]! < 1 ? [`${name} counts ${num(weights[i]!, 2)}`] : [])).join(', ')}: near its ceiling a gain can hardly be seen` : ''}`,
          ]),
    ],
  };
  printFit(fit, options);
}

function told({ value, low, high, backtest }: Pick<Climbed, 'value' | 'low' | 'high' | 'backtest'>): Told {
  return { value, low, high, backtest: Number.isNaN(backtest) ? null : backtest };
}

function backtestText({ backtest }: Pick<Climbed, 'backtest'>, runs: number, unit: string): string {
  return Number.isNaN(backtest)
    ? ''
    : `; backtest: the ${runs} runs of the largest size from the smaller ones, ${num(100 * backtest, 2)} ${unit} off`;
}

function role(name: string, option: string): Role {
  return { name, option, known: /^$/ };
}

/** Bits per byte of the right answers of the same task, as tables of OLMo name them. */
function bitsOf(task: string, columns: readonly string[]): string | undefined {
  const stem = task.replace(/_(?:acc(?:uracy)?(?:_norm)?|len_norm|score)$/, '');
  return stem === task ? undefined : columns.find((column) => column === `${stem}_bpb` || column === `${stem}_loss`);
}
