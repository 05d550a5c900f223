/** `ansatz trials`: all trials, a line each. */

import { counted } from '../../io/logs/table.ts';
import { chooseStudy, readStudy } from '../../lab/studies.ts';
import { closest, UserError } from '../../study/error.ts';
import { trialRows, type TrialRow } from '../../study/views.ts';
import { changeText, effectText, fit, paintFor, plusMinus, seconds, table } from './text.ts';

const VERDICTS = ['keep', 'discard', 'inconclusive', 'crash', 'running', 'paused', 'queued'];
const SORTS = ['trial', 'value', 'effect'];

/** Print the trials of a study. */
export function trials(options: {
  study?: string;
  json?: boolean;
  verdict?: string;
  sort?: string;
  last?: string;
}): void {
  const { state } = readStudy(chooseStudy(process.cwd(), options.study));
  check('--verdict', options.verdict, VERDICTS);
  check('--sort', options.sort, SORTS);
  const most = options.last === undefined ? Infinity : Number(options.last);
  if (!(most >= 1)) throw new UserError('bad-option', `--last takes a number from 1, not "${options.last}"`);

  const minimize = state.config.objective.direction === 'minimize';
  const rows = trialRows(state, most)
    .filter((row) => options.verdict === undefined || row.state === options.verdict)
    .sort(order(options.sort ?? 'trial', minimize));
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const paint = paintFor(process.stdout);
  const wide = process.stdout.columns ?? 160;
  const lines = table(
    ['trial', 'verdict', state.config.objective.metric, 'runs', 'cost', 'effect', 'changes', 'why'],
    rows.map((row) => [
      String(row.trial),
      row.state === 'keep' && row.trial === state.incumbent ? 'keep *' : row.state,
      row.value === undefined ? '-' : plusMinus(row.value, row.se),
      String(row.runs),
      seconds(row.deviceSeconds),
      effectText(row),
      row.trial === 1 ? '(the script as it is)' : changeText(row, 4),
      row.why,
    ]),
    [0, 3],
  );
  const [header, ...body] = lines as [string, ...string[]];
  process.stdout.write(`${paint.dim(fit(header, wide))}\n`);
  for (const line of body) process.stdout.write(`${fit(line, wide)}\n`);
  process.stdout.write(
    paint.dim(`${counted(rows.length, 'trial')}; value ± standard error; * = incumbent; ansatz show <trial> for one\n`),
  );
}

function order(by: string, minimize: boolean): (a: TrialRow, b: TrialRow) => number {
  const last = (x: number | undefined): number => x ?? Infinity;
  if (by === 'value')
    return (a, b) => (minimize ? last(a.value) - last(b.value) : last(negated(a.value)) - last(negated(b.value)));
  if (by === 'effect') return (a, b) => last(negated(a.effect)) - last(negated(b.effect));
  return (a, b) => a.trial - b.trial;
}

function negated(x: number | undefined): number | undefined {
  return x === undefined ? undefined : -x;
}

function check(option: string, given: string | undefined, allowed: readonly string[]): void {
  if (given === undefined || allowed.includes(given)) return;
  throw new UserError('bad-option', `${option} does not know "${given}"${closest(given, allowed)}`, {
    fix: `${option} ${allowed.join('|')}`,
  });
}
