/** The last lines a run printed, cleaned so that a terminal or a page can show them. */

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const TAIL_BYTES = 16 << 10;
const LONGEST_LINE = 400;

/** Up to `most` last lines of a run's stdout, then of its stderr, without escape sequences or control characters. */
export function tailOf(dir: string, most = 20): string[] {
  const out = lastLines(join(dir, 'stdout'), most);
  const err = lastLines(join(dir, 'stderr'), most);
  // A traceback is on stderr and says more than the progress before it.
  return [...out.slice(-Math.max(4, most - err.length)), ...err].slice(-most);
}

/** The last lines of one file; none when it does not exist. */
export function lastLines(file: string, most: number, bytes = TAIL_BYTES): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString('utf8').split('\n').map(clean);
    if (size > buffer.length) lines.shift();
    return lines.filter((line) => line !== '').slice(-most);
  } finally {
    closeSync(descriptor);
  }
}

/** The first lines of a run's stdout and stderr, where scripts echo their settings. */
export function headOf(dir: string, most = 200): string[] {
  return ['stdout', 'stderr'].flatMap((name) => {
    let descriptor: number;
    try {
      descriptor = openSync(join(dir, name), 'r');
    } catch {
      return [];
    }
    try {
      const buffer = Buffer.alloc(TAIL_BYTES);
      const length = readSync(descriptor, buffer, 0, buffer.length, 0);
      return buffer.toString('utf8', 0, length).split('\n').slice(0, most).map(clean);
    } finally {
      closeSync(descriptor);
    }
  });
}

const HUGE = 64 << 20;
const KEPT = 1 << 20;

/** Cut a huge file down to its first and last mebibyte, with a line between them that says so. */
export function shorten(file: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r+');
  } catch {
    return;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size <= HUGE) return;
    const end = Buffer.alloc(KEPT);
    readSync(descriptor, end, 0, KEPT, size - KEPT);
    const note = Buffer.from(`\n[ansatz: ${size - 2 * KEPT} bytes were cut out here]\n`);
    writeSync(descriptor, note, 0, note.length, KEPT);
    writeSync(descriptor, end, 0, KEPT, KEPT + note.length);
    ftruncateSync(descriptor, 2 * KEPT + note.length);
  } finally {
    closeSync(descriptor);
  }
}

/** Lines in a run's output, counted to the first 4 MiB of each stream. */
export function countLines(dir: string): number {
  return countIn(join(dir, 'stdout')) + countIn(join(dir, 'stderr'));
}

function countIn(file: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return 0;
  }
  try {
    const buffer = Buffer.alloc(Math.min(fstatSync(descriptor).size, 4 << 20));
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    let count = 0;
    for (let at = buffer.indexOf(10); at >= 0 && at < length; at = buffer.indexOf(10, at + 1)) count++;
    return length > 0 && buffer[length - 1] !== 10 ? count + 1 : count;
  } finally {
    closeSync(descriptor);
  }
}

/** One printable line: what a terminal would show after rewriting, no control or direction-changing characters. */
export function clean(line: string): string {
  const shown = line.replace(/\r+$/, '').split('\r').at(-1)!;
  return shown
    .replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b./g, '')
    .replaceAll('\t', '    ')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .trimEnd()
    .slice(0, LONGEST_LINE);
}
