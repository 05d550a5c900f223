/** How far a result of a log moves when nothing but chance does: read off what was run again, or else guessed, never silently. */

import { median, variance } from '../methods/math/summary.ts';
import type { Judgement } from './logbook-chain.ts';
import type { LogRow } from './logbook-log.ts';
import { changeIn, keyOf, type Repeats, runsAgain } from './logbook-repeats.ts';

/** The noise of one run. */
export interface LogNoise {
  /** Standard deviation, same unit as the metric; absent when the log gives no hint. */
  readonly sd?: number;
  /** Where it comes from, for people. */
  readonly from: string;
  /** False when it is a guess. */
  readonly measured: boolean;
  /** Degrees of freedom behind a measured one. */
  readonly df: number;
  readonly told: readonly string[];
}

/** Two results that agree in this many digits or more are one seed run twice, or one run written down twice. */
const SAME_DIGITS = 5;
/** Rows that must call themselves noise, and effects that must be there, before anything is read off them. */
const FEWEST_PARTS = 6;
const FEWEST_FLAT = 3;
const FEWEST_EFFECTS = 8;
const FLAT =
  /\bnois[ey]\b|\bnoise[- ]level\b|\bflat\b|\bneutral\b|\bno[- ](?:effect|change|op|difference|impact)\b|\bnegligible\b|\bidentical\b|\bunchanged\b/i;
/** 0.6745 standard deviations hold the middle half of a normal. */
const QUARTILE = 0.6745;

/** The noise of a log. `given` is the user's own number. */
export function measureNoise(
  rows: readonly LogRow[],
  steps: readonly Judgement[],
  repeats: Repeats,
  given: number | undefined,
): LogNoise {
  if (given !== undefined) return { sd: given, from: 'given', measured: true, df: Infinity, told: [] };
  const told: string[] = [];
  const values = new Set(rows.flatMap((row) => row.value ?? []));
  if (values.size === 1) {
    told.push(`the metric is ${[...values][0]} in every row: there is nothing to compare`);
    return { from: 'not known: the metric never changes', measured: false, df: 0, told };
  }
  const { parts, reruns, changed, alike } = pooled(rows, steps, repeats);
  const df = parts.reduce((sum, part) => sum + part.df, 0);
  if (alike > 0)
    told.push(
      `${alike} results agree with an earlier run of the same to the last digit: taken for the same seed, not for noise`,
    );
  if (df > 0) {
    const words = [
      reruns > 0 ? `${reruns} ${reruns === 1 ? 're-run' : 're-runs'} of a configuration` : '',
      changed > 0 ? `${changed} ${changed === 1 ? 'change' : 'changes'} tried again in another context` : '',
    ].filter((part) => part !== '');
    const { variance: between, wild } = poolOf(parts);
    const sd = between > 0 ? Math.sqrt(between) : resolutionOf(rows) / Math.sqrt(12);
    const from = `measured on ${words.join(' and ')}${wild ? '; their median, as some vary far more than others' : ''}`;
    if (df < 8)
      told.push(
        `noise: ${df} ${df === 1 ? 'degree' : 'degrees'} of freedom tell a standard deviation only roughly; --noise-sd gives a better one`,
      );
    return { sd, from, measured: true, df, told };
  }
  const flat = steps.flatMap(({ row, effect }) => (effect !== undefined && FLAT.test(row.text ?? '') ? [effect] : []));
  if (flat.length >= FEWEST_FLAT) {
    const sd = median(flat.map(Math.abs)) / (QUARTILE * Math.SQRT2);
    if (sd > 0)
      return guessed(
        sd,
        `a guess: no run was repeated; read off ${flat.length} changes that the log itself calls noise, flat or without effect`,
        told,
      );
  }
  const effects = steps.flatMap(({ effect }) => (effect === undefined ? [] : [effect]));
  if (effects.length >= FEWEST_EFFECTS) {
    const sd = shortestHalf(effects) / (2 * QUARTILE * Math.SQRT2);
    if (sd > 0)
      return guessed(
        sd,
        `a guess: no run was repeated; the shortest interval that holds half of the ${effects.length} effects, as if those changes did nothing`,
        told,
      );
  }
  return {
    from: 'not known: no run was repeated, and there are too few results to guess from',
    measured: false,
    df: 0,
    told: [...told, 'noise: not known; repeat a run with another seed, or give --noise-sd'],
  };
}

