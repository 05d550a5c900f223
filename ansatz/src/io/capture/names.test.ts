import { describe, expect, it } from 'vitest';
import type { Metric } from './metric.ts';
import { candidates, guessDirection, matchMetric, normalKey } from './names.ts';
import { createParser } from './parser.ts';

function hear(text: string): Metric[] {
  const parser = createParser('stdout');
  return [...parser.push(Buffer.from(text)), ...parser.end()];
}

it('keys are compared without case and kinds of space', () => {
  expect(normalKey('  Train  Loss ')).toBe('train_loss');
  expect(normalKey('Val/Acc@1')).toBe('val/acc@1');
});

describe('a configured name means', () => {
  it.each([
    ['loss', ['Loss', 'loss'], 'loss'],
    ['val_loss', ['Val Loss', 'train_loss'], 'Val Loss'],
    ['acc', ['val/acc', 'val/loss'], 'val/acc'],
    ['ep_rew_mean', ['rollout/ep_rew_mean', 'time/fps'], 'rollout/ep_rew_mean'],
    ['loss', ['metrics/loss', 'train_loss'], 'metrics/loss'],
    ['bpb', ['val_bpb', 'loss'], 'val_bpb'],
    ['loss', ['train_loss', 'val_loss'], undefined],
    ['loss', ['a/loss', 'b/loss'], undefined],
    ['oss', ['loss'], undefined],
    ['', ['loss'], undefined],
    ['acc', [], undefined],
  ])('%j among %j: %j', (wanted, keys, key) => expect(matchMetric(wanted, keys)).toBe(key));
});

it.each([
  ['val_loss', 'minimize'],
  ['val_bpb', 'minimize'],
  ['Acc@1', 'maximize'],
  ['eval/accuracy', 'maximize'],
  ['R^2', 'maximize'],
  ['F1-score', 'maximize'],
  ['ep_rew_mean', 'maximize'],
  ["valid_0's binary_logloss", 'minimize'],
  ["valid_0's auc", 'maximize'],
  ['RMSE', 'minimize'],
  ['neg_mean_squared_error', 'maximize'],
  ['metrics/mAP50-95(B)', 'maximize'],
  ['something', undefined],
])('%s is to %s', (key, direction) => expect(guessDirection(key)).toBe(direction));

describe('the likeliest objective', () => {
  const steps = Array.from({ length: 5 }, (_, i) => i);
  it.each([
    [
      'of autoresearch',
      steps
        .map(
          (i) =>
            `\rstep 0000${i} (1.0%) | loss: ${5 - i}.000000 | lrm: 1.00 | dt: 313ms | tok/sec: 1,675,304 | mfu: 39.8% | epoch: 1`,
        )
        .join('') +
        '\n---\nval_bpb:          0.997900\ntraining_seconds: 300.1\ntotal_seconds:    325.9\npeak_vram_mb:     45060.2\nmfu_percent:      39.80\ntotal_tokens_M:   499.6\nnum_steps:        953\nnum_params_M:     50.3\ndepth:            8\n',
      'val_bpb',
      'minimize',
    ],
    [
      'of nanoGPT',
      steps
        .map(
          (i) =>
            `step ${i}: train loss ${4 - i * 0.5}, val loss ${4.1 - i * 0.5}\niter ${i}: loss 3.${i}, time 117.67ms, mfu 0.00%\n`,
        )
        .join(''),
      'val loss',
      'minimize',
    ],
    [
      'of MNIST',
      steps
        .map(
          (i) =>
            `Train Epoch: ${i} [6400/60000 (11%)]\tLoss: 0.2${i}\n\nTest set: Average loss: 0.05${i}2, Accuracy: 98${i}2/10000 (98%)\n`,
        )
        .join(''),
      'Average loss',
      'minimize',
    ],
    [
      'of Keras',
      steps
        .map(
          (i) =>
            `Epoch ${i}/5\n6/6 - 0s - 57ms/step - accuracy: 0.${i}1 - loss: 4.5 - val_accuracy: 0.${i}2 - val_loss: 3.${i}\n`,
        )
        .join(''),
      'val_accuracy',
      'maximize',
    ],
    [
      'of LightGBM',
      steps.map((i) => `[${i}00]\ttraining's l2: 0.1\tvalid_0's auc: 0.75${i}\n`).join(''),
      "valid_0's auc",
      'maximize',
    ],
    [
      'of Stable-Baselines3',
      '| rollout/ |   |\n|    ep_len_mean | 100 |\n|    ep_rew_mean | 21.4 |\n| time/ |  |\n|    fps | 900 |\n|    total_timesteps | 2048 |\n| train/ |  |\n|    entropy_loss | -0.6 |\n|    learning_rate | 0.0003 |\n---\n',
      'rollout/ep_rew_mean',
      'maximize',
    ],
    [
      'of scikit-learn',
      'Loading data\nFold 1: accuracy = 0.91\nFold 2: accuracy = 0.93\nTraining took 3.2 s\n',
      'accuracy',
      'maximize',
    ],
    [
      'of a Hugging Face script',
      "{'loss': '3.9', 'grad_norm': '1.5', 'learning_rate': '4e-05', 'epoch': '0.5'}\n{'eval_loss': 3.92, 'eval_runtime': 0.118, 'eval_samples_per_second': 81.2, 'epoch': 2.0}\n",
      'eval_loss',
      'minimize',
    ],
  ])('%s is found', (_, output, key, direction) => {
    const best = candidates(hear(output))[0];
    expect(best?.key).toBe(key);
    expect(best?.direction).toBe(direction);
  });
});

it('a candidate tells its history', () => {
  const [loss, time] = candidates(
    hear('step 1 loss 3.0 time 1s\nstep 2 loss nan time 1s\nstep 3 Loss 1.0 time 1s\nstep 4 loss 2.0 time 1s\n'),
  );
  expect(loss).toMatchObject({
    key: 'loss',
    n: 4,
    first: 3,
    last: 2,
    min: 1,
    max: 3,
    monotone: false,
    direction: 'minimize',
    source: 'stdout',
  });
  expect(time).toMatchObject({ key: 'time', n: 4, monotone: true, direction: undefined });
  expect(time!.score).toBeLessThan(0);
  expect(candidates([])).toEqual([]);
});

it('the end of a curve that is written down once more stands behind the curve', () => {
  const curve = (key: string, values: readonly number[]): Metric[] =>
    values.map((value, i) => ({ key, step: i, value, resolution: 0, source: 'metrics', summary: values.length === 1 }));
  const keys = (...metrics: Metric[][]): string[] => candidates(metrics.flat()).map(({ key }) => key);
  const loss = curve('val_loss', [0.5, 0.4, 0.3]);
  expect(keys(curve('final/val_loss', [0.30001]), loss)).toEqual(['val_loss', 'final/val_loss']);
  expect(keys(curve('final/val_loss', [0.2]), loss)).toEqual(['final/val_loss', 'val_loss']);
});
