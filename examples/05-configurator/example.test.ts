import { expect, test } from 'vitest';
import { labOf, lastPrinted } from '../lab.ts';
import { pythonFolder } from '../python.ts';

test('settings pass the type check of the configurator and give the same when typed by hand', async (context) => {
  const lab = labOf(import.meta.dirname, pythonFolder(['numpy'], context));
  const ran = await lab.ansatz('run', '--plain', '--runs', '20');
  expect(ran.stderr).toBe('');
  expect([0, 4]).toContain(ran.code);

  // A float written as 1 instead of 1.0 would end a run: there is no crash.
  const status = await lab.status();
  expect(status.runs).toBe(20);
  expect(status.verdicts['crash']).toBe(0);
  expect(status.dead).toEqual([]);

  const baseline = await lab.show(1);
  expect(baseline.runs.length).toBeGreaterThanOrEqual(3);
  expect(new Set(baseline.runs.map((run) => run.status))).toEqual(new Set(['done']));
  const [heard] = Object.values(baseline.metrics);
  const counts = Object.fromEntries((heard ?? []).map((series) => [series.key, series.count]));
  expect(counts).toMatchObject({ 'val loss': 16, 'train loss': 16, 'val acc': 16 });

  const best = await lab.show('best');
  expect(best.value).toBeLessThanOrEqual(baseline.value ?? 0);
  const [program = '', ...words] = (await lab.ansatz('best', '--as', 'argv')).stdout.trim().split(' ');
  const last = best.runs.at(-1);
  const again = await lab.start(program, ...words, `--seed=${last?.seed}`);
  expect(lastPrinted(again.stdout, 'val loss')).toBe(last?.value);
});

test('the configurator refuses what is no setting or has another type', async (context) => {
  const lab = labOf(import.meta.dirname, pythonFolder(['numpy'], context));
  expect(await lab.start('python3', 'train.py', 'config/quick.py')).toMatchObject({ code: 0 });
  const refused = await lab.start('python3', 'train.py', '--learning_rate=1');
  expect(refused).toMatchObject({ code: 1, stderr: 'learning_rate is a float, 1 is a int\n' });
  const unknown = await lab.start('python3', 'train.py', '--learning_rat=0.1');
  expect(unknown).toMatchObject({ code: 1, stderr: 'there is no setting called learning_rat\n' });
});
