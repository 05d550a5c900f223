import { expect, test } from 'vitest';
import { rng } from '../methods/math/rng.ts';
import { defineSpace, type Point, randomPoint } from '../methods/space/index.ts';
import type { Knob } from './config.ts';
import { simpleConfig } from './config.fixture.ts';
import { effectsOf, knobEffects } from './effects.ts';
import { reduce } from './reduce.ts';
import { type State } from './state.ts';

const via = { by: 'flag', flag: '--x', style: 'space' } as const;
const number = (name: string, more: object = {}): Knob => ({
  name,
  kind: 'float',
  low: 0.1,
  high: 1,
  scale: 'linear',
  via,
  ...more,
});

/** A study with `n` finished trials at random points. */
function study(
  knobs: readonly Knob[],
  n: number,
  loss: (point: Point, noise: number) => number,
  direction: 'minimize' | 'maximize' = 'minimize',
): State {
  const config = simpleConfig({ knobs, objective: { metric: 'loss', direction, value: 'last' } });
  const state = reduce(undefined, { type: 'study.created', config, baseline: {}, at: 0 });
  state.observations.splice(0);
  const random = rng(7);
  const space = defineSpace(config.knobs, config.constraints);
  for (let i = 0; i < n; i++) {
    const point = randomPoint(space, random);
    state.observations.push({ point, status: 'done', loss: loss(point, random.normal()) });
  }
  return state;
}

test('the knob that matters comes first, with its curve in the unit of the metric; the others are flat', () => {
  const knobs = [number('idle'), number('lr'), number('spare')];
  const state = study(knobs, 80, (p, noise) => 10 * (Number(p['lr']) - 0.5) ** 2 + 0.1 * noise, 'maximize');
  const [first, ...rest] = knobEffects(state);
  expect(first).toMatchObject({ knob: 'lr', trials: 80 });
  expect(first!.share).toBeGreaterThan(0.9);
  expect(first!.alone).toBeGreaterThan(0.7);
  expect(first!.interval![0]).toBeGreaterThan(first!.chance!);
  // Maximised: the metric is the negative of the loss, highest in the middle.
  const { values, means } = first!.curve!;
  const best = values[means.indexOf(Math.max(...means))];
  expect(Math.abs(Number(best) - 0.5)).toBeLessThan(0.15);
  expect(Math.max(...means)).toBeLessThan(0.2);
  expect(first!.flat).toBeUndefined();
  expect(rest.map((effect) => effect.flat)).toEqual([true, true]);
});

test('two knobs that act together are told, those that add up are not', () => {
  const knobs = [number('a'), number('b'), number('c')];
  const product = study(knobs, 150, (p) => (Number(p['a']) - 0.55) * (Number(p['b']) - 0.55));
  const { interactions } = effectsOf(product);
  expect(interactions[0]!.knobs).toEqual(['a', 'b']);
  expect(interactions[0]!.share).toBeGreaterThan(interactions[0]!.chance);
  const sum = study(knobs, 150, (p) => Number(p['a']) + Number(p['b']));
  expect(effectsOf(sum).interactions).toEqual([]);
});

test('an edge that the best results press against, and how far to go', () => {
  const knobs = [number('lr', { low: 1e-4, high: 1e-2, scale: 'log' }), number('idle')];
  const effects = knobEffects(study(knobs, 80, (p, noise) => -Math.log10(Number(p['lr'])) + 0.05 * noise));
  expect(effects[0]).toMatchObject({ knob: 'lr', pressed: { edge: 'high', at: 1e-2, wider: 0.1 } });
  expect(effects[1]!.pressed).toBeUndefined();
});

test('a conditional knob is judged on the trials that have it', () => {
  const knobs: Knob[] = [
    { name: 'kind', kind: 'choice', choices: ['a', 'b'], via },
    number('beta', { when: 'kind == "b"' }),
  ];
  const state = study(knobs, 120, (p, noise) => (p['kind'] === 'b' ? 3 * Number(p['beta']) : 1.5) + 0.05 * noise);
  const beta = knobEffects(state).find((effect) => effect.knob === 'beta')!;
  expect(beta.trials).toBeLessThan(90);
  expect(beta.share).toBeGreaterThan(beta.chance!);
  const { means } = beta.curve!;
  expect(means.at(-1)! - means[0]!).toBeGreaterThan(1.5);
});

test('too few trials, only crashes, a constant metric: nothing is claimed', () => {
  const knobs = [number('a'), number('b')];
  for (const effect of knobEffects(study(knobs, 7, (p) => Number(p['a'])))) expect(effect.share).toBeUndefined();
  const crashed = study(knobs, 30, () => 1);
  crashed.observations.forEach(({ point }, i) => (crashed.observations[i] = { point, status: 'crashed' }));
  expect(effectsOf(crashed)).toMatchObject({ knobs: [{ trials: 0 }, { trials: 0 }], interactions: [] });
  for (const { share, chance } of knobEffects(study(knobs, 40, () => 3))) expect(share).toBeLessThanOrEqual(chance!);
  expect(effectsOf(study([], 3, () => 1))).toEqual({ knobs: [], interactions: [] });
});

test('the same state, the same words', () => {
  const state = study([number('a'), number('b')], 60, (p, noise) => Number(p['a']) + 0.1 * noise);
  expect(effectsOf(state)).toEqual(effectsOf(structuredClone(state)));
});
