/** What a fitted scaling law looks like to a reader, whichever law it is. */

import { writeFileSync } from 'node:fs';
import { type ScalePicture, tidyRows } from '../report/figures/scaling.ts';
import { scaleFile } from '../report/scaling.ts';
import { UserError } from '../../study/error.ts';
import { num } from './text.ts';

/** What `--json` prints for every law; each adds fields of its own. Numbers that are not known are null. */
export interface ScaleFit {
  readonly law: string;
  readonly n: number;
  readonly objective: number;
  readonly params: Readonly<Record<string, number>>;
  readonly se: Readonly<Record<string, number>> | null;
  readonly intervals: Readonly<Record<string, readonly [number, number]>> | null;
  readonly identified: Readonly<Record<string, boolean>>;
  readonly warnings: readonly string[];
  /** CPU seconds of fit, intervals and bootstrap, without reading the file. */
  readonly seconds: number;
  /** How the table was read. */
  readonly guesses: readonly string[];
  /** Further results as lines of text. */
  readonly summary: readonly string[];
  /** What `--svg` draws and `--csv` prints; it is no part of the JSON. */
  readonly pictures?: readonly ScalePicture[];
}

/** How a fit is to be told. */
export interface Form {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly svg?: string;
}

/** CPU seconds that `work` takes, and what it gives. */
export function timed<T>(work: () => T): { readonly result: T; readonly seconds: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (user + system) / 1e6 };
}

/** Print a fit as lines, as one line of JSON, or as the rows of its pictures; draw these into a file. */
export function printFit(fit: ScaleFit, { json, csv, svg }: Form): void {
  const { pictures = [], ...told } = fit;
  if (json === true && csv === true)
    throw new UserError('two-forms', '--csv and --json are two forms of one answer', {
      fix: 'ansatz scale fit … --json',
    });
  if ((csv === true || svg !== undefined) && pictures.length === 0) {
    throw new UserError('bad-option', `the law ${fit.law} has no picture yet`, { fix: 'leave out --svg and --csv' });
  }
  if (svg !== undefined) writeFileSync(svg, scaleFile(pictures));
  if (json === true) process.stdout.write(`${JSON.stringify(told)}\n`);
  else if (csv === true) process.stdout.write(`${['figure,series,x,y,low,high', ...tidyRows(pictures)].join('\n')}\n`);
  else process.stdout.write(`${lines(told).join('\n')}\n`);
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
    `${fit.law} on ${fit.n} points${fit.objective === 0 ? '' : `, objective ${fit.objective.toPrecision(6)}`}, ${fit.seconds.toFixed(2)} s`,
    ...rows,
    ...fit.summary,
    ...fit.warnings.map((warning) => `warning: ${warning}`),
    ...fit.guesses.map((guess) => `read: ${guess}`),
  ];
}
