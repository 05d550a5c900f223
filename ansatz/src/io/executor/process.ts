/** What the operating system knows about processes. Linux through /proc; elsewhere as much as `ps` tells. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process for good: a pid alone is reused, and outlives a reboot only in files. */
export interface ProcessId {
  readonly pid: number;
  /** Start in clock ticks since boot (Linux), or the start time as text. */
  readonly birth: string;
  readonly boot: string;
}

const LINUX = process.platform === 'linux';
const PAGE = 4096;
/** Clock ticks per second: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** The id of this boot; `none` where the system has no such thing. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'none';
  }
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly birth: string;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** /proc/PID/stat, or undefined when there is no such process. */
function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0]!,
    parent: Number(fields[1]),
    birth: fields[19]!,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    residentBytes: Number(fields[21]) * PAGE,
  };
}

/** When a process started, in the form {@link ProcessId} has; undefined when it does not exist. */
export function birthOf(pid: number): string | undefined {
  if (LINUX) return statOf(pid)?.birth;
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return text.replaceAll(/ +/g, '_').trim();
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. A zombie does not: it only waits to be counted. */
export function alive(id: ProcessId): boolean {
  if (id.boot !== bootId()) return false;
  if (!LINUX) return birthOf(id.pid) === id.birth;
  const stat = statOf(id.pid);
  return stat !== undefined && stat.birth === id.birth && stat.state !== 'Z' && stat.state !== 'X';
}

/** Seconds since boot, or undefined where the system does not say. */
export function uptime(): number | undefined {
  try {
    return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  } catch {
    return undefined;
  }
}

/** What a process and all that descend from it use now. */
export interface Usage {
  readonly residentBytes: number;
  /** Largest single process so far (VmHWM), which a sample between two allocations would miss. */
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

/** Usage of a process tree, the root left out (it is a supervisor); undefined when nothing can be read. */
export function treeUsage(root: number): Usage | undefined {
  if (!LINUX) return undefined;
  let residentBytes = 0;
  let peakBytes = 0;
  let cpuSeconds = 0;
  const pending = [...childrenOf(root)];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    const stat = statOf(pid);
    if (stat === undefined) continue;
    residentBytes += stat.residentBytes;
    cpuSeconds += stat.cpuSeconds;
    peakBytes = Math.max(peakBytes, highWater(pid));
    pending.push(...childrenOf(pid));
  }
  return { residentBytes, peakBytes, cpuSeconds };
}

/** Every process below `root`, and those that carry `entry` in their environment, wherever they went. */
export function treeOf(root: number, entry: string): number[] {
  const found = new Set(withEnvironment(entry));
  const pending = childrenOf(root);
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    found.add(pid);
    pending.push(...childrenOf(pid));
  }
  return [...found];
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

function highWater(pid: number): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    return 0;
  }
}

/** Processes whose environment holds exactly `NAME=value`. */
export function withEnvironment(entry: string): number[] {
  if (!LINUX) return [];
  const found: number[] = [];
  const needle = Buffer.from(entry);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environ = readFileSync(`/proc/${name}/environ`);
      for (let at = environ.indexOf(needle); at >= 0; at = environ.indexOf(needle, at + 1)) {
        const starts = at === 0 || environ[at - 1] === 0;
        const ends = at + needle.length === environ.length || environ[at + needle.length] === 0;
        if (starts && ends) {
          found.push(Number(name));
          break;
        }
      }
    } catch {
      // Gone meanwhile, or another user's: not ours to find.
    }
  }
  return found;
}

/** Send a signal to a process (or, negative, to its group); false when there is none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
