import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labOf, lastPrinted } from '../lab.ts';

test(
  'a better use of the compute is found by changing constants in copies of the script',
  { timeout: 120_000 },
  async () => {
    const lab = labOf(import.meta.dirname);
    const script = join(lab.folder, 'train.mjs');
    const before = readFileSync(script, 'utf8');
    const ran = await lab.ansatz('run', '--plain', '--runs', '18');
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    expect(readFileSync(script, 'utf8')).toBe(before);

    const status = await lab.status();
    expect(status.runs).toBe(18);
    expect(status.verdicts['crash']).toBe(0);
    expect(status.dead).toEqual([]);
    expect(status.gain!.effect).toBeGreaterThan(status.gain!.margin);

    const baseline = await lab.show(1);
    expect(baseline.runs.length).toBeGreaterThanOrEqual(3);
    expect(new Set(baseline.runs.map((run) => run.status))).toEqual(new Set(['done']));
    expect(new Set(baseline.runs.map((run) => run.value)).size).toBe(3);
    const [heard] = Object.values(baseline.metrics);
    const counts = Object.fromEntries((heard ?? []).map((series) => [series.key, series.count]));
    expect(counts).toMatchObject({ train_bpc: 10, val_bpc: 10, tokens: 10, flops: 10, seconds: 10 });
    expect(baseline.runs[0]?.values).toHaveLength(10);

    // The settings arrived: written into the script by hand, with the same seed, they give what the lab recorded.
    const best = await lab.show('best');
    expect(best.state).toBe('keep');
    const { seed, value } = best.runs.at(-1)!;
    let edited = before;
    for (const [name, setting] of Object.entries({ ...best.point, SEED: seed })) {
      edited = edited.replace(new RegExp(`^const ${name} = [^;]*`, 'm'), `const ${name} = ${JSON.stringify(setting)}`);
    }
    expect(edited).not.toBe(before);
    writeFileSync(script, edited);
    const again = await lab.start(process.execPath, 'train.mjs');
    expect(lastPrinted(again.stdout, 'val_bpc')).toBe(value);
  },
);