function guessed(sd: number, from: string, told: readonly string[]): LogNoise {
  return { sd, from, measured: false, df: 0, told: [...told, `noise: ${from}; --noise-sd gives a better one`] };
}

interface Part {
  readonly squares: number;
  readonly df: number;
}

interface Pool {
  readonly parts: readonly Part[];
  /** Runs of a configuration beyond its first, and pairs of the same change in different contexts. */
  readonly reruns: number;
  readonly changed: number;
  readonly alike: number;
}

/**
 * Squares about the mean of results of one configuration, and of the differences of effects of one change. An effect is a
 * difference of two runs; two of them against different incumbents differ with 4 s², against the same one with 2 s².
 */
function pooled(rows: readonly LogRow[], steps: readonly Judgement[], repeats: Repeats): Pool {
  let [reruns, changed, alike] = [0, 0, 0];
  const parts: Part[] = [];
  const used = new Set<LogRow>();
  for (const cluster of clusters(rows, steps)) {
    const values: number[] = [];
    for (const row of cluster) {
      const value = row.value!;
      if (values.some((other) => sameRun(value, other))) alike++;
      else values.push(value);
      used.add(row);
    }
    if (values.length < 2) continue;
    parts.push({ squares: variance(values) * (values.length - 1), df: values.length - 1 });
    reruns += values.length - 1;
  }
  const stepOf = new Map(steps.map((step, i) => [step.row, i]));
  const incumbents = incumbentRows(steps);
  for (const group of repeats.groups) {
    if (group.exact) continue;
    const known = group.rows.filter((row) => !used.has(row) && steps[stepOf.get(row)!]!.effect !== undefined);
    for (let i = 1; i < known.length; i++) {
      const [a, b] = [stepOf.get(known[i - 1]!)!, stepOf.get(known[i]!)!];
      if (sameRun(known[i - 1]!.value!, known[i]!.value!)) {
        alike++;
        continue;
      }
      const share = incumbents[a] === incumbents[b] ? 2 : 4;
      parts.push({ squares: (steps[a]!.effect! - steps[b]!.effect!) ** 2 / share, df: 1 });
      changed++;
    }
  }
  return { parts, reruns, changed, alike };
}

/**
 * The pooled variance. Where it is far above the median of the parts, a few of them vary for other reasons (code that the
 * settings do not tell, a run that diverged), and the median is taken: that of χ² with k degrees of freedom is
 * k (1 − 2/9k)³ (Wilson & Hilferty 1931).
 */
function poolOf(parts: readonly Part[]): { variance: number; wild: boolean } {
  const df = parts.reduce((sum, part) => sum + part.df, 0);
  const plain = parts.reduce((sum, part) => sum + part.squares, 0) / df;
  if (parts.length < FEWEST_PARTS) return { variance: plain, wild: false };
  const scaled = parts
    .map((part) => ({ variance: part.squares / part.df / (1 - 2 / (9 * part.df)) ** 3, df: part.df }))
    .sort((a, b) => a.variance - b.variance);
  let weight = 0;
  const middle = scaled.find((part) => (weight += part.df) >= df / 2)!.variance;
  return plain > 4 * middle && middle > 0 ? { variance: middle, wild: true } : { variance: plain, wild: false };
}

