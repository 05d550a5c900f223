/** What lies in a run's folder about its pauses, and what a machine must offer for one. `supervise.sh` does the rest. */

import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Slot } from '../../study/config.ts';
import type { Memory } from './executor.ts';
import { birthOf } from './process.ts';

/** Seconds a run has been paused, and the uptime since when it is so now. */
export interface Paused {
  readonly seconds: number;
  readonly since?: number;
}

/** How a run stands; one that was never paused has been so for 0 seconds. */
export function readPaused(dir: string): Paused {
  try {
    const [seconds, since] = readFileSync(join(dir, 'paused'), 'utf8').trim().split(' ');
    const total = Number(seconds);
    if (!Number.isFinite(total)) return { seconds: 0 };
    return since === undefined || since === '-' ? { seconds: total } : { seconds: total, since: Number(since) };
  } catch {
    return { seconds: 0 };
  }
}

/** Say that this process will go on with a paused run, or end it; when it dies, `leaseSeconds` later the run does. */
export function keep(dir: string, leaseSeconds: number): void {
  writeFileSync(join(dir, 'keeper'), `${process.pid} ${birthOf(process.pid) ?? 0} ${leaseSeconds.toFixed(3)}\n`);
}

/** This process cares for the run no longer. */
export function letGo(dir: string): void {
  rmSync(join(dir, 'keeper'), { force: true });
}

/** From its next step on the run has this limit, in seconds during which it is not paused. */
export function writeLimit(dir: string, limitSeconds: number): void {
  writeFileSync(join(dir, 'limit'), `${limitSeconds.toFixed(3)}\n`);
}

/** Bind processes, all threads of them, to the CPUs of another slot. Those that are gone are passed over. */
export async function rebind(pids: readonly number[], slot: Slot | undefined): Promise<void> {
  if (slot === undefined || slot.cpus.length === 0) return;
  const cpus = slot.cpus.join(',');
  await Promise.all(
    pids.map(
      (pid) =>
        new Promise<void>((resolve) => {
          execFile('taskset', ['-a', '-c', '-p', cpus, String(pid)], () => resolve());
        }),
    ),
  );
}

/** Memory of this machine, or of the group of processes this one is confined to; undefined where nobody tells. */
export function machineMemory(root = '/'): Memory | undefined {
  const info = fileText(join(root, 'proc/meminfo'));
  const total = kilobytes(info, 'MemTotal');
  const free = kilobytes(info, 'MemAvailable');
  if (total === undefined || free === undefined) return undefined;
  const group = join(root, 'sys/fs/cgroup');
  const most = Number(fileText(join(group, 'memory.max')).trim() || NaN);
  const current = Number(fileText(join(group, 'memory.current')).trim() || NaN);
  if (!(most < total) || !Number.isFinite(current)) return { freeBytes: free, totalBytes: total };
  // Pages of files that nobody has used for a while are there for the taking.
  const idle = Number(/^inactive_file (\d+)$/m.exec(fileText(join(group, 'memory.stat')))?.[1] ?? 0);
  return { freeBytes: Math.max(0, Math.min(free, most - current + idle)), totalBytes: most };
}

function kilobytes(info: string, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(info);
  return match === null ? undefined : Number(match[1]) * 1024;
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
