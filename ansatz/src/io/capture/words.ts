/** The vocabulary of training logs: which words name a metric, a counter, a split of the data, a setting. */

/** Parts of a name that make it one of a metric even without `:` or `=` behind it. */
const METRIC = new Set(
  `loss losses acc accuracy top1 top5 ppl perplexity bpb bpc bits nll ce bce mse mae rmse mape rmsle logloss r2 auc auroc
  auprc roc ap map map50 ar iou miou dice f1 fscore recall precision bleu sacrebleu rouge meteor cider wer cer ter psnr
  ssim lpips fid kid elbo kl reward rew ret return score err error mcc kappa ndcg mrr hits spearman pearson correlation
  lr mfu hfu time ms dt norm gnorm grad throughput tok tokens wps ups sps fps eta mem memory vram entropy regret cost
  objective fitness temperature`.split(/\s+/),
);

/** Metric words that are everyday words too: bare, they need company to count. */
const AMBIGUOUS = new Set(
  'map ap ar time ms error return bits memory mem precision hits cost tokens score temperature'.split(' '),
);

/** Words that may stand before a metric word as part of its name. */
const QUALIFIER = new Set(
  `train training val valid validation test testing eval evaluation dev holdout avg average mean running smoothed ema total
  best final current last lm mlm nll learning grad gradient step epoch batch running cross top weight macro micro`.split(
    /\s+/,
  ),
);

/** Words of sentences: a phrase with one of them is prose, not a name. */
const PROSE = new Set(
  'with at has have had and the a an of on for to from in by is was are were after before took than as this that we it will be'.split(
    ' ',
  ),
);

/** Last words of a name whose number measures nothing. */
const NEVER = new Set(
  `version versions cuda cudnn gpu gpus cpu cpus rank world_size local_rank device devices port localhost line lines pid
  ppid errno code status http https seed node nodes host v_num timestamp _timestamp lineno errors warnings note warning
  counter info debug error exit signal worker workers`.split(/\s+/),
);

/** Settings a script echoes at its start. */
const SETTING = new Set(
  `batch_size bs train_batch_size eval_batch_size per_device_train_batch_size device_batch_size total_batch_size micro_batch_size
  hidden hidden_size hidden_dim hidden_units dim d_model n_layer n_layers num_layers layers n_head n_heads num_heads heads n_embd
  embed_dim embedding_dim block_size vocab_size seq_len sequence_len sequence_length max_seq_len max_length context_length dropout
  weight_decay wd momentum beta1 beta2 betas eps epsilon gamma tau alpha seed random_seed num_workers workers epochs num_epochs
  max_epochs n_epochs max_steps max_iters num_iterations n_steps warmup warmup_steps warmup_iters warmup_ratio num_classes
  num_train_epochs grad_clip clip max_grad_norm gradient_accumulation_steps grad_accum_steps accumulation_steps patience lr
  learning_rate max_lr min_lr lr_decay eval_interval log_interval eval_iters save_steps eval_steps logging_steps
  num_samples n_estimators num_leaves max_depth min_child_weight subsample colsample_bytree num_boost_round test_size`.split(
    /\s+/,
  ),
);

/** One word, or words, that count the progress of a run; `epoch` counters are told apart because steps restart within them. */
export const COUNTER_WORDS =
  'global[_ ]?steps?|train(?:ing)?[_ ]?steps?|time[_ ]?steps?|total[_ ]timesteps|total[_ ]steps|env[_ ]steps|_?step|steps|' +
  'iter(?:ation)?|iters|it|update|num_updates|batch(?:[_ ]idx)?|minibatch|episode|ep|round|generation|gen|epoch';

const COUNTER_NAME = new RegExp(
  `^(?:${COUNTER_WORDS}|n_iter|trainer/global_step|time/total_timesteps|time/iterations)$`,
);

/** Parts of the data a metric is measured on, other than the training set. */
export const HELD_OUT = 'val|valid|validation|test|testing|eval|evaluation|dev';

/** The parts of a name: `val_loss` is `val`, `loss`; `Acc@1` is `acc`. Camel case is cut too. */
export function parts(name: string): string[] {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '' && !/^\d+$/.test(part));
}

/** Whether a word names a metric by itself, as `val_loss`, `Acc@1` and `mAP50` do. */
export function isMetricWord(word: string): boolean {
  if (/^(?:mAP|AP|AR)(?:@.*|[-\d.:]*)$/.test(word)) return true;
  return parts(word).some((part) => METRIC.has(part) || METRIC.has(part.replace(/\d+$/, '')));
}

/** Whether a metric word is also an everyday word, as `time` and `score` are. */
export function isAmbiguous(word: string): boolean {
  return !/^m?A[PR]/.test(word) && AMBIGUOUS.has(word.toLowerCase());
}

export function isQualifier(word: string): boolean {
  return QUALIFIER.has(word.toLowerCase().replace(/\.$/, ''));
}

export function isProse(word: string): boolean {
  return PROSE.has(word.toLowerCase());
}

/** A file of source: `train.sh: 3: no such option` names a line in it. */
const SOURCE_FILE = /\.(?:py|sh|bash|[cm]?[jt]s|pl|rb|r|jl|lua|c|cc|cpp|cu|h|go|rs|java)$/i;

/** Whether a number under this name is never a measurement: versions, devices, ports, line numbers. */
export function isNoMetric(name: string): boolean {
  return NEVER.has(name.toLowerCase()) || SOURCE_FILE.test(name);
}

/** Whether the name is that of a setting, as a script echoes them before it trains. */
export function isSetting(name: string): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return SETTING.has(last.toLowerCase().replaceAll(/[\s-]+/g, '_'));
}

/** What a key of a dictionary or column counts: steps, epochs, or nothing because it holds a metric. */
export function counterOf(key: string): 'step' | 'epoch' | undefined {
  const name = key.toLowerCase();
  const last = name.slice(name.lastIndexOf('/') + 1);
  if (last === 'epoch') return 'epoch';
  return COUNTER_NAME.test(name) || COUNTER_NAME.test(last) ? 'step' : undefined;
}

/** The step of a record with several counters: the step proper, else the epoch. */
export class Counters {
  #step: number | undefined;
  #epoch: number | undefined;

  /** Whether the key is a counter; its value is remembered then. */
  take(key: string, value: number): boolean {
    const counter = counterOf(key);
    if (counter === undefined) return false;
    if (!Number.isFinite(value)) return true;
    if (counter === 'epoch') this.#epoch ??= value;
    else this.#step ??= value;
    return true;
  }

  get step(): number | undefined {
    return this.#step ?? this.#epoch;
  }
}

/** Values under one key without a counter are numbered from 1. */
export class Ordinals {
  readonly #counts = new Map<string, number>();

  next(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}
