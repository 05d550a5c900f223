/** `ansatz tree` and `ansatz ideas`: what came of what. */

import { chooseStudy, readStudy } from '../../lab/studies.ts';
import { type IdeaRow, ideaRows } from '../../study/ideas.ts';
import { treeOf, type TreeRow } from '../../study/tree.ts';
import { findTrial } from './find.ts';
import { verdictMark } from './status.ts';
import { changeText, effectText, fit, paintFor, plusMinus, table } from './text.ts';

/** Print the lineage of the trials, or of one of them with what came of it. */
export function tree(given: string | undefined, options: { study?: string; json?: boolean; all?: boolean }): void {
  const { state } = readStudy(chooseStudy(process.cwd(), options.study));
  const wish = given === undefined ? {} : { trial: findTrial(state, given).id };
  const rows = treeOf(state, { ...wish, all: options.all === true });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const wide = process.stdout.columns ?? 160;
  const paint = paintFor(process.stdout);
  for (const row of rows) {
    const indent = '  '.repeat(row.depth);
    const mark = `${verdictMark(row.state, paint).trim()}${row.incumbent ? ' *' : ''}`;
    process.stdout.write(`${fit(`${indent}${row.trial}  ${mark}  ${wordsOf(row)}`, wide)}\n`);
    const more = Object.entries(row.more).map(([state, count]) => `${count} ${state}`);
    if (more.length > 0) process.stdout.write(`${paint.dim(fit(`${indent}  … ${more.join(', ')}`, wide))}\n`);
  }
  const hidden = rows.some((row) => Object.keys(row.more).length > 0) ? '; --all for those that came to nothing' : '';
  process.stdout.write(paint.dim(`* = incumbent; effect against the best of its time, positive is better${hidden}\n`));
}

/** `+0.012 ± 0.004  combine with 7: lr 0.1 → 0.2 (why)`. */
function wordsOf(row: TreeRow): string {
  if (row.trial === 1)
    return `${row.value === undefined ? '' : `${plusMinus(row.value, row.se)}  `}the script as it is`;
  const others = row.of === undefined || row.of.length === 0 ? '' : ` with ${row.of.join(' and ')}`;
  const how = row.operator === undefined ? '' : `${row.operator}${row.operator === 'draft' ? '' : others}: `;
  const whose = row.by === undefined ? '' : ` (${row.by})`;
  const words = row.files === undefined ? changeText(row, 4) : `${changeText(row, 2)}: ${row.hypothesis}`;
  return [effectText(row), `${how}${words}${whose}`].filter((part) => part !== '' && part !== '-').join('  ');
}

/** Print the ideas in words, and what became of each. */
export function ideas(options: { study?: string; json?: boolean }): void {
  const folder = chooseStudy(process.cwd(), options.study);
  const rows = ideaRows(readStudy(folder).state);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write(`study "${folder.name}" has no ideas in words yet: ansatz idea "…" queues one\n`);
    return;
  }
  const wide = process.stdout.columns ?? 160;
  const cells = rows.map((row) => [String(row.idea), row.text, row.by ?? '', fateOf(row)]);
  for (const line of table(['idea', 'words', 'by', 'what became of it'], cells, [0]))
    process.stdout.write(`${fit(line, wide)}\n`);
}

function fateOf({ state, failed, trial, effect, margin, why }: IdeaRow): string {
  if (trial !== undefined) {
    const size = effectText({ effect, margin });
    return [`trial ${trial} ${state}`, size, why ?? ''].filter((part) => part !== '' && part !== '-').join(', ');
  }
  const tries = failed === 0 ? '' : `, ${failed} answer${failed === 1 ? '' : 's'} could not be run`;
  return `${state === 'asked' ? 'the model is at it' : state}${tries}`;
}
