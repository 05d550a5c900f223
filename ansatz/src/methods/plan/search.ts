/**
 * The quickest layouts of a job on so many devices. Every split into tensor × pipeline × data whose parts divide what they share is looked at, tensor ranks within
 * a node (or the axes of a torus); what cannot fit in memory, or whose arithmetic alone takes longer than the best found, is dropped before its time is worked out.
 */

import type { Job } from './job.ts';
import type { Layout, Recompute, Zero } from './layout.ts';
import { type Memory, memoryOf, USABLE } from './memory.ts';
import { attentionWidths, parametersOf } from './shape.ts';
import { type StepTime, stepTime } from './time.ts';

/** What to look for. */
export interface Wish {
  readonly devices: number;
  /** Sequences of a step; layouts may be off it by {@link BATCH_ROOM}. */
  readonly batch: number;
  /** How many of the best to return. */
  readonly most: number;
  /** Degrees of context parallelism to try; long sequences need it. */
  readonly contexts?: readonly number[];
  /** What a layout must be, e.g. `{ tensor: 8 }`. */
  readonly fixed?: Partial<Layout>;
}

/** A layout with its time and memory. */
export interface Plan {
  readonly layout: Layout;
  readonly time: StepTime;
  readonly memory: Memory;
  /** Sequences of a step. */
  readonly batch: number;
}

/** Why layouts were dropped; the counts add up to those looked at. */
export interface Dropped {
  /** Too large for a device. */
  readonly memory: number;
  /** Slower than the best, by arithmetic alone. */
  readonly slower: number;
  /** The step has too few sequences for that many replicas, or no whole number of them comes near it. */
  readonly batch: number;
}

export interface Found {
  /** The quickest first, by tokens per second. Empty when nothing fits. */
  readonly best: readonly Plan[];
  /** Layouts looked at, with those dropped early. */
  readonly looked: number;
  /** Layouts whose time was worked out. */
  readonly timed: number;
  readonly dropped: Dropped;
  /** The layout that needs the least memory, when none fits. */
  readonly smallest: { readonly layout: Layout; readonly memory: Memory } | undefined;
}

/** Sequences a step may have more or fewer than asked for, as a share. */
export const BATCH_ROOM = 0.15;
/** The longest stage of a pipeline may have so much more than its share of layers. */
const UNEVEN = 1.15;
const MICROBATCHES = [1, 2, 4, 8, 16, 32];
const PIECES = [1, 2, 3, 4, 6, 8];

/** Search. The job's memory and time are worked out for each layout that is not dropped. */
export function search(job: Job, wish: Wish): Found {
  const { device } = job;
  const usable = device.memory * USABLE;
  const best: Plan[] = [];
  const dropped = { memory: 0, slower: 0, batch: 0 };
  let looked = 0;
  let timed = 0;
  let smallest: Found['smallest'];
  const floor = arithmetic(job, wish.devices);

  for (const layout of layouts(job, wish)) {
    looked++;
    if (layout === undefined) {
      dropped.batch++;
      continue;
    }
    const { pipeline, interleave, accumulate, recompute } = layout;
    // Products at full efficiency with the bubble: no layout can beat that.
    const again = recompute === 'full' ? 4 / 3 : 1;
    const bound = (floor.layers * again + floor.head) * (1 + (pipeline - 1) / (interleave * accumulate));
    const worst = best.length < wish.most ? Infinity : 1 / best.at(-1)!.time.tokensPerSecond;
    if (bound >= worst) {
      dropped.slower++;
      continue;
    }
    const memory = memoryOf(job, layout);
    if (memory.total > usable) {
      dropped.memory++;
      if (best.length === 0 && (smallest === undefined || memory.total < smallest.memory.total))
        smallest = { layout, memory };
      continue;
    }
    timed++;
    const time = stepTime(job, layout);
    if (1 / time.tokensPerSecond >= worst) continue;
    const plan = { layout, time, memory, batch: layout.data * layout.microbatch * layout.accumulate };
    const place = best.findIndex((other) => better(plan, other));
    best.splice(place < 0 ? best.length : place, 0, plan);
    if (best.length > wish.most) best.pop();
  }
  return { best, looked, timed, dropped, smallest: best.length === 0 ? smallest : undefined };

  function better(one: Plan, other: Plan): boolean {
    const gain = one.time.tokensPerSecond / other.time.tokensPerSecond - 1;
    // Within a hair the one that needs less memory: it has room for what was not foreseen.
    return Math.abs(gain) > 1e-4 ? gain > 0 : one.memory.total < other.memory.total;
  }
}

