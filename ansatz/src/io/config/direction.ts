/** Which way a metric gets better, read off its name. */

import type { Direction } from '../../study/config.ts';

const down =
  /(^|[\W_])(loss|losses|negative|nll|bpb|bpc|bpt|ppl|perplexity|err|error|wer|cer|mse|rmse|mae|mape|fid|logloss|entropy|kl|divergence|regret|distance|latency)\d*($|[\W_])/;
const up =
  /(^|[\W_])(acc|accuracy|acc1|acc5|top1|top5|auc|auroc|roc|f1|fscore|reward|return|returns|score|map|iou|miou|dice|bleu|rouge|rougel|r2|precision|recall|psnr|ssim|success|hits|mrr|ndcg|elo|win|winrate|correct|likelihood)\d*($|[\W_])/;

/** The direction that improves a metric of this name, or undefined when the name does not tell. */
export function directionOf(metric: string): Direction | undefined {
  const name = metric.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  if (down.test(name)) return 'minimize';
  if (up.test(name)) return 'maximize';
  return undefined;
}
