/**
 * What the true effects behind a log are likely to be: empirical Bayes with normal effects. Efron & Morris 1975 (JASA 70,
 * 311-319) for the idea, Kalman 1960 for the sums.
 *
 * The incumbent has a true level θ, known from its result with the variance of one run, s². A change has a true effect
 * δ ~ N(μ, τ²) and the result θ − δ + ε, ε ~ N(0, s²), losses being lower-is-better. A keep makes θ − δ the new level. All of
 * it is normal, so the belief after every row is exact; and because it is conditioned on every result seen, the luck by
 * which a row was selected as best is part of it: a lucky incumbent is believed to be worse than it looks.
 */

import { cdf } from '../methods/math/normal.ts';
import { mean, median, variance } from '../methods/math/summary.ts';
import type { Judgement } from './logbook-chain.ts';
import { runsAgain } from './logbook-repeats.ts';

/** What is believed of single rows, and of the whole. */
export interface Belief {
  /** Mean and standard deviation of the prior of effects, positive is better. */
  readonly mean: number;
  readonly sd: number;
  /** By row: P(better than the incumbent) and the expected effect, given the log up to that row. */
  readonly rows: ReadonlyMap<number, { readonly better: number; readonly likely: number }>;
  /** Last incumbent against the baseline, mean over groups, with its 95 % interval. */
  readonly total: { readonly likely: number; readonly low: number; readonly high: number };
}

/** Effects further from the median than this many robust standard deviations count as if they were there. */
const CLIP = 5;
/** An effect further than this many standard deviations from its prediction comes from a wider prior. */
const FAR = 2.5;
/** And a result is not believed to be luckier, or unluckier, than this: the best of a hundred is 2.5 off on average. */
const LUCK = 2.5;
const ROUNDS = 50;

/** Mean and variance of true effects, positive is better. */
interface Prior {
  readonly mean: number;
  readonly variance: number;
}

/**
 * Mean and variance of the true effects by the method of moments: those of `effects`, less the variance `noise` that is in
 * each of them, never below 0, and with the uncertainty of the mean on top. Diverged runs must not make the prior wide, so effects are clipped first.
 */
export function priorOf(effects: readonly number[], noise: number): Prior {
  if (effects.length < 2) return { mean: 0, variance: effects.length === 1 ? effects[0]! ** 2 : 0 };
  const centre = median(effects);
  const spread = 1.4826 * median(effects.map((effect) => Math.abs(effect - centre)));
  const clipped =
    spread > 0
      ? effects.map((effect) => Math.min(centre + CLIP * spread, Math.max(centre - CLIP * spread, effect)))
      : effects;
  const all = variance(clipped);
  // The mean of few effects is not known well itself.
  // A log that went well is no reason to expect of the next change that it helps.
  return { mean: Math.min(0, mean(clipped)), variance: Math.max(0, all - noise) + all / effects.length };
}

/** Belief about the rows of a log whose runs have the standard deviation `sd`; `sign` is 1 when lower is better. */
export function believe(steps: readonly Judgement[], sd: number, sign: number): Belief {
  let prior = priorOf(
    steps.flatMap((step) => (step.claim || !runsAgain(step.row) ? (step.effect ?? []) : [])),
    2 * sd ** 2,
  );
  let walk = follow(steps, sd, sign, prior);
  // Against an incumbent that was lucky every change looks worse than it is: take the moments again about the levels
  // that are believed in, until they no longer move.
  for (let round = 0; round < ROUNDS; round++) {
    const before = prior;
    prior = priorOf(walk.effects, sd ** 2 + mean(walk.variances));
    walk = follow(steps, sd, sign, prior);
    if (Math.abs(prior.mean - before.mean) <= 1e-3 * Math.sqrt(prior.variance + sd ** 2)) break;
  }
  const ends = [...walk.groups.values()];
  const likely = mean(ends.map(({ start, now }) => start - now));
  const variances = ends.map(({ startVar, both, nowVar }) => Math.max(0, startVar + nowVar - 2 * both));
  const half = (1.96 * Math.sqrt(variances.reduce((sum, part) => sum + part, 0))) / Math.max(1, ends.length);
  return {
    mean: prior.mean,
    sd: Math.sqrt(prior.variance),
    rows: walk.rows,
    total: { likely, low: likely - half, high: likely + half },
  };
}

interface Walk {
  readonly groups: ReadonlyMap<string, Level>;
  readonly rows: Belief['rows'];
  /** Of every judged row: its result against the level believed in, and the variance of that level. */
  readonly effects: readonly number[];
  readonly variances: readonly number[];
}

function follow(steps: readonly Judgement[], sd: number, sign: number, prior: Prior): Walk {
  const groups = new Map<string, Level>();
  const rows = new Map<number, { better: number; likely: number }>();
  const [effects, variances]: [number[], number[]] = [[], []];
  for (const step of steps) {
    const name = step.row.group ?? '';
    if (step.baseline) {
      const loss = sign * step.row.value!;
      groups.set(name, { start: loss, now: loss, startVar: sd ** 2, both: sd ** 2, nowVar: sd ** 2, result: loss });
      continue;
    }
    const level = groups.get(name);
    // A run with another seed is no change: what it moved says nothing of what changes do.
    if (level === undefined || step.effect === undefined || (!step.claim && runsAgain(step.row))) continue;
    const loss = sign * step.row.value!;
    effects.push(level.now - loss);
    variances.push(level.nowVar);
    const { next, likely, spread } = advance(level, loss, step.claim, prior, sd ** 2);
    groups.set(name, next);
    rows.set(step.row.row, { better: spread > 0 ? cdf(likely / spread) : likely > 0 ? 1 : 0, likely });
  }
  return { groups, rows, effects, variances };
}

/** Joint normal belief about the baseline's level and the incumbent's: means, variances, covariance. Losses. */
interface Level {
  readonly start: number;
  readonly now: number;
  readonly startVar: number;
  readonly both: number;
  readonly nowVar: number;
  /** What the incumbent's own run gave. */
  readonly result: number;
}

/** One more row: the belief after it, and mean and standard deviation of its effect. */
function advance(
  level: Level,
  loss: number,
  kept: boolean,
  prior: Prior,
  noise: number,
): { next: Level; likely: number; spread: number } {
  const expected = level.now - prior.mean;
  const surprise = loss - expected;
  // A normal prior would drag a large true gain back: beyond 2.5 sd it widens until the gain is no further out than that
  // (limited translation, Efron & Morris 1972, JASA 67, 130-139).
  const usual = level.nowVar + prior.variance + noise;
  const total = Math.max(usual, (surprise / FAR) ** 2);
  const width = prior.variance + total - usual;
  if (!(total > 0)) return { next: level, likely: prior.mean, spread: 0 };
  const likely = prior.mean - (width / total) * surprise;
  const spread = Math.sqrt(Math.max(0, width - width ** 2 / total));
  // Covariance of the incumbent after this row with its result: the level itself moves by the change when it was kept.
  const shared = kept ? level.nowVar + width : level.nowVar;
  const result = kept ? loss : level.result;
  const now = (kept ? expected : level.now) + (shared / total) * surprise;
  const next = {
    start: level.start + (level.both / total) * surprise,
    // Logs change their subject, and then the rows that were dropped mislead: nobody's luck is beyond LUCK.
    now: Math.min(result + LUCK * Math.sqrt(noise), Math.max(result - LUCK * Math.sqrt(noise), now)),
    result,
    startVar: level.startVar - level.both ** 2 / total,
    both: level.both - (level.both * shared) / total,
    nowVar: shared - shared ** 2 / total,
  };
  return { next, likely, spread };
}
