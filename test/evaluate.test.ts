/** A study whose results are said by an evaluator of its own: the whole command line on a real script that cheats. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { whyUnconfined } from '../ansatz/src/io/workspace/index.ts';
import type { Status } from '../ansatz/src/study/views.ts';
import { ansatz, cleanUp, project, start, stateOf, yaml } from './product.ts';

afterEach(cleanUp);

/** Leaves a model behind, and prints whatever metric it likes. */
const TRAIN = [
  'mkdir -p out',
  'awk "BEGIN { srand($ANSATZ_SEED); print 2 - $X + 0.01 * rand() }" > out/model',
  'echo "step 1: loss 0.0001"; echo "step 2: loss 0.00001"; sleep 0.05',
].join('\n');
const EVALUATE =
  'read -r loss < out/model\n[ "$1" = --split ] && loss=$(awk "BEGIN { print $loss + 5 }")\necho "loss: $loss"\n';
const FILES = { 'script.sh': TRAIN, 'eval.sh': EVALUATE };
const LINES = [
  'evaluate: sh eval.sh',
  'heldout: sh eval.sh --split test',
  "artifacts: ['out/**']",
  'budget: { runs: 26 }',
];

describe.each(['none', ...(whyUnconfined() === undefined ? ['bwrap'] : [])])('an evaluator, sandbox %s', (sandbox) => {
  test('says every result; what the script prints of itself counts for nothing', async () => {
    const lines = [...LINES, `sandbox: ${sandbox}`];
    const folder = project({
      ...FILES,
      'ansatz.yaml': yaml(...lines, ...(sandbox === 'bwrap' ? ['command: /bin/sh script.sh'] : [])),
    });
    const run = await ansatz(folder, ['run', '--plain']);
    expect(run.err).toBe('');
    const state = stateOf(folder, 's');
    const results = state.runs.map((one) => one.value!);
    expect(Math.min(...results)).toBeGreaterThan(0.9);
    expect(state.runs.every((one) => one.steps.length === 0)).toBe(true);
    expect(state.incumbent).toBeGreaterThan(1);

    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Status;
    expect(status.heldout!.baseline).toBeGreaterThan(6);
    expect(status.heldout!.best).toBeLessThan(status.heldout!.baseline!);
    expect((await ansatz(folder, ['status'])).out).toMatch(/held-out {2}6\.\d+ → \d\.\d+ \(trial \d+\), better by/);
    expect((await ansatz(folder, ['show', 'best'])).out).toMatch(/held-out {4}6\.\d+ → \d/);
    await ansatz(folder, ['report', '-o', 'report.md']);
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toMatch(/Held-out: 6\.\d+ → \d\.\d+ \(trial \d+\)/);
    // The script's own word is there for who wants to see it, under a name of its own.
    expect((await ansatz(folder, ['show', '1'])).out).toMatch(/loss \(as printed\)/);
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });
});

test('an evaluator that fails, or that finds no artifact, fails the baseline and says why', async () => {
  const folder = project({
    ...FILES,
    'eval.sh': 'echo "ValueError: the model has no layers" >&2; exit 4\n',
    'ansatz.yaml': yaml(...LINES),
  });
  const run = await ansatz(folder, ['run', '--plain']);
  expect(run.code).not.toBe(0);
  expect(stateOf(folder, 's').runs[0]).toMatchObject({
    status: 'failed',
    reason: 'crash',
    text: 'the evaluator: exit 4 — ValueError: the model has no layers',
  });
  const quiet = project({ ...FILES, 'eval.sh': 'echo "score: 3"\n', 'ansatz.yaml': yaml(...LINES) });
  await ansatz(quiet, ['run', '--plain']);
  expect(stateOf(quiet, 's').runs[0]).toMatchObject({ reason: 'no-metric' });
  expect(stateOf(quiet, 's').runs[0]!.text).toMatch(/the evaluator: metric "loss" never appeared.*closest: "score"/);
});

