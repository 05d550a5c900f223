import { expect, test } from 'vitest';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody } from './events/index.ts';
import { reduce } from './reduce.ts';
import { scaleForecast } from './scales.ts';
import type { State } from './state.ts';

type Place = readonly [lr: number, hidden: number];

function study(
  places: readonly Place[],
  value: (lr: number, hidden: number) => number,
  direction: 'minimize' | 'maximize' = 'minimize',
): State {
  const config = simpleConfig({ objective: { metric: 'score', direction, value: 'last' } });
  let [at, run] = [0, 0];
  let state: State | undefined;
  const add = (body: EventBody): void => {
    state = reduce(state, { ...body, at: at++ });
  };
  add({ type: 'study.created', config, baseline: { lr: places[0]![0], hidden: places[0]![1] } });
  places.forEach(([lr, hidden], i) => {
    const trial = i + 1;
    const point = { lr, hidden };
    if (trial > 1)
      add({ type: 'trial.proposed', trial, ask: 0, researcher: 'numeric', hypothesis: '', point, parent: 1 });
    const hold = { runs: 1, deviceSeconds: hidden, money: 0 };
    add({ type: 'run.started', run: ++run, trial, repeat: 0, seed: 1, slot: 0, limitSeconds: 100, hold });
    const charge = { runs: 1, deviceSeconds: hidden / 2, money: 0 };
    add({ type: 'run.ended', run, status: 'done', value: value(lr, hidden), charge, seconds: 1 });
  });
  return state!;
}

const loss = (lr: number, hidden: number): number => 1 + (lr === 0.1 ? 20 : 6) * hidden ** (lr === 0.1 ? -0.9 : -0.5);
const places = [0.01, 0.1].flatMap((lr) => [8, 16, 32, 64].map((hidden): Place => [lr, hidden]));

test('trials that differ in the scale alone are one recipe, named by its first trial and its settings', () => {
  const found = scaleForecast(study(places, loss), 'hidden', 1000, 0.8);
  expect(found.contenders.map(({ trials }) => trials.toSorted((a, b) => a - b))).toEqual([
    [5, 6, 7, 8],
    [1, 2, 3, 4],
  ]);
  expect(found.contenders[0]!.settings).toEqual([{ knob: 'lr', from: 0.01, to: 0.1 }]);
  expect(found.contenders[0]!.value / loss(0.1, 1000)).toBeCloseTo(1, 1);
  expect(found.largest).toBe(64);
  expect(found.next[0]!.seconds).toBeCloseTo(found.next[0]!.scale / 2, 6);
});

test('a share that should rise is forecast by what it lacks to 1', () => {
  const found = scaleForecast(
    study(places, (lr, hidden) => 1 - loss(lr, hidden) / 10, 'maximize'),
    'hidden',
    1000,
    0.8,
  );
  expect(found.loss).toBe('1 − metric');
  expect(found.contenders[0]!.value).toBeCloseTo(loss(0.1, 1000) / 10, 2);
});

test('and one in per cent by what it lacks to 100', () => {
  const found = scaleForecast(
    study(places, (lr, hidden) => 100 - 10 * loss(lr, hidden), 'maximize'),
    'hidden',
    1000,
    0.8,
  );
  expect(found.loss).toBe('100 − metric');
  expect(found.contenders[0]!.value).toBeCloseTo(10 * loss(0.1, 1000), 0);
});

test('what cannot be forecast is refused in words', () => {
  expect(() => scaleForecast(study(places, loss), 'hiden', 1000, 0.8)).toThrow('closest: "hidden"');
  expect(() =>
    scaleForecast(
      study(
        places.filter(([, hidden]) => hidden < 32),
        loss,
      ),
      'hidden',
      1000,
      0.8,
    ),
  ).toThrow('2 different hidden');
  expect(() =>
    scaleForecast(
      study(places, (lr, hidden) => -loss(lr, hidden)),
      'hidden',
      1000,
      0.8,
    ),
  ).toThrow('is no loss');
  const lone = scaleForecast(study([...places, [0.5, 64]], loss), 'hidden', 2000, 0.8);
  expect(lone.warnings.join()).toContain('1 of 3 recipes ran at one hidden only');
  expect(lone.warnings.join()).toContain('31 times the largest');
});
