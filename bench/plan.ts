/**
 * The planner against published runs: time of a step, memory, collectives, speed of the search. `ANSATZ_DATA_SCALING` names the folder of
 * throughput_llmfoundry.csv and throughput_published.csv (not part of this repository); without it only what needs no data is measured.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { measuredIn, parseSheet } from '../ansatz/src/io/table/index.ts';
import { mean, median, quantile, rng } from '../ansatz/src/methods/math/index.ts';
import {
  DEVICES,
  type Efficiency,
  fitEfficiency,
  inFlight,
  type Job,
  knownShape,
  layerActivations,
  type Layout,
  type Measured,
  memoryOf,
  planRun,
  relativeErrors,
  search,
  stepTime,
  torusGather,
  UNDIVIDED,
  usualJob,
  usualQuestion,
  CHINCHILLA_LAW,
} from '../ansatz/src/methods/plan/index.ts';
import type { Bench, Figure } from './main.ts';

type Row = Readonly<Record<string, string>>;

const GIB = 2 ** 30;
const REPEATS = 5;
/** Halves of the rows drawn for fitting and testing. */
const SPLITS = 10;

/** Where fits start that are tested on rows they have not seen: round numbers that saw none. */
const NEUTRAL: Efficiency = { matmul: 0.7, attention: 0.5, memory: 0.7, network: 0.8 };

/** What the tables do not say of a published run, from its source: pieces a stage, sequences of a pass. */
const DETAILS: Readonly<Record<string, Partial<Layout>>> = {
  '1': { microbatch: 4 },
  '2': { microbatch: 4 },
  '3': { interleave: 3 },
  '4': { interleave: 3 },
  '5': { interleave: 3 },
  '6': { interleave: 3 },
  '14': { microbatch: 16 },
  // With a pipeline weights stay gathered, and gradients whole, from micro-batch to micro-batch: that is ZeRO-1.
  '15': { microbatch: 4, zero: 1 },
  '16': { microbatch: 16 },
  '17': { microbatch: 12 },
};
/** Korthikanti et al. 2022: activations of the first stage in GiB, kept whole and with selective recomputation and sequence parallelism. */
const ACTIVATIONS = [
  ['megatron-22B', 22e9, 1, 1, 4, 59.25, 9.56, 45.56],
  ['gpt3-175B', 175e9, 8, 3, 1, 66.84, 12.35, 45.56],
  ['turing-530B', 530e9, 35, 3, 1, 114.02, 23.08, 31.64],
  ['megatron-1T', 1008e9, 64, 1, 1, 131.25, 26.56, undefined],
] as const;

export async function bench(): Promise<Bench> {
  const folder = process.env['ANSATZ_DATA_SCALING'];
  const notes: string[] = [];
  const figures: Record<string, Figure> = { ...collectives(), ...memory(), ...speed() };
  if (folder === undefined || !existsSync(join(folder, 'throughput_llmfoundry.csv'))) {
    notes.push('ANSATZ_DATA_SCALING names no folder with throughput_llmfoundry.csv: no steps compared');
    return { seeds: [], figures, notes };
  }
  const text = readFileSync(join(folder, 'throughput_llmfoundry.csv'), 'utf8');
  const a100 = DEVICES['A100']!;
  const { measured } = measuredIn(parseSheet(text, 'throughput_llmfoundry.csv'), a100);
  const rows = new Map(
    parse<Row>(readFileSync(join(folder, 'throughput_published.csv')), { columns: true, skip_empty_lines: true }).map(
      (row) => [Number(row['id']), row] as const,
    ),
  );
  const published = [...rows].flatMap(([id, row]) => {
    const run = publishedRun(row);
    return run === undefined
      ? []
      : [{ id, name: `${row['model']} on ${row['n_chips']} ${row['hardware']}, ${row['recompute']}`, run }];
  });
  Object.assign(
    figures,
    foundry(measured, a100.efficiency),
    megatron(
      published.filter(({ id }) => id <= 8).map(({ run }) => run),
      a100.efficiency,
    ),
  );
  for (const { id, name, run } of published.filter(({ id }) => id > 8)) {
    const [error] = relativeErrors([run], run.job.device.efficiency);
    const reported = Number(rows.get(id)?.['mem_GiB'] ?? '');
    if (reported > 0)
      figures[`published ${id}: memory`] = {
        value: memoryOf(run.job, run.layout).total / GIB,
        unit: 'GiB',
        note: `reported ${reported}, with what the allocator keeps`,
      };
    const seen = id >= 12 ? 'the H100 constants were fitted to these' : 'software of 2021; seen by no fit';
    figures[`published ${id}: ${name}`] = { value: 100 * error!, unit: '% error', note: seen };
  }
  notes.push('error: predicted over measured seconds of a step, less one; held out: on rows the fit has not seen');
  return { seeds: Array.from({ length: SPLITS }, (_, i) => i), figures, notes };
}

