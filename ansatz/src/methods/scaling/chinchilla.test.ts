import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { bootstrapChinchilla } from './bootstrap.ts';
import {
  centred,
  chinchillaLoss,
  computeOptimal,
  exponents,
  fitChinchilla,
  landscape,
  type Runs,
  toX,
} from './chinchilla.ts';
import { chinchillaWarnings, identify } from './identify.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const scipy = (JSON.parse(readFileSync(join(FIXTURES, 'scipy.json'), 'utf8')) as { chinchilla: Record<string, number> })
  .chinchilla;
const points = readFileSync(join(FIXTURES, 'chinchilla_epoch.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').map(Number) as [number, number, number, number]);
const runsOf = (rows: readonly (readonly number[])[]): Runs => ({
  N: rows.map((row) => row[0]!),
  D: rows.map((row) => row[1]!),
  loss: rows.map((row) => row[3]!),
});
const kept = runsOf(points.toSorted((one, other) => one[3] - other[3]).slice(0, 240));
const rows = kept.N.map((_, i) => i + 2);

/** A design of sizes and tokens with losses of a known law; `noise` is the sd of ln loss. */
function synthetic(law: Parameters<typeof chinchillaLoss>[0], noise: number, seed = 1): Runs {
  const random = rng(seed);
  const design = [1e7, 3e7, 1e8, 3e8, 1e9, 3e9].flatMap((N) => [5, 20, 80].map((ratio) => [N, ratio * N] as const));
  return {
    N: design.map(([N]) => N),
    D: design.map(([, D]) => D),
    loss: design.map(([N, D]) => chinchillaLoss(law, N, D) * Math.exp(noise * random.normal())),
  };
}
const LAW = { E: 1.7, A: 400, B: 1200, alpha: 0.34, beta: 0.33 };

test('the 240 runs of Hoffmann et al. lead to the optimum that SciPy finds', () => {
  const { objective, params } = fitChinchilla(kept);
  expect(objective).toBeLessThanOrEqual(scipy['objective']! + 1e-10);
  expect(params.E).toBeCloseTo(scipy['E']!, 4);
  expect(params.alpha).toBeCloseTo(scipy['alpha']!, 4);
  expect(params.beta).toBeCloseTo(scipy['beta']!, 4);
  expect(params.A / scipy['A']!).toBeCloseTo(1, 3);
  expect(params.B / scipy['B']!).toBeCloseTo(1, 3);
  expect(exponents(params).a_N).toBeCloseTo(0.5139, 4);
});

test('4000 bootstraps have the standard errors of the SciPy reference within 10 %', () => {
  const { se, intervals } = bootstrapChinchilla(kept, fitChinchilla(kept), 4000, 0.95, 1);
  const expected = { E: 0.0256, A: 120.9, B: 1410, alpha: 0.0151, beta: 0.0204, a_N: 0.0195 };
  for (const [name, value] of Object.entries(expected)) {
    const ratio = se[name as keyof typeof se] / value;
    expect(Math.abs(ratio - 1), `${name}: ${ratio}`).toBeLessThan(0.1);
  }
  expect(intervals.alpha[0]).toBeCloseTo(0.316, 2);
  expect(intervals.alpha[1]).toBeCloseTo(0.372, 2);
});

test('the gradient is that of the objective', () => {
  const { value } = landscape(centred(kept));
  const x = toX(LAW, centred(kept));
  const gradient = new Float64Array(5);
  value(x, gradient);
  for (let i = 0; i < 5; i++) {
    const at = (h: number): number =>
      value(
        x.map((v, j) => (j === i ? v + h : v)),
        new Float64Array(5),
      );
    expect(gradient[i]! / ((at(1e-6) - at(-1e-6)) / 2e-6)).toBeCloseTo(1, 3);
  }
});

test('a law without noise is found again', () => {
  const { params, starts } = fitChinchilla(synthetic(LAW, 0));
  for (const [name, value] of Object.entries(LAW))
    expect(params[name as keyof typeof params] / value, name).toBeCloseTo(1, 3);
  expect(starts.agreed).toBeGreaterThan(0);
});

test('no other split of the same FLOPs has a lower loss than the compute-optimal one', () => {
  const { N, D, loss } = computeOptimal(LAW, 1e22);
  expect(6 * N * D).toBeCloseTo(1e22, -10);
  for (const factor of [0.5, 0.9, 1.1, 2]) expect(chinchillaLoss(LAW, N * factor, D / factor)).toBeGreaterThan(loss);
});

test('profile intervals of 80 % hold the truth in most of 40 simulated designs, and not in all', () => {
  let [held, asked] = [0, 0];
  for (let seed = 0; seed < 40; seed++) {
    const runs = synthetic(LAW, 0.004, seed);
    const { intervals } = identify(runs, fitChinchilla(runs), 0.8);
    for (const name of ['E', 'alpha', 'beta'] as const) {
      asked++;
      if (intervals[name][0] <= LAW[name] && LAW[name] <= intervals[name][1]) held++;
    }
  }
  // 18 runs and 5 parameters: the χ² reference is a little narrow. 120 questions, of which perhaps 40 are independent.
  expect(held / asked).toBeGreaterThan(0.55);
  expect(held / asked).toBeLessThan(0.95);
});

test('runs of one size do not tell the exponent of size, and it is said', () => {
  const all = synthetic(LAW, 0.003);
  const runs = {
    N: all.N.map(() => 1e8),
    D: all.D,
    loss: all.D.map((D, i) => chinchillaLoss(LAW, 1e8, D) * (1 + 1e-3 * Math.sin(i))),
  };
  const fit = fitChinchilla(runs);
  const { identified } = identify(runs, fit, 0.95);
  expect(identified.alpha).toBe(false);
  expect(identified.A).toBe(false);
  expect(chinchillaWarnings(runs, fit, rows).join()).toContain('only 1 different N');
});

test('duplicated rows, a run far off and shuffled columns are warned of', () => {
  const clean = synthetic(LAW, 0.002);
  expect(chinchillaWarnings(clean, fitChinchilla(clean), rows)).toEqual([]);
  const twice = { N: [...clean.N, clean.N[0]!], D: [...clean.D, clean.D[0]!], loss: [...clean.loss, clean.loss[0]!] };
  expect(chinchillaWarnings(twice, fitChinchilla(twice), rows).join()).toContain('1 duplicated row');
  const off = { ...clean, loss: clean.loss.map((v, i) => (i === 7 ? v * 1.5 : v)) };
  expect(chinchillaWarnings(off, fitChinchilla(off), rows).join()).toContain('row 9');
  const shuffled = { ...clean, loss: clean.loss.map((_, i) => clean.loss[(i * 7 + 3) % clean.loss.length]!) };
  expect(chinchillaWarnings(shuffled, fitChinchilla(shuffled), rows).join()).toContain('misfit');
});