/** Seconds per token of products and attention alone, all devices busy: of the layers, and of the output matrix, which nobody computes twice. */
function arithmetic({ shape, device, bits, attention }: Job, devices: number): { layers: number; head: number } {
  const { layer, embedding } = parametersOf(shape);
  const { query } = attentionWidths(shape);
  const { matmul, attention: fused } = device.efficiency;
  const peak = bits === 8 ? (device.peak8 ?? device.peak) : device.peak;
  const square = (12 * shape.layers * shape.seq * query) / (attention === 'flash' ? fused : matmul) / device.peak;
  return {
    layers: ((6 * shape.layers * layer) / peak / matmul + square) / devices,
    head: (6 * embedding) / device.peak / matmul / devices,
  };
}

/** Every layout worth a look; `undefined` stands for one that the batch forbids. */
function* layouts(job: Job, { devices, batch, contexts = [1], fixed = {} }: Wish): Generator<Layout | undefined> {
  const { shape, device } = job;
  const widest = device.network.kind === 'fat-tree' ? device.network.perNode : 16;
  const allowed = <K extends keyof Layout>(name: K, value: Layout[K]): boolean =>
    fixed[name] === undefined || fixed[name] === value;
  const recomputes: readonly Recompute[] = ['none', 'selective', 'full'];
  for (const tensor of divisorsOf(devices)) {
    if (tensor > (fixed.tensor ?? widest) || shape.heads % tensor !== 0 || shape.ffn % tensor !== 0) continue;
    if (
      !allowed('tensor', tensor) ||
      (fixed.tensor === undefined && device.network.kind === 'fat-tree' && widest % tensor !== 0)
    )
      continue;
    for (const context of contexts) {
      if ((devices / tensor) % context !== 0 || !allowed('context', context)) continue;
      for (const pipeline of divisorsOf(devices / tensor / context)) {
        if (unevenness(shape.layers, pipeline) > UNEVEN || !allowed('pipeline', pipeline)) continue;
        const data = devices / tensor / context / pipeline;
        if (!allowed('data', data)) continue;
        for (const microbatch of fixed.microbatch === undefined ? MICROBATCHES : [fixed.microbatch]) {
          const accumulate = Math.max(1, Math.round(batch / (data * microbatch)));
          if (
            Math.abs(Math.log((accumulate * data * microbatch) / batch)) > BATCH_ROOM ||
            !allowed('accumulate', accumulate)
          ) {
            yield undefined;
            continue;
          }
          for (const interleave of pipeline === 1 ? [1] : PIECES) {
            if (unevenness(shape.layers, pipeline * interleave) > UNEVEN || !allowed('interleave', interleave))
              continue;
            // Interleaving wants whole rounds of micro-batches (Narayanan et al. 2021, section 2.2.2).
            if (interleave > 1 && accumulate % pipeline !== 0) continue;
            for (const zero of data * context === 1 ? ([0] as const) : ([0, 1, 2, 3] as const)) {
              if (!allowed('zero', zero)) continue;
              for (const sequence of tensor === 1 ? [false] : [true, false]) {
                if (!allowed('sequence', sequence)) continue;
                for (const recompute of recomputes) {
                  if (!allowed('recompute', recompute)) continue;
                  yield {
                    data,
                    tensor,
                    sequence,
                    context,
                    pipeline,
                    interleave,
                    zero: zero satisfies Zero,
                    recompute,
                    microbatch,
                    accumulate,
                  };
                }
              }
            }
          }
        }
      }
    }
  }
}

/** Layers of the longest of `stages` over an even share. A few stages without one are no harm: the first and the last have the embedding and the output. */
function unevenness(layers: number, stages: number): number {
  return (Math.ceil(layers / stages) * stages) / layers;
}

/** Ascending. */
export function divisorsOf(n: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    low.push(d);
    if (d * d < n) high.push(n / d);
  }
  return [...low, ...high.toReversed()];
}
