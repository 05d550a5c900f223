/**
 * What a log of experiments that others have run is worth: which of its claimed gains stand clear of noise, how many keeps
 * are expected to be false, what was tried twice, what was dropped too early, and what all of it is likely to add up to.
 * docs/audit.md has the formulas.
 */

import { median } from '../methods/math/summary.ts';
import { type Judgement, judgeRows } from './logbook-chain.ts';
import type { Log, LogRow, LogStatus } from './logbook-log.ts';
import { type LogNoise, measureNoise } from './logbook-noise.ts';
import { type Plan, planOf } from './logbook-plan.ts';
import { type Repeats, repeatsOf, runsAgain } from './logbook-repeats.ts';
import { type Belief, believe } from './logbook-shrink.ts';

export type { Log, LogRow, LogStatus } from './logbook-log.ts';

/** What the user knows better than the log. */
export interface LogbookOptions {
  /** Standard deviation of one run, instead of what the log shows. */
  readonly noiseSd?: number;
  /** The row everything is compared with first: its line, id, commit or text. */
  readonly baseline?: string;
}

/** A gain that the log claims: a kept row that is better than the best kept before it. */
export interface Claim {
  readonly row: number;
  readonly text: string;
  /** In the metric's unit, above 0. */
  readonly gain: number;
  /** Beyond two standard deviations of a difference of two runs; absent while the noise is unknown. */
  readonly stands?: boolean;
  /** P(no better than the incumbent, given the log up to here). */
  readonly falseProbability?: number;
  /** The gain to be expected of it, shrunken. */
  readonly likely?: number;
}

/** An idea that was dropped though its result lies within noise of the incumbent's. */
export interface NearMiss {
  readonly row: number;
  readonly text: string;
  /** Against the incumbent of its time; positive is better. */
  readonly effect: number;
  /** P(better than the incumbent, given the log up to here). */
  readonly better: number;
}

/** The findings: what `ansatz audit` prints. Amounts are in the metric's unit, gains are positive when better. */
export interface Logbook {
  readonly log: Log;
  readonly counts: Readonly<Record<LogStatus | 'unknown', number>>;
  /** The first and the last incumbent, of the only group or of the largest. */
  readonly from?: number;
  readonly to?: number;
  readonly groups: number;
  readonly steps: readonly Judgement[];
  readonly claims: readonly Claim[];
  /** Kept rows that are no better than the incumbent by the metric. */
  readonly keepsWithoutGain: number;
  /** NaN without a claim. */
  readonly medianGain: number;
  readonly noise: LogNoise;
  /** What a gain must exceed to stand: 2·√2·sd. */
  readonly threshold?: number;
  readonly standing?: number;
  readonly expectedFalseKeeps?: number;
  /** All that was gained, mean over groups: as claimed, and as likely with its 95 % interval. */
  readonly total?: {
    readonly claimed: number;
    readonly likely?: number;
    readonly low?: number;
    readonly high?: number;
  };
  /** The prior that claims are shrunken towards. */
  readonly prior?: Pick<Belief, 'mean' | 'sd'>;
  readonly repeats: Repeats;
  readonly nearMisses: readonly NearMiss[];
  readonly plan?: Plan;
  /** The log's guesses and those of the analysis. */
  readonly guesses: readonly string[];
}

