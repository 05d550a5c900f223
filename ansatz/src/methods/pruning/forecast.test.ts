import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { byFamilies, type Curve, forecast, forecastOf } from './index.ts';

const LONGEST = 40;

/** A noisy curve that falls to `level`. */
function curve(level: number, seed: number, length = LONGEST, rate = 8): Curve {
  const random = rng(seed);
  const steps = Array.from({ length }, (_, i) => i + 1);
  return {
    steps,
    losses: steps.map((step) => level + 2 * Math.exp((-rate * step) / LONGEST) + 0.005 * random.normal()),
  };
}

const finished = Array.from({ length: 10 }, (_, i) => curve(0.3 + i / 10, i));
const cut = (run: Curve, length: number): Curve => ({
  steps: run.steps.slice(0, length),
  losses: run.losses.slice(0, length),
});
const stopsAt = (run: Curve, others: readonly Curve[]): number | undefined => {
  for (let length = 1; length < LONGEST; length++) if (forecast(cut(run, length), others) !== 'continue') return length;
  return undefined;
};

describe('stop by forecast', () => {
  test('a hopeless run ends in its first half, and the stop states a small risk', () => {
    const at = stopsAt(curve(3, 50), finished)!;
    expect(at).toBeLessThan(LONGEST / 2);
    const answer = forecast(cut(curve(3, 50), at), finished);
    if (typeof answer === 'string') throw new Error('it went on');
    expect(answer.risk).toBeGreaterThanOrEqual(0);
    expect(answer.risk).toBeLessThan(0.12);
  });

  test('a winner is never stopped, not even a slow one', () => {
    for (let seed = 60; seed < 80; seed++) expect(stopsAt(curve(0.1, seed), finished)).toBeUndefined();
    // Half as fast as all others: behind them until late, with the most still to come.
    expect(stopsAt(curve(-1, 81, LONGEST, 3), finished)).toBeUndefined();
  });

  test('one bad report stops nothing', () => {
    const run = curve(0.2, 90);
    const spiked = { steps: run.steps, losses: run.losses.map((loss, i) => (i === 14 ? 50 : loss)) };
    expect(stopsAt(spiked, finished)).toBeUndefined();
  });

  test('with fewer than two finished runs nothing is stopped', () => {
    expect(stopsAt(curve(9, 51), finished.slice(0, 1))).toBeUndefined();
    const unfinished = finished.map((run, i) => (i < 1 ? run : cut(run, 20)));
    expect(stopsAt(curve(9, 51), unfinished)).toBeUndefined();
  });

  test('a run that moves goes on while its siblings stood still', () => {
    // Four of five stuck from the start, and a power law that is far behind the best and ends a little below it.
    const flat = (level: number): Curve => ({ steps: finished[0]!.steps, losses: finished[0]!.steps.map(() => level) });
    const power = (floor: number, scale: number): Curve => ({
      steps: finished[0]!.steps,
      losses: finished[0]!.steps.map((step) => floor + scale * step ** -0.7),
    });
    const stuck = [flat(2), flat(1.9), flat(1.8), flat(1.7), power(0.3, 0.2)];
    expect(stopsAt(power(0.1, 1.9), stuck)).toBeUndefined();
    // As slow as it is far behind, it is stopped, and so is one that stands still.
    expect(stopsAt(power(1.2, 0.4), stuck)).toBeLessThan(LONGEST / 4);
    expect(stopsAt(flat(1.75), stuck)).toBeLessThan(LONGEST / 4);
  });

  test('what siblings that moved came to counts for more than the own pace', () => {
    // All fall as fast as the run, and then no further: so will the run.
    const early = (level: number): Curve => ({
      steps: finished[0]!.steps,
      losses: finished[0]!.steps.map((step) => level + Math.max(0, 12 - step) / 2),
    });
    const stopped = stopsAt(early(2), [0.1, 0.5, 0.6, 0.9, 1.2, 1.4].map(early));
    expect(stopped).toBeLessThan(6);
  });

  test('a gain counts that a run made before it was stopped', () => {
    const { steps } = finished[0]!;
    // Siblings that finished gained nothing after a tenth; one that was stopped halfway had come down by 1 since then.
    const early = (level: number): Curve => ({
      steps,
      losses: steps.map((step) => level + Math.max(0, 4 - step) / 10),
    });
    const late: Curve = cut({ steps, losses: steps.map((step) => 3 - Math.max(0, step - 5) / 15) }, 20);
    const siblings = [0.5, 0.6, 0.7].map(early);
    const at = (others: readonly Curve[]): unknown => forecast(cut(early(1.2), 8), others);
    expect(at(siblings)).toMatchObject({ stop: true });
    expect(at([...siblings, late])).toBe('continue');
    expect(at([...siblings, cut(late, 8)])).toMatchObject({ stop: true });
  });

  test('a run that comes down from a spike moves, though its best is old', () => {
    const { steps } = finished[0]!;
    const from = (high: number, fall: number): Curve => ({
      steps,
      losses: steps.map((step) => (step === 1 ? 1 : high - fall * step)),
    });
    const siblings = [0.7, 0.8, 0.9].map((low) => ({ steps, losses: steps.map((step) => (step === 1 ? 1 : low)) }));
    expect(forecast(cut(from(3, 0), 10), siblings)).toMatchObject({ stop: true });
    expect(forecast(cut(from(3, 0.08), 10), siblings)).toBe('continue');
  });

  test('the unit of the metric does not matter', () => {
    const scaled = (run: Curve): Curve => ({ steps: run.steps, losses: run.losses.map((loss) => 1e4 * loss - 500) });
    for (const level of [0.1, 0.6, 1.2, 3])
      expect(stopsAt(scaled(curve(level, 7)), finished.map(scaled))).toBe(stopsAt(curve(level, 7), finished));
  });
});

