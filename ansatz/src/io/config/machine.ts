/** What this machine has to run on, and how slots share it. */

import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Slot } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';

/** The devices slots are cut from. */
export interface Machine {
  /** How many CPUs this process may use. */
  readonly cpus: number;
  /** GPU indexes or UUIDs. */
  readonly gpus: readonly string[];
  /** Numbers of the CPUs a run can be bound to; absent where binding is not possible. */
  readonly cpuNumbers?: readonly number[];
}

/** How many slots and how big, as the user asked for them. */
export interface SlotWish {
  readonly count: number;
  readonly threads?: number;
  /** GPUs of each slot, or the list of GPUs to hand out evenly; absent = one each where there are enough, else shared. */
  readonly gpus?: number | readonly string[];
  /** CPUs each slot is bound to. */
  readonly cpus?: number;
}

/** This machine. Looks only at files, starts no process; honours CUDA_VISIBLE_DEVICES and the process's CPU binding. */
export function thisMachine(environment: Readonly<Record<string, string | undefined>> = process.env): Machine {
  const cpuNumbers = allowedCpus();
  return {
    cpus: availableParallelism(),
    gpus: visibleGpus(environment['CUDA_VISIBLE_DEVICES']),
    ...(cpuNumbers === undefined ? {} : { cpuNumbers }),
  };
}

function allowedCpus(): number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return list === undefined ? undefined : parseCpuList(list);
  } catch {
    return undefined;
  }
}

/** CPU numbers of a kernel list such as `0-3,8`. */
export function parseCpuList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [low, high = low] = range.split('-').map(Number);
    return Array.from({ length: high! - low! + 1 }, (_, i) => low! + i);
  });
}

function visibleGpus(visible: string | undefined): string[] {
  if (visible !== undefined) {
    return visible
      .split(',')
      .map((gpu) => gpu.trim())
      .filter((gpu) => gpu !== '' && gpu !== '-1');
  }
  try {
    return readdirSync('/dev')
      .map((name) => /^nvidia(\d+)$/.exec(name)?.[1])
      .filter((gpu) => gpu !== undefined)
      .toSorted((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}

/**
 * The slots a wish comes to. CPUs are bound in disjoint sets where the machine allows binding and there are enough of
 * them; a single slot without a `cpus` wish is not bound. More than the machine has is a UserError `too-few-devices`.
 */
export function resolveSlots(wish: SlotWish, machine: Machine, where?: string): Slot[] {
  const { count } = wish;
  const gpus = gpusOf(wish, machine, where);
  const bindable = machine.cpuNumbers;
  const cpusEach = wish.cpus ?? Math.floor(machine.cpus / count);
  if (wish.cpus !== undefined && wish.cpus * count > machine.cpus) {
    throw tooFew(`${count} slots of ${wish.cpus} CPUs`, `${machine.cpus} CPUs`, where);
  }
  const threads = wish.threads ?? Math.max(1, cpusEach);
  const bound =
    bindable !== undefined && cpusEach >= 1 && cpusEach * count <= bindable.length && (count > 1 || wish.cpus);
  return Array.from({ length: count }, (_, i) => ({
    cpus: bound ? bindable.slice(i * cpusEach, (i + 1) * cpusEach) : [],
    gpus: gpus[i]!,
    threads,
  }));
}

function gpusOf(wish: SlotWish, machine: Machine, where: string | undefined): string[][] {
  const { count } = wish;
  // Nobody says `gpus` and means that two runs share one while the other idles.
  const gpus = wish.gpus ?? (machine.gpus.length >= count ? 1 : 0);
  const listed = typeof gpus !== 'number';
  const pool = listed ? gpus : machine.gpus;
  const each = listed ? Math.floor(gpus.length / count) : gpus;
  if (listed && gpus.length > 0 && each === 0)
    throw tooFew(`${count} slots with a GPU each`, `${gpus.length} GPUs`, where);
  if (each * count > pool.length) throw tooFew(`${count} slots of ${each} GPUs`, `${pool.length} GPUs`, where);
  return Array.from({ length: count }, (_, i) => pool.slice(i * each, (i + 1) * each));
}

function tooFew(wanted: string, present: string, where: string | undefined): UserError {
  return new UserError('too-few-devices', `${wanted} do not fit on ${present}`, {
    where,
    fix: 'lower slots.count, or what each slot takes',
  });
}