/** llm-foundry on A100: the constants of the product, and constants fitted to a half, against one MFU per kind of device. */
function foundry(measured: readonly Measured[], shipped: Efficiency): Record<string, Figure> {
  const held: number[] = [];
  const constant: number[] = [];
  const perSplit = { median: [] as number[], p90: [] as number[] };
  for (let split = 0; split < SPLITS; split++) {
    const random = rng(split, 0x91a);
    const order = measured.map((run) => ({ run, key: random.uniform() })).sort((a, b) => a.key - b.key);
    const half = Math.floor(order.length / 2);
    const [fitted, tested] = [order.slice(0, half), order.slice(half)].map((part) => part.map(({ run }) => run)) as [
      Measured[],
      Measured[],
    ];
    const errors = relativeErrors(tested, fitEfficiency(fitted, NEUTRAL)).map(Math.abs);
    held.push(...errors);
    perSplit.median.push(quantile(errors, 0.5));
    perSplit.p90.push(quantile(errors, 0.9));
    for (const kind of new Set(tested.map(({ job }) => job.device.name))) {
      const of = (runs: readonly Measured[]): Measured[] => runs.filter(({ job }) => job.device.name === kind);
      const usual = median(of(fitted).map(mfu));
      constant.push(...of(tested).map((run) => Math.abs(mfu(run) / usual - 1)));
    }
  }
  const apart = (test: (run: Measured) => boolean): number[] =>
    relativeErrors(
      measured.filter(test),
      fitEfficiency(
        measured.filter((run) => !test(run)),
        NEUTRAL,
      ),
    ).map(Math.abs);
  const large = apart(({ job }) => job.shape.hidden >= 4096);
  const wide = apart(({ layout }) => layout.data > 8);
  const own = relativeErrors(measured, shipped).map(Math.abs);
  // The product's constants were fitted to every other row, from the first on, and to Korthikanti et al.
  const unseen = own.filter((_error, i) => i % 2 === 1);
  const all = relativeErrors(measured, fitEfficiency(measured, NEUTRAL)).map(Math.abs);
  const quartiles = (values: readonly number[]): [number, number] => [
    100 * quantile(values, 0.25),
    100 * quantile(values, 0.75),
  ];
  return {
    [`llm-foundry A100 (${measured.length}), held-out halves: median`]: {
      ...bounded(100 * quantile(held, 0.5), '%', 5, { name: 'constant MFU', value: 100 * quantile(constant, 0.5) }),
      quartiles: quartiles(perSplit.median),
    },
    'llm-foundry A100, held-out halves: p90': {
      ...bounded(100 * quantile(held, 0.9), '%', 14, { name: 'constant MFU', value: 100 * quantile(constant, 0.9) }),
      quartiles: quartiles(perSplit.p90),
    },
    'llm-foundry A100, fitted to all: median': bounded(100 * quantile(all, 0.5), '%', 5),
    'llm-foundry A100, fitted to all: p90': bounded(100 * quantile(all, 0.9), '%', 14),
    "llm-foundry A100, the product's constants: median": bounded(100 * quantile(own, 0.5), '%', 5),
    "llm-foundry A100, the product's constants: p90": bounded(100 * quantile(own, 0.9), '%', 14),
    "llm-foundry A100, the product's constants, rows they were not fitted to: median": bounded(
      100 * quantile(unseen, 0.5),
      '%',
      5,
    ),
    "llm-foundry A100, the product's constants, rows they were not fitted to: p90": bounded(
      100 * quantile(unseen, 0.9),
      '%',
      14,
    ),
    [`llm-foundry A100, fitted to 3B and below: 7B to 70B (${large.length}), median`]: {
      value: 100 * quantile(large, 0.5),
      unit: '%',
    },
    [`llm-foundry A100, fitted to 8 devices: 16 to 128 (${wide.length}), median`]: {
      value: 100 * quantile(wide, 0.5),
      unit: '%',
    },
  };
}