describe('a run that stands still to the last digit', () => {
  const { steps } = finished[0]!;
  const falling = (step: number, level: number): number => level + 4 * (1 - step / LONGEST);
  /** From `since` on, for `length` reports, the same value. */
  const standing = (level: number, since: number, length = LONGEST): Curve => ({
    steps,
    losses: steps.map((step) => falling(step > since ? Math.max(since, step - length) : step, level)),
  });
  // One that fell by more than any other, and late: a forecast leaves every run its hope.
  const late: Curve = { steps, losses: steps.map((step) => (step < 30 ? 8 : 0) + step / 1000) };
  const moving = [...[0, 0.1, 0.2].map((level) => standing(level, LONGEST)), late];
  const dead = [standing(1, 20), standing(1.1, 25)];

  test('is stopped as soon as two others stood still as long and never moved again', () => {
    const run = cut(standing(0.5, 10), 14);
    expect(forecast(run, [...moving, dead[0]!])).toBe('continue');
    const answer = forecast(run, [...moving, ...dead]);
    expect(answer).toEqual({
      stop: true,
      risk: 0.5 / 3,
      why: 'not the best, and the same value for 10 % of a training; 2 others that stood as long never moved again',
    });
    // Two reports alike are no standstill yet, and who moves is not held against who stands.
    expect(forecast(cut(standing(0.5, 10), 11), [...moving, ...dead])).toBe('continue');
    expect(forecast(cut(standing(0.5, LONGEST), 14), [...moving, ...dead])).toBe('continue');
  });

  test('goes on where others moved again after as long a time', () => {
    const run = cut(standing(0.5, 10), 14);
    const paused = [standing(0, 5, 6), standing(0.1, 5, 6)];
    expect(forecast(run, [...moving, ...dead, ...paused])).toBe('continue');
    // It did so itself.
    const twice = { steps, losses: steps.map((step) => falling(step < 3 ? step : step < 9 ? 3 : 10, 0.5)) };
    expect(forecast(cut(twice, 13), [...moving, ...dead])).toBe('continue');
    // Having stood for longer than they did, it is stopped.
    expect(forecast(cut(standing(0.5, 10), 18), [...moving, ...dead, ...paused])).toMatchObject({ stop: true });
  });

  test('goes on while it is the best, and where the others were themselves stopped', () => {
    const best = cut(standing(-6, 10), 14);
    expect(forecast(best, [...moving, ...dead])).toBe('continue');
    expect(forecast(cut(standing(0.5, 10), 14), [...moving, ...dead.map((run) => cut(run, 30))])).toBe('continue');
  });

  test('is told by steps: a value that is measured at every tenth and repeated between is none', () => {
    const stairs = (level: number): Curve => ({
      steps,
      losses: steps.map((step) => falling(Math.floor((step + 5) / 10) * 10, level)),
    });
    const others = [...[0, 0.1, 0.2, 0.3].map(stairs), late];
    for (let at = 3; at < LONGEST; at++) expect(forecast(cut(stairs(0.5), at), others), `${at}`).toBe('continue');
  });
});

describe('where a run will end', () => {
  test.each([
    ['regression', 10, 0.05],
    ['mean gain', 4, 0.2],
    ['ratio', 1, 0.3],
    ['formulas', 0, 0.6],
  ])('by %s', (_by, siblings, within) => {
    const ahead = forecastOf(cut(curve(0.7, 33), 14), finished.slice(0, siblings), LONGEST)!;
    expect(Math.abs(ahead.mean - 0.7)).toBeLessThan(within);
    expect(ahead.sd).toBeGreaterThan(0);
  });

  test('nothing is said about a run that has said nothing', () => {
    expect(forecastOf({ steps: [], losses: [] }, finished, LONGEST)).toBeUndefined();
    expect(byFamilies(cut(curve(1, 1), 3), LONGEST)).toBeUndefined();
  });
});
