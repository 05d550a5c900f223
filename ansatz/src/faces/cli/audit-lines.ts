/** The audit of a log on one screen. */

import type { Logbook } from '../../study/logbook.ts';
import { line } from '../report/escape.ts';
import { amount, logbookStory, rowName } from '../report/logbook-story.ts';
import { num } from './text.ts';
import { fit, paintFor, table, visibleWidth } from './text.ts';

const NAME = 13;
const MOST_GUESSES = 9;
const MOST_CLAIMS = 5;

/** Lines for a terminal, at most `wide` characters each. */
export function auditLines(
  book: Logbook,
  stream: { readonly isTTY?: boolean; readonly columns?: number } = process.stdout,
): string[] {
  const paint = paintFor(stream);
  const wide = Math.min(100, stream.columns ?? 80);
  const { log, claims } = book;
  const story = logbookStory(book);
  const better = log.direction === 'minimize' ? 'lower is better' : 'higher is better';
  const lines = [
    fit(paint.bold(line(log.file)), wide),
    fit(paint.dim(`${log.dialect}; ${line(log.metric)}, ${better}`), wide),
    ...wrapped(story.under, wide),
    '',
    paint.bold(story.headline),
    ...story.rows.flatMap(([name, words]) => {
      const [head, ...rest] = wrapped(plainText(words), wide - NAME);
      return [
        `${paint.cyan(name.toLowerCase().padEnd(NAME))}${head ?? ''}`,
        ...rest.map((text) => ' '.repeat(NAME) + text),
      ];
    }),
  ];
  const weakest = claims
    .filter((claim) => claim.falseProbability !== undefined)
    .toSorted((a, b) => b.falseProbability! - a.falseProbability!)
    .slice(0, MOST_CLAIMS);
  if (weakest.length > 0) {
    lines.push('', paint.dim('claims most likely to be no gain:'));
    const rows = weakest.map((claim) => [
      amount(book, claim.gain),
      num(claim.falseProbability!, 2),
      rowName(claim, 60),
    ]);
    lines.push(
      ...table(['gain', 'P(no better)', ''], rows, [0, 1]).map((text, i) =>
        fit(`  ${i === 0 ? paint.dim(text) : line(text)}`, wide),
      ),
    );
  }
  if (story.caution !== undefined) lines.push('', ...wrapped(story.caution, wide).map(paint.yellow));
  const more = book.guesses.length - MOST_GUESSES;
  lines.push('', paint.dim(`read with ${book.guesses.length} guesses (all of them: --json, --html FILE):`));
  for (const guess of book.guesses.slice(0, more > 1 ? MOST_GUESSES : undefined))
    lines.push(paint.dim(fit(`  ${line(guess)}`, wide)));
  if (more > 1) lines.push(paint.dim(`  and ${more} more`));
  return lines.map(plainText);
}

/** A line for each of several logs. */
export function auditTable(
  books: readonly Logbook[],
  stream: { readonly isTTY?: boolean; readonly columns?: number } = process.stdout,
): string[] {
  const paint = paintFor(stream);
  const wide = stream.columns ?? 160;
  const shown = (value: number | undefined, digits = 2): string =>
    value === undefined || Number.isNaN(value) ? '-' : num(value, digits);
  const [head, ...body] = table(
    ['log', 'rows', 'keeps', 'gains', 'clear', 'false', 'repeats', 'near', 'noise sd', 'metric'],
    books.map((book) => [
      line(book.log.file),
      String(book.log.rows.length),
      String(book.counts.keep),
      String(book.claims.length),
      shown(book.standing, 4),
      shown(book.expectedFalseKeeps),
      String(book.repeats.count),
      String(book.nearMisses.length),
      `${shown(book.noise.sd)}${book.noise.measured || book.noise.sd === undefined ? '' : ' ?'}`,
      line(book.log.metric),
    ]),
    [1, 2, 3, 4, 5, 6, 7],
  );
  return [
    paint.dim(fit(head!, wide)),
    ...body.map((text) => fit(text, wide)),
    paint.dim(
      'clear: gains beyond noise; false: keeps expected to be none; ?: noise guessed; ansatz audit <log> for one',
    ),
  ];
}

/** At spaces; a word that is too long stands alone. */
function wrapped(text: string, wide: number): string[] {
  const lines: string[] = [];
  for (const word of line(text).split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || visibleWidth(last) + 1 + visibleWidth(word) > wide) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** What a terminal can paste back: plain minus signs and spaces. */
function plainText(text: string): string {
  return text.replaceAll('−', '-').replaceAll(/[\u00a0\u202f]/g, ' ');
}
