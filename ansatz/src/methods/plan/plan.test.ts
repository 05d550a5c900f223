import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allToAll,
  calibrate,
  cheapestFor,
  checkpointing,
  checkpointInterval,
  CHINCHILLA_LAW,
  compareNetworks,
  DEVICES,
  deviceNamed,
  explain,
  flopsPerToken,
  goodputOf,
  inFlight,
  type Job,
  knownShape,
  layerActivations,
  type Layout,
  lossInterval,
  lossOf,
  memoryOf,
  nearestDevice,
  optimumOf,
  parametersOf,
  parseDevices,
  planRun,
  ringGather,
  ringReduce,
  search,
  sizeInterval,
  stateBytes,
  stepTime,
  switchReduce,
  tokensFor,
  torusAllToAll,
  torusGather,
  torusReduce,
  treeReduce,
  twoLevelGather,
  twoLevelReduce,
  UNDIVIDED,
  USABLE,
  usualJob,
  usualQuestion,
  usualShape,
  USUAL_RELIABILITY,
} from './index.ts';

const GIB = 2 ** 30;
/** Megatron of 2022: attention that keeps its square, dropout. */
const megatron = (name: string, size: number): Job => ({
  ...usualJob(knownShape(name, size, 2048)!, DEVICES['A100']!),
  attention: 'plain',
  dropout: true,
});

describe('collectives', () => {
  test('an all-gather of 34 MB over one v5e axis takes 377 µs', () => {
    const link = { bandwidth: 45e9, latency: 1e-6 };
    expect(torusGather(34e6, { lengths: [16], wrapFrom: 16, link }) / 377e-6).toBeCloseTo(1, 1.7);
    // Small arrays wait for the hops: eight of a microsecond.
    expect(torusGather(1e3, { lengths: [16], wrapFrom: 16, link })).toBeCloseTo(8e-6, 12);
    // A line of eight has no way back: half the bandwidth.
    expect(torusGather(34e6, { lengths: [8], wrapFrom: 16, link })).toBeCloseTo(34e6 / 45e9, 9);
  });

  test('two axes halve the time, an all-reduce is two gathers, an all-to-all a quarter of one', () => {
    const link = { bandwidth: 45e9, latency: 0 };
    const axes = (...lengths: number[]) => ({ lengths, wrapFrom: 4, link });
    expect(torusGather(1e9, axes(16, 16))).toBeCloseTo(torusGather(1e9, axes(16)) / 2, 12);
    expect(torusReduce(1e9, axes(16))).toBeCloseTo(2 * torusGather(1e9, axes(16)), 12);
    expect(torusAllToAll(1e9, axes(16))).toBeCloseTo(torusGather(1e9, axes(16)) / 4, 12);
  });

  test('weights are gathered as quickly as 850 tokens a chip are multiplied on three axes of v5p, 2550 on one', () => {
    const { peak, network } = DEVICES['v5p']!;
    if (network.kind !== 'torus') throw new Error('v5p is on a torus');
    const link = { ...network.link, latency: 0 };
    for (const [lengths, tokens] of [
      [[16], 2550],
      [[16, 16, 16], 850],
    ] as const) {
      const gathered = torusGather(2e9, { lengths, wrapFrom: network.wrapFrom, link });
      expect((2e9 * tokens) / peak / gathered).toBeCloseTo(1, 2);
    }
  });

  test('a ring passes (p−1)/p of the array per direction, trees are quicker for small arrays only', () => {
    const link = { bandwidth: 25e9, latency: 5e-6 };
    expect(ringGather(8e9, 8, { bandwidth: 1e9, latency: 0 })).toBeCloseTo(7, 9);
    expect(ringReduce(1e9, 64, link)).toBeCloseTo(2 * 63 * 5e-6 + (2 * 63 * 1e9) / 64 / 25e9, 9);
    expect(treeReduce(1e3, 64, link)).toBeLessThan(ringReduce(1e3, 64, link));
    expect(treeReduce(1e10, 64, link)).toBeGreaterThan(ringReduce(1e10, 64, link));
    expect(switchReduce(1e10, 64, link)).toBeLessThan(ringReduce(1e10, 64, link));
    expect(allToAll(1e9, 4, { bandwidth: 1e9, latency: 0 })).toBeCloseTo(0.75, 9);
    for (const one of [ringGather, ringReduce, treeReduce, switchReduce]) expect(one(1e9, 1, link)).toBe(0);
  });

  test('two levels send only a share of the array between nodes', () => {
    const [inner, outer] = [
      { bandwidth: 300e9, latency: 0 },
      { bandwidth: 25e9, latency: 0 },
    ];
    expect(twoLevelGather(8e9, 8, 4, inner, outer)).toBeCloseTo((1e9 * 0.75) / 25e9 + (8e9 * 7) / 8 / 300e9, 9);
    expect(twoLevelReduce(8e9, 8, 4, inner, outer)).toBeLessThan(ringReduce(8e9, 32, outer));
  });
});

