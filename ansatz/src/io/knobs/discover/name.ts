/** Names taken apart into words, and what the words say a setting is. */

/** Lower-case words of a name: `perDevice_train-BatchSize` gives per, device, train, batch, size. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '');
}

/** What a setting is, as far as its name tells; `out` ones are not searched over, for the reason given. */
export type Meaning =
  | { readonly is: 'seed' }
  | { readonly is: 'out'; readonly why: string }
  | {
      readonly is:
        | 'rate'
        | 'decay'
        | 'batch'
        | 'dropout'
        | 'momentum'
        | 'beta1'
        | 'beta2'
        | 'average'
        | 'discount'
        | 'clip'
        | 'smoothing'
        | 'warmup'
        | 'fraction'
        | 'width'
        | 'depth'
        | 'heads'
        | 'context'
        | 'accumulation'
        | 'epsilon'
        | 'strength'
        | 'share'
        | 'leaves'
        | 'penalty'
        | 'activation'
        | 'optimizer'
        | 'schedule'
        | 'other';
    };

export const compute = 'changes how much compute a run uses';
export const stick = 'changes the measuring stick';
const data = 'changes the data, and with them the measuring stick';

/** Reads a name; `context` are the names it is nested in, `numeric` says that it holds a number, `help` may settle doubts. */
export function meaningOf(name: string, context: readonly string[], numeric: boolean, help = ''): Meaning {
  const words = wordsOf(name);
  const has = (...wanted: readonly string[]) => wordList(...wanted).some((word) => words.includes(word));
  const joined = words.join('_');
  const around = context.flatMap(wordsOf);
  const within = (...wanted: readonly string[]) => wordList(...wanted).some((word) => around.includes(word));

  if (/(^|_)(seed|random_state|rng)$/.test(joined)) return { is: 'seed' };
  if (
    has('eval evaluation evaluate val valid validation test testing dev holdout') ||
    within('eval evaluation val validation test')
  ) {
    return out(stick);
  }
  if (
    within(
      'paths path hydra logger loggers logging wandb callbacks callback extras checkpoint checkpointing',
      'tracking',
    )
  ) {
    return out('does not change what is learned');
  }
  const grown = numeric ? trees(joined) : undefined;
  if (grown !== undefined) return { is: grown };
  if (
    (has('batch') && has('size', 'sizes')) ||
    /(^|_)batch$|^(bs|batchsize|mbs|minibatch|minibatches|num_minibatches|micro_batch)$/.test(joined)
  )
    return { is: 'batch' };
  if (/^(in|out|input|output|n_in|n_out)_(size|dim|dims|channels|features)$/.test(joined)) return out(data);
  if (/(^|_)(every|interval)$/.test(joined) && has('metric metrics core hellaswag')) return out(stick);
  if (!numeric && /^(train|fit|predict|infer|inference|train_only|dummy|fake_data)$/.test(joined))
    return out('chooses what is run');
  if (logs(has, joined)) return out('logging and saving');
  if (
    (!numeric || has('port resume restore load')) &&
    has(
      'path paths dir directory file files filename folder root url uri host port addr address outdir outf',
      'dataroot output resume restore load cache hub overwrite',
    )
  ) {
    return out('a path or an address');
  }
  if (has('dry pretrained finetune interactive help push preprocessing do') && !numeric)
    return out('chooses what is run');
  if (/(^|_)(token|api_key|key|password|secret)$/.test(joined) && !numeric) return out('a secret');
  if (
    !numeric &&
    has(
      'name project run entity tag tags group exp experiment user author version id note notes comment',
      'title prefix suffix team notify',
    )
  ) {
    return out('a name');
  }
  if (devices(words, joined)) return out('devices and numerics of the machine');
  if (has('worker workers threads thread prefetch pin jobs procs processes persistent nworkers'))
    return out('parallel loading, no effect on the result');
  const rate =
    has('lr', 'lrs', 'lrate') ||
    joined.includes('learning_rate') ||
    /^(eta|stepsize|base_lr|lrate|learningrate)$/.test(joined);
  const shaped = has(
    'decay schedule scheduler sched warmup mult multiplier gamma factor ratio frac fraction policy type',
    'step steps iters epochs anneal power scale cooldown warmdown noise cycle mul pct std limit prob mode',
  );
  if (rate && numeric && (!shaped || /(^|_)(lr|learning_rate)$/.test(joined))) return { is: 'rate' };
  if ((/(^|_)(wd|weight_?decay|l2|l2_reg|l2_lambda)($|_)/.test(joined) || joined === 'decay') && numeric) {
    return { is: 'decay' };
  }
  const easing = has('warmup warmdown cooldown warm rampup rampdown anneal burnin');
  if (easing && numeric) return { is: 'warmup' };
  if (has('accum', 'accumulation', 'accumulate')) return { is: 'accumulation' };
  if (spends(has, joined, rate)) return out(compute);
  if (
    has(
      'vocab tokenizer dataset datasets data corpus split splits shuffle classes samples subset fold folds',
      'image img resolution task download examples env envs nc bos eos pad features',
    ) ||
    /^(n_?train|train_size|in_channels|out_channels|input_(dim|size)|output_(dim|size)|in_dim|out_dim|n_class|num_labels)$/.test(
      joined,
    )
  ) {
    return out(data);
  }
  if (
    words.some((word) => /^(drop|dropout\d*|dropouts|pdrop|droprate|droppath|drop_?path|p_drop)$/.test(word)) &&
    numeric
  )
    return { is: 'dropout' };
  if (/(^|_)(adam_)?(beta_?1|b1)$/.test(joined)) return { is: 'beta1' };
  if (/(^|_)(adam_)?(beta_?2|b2)$/.test(joined)) return { is: 'beta2' };
  if (has('momentum', 'mom')) return { is: 'momentum' };
  if (has('ema', 'polyak', 'swa') && numeric) return { is: 'average' };
  if (
    /^(gamma|discount|discount_factor|gae_lambda|lr_gamma|lr_decay|decay|lr_decay_rate|lr_decay_factor|decay_rate)$/.test(
      joined,
    )
  )
    return { is: 'discount' };
  if (has('clip', 'clipping', 'gradclip') || joined.includes('grad_norm')) return { is: 'clip' };
  if (has('smoothing')) return { is: 'smoothing' };
  if (has('head heads nhead nheads nh') && !has('dim', 'size', 'type')) return { is: 'heads' };
  if (has('layer layers nlayers nlayer depth blocks nblocks') && numeric && !has('dim size width scale decay norm'))
    return { is: 'depth' };
  if (
    /(^|_)(seq_?len(gth)?|sequence_len(gth)?|max_len(gth)?|block_size|context(_len(gth)?|_size)?|ctx|n_ctx|bptt|max_seq_len(gth)?|max_seq_length)$/.test(
      joined,
    )
  )
    return { is: 'context' };
  if (
    has('dim dims hidden width embd embed emb units filters emsize nhid channels ffn mlp ngf ndf nz') ||
    /(^|_)(d_?model|d_?ff|d_?inner|dmodel|n_?embd|n_?hidden|nhidden|hidden_?size|intermediate_size|planes|neurons|latent)($|_)/.test(
      joined,
    )
  ) {
    return { is: 'width' };
  }
  if (has('eps', 'epsilon')) return { is: 'epsilon' };
  if (has('activation act nonlinearity nonlin actfn activ')) return { is: 'activation' };
  if (has('optimizer optim opt optimiser solver')) return { is: 'optimizer' };
  if (has('schedule scheduler sched decay_type policy')) return { is: 'schedule' };
  if (has('ratio frac fraction prob probability percent pct p prop proportion mixup cutmix quantile tau'))
    return { is: 'fraction' };
  if (
    has(
      'temp temperature alpha lambda lam beta coef coeff weight scale mult multiplier factor penalty std',
      'sigma gain cap softcap threshold margin noise reg regularization l1 decay init power lambda1 lambda2',
      'kl entropy var bandwidth',
    )
  ) {
    return { is: 'strength' };
  }
  if (numeric && /\blearning[ -]rate\b|\bstep size\b/i.test(help) && !/schedul|decay|warm|factor|multipl/i.test(help))
    return { is: 'rate' };
  return { is: 'other' };
}

