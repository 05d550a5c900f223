/** The audit of a log as one HTML file, in the dress of a report: it loads nothing and reads well without its script. */

import type { Logbook } from '../../study/logbook.ts';
import { bothWidths } from './figures/size.ts';
import { html, line } from './escape.ts';
import { claimsFigure, logFigure } from './logbook-figures.ts';
import { amount, logbookStory } from './logbook-story.ts';
import { count, grouped, num, pText, percent, seconds } from './numbers.ts';
import { page, section } from './parts.ts';

/** Rows of a table beyond these are left out, and the page says so. */
const MOST_CLAIMS = 200;
const MOST_NEAR = 25;
const MOST_REPEATS = 25;
const MOST_ROWS = 400;
/** Characters of a description. */
const MOST_TEXT = 240;

/** The whole page; `version` is that of ansatz. */
export function logbookHtml(book: Logbook, version: string): string {
  const story = logbookStory(book);
  const sections = [
    first(book),
    progress(book),
    claims(book),
    near(book),
    repeats(book),
    plan(book),
    rows(book),
    guesses(book),
    method(),
  ];
  return page(
    `${book.log.file}: ${story.headline}`,
    sections,
    `Made by ansatz ${version} from the log alone; this file loads nothing and sends nothing.`,
  );
}

/** Text from anywhere, harmless. */
function text(content: string): string {
  const shown = content.length > MOST_TEXT ? `${content.slice(0, MOST_TEXT - 1)}…` : content;
  return html(line(shown)).replaceAll(/(?<=\d) (?=%|s\b|min\b|h\b)/g, '\u00a0');
}

/** A sentence of our own: as long as it is. */
function sentence(content: string): string {
  return html(line(content)).replaceAll(/(?<=\d) (?=%|s\b|min\b|h\b)/g, '\u00a0');
}