describe('devices', () => {
  test('names are found in any spelling, and amounts before them', () => {
    expect(deviceNamed('a100_80gb')!.name).toBe('A100');
    expect(deviceNamed('TPU v5p')!.name).toBe('v5p');
    expect(deviceNamed('H1000')).toBeUndefined();
    expect(nearestDevice('H1000')).toBe('H100');
    expect(parseDevices('512xH100')).toEqual({ count: 512, name: 'H100' });
    expect(parseDevices('8,960 × v5p')).toEqual({ count: 8960, name: 'v5p' });
    expect(parseDevices('h100')).toEqual({ count: undefined, name: 'h100' });
    expect(parseDevices('-4xH100')).toEqual({ count: -4, name: 'H100' });
    expect(parseDevices('512 H100')).toEqual({ count: 512, name: 'H100' });
    expect(parseDevices('h100 x 8')).toEqual({ count: 8, name: 'h100' });
    expect(parseDevices('512')).toBeUndefined();
  });
});

describe('shapes', () => {
  test('published shapes have their published size', () => {
    for (const [name, size] of [
      ['llama3.1-8B', 8.03e9],
      ['llama3-70B', 70.6e9],
      ['llama3-405b', 405e9],
      ['megatron-22B', 22e9],
      ['gpt3-175B', 175e9],
      ['turing-530B', 530e9],
      ['megatron-1T', 1008e9],
    ] as const)
      expect(parametersOf(knownShape(name, size, 2048)!).total / size, name).toBeCloseTo(1, 1.5);
    expect(knownShape('nobody', 3e9 / 7, 2048)).toBeUndefined();
  });

  test('the usual shape has the size that was asked for, and heads that tensor ranks can share', () => {
    for (const size of [1e8, 1e9, 7e9, 13e9, 70e9, 405e9, 2e12]) {
      const shape = usualShape(size, 4096);
      expect(Math.abs(Math.log(parametersOf(shape).total / size)), String(size)).toBeLessThan(0.15);
      expect(shape.hidden % shape.heads).toBe(0);
      if (size >= 7e9) expect(shape.heads % 8).toBe(0);
    }
    expect(usualShape(7e9, 4096, { layers: 32, hidden: 4096 })).toMatchObject({ layers: 32, hidden: 4096 });
  });

  test('PaLM counts FLOPs per token as 6N + 12 L d T', () => {
    const shape = knownShape('palm-540b', 540e9, 2048)!;
    const { total } = parametersOf(shape);
    expect(flopsPerToken(shape)).toBeCloseTo(6 * total + 12 * 118 * 18432 * 2048, -6);
  });
});

