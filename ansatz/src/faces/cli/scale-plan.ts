/** `ansatz scale plan`: a big run from FLOPs, days on a machine, or money. What was typed becomes a question, the answer text, JSON, CSV or a picture. */

import { writeFileSync } from 'node:fs';
import { measuredIn, readHardware, readSheet } from '../../io/table/index.ts';
import {
  type BigRun,
  calibrate,
  type Calibration,
  CHINCHILLA_LAW,
  type Compared,
  compareNetworks,
  type Device,
  DEVICES,
  deviceNamed,
  type Layout,
  nearestDevice,
  parseDevices,
  planRun,
  type Question,
  type Refusal,
  type Spend,
  USUAL_RELIABILITY,
} from '../../methods/plan/index.ts';
import { closest, UserError } from '../../study/error.ts';
import { networksFigure, planFigure } from '../report/plan.ts';
import { amount, wholeOption } from './amounts.ts';
import { timed } from './scale-fit.ts';
import { readLaw } from './scale-lawfile.ts';
import { short } from '../report/numbers.ts';
import { compareCsv, compareLines, memoryText, planCsv, planJson, planLines } from './scale-plan-lines.ts';

/** Options as they are typed. */
export interface PlanOptions {
  flops?: string;
  days?: string;
  dollars?: string;
  devices?: string;
  hardware?: string;
  price?: string;
  params?: string;
  layers?: string;
  hidden?: string;
  heads?: string;
  kvHeads?: string;
  ffn?: string;
  vocab?: string;
  seq?: string;
  batch?: string;
  law?: string;
  inferenceTokens?: string;
  tokensAvailable?: string;
  fp8?: boolean;
  layout?: string;
  measured?: string;
  mtbf?: string;
  restart?: string;
  checkpointBandwidth?: string;
  top?: string;
  compare?: boolean;
  svg?: string;
  csv?: boolean;
  json?: boolean;
}

/** Sizes of machine that `--compare` goes through. */
const COMPARED = [64, 256, 1024, 4096, 16384];

/** Plan and print. */
export function scalePlan(options: PlanOptions): void {
  if (options.csv === true && options.json === true) {
    throw new UserError('two-forms', '--csv and --json are two forms of one answer', {
      fix: 'ansatz scale plan … --json',
    });
  }
  const spend = spendFrom(options);
  const { device: found, count } = machineFrom(options, spend);
  let device = options.price === undefined ? found : { ...found, price: amount('--price', options.price, '2.5') };
  let calibration: Calibration | undefined;
  let guesses: readonly string[] = [];
  if (options.measured !== undefined) {
    const runs = measuredIn(readSheet(options.measured), device);
    calibration = calibrate(runs.measured, device.efficiency);
    guesses = runs.guesses;
    device = { ...device, efficiency: calibration.efficiency, efficiencyFrom: `fitted to ${options.measured}` };
  }
  const question = questionFrom(options, spend, device, count);
  const { result: run, seconds: planningSeconds } = timed(() => planRun(question));
  if (run.kind === 'refusal') throw refused(run, options);
  if (run.D < run.batchTokens) {
    throw new UserError(
      'no-fit',
      `the budget buys ${short(run.D)} tokens, less than the ${short(run.batchTokens)} of one step`,
      {
        why: `${short(run.N)} parameters on ${run.devices} × ${device.name}, steps of ${run.best.batch} sequences of ${question.seq} tokens`,
        fix: 'a larger budget, or a smaller --seq or --batch',
      },
    );
  }
  const compared = options.compare === true ? compareNetworks(run.job, COMPARED, run.best.batch) : undefined;
  if (options.svg !== undefined)
    write(options.svg, compared === undefined ? planFigure(run) : networksFigure(run, compared));
  process.stdout.write(output(run, planningSeconds, calibration, guesses, compared, options));
}

function output(
  run: BigRun,
  planningSeconds: number,
  calibration: Calibration | undefined,
  guesses: readonly string[],
  compared: readonly Compared[] | undefined,
  options: PlanOptions,
): string {
  if (options.json === true)
    return `${JSON.stringify(planJson(run, planningSeconds, calibration, guesses, compared))}\n`;
  if (options.csv === true) return compared === undefined ? planCsv(run) : compareCsv(compared);
  const lines = planLines(
    run,
    planningSeconds,
    calibration,
    guesses,
    options.price !== undefined || options.hardware !== undefined,
  );
  return `${[...lines, ...(compared === undefined ? [] : compareLines(run, compared))].join('\n')}\n`;
}

