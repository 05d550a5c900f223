import { describe, expect, test } from 'vitest';
import type { Metric } from '../io/capture/index.ts';
import type { Exit } from '../io/executor/executor.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { StudyConfig } from '../study/config.ts';
import type { EventBody } from '../study/events/index.ts';
import { reduce } from '../study/reduce.ts';
import { type State } from '../study/state.ts';
import { curveKey, openHearing } from './hearing.ts';

function stateWithRun(config: StudyConfig): State {
  // A limit of 60 s, 5 s of grace and 1 s of slack, on each device of its slot.
  const devices = Math.max(1, config.slots[0]!.gpus.length);
  const hold = { runs: 1, deviceSeconds: 66 * devices, money: 0 };
  const events: EventBody[] = [
    { type: 'study.created', config, baseline: { lr: 0.1, hidden: 8 } },
    { type: 'run.started', run: 1, trial: 1, repeat: 0, seed: 1, slot: 0, limitSeconds: 60, hold },
  ];
  return events.reduce<State | undefined>((state, event) => reduce(state, { ...event, at: 0 }), undefined)!;
}

function metric(key: string, step: number, value: number, more: Partial<Metric> = {}): Metric {
  return { key, step, value, resolution: 1e-4, source: 'stdout', summary: false, ...more };
}

const ok: Exit = { how: 'exited', code: 0, seconds: 12, tail: [], lines: 9 };

function conclude(
  metrics: readonly Metric[],
  exit: Partial<Exit> = {},
  config = simpleConfig(),
  stopping?: EventBody,
): Extract<EventBody, { type: 'run.ended' }> {
  const hearing = openHearing(config);
  let state = stateWithRun(config);
  if (stopping !== undefined) state = reduce(state, { ...stopping, at: 1 });
  hearing.hear(state, 1, metrics);
  return hearing.conclude(state, 1, { ...ok, ...exit }) as Extract<EventBody, { type: 'run.ended' }>;
}

test('a run has come as far as its curve has; what a summary says after it is no step', () => {
  const curve = [metric('loss', 1, 3), metric('loss', 9, 2), metric('loss', 10, 2, { summary: true })];
  expect(conclude(curve)).toMatchObject({ status: 'done', value: 2, step: 9 });
  expect(conclude([metric('loss', 5, 2, { summary: true })]).step).toBeUndefined();
});

test('a rung says which of the reports it is, where some before it are not written down', () => {
  const config = simpleConfig();
  const hearing = openHearing(config);
  let state = stateWithRun(config);
  const rungs: unknown[] = [];
  for (let step = 1; step <= 20; step++) {
    for (const event of hearing.hear(state, 1, [metric('loss', step, 1 / step), metric('lr', step, 1)])) {
      state = reduce(state, { ...event, at: 1000 * step });
      if (event.type === 'run.reported') rungs.push([event.step, event.nth]);
    }
  }
  // The first eight are; then steps that are a tenth further on.
  const dense = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((step) => [step, undefined]);
  expect(rungs).toEqual([...dense, ...[13, 15, 17, 19].map((step) => [step, step])]);
  const end = hearing.conclude(state, 1, ok);
  expect(end).toMatchObject({ step: 20, reports: 20 });
  state = reduce(state, { ...end, at: 20_000 });
  const [run] = state.runs;
  expect(run).toMatchObject({ last: { step: 20, reports: 20 }, nth: [13, 15, 17, 19] });
  expect(run!.heardAfter.slice(-2)).toEqual([17, 19]);
});

