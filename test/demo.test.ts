import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { stateOf } from './product.ts';

test(
  'the demo: at least 20 runs on two slots, a lab killed on the way, a gain beyond noise, a report',
  { timeout: 120_000 },
  () => {
    const out = execFileSync(process.execPath, [join(import.meta.dirname, '..', 'examples', 'demo.ts')], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    const report = /Report: (\S+\/report\.html) \(\d+ KB, opens without a network\)/.exec(out)?.[1];
    expect(report, out).toBeDefined();
    expect(statSync(report!).size).toBeLessThan(2_000_000);
    expect(readFileSync(report!, 'utf8')).toMatch(/^<!doctype html>/i);
    expect(out).toMatch(/The lab is dead/);
    expect(out).toMatch(/going on with/);
    const state = stateOf(dirname(report!), 'digits');
    expect(state.ended!.reason).toBe('budget');
    expect(state.runs.length).toBeGreaterThanOrEqual(20);
    expect(new Set(state.runs.map((run) => run.slot)).size).toBe(2);
    expect(state.runs.filter((run) => run.status === 'lost')).toEqual([]);
    expect(state.incumbent).toBeGreaterThan(1);
    expect(out).toMatch(/better by [\d.]+ ± [\d.]+ \([\d.]+ %\), p < 0\.0\d+|p = 0\.00/);
    const home = dirname(dirname(report!));
    rmSync(home, { recursive: true, force: true });
    expect(existsSync(home)).toBe(false);
  },
);
