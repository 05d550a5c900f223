/** Names of metrics: which printed key a configured name means, and which key a script's objective most likely is. */

import type { Metric, Source } from './metric.ts';
import { HELD_OUT, parts } from './words.ts';
import type { Direction } from '../../study/config.ts';

/** The form in which keys are compared: lower case, spaces as `_`, `/` kept. */
export function normalKey(key: string): string {
  return key.trim().toLowerCase().replace(/\s+/g, '_');
}

/**
 * The key that a name means: the same text, else the same normal form, else the only key that ends with the name at a
 * boundary (`acc` for `val/acc`; after `/` before others). Undefined when there is none or more than one such key.
 */
export function matchMetric(wanted: string, keys: Iterable<string>): string | undefined {
  const all = [...keys];
  if (all.includes(wanted)) return wanted;
  const name = normalKey(wanted);
  if (name === '') return undefined;
  const same = all.find((key) => normalKey(key) === name);
  if (same !== undefined) return same;
  for (const boundary of ['/', '_-. ']) {
    const ending = all.filter((key) => {
      const normal = normalKey(key);
      return normal.endsWith(name) && boundary.includes(normal.at(-name.length - 1) ?? '\0');
    });
    if (new Set(ending.map(normalKey)).size === 1) return ending[0];
    if (ending.length > 0) return undefined;
  }
  return undefined;
}

/** A key as a possible objective. */
export interface Candidate {
  /** As first printed. */
  readonly key: string;
  /** Values heard. */
  readonly n: number;
  readonly first: number;
  readonly last: number;
  /** Of the finite values; NaN when there is none. */
  readonly min: number;
  readonly max: number;
  /** The values never turn back; false for fewer than three. */
  readonly monotone: boolean;
  /** What is better, as far as the name says. */
  readonly direction: Direction | undefined;
  /** How likely this is the objective: higher is likelier, below 0 is bookkeeping. */
  readonly score: number;
  readonly source: Source;
}

const LOWER_IS_BETTER = new Set(
  `loss losses ppl perplexity bpb bpc bits nll ce bce mse mae rmse mape rmsle logloss deviance wer cer ter err error fid kid
  kl regret cost lpips brier energy distance`.split(/\s+/),
);
const HIGHER_IS_BETTER = new Set(
  `acc accuracy top auc auroc auprc roc ap map ar iou miou dice f fscore recall precision bleu sacrebleu rouge meteor cider
  psnr ssim elbo reward rew return ret score mcc kappa ndcg mrr hits spearman pearson correlation r likelihood fitness
  correct pass win success`.split(/\s+/),
);
/** Parts of names of what a run prints about itself rather than about its result. */
const BOOKKEEPING = new Set(
  `time times elapsed eta remaining dur duration sec secs seconds ms s dt it its runtime lr lrm learning grad gnorm norm
  gradient tok toks token tokens throughput wps ups sps fps mfu hfu epoch epochs step steps iter iteration iterations memory
  mem vram ram gpu cpu params parameters param samples sample examples scale flops flos tflops size batch data count num
  total consumed depth width layers momentum wd decay seed temperature clip skipped nan entropy epsilon ent timesteps`.split(
    /\s+/,
  ),
);
const HELD_OUT_WORD = new RegExp(`^(?:${HELD_OUT}|holdout)$`);

/** The direction in which a metric of this name gets better, or undefined when the name does not say. */
export function guessDirection(key: string): Direction | undefined {
  // scikit-learn turns losses round: `neg_mean_squared_error`.
  if (/(?:^|[/_ ])neg_/i.test(key)) return 'maximize';
  for (const part of words(key).reverse()) {
    if (LOWER_IS_BETTER.has(part)) return 'minimize';
    if (HIGHER_IS_BETTER.has(part)) return 'maximize';
  }
  return undefined;
}

/** Parts of a name with counts cut off: `top1` is `top`, `R^2` is `r`. */
function words(key: string): string[] {
  return parts(key).map((part) => part.replace(/\d+$/, ''));
}

