import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labOf } from '../lab.ts';
import { pythonFolder } from '../python.ts';

test('trials change the constants, keep the asserted constraints and are judged by the summary block', async (context) => {
  const lab = labOf(import.meta.dirname, pythonFolder(['torch'], context));
  const script = join(lab.folder, 'train.py');
  // A quicker question than the example's, so that the test takes a quarter of a minute.
  writeFileSync(script, readFileSync(script, 'utf8').replace('TIME_BUDGET = 5.0', 'TIME_BUDGET = 1.0'));
  const ran = await lab.ansatz('run', '--plain', '--runs', '6');
  expect(ran.stderr).toBe('');
  expect([0, 4]).toContain(ran.code);

  const status = await lab.status();
  expect(status.runs).toBe(6);
  expect(status.verdicts['crash']).toBe(0);
  expect(status.noise?.sd).toBeGreaterThan(0);

  const baseline = await lab.show(1);
  expect(baseline.runs.length).toBeGreaterThanOrEqual(3);
  expect(new Set(baseline.runs.map((run) => run.status))).toEqual(new Set(['done']));
  expect(baseline.value).toBeLessThan(8);
  const [heard] = Object.values(baseline.metrics);
  const counts = Object.fromEntries((heard ?? []).map((series) => [series.key, series.count]));
  // The progress line is drawn over itself; the rest stands in the closing block.
  expect(counts['loss']).toBeGreaterThan(10);
  expect(counts).toMatchObject({ val_bpb: 1, num_params_M: 1, peak_vram_mb: 1 });

  // The settings arrived: what a trial says of itself is what the lab set, within what the script asserts.
  const trial = await lab.show(2);
  const { TOTAL_BATCH, DEVICE_BATCH, WIDTH, HEADS, DEPTH } = trial.point;
  expect(Number(TOTAL_BATCH) % (Number(DEVICE_BATCH) * 64)).toBe(0);
  expect(Number(WIDTH) % Number(HEADS)).toBe(0);
  expect(trial.why).not.toBe('');
  const [said] = Object.values(trial.metrics);
  const last = Object.fromEntries((said ?? []).map((series) => [series.key, series.last]));
  expect(last['depth']).toBe(DEPTH);
  expect(last['total_tokens_M']).toBeCloseTo(((last['num_steps'] ?? 0) * Number(TOTAL_BATCH)) / 1e6, 2);
  expect(trial.point).not.toEqual(baseline.point);
});
