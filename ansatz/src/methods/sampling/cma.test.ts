import { expect, test } from 'vitest';
import { clipped, startAt, strategyOf, updated } from './cma.ts';
import reference from './cma.fixture.json' with { type: 'json' };

function near(mine: ArrayLike<number>, theirs: readonly number[], tolerance: number): void {
  expect(mine.length).toBe(theirs.length);
  theirs.forEach((value, i) =>
    expect(Math.abs(mine[i]! - value), `entry ${i}: ${mine[i]} against ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    ),
  );
}

test.each(reference.strategies)('strategy parameters for n = $n, λ = $lambda agree with cma to 1e-10', (theirs) => {
  const mine = strategyOf(theirs.n, theirs.lambda);
  if (theirs.lambda === 4 + Math.floor(3 * Math.log(theirs.n))) expect(strategyOf(theirs.n)).toEqual(mine);
  near(mine.weights, theirs.weights, 1e-10);
  for (const name of ['mueff', 'cc', 'cs', 'c1', 'cmu', 'damps'] as const) near([mine[name]], [theirs[name]], 1e-10);
});

test.each(reference.updates)(
  'generations in $n dimensions agree with cma to 1e-9',
  ({ n, lambda, before, generations }) => {
    const strategy = strategyOf(n, lambda);
    let state = startAt(before.mean, before.sigma, Float64Array.from(before.C));
    for (const { samples, after } of generations) {
      const from = state;
      state = updated(
        from,
        strategy,
        samples.map((x) =>
          clipped(
            from,
            Float64Array.from(x, (value, i) => (value - from.mean[i]!) / from.sigma),
          ),
        ),
      );
      near(state.mean, after.mean, 1e-9);
      near([state.sigma], [after.sigma], 1e-9);
      near(state.ps, after.ps, 1e-9);
      near(state.pc, after.pc, 1e-9);
      near(state.C, after.C, 1e-9);
    }
  },
);