/** Audit a log. Rows are taken in their order; nothing is thrown for logs without keeps, values or noise. */
export function auditLog(log: Log, options: LogbookOptions = {}): Logbook {
  const guesses = [...log.guesses];
  const sign = log.direction === 'minimize' ? 1 : -1;
  const { steps, told } = judgeRows(log, sign, options.baseline);
  guesses.push(...told);
  const repeats = repeatsOf(log.rows);
  const noise = measureNoise(log.rows, steps, repeats, options.noiseSd);
  guesses.push(...noise.told);

  const threshold = noise.sd === undefined ? undefined : 2 * Math.SQRT2 * noise.sd;
  const belief = noise.sd === undefined ? undefined : believe(steps, noise.sd, sign);
  const claims = steps
    .filter((step) => step.claim)
    .map((step): Claim => {
      const of = belief?.rows.get(step.row.row);
      return {
        row: step.row.row,
        text: nameOf(step.row),
        gain: step.effect!,
        ...(threshold === undefined ? {} : { stands: step.effect! > threshold }),
        ...(of === undefined ? {} : { falseProbability: 1 - of.better, likely: of.likely }),
      };
    });
  const near = belief === undefined ? [] : nearMissesOf(steps, belief, noise.sd!);
  const ends = endsOf(steps, sign);
  const idle = steps.filter((step) => step.status === 'keep' && step.effect !== undefined && !step.claim).length;
  if (idle > claims.length)
    guesses.push(
      `${idle} kept rows are no better than the best kept before them: the log may follow several lines at once, or keep for other reasons; they claim nothing here`,
    );
  return {
    log,
    counts: countsOf(steps),
    ...ends.largest,
    groups: ends.groups,
    steps,
    claims,
    keepsWithoutGain: idle,
    medianGain: median(claims.map((claim) => claim.gain)),
    noise,
    ...(threshold === undefined ? {} : { threshold, standing: claims.filter((claim) => claim.stands === true).length }),
    ...(belief === undefined
      ? {}
      : {
          expectedFalseKeeps: claims.reduce((sum, claim) => sum + (claim.falseProbability ?? 0), 0),
          prior: { mean: belief.mean, sd: belief.sd },
        }),
    ...(ends.groups === 0 ? {} : { total: { claimed: ends.gained, ...totalOf(belief, ends.gained) } }),
    repeats,
    nearMisses: near,
    ...(noise.sd === undefined ? {} : { plan: planOf(steps.length, claims, repeats.count, noise.sd) }),
    guesses,
  };
}

/** What a row is called: by its description, else by its group and id. */
function nameOf(row: LogRow): string {
  return row.text ?? [row.group, row.id].filter((part) => part !== undefined).join(', ');
}

/** What was claimed was selected for being good: no more than that is believed. */
function totalOf(belief: Belief | undefined, claimed: number): Partial<Belief['total']> {
  if (belief === undefined) return {};
  const { likely, low, high } = belief.total;
  return { likely: Math.min(likely, claimed), low: Math.min(low, claimed), high };
}

function countsOf(steps: readonly Judgement[]): Logbook['counts'] {
  const counts = { keep: 0, discard: 0, crash: 0, running: 0, unknown: 0 };
  for (const { status } of steps) counts[status ?? 'unknown']++;
  return counts;
}

/** Dropped, though less than one standard deviation of a difference worse: the likeliest to be better first. */
function nearMissesOf(steps: readonly Judgement[], belief: Belief, sd: number): NearMiss[] {
  return steps
    .filter(
      ({ row, status, effect }) =>
        status === 'discard' && effect !== undefined && effect > -Math.SQRT2 * sd && !runsAgain(row),
    )
    .map(({ row, effect }) => ({
      row: row.row,
      text: nameOf(row),
      effect: effect!,
      better: belief.rows.get(row.row)?.better ?? NaN,
    }))
    .sort((a, b) => b.better - a.better || b.effect - a.effect);
}

/** First and last incumbent of every group: how much they differ on average, and those of the group with most rows. */
function endsOf(
  steps: readonly Judgement[],
  sign: number,
): { groups: number; gained: number; largest?: { from: number; to: number } } {
  const ends = new Map<string, { from: number; to: number; rows: number }>();
  for (const { row, after } of steps) {
    if (after === undefined) continue;
    const group = ends.get(row.group ?? '');
    if (group === undefined) ends.set(row.group ?? '', { from: after, to: after, rows: 1 });
    else {
      group.to = after;
      group.rows++;
    }
  }
  const all = [...ends.values()];
  if (all.length === 0) return { groups: 0, gained: NaN };
  const { from, to } = all.reduce((best, group) => (group.rows > best.rows ? group : best));
  const gained = all.reduce((sum, group) => sum + sign * (group.from - group.to), 0) / all.length;
  return { groups: all.length, gained, largest: { from, to } };
}