/**
 * The keys heard, most likely objective first: a closing summary before progress, held-out data before training data,
 * losses and scores before unknown names before times, rates and sizes. Keys with one normal form are one candidate.
 */
export function candidates(metrics: readonly Metric[]): Candidate[] {
  const groups = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const name = normalKey(metric.key);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [metric]);
    else group.push(metric);
  }
  const all = [...groups.values()].map(describe);
  return all.map((one) => ({ ...one, score: one.score - again(one, all) })).sort((a, b) => b.score - a.score);
}

/** Whether two metrics are one by their names, but for what stands before a `/`, and by their last values, as printed. */
export function isTwin(one: Candidate, other: Candidate): boolean {
  if (normalKey(one.key) === normalKey(other.key)) return true;
  const bare = (key: string): string => normalKey(key.slice(key.lastIndexOf('/') + 1));
  // One may be printed with fewer digits.
  return bare(one.key) === bare(other.key) && Math.abs(one.last - other.last) <= 1e-3 * Math.abs(one.last);
}

/** What takes a number that is the end of a curve, written down once more, behind the curve: that can be watched. */
function again(one: Candidate, all: readonly Candidate[]): number {
  if (one.n > 1) return 0;
  const curve = all.find((other) => other.n > 2 && isTwin(one, other));
  return curve === undefined ? 0 : Math.max(0, one.score - curve.score + 0.1);
}

function describe(group: readonly Metric[]): Candidate {
  const { key, source } = group[0]!;
  const values = group.map((metric) => metric.value);
  const finite = values.filter((value) => Number.isFinite(value));
  let min = Infinity;
  let max = -Infinity;
  for (const value of finite) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (finite.length === 0) [min, max] = [NaN, NaN];
  const rising = values.every((value, i) => i === 0 || value >= values[i - 1]!);
  const falling = values.every((value, i) => i === 0 || value <= values[i - 1]!);
  const summary = group.some((metric) => metric.summary);
  const direction = guessDirection(key);
  const constant = values.length > 2 && min === max;
  return {
    key,
    n: values.length,
    first: values[0]!,
    last: values.at(-1)!,
    min,
    max,
    monotone: values.length > 2 && (rising || falling),
    direction: isBookkeeping(key) ? undefined : direction,
    score:
      likelihood(key, direction, summary ? (source === 'metrics' ? 'file' : 'block') : undefined) - (constant ? 1 : 0),
    source,
  };
}

/** Bookkeeping that ends in a measure is one: `step_loss` is a loss, `total_time` is not, nor is `loss_scale`. */
function isBookkeeping(key: string): boolean {
  const last = words(key).findLast(
    (part) => BOOKKEEPING.has(part) || LOWER_IS_BETTER.has(part) || HIGHER_IS_BETTER.has(part),
  );
  return last !== undefined && BOOKKEEPING.has(last);
}

/** Weights are ranks, not probabilities: each step outweighs the sum of the steps below it that usually meet. */
function likelihood(key: string, direction: Direction | undefined, summary?: 'block' | 'file'): number {
  const names = words(key);
  if (isBookkeeping(key)) return summary === undefined ? -4 : -3;
  let score = direction === undefined ? 0 : 4;
  // A block at the end is meant to be the result; a file of results may hold anything.
  if (summary !== undefined) score += summary === 'block' ? 3 : 1;
  if (names.some((name) => HELD_OUT_WORD.test(name))) score += 2;
  else if (names.some((name) => name.startsWith('train'))) score -= 0.5;
  // Choosing by the test set would spend it.
  if (names.some((name) => name.startsWith('test'))) score -= 0.5;
  // A mean over a whole set says more than one batch.
  if (names.some((name) => /^(?:average|avg|mean|final)$/.test(name))) score += 0.25;
  // `best_val_loss` follows `val_loss` and hides how the run went on.
  if (names.includes('best')) score -= 0.25;
  return score;
}