/** Korthikanti et al.: with the product's constants; and each model from a fit to the other three. */
function megatron(runs: readonly Measured[], shipped: Efficiency): Record<string, Figure> {
  const own = relativeErrors(runs, shipped).map(Math.abs);
  const held = runs.flatMap((run) => {
    const others = runs.filter(({ job }) => job.shape.hidden !== run.job.shape.hidden);
    return relativeErrors([run], fitEfficiency(others, NEUTRAL)).map(Math.abs);
  });
  const rival = (value: number): { name: string; value: number } => ({ name: 'Calculon (published)', value });
  return {
    [`Korthikanti (${runs.length}), the product's constants: mean`]: bounded(100 * mean(own), '%', 3.7, rival(3.65)),
    "Korthikanti, the product's constants: max": bounded(100 * Math.max(...own), '%', 9, rival(8.87)),
    'Korthikanti, each model from a fit to the others: mean': bounded(100 * mean(held), '%', 3.7),
    'Korthikanti, each model from a fit to the others: max': bounded(100 * Math.max(...held), '%', 9),
  };
}

/** A row of throughput_published.csv as a run; undefined when its model is not known. */
function publishedRun(row: Row): Measured | undefined {
  const number = (name: string): number => Number(row[name] ?? '');
  const seq = number('seq_len');
  const shape = knownShape(row['model']!, number('N'), seq);
  const device = DEVICES[row['hardware']!.startsWith('H100') ? 'H100-96' : 'A100'];
  if (shape === undefined || device === undefined) return undefined;
  const old = row['hardware']!.startsWith('A100');
  const [tensor, pipeline, data] = [number('tp'), number('pp'), number('dp_or_fsdp')];
  const microbatch = DETAILS[row['id']!]?.microbatch ?? (pipeline > 1 ? 1 : number('global_batch_seqs') / data);
  const recompute = row['recompute']!.startsWith('selective') ? 'selective' : 'full';
  const layout: Layout = {
    ...UNDIVIDED,
    data,
    tensor,
    pipeline,
    sequence: tensor > 1 && (!old || recompute === 'selective'),
    zero: data === 1 || old ? 0 : 3,
    recompute,
    ...DETAILS[row['id']!],
    microbatch,
    accumulate: number('global_batch_seqs') / data / microbatch,
  };
  const base = usualJob(shape, device);
  const job: Job = old
    ? { ...base, attention: 'plain', dropout: true }
    : { ...base, bits: number('peak_tflops') > 1500 ? 8 : 16 };
  const tokens = number('global_batch_seqs') * seq;
  const seconds = row['iter_s'] === '' ? tokens / (number('tok_s_per_chip') * number('n_chips')) : number('iter_s');
  return { job, layout, seconds };
}

function mfu({ job, layout, seconds }: Measured): number {
  const step = stepTime(job, layout);
  return (step.mfu * step.seconds) / seconds;
}

