/** Errors as people can act on them, and the exit codes of the command line. */

import { UserError } from '../../study/error.ts';
import { paintFor } from './text.ts';

/** Documented in docs/cli.md; scripts rely on them. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  /** The budget or deadline could not pay for a single run, or the study ended before its baseline did. */
  budget: 3,
  /** The study ended and nothing beat the baseline. */
  noImprovement: 4,
  /** The script fails as it is. */
  baselineFailed: 5,
  /** The folder or the disk does not let us work, or another lab does. */
  environment: 6,
  /** Drained or killed by Ctrl-C or `ansatz stop`; `ansatz run` goes on. */
  interrupted: 130,
} as const;

const ENVIRONMENT = new Set([
  'in-the-way',
  'disk-full',
  'read-only',
  'network-disk',
  'study-held',
  'study-busy',
  'damaged-journal',
]);

/** The exit code an error leads to. */
export function exitOf(error: unknown): number {
  if (!(error instanceof UserError)) return EXIT.internal;
  if (error.code === 'baseline-failed') return EXIT.baselineFailed;
  return ENVIRONMENT.has(error.code) ? EXIT.environment : EXIT.usage;
}

/** An error in the shape rustc made people like: code, what, where, why, the fix. */
export function errorText(error: unknown, stream: { readonly isTTY?: boolean } = process.stderr): string {
  const paint = paintFor(stream);
  if (!(error instanceof UserError)) {
    const { stack, message } = error instanceof Error ? error : new Error(String(error));
    return `${paint.red('error')}: this is a bug of ansatz, please report it: ${message}\n${paint.dim(stack ?? '')}\n`;
  }
  const lines = [`${paint.red(paint.bold(`error[${error.code}]`))}: ${paint.bold(error.message)}`];
  if (error.where !== undefined) lines.push(`  ${paint.cyan('-->')} ${error.where}`);
  if (error.why !== undefined) lines.push(`  ${paint.cyan('why')} ${indent(error.why)}`);
  if (error.fix !== undefined) lines.push(`  ${paint.cyan('fix')} ${indent(error.fix)}`);
  return `${lines.join('\n')}\n`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n      ');
}
