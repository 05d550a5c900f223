import { expect, test } from 'vitest';
import { labOf, lastPrinted } from '../lab.ts';
import { pythonFolder } from '../python.ts';

test('accuracy rises, by flags that give the same when typed by hand', { timeout: 120_000 }, async (context) => {
  const lab = labOf(import.meta.dirname, pythonFolder(['sklearn', 'numpy'], context));
  const ran = await lab.ansatz('run', '--plain', '--runs', '16');
  expect(ran.stderr).toBe('');
  expect([0, 4]).toContain(ran.code);

  const status = await lab.status();
  expect(status.runs).toBe(16);
  expect(status.verdicts['crash']).toBe(0);
  expect(status.dead).toEqual([]);
  expect(status.noise?.sd).toBeGreaterThan(0);

  const baseline = await lab.show(1);
  expect(baseline.runs.length).toBeGreaterThanOrEqual(3);
  expect(new Set(baseline.runs.map((run) => run.status))).toEqual(new Set(['done']));
  const [heard] = Object.values(baseline.metrics);
  const counts = Object.fromEntries((heard ?? []).map((series) => [series.key, series.count]));
  expect(counts).toMatchObject({ 'val accuracy': 30, 'val log loss': 30, 'train loss': 30 });
  const curve = baseline.runs[0]?.values ?? [];
  expect(curve.at(-1)).toBeGreaterThan(curve.at(0) ?? 1);

  // Whatever was kept is no worse than the script as it is, and its flags repeat what the lab recorded.
  const best = await lab.show('best');
  expect(best.value).toBeGreaterThanOrEqual(baseline.value ?? 1);
  const [program = '', ...words] = (await lab.ansatz('best', '--as', 'argv')).stdout.trim().split(' ');
  const last = best.runs.at(-1);
  const again = await lab.start(program, ...words, '--seed', String(last?.seed));
  expect(lastPrinted(again.stdout, 'val accuracy')).toBe(last?.value);
});
