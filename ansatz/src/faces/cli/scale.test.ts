import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ansatz, cleanUp, project } from '../../../../test/product.ts';

const POINTS = join(import.meta.dirname, '../../methods/scaling/fixtures/chinchilla_epoch.csv');
const folder = project({
  'runs.csv': readFileSync(POINTS, 'utf8'),
  'curve.csv': `tokens,loss\n${Array.from({ length: 12 }, (_, i) => `${2 ** i}M,${1.8 + 300 * (1e6 * 2 ** i) ** -0.35}`).join('\n')}\n`,
  'nonsense.csv': `N,D,loss\n${'1B,20B,3\n'.repeat(12)}`,
  'rising.csv': `x,y\n${Array.from({ length: 8 }, (_, i) => `${10 ** i},${3 + i}`).join('\n')}\n`,
  'two.csv': 'N,D,loss\n1B,20B,3\n2B,40B,2.8\n',
});

afterAll(cleanUp);

test('scale fit prints the law with intervals, and every field of its JSON is documented', async () => {
  const { code, out } = await ansatz(folder, [
    'scale',
    'fit',
    'runs.csv',
    '--drop-highest',
    '5',
    '--flops',
    '1e24',
    '--json',
  ]);
  expect(code).toBe(0);
  const fit = JSON.parse(out) as Record<string, unknown> & { params: Record<string, number>; objective: number };
  expect(fit.objective).toBeLessThanOrEqual(0.0010182751);
  expect(fit).toMatchObject({ law: 'chinchilla', n: 240, dropped: 5, se: null, intervalsFrom: 'profile' });
  expect(Object.keys(fit.params)).toEqual(['E', 'A', 'B', 'alpha', 'beta']);
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/json.md'), 'utf8').split(
    '## `ansatz scale fit',
  )[1]!;
  for (const key of Object.keys(fit)) expect(page.split('\n## ')[0], key).toContain(`\`${key}\``);
});

test('a law of one variable forecasts, tells its backtest, and its fields are documented', async () => {
  const { out } = await ansatz(folder, [
    'scale',
    'fit',
    'curve.csv',
    '--law',
    'm2',
    '--at',
    '1T',
    '--bootstrap',
    '20',
    '--json',
  ]);
  const fit = JSON.parse(out) as { backtest: number; forecast: { y: number }; intervals: Record<string, number[]> };
  expect(fit.forecast.y / (1.8 + 300 * 1e12 ** -0.35)).toBeCloseTo(1, 4);
  expect(fit.backtest).toBeLessThan(1e-4);
  expect(Object.keys(fit.intervals)).toEqual(['E', 'b', 'c']);
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/json.md'), 'utf8').split(
    '## `ansatz scale fit',
  )[1]!;
  for (const key of Object.keys(fit)) expect(page.split('\n## ')[0], key).toContain(`\`${key}\``);
});

test('two runs are refused, and an unknown law is told its nearest name', async () => {
  const few = await ansatz(folder, ['scale', 'fit', 'two.csv']);
  expect(few.code).toBe(2);
  expect(few.err).toContain('error[too-few]');
  const wrong = await ansatz(folder, ['scale', 'fit', 'runs.csv', '--law', 'chinchila']);
  expect(wrong.err).toContain('closest: "chinchilla"');
  expect((await ansatz(folder, ['scale', 'fit', 'none.csv'])).err).toContain('error[no-data]');
});

test('one run written down twelve times identifies nothing, and a y that rises is doubted', async () => {
  const fit = JSON.parse((await ansatz(folder, ['scale', 'fit', 'nonsense.csv', '--json'])).out) as {
    identified: Record<string, boolean>;
    intervals: Record<string, [number, number]>;
    warnings: string[];
  };
  expect(Object.values(fit.identified)).toEqual([false, false, false, false, false]);
  for (const [low, high] of Object.values(fit.intervals)) expect(low).toBeLessThanOrEqual(high);
  expect(fit.warnings.join()).toContain('11 duplicated rows');
  expect((await ansatz(folder, ['scale', 'fit', 'rising.csv', '--law', 'm2'])).out).toContain('y rises with x');
});
