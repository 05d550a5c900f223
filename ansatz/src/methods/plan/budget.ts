/**
 * From a budget (FLOPs, days on a machine, or money) to a run: size, tokens, shape, layout, time, cost. What a machine does in a day depends on the model and its layout, and
 * the model on what the machine does, so the two are worked out in turn until they agree.
 */

import { type Checkpointing, checkpointing, type Reliability, USUAL_RELIABILITY } from './failures.ts';
import type { Device } from './hardware.ts';
import { type Job, usualJob } from './job.ts';
import type { Layout } from './layout.ts';
import { type Aim, criticalBatch, type Law, lossInterval, lossOf, ONLY_LOSS, optimumOf, sizeInterval } from './law.ts';
import { USABLE } from './memory.ts';
import { type Found, type Plan, search } from './search.ts';
import { parametersOf, type Shape, type ShapeWish, usualShape } from './shape.ts';

/** What may be spent. */
export type Spend =
  | { readonly kind: 'flops'; readonly flops: number }
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'money'; readonly money: number };

/** The whole question. */
export interface Question {
  readonly spend: Spend;
  readonly device: Device;
  /** Undefined: as many as end the run within {@link USUAL_DAYS}. */
  readonly devices: number | undefined;
  readonly law: Law;
  readonly aim: Aim;
  /** Tokens per sequence. */
  readonly seq: number;
  /** Parameters instead of what the law says. */
  readonly size: number | undefined;
  readonly shape: ShapeWish;
  /** Tokens per step instead of the critical batch. */
  readonly batchTokens: number | undefined;
  readonly bits: Job['bits'];
  readonly reliability: Reliability;
  /** What the layout must be. */
  readonly fixed: Partial<Layout>;
  /** How many layouts to return. */
  readonly most: number;
}

/** A question with the usual answers to all but what is spent. */
export function usualQuestion(spend: Spend, device: Device, devices: number | undefined, law: Law): Question {
  return {
    spend,
    device,
    devices,
    law,
    aim: ONLY_LOSS,
    seq: 4096,
    size: undefined,
    shape: {},
    batchTokens: undefined,
    bits: 16,
    reliability: USUAL_RELIABILITY,
    fixed: {},
    most: 5,
  };
}

export interface BigRun {
  readonly kind: 'run';
  readonly question: Question;
  readonly devices: number;
  readonly devicesChosen: boolean;
  readonly shape: Shape;
  readonly job: Job;
  /** Parameters of the shape, tokens seen, 6ND. */
  readonly N: number;
  readonly D: number;
  readonly flops: number;
  readonly epochs: number;
  readonly loss: number;
  readonly lossInterval: readonly [number, number] | undefined;
  /** What the law alone would take for these FLOPs, for training's sake only. */
  readonly optimum: { readonly N: number; readonly D: number; readonly loss: number };
  readonly sizeInterval: readonly [number, number] | undefined;
  readonly criticalBatch: number;
  /** Tokens of a step, steps. */
  readonly batchTokens: number;
  readonly steps: number;
  readonly found: Found;
  readonly best: Plan;
  readonly checkpointing: Checkpointing;
  /** Wall seconds with failures and checkpoints; device-hours; money. */
  readonly seconds: number;
  readonly deviceHours: number;
  readonly cost: number;
}

/** Why there is no run, and what would have to change. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly question: Question;
  readonly devices: number;
  readonly N: number;
  /** What no layout could meet. */
  readonly constraint: 'memory' | 'batch' | 'divisors';
  /** Bytes that the smallest layout needs on a device, and that it may have; undefined unless memory binds. */
  readonly needs: number | undefined;
  readonly has: number;
  readonly smallest: Found['smallest'];
  /** The fewest devices of this kind (in doublings) that the model fits on, and the largest model that fits on these; undefined when neither was found. */
  readonly devicesThatFit: number | undefined;
  readonly sizeThatFits: number | undefined;
  /** Tokens of the least step (in doublings) that would do, when the batch binds. */
  readonly batchThatFits: number | undefined;
}

