import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MetricFile } from '../../study/config.ts';
import { openCapture, type Capture } from './capture.ts';

let root: string;
let dir: string;
let folder: string;
let capture: Capture | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ansatz-capture-'));
  dir = join(root, 'run');
  folder = join(root, 'script');
  mkdirSync(dir);
  mkdirSync(folder);
});
afterEach(() => {
  capture?.close();
  capture = undefined;
  rmSync(root, { recursive: true });
});

function open(files: readonly MetricFile[] = [], more: { fresh?: boolean; pattern?: string } = {}): Capture {
  capture = openCapture({ dir, folder, files, ...more });
  return capture;
}

const say = (stream: 'stdout' | 'stderr' | 'metrics.jsonl', text: string): void =>
  appendFileSync(join(dir, stream), text);
const brief = (ear: Capture): string[] =>
  ear.poll().map(({ key, step, value, source }) => `${source} ${key}@${step}=${value}`);

it('a run that has said nothing has nothing to tell', () => {
  const ear = open([
    { path: 'missing.csv', format: 'csv' },
    { path: 'tb', format: 'tensorboard' },
  ]);
  expect(ear.poll()).toEqual([]);
  expect(ear.behind).toBe(false);
  expect(ear.finish()).toEqual([]);
});

it('a run is heard through its streams as it goes, each point once', () => {
  const ear = open();
  say('stdout', 'step 1 loss: 0.5\nstep 2 lo');
  say('stderr', '\r 10%|#  | 1/10 [00:01<00:09, 1.0it/s, acc=0.25]\r 20%|## | 2/10 [');
  expect(brief(ear)).toEqual(['stdout loss@1=0.5', 'stderr acc@1=0.25']);
  expect(brief(ear)).toEqual([]);
  say('stdout', 'ss: 0.25');
  expect(brief(ear)).toEqual([]);
  expect(ear.finish()).toMatchObject([{ key: 'loss', step: 2, value: 0.25 }]);
});

it('every kind of file is found from the script’s folder', () => {
  writeFileSync(join(folder, 'log.csv'), 'step,a\n1,0.5\n');
  writeFileSync(join(folder, 'log.jsonl'), '{"step": 1, "b": 0.5}\n');
  mkdirSync(join(folder, 'runs', 'Nov21_host'), { recursive: true });
  copyFileSync(
    new URL('fixtures/tf2.tfevents', import.meta.url),
    join(folder, 'runs', 'Nov21_host', 'events.out.tfevents.1'),
  );
  say('metrics.jsonl', '{"step": 1, "c": 0.5}\n');
  const ear = open([
    { path: 'log.csv', format: 'csv' },
    { path: join(folder, 'log.jsonl'), format: 'jsonl' },
    { path: 'runs', format: 'tensorboard' },
  ]);
  expect(brief(ear).sort()).toEqual([
    'csv a@1=0.5',
    'metrics b@1=0.5',
    'metrics c@1=0.5',
    'tensorboard loss@0=1',
    'tensorboard loss@1=0.5',
    'tensorboard loss@2=0.3333333',
  ]);
});

describe('a key heard from two sources', () => {
  it('is told from the one with more digits', () => {
    const ear = open();
    say('stdout', 'step 1 | Train Loss: 0.1235\n');
    say('metrics.jsonl', '{"step": 1, "train_loss": 0.12345678901234567}\n');
    expect(brief(ear)).toEqual(['metrics train_loss@1=0.12345678901234566']);
    say('stdout', 'step 2 | Train Loss: 0.1234 | acc: 0.5\n');
    expect(brief(ear)).toEqual(['stdout acc@2=0.5']);
  });

  it('goes over to the finer one when it appears', () => {
    const ear = open();
    say('stderr', 'step 1 loss=0.5\n');
    expect(brief(ear)).toEqual(['stderr loss@1=0.5']);
    say('stdout', 'step 2 loss=0.4321\n');
    expect(brief(ear)).toEqual(['stdout loss@2=0.4321']);
    say('stderr', 'step 3 loss=0.3\n');
    expect(brief(ear)).toEqual([]);
  });

  it('is told from what was sent on purpose when they are equal', () => {
    const ear = open();
    say('stderr', 'step 1 loss=0.5\n');
    say('stdout', 'step 1 loss=0.5\n');
    expect(brief(ear)).toEqual(['stdout loss@1=0.5']);
    say('metrics.jsonl', '{"step": 1, "loss": 0.5}\n');
    expect(brief(ear)).toEqual(['metrics loss@1=0.5']);
  });

  it('is not decided by NaN, which has no digits', () => {
    const ear = open();
    say('stdout', 'step 1 loss=nan\n');
    expect(brief(ear)).toEqual(['stdout loss@1=NaN']);
    say('metrics.jsonl', '{"step": 2, "loss": 0.5}\n');
    expect(brief(ear)).toEqual(['metrics loss@2=0.5']);
  });
});