function table(
  heads: readonly (readonly [string, 'n' | 'w' | ''])[],
  body: readonly string[],
  id = '',
  broad = true,
): string {
  const head = heads
    .map(([name, look]) => `<th${look === '' ? '' : ` class="${look}"`}>${sentence(name)}</th>`)
    .join('');
  return `<div class="scroll${broad ? ' broad' : ''}"><table${id === '' ? '' : ` id="${id}"`}><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

function cell(look: 'n' | 'w' | 'long' | '', content: string, sort?: number): string {
  const by = sort === undefined ? '' : ` data-v="${Number.isFinite(sort) ? Number(sort.toPrecision(8)) : ''}"`;
  return `<td${look === '' ? '' : ` class="${look}"`}${by}>${content}</td>`;
}

function first(book: Logbook): string {
  const { log, noise } = book;
  const story = logbookStory(book);
  const better = log.direction === 'minimize' ? 'lower is better' : 'higher is better';
  return `<header>
<p class="where">${text(log.file)} · ${text(log.metric)}, ${better}<span class="chip">${text(log.dialect)}</span>${noise.measured || noise.sd === undefined ? '' : '<span class="chip">noise guessed</span>'}</p>
<h1>${sentence(story.headline)}</h1>
<p class="under">${sentence(story.under)}</p>
${bothWidths((width) => claimsFigure(book, width))}
<dl class="story">${story.rows.map(([name, words]) => `<dt>${sentence(name)}</dt><dd>${sentence(words)}</dd>`).join('')}</dl>
${story.caution === undefined ? '' : `<p class="caution">${sentence(story.caution)}</p>`}
</header>`;
}

function progress(book: Logbook): string {
  const drawing = bothWidths((width) => logFigure(book, width));
  if (drawing === '') return '';
  const groups = book.groups > 1 ? ` The line is that of the largest of ${book.groups} groups.` : '';
  return section(
    'The log',
    `Every row with a value in its order; the line is the best kept so far.${groups}`,
    '<div class="key"><span class="v keep">a gain that stands clear</span><span class="v inconclusive">a gain within noise</span><span class="v discard">any other row</span></div>',
    `<figure>${drawing}<figcaption>${sentence('Band: the incumbent, less or more two standard deviations of a difference of two runs. Within it a result cannot be told from the incumbent. At the lower edge: rows without a value.')}</figcaption></figure>`,
  );
}

function claims(book: Logbook): string {
  if (book.claims.length === 0) return '';
  const shown = book.claims.slice(0, MOST_CLAIMS);
  const plans = new Map(book.plan?.claims.map((one) => [one.row, one]));
  const body = shown.map((claim) => {
    const { row, gain, stands, falseProbability, likely } = claim;
    const confirm = plans.get(row);
    const verdict =
      stands === undefined
        ? ''
        : stands
          ? '<span class="v keep">clear</span>'
          : '<span class="v inconclusive">within noise</span>';
    const fresh =
      confirm === undefined
        ? ''
        : confirm.confirmed
          ? `${confirm.runs}, ${pText(confirm.p)}`
          : `${pText(confirm.p)} after ${confirm.runs}`;
    return `<tr>${cell('n', String(row), row)}${cell('w', verdict)}${cell('n', amount(book, gain), gain)}${cell('n', likely === undefined ? '' : amount(book, likely), likely ?? NaN)}${cell('n', falseProbability === undefined ? '' : percent(falseProbability), falseProbability ?? NaN)}${cell('n', sentence(fresh), confirm?.p ?? NaN)}${cell('long', text(claim.text))}</tr>`;
  });
  const left = book.claims.length - shown.length;
  return section(
    'Claimed gains',
    `Kept rows that are better than the best kept before.${left > 0 ? ` The last ${count(left, 'claim')} are left out.` : ''}`,
    table(
      [
        ['row', 'n'],
        ['noise', ''],
        [`gain in ${book.log.metric}`, 'n'],
        ['likely', 'n'],
        ['P(no better)', 'n'],
        ['fresh runs to confirm', 'n'],
        ['change', ''],
      ],
      body,
    ),
  );
}

function near(book: Logbook): string {
  if (book.nearMisses.length === 0) return '';
  const body = book.nearMisses
    .slice(0, MOST_NEAR)
    .map(
      (miss) =>
        `<tr>${cell('n', String(miss.row), miss.row)}${cell('n', amount(book, miss.effect), miss.effect)}${cell('n', percent(miss.better), miss.better)}${cell('long', text(miss.text))}</tr>`,
    );
  const left = book.nearMisses.length - body.length;
  return section(
    'Dropped within noise',
    `Less than one standard deviation of a difference worse than the incumbent of their time, on a single run. Those at the top deserve a second.${left > 0 ? ` ${count(left, 'less likely one is', 'less likely ones are')} left out.` : ''}`,
    table(
      [
        ['row', 'n'],
        ['effect', 'n'],
        ['P(better)', 'n'],
        ['change', ''],
      ],
      body,
      '',
      false,
    ),
  );
}

function repeats({ repeats: found, log }: Logbook): string {
  if (found.count === 0) return '';
  const groups = found.groups.toSorted((a, b) => b.rows.length - a.rows.length).slice(0, MOST_REPEATS);
  const body = groups.map(({ rows: list }) => {
    const values = list.flatMap((row) => row.value ?? []);
    const spread = values.length === 0 ? '' : `${num(Math.min(...values), 6)} … ${num(Math.max(...values), 6)}`;
    const [head] = list;
    const what =
      head!.text ??
      (head!.knobs === undefined
        ? (head!.id ?? '')
        : Object.entries(head!.knobs)
            .map(([name, value]) => `${name} ${String(value)}`)
            .join(', '));
    const places = list
      .slice(0, 8)
      .map((row) => row.row)
      .join(', ');
    return `<tr>${cell('n', grouped(list.length), list.length)}${cell('', sentence(list.length > 8 ? `${places}, …` : places))}${cell('n', sentence(spread))}${cell('long', text(what))}</tr>`;
  });
  const left = found.groups.length - groups.length;
  const cost = found.seconds === undefined ? '' : ` Those beyond the first took ${seconds(found.seconds)}.`;
  return section(
    'Tried again',
    `${count(found.count, 'row')} beyond the first of ${count(found.groups.length, 'group')}.${cost} The same change may do something else to another incumbent: see what came of it.${left > 0 ? ` ${count(left, 'smaller group')} left out.` : ''}`,
    table(
      [
        ['times', 'n'],
        ['rows', ''],
        [log.metric, 'n'],
        ['what', ''],
      ],
      body,
    ),
  );
}

function plan(book: Logbook): string {
  if (book.plan === undefined || book.claims.length === 0) return '';
  const { runs, baselineRuns, savedRuns, confirmRuns, ideas, confirmed } = book.plan;
  const body = [
    ['runs in the log', grouped(runs)],
    ['not run, because tried before', grouped(savedRuns)],
    ['more runs of the baseline, for a noise floor', grouped(baselineRuns)],
    ['fresh runs to confirm what looked better, at most', grouped(confirmRuns)],
    ['runs left for ideas', grouped(ideas)],
    ['claims confirmed at p ≤ 0.05', `${grouped(confirmed)} of ${grouped(book.claims.length)}`],
  ].map(([name, value]) => `<tr><td>${sentence(name!)}</td><td class="n">${sentence(value!)}</td></tr>`);
  return section(
    'The same runs with ansatz',
    'A change that looks better gets up to five fresh runs with other seeds, and only those count. What they would show is computed from the likely gain, not from the claimed one.',
    `<div class="scroll"><table class="small"><tbody>${body.join('')}</tbody></table></div>`,
  );
}

function rows(book: Logbook): string {
  const { steps, log } = book;
  const shown = steps.length <= MOST_ROWS ? steps : chosen(book);
  const stands = new Map(book.claims.map((claim) => [claim.row, claim.stands]));
  const body = shown.map(({ row, status, effect }) => {
    const look =
      status === 'crash'
        ? 'crash'
        : status === 'keep'
          ? stands.get(row.row) === false
            ? 'inconclusive'
            : 'keep'
          : status === 'running'
            ? 'queued'
            : 'discard';
    const words =
      row.text ??
      (row.knobs === undefined
        ? (row.id ?? '')
        : Object.entries(row.knobs)
            .map(([name, value]) => `${name} ${String(value)}`)
            .join(', '));
    return `<tr>${cell('n', String(row.row), row.row)}${cell('w', `<span class="v ${look}">${status ?? 'no verdict'}</span>`)}${cell('n', row.value === undefined ? '' : sentence(num(row.value, 6)), row.value ?? NaN)}${cell('n', effect === undefined ? '' : amount(book, effect), effect ?? NaN)}${row.group === undefined ? '' : cell('', text(row.group))}${cell('long', text(words))}</tr>`;
  });
  const left = steps.length - shown.length;
  const grouping: [string, 'n' | 'w' | ''][] = steps.some(({ row }) => row.group !== undefined) ? [['group', '']] : [];
  return section(
    'Rows',
    `As they were read.${left > 0 ? ` ${count(left, 'row')} of ${grouped(steps.length)} left out: the kept ones and the first are shown.` : ''}`,
    '<div class="tools" id="tools" hidden><input id="filter" type="search" placeholder="filter" aria-label="filter"><select id="verdict" hidden aria-label="verdict"><option value="">all</option></select><span id="shown"></span></div>',
    table(
      [['row', 'n'], ['verdict', 'w'], [log.metric, 'n'], ['effect', 'n'], ...grouping, ['what', '']],
      body,
      'trials',
    ),
  );
}

/** Of many rows the claims and, as far as there is room, the others from the start on. */
function chosen({ steps }: Logbook): Logbook['steps'] {
  const claimed = steps.filter((step) => step.claim || step.baseline).slice(0, MOST_ROWS / 2);
  const take = new Set(claimed);
  for (const step of steps) {
    if (take.size >= MOST_ROWS) break;
    take.add(step);
  }
  return steps.filter((step) => take.has(step));
}

function guesses({ guesses: list }: Logbook): string {
  return section(
    'How the log was read',
    'Every guess that was made. Options of ansatz audit set them right.',
    `<ul>${list.map((guess) => `<li>${sentence(guess)}</li>`).join('')}</ul>`,
  );
}

function method(): string {
  return section(
    'How to read this',
    '',
    `<p class="lead">${sentence(
      'A gain stands clear of noise when it exceeds 2·√2 standard deviations of one run: two of the difference of two runs. Likely gains are shrunken towards what changes in this log usually do (empirical Bayes, normal effects), and the luck of each incumbent, which was selected for being good, is taken out of them. P(no better) and P(better) come from the same belief. All of it rests on single runs: only fresh ones settle a claim.',
    )}</p>`,
  );
}