describe('memory', () => {
  test.each([
    ['megatron-22B', 22e9, 1, 1, 4, 59.25, 9.56],
    ['gpt3-175B', 175e9, 8, 3, 1, 66.84, 12.35],
    ['turing-530B', 530e9, 35, 3, 1, 114.02, 23.08],
    ['megatron-1T', 1008e9, 64, 1, 1, 131.25, 26.56],
  ] as const)(
    'activations of %s are those of Korthikanti et al.',
    (name, size, pipeline, interleave, microbatch, kept, lean) => {
      const job = megatron(name, size);
      const layout = { ...UNDIVIDED, tensor: 8, pipeline, interleave, microbatch, accumulate: 1024 };
      const of = (change: Partial<Layout>): number => {
        const all = { ...layout, ...change };
        return (inFlight(all) * (job.shape.layers / pipeline) * layerActivations(job, all, all.recompute)) / GIB;
      };
      expect(of({}) / kept).toBeCloseTo(1, 2);
      expect(of({ sequence: true, recompute: 'selective' }) / lean).toBeCloseTo(1, 2);
    },
  );

  test('shares of the activations of tensor parallelism alone, 175B', () => {
    const job = megatron('gpt3-175B', 175e9);
    const of = (sequence: boolean, recompute: Layout['recompute']): number =>
      layerActivations(job, { ...UNDIVIDED, tensor: 8, sequence }, recompute) /
      layerActivations(job, { ...UNDIVIDED, tensor: 8 }, 'none');
    expect(of(true, 'none')).toBeCloseTo(0.62, 2);
    expect(of(false, 'selective')).toBeCloseTo(0.565, 2);
    expect(of(true, 'selective')).toBeCloseTo(0.185, 2);
    expect(of(false, 'full')).toBeCloseTo(0.087, 2);
  });

  test('ZeRO divides optimizer, then gradients, then weights', () => {
    const bytes = { weights: 2, gradients: 2, optimizer: 12 };
    const total = (zero: Layout['zero'], ranks: number): number =>
      Object.values(stateBytes(bytes, zero, ranks)).reduce((a, b) => a + b, 0);
    expect([total(0, 8), total(1, 8), total(2, 8), total(3, 8)]).toEqual([16, 4 + 12 / 8, 2 + 14 / 8, 16 / 8]);
  });

  test('more sharding never needs more memory', () => {
    const job = usualJob(knownShape('llama3-70B', 70.6e9, 4096)!, DEVICES['H100']!);
    const degree = fc.constantFrom(1, 2, 4, 8);
    fc.assert(
      fc.property(
        degree,
        degree,
        fc.constantFrom(1, 2, 4, 8, 16),
        fc.constantFrom<Layout['recompute']>('none', 'selective', 'full'),
        (data, tensor, pipeline, recompute) => {
          const base = { ...UNDIVIDED, data, tensor, pipeline, recompute, accumulate: 64, zero: 1 as const };
          const total = (change: Partial<Layout>): number => memoryOf(job, { ...base, ...change }).total;
          const slack = 1 + 1e-9;
          expect(total({ data: 2 * data })).toBeLessThanOrEqual(total({}) * slack);
          expect(total({ tensor: 2 * tensor })).toBeLessThanOrEqual(total({}) * slack);
          if (tensor > 1) expect(total({ sequence: true })).toBeLessThanOrEqual(total({}) * slack);
          expect(total({ zero: 2 })).toBeLessThanOrEqual(total({}) * slack);
          expect(total({ recompute: 'full' })).toBeLessThanOrEqual(total({ recompute: 'selective' }) * 1.05);
          const { weights, gradients, optimizer, activations, working, total: all } = memoryOf(job, base);
          expect(weights + gradients + optimizer + activations + working).toBeCloseTo(all, -3);
        },
      ),
    );
  });
});