it('a flood is read in bites, without starving the other stream', () => {
  say('stdout', 'step 1 loss: 0.5\n'.repeat(20_000));
  say('stderr', 'step 1 acc: 0.5\n');
  const ear = open();
  const first = ear.poll(30_000);
  expect(first.length).toBeLessThan(1000);
  expect(first.some((metric) => metric.key === 'acc')).toBe(true);
  expect(ear.behind).toBe(true);
  expect(first.length + ear.finish().length).toBe(20_001);
  expect(ear.behind).toBe(false);
});

it('before the start, what metric files hold is of an earlier run', () => {
  writeFileSync(join(folder, 'log.csv'), 'step,loss\n1,0.9\n2,0.8\n');
  copyFileSync(new URL('fixtures/tf2.tfevents', import.meta.url), join(folder, 'events.out.tfevents.1'));
  const ear = open(
    [
      { path: 'log.csv', format: 'csv' },
      { path: '.', format: 'tensorboard' },
    ],
    { fresh: true },
  );
  expect(brief(ear)).toEqual([]);
  appendFileSync(join(folder, 'log.csv'), '3,0.5\n');
  expect(brief(ear)).toEqual(['csv loss@3=0.5']);
});

it('who listens anew to a running process hears it from its start, and nothing of earlier runs', () => {
  const files = [{ path: 'log.csv', format: 'csv' }] as const;
  appendFileSync(join(folder, 'log.csv'), 'step,loss\n1,0.9\n2,0.8\n');
  expect(brief(open(files, { fresh: true }))).toEqual([]);
  appendFileSync(join(folder, 'log.csv'), '3,0.5\n');
  capture!.close();
  const again = open(files);
  expect(brief(again)).toEqual(['csv loss@3=0.5']);
  appendFileSync(join(folder, 'log.csv'), '4,0.4\n');
  expect(brief(again)).toEqual(['csv loss@4=0.4']);
});

it.each(['json', 'csv'] as const)(
  'results of a run in place that repeat an earlier run’s are its own (%s)',
  (format) => {
    const file = join(folder, `results.${format}`);
    const text = format === 'json' ? '{\n  "loss": 0.25\n}\n' : 'step,loss\n1,0.25\n';
    writeFileSync(file, text);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const ear = open([{ path: `results.${format}`, format }], { fresh: true });
    expect(brief(ear)).toEqual([]);
    writeFileSync(file, text);
    expect(brief(ear)).toHaveLength(1);
    expect(brief(ear)).toEqual([]);
  },
);

it('who adopts a run that wrote an earlier run’s file anew hears all of it', () => {
  const file = join(folder, 'results.json');
  const files = [{ path: 'results.json', format: 'json' }] as const;
  writeFileSync(file, '{ "loss": 0.5, "acc": 0.75 }');
  expect(brief(open(files, { fresh: true }))).toEqual([]);
  capture!.close();
  expect(brief(open(files))).toEqual([]);
  capture!.close();
  writeFileSync(file, '{ "loss": 0.25, "acc": 0.875 }');
  expect(brief(open(files))).toEqual(['metrics loss@1=0.25', 'metrics acc@1=0.875']);
});

it('the user’s pattern is heard in both streams', () => {
  const ear = open([], { pattern: String.raw`^(?<key>\w+) is now (?<value>\S+)$` });
  say('stdout', 'quality is now 0.5\n');
  say('stderr', 'speed is now 7\n');
  expect(brief(ear)).toEqual(['stdout quality@1=0.5', 'stderr speed@1=7']);
});

it('overlong lines are counted', () => {
  say('stdout', 'x'.repeat(10_000));
  const ear = open();
  ear.finish();
  expect(ear.dropped).toBe(10_000 - 4096);
});
