import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { asha, type Curve, forecast, median, type Pruner, pruners } from './index.ts';

/** A new pruner is one line here. */
const PRUNERS: readonly (readonly [string, Pruner])[] = [
  ['median', median],
  ['asha', asha],
  ['forecast', forecast],
  ['none', pruners.none],
];

/** A falling curve that ends at `final` after 27 steps, cut after `length`. */
function curve(final: number, length = 27): Curve {
  const steps = Array.from({ length }, (_, i) => i + 1);
  return { steps, losses: steps.map((step) => final + 3 / step) };
}

const others = Array.from({ length: 12 }, (_, i) => curve(i / 10));

describe.each(PRUNERS)('the %s pruner', (_name, pruner) => {
  test('goes on while there is nothing to compare with', () => {
    expect(pruner({ steps: [], losses: [] }, others)).toBe('continue');
    expect(pruner(curve(9, 5), [])).toBe('continue');
    expect(pruner(curve(9, 5), [{ steps: [], losses: [] }])).toBe('continue');
    expect(pruner(curve(9, 5), [curve(0)])).toBe('continue');
  });

  test('never stops the best run', () => {
    for (let length = 1; length <= 27; length++) expect(pruner(curve(-1, length), others)).toBe('continue');
  });

  test('does not stop a run that has reached its end', () => {
    expect(pruner(curve(9), others)).toBe('continue');
  });

  test('is a function of its arguments', () => {
    expect(pruner(curve(2, 9), others)).toEqual(pruner(curve(2, 9), others));
  });
});

test.each([
  ['median', median],
  ['asha', asha],
  ['forecast', forecast],
] as const)('%s stops a clearly worse run before half of it is spent', (_name, pruner) => {
  const stopped = Array.from({ length: 13 }, (_, i) => pruner(curve(5, i + 1), others)).some(
    (one) => one !== 'continue',
  );
  expect(stopped).toBe(true);
});

test('median leaves the first 15 % alone, whatever they look like', () => {
  for (let length = 1; length <= 3; length++) expect(median(curve(50, length), others)).toBe('continue');
});

test('asha keeps the best third at a rung', () => {
  const random = rng(4);
  const finals = Array.from({ length: 30 }, () => random.uniform());
  const reached = finals.map((final) => curve(final, 9));
  const full = [curve(0.5)];
  const kept = reached.filter(
    (run) => asha(run, [...full, ...reached.filter((other) => other !== run)]) === 'continue',
  );
  expect(kept.length).toBeGreaterThanOrEqual(9);
  expect(kept.length).toBeLessThanOrEqual(11);
});

test('equal curves are never stopped for being equal', () => {
  const same = Array.from({ length: 10 }, () => curve(1));
  for (let length = 1; length <= 27; length++) {
    expect(median(curve(1, length), same)).toBe('continue');
    expect(asha(curve(1, length), same)).toBe('continue');
  }
});
