import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Delivery } from '../../study/config.ts';
import { formatDuration, parseDeadline, parseDuration } from './duration.ts';
import { directionOf } from './direction.ts';
import { parseCpuList, resolveSlots } from './machine.ts';
import { formatVia, parseVia } from './via.ts';
import { joinWords, splitWords } from './words.ts';

test.each([
  ['90s', 90],
  ['10m', 600],
  ['2h', 7200],
  ['1d', 86_400],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['2 hours', 7200],
  ['45', 45],
  [12, 12],
] as const)('the length %s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['', 'h', '1x', '-5s', '1h-', 'NaN', 'Infinity', '1:30', '5s tail'])('%j is no length of time', (text) => {
  expect(() => parseDuration(text)).toThrow('is not a length of time');
});

test('a length written out is read back as the same length', () => {
  fc.assert(fc.property(fc.nat({ max: 1e9 }), (seconds) => parseDuration(formatDuration(seconds)) === seconds));
  fc.assert(
    fc.property(fc.nat({ max: 1e9 }), (micros) => parseDuration(formatDuration(micros / 1e6)) === micros / 1e6),
  );
});

test('a deadline is local time, a time with a zone, or counted from now', () => {
  expect(parseDeadline('2026-11-22T08:00', 0)).toBe(new Date(2026, 10, 22, 8).getTime());
  expect(parseDeadline('2026-11-22T08:00:30Z', 0)).toBe(Date.UTC(2026, 10, 22, 8, 0, 30));
  expect(parseDeadline('2026-11-22', 0)).toBe(new Date(2026, 10, 22).getTime());
  expect(parseDeadline('+90m', 1000)).toBe(5_401_000);
  expect(() => parseDeadline('tomorrow', 0)).toThrow('"tomorrow" is not a moment in time');
  expect(() => parseDeadline('2027-02-29T00:00', 0)).toThrow('is not a moment in time');
});

test('a command line is cut as a shell would cut it', () => {
  expect(splitWords(`python  train.py --a 'x y' "it's" b\\ c '' "q\\"q\\n"`)).toEqual([
    'python',
    'train.py',
    '--a',
    'x y',
    "it's",
    'b c',
    '',
    'q"q\\n',
  ]);
  expect(splitWords(`echo '$HOME | x'`)).toEqual(['echo', '$HOME | x']);
  for (const line of ['echo $HOME', 'a `b`', 'a "$B"', 'a > b', 'a && b', 'a; b']) {
    expect(() => splitWords(line)).toThrow('started without a shell');
  }
});

test('words joined to a line are cut into the same words', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      expect(splitWords(joinWords(words))).toEqual(words);
    }),
  );
});

test('a delivery written out is read back as the same delivery', () => {
  const flag = fc.stringMatching(/^--?[a-z_][\w.:-]*$/);
  const text = fc.string({ minLength: 1 });
  const file = text.filter((name) => !/^[/]|^[A-Za-z]:/.test(name) && !name.split(/[\\/]/).includes('..'));
  const delivery: fc.Arbitrary<Delivery> = fc.oneof(
    fc.record({ by: fc.constant('flag' as const), flag, style: fc.constantFrom('space' as const, 'equals' as const) }),
    fc.record({ by: fc.constant('flag' as const), flag, style: fc.constant('switch' as const), off: flag }),
    fc.record({ by: fc.constant('flag' as const), flag, style: fc.constant('switch' as const) }),
    fc.record({ by: fc.constant('override' as const), key: text.filter((key) => !key.includes('=')) }),
    fc.record({ by: fc.constant('env' as const), variable: fc.stringMatching(/^[A-Za-z_]\w*$/) }),
    fc.record({ by: fc.constant('file' as const), file, path: fc.array(fc.string(), { minLength: 1 }) }),
    fc.record({ by: fc.constant('constant' as const), file, name: text }),
  );
  fc.assert(
    fc.property(delivery, (via) => {
      expect(parseVia(formatVia(via))).toEqual(via);
    }),
  );
});

test.each([
  '',
  '--lr 3',
  '--',
  'switch',
  'switch --a/--b/--c',
  'env 1X',
  'file x.yaml',
  'const train.py',
  'env A B',
  'lr',
])('%j is no way to pass a value', (text) => {
  expect(() => parseVia(text)).toThrow();
});

test('slots share the CPUs without overlap where they can be bound', () => {
  const machine = { cpus: 8, gpus: ['0', '1', '2', '3'] };
  const bindable = { ...machine, cpuNumbers: [4, 5, 6, 7, 8, 9, 10, 11] };
  expect(resolveSlots({ count: 3 }, machine)).toEqual(
    ['0', '1', '2'].map((gpu) => ({ cpus: [], gpus: [gpu], threads: 2 })),
  );
  expect(resolveSlots({ count: 1, gpus: 0 }, bindable)).toEqual([{ cpus: [], gpus: [], threads: 8 }]);
  expect(resolveSlots({ count: 3 }, bindable).map((slot) => slot.cpus)).toEqual([
    [4, 5],
    [6, 7],
    [8, 9],
  ]);
  expect(resolveSlots({ count: 9 }, bindable)).toEqual(
    Array.from({ length: 9 }, () => ({ cpus: [], gpus: [], threads: 1 })),
  );
  expect(resolveSlots({ count: 2, cpus: 1, gpus: 0 }, bindable)).toEqual([
    { cpus: [4], gpus: [], threads: 1 },
    { cpus: [5], gpus: [], threads: 1 },
  ]);
  expect(resolveSlots({ count: 2, gpus: ['1', '3'] }, machine).map((slot) => slot.gpus)).toEqual([['1'], ['3']]);
  expect(resolveSlots({ count: 2, gpus: 2 }, machine).map((slot) => slot.gpus)).toEqual([
    ['0', '1'],
    ['2', '3'],
  ]);
  expect(() => resolveSlots({ count: 3, cpus: 4 }, machine)).toThrow('3 slots of 4 CPUs do not fit on 8 CPUs');
  expect(parseCpuList('0-2,7')).toEqual([0, 1, 2, 7]);
});

test.each([
  ['val_loss', 'minimize'],
  ['val_bpb', 'minimize'],
  ['eval/accuracy', 'maximize'],
  ['valAcc', 'maximize'],
  ['Acc@1', 'maximize'],
  ['negative_log_likelihood', 'minimize'],
  ['ep_rew_mean', undefined],
  ['throughput', undefined],
  ['mean_reward', 'maximize'],
] as const)('%s: %s', (metric, direction) => {
  expect(directionOf(metric)).toBe(direction);
});
