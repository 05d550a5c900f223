/** A planned run as text, JSON and CSV. */

import {
  type BigRun,
  type Calibration,
  type Compared,
  type Errors,
  explain,
  layoutText,
  type Plan,
  PRICES_OF,
  type StepTime,
  USABLE,
} from '../../methods/plan/index.ts';
import { short } from '../report/numbers.ts';
import { bytes, num, seconds, table } from './text.ts';

/** Memory, of a device or of a checkpoint. */
export function memoryText(value: number): string {
  return value >= 1e12 ? `${num(value / 2 ** 40, 3)} TiB` : bytes(value);
}

const FORMAT = {
  n: (value: number): string => (value >= 1e4 && value < 1e16 ? short(value) : num(value)),
  bytes: memoryText,
  time: seconds,
};
const percent = (share: number, digits = 3): string => `${num(100 * share, digits)} %`;
const dollars = (value: number): string =>
  value >= 1e6 ? `$${short(value)}` : `$${Math.round(value).toLocaleString('en-US')}`;

/** For people: the answer, the layouts, how it was worked out, what to doubt. */
export function planLines(
  run: BigRun,
  planningSeconds: number,
  calibration: Calibration | undefined,
  guesses: readonly string[],
  ownPrice: boolean,
): string[] {
  const { question, devices, shape, best, checkpointing: check, lossInterval: interval } = run;
  const { device } = question;
  const priced = ownPrice ? '' : ` (an assumption of ${PRICES_OF}; --price)`;
  const rows: readonly (readonly [string, string])[] = [
    [
      'model',
      `${short(run.N)} parameters: ${shape.layers} layers × ${shape.hidden} wide, ${shape.heads} ${shape.heads === 1 ? 'head' : 'heads'}, sequences of ${shape.seq}`,
    ],
    [
      'data',
      `${short(run.D)} tokens, ${num(run.D / run.N, 3)} per parameter${run.epochs > 1.005 ? `, ${num(run.epochs, 3)} epochs` : ''}; ${short(run.steps)} steps of ${short(run.batchTokens)} tokens`,
    ],
    ['compute', `${num(run.flops, 3)} FLOPs (6ND)`],
    [
      'loss',
      `${run.loss.toFixed(3)} nats per token${interval === undefined ? '' : `, 95 % [${interval[0].toFixed(3)}, ${interval[1].toFixed(3)}] of the fit alone`}`,
    ],
    ['machine', `${devices} × ${device.name}${run.devicesChosen ? ' (chosen: --devices to say otherwise)' : ''}`],
    [
      'time',
      `${seconds(run.seconds)}: ${short(best.time.tokensPerSecond)} tokens/s, MFU ${percent(best.time.mfu)}${run.job.bits === 8 ? ' of the bf16 peak' : ''}, goodput ${percent(check.goodput)}`,
    ],
    ['cost', `${dollars(run.cost)} for ${short(run.deviceHours)} device-hours at ${num(device.price)}${priced}`],
    ['layout', layoutText(best.layout)],
    ['memory', `${bytes(best.memory.total)} of ${bytes(device.memory)} a device`],
    [
      'checkpoint',
      `every ${seconds(check.interval)}; a failure every ${seconds(check.mtbf)}, ${expected(run.seconds / check.mtbf)} expected, cost ${percent(1 - check.goodput, 2)} of the time with writing`,
    ],
  ];
  const steps = explain(run, FORMAT).flatMap(({ what, formula, numbers, result, source }, i) => [
    `  ${String(i + 1).padStart(2)} ${what}: ${result}`,
    `       ${formula}`,
    `       with ${numbers}`,
    `       source: ${source}`,
  ]);
  return [
    titleOf(run),
    ...rows.map(([name, text]) => `  ${name.padEnd(11)} ${text}`),
    '',
    `layouts (${run.found.looked} looked at, ${run.found.timed} timed; the plan took ${num(planningSeconds, 2)} s)`,
    ...layoutTable(run).map((line) => `  ${line}`),
    '',
    'how it was worked out',
    ...steps,
    ...(calibration === undefined ? [] : ['', ...calibrationLines(calibration, guesses)]),
    ...warningsOf(run, ownPrice).map((warning) => `warning: ${warning}`),
  ];
}

function expected(failures: number): string {
  return failures < 0.05 ? 'none' : short(Number(failures.toPrecision(2)));
}

function titleOf({ question: { spend, device }, devices, flops }: BigRun): string {
  if (spend.kind === 'flops') return `${num(spend.flops)} FLOPs on ${devices} × ${device.name}`;
  if (spend.kind === 'money') return `${dollars(spend.money)} on ${devices} × ${device.name}: ${num(flops, 3)} FLOPs`;
  return `${seconds(spend.seconds)} on ${devices} × ${device.name}: ${num(flops, 3)} FLOPs`;
}