describe('the result of a run', () => {
  test('is the last value of the objective, or the best when the study says so', () => {
    const curve = [metric('loss', 1, 3), metric('loss', 2, 1), metric('loss', 3, 2)];
    expect(conclude(curve)).toMatchObject({ status: 'done', value: 2, resolution: 1e-4, seconds: 12 });
    const best = simpleConfig({ objective: { metric: 'loss', direction: 'minimize', value: 'best' } });
    expect(conclude(curve, {}, best)).toMatchObject({ value: 1 });
    const highest = simpleConfig({ objective: { metric: 'loss', direction: 'maximize', value: 'best' } });
    expect(conclude(curve, {}, highest)).toMatchObject({ value: 3 });
  });

  test('is the closing summary when there is one', () => {
    expect(
      conclude([metric('loss', 1, 3), metric('loss', 2, 0.99, { summary: true }), metric('loss', 3, 5)]),
    ).toMatchObject({ value: 0.99 });
  });

  test('is found under a name that differs in case or spelling', () => {
    const config = simpleConfig({ objective: { metric: 'val_loss', direction: 'minimize', value: 'last' } });
    expect(conclude([metric('train loss', 1, 9), metric('Val Loss', 1, 2)], {}, config)).toMatchObject({ value: 2 });
  });

  test('charges devices times seconds, at the price of the study', () => {
    const config = simpleConfig({ price: 3.6, slots: [{ cpus: [], gpus: ['0', '1'], threads: 0 }] });
    const { charge } = conclude([metric('loss', 1, 1)], { seconds: 50 }, config);
    expect(charge).toEqual({ runs: 1, deviceSeconds: 100, money: expect.closeTo(0.1, 9) });
  });

  test('is charged for the devices it was started on, whatever slots the lab has now', () => {
    const config = simpleConfig({ slots: [{ cpus: [], gpus: ['0', '1'], threads: 0 }] });
    const hearing = openHearing(config);
    const slots = [{ cpus: [], gpus: [], threads: 1 }];
    const state = reduce(stateWithRun(config), { type: 'lab.opened', host: 'h', pid: 1, version: '0', slots, at: 1 });
    hearing.hear(state, 1, [metric('loss', 1, 1)]);
    expect(hearing.conclude(state, 1, { ...ok, seconds: 50 })).toMatchObject({ charge: { deviceSeconds: 100 } });
  });
});

describe('a run without a result says why', () => {
  test.each<[string, readonly Metric[], Partial<Exit>, object]>([
    [
      'the metric never appeared',
      [metric('accuracy', 1, 2), metric('time', 1, 2)],
      {},
      { status: 'failed', reason: 'no-metric', text: 'metric "loss" never appeared (9 lines read)' },
    ],
    [
      'no number at all',
      [],
      {},
      { reason: 'no-metric', text: 'metric "loss" never appeared (9 lines read); no metric was found in its output' },
    ],
    [
      'NaN at the end',
      [metric('loss', 1, 2), metric('loss', 2, NaN)],
      {},
      { reason: 'nan', text: 'loss ended as NaN' },
    ],
    ['infinity at the end', [metric('loss', 1, Infinity)], {}, { reason: 'nan', text: 'loss ended as Infinity' }],
    [
      'an exception',
      [metric('loss', 1, 2)],
      { code: 1, tail: ['Traceback (most recent call last):', 'ValueError: bad lr'] },
      { reason: 'crash', text: 'exit 1 — ValueError: bad lr' },
    ],
    [
      'CUDA out of memory',
      [],
      { code: 1, tail: ['RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB'] },
      { reason: 'oom' },
    ],
    ["the kernel's killer", [], { code: 137, tail: [] }, { reason: 'oom' }],
    [
      'its limit',
      [metric('loss', 1, 2)],
      { code: 137, cut: 'time-limit' },
      {
        reason: 'timeout',
        text: 'over its limit of 60 s (learned: 4 × the longest run so far, 10 s or more; see run.limit)',
      },
    ],
    ['a signal', [], { code: 139 }, { reason: 'crash', text: 'killed by SIGSEGV' }],
    [
      'a command that does not exist',
      [],
      { code: 127, tail: ['sh: 1: foo: not found'] },
      { reason: 'crash', text: 'exit 127 (command not found) — sh: 1: foo: not found' },
    ],
    [
      'no start',
      [],
      { how: 'unstarted', text: 'constant LR is written twice', seconds: 0 },
      { reason: 'start', text: 'constant LR is written twice', charge: { runs: 1, deviceSeconds: 0, money: 0 } },
    ],
    ['a lost supervisor', [], { how: 'lost', code: undefined, text: 'its supervisor was killed' }, { status: 'lost' }],
  ])('%s', (_name, metrics, exit, expected) => {
    const event = conclude(metrics, exit);
    expect(event).toMatchObject({
      ...expected,
      text:
        'text' in expected && String(expected.text).startsWith('metric')
          ? expect.stringContaining(String(expected.text))
          : 'text' in expected
            ? expected.text
            : event.text,
    });
    expect(event.value).toBeUndefined();
  });

  test('a missing metric is told with the nearest one, how often it was seen and its last value', () => {
    const config = simpleConfig({ objective: { metric: 'val_los', direction: 'minimize', value: 'last' } });
    const heard = Array.from({ length: 38 }, (_, i) => metric('val_loss', i, 3 - i / 40));
    expect(conclude(heard, { lines: 412 }, config).text).toBe(
      'metric "val_los" never appeared (412 lines read); closest: "val_loss" (38 values, last 2.075)',
    );
  });

  test('a run the lab stopped is stopped, not failed', () => {
    const stopping: EventBody = { type: 'run.stopping', run: 1, reason: 'pruned', why: 'behind' };
    expect(conclude([metric('loss', 1, 2)], { code: 143, cut: 'cancelled' }, simpleConfig(), stopping)).toMatchObject({
      status: 'stopped',
    });
    // It may have ended well before the signal came.
    expect(conclude([metric('loss', 1, 2)], { code: 0 }, simpleConfig(), stopping)).toMatchObject({
      status: 'done',
      value: 2,
    });
  });
});

