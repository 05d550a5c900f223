/** The audit of a log in sentences, which the page and the terminal share. */

import type { Claim, Logbook, NearMiss } from '../../study/logbook.ts';
import { count, grouped, num, percent, seconds } from './numbers.ts';

/** What an audit says, from the top down. */
export interface LogbookStory {
  readonly headline: string;
  readonly under: string;
  /** Name and sentence, in reading order. */
  readonly rows: readonly (readonly [string, string])[];
  readonly caution?: string;
}

/** Digits that show the noise and no more. */
export function amount(book: Logbook, value: number): string {
  const scale = book.noise.sd ?? Math.abs(value);
  const decimals = scale > 0 ? Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(scale)))) : 4;
  return Math.abs(value) >= 1e7 || decimals > 8 ? num(value, 3) : value.toFixed(decimals).replace('-', '−');
}

/** `row 12 (warmup 0.1)`. */
export function rowName({ row, text }: Pick<Claim | NearMiss, 'row' | 'text'>, most = 44): string {
  const words = text.replaceAll(/\s+/g, ' ').trim();
  return words === ''
    ? `row ${row}`
    : `row ${row} (${words.length > most ? `${words.slice(0, most - 1).trimEnd()}…` : words})`;
}

/** The story of a log. */
export function logbookStory(book: Logbook): LogbookStory {
  const { log, counts, claims, standing, noise } = book;
  const n = claims.length;
  const headline =
    n === 0
      ? 'No gain is claimed'
      : standing === undefined
        ? `${count(n, 'gain')} claimed, and no noise to hold ${n === 1 ? 'it' : 'them'} against`
        : `${grouped(standing)} of ${count(n, 'claimed gain')} ${standing === 1 ? 'stands' : 'stand'} clear of noise`;
  const parts = [
    log.judged ? `${grouped(counts.keep)} kept` : `${grouped(counts.keep)} best so far (the log has no verdicts)`,
    `${grouped(counts.discard)} dropped`,
    `${grouped(counts.crash)} crashed`,
    ...(counts.running > 0 ? [`${grouped(counts.running)} not run yet`] : []),
    ...(counts.unknown > 0 ? [`${grouped(counts.unknown)} without a verdict`] : []),
  ];
  const moved =
    book.from === undefined || book.to === undefined || book.claims.length === 0
      ? ''
      : ` ${log.metric} ${num(book.from, 6)} → ${num(book.to, 6)}${book.groups > 1 ? ` in the largest of ${book.groups} groups` : ''}.`;
  return {
    headline,
    under: `${count(log.rows.length, 'row')}: ${parts.join(', ')}.${moved}`,
    rows: [
      ['Noise', noiseText(book)],
      ['Claims', claimsText(book)],
      ['False keeps', falseText(book)],
      ['Total', totalText(book)],
      ['Repeats', repeatsText(book)],
      ['Near misses', nearText(book)],
      ['With ansatz', planText(book)],
    ].filter((row): row is [string, string] => row[1] !== ''),
    ...(noise.measured || noise.sd === undefined
      ? {}
      : { caution: 'The noise is a guess. Run the last incumbent three times with other seeds, and give --noise-sd.' }),
  };
}

function noiseText({ noise }: Logbook): string {
  if (noise.sd === undefined) return `${capital(noise.from)}.`;
  const df = noise.measured && Number.isFinite(noise.df) ? ` (${count(noise.df, 'degree')} of freedom)` : '';
  return `One run has sd ${num(noise.sd, 2)}: ${noise.from}${df}.`;
}

function claimsText(book: Logbook): string {
  const { claims, medianGain, threshold, standing, keepsWithoutGain } = book;
  const idle =
    keepsWithoutGain > 0
      ? ` ${count(keepsWithoutGain, 'more kept row is', 'more kept rows are')} no better than the best kept before.`
      : '';
  if (claims.length === 0) return `No kept row is better than the one before.${idle}`;
  const median = `Median gain ${amount(book, medianGain)}`;
  if (threshold === undefined) return `${median}.${idle}`;
  const below = claims.length - standing!;
  return `${median}; ${standing === 0 ? 'none exceeds' : below === 0 ? 'all exceed' : `${grouped(standing!)} of ${grouped(claims.length)} exceed`} ${amount(book, threshold)}, two sd of a difference.${idle}`;
}

function falseText({ expectedFalseKeeps, claims }: Logbook): string {
  if (expectedFalseKeeps === undefined || claims.length === 0) return '';
  if (expectedFalseKeeps < 0.05) return 'None of the claims is expected to be false.';
  return `About ${num(expectedFalseKeeps, 2)} of the ${count(claims.length, 'claim')} (${percent(expectedFalseKeeps / claims.length)}) are expected to be no better than what they replaced.`;
}

function totalText(book: Logbook): string {
  const { total, groups, claims } = book;
  if (total === undefined || claims.length === 0) return '';
  const each = groups > 1 ? ', mean over groups' : '';
  if (total.likely === undefined) return `${amount(book, total.claimed)} claimed${each}.`;
  return `${amount(book, total.claimed)} claimed, ${amount(book, total.likely)} likely (95 %: ${amount(book, total.low!)} to ${amount(book, total.high!)})${each}.`;
}

function repeatsText({ repeats, log }: Logbook): string {
  if (repeats.count === 0) return 'Nothing was tried twice.';
  const exact = repeats.groups.some((group) => group.exact);
  const cost = [
    ...(repeats.seconds === undefined ? [] : [seconds(repeats.seconds)]),
    ...(repeats.money === undefined ? [] : [num(repeats.money, 3)]),
  ];
  const share = ` (${percent(repeats.count / log.rows.length)})`;
  const what = exact
    ? 'have the same settings as an earlier one'
    : 'name a change that was tried before, though perhaps in another context';
  return `${count(repeats.count, 'row')}${share} ${repeats.count === 1 ? what.replace('have', 'has').replace('name', 'names') : what}${cost.length > 0 ? `; they took ${cost.join(', ')}` : ''}.`;
}

function nearText(book: Logbook): string {
  const { nearMisses, noise } = book;
  if (noise.sd === undefined) return '';
  if (nearMisses.length === 0) return 'No idea was dropped within noise.';
  const first = nearMisses.slice(0, 2).map((miss) => `${rowName(miss)}, P(better) ${num(miss.better, 2)}`);
  return `${count(nearMisses.length, 'idea was', 'ideas were')} dropped within noise. Deserving a second run first: ${first.join('; ')}.`;
}

function planText({ plan, claims }: Logbook): string {
  if (plan === undefined || claims.length === 0) return '';
  const { runs, baselineRuns, savedRuns, confirmRuns, ideas, confirmed } = plan;
  const twice = savedRuns > 0 ? `, none of them twice (${grouped(savedRuns)} ${savedRuns === 1 ? 'was' : 'were'})` : '';
  const share =
    ideas > 0
      ? `Of the same ${count(runs, 'run')} at most ${grouped(confirmRuns)} would confirm what looked better, ${baselineRuns} measure the baseline, and ${grouped(ideas)} try ideas${twice}.`
      : `Confirming what looked better takes up to ${count(confirmRuns, 'run')}, so the same ${grouped(runs)} would try fewer ideas${twice}, each of them to a verdict.`;
  return `${share} Likely confirmed at p ≤ 0.05: ${grouped(confirmed)} of ${count(claims.length, 'claim')}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
