import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { factor, inverse } from '../../math/cholesky.ts';
import { minimise } from '../../math/minimise.ts';
import { cdf, logCdf, logH, logHSlope, mills, pdf } from '../../math/normal.ts';
import { rng } from '../../math/rng.ts';
import { fitHyper, type Hyper, misfitOf, plainHyper, Posterior } from './surrogate.ts';
import { warp } from './warp.ts';

/** Made by test/reference/gp_reference.py with scikit-learn and SciPy. */
const fixture = JSON.parse(readFileSync(new URL('gp.fixture.json', import.meta.url), 'utf8')) as {
  x: number[][];
  y: number[];
  at: number[][];
  lengths: number[];
  signal: number;
  noise: number;
  mean: number[];
  sd: number[];
  logLikelihood: number;
  normal: { z: number; logCdf: number }[];
  mills: { x: number; value: number }[];
};
const numbers = new Uint8Array(3);
const hyper = {
  lengths: Float64Array.from(fixture.lengths, Math.log),
  noise: Math.log(fixture.noise),
  signal: Math.log(fixture.signal),
  objective: 0,
};

describe('against scikit-learn and SciPy', () => {
  test('mean and spread of the posterior, to 1e-6', () => {
    const posterior = new Posterior(hyper, numbers);
    for (const row of fixture.x) posterior.add(Float64Array.from(row), posterior.noise);
    posterior.condition(fixture.y);
    const out = { mean: 0, sd: 0 };
    fixture.at.forEach((row, i) => {
      posterior.predict(Float64Array.from(row), out);
      expect(out.mean).toBeCloseTo(fixture.mean[i]!, 6);
      expect(out.sd).toBeCloseTo(fixture.sd[i]!, 6);
      expect(posterior.mean(Float64Array.from(row))).toBeCloseTo(out.mean, 10);
    });
  });

  test('normal tails, to 1e-10 of their value', () => {
    for (const { z, logCdf: expected } of fixture.normal)
      expect(Math.abs(logCdf(z) - expected)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected)));
    for (const { x, value } of fixture.mills) expect(Math.abs(mills(x) / value - 1)).toBeLessThan(1e-10);
  });
});

test('log expected improvement is stable far from the threshold, and its slope is its derivative', () => {
  for (const z of [-1e4, -300.5, -299.5, -40, -5, -1.01, -0.99, 0, 3]) {
    const step = 1e-5 * Math.max(1, Math.abs(z));
    const numeric = (logH(z + step) - logH(z - step)) / (2 * step);
    expect(Math.abs(logHSlope(z) / numeric - 1)).toBeLessThan(1e-3);
  }
  expect(logH(0)).toBeCloseTo(Math.log(pdf(0)), 12);
  expect(logH(2)).toBeCloseTo(Math.log(pdf(2) + 2 * cdf(2)), 12);
});

const warping = Float64Array.from([0.3, -0.5, 0, 0.4, 0.2, -0.3]);

test.each([{}, { alone: 0.5 }, { warping }, { alone: 0.5, warping }])(
  'gradients of the prediction are those of finite differences (%o)',
  (more) => {
    const posterior = new Posterior({ ...hyper, ...more }, numbers);
    // Some rows lack a parameter that the one asked for has.
    fixture.x.forEach((row, i) =>
      posterior.add(
        Float64Array.from(row, (x, k) => ((i + k) % 5 === 0 ? -1 : x)),
        posterior.noise,
      ),
    );
    posterior.condition(fixture.y);
    const [dMean, dSd, out] = [new Float64Array(3), new Float64Array(3), { mean: 0, sd: 0 }];
    const row = Float64Array.from(fixture.at[3]!);
    posterior.slope(row, out, dMean, dSd);
    const crowd = new Float64Array(3);
    posterior.crowd(row, crowd);
    for (let i = 0; i < 3; i++) {
      const [up, down] = [Float64Array.from(row), Float64Array.from(row)];
      up[i]! += 1e-5;
      down[i]! -= 1e-5;
      const high = { ...posterior.predict(up, { mean: 0, sd: 0 }) };
      const low = { ...posterior.predict(down, { mean: 0, sd: 0 }) };
      expect(crowd[i]).toBeCloseTo((posterior.crowd(up) - posterior.crowd(down)) / 2e-5, 5);
      expect(dMean[i]).toBeCloseTo((high.mean - low.mean) / 2e-5, 5);
      expect(dSd[i]).toBeCloseTo((high.sd - low.sd) / 2e-5, 5);
    }
  },
);