test('a lab that is killed while runs are judged goes on, and judges none twice', { timeout: 60_000 }, async () => {
  const folder = project({
    'script.sh': TRAIN,
    'eval.sh': `echo x >> "$COUNT"; sleep 0.3\n${EVALUATE}`,
    '.gitignore': 'counted\n',
  });
  const lines = [...LINES.filter((line) => !line.startsWith('budget')), 'budget: { runs: 12 }', 'price: 1'];
  project(
    { 'ansatz.yaml': yaml(...lines, `run: { limit: 20s, grace: 1s, env: { COUNT: '${join(folder, 'counted')}' } }`) },
    folder,
  );
  for (let kill = 0; kill < 4; kill++) {
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run \d+ started/);
    await new Promise((resolve) => setTimeout(resolve, 150 + 170 * kill));
    lab.child.kill('SIGKILL');
    await lab.done;
  }
  await ansatz(folder, ['run', '--plain']);
  const state = stateOf(folder, 's');
  expect(state.runs).toHaveLength(12);
  expect(state.runs.every((run) => run.status === 'done')).toBe(true);
  const checks = new Set(state.marks.map((mark) => mark.trial)).size;
  expect(readFileSync(join(folder, 'counted'), 'utf8').length / 2).toBe(state.runs.length + checks);
  expect(state.ledger.spent.runs).toBe(12);
  // Each was charged for its evaluation as well.
  for (const run of state.runs) expect(run.charge!.deviceSeconds).toBeGreaterThan(0.3);
  expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
});

test('what cannot be judged is told before anything runs', async () => {
  const at = (...lines: string[]): string => project({ ...FILES, 'ansatz.yaml': yaml(...lines) });
  const said = async (...lines: string[]): Promise<string> => (await ansatz(at(...lines), ['run'])).err;
  expect(await said('evaluate: sh eval.sh')).toMatch(/error\[no-artifacts\]/);
  expect(await said('evaluate: sh eval.sh', "artifacts: ['**']")).toMatch(/error\[bad-artifacts\]/);
  expect(await said('evaluate: sh eval.sh', "artifacts: ['../out/**']")).toMatch(/error\[outside-folder\]/);
  expect(await said('evaluate: sh eval.sh', "artifacts: ['out/**']", 'run: { workspace: inplace }')).toMatch(
    /error\[inplace-artifacts\]/,
  );
});

test('a curve that the script prints stands in for what its evaluator says: runs are stopped by it, results are not its', async () => {
  const steps =
    'for i in 1 2 3 4 5 6; do awk "BEGIN { print \\"step $i: val_loss \\" 3 - $X + 1 / $i }"; sleep 0.04; done';
  const folder = project({
    'script.sh': `mkdir -p out\nawk "BEGIN { srand($ANSATZ_SEED); print 100 + 10 * $X + 0.1 * rand() }" > out/model\n${steps}\n`,
    'eval.sh': 'read -r score < out/model\necho "score: $score"\n',
    'ansatz.yaml': yaml(
      'metric: score',
      'direction: maximize',
      'curve: val_loss',
      'evaluate: sh eval.sh',
      "artifacts: ['out/**']",
      'pruner: median',
      'sampler: random',
      'budget: { runs: 45 }',
    ),
  });
  const run = await ansatz(folder, ['run', '--plain']);
  expect(run.err).toBe('');
  const state = stateOf(folder, 's');
  const stopped = state.runs.filter((one) => one.stopping === 'pruned');
  expect(stopped.length).toBeGreaterThan(0);
  for (const one of state.runs) expect(one.value ?? 100).toBeGreaterThanOrEqual(100);
  expect(state.agreement!.rho).toBeGreaterThan(0.9);
  const { curve } = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Status;
  expect(curve).toMatchObject({ metric: 'val_loss', direction: 'minimize', stopping: true });
  expect((await ansatz(folder, ['status'])).out).toMatch(
    /curve +val_loss stands in for score: agreement 1\.00 over \d+ trials, stops runs/,
  );
  expect((await ansatz(folder, ['report', '--md'])).out).toMatch(/what stands in for the result.*val\\?_loss/);
  const shown = JSON.parse((await ansatz(folder, ['show', String(stopped[0]!.trial), '--json'])).out) as {
    runs: { values: number[] }[];
  };
  expect(Math.max(...shown.runs.flatMap(({ values }) => values))).toBeLessThan(5);
});
