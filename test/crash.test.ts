import { describe, expect, test } from 'vitest';
import { torture } from './torture.ts';

describe('under fire', () => {
  test('every run executes once or is recorded as lost, and the books are right', { timeout: 180_000 }, async () => {
    const outcome = await torture({ runs: 110, slots: 4, labKills: 9, supervisorKills: 4, seed: 7 });
    const { state, executions, books } = outcome;
    expect(outcome.labsKilled).toBe(9);
    expect(outcome.supervisorsKilled).toBeGreaterThanOrEqual(2);
    expect(state.runs.length).toBeGreaterThanOrEqual(100);
    expect(state.phase).toBe('ended');
    for (const run of state.runs) {
      const times = executions.get(run.id) ?? 0;
      expect(run.status, `run ${run.id}`).not.toBe('running');
      if (run.status === 'lost') expect(times).toBeLessThanOrEqual(1);
      else expect(times, `run ${run.id} (${run.status} ${run.text})`).toBe(1);
      expect(run.charge!.runs).toBe(1);
    }
    expect([...executions.keys()].every((id) => id <= state.runs.length)).toBe(true);
    expect(state.runs.filter((run) => run.status === 'lost').length).toBeLessThanOrEqual(outcome.supervisorsKilled);

    for (const { resource, budget, held, spent } of books) {
      const charged = state.runs.reduce(
        (sum, run) => sum + Math.min(run.charge![resource as 'runs'], run.hold[resource as 'runs']),
        0,
      );
      expect(spent, resource).toBeCloseTo(charged, 6);
      expect(held).toBeCloseTo(0, 6);
      if (budget !== null) expect(spent).toBeLessThanOrEqual(budget);
    }
    expect(outcome.leastFree).toBeGreaterThanOrEqual(0);
    expect(outcome.survivors).toBe(0);
  });
});