test.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('the gradient a fit follows is that of finite differences (alone: %s, warping: %s)', (alone, warped) => {
  const rows = fixture.x.map((row, i) => Float64Array.from(row, (x, k) => (warped && (i + k) % 7 === 0 ? -1 : x)));
  const extra = Float64Array.from(rows, (_, i) => 0.01 * (i % 3));
  const misfit = misfitOf(rows, Float64Array.from(fixture.y), Uint8Array.from([0, 0, 1]), alone, extra, warped);
  const x = Float64Array.from([-0.4, 0.2, 0.5, -3, 0.3, ...(alone ? [0.7] : []), ...(warped ? warping : [])]);
  const [gradient, unused] = [new Float64Array(x.length), new Float64Array(x.length)];
  misfit(x, gradient);
  for (const i of x.keys()) {
    const [up, down] = [Float64Array.from(x), Float64Array.from(x)];
    up[i]! += 1e-5;
    down[i]! -= 1e-5;
    expect(gradient[i]).toBeCloseTo((misfit(up, unused) - misfit(down, unused)) / 2e-5, 4);
  }
});

describe('functions of one parameter each', () => {
  const size = 6;
  const wiggles = (row: Float64Array): number => row.reduce((sum, x, k) => sum + Math.sin((4 + k) * x), 0);
  const product = (row: Float64Array): number => 10 * row.reduce((all, x, k) => all * Math.sin((4 + k) * x + 1), 1);
  const sample = (f: (row: Float64Array) => number, count: number, seed: number) => {
    const random = rng(seed);
    const rows = Array.from({ length: count }, () => Float64Array.from({ length: size }, () => random.uniform()));
    return { rows, y: warp(rows.map(f)).values };
  };
  const none = new Uint8Array(size);

  test('their share is found where they are all there is, and where there are none', () => {
    const fitted = (f: (row: Float64Array) => number): number => {
      const { rows, y } = sample(f, 60, 5);
      return fitHyper(rows, y, none, plainHyper(size, true), 100).alone!;
    };
    expect(fitted(wiggles)).toBeGreaterThan(2);
    expect(fitted(product)).toBeLessThan(0);
    expect(plainHyper(1, true).alone).toBeUndefined();
  });

  test('they are learned from fewer points: half the error, or less, of a model without them', () => {
    const { rows, y } = sample(wiggles, 60, 6);
    const unseen = sample(wiggles, 200, 7).rows;
    const { map } = warp(rows.map(wiggles));
    const error = (alone: boolean): number => {
      const model = new Posterior(fitHyper(rows, y, none, plainHyper(size, alone), 100), none);
      for (const row of rows) model.add(row, model.noise);
      model.condition(y);
      return Math.hypot(...unseen.map((row) => model.mean(row) - map(wiggles(row))));
    };
    expect(error(true)).toBeLessThan(0.5 * error(false));
  });
});

test('where the loss changes fast at one end alone, moving numbers spares a third of the error or more', () => {
  const wave = (row: Float64Array): number => Math.sin(16 * row[0]! ** 6) + row[1]!;
  const none = new Uint8Array(2);
  const logs = [0, 1, 2, 3, 4, 5].map((seed) => {
    const random = rng(seed);
    const draw = (count: number): Float64Array[] =>
      Array.from({ length: count }, () => Float64Array.from({ length: 2 }, () => random.uniform()));
    const [rows, unseen] = [draw(40), draw(300)];
    const { values, map } = warp(rows.map(wave));
    const error = (start: Hyper): number => {
      const model = new Posterior(fitHyper(rows, values, none, start, 100), none);
      for (const row of rows) model.add(row, model.noise);
      model.condition(values);
      return Math.hypot(...unseen.map((row) => model.mean(row) - map(wave(row))));
    };
    return Math.log(error({ ...plainHyper(2), warping: new Float64Array(4) }) / error(plainHyper(2)));
  });
  expect(Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length)).toBeLessThan(0.67);
});