describe('time of a step', () => {
  /** Iteration seconds of Korthikanti et al. 2022, table 5: full recomputation, and selective with sequence parallelism. */
  const PUBLISHED = [
    ['megatron-22B', 22e9, 1, 1, 4, 1, 1.42, 1.1],
    ['gpt3-175B', 175e9, 8, 3, 1, 64, 18.13, 13.75],
    ['turing-530B', 530e9, 35, 3, 1, 280, 49.05, 37.83],
    ['megatron-1T', 1008e9, 64, 1, 1, 512, 94.42, 71.49],
  ] as const;

  test('iterations of Korthikanti et al. within 3.7 % on average and 9 % at most', () => {
    const errors = PUBLISHED.flatMap(([name, size, pipeline, interleave, microbatch, accumulate, full, selective]) => {
      const layout = { ...UNDIVIDED, tensor: 8, pipeline, interleave, microbatch, accumulate };
      const job = megatron(name, size);
      return [
        stepTime(job, { ...layout, recompute: 'full' }).seconds / full - 1,
        stepTime(job, { ...layout, recompute: 'selective', sequence: true }).seconds / selective - 1,
      ].map(Math.abs);
    });
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThanOrEqual(0.037);
    expect(Math.max(...errors)).toBeLessThanOrEqual(0.09);
  });

  test('never quicker than its products at peak; the parts add up', () => {
    const job = usualJob(knownShape('llama3-8B', 8.03e9, 4096)!, DEVICES['H100']!);
    const degree = fc.constantFrom(1, 2, 4, 8);
    fc.assert(
      fc.property(
        degree,
        degree,
        degree,
        fc.constantFrom(1, 2, 8, 64),
        fc.boolean(),
        fc.constantFrom<Layout['zero']>(0, 1, 2, 3),
        (data, tensor, pipeline, accumulate, sequence, zero) => {
          const layout = {
            ...UNDIVIDED,
            data,
            tensor,
            pipeline,
            accumulate,
            sequence: sequence && tensor > 1,
            zero: data > 1 ? zero : 0,
          };
          const time = stepTime(job, layout);
          const { products, elementwise, tensor: waits, bubble, stages, data: moved, optimizer, seconds } = time;
          expect(products + elementwise + waits + bubble + stages + moved + optimizer).toBeCloseTo(seconds, 9);
          for (const part of [products, elementwise, waits, bubble, stages, moved, optimizer])
            expect(part).toBeGreaterThanOrEqual(0);
          const flops = flopsPerToken(job.shape) * data * accumulate * job.shape.seq;
          expect(seconds).toBeGreaterThan(flops / (data * tensor * pipeline * job.device.peak));
          expect(time.mfu).toBeLessThanOrEqual(time.hfu + 1e-12);
        },
      ),
    );
  });

  test('the bubble of 1F1B is (p−1)/m of the work, interleaving divides it', () => {
    const shape = { ...knownShape('gpt3-175B', 175e9, 2048)!, vocab: 1 };
    const job = usualJob(shape, DEVICES['A100']!);
    const of = (interleave: number): number => {
      const { bubble, products, elementwise, tensor } = stepTime(job, {
        ...UNDIVIDED,
        pipeline: 8,
        accumulate: 64,
        interleave,
      });
      return bubble / (products + elementwise + tensor);
    };
    expect(of(1)).toBeCloseTo(7 / 64, 3);
    expect(of(3)).toBeCloseTo(7 / 64 / 3, 3);
  });

  test('where layers do not divide over stages the longest stage sets the pace', () => {
    const shape = { ...knownShape('llama3-405b', 405e9, 8192)!, vocab: 1 };
    const seconds = (layers: number): number =>
      stepTime(usualJob({ ...shape, layers }, DEVICES['H100']!), {
        ...UNDIVIDED,
        tensor: 8,
        pipeline: 8,
        accumulate: 64,
      }).seconds;
    expect(seconds(126)).toBeLessThan(seconds(128));
    // The two layers are spared at the ends of a step only: sixteen a stage all the same.
    expect(seconds(126) / seconds(128)).toBeGreaterThan(0.997);
  });

  test('constants are found again from runs that were made with them', () => {
    const truth = { matmul: 0.7, attention: 0.4, memory: 0.6, network: 0.5 };
    const device = DEVICES['A100']!;
    const measured = ['mpt-125m', 'mpt-1b', 'mpt-7b', 'mpt-13b'].flatMap((name, i) =>
      [2048, 16384].flatMap((seq) =>
        [1, 8].map((tensor) => {
          const job = usualJob(knownShape(name, [1.25e8, 1.3e9, 6.7e9, 12.9e9][i]!, seq)!, device);
          const layout = {
            ...UNDIVIDED,
            tensor: job.shape.heads % tensor === 0 ? tensor : 4,
            data: 4,
            zero: 3 as const,
            sequence: tensor > 1,
            accumulate: 4,
          };
          return { job, layout, seconds: stepTime(job, layout, truth).seconds };
        }),
      ),
    );
    const { efficiency, before, after, heldOut } = calibrate(measured, device.efficiency);
    expect(before.median).toBeGreaterThan(0.1);
    expect(after.median).toBeLessThan(0.01);
    expect(heldOut!.median).toBeLessThan(0.02);
    for (const name of ['matmul', 'attention', 'memory'] as const)
      expect(Math.abs(Math.log(efficiency[name] / truth[name])), name).toBeLessThan(0.05);
    // A single run moves the constants, but not far.
    const one = calibrate(measured.slice(0, 1), device.efficiency);
    expect(one.heldOut).toBeUndefined();
    expect(one.after.median).toBeLessThan(one.before.median);
  });
});

