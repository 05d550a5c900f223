/** `ansatz scale fit`: a scaling law fitted to a table of finished runs. */

import { pointsIn, readSheet, runsIn } from '../../io/table/index.ts';
import { type LawName, LAWS } from '../../methods/scaling/index.ts';
import { closest, UserError } from '../../study/error.ts';
import { amount, numberOption, wholeOption } from './amounts.ts';
import { fitChinchillaTable } from './scale-chinchilla.ts';
import type { ScaleFit } from './scale-fit.ts';
import { fitLawTable } from './scale-law.ts';
import { num } from './text.ts';

/** Options as they are typed. */
export interface ScaleOptions {
  law?: string;
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
  json?: boolean;
}

const NAMES = ['chinchilla', ...Object.keys(LAWS)];

/** Fit and print. */
export function scaleFit(file: string, options: ScaleOptions): void {
  const law = options.law ?? 'chinchilla';
  if (!NAMES.includes(law)) {
    throw new UserError('bad-option', `--law does not know "${law}"${closest(law, NAMES)}`, {
      why: `the laws are ${NAMES.join(', ')}`,
      fix: `ansatz scale fit ${file} --law chinchilla`,
    });
  }
  const level = numberOption('--level', options.level ?? '0.95', (v) => v > 0 && v < 1, 'between 0 and 1', '0.95');
  const wish = {
    drop: wholeOption('--drop-highest', options.dropHighest ?? '0', 0, 1e6, '5'),
    draws: wholeOption('--bootstrap', options.bootstrap ?? '0', 0, 1e6, '1000'),
    level,
    seed: wholeOption('--seed', options.seed ?? '0', 0, 1e6, '5'),
  };
  const sheet = readSheet(file);
  const fit =
    law === 'chinchilla'
      ? fitChinchillaTable(runsIn(sheet, options), { ...wish, flops: optional('--flops', options.flops) }, file)
      : fitLawTable(law as LawName, pointsIn(sheet, options), { ...wish, at: optional('--at', options.at) }, file);
  process.stdout.write(options.json === true ? `${JSON.stringify(fit)}\n` : `${lines(fit).join('\n')}\n`);
}

function lines(fit: ScaleFit): string[] {
  const rows = Object.entries(fit.params).map(([name, value]) => {
    const interval = fit.intervals?.[name];
    const range = interval === undefined ? '' : `  [${num(interval[0])}, ${num(interval[1])}]`;
    return fit.identified[name] === false
      ? `  ${name.padEnd(6)} not identified${range}`
      : `  ${name.padEnd(6)} ${num(value)}${range}`;
  });
  return [
    `${fit.law} on ${fit.n} points, objective ${fit.objective.toPrecision(6)}, ${fit.seconds.toFixed(2)} s`,
    ...rows,
    ...fit.summary,
    ...fit.warnings.map((warning) => `warning: ${warning}`),
    ...fit.guesses.map((guess) => `read: ${guess}`),
  ];
}

function optional(option: string, given: string | undefined): number | undefined {
  return given === undefined ? undefined : amount(option, given, '1e24');
}