function spendFrom({ flops, days, dollars, devices }: PlanOptions): Spend {
  const given = [
    ['--flops', flops],
    ['--days', days],
    ['--dollars', dollars],
  ].filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw new UserError(
      'two-budgets',
      `${given.map(([name]) => name).join(' and ')} are two budgets, and a plan has one`,
      {
        why: 'FLOPs, days on a machine, or money: each decides the others',
        fix: `ansatz scale plan ${given[0]!.join(' ')}${devices === undefined ? (days === undefined ? '' : ' --devices 512xH100') : ` --devices ${devices}`}`,
      },
    );
  }
  if (flops !== undefined) return { kind: 'flops', flops: amount('--flops', flops, '1e24') };
  if (dollars !== undefined) return { kind: 'money', money: amount('--dollars', dollars.replace(/^\$/, ''), '2e6') };
  if (days !== undefined)
    return { kind: 'time', seconds: 86400 * amount('--days', days.replace(/\s*d(?:ays?)?$/, ''), '30') };
  const example = devices !== undefined && /^\d/.test(devices) ? `--devices ${devices} --days 30` : '--flops 1e24';
  throw new UserError('no-budget', 'a plan needs a budget: --flops, --days or --dollars', {
    why: '--days is time on the machine that --devices names',
    fix: `ansatz scale plan ${example}`,
  });
}

function machineFrom(options: PlanOptions, spend: Spend): { device: Device; count: number | undefined } {
  const own = options.hardware === undefined ? undefined : readHardware(options.hardware);
  const text = options.devices;
  if (text === undefined) {
    if (spend.kind === 'time')
      throw new UserError('no-devices', '--days needs the machine they are spent on', {
        fix: `ansatz scale plan --devices 512x${own?.name ?? 'H100'} --days ${options.days!}`,
      });
    return { device: own ?? DEVICES['H100']!, count: undefined };
  }
  const parsed = /^\s*[\d_,]+\s*$/.test(text)
    ? { count: Number(text.replaceAll(/[_,]/g, '')), name: own?.name ?? 'H100' }
    : parseDevices(text);
  if (parsed === undefined)
    throw new UserError('bad-option', `--devices takes a number and a kind, not "${text}"`, {
      fix: '--devices 512xH100',
    });
  const { count, name } = parsed;
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 1e6))
    throw new UserError(
      'bad-option',
      `--devices takes a whole number of devices from 1 to a million, not ${Number.isNaN(count) ? `"${text}"` : count}`,
      { fix: `--devices 512x${name}` },
    );
  const device = own !== undefined && own.name.toLowerCase() === name.toLowerCase() ? own : deviceNamed(name);
  if (device === undefined) {
    const near = nearestDevice(name);
    throw new UserError(
      'no-device',
      `no device is called "${name}"${near === undefined ? '' : `; closest: "${near}"`}`,
      {
        why: `known are ${Object.keys(DEVICES).join(', ')}${own === undefined ? '; others can be described in a file' : ` and ${own.name} of ${options.hardware!}`}`,
        fix: near === undefined ? '--hardware device.yaml' : `--devices ${count ?? 512}x${near}`,
      },
    );
  }
  if (count === undefined && spend.kind === 'time')
    throw new UserError('no-devices', `--days needs to know how many ${device.name} there are`, {
      fix: `--devices 512x${device.name} --days ${options.days!}`,
    });
  return { device, count };
}

function questionFrom(options: PlanOptions, spend: Spend, device: Device, devices: number | undefined): Question {
  const whole = (option: string, given: string | undefined, example: string): number | undefined =>
    given === undefined ? undefined : wholeOption(option, given, 1, 1e7, example);
  const shape: Record<string, number> = {};
  for (const [name, option, given, example] of [
    ['layers', '--layers', options.layers, '80'],
    ['hidden', '--hidden', options.hidden, '8192'],
    ['heads', '--heads', options.heads, '64'],
    ['kvHeads', '--kv-heads', options.kvHeads, '8'],
    ['ffn', '--ffn', options.ffn, '28672'],
    ['vocab', '--vocab', options.vocab, '128256'],
  ] as const) {
    const value = whole(option, given, example);
    if (value !== undefined) shape[name] = value;
  }
  checkShape(shape);
  const seq = whole('--seq', options.seq, '4096') ?? 4096;
  const optional = (option: string, given: string | undefined, example: string): number | undefined =>
    given === undefined ? undefined : amount(option, given, example);
  const exact = shape['layers'] !== undefined && shape['hidden'] !== undefined;
  return {
    spend,
    device,
    devices,
    law: options.law === undefined ? CHINCHILLA_LAW : readLaw(options.law),
    aim: {
      inferenceTokens: optional('--inference-tokens', options.inferenceTokens, '1e13') ?? 0,
      uniqueTokens: optional('--tokens-available', options.tokensAvailable, '1e12') ?? Infinity,
    },
    seq,
    size:
      optional('--params', options.params, '70B') ??
      (exact ? 12 * shape['layers']! * shape['hidden']! ** 2 : undefined),
    shape,
    batchTokens: optional('--batch', options.batch, '4M'),
    bits: options.fp8 === true ? 8 : 16,
    reliability: {
      deviceSecondsPerFailure:
        3600 * (optional('--mtbf', options.mtbf, '50000') ?? USUAL_RELIABILITY.deviceSecondsPerFailure / 3600),
      restart: optional('--restart', options.restart, '600') ?? USUAL_RELIABILITY.restart,
      writeBandwidth:
        optional('--checkpoint-bandwidth', options.checkpointBandwidth, '2.5e8') ?? USUAL_RELIABILITY.writeBandwidth,
    },
    fixed: options.layout === undefined ? {} : layoutFrom(options.layout),
    most: options.top === undefined ? 5 : wholeOption('--top', options.top, 1, 1000, '5'),
  };
}