function collectives(): Record<string, Figure> {
  const { network } = DEVICES['v5e']!;
  if (network.kind !== 'torus') return {};
  const seconds = torusGather(34e6, { lengths: [16], wrapFrom: network.wrapFrom, link: network.link });
  return { 'all-gather of 34 MB on one v5e axis': within(1e6 * seconds, 'µs', 377, 0.02 * 377) };
}

/** Memory against the figures of Korthikanti et al. */
function memory(): Record<string, Figure> {
  const errors = ACTIVATIONS.flatMap(([name, size, pipeline, interleave, microbatch, whole, lean, states]) => {
    const job: Job = {
      ...usualJob(knownShape(name, size, 2048)!, DEVICES['A100']!),
      attention: 'plain',
      dropout: true,
    };
    const layout: Layout = { ...UNDIVIDED, tensor: 8, pipeline, interleave, microbatch, accumulate: 1024 };
    const activations = (change: Partial<Layout>): number => {
      const all = { ...layout, ...change };
      return (inFlight(all) * (job.shape.layers / pipeline) * layerActivations(job, all, all.recompute)) / GIB;
    };
    const { weights, gradients, optimizer } = memoryOf(job, layout);
    return [
      activations({}) / whole - 1,
      activations({ sequence: true, recompute: 'selective' }) / lean - 1,
      ...(states === undefined ? [] : [(weights + gradients + optimizer) / GIB / states - 1]),
    ].map(Math.abs);
  });
  return {
    'Korthikanti: memory, mean error': {
      ...bounded(100 * mean(errors), '%', 3),
      note: `${errors.length} figures, largest ${(100 * Math.max(...errors)).toFixed(1)} %`,
    },
  };
}

/** How quick the search is. */
function speed(): Record<string, Figure> {
  const job = usualJob(knownShape('gpt3-175B', 175e9, 2048)!, DEVICES['A100']!);
  const wish = { devices: 1024, batch: 1536, most: 5 };
  const [first, cold] = timed(() => search(job, wish));
  const warm = Math.min(...Array.from({ length: REPEATS }, () => timed(() => search(job, wish))[1]));
  const whole = search(job, { ...wish, most: 1e6 });
  const layouts = whole.best.map(({ layout }) => layout);
  let sum = 0;
  const rounds = Math.ceil(2e5 / layouts.length);
  const [, spent] = timed(() => {
    for (let round = 0; round < rounds; round++)
      for (const layout of layouts) sum += stepTime(job, layout).seconds + memoryOf(job, layout).total;
  });
  if (!(sum > 0)) throw new Error('layouts take time and memory');
  const month = usualQuestion({ kind: 'time', seconds: 30 * 86400 }, DEVICES['H100']!, 1024, CHINCHILLA_LAW);
  const [, planned] = timed(() => planRun(month));
  return {
    'search of 175B on 1024 A100, first': {
      ...bounded(cold, 's', 2),
      note: `${first.looked} layouts looked at, ${first.timed} timed, ${whole.timed} fit`,
    },
    'search of 175B on 1024 A100, warm': bounded(warm, 's', 2),
    'layouts with time and memory': {
      value: (rounds * layouts.length) / spent,
      unit: '/s',
      bound: '≥ 50000',
      pass: (rounds * layouts.length) / spent >= 50_000,
    },
    'plan of 30 days on 1024 H100': { value: planned, unit: 's' },
  };
}

function bounded(value: number, unit: string, most: number, rival?: { name: string; value: number }): Figure {
  return { value, unit, bound: `≤ ${most}`, pass: value <= most, ...(rival === undefined ? {} : { rival }) };
}

function within(value: number, unit: string, expected: number, tolerance: number): Figure {
  return { value, unit, bound: `${expected} ± ${tolerance}`, pass: Math.abs(value - expected) <= tolerance };
}

/** A result and the CPU seconds it took. */
function timed<T>(work: () => T): [T, number] {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1e6];
}