/** A machine is sized for a run of so many days when its size is not given. */
export const USUAL_DAYS = 30;
const DAY = 86400;
const ROUNDS = 12;
/** A large machine may take twice the critical batch when that makes it so much quicker. */
const WORTH_DOUBLING = 1.2;
/** Before the first layout is known. */
const GUESSED_MFU = 0.4;

/** Plan. Contract: spend, devices and what is wished for are positive; the caller has checked. */
export function planRun(question: Question): BigRun | Refusal {
  if (question.devices !== undefined) return planOn(question, question.devices, false);
  const { spend, device } = question;
  const hours =
    spend.kind === 'money'
      ? spend.money / device.price
      : spend.kind === 'flops'
        ? spend.flops / (GUESSED_MFU * device.peak) / 3600
        : USUAL_DAYS * 24;
  let devices = 2 ** Math.max(0, Math.ceil(Math.log2(hours / (USUAL_DAYS * 24)) - 1e-9));
  const first = planOn(question, devices, true);
  let plan = first;
  // What does not fit gets more devices; so does what takes longer than it should because the guess was too high.
  for (let i = 0; i < 12 && (plan.kind === 'refusal' || plan.seconds > 1.02 * USUAL_DAYS * DAY); i++) {
    devices *= 2;
    plan = planOn(question, devices, true);
  }
  return plan.kind === 'refusal' ? first : plan;
}

function planOn(question: Question, devices: number, devicesChosen: boolean): BigRun | Refusal {
  const { spend, device, law, aim, seq, size, reliability } = question;
  const seconds =
    spend.kind === 'time'
      ? spend.seconds
      : spend.kind === 'money'
        ? (spend.money / device.price / devices) * 3600
        : undefined;
  let flops = spend.kind === 'flops' ? spend.flops : devices * device.peak * GUESSED_MFU * seconds!;
  const tried = new Map<string, Tried>();
  let last: Tried | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = size ?? optimumOf(law, flops, aim).N;
    const shape = usualShape(wanted, seq, question.shape);
    const key = JSON.stringify(shape);
    const before = tried.get(key);
    // The same shape again: its speed is known, and the tokens follow from that.
    last = before ?? tryShape(question, shape, devices, flops);
    tried.set(key, last);
    if (last.found.best.length === 0) return refusal(question, devices, last);
    if (seconds === undefined || before !== undefined) break;
    flops = 6 * last.N * rate(last) * last.checkpointing.goodput * seconds;
  }
  const { shape, job, N, found, criticalBatch: critical } = last!;
  const best = found.best[0]!;
  const check = last!.checkpointing;
  const D = seconds === undefined ? flops / 6 / N : rate(last!) * check.goodput * seconds;
  const wall = D / rate(last!) / check.goodput;
  const spent = 6 * N * D;
  const deviceHours = (wall * devices) / 3600;
  return {
    kind: 'run',
    question,
    devices,
    devicesChosen,
    shape,
    job,
    N,
    D,
    flops: spent,
    epochs: D / Math.min(D, aim.uniqueTokens),
    loss: lossOf(law, N, D, aim.uniqueTokens),
    lossInterval: lossInterval(law, N, D, aim.uniqueTokens),
    optimum: optimumOf(law, spent),
    sizeInterval: sizeInterval(law, spent),
    criticalBatch: critical,
    batchTokens: best.batch * seq,
    steps: Math.ceil(D / (best.batch * seq)),
    found,
    best,
    checkpointing: checkpointing(N, devices, reliability),
    seconds: wall,
    deviceHours,
    cost: deviceHours * device.price,
  };
}

/** A shape on the machine. */
interface Tried {
  readonly shape: Shape;
  readonly job: Job;
  readonly N: number;
  readonly found: Found;
  readonly batch: number;
  readonly criticalBatch: number;
  readonly checkpointing: Checkpointing;
}