function checkShape({ hidden, heads, kvHeads }: Record<string, number>): void {
  if (hidden !== undefined && heads !== undefined && hidden % heads !== 0)
    throw new UserError('bad-option', `--heads ${heads} does not divide --hidden ${hidden}`, {
      fix: `--heads ${Math.max(1, Math.round(hidden / 128))}`,
    });
  if (heads !== undefined && kvHeads !== undefined && heads % kvHeads !== 0)
    throw new UserError('bad-option', `--kv-heads ${kvHeads} does not divide --heads ${heads}`, {
      fix: '--kv-heads 8',
    });
}

const NUMBERS = ['data', 'tensor', 'context', 'pipeline', 'interleave', 'zero', 'microbatch', 'accumulate'] as const;
const LAYOUT_KEYS = [...NUMBERS, 'sequence', 'recompute'];

/** `tensor=8,pipeline=4,zero=1`: what the layout must be. */
function layoutFrom(text: string): Partial<Layout> {
  const layout: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    const [name, value] = part.split('=').map((word) => word.trim()) as [string, string?];
    if (value === undefined || !LAYOUT_KEYS.includes(name))
      throw new UserError('bad-option', `--layout does not know "${part.trim()}"${closest(name, LAYOUT_KEYS)}`, {
        why: `it takes ${LAYOUT_KEYS.join(', ')}`,
        fix: '--layout tensor=8,pipeline=4',
      });
    if (name === 'sequence') layout[name] = numberless(name, value, ['true', 'false']) === 'true';
    else if (name === 'recompute') layout[name] = numberless(name, value, ['none', 'selective', 'full']);
    else
      layout[name] = wholeOption(
        `--layout ${name}`,
        value,
        name === 'zero' ? 0 : 1,
        name === 'zero' ? 3 : 1e6,
        name === 'zero' ? '3' : '8',
      );
  }
  return layout;
}

function numberless(name: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new UserError(
    'bad-option',
    `--layout ${name} takes ${allowed.join(' or ')}, not "${value}"${closest(value, allowed)}`,
    { fix: `--layout ${name}=${allowed[0]}` },
  );
}

function refused(no: Refusal, options: PlanOptions): UserError {
  const { device } = no.question;
  const on = `${no.devices} × ${device.name}`;
  const changes = [
    ...(no.devicesThatFit === undefined ? [] : [`--devices ${no.devicesThatFit}x${device.name}: it fits there`]),
    ...(no.sizeThatFits === undefined
      ? []
      : [`--params ${short(no.sizeThatFits * 0.97)}: about the largest model that fits here`]),
    ...(options.layout === undefined ? [] : ['without --layout: any layout may be taken']),
    ...(no.batchThatFits === undefined
      ? []
      : [`--batch ${short(no.batchThatFits * no.question.seq)}: enough sequences for a layout`]),
  ];
  const why =
    no.constraint === 'memory'
      ? `memory binds: ${no.needs === undefined ? 'every layout' : 'even the leanest layout'} needs ${no.needs === undefined ? 'more' : memoryText(no.needs)} on a device, and ${memoryText(no.has)} of ${memoryText(device.memory)} can be used`
      : no.constraint === 'batch'
        ? 'the batch binds: a step has too few sequences for so many replicas'
        : 'divisibility binds: no degrees multiply to the number of devices and divide heads, layers and batch';
  return new UserError('no-fit', `no layout of ${short(no.N)} parameters fits on ${on}`, {
    why,
    fix: changes.length === 0 ? 'other devices with more memory' : changes.join('\n'),
  });
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError('cannot-write', `"${file}" cannot be written`, {
      why: (error as Error).message,
      fix: '--svg plan.svg',
    });
  }
  process.stderr.write(`wrote ${file}\n`);
}