/** Settings of trees, forests, boosters and support vectors under the names that scikit-learn, XGBoost and LightGBM gave them. */
function trees(joined: string): 'share' | 'leaves' | 'penalty' | undefined {
  if (
    /^(subsample|col_?sample_?by(tree|level|node)|(feature|bagging)_fraction|max_features|max_samples|l1_ratio)$/.test(
      joined,
    )
  )
    return 'share';
  if (
    /^(min_samples_(leaf|split)|min_child_samples|min_data_in_leaf|num_leaves|max_leaf_nodes|max_leaves|n_neighbors)$/.test(
      joined,
    )
  )
    return 'leaves';
  if (
    /^(c|reg_(alpha|lambda)|ccp_alpha|min_child_weight|min_split_(gain|loss)|min_gain_to_split|lambda_l[12]|l[12]_leaf_reg|l2_regularization)$/.test(
      joined,
    )
  )
    return 'penalty';
  return undefined;
}

/** Words of lists written with blanks, which keeps long lists short on the page. */
function wordList(...lists: readonly string[]): string[] {
  return lists.flatMap((list) => list.split(' '));
}

function out(why: string): Meaning {
  return { is: 'out', why };
}

type Has = (...wanted: readonly string[]) => boolean;

function logs(has: Has, joined: string): boolean {
  if (
    has(
      'print verbose verbosity report wandb tensorboard tb neptune mlflow comet trackio swanlab clearml',
      'checkpoint checkpoints checkpointing ckpt save saving plot profile profiler debug dump display',
      'progress quiet silent monitor viz visualize visualise render capture video track logger logging logs',
      'logdir logfile keep upload snapshot sampling generate html',
    )
  )
    return true;
  if (has('log') && !has('std alpha sigma scale var lr')) return true;
  if (has('sample') && has('every interval freq frequency prompt')) return true;
  return /^(interval|every|freq|stride_print|callback)$/.test(joined);
}

