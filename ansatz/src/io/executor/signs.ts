/** The signs a supervisor leaves in a run's folder: that it has begun, that it lives, how it ended. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Exit } from './executor.ts';
import { type ProcessId, signal } from './process.ts';

export interface Started {
  readonly supervisor: ProcessId;
  readonly command: ProcessId;
  /** Uptime when the command was started. */
  readonly at: number;
}

/** Kill a supervisor that has made its lock and not come to write `started`: it must not start a run given up. */
export function killNewborn(dir: string): void {
  try {
    const pid = Number(readFileSync(join(dir, 'lock', 'pid'), 'utf8'));
    if (pid > 1 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dir)) signal(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** Who keeps a run, and its command; undefined before it has begun. */
export function readStarted(dir: string): Started | undefined {
  const words = wordsOf(join(dir, 'started'));
  if (words === undefined) return undefined;
  const [pid, birth, boot, command, commandBirth, at] = words;
  return {
    supervisor: { pid: Number(pid), birth: birth!, boot: boot! },
    command: { pid: Number(command), birth: commandBirth!, boot: boot! },
    at: Number(at),
  };
}

/** How a run ended; undefined before it has. */
export function readExit(dir: string): Exit | undefined {
  const words = wordsOf(join(dir, 'exit'));
  if (words === undefined) return undefined;
  const [code, cut, start, end, user, system, paused = '0'] = words;
  // A number that is none would be a charge that is none.
  if (![code, start, end, paused].every((word) => Number.isFinite(Number(word)))) return undefined;
  return {
    how: 'exited',
    code: Number(code),
    cut: cut === 'time-limit' || cut === 'cancelled' || cut === 'abandoned' ? cut : undefined,
    seconds: Math.max(0, Number(end) - Number(start) - Number(paused)),
    cpuSeconds: clock(user) + clock(system),
    tail: [],
  };
}

function wordsOf(file: string): string[] | undefined {
  try {
    const words = readFileSync(file, 'utf8').trim().split(' ');
    return words.length >= 6 ? words : undefined;
  } catch {
    return undefined;
  }
}

/** `1m2.345s`, as the shell's `times` prints, in seconds. */
function clock(text: string | undefined): number {
  const match = /^(\d+)m([\d.]+)s$/.exec(text ?? '');
  return match === null ? 0 : Number(match[1]) * 60 + Number(match[2]);
}

/** Seconds from the start to the last sign of life: a heartbeat or a line of output. */
export function lastSign(dir: string): number {
  const times = ['started', 'heartbeat', 'stdout', 'stderr'].map((name) => {
    try {
      return statSync(join(dir, name)).mtimeMs;
    } catch {
      return 0;
    }
  });
  return times[0] === 0 ? 0 : (Math.max(...times) - times[0]!) / 1000;
}
