import { expect, test } from 'vitest';
import { compute, meaningOf, stick, wordsOf } from './name.ts';

test('a name is taken apart at every change of style', () => {
  expect(wordsOf('perDevice_train-BatchSize.N_EMBD2')).toEqual([
    'per',
    'device',
    'train',
    'batch',
    'size',
    'n',
    'embd2',
  ]);
});

test.each([
  ['lr', 'rate'],
  ['learningRate', 'rate'],
  ['MATRIX_LR', 'rate'],
  ['warmup_lr', 'rate'],
  ['min-lr', 'rate'],
  ['learning_rate_init', 'rate'],
  ['weight_decay', 'decay'],
  ['wd', 'decay'],
  ['l2', 'decay'],
  ['batch_size', 'batch'],
  ['DEVICE_BATCH_SIZE', 'batch'],
  ['per_device_train_batch_size', 'batch'],
  ['dropout', 'dropout'],
  ['attn_pdrop', 'dropout'],
  ['drop_path', 'dropout'],
  ['momentum', 'momentum'],
  ['adam_beta1', 'beta1'],
  ['b2', 'beta2'],
  ['gamma', 'discount'],
  ['grad_clip', 'clip'],
  ['max_grad_norm', 'clip'],
  ['label_smoothing', 'smoothing'],
  ['warmup_steps', 'warmup'],
  ['WARMDOWN_RATIO', 'warmup'],
  ['lr_warmup_epochs', 'warmup'],
  ['n_embd', 'width'],
  ['d_model', 'width'],
  ['hidden_size', 'width'],
  ['HEAD_DIM', 'width'],
  ['num_layers', 'depth'],
  ['depth', 'depth'],
  ['n_head', 'heads'],
  ['block_size', 'context'],
  ['MAX_SEQ_LEN', 'context'],
  ['gradient_accumulation_steps', 'accumulation'],
  ['adam_eps', 'epsilon'],
  ['temperature', 'strength'],
  ['ent_coef', 'strength'],
  ['tau', 'fraction'],
  ['mask_prob', 'fraction'],
  ['lr_decay_iters', 'strength'],
])('%s is a %s', (name, is) => {
  expect(meaningOf(name, [], true).is).toBe(is);
});

test.each([
  ['epochs', compute],
  ['max_iters', compute],
  ['TIME_BUDGET', compute],
  ['num_train_epochs', compute],
  ['total_timesteps', compute],
  ['max_steps', compute],
  ['eval_iters', stick],
  ['EVAL_TOKENS', stick],
  ['test_batch_size', stick],
  ['val_loss_every', stick],
  ['log_interval', 'logging and saving'],
  ['save_every', 'logging and saving'],
  ['num_workers', 'parallel loading, no effect on the result'],
  ['gpu', 'devices and numerics of the machine'],
  ['world_size', 'devices and numerics of the machine'],
  ['vocab_size', 'changes the data, and with them the measuring stick'],
])('the number %s is left alone: %s', (name, why) => {
  expect(meaningOf(name, [], true)).toEqual({ is: 'out', why });
});

test.each([
  'data_dir',
  'output_file',
  'run_name',
  'device',
  'dtype',
  'backend',
  'dataset',
  'wandb_project',
  'resume',
  'api_key',
])('the text %s is left alone', (name) => {
  expect(meaningOf(name, [], false).is).toBe('out');
});

test.each(['seed', 'random_seed', 'manualSeed', 'SEED', 'random_state'])('%s is the seed', (name) => {
  expect(meaningOf(name, [], true).is).toBe('seed');
});

test('where a name stands, and what its help says, settle doubts', () => {
  expect(meaningOf('size', ['eval'], true)).toEqual({ is: 'out', why: stick });
  expect(meaningOf('save_top_k', ['callbacks', 'checkpoint'], true).is).toBe('out');
  expect(meaningOf('speed', [], true, 'learning rate of the policy').is).toBe('rate');
  expect(meaningOf('speed', [], true).is).toBe('other');
});
