import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ansatz, cleanUp, project } from '../../../../test/product.ts';

const POINTS = join(import.meta.dirname, '../../methods/scaling/fixtures/chinchilla_epoch.csv');
const folder = project({
  'runs.csv': readFileSync(POINTS, 'utf8'),
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

test('two runs are refused, and an unknown law is told its nearest name', async () => {
  const few = await ansatz(folder, ['scale', 'fit', 'two.csv']);
  expect(few.code).toBe(2);
  expect(few.err).toContain('error[too-few]');
  const wrong = await ansatz(folder, ['scale', 'fit', 'runs.csv', '--law', 'chinchila']);
  expect(wrong.err).toContain('closest: "chinchilla"');
  expect((await ansatz(folder, ['scale', 'fit', 'none.csv'])).err).toContain('error[no-data]');
});