test('a fit finds which coordinate matters', () => {
  const random = rng(3);
  const rows = Array.from({ length: 40 }, () => Float64Array.from({ length: 3 }, () => random.uniform()));
  const y = warp(rows.map((row) => Math.sin(6 * row[0]!))).values;
  const fit = fitHyper(rows, y, numbers, plainHyper(3), 60);
  expect(fit.lengths[0]).toBeLessThan(Math.log(0.7));
  expect(Math.min(fit.lengths[1]!, fit.lengths[2]!)).toBeGreaterThan(Math.log(1));
  expect(Math.exp(fit.noise)).toBeLessThan(0.01);
});

test.each([undefined, 3])('rows that lack parameters keep the covariance positive definite (alone: %s)', (alone) => {
  const random = rng(8);
  const category = Uint8Array.from([1, 0, 1, 0]);
  const posterior = new Posterior(
    { ...plainHyper(4), noise: Math.log(1e-9), ...(alone === undefined ? {} : { alone }) },
    category,
  );
  for (let i = 0; i < 80; i++) {
    const row = Float64Array.from(category, (kind) =>
      random.uniform() < 0.4 ? -1 : kind === 1 ? random.int(3) : random.uniform(),
    );
    posterior.add(row, posterior.noise);
  }
  posterior.condition(posterior.rows.map(() => random.normal()));
  expect(posterior.predict(posterior.rows[0]!, { mean: 0, sd: 0 }).sd).toBeGreaterThanOrEqual(0);
});

describe('numerics', () => {
  test('inverse × matrix = identity', () => {
    const random = rng(1);
    const n = 12;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = i === j ? n : random.normal();
    const l = Float64Array.from(a);
    expect(factor(l, n)).toBe(true);
    const inv = inverse(l, n, n);
    const at = (i: number, j: number): number => inv[Math.max(i, j) * n + Math.min(i, j)]!;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += at(i, k) * a[k * n + j]!;
        expect(sum).toBeCloseTo(Number(i === j), 10);
      }
    }
    expect(factor(Float64Array.from([1, 2, 2, 1]), 2)).toBe(false);
  });

  test('minimise solves Rosenbrock, and stops at the edge of its box', () => {
    const rosenbrock = (x: Float64Array, g: Float64Array): number => {
      const [a, b] = [1 - x[0]!, x[1]! - x[0]! ** 2];
      g[0] = -2 * a - 400 * x[0]! * b;
      g[1] = 200 * b;
      return a * a + 100 * b * b;
    };
    const low = Float64Array.from([-2, -2]);
    const high = Float64Array.from([2, 2]);
    const free = minimise(rosenbrock, Float64Array.from([-1.2, 1]), low, high, 200, 1e-14);
    expect(free.x[0]).toBeCloseTo(1, 3);
    const held = minimise(rosenbrock, Float64Array.from([-1.2, 1]), low, Float64Array.from([0.5, 2]), 200, 1e-14);
    expect(held.x[0]).toBeCloseTo(0.5, 6);
    expect(held.x[1]).toBeCloseTo(0.25, 3);
  });
});

test.each(['soft', 'ranks'] as const)(
  'warping (%s) keeps the order, and bounds what one huge loss can do',
  (pressing) => {
    const losses = [3, 1, 2, 1e9, 4, 2.5, 10];
    const { values, map } = warp(losses, pressing);
    const order = (list: ArrayLike<number>): number[] =>
      Array.from({ length: list.length }, (_, i) => i).sort((a, b) => list[a]! - list[b]!);
    expect(order(values)).toEqual(order(losses));
    expect(Math.max(...values)).toBeLessThan(3);
    losses.forEach((loss, i) => {
      expect(map(loss)).toBeCloseTo(values[i]!, 12);
    });
    expect(Array.from(warp([7, 7, 7], pressing).values)).toEqual([0, 0, 0]);
  },
);