function devices(words: readonly string[], joined: string): boolean {
  const machine = new Set(
    wordList(
      'device devices cuda gpu gpus cpu cpus ngpu ngpus mps npu tpu xpu accel accelerator dtype precision',
      'fp8 fp16 bf16 fp32 tf32 float16 bfloat16 half amp backend compile compiled ddp fsdp deepspeed',
      'distributed dist world nodes nnodes nproc master strategy jit flash deterministic cudnn benchmark',
      'multiprocessing peak flops quantization offload',
    ),
  );
  return words.some((word) => machine.has(word)) || /^(local_)?rank$|^world_size$|^sync_bn$|^find_unused/.test(joined);
}

/** Settings that say how long a run goes on. */
function spends(has: Has, joined: string, rate: boolean): boolean {
  if (has('decay milestone milestones lag delay')) return false;
  if (
    /(^|_)(n|num|max|total|train|training)?_?(epochs?|nepochs?|iters?|niters?|iterations?|steps|nsteps|updates|timesteps|rounds|minutes|hours|seconds|secs|duration|budget|patience|generations|episodes|trials|restarts|n_estimators|num_boost_round|num_tokens|train_tokens|total_tokens|max_tokens|niter|epochs_?max)$/.test(
      joined,
    )
  )
    return !rate || !has('lr');
  return (
    /^(max_time|time_limit|train_time|time_budget|total_.*(time|tokens|samples|frames|updates)|max_step|num_step|max_epoch|start_epoch|steps_per_epoch|num_iterations?_.*|(target|train|param)_.*(flops|tokens|data_ratio).*|frames_per_.*|early_stop.*|repeat|repeats|n_runs|num_scheduled_iterations|num_extension_iterations)$/.test(
      joined,
    ) || has('budget')
  );
}