describe('search', () => {
  const job = usualJob(knownShape('gpt3-175B', 175e9, 2048)!, DEVICES['A100']!);
  const { best, looked, dropped, timed } = search(job, { devices: 1024, batch: 1536, most: 20 });

  test('layouts multiply to the devices, fit, and come in order', () => {
    expect(best.length).toBe(20);
    for (const { layout, memory, batch } of best) {
      expect(layout.data * layout.tensor * layout.context * layout.pipeline).toBe(1024);
      expect(memory.total).toBeLessThanOrEqual(USABLE * job.device.memory);
      expect(Math.abs(Math.log(batch / 1536))).toBeLessThanOrEqual(0.15);
    }
    const rates = best.map(({ time }) => time.tokensPerSecond);
    for (let i = 1; i < rates.length; i++) expect(rates[i]!).toBeLessThanOrEqual(rates[i - 1]! * (1 + 2e-4));
    expect(dropped.memory + dropped.slower + dropped.batch + timed).toBe(looked);
  });

  test('pruning loses nothing: one and two hundred best agree on the first', () => {
    for (const devices of [8, 24, 96]) {
      const small = usualJob(usualShape(7e9, 4096), DEVICES['H100']!);
      const pruned = search(small, { devices, batch: 256, most: 1 });
      const whole = search(small, { devices, batch: 256, most: 100_000 });
      expect(whole.dropped.slower).toBe(0);
      expect(pruned.best[0]!.time.tokensPerSecond / whole.best[0]!.time.tokensPerSecond).toBeCloseTo(1, 3);
    }
  });

  test('a fixed degree is kept, and what fits nowhere names the smallest', () => {
    const fixed = search(job, { devices: 1024, batch: 1536, most: 3, fixed: { tensor: 8, pipeline: 16, zero: 1 } });
    for (const { layout } of fixed.best) expect(layout).toMatchObject({ tensor: 8, pipeline: 16, zero: 1, data: 8 });
    const none = search(job, { devices: 8, batch: 64, most: 3 });
    expect(none.best).toEqual([]);
    expect(none.smallest!.memory.total).toBeGreaterThan(USABLE * job.device.memory);
  });
});

describe('law', () => {
  test('5.76e23 FLOPs buy 7.32e10 parameters, 1.31e12 tokens and a loss of 1.974', () => {
    const { N, D, loss } = optimumOf(CHINCHILLA_LAW, 5.76e23);
    expect([N / 7.319e10, D / 1.3116e12]).toEqual([expect.closeTo(1, 3), expect.closeTo(1, 3)]);
    expect(loss).toBeCloseTo(1.97391, 4);
    const [low, high] = lossInterval(CHINCHILLA_LAW, N, D)!;
    expect(low).toBeLessThan(loss);
    expect(high - low).toBeLessThan(0.1);
    const [least, most] = sizeInterval(CHINCHILLA_LAW, 5.76e23)!;
    expect(least).toBeLessThan(N);
    expect(most).toBeGreaterThan(N);
  });

  test('a served model is smaller: the training budget and the least lifetime FLOPs lead to the same one', () => {
    const aim = { inferenceTokens: 1e13, uniqueTokens: Infinity };
    const served = optimumOf(CHINCHILLA_LAW, 5.76e23, aim);
    expect(served.N).toBeLessThan(0.5 * optimumOf(CHINCHILLA_LAW, 5.76e23).N);
    const cheapest = cheapestFor(CHINCHILLA_LAW, served.loss, 1e13);
    expect(cheapest.N / served.N).toBeCloseTo(1, 3);
    expect(tokensFor(CHINCHILLA_LAW, served.N, served.loss) / served.D).toBeCloseTo(1, 6);
  });

  test('few tokens repeat, cost loss, and call for a smaller model for more epochs', () => {
    const aim = { inferenceTokens: 0, uniqueTokens: 1e11 };
    const starved = optimumOf(CHINCHILLA_LAW, 5.76e23, aim);
    const plain = optimumOf(CHINCHILLA_LAW, 5.76e23);
    expect(starved.loss).toBeGreaterThan(plain.loss);
    expect(starved.loss).toBeLessThan(lossOf(CHINCHILLA_LAW, plain.N, plain.D, 1e11));
    expect(starved.D).toBeGreaterThan(plain.D);
  });
});