const rate = ({ found }: Tried): number => found.best[0]!.time.tokensPerSecond;

function tryShape(question: Question, shape: Shape, devices: number, flops: number): Tried {
  const { device, bits, law, aim, seq, batchTokens, fixed, reliability } = question;
  const job: Job = { ...usualJob(shape, device), bits };
  const N = parametersOf(shape).total;
  const critical = criticalBatch(lossOf(law, N, flops / 6 / N, aim.uniqueTokens));
  let batch =
    batchTokens === undefined
      ? 2 ** Math.max(0, Math.round(Math.log2(critical / seq)))
      : Math.max(1, Math.round(batchTokens / seq));
  const wish = { devices, most: question.most, fixed, contexts: contextsFor(seq) };
  let found = search(job, { ...wish, batch });
  // A machine with more replicas than the batch has sequences: rather a larger batch than no run.
  const most = batchTokens === undefined ? devices : batch;
  while (found.best.length === 0 && batch < most) {
    batch *= 2;
    found = search(job, { ...wish, batch });
  }
  const doubled = batchTokens === undefined ? search(job, { ...wish, batch: 2 * batch }) : found;
  if ((doubled.best[0]?.time.tokensPerSecond ?? 0) > WORTH_DOUBLING * (found.best[0]?.time.tokensPerSecond ?? 0)) {
    batch *= 2;
    found = doubled;
  }
  return {
    shape,
    job,
    N,
    found,
    batch,
    criticalBatch: critical,
    checkpointing: checkpointing(N, devices, reliability),
  };
}

/** Sequences are cut only when they are long. */
function contextsFor(seq: number): number[] {
  return [1, 2, 4, 8, 16].filter((context) => context === 1 || seq / context >= 8192);
}

function refusal(question: Question, devices: number, { N, found, batch }: Tried): Refusal {
  const { device, seq, shape: wish, bits, fixed } = question;
  const { dropped, smallest } = found;
  const constraint = dropped.memory > 0 ? 'memory' : dropped.batch > 0 ? 'batch' : 'divisors';
  const fits = (parameters: number, on: number, sequences: number): boolean => {
    const job: Job = { ...usualJob(usualShape(parameters, seq, wish), device), bits };
    return search(job, { devices: on, batch: sequences, most: 1, fixed, contexts: contextsFor(seq) }).best.length > 0;
  };
  const doubled = (from: number, most: number, does: (n: number) => boolean): number | undefined => {
    for (let n = from; n <= most; n *= 2) if (does(n)) return n;
    return undefined;
  };
  const next = 2 ** Math.ceil(Math.log2(devices + 1));
  const byMemory = constraint === 'memory';
  const exact = wish.layers !== undefined && wish.hidden !== undefined;
  return {
    kind: 'refusal',
    question,
    devices,
    N,
    constraint,
    needs: smallest?.memory.total,
    has: device.memory * USABLE,
    smallest,
    devicesThatFit: byMemory ? doubled(next, 2 ** 20, (on) => fits(N, on, Math.max(batch, on))) : undefined,
    sizeThatFits: byMemory && !exact ? largest(N, (size) => fits(size, devices, Math.max(batch, devices))) : undefined,
    batchThatFits: constraint === 'batch' ? doubled(2 * batch, 2 ** 30, (size) => fits(N, devices, size)) : undefined,
  };
}

/** The largest size below `most` for which `fits` holds, within a percent or two; undefined when none does. */
function largest(most: number, fits: (size: number) => boolean): number | undefined {
  let [low, high] = [Math.log(1e6), Math.log(most)];
  if (!fits(1e6)) return undefined;
  for (let i = 0; i < 14; i++) {
    const middle = (low + high) / 2;
    if (fits(Math.exp(middle))) low = middle;
    else high = middle;
  }
  return Math.exp(low);
}
