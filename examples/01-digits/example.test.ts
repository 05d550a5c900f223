import { expect, test } from 'vitest';
import { labOf, lastPrinted } from '../lab.ts';

test(
  'a better reader of digits is found, confirmed on fresh seeds, and works when pasted',
  { timeout: 120_000 },
  async () => {
    const lab = labOf(import.meta.dirname);
    const ran = await lab.ansatz('run', '--plain', '--runs', '40');
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);

    const status = await lab.status();
    expect(status.runs).toBe(40);
    expect(status.verdicts['crash']).toBe(0);
    expect(status.dead).toEqual([]);
    expect(status.noise!.sd).toBeGreaterThan(0);
    // Settings differ much in noise, so the interval may be wide: that it is better is proven all the same.
    expect(status.gain!.better).toBeGreaterThan(0.9);

    const baseline = await lab.show(1);
    expect(baseline.runs.length).toBeGreaterThanOrEqual(3);
    expect(new Set(baseline.runs.map((run) => run.status))).toEqual(new Set(['done']));
    expect(baseline.point).toMatchObject({ lr: 0.05, hidden: 16, activation: 'tanh' });
    const [curve] = Object.values(baseline.metrics);
    const counts = Object.fromEntries((curve ?? []).map((series) => [series.key, series.count]));
    expect(counts).toMatchObject({ train_loss: 40, val_loss: 40, val_error: 40 });
    const losses = baseline.runs[0]?.values ?? [];
    expect(losses.at(-1)).toBeLessThan(losses.at(0) ?? 0);

    // The settings arrived: typed by hand with the same seed they give what the lab recorded.
    const best = await lab.show('best');
    expect(best.state).toBe('keep');
    const [program = '', ...words] = (await lab.ansatz('best', '--as', 'argv')).stdout.trim().split(' ');
    const { seed, value } = best.runs.at(-1)!;
    const again = await lab.start(program, ...words, '--seed', String(seed));
    expect(lastPrinted(again.stdout, 'val_loss')).toBe(value);
  },
);
