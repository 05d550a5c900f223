import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ansatz, cleanUp, project } from '../../../../test/product.ts';
import { deviceNamed, knownShape, stepTime, usualJob } from '../../methods/plan/index.ts';

/** Steps of a machine that reaches less than ours: its rows as a user would write them down. */
const SLOWER = { matmul: 0.55, attention: 0.4, memory: 0.5, network: 0.8 };
const ROWS = [1, 2, 4, 8].flatMap((microbatch) =>
  (['none', 'full'] as const).map((recompute) => {
    const job = usualJob(knownShape('llama3-8b', 8e9, 4096)!, deviceNamed('H100')!);
    const layout = {
      data: 16,
      tensor: 1,
      sequence: false,
      context: 1,
      pipeline: 1,
      interleave: 1,
      zero: 3 as const,
      recompute,
      microbatch,
      accumulate: 4,
    };
    return `llama3-8b,8.03e9,4096,16,h100_80gb,${microbatch},4,FULL_SHARD,${recompute === 'full'},${stepTime(job, layout, SLOWER).seconds}`;
  }),
);
const folder = project({
  'measured.csv': `model,N,seq_len,n_gpus,gpu,microbatch,grad_accum,sharding,act_ckpt,seconds\n${ROWS.join('\n')}\n`,
  'foreign.csv': 'model,seq,devices,device,seconds\nllama3-8b,4096,8,A100,3\n',
  'own.csv': 'model,seq,devices,device,seconds\nllama3-8b,4096,8,H200,2\n',
  'bad.csv': 'model,seq,devices,device,sharding,seconds\nllama3-8b,4096,8,H100,sideways,3\n',
  'h200.yaml': 'like: H100\nname: H200\nmemory: 141e9\nbandwidth: 4.8e12\nprice: 3\n',
  'odd.yaml': 'like: H100\nmemorry: 141e9\n',
  'law.json': JSON.stringify({
    law: 'chinchilla',
    params: { E: 1.7, A: 400, B: 2000, alpha: 0.34, beta: 0.37 },
    covariance: null,
  }),
  'power.json': JSON.stringify({ law: 'power', params: { b: 3, c: 0.1 } }),
});
const plan = (...args: string[]) => ansatz(folder, ['scale', 'plan', ...args]);

afterAll(cleanUp);

interface Printed {
  readonly N: number;
  readonly D: number;
  readonly seconds: number;
  readonly cost: number;
  readonly loss: number;
  readonly lossInterval: [number, number] | null;
  readonly devices: number;
  readonly devicesChosen: boolean;
  readonly layouts: { layout: Record<string, number>; time: { tokensPerSecond: number }; memory: { total: number } }[];
  readonly calibration: { before: { median: number }; after: { median: number }; heldOut: { median: number } } | null;
  readonly efficiency: Record<string, number | string>;
  readonly networks: { devices: number; plan: object | null }[] | null;
  readonly explanation: { source: string }[];
  readonly warnings: string[];
}
const json = async (...args: string[]): Promise<Printed> => JSON.parse((await plan(...args, '--json')).out) as Printed;

