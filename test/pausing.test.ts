import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { tokenOf } from '../ansatz/src/io/executor/local.ts';
import { runFolder } from '../ansatz/src/io/executor/places.ts';
import { readPaused } from '../ansatz/src/io/executor/pausing.ts';
import { withEnvironment } from '../ansatz/src/io/executor/process.ts';
import { activeSeconds } from '../ansatz/src/study/state.ts';
import { ansatz, cleanUp, project, start, stateOf, yaml } from './product.ts';

afterEach(cleanUp);

/** 27 steps in a second and a half, each said; the better the nearer X is to 1. */
const CURVE =
  'i=0; while [ $i -lt 27 ]; do i=$((i + 1)); sleep 0.05; awk "BEGIN { print \\"step $i: loss \\" (2 - $X + 1 / $i) }"; done\n';

function study(...more: readonly string[]): string {
  return project({ 'ansatz.yaml': yaml('pruner: halving', 'sampler: sobol', ...more), 'script.sh': CURVE });
}

/** Runs that stand still now, and processes of any run of the study. */
function standing(folder: string): number[] {
  const runs = join(folder, '.ansatz', 's', 'runs');
  const all = existsSync(runs) ? readdirSync(runs).map(Number) : [];
  return all.filter(
    (run) => readPaused(runFolder(runs, run)).since !== undefined && !existsSync(join(runFolder(runs, run), 'exit')),
  );
}

function left(folder: string, runs: number): number {
  const path = join(folder, '.ansatz', 's', 'runs');
  let found = 0;
  for (let run = 1; run <= runs; run++) found += withEnvironment(`ANSATZ_RUN=${tokenOf(path, run)}`).length;
  return found;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe.skipIf(process.platform !== 'linux')('a study of real processes that pause', { timeout: 120_000 }, () => {
  test('pays for the time they ran and leaves none of them', async () => {
    const folder = study('budget: { runs: 16 }');
    const { code, out } = await ansatz(folder, ['run', '--plain']);
    expect([0, 4]).toContain(code);
    expect(out).toMatch(/run \d+ paused at step \d+/);
    const state = stateOf(folder, 's');
    expect(state).toMatchObject({ phase: 'ended', paused: [], running: [] });
    const paused = state.runs.filter((run) => run.stays.length > 1 || run.stopWhy?.includes('paused'));
    expect(paused.length).toBeGreaterThan(2);
    for (const run of state.runs) {
      // A stop takes a moment in which it runs again; the lab hears of both ends a poll late.
      expect(run.charge!.deviceSeconds).toBeLessThanOrEqual(activeSeconds(run, state.now) + 1.5);
      expect(run.charge!.deviceSeconds).toBeLessThanOrEqual(run.hold.deviceSeconds);
    }
    expect(left(folder, state.runs.length)).toBe(0);
    expect(state.ledger.held.deviceSeconds).toBe(0);
  });

  test('goes on after kill -9 with the runs that stood still, none started twice', async () => {
    const folder = study('budget: { runs: 14 }');
    const lab = start(folder, ['run', '--plain']);
    await until(() => standing(folder).length >= 3);
    lab.child.kill('SIGKILL');
    await lab.done;
    const before = standing(folder);
    expect(before.length).toBeGreaterThanOrEqual(3);
    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as { paused: unknown[]; open: boolean };
    expect(status.open).toBe(false);
    expect(status.paused.length).toBeGreaterThanOrEqual(2);
    expect((await ansatz(folder, ['run', '--plain'])).code).toBeLessThan(5);
    const state = stateOf(folder, 's');
    expect(state).toMatchObject({ phase: 'ended', paused: [] });
    expect(state.runs.filter((run) => run.status === 'lost')).toEqual([]);
    for (const run of before) {
      const printed = readFileSync(join(runFolder(join(folder, '.ansatz', 's', 'runs'), run), 'stdout'), 'utf8');
      expect(printed.match(/step 1:/g)).toHaveLength(1);
    }
    expect(left(folder, state.runs.length)).toBe(0);
  });

  test('stops what stands still when it is asked to stop', async () => {
    const folder = study('budget: { runs: 40 }');
    const lab = start(folder, ['run', '--plain']);
    await until(() => standing(folder).length >= 2);
    expect((await ansatz(folder, ['stop'])).out).toMatch(/paused ones are stopped/);
    expect((await lab.done).code).toBe(130);
    const state = stateOf(folder, 's');
    expect(state).toMatchObject({ phase: 'draining', paused: [], running: [] });
    expect(state.runs.some((run) => run.stopping === 'unfinished')).toBe(true);
    expect(left(folder, state.runs.length)).toBe(0);
  });
});