/** Rows that ran the same configuration: by its settings, or because one says that it runs the other again. */
function clusters(rows: readonly LogRow[], steps: readonly Judgement[]): LogRow[][] {
  const valued = rows.filter((row) => row.value !== undefined && row.status !== 'crash');
  const parent = new Map<LogRow, LogRow>();
  const root = (row: LogRow): LogRow => {
    let top = row;
    while (parent.has(top)) top = parent.get(top)!;
    return top;
  };
  const join = (row: LogRow, with_: LogRow): void => {
    const [a, b] = [root(row), root(with_)];
    if (a !== b) parent.set(a, b);
  };
  const first = new Map<string, LogRow>();
  for (const row of valued) {
    if (row.config === undefined && row.knobs === undefined) continue;
    const key = `${row.group ?? ''}\n${keyOf(row)!}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, row);
    else join(row, before);
  }
  const incumbents = incumbentRows(steps);
  const placeOf = new Map(steps.map((step, i) => [step.row, i]));
  const names = new Map<string, LogRow>();
  const ids = new Map<string, LogRow>();
  for (const row of valued) {
    const group = row.group ?? '';
    const [id, text] = [bare(row.id ?? ''), bare(row.text ?? '')];
    if (runsAgain(row)) {
      const place = placeOf.get(row)!;
      const same =
        citedBy(row.text ?? '', (name) => ids.get(`${group}\n${name}`)) ??
        (id === '' ? undefined : names.get(`${group}\nid ${id}`)) ??
        (text === '' || OF_THE_BEST.test(row.text ?? '') ? incumbents[place] : names.get(`${group}\ntext ${text}`));
      if (same !== undefined && same !== row) join(row, same);
    }
    if (id !== '') names.set(`${group}\nid ${id}`, row);
    if (text !== '') names.set(`${group}\ntext ${text}`, row);
    if (row.id !== undefined) {
      ids.set(`${group}\n${row.id.toLowerCase()}`, row);
      const number = /^#?(\d+)[_-]/.exec(row.id)?.[1];
      if (number !== undefined) ids.set(`${group}\n${number}`, row);
    }
  }
  const sets = new Map<LogRow, LogRow[]>();
  for (const row of valued) {
    const top = root(row);
    const set = sets.get(top);
    if (set === undefined) sets.set(top, [row]);
    else set.push(row);
  }
  return [...sets.values()].filter((set) => set.length > 1);
}

/** `confirmation run …`, `re-run of the best …`: the incumbent was run again. */
const OF_THE_BEST =
  /^\W*(?:(?:clean|final|independent)\s+)?(?:confirmation|confirm|re-?run|repro\w*|replicat\w+|verification)\b(?:\s+run)?(?!\s*(?:of\s+)?baseline)/i;

/** The row that a description says it runs again: `SEED=42 confirms 0005`. A number further on is about something else. */
function citedBy(text: string, find: (name: string) => LogRow | undefined): LogRow | undefined {
  const match =
    /^\W*(?:[\w.=-]+\W+){0,4}?(?:of|confirms?|replicates?|reproduces?|re-?runs?)\s+(?:of\s+)?#?([\w.-]+)/i.exec(text);
  return match === null || !/^\W*(?:[\w.-]+\W+){0,2}?(?:seed|confirm|repro|replic|re-?run)/i.test(text)
    ? undefined
    : find(match[1]!.toLowerCase());
}

/** A name without its number, and without the words that say it is run again: what is left names what was run. */
function bare(name: string): string {
  return changeIn(
    name
      .replaceAll('_', ' ')
      .replace(/^#?\d+\s+/, '')
      .replaceAll(/\b(?:random\s+)?seeds?\s*[=:#]?\s*\d+(?:\s*(?:to|->|→|,|and|vs)\s*\d+)*/gi, ' ')
      .replaceAll(
        /\b(?:re-?run|re-?ran|repro|replicate|replication|re-?test|lottery|confirmation|confirm|verification|sentinel|run|same config(?:uration)?|again|random seed|another seed|new seed|seed)\s*#?\d*\b/gi,
        ' ',
      ),
  );
}

/** For every step the row of the incumbent before it. */
function incumbentRows(steps: readonly Judgement[]): (LogRow | undefined)[] {
  const best = new Map<string, LogRow>();
  return steps.map((step) => {
    const before = best.get(step.row.group ?? '');
    if (step.baseline || step.claim) best.set(step.row.group ?? '', step.row);
    return before;
  });
}

/** Equal to the last of many digits. Coarse metrics agree by chance. */
function sameRun(a: number, b: number): boolean {
  return (
    a === b &&
    String(Math.abs(a))
      .replace(/e.*$/, '')
      .replaceAll(/^0+\.?0*|\./g, '').length >= SAME_DIGITS
  );
}

/** Smallest step between two values of the log; 0 when all are the same. */
function resolutionOf(rows: readonly LogRow[]): number {
  const values = [...new Set(rows.flatMap((row) => row.value ?? []))].sort((a, b) => a - b);
  const gaps = values.slice(1).map((value, i) => value - values[i]!);
  return gaps.length === 0 ? 0 : Math.min(...gaps);
}

/** Width of the shortest interval that holds half of the values and one more. */
function shortestHalf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2) + 1;
  let width = Infinity;
  for (let i = 0; i + half <= sorted.length; i++) width = Math.min(width, sorted[i + half - 1]! - sorted[i]!);
  return width;
}