describe('failures', () => {
  test('the interval is Young’s for cheap checkpoints, and goodput is best there', () => {
    expect(checkpointInterval(10, 1e6) / Math.sqrt(2 * 10 * 1e6)).toBeCloseTo(1, 2);
    const at = (factor: number): number => goodputOf(checkpointInterval(60, 11_000) * factor, 60, 11_000, 600);
    expect(at(1)).toBeGreaterThan(at(1.3));
    expect(at(1)).toBeGreaterThan(at(0.7));
    expect(checkpointInterval(300, 100)).toBe(100);
  });

  test('16,384 devices fail every 3.1 hours and stay above 90 % effective, as Llama 3 did', () => {
    const { mtbf, goodput, writing, failing } = checkpointing(405e9, 16384, USUAL_RELIABILITY);
    expect(mtbf / 3600).toBeCloseTo(3.1, 1);
    expect(goodput).toBeGreaterThan(0.9);
    expect(goodput + writing + failing).toBeCloseTo(1, 12);
  });
});

describe('the plan', () => {
  const format = { n: (v: number) => v.toPrecision(3), bytes: String, time: String };

  test('6.3e24 FLOPs on 8960 v5p at 40 % take 44 days', () => {
    const device = DEVICES['v5p']!;
    expect(6.3e24 / (8960 * device.peak * 0.4) / 86400).toBeCloseTo(44, 0);
    // The planner's own share of the peak is the only difference.
    const run = planRun({
      ...usualQuestion({ kind: 'flops', flops: 6.3e24 }, device, 8960, CHINCHILLA_LAW),
      size: 70e9,
    });
    if (run.kind !== 'run') throw new Error('70B fits on 8960 v5p');
    const share = (6 * run.N * run.best.time.tokensPerSecond) / (8960 * device.peak);
    expect(run.seconds / 86400).toBeCloseTo((44.3 * 0.4) / share / run.checkpointing.goodput, 0);
  });

  test('days and money are kept, and say the same', () => {
    const device = DEVICES['H100']!;
    const month = planRun(usualQuestion({ kind: 'time', seconds: 30 * 86400 }, device, 512, CHINCHILLA_LAW));
    if (month.kind !== 'run') throw new Error('it fits');
    expect(month.seconds).toBeCloseTo(30 * 86400, 0);
    expect(month.cost).toBeCloseTo(512 * 30 * 24 * device.price, 0);
    const paid = planRun(usualQuestion({ kind: 'money', money: month.cost }, device, 512, CHINCHILLA_LAW));
    expect(paid).toMatchObject({ N: month.N });
    // The shape is one of few, so the size is near what the law wants, not on it.
    expect(Math.abs(Math.log(month.N / month.optimum.N))).toBeLessThan(0.2);
    expect(month.loss).toBeGreaterThanOrEqual(month.optimum.loss);
    expect(explain(month, format).map(({ source }) => source.length > 0)).not.toContain(false);
  });

  test('a machine is chosen when none is given', () => {
    const run = planRun(usualQuestion({ kind: 'flops', flops: 1e24 }, DEVICES['H100']!, undefined, CHINCHILLA_LAW));
    if (run.kind !== 'run') throw new Error('it fits');
    expect(run.devicesChosen).toBe(true);
    expect(run.seconds).toBeLessThan(31 * 86400);
    expect(run.flops / 1e24).toBeCloseTo(1, 6);
  });

  test('what fits nowhere is refused with the change that would help', () => {
    const question = {
      ...usualQuestion({ kind: 'flops', flops: 1e23 } as const, DEVICES['v5e']!, 4, CHINCHILLA_LAW),
      size: 70e9,
    };
    const no = planRun(question);
    if (no.kind !== 'refusal') throw new Error('70B does not fit on four v5e');
    expect(no.constraint).toBe('memory');
    expect(no.needs!).toBeGreaterThan(no.has);
    expect(planRun({ ...question, devices: no.devicesThatFit! }).kind).toBe('run');
    expect(planRun({ ...question, devices: no.devicesThatFit! / 2 }).kind).toBe('refusal');
    expect(planRun({ ...question, size: no.sizeThatFits! * 0.9 }).kind).toBe('run');
  });

  test('networks are compared at equal devices', () => {
    const job = usualJob(usualShape(13e9, 4096), DEVICES['H100']!);
    const rows = compareNetworks(job, [64, 512], 1024);
    expect(rows.length).toBe(6);
    for (const { plan, devices } of rows)
      expect(plan!.layout.data * plan!.layout.tensor * plan!.layout.pipeline).toBe(devices);
  });
});