describe('the curve in the journal', () => {
  test('is thinned as it gets long, keeps its order and never repeats a step', () => {
    const config = simpleConfig();
    const hearing = openHearing(config);
    let state = stateWithRun(config);
    const events = [];
    for (let step = 1; step <= 10_000; step++) {
      for (const event of hearing.hear(state, 1, [
        metric('loss', step, 1 / step),
        metric('loss', step, 1 / step),
        metric('loss', step - 1, 9),
      ])) {
        events.push(event);
        state = reduce(state, { ...event, at: 0 });
      }
    }
    const steps = events.map((event) => (event.type === 'run.reported' ? event.step : NaN));
    expect(steps.slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps.length).toBeLessThan(100);
  });

  test('a diverged objective stops the run at once, and once', () => {
    const hearing = openHearing(simpleConfig());
    let state = stateWithRun(simpleConfig());
    const first = hearing.hear(state, 1, [metric('loss', 1, 2), metric('loss', 2, NaN), metric('loss', 3, NaN)]);
    expect(first.map((event) => event.type)).toEqual(['run.reported', 'run.stopping']);
    for (const event of first) state = reduce(state, { ...event, at: 0 });
    expect(hearing.hear(state, 1, [metric('loss', 4, NaN)])).toEqual([]);
  });

  test('other metrics, NaN or not, are nobody to stop for', () => {
    const hearing = openHearing(simpleConfig());
    expect(
      hearing.hear(stateWithRun(simpleConfig()), 1, [metric('grad_norm', 1, NaN), metric('__proto__', 1, 3)]),
    ).toEqual([]);
  });
});

describe('the curve of a stand-in', () => {
  const standIn = { curve: { metric: 'val_loss', direction: 'minimize' as const } };
  const score = { metric: 'score', direction: 'maximize' as const, value: 'last' as const };

  test('is what the script prints, the result what its evaluator says, also where both have one name', () => {
    for (const name of ['score', 'val_loss']) {
      const config = simpleConfig({ ...standIn, objective: { ...score, metric: name }, evaluate: ['judge'] });
      const hearing = openHearing(config);
      let state = stateWithRun(config);
      const events = hearing.hear(state, 1, [metric('val_loss', 1, 3), metric('val_loss', 2, 2), metric(name, 3, 99)]);
      expect(events.map((event) => event.type === 'run.reported' && event.value)).toEqual(
        name === 'score' ? [3, 2] : [3, 2, 99],
      );
      for (const event of events) state = reduce(state, { ...event, at: 0 });
      expect(hearing.hear(state, 1, [metric(name, 1, 0.7), metric('val_loss', 1, 0.7)], 'evaluator')).toEqual([]);
      expect(hearing.conclude(state, 1, ok)).toMatchObject({
        status: 'done',
        value: 0.7,
        step: name === 'score' ? 2 : 3,
      });
    }
  });

  test('is apart from a result that the script says itself, at its end', () => {
    const config = simpleConfig({ ...standIn, objective: score });
    const hearing = openHearing(config);
    const state = stateWithRun(config);
    expect(hearing.hear(state, 1, [metric('Val Loss', 5, 3), metric('score', 9, 0.4)])).toMatchObject([
      { type: 'run.reported', step: 5, value: 3 },
    ]);
    expect(hearing.conclude(state, 1, ok)).toMatchObject({ status: 'done', value: 0.4, step: 5 });
  });

  test('is looked for under the name it was printed by', () => {
    const config = simpleConfig({ curve: { metric: 'loss', direction: 'minimize' }, evaluate: ['judge'] });
    expect(curveKey(config, ['loss', 'loss (as printed)'])).toBe('loss (as printed)');
    expect(curveKey(config, ['score', 'Loss'])).toBe('Loss');
    expect(curveKey(simpleConfig(), ['loss', 'loss (as printed)'])).toBe('loss');
    expect(curveKey(simpleConfig(), ['lr'])).toBeUndefined();
  });
});