function layoutTable({ found, question }: BigRun): string[] {
  const first = found.best[0]!.time.tokensPerSecond;
  const rows = found.best.map((plan) => {
    const { layout: l, time, memory } = plan;
    const idle = time.tensor + time.bubble + time.stages + time.data;
    return [
      String(l.data),
      `${l.tensor}${l.sequence ? '+seq' : ''}`,
      String(l.context),
      `${l.pipeline}${l.interleave > 1 ? ` (${l.interleave})` : ''}`,
      l.data * l.context > 1 ? (l.zero === 3 ? 'FSDP' : String(l.zero)) : '-',
      l.recompute,
      `${l.accumulate} × ${l.microbatch}`,
      seconds(time.seconds),
      percent(time.mfu),
      percent(idle / time.seconds, 2),
      bytes(memory.total),
      time.tokensPerSecond === first ? '' : percent(1 - time.tokensPerSecond / first, 2),
    ];
  });
  const context = question.seq > 8192;
  const keep = (row: string[]): string[] => row.filter((_cell, i) => i !== 2 || context);
  const header = [
    'data',
    'tensor',
    'context',
    'pipeline',
    'ZeRO',
    'recompute',
    'passes',
    'step',
    'MFU',
    'waiting',
    'memory',
    'slower',
  ];
  return table(keep(header), rows.map(keep));
}

function calibrationLines({ efficiency, before, after, heldOut }: Calibration, guesses: readonly string[]): string[] {
  const errors = (which: Errors): string =>
    `median ${percent(which.median)}, nine in ten below ${percent(which.p90)}, worst ${percent(which.max)}`;
  return [
    `efficiencies fitted to ${before.n} measured ${before.n === 1 ? 'run' : 'runs'}: ${Object.entries(efficiency)
      .map(([name, share]) => `${name} ${num(share, 3)}`)
      .join(', ')}`,
    `  error of the time of a step before: ${errors(before)}`,
    `  after:                              ${errors(after)}`,
    ...(heldOut === undefined
      ? ['  too few runs to test the fit on runs it has not seen']
      : [`  on runs the fit has not seen:       ${errors(heldOut)}`]),
    ...guesses.map((guess) => `  read: ${guess}`),
  ];
}

/** What a reader should doubt. */
export function warningsOf(run: BigRun, ownPrice: boolean): string[] {
  const { question, best, batchTokens, criticalBatch, epochs, shape, devices } = run;
  const { device, law, aim } = question;
  const warnings: string[] = [];
  if (law.covariance === undefined)
    warnings.push('the law has no covariance, so the loss has no interval: fit it with --bootstrap 1000');
  if (run.flops > 1e24 && law.from.startsWith('Chinchilla'))
    warnings.push(
      `window: ${num(run.flops, 2)} FLOPs are far beyond the runs the law was fitted to, at most 1.3e22; the interval does not know that`,
    );
  if (law.from.startsWith('Chinchilla'))
    warnings.push(
      'the law is of one corpus, tokenizer and recipe: compare plans with it; for a loss to count on fit your own small runs (ansatz scale fit)',
    );
  if (batchTokens > 2 * criticalBatch)
    warnings.push(
      `batch: ${short(batchTokens)} tokens a step are ${num(batchTokens / criticalBatch, 2)} times the critical batch: so large a step wastes tokens, and the loss will be higher than the law says`,
    );
  if (epochs > 16) warnings.push(`data: ${num(epochs, 3)} epochs: what repeating adds is nearly used up`);
  else if (epochs > 4)
    warnings.push(`data: ${num(epochs, 3)} epochs: beyond 4 repeated tokens are worth clearly less than new ones`);
  if (device.efficiencyFrom.startsWith('assumed'))
    warnings.push(
      `efficiencies of ${device.name} are assumptions, no public run was fitted: give --measured short runs of your own`,
    );
  if (best.memory.total > 0.9 * USABLE * device.memory)
    warnings.push('memory is nearly full: try the layout on a few steps first, or take the next one');
  if (shape.layers % best.layout.pipeline !== 0)
    warnings.push(`${shape.layers} layers do not divide over ${best.layout.pipeline} stages: some wait`);
  if (aim.inferenceTokens > 0 && question.size !== undefined)
    warnings.push('--params fixes the size: --inference-tokens changed nothing');
  if (devices % 8 !== 0 && devices > 8)
    warnings.push(
      `${devices} devices are no whole nodes of 8 and have few divisors: a multiple of 64 leaves more layouts`,
    );
  if (!ownPrice && question.spend.kind === 'money')
    warnings.push(
      `the price of ${num(device.price)} per ${device.name}-hour is an assumption of ${PRICES_OF}: say yours with --price`,
    );
  return warnings;
}

const timeOf = (time: StepTime): StepTime => ({ ...time });
const planFields = ({ layout, time, memory, batch }: Plan): object => ({ layout, batch, time: timeOf(time), memory });