describe('scale plan', () => {
  test('three budgets, one machine: FLOPs, days and dollars lead to the same run', async () => {
    const month = await json('--devices', '512xH100', '--days', '30');
    expect(month.seconds).toBeCloseTo(30 * 86400, 0);
    expect(month.lossInterval![0]).toBeLessThan(month.loss);
    const paid = await json('--devices', '512xH100', '--dollars', String(month.cost));
    const computed = await json('--devices', '512xH100', '--flops', String(6 * month.N * month.D));
    expect([paid.N, computed.N]).toEqual([month.N, month.N]);
    expect(computed.seconds / month.seconds).toBeCloseTo(1, 3);
    for (const { layout } of month.layouts)
      expect(layout['data']! * layout['tensor']! * layout['pipeline']! * layout['context']!).toBe(512);
    for (const { source } of month.explanation) expect(source).not.toBe('');
  });

  test('every field of its JSON is documented', async () => {
    const printed = await json('--flops', '1e22', '--compare', '--measured', 'measured.csv', '--devices', '64xH100');
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/json.md'), 'utf8')
      .split('## `ansatz scale plan')[1]!
      .split('\n## ')[0]!;
    const keys = [
      printed,
      printed.layouts[0]!,
      printed.layouts[0]!.layout,
      printed.layouts[0]!.time,
      printed.layouts[0]!.memory,
      printed.explanation[0]!,
    ].flatMap((one) => Object.keys(one));
    for (const key of keys) expect(page, key).toMatch(new RegExp(`\\b${key}\\b`));
  });

  test('constants fitted to measured runs foretell them, and the plan is as slow as they are', async () => {
    const ours = await json('--flops', '1e22', '--devices', '64xH100');
    const theirs = await json('--flops', '1e22', '--devices', '64xH100', '--measured', 'measured.csv');
    expect(theirs.calibration!.before.median).toBeGreaterThan(0.15);
    expect(theirs.calibration!.after.median).toBeLessThan(0.02);
    expect(theirs.calibration!.heldOut.median).toBeLessThan(0.05);
    expect(theirs.seconds).toBeGreaterThan(1.15 * ours.seconds);
    expect(theirs.efficiency['from']).toContain('measured.csv');
    expect((await plan('--flops', '1e22', '--measured', 'foreign.csv')).err).toContain('1 rows on other devices');
    expect((await plan('--flops', '1e22', '--measured', 'bad.csv')).err).toContain('bad.csv:2');
  });

  test('serving makes the model smaller, few tokens make it repeat, a law of one’s own is taken', async () => {
    const base = ['--flops', '1e23', '--devices', '256xH100'];
    const plain = await json(...base);
    expect((await json(...base, '--inference-tokens', '1e13')).N).toBeLessThan(0.7 * plain.N);
    expect((await plan(...base, '--tokens-available', '5e10')).out).toContain('epochs');
    const own = await json(...base, '--law', 'law.json');
    expect(own.lossInterval).toBeNull();
    expect(own.warnings.join()).toContain('no covariance');
    expect((await plan(...base, '--law', 'power.json')).err).toContain('error[bad-law]');
  });

  test('a device from a file holds more, an unknown key is told its nearest', async () => {
    const h100 = await json('--devices', '64xH100', '--days', '7');
    const h200 = await json('--hardware', 'h200.yaml', '--devices', '64xH200', '--days', '7');
    expect(h200.cost / h100.cost).toBeCloseTo(3 / 2.5, 2);
    const fitted = await json(
      '--hardware',
      'h200.yaml',
      '--devices',
      '64xH200',
      '--days',
      '7',
      '--measured',
      'own.csv',
    );
    expect(fitted.calibration!.before).toMatchObject({ n: 1 });
    expect((await plan('--hardware', 'odd.yaml', '--devices', '64', '--days', '7')).err).toContain('closest: "memory"');
  });

  test('CSV and pictures', async () => {
    const { out } = await plan('--flops', '1e23', '--devices', '256xv5p', '--top', '3', '--csv');
    const rows = out
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    expect(rows.length).toBe(4);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    await plan('--flops', '1e23', '--devices', '256xv5p', '--svg', 'plan.svg');
    await plan('--flops', '1e23', '--devices', '256xv5p', '--compare', '--svg', 'nets.svg');
    for (const file of ['plan.svg', 'nets.svg']) {
      const svg = readFileSync(join(folder, file), 'utf8');
      expect(svg).toMatch(/^<svg xmlns=/);
      expect(svg).not.toContain('NaN');
    }
  });

  test.each([
    [[], 'error[no-budget]', 'ansatz scale plan --flops 1e24'],
    [['--days', '30'], 'error[no-devices]', '--devices 512xH100 --days 30'],
    [['--days', '30', '--devices', 'H100'], 'error[no-devices]', 'how many'],
    [['--days', '30', '--devices', '0xH100'], 'error[bad-option]', 'from 1'],
    [['--days', '-3', '--devices', '8xH100'], 'error[bad-option]', 'above zero'],
    [['--dollars', '-5'], 'error[bad-option]', 'above zero'],
    [['--dollars', 'NaN'], 'error[bad-option]', 'above zero'],
    [['--flops', '1e24', '--dollars', '5'], 'error[two-budgets]', 'each decides the others'],
    [['--days', '30', '--devices', '512xH1000'], 'error[no-device]', 'closest: "H100"'],
    [['--flops', '1e24', '--devices', '8xH100', '--params', '1T'], 'error[no-fit]', 'memory binds'],
    [['--flops', '1e24', '--devices', '4096xH100', '--batch', '100000'], 'error[no-fit]', 'the batch binds'],
    [['--flops', '1e5'], 'error[no-fit]', 'less than'],
    [['--flops', '1e22', '--csv', '--json'], 'error[two-forms]', 'two forms'],
    [['--flops', '1e22', '--layout', 'tensor=7'], 'error[no-fit]', 'divisibility binds'],
    [['--flops', '1e24', '--layout', 'tensr=8'], 'error[bad-option]', 'closest: "tensor"'],
    [['--flops', '1e24', '--hidden', '100', '--heads', '7'], 'error[bad-option]', 'does not divide'],
  ] as const)('%j is refused: %s', async (args, code, words) => {
    const { code: exit, err, out } = await plan(...args);
    expect(exit).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(code);
    expect(err).toContain(words);
    expect(err).toContain('fix');
  });
});