/** For programs; described in docs/json.md. */
export function planJson(
  run: BigRun,
  planningSeconds: number,
  calibration: Calibration | undefined,
  guesses: readonly string[],
  compared: readonly Compared[] | undefined,
): object {
  const { question, found, checkpointing } = run;
  const { device, law, spend } = question;
  return {
    budget: spend,
    device: device.name,
    devices: run.devices,
    devicesChosen: run.devicesChosen,
    N: run.N,
    D: run.D,
    flops: run.flops,
    epochs: run.epochs,
    loss: run.loss,
    lossInterval: run.lossInterval ?? null,
    optimum: run.optimum,
    sizeInterval: run.sizeInterval ?? null,
    law: { from: law.from, ...law.params },
    shape: run.shape,
    batchTokens: run.batchTokens,
    criticalBatch: run.criticalBatch,
    steps: run.steps,
    tokensPerSecond: run.best.time.tokensPerSecond,
    mfu: run.best.time.mfu,
    seconds: run.seconds,
    deviceHours: run.deviceHours,
    price: device.price,
    cost: run.cost,
    memoryBytes: run.best.memory.total,
    deviceBytes: device.memory,
    layouts: found.best.map(planFields),
    search: { looked: found.looked, timed: found.timed, dropped: found.dropped, seconds: planningSeconds },
    checkpointing,
    efficiency: { ...device.efficiency, from: device.efficiencyFrom },
    calibration:
      calibration === undefined
        ? null
        : { before: calibration.before, after: calibration.after, heldOut: calibration.heldOut ?? null },
    networks:
      compared === undefined
        ? null
        : compared.map(({ network, devices, batch, plan }) => ({
            network,
            devices,
            batch,
            plan: plan === undefined ? null : planFields(plan),
          })),
    explanation: explain(run, FORMAT),
    warnings: warningsOf(run, false),
    guesses,
  };
}

const LAYOUT_COLUMNS = [
  'data',
  'tensor',
  'sequence',
  'context',
  'pipeline',
  'interleave',
  'zero',
  'recompute',
  'microbatch',
  'accumulate',
] as const;
const TIME_COLUMNS = [
  'seconds',
  'products',
  'elementwise',
  'tensor',
  'bubble',
  'stages',
  'data',
  'optimizer',
  'mfu',
  'hfu',
  'tokensPerSecond',
] as const;
const MEMORY_COLUMNS = ['weights', 'gradients', 'optimizer', 'activations', 'working', 'total'] as const;

function planCells({ layout, time, memory, batch }: Plan): string[] {
  return [
    ...LAYOUT_COLUMNS.map((name) => String(layout[name])),
    String(batch),
    ...TIME_COLUMNS.map((name) => time[name].toPrecision(6)),
    ...MEMORY_COLUMNS.map((name) => String(Math.round(memory[name]))),
  ];
}

const PLAN_HEADER = [
  ...LAYOUT_COLUMNS,
  'batch',
  ...TIME_COLUMNS.map((name) =>
    ['mfu', 'hfu', 'tokensPerSecond'].includes(name) ? name : `${name}_s`.replace('seconds_s', 'step_s'),
  ),
  ...MEMORY_COLUMNS.map((name) => `${name}_bytes`),
];

/** A layout per row, the quickest first. */
export function planCsv({ N, D, devices, question, found, seconds: wall, cost }: BigRun): string {
  const head = ['device', 'devices', 'N', 'D', 'run_s', 'cost', ...PLAN_HEADER];
  const first = found.best[0]!.time.tokensPerSecond;
  const rows = found.best.map((plan) => {
    const slower = first / plan.time.tokensPerSecond;
    return [
      question.device.name,
      devices,
      N,
      D.toPrecision(6),
      (wall * slower).toPrecision(6),
      (cost * slower).toPrecision(6),
      ...planCells(plan),
    ];
  });
  return `${[head, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}

/** A network and size per row; cells are empty where nothing fits. */
export function compareCsv(compared: readonly Compared[]): string {
  const head = ['network', 'devices', ...PLAN_HEADER];
  const rows = compared.map(({ network, devices, plan }) => [
    `"${network}"`,
    devices,
    ...(plan === undefined ? PLAN_HEADER.map(() => '') : planCells(plan)),
  ]);
  return `${[head, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}

/** The best layout on each network. */
export function compareLines(run: BigRun, compared: readonly Compared[]): string[] {
  const rows = compared.map(({ network, devices, plan }) => {
    if (plan === undefined) return [String(devices), network, 'does not fit', '', '', ''];
    const { layout: l, time } = plan;
    const idle = time.tensor + time.bubble + time.stages + time.data;
    const degrees = `data ${l.data} × tensor ${l.tensor} × pipeline ${l.pipeline}`;
    return [
      String(devices),
      network,
      short(time.tokensPerSecond),
      percent(time.mfu),
      percent(idle / time.seconds, 2),
      degrees,
    ];
  });
  return [
    '',
    `the same ${short(run.N)} parameters on ${run.question.device.name} devices, wired otherwise`,
    ...table(['devices', 'network', 'tokens/s', 'MFU', 'waiting', 'best layout'], rows, [0]).map((line) => `  ${line}`),
  ];
}
