/** The output of a run, page by page, made safe to show. */

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '../../io/executor/places.ts';
import { clean } from '../../io/executor/tail.ts';
import type { StudyFolder } from '../../lab/studies.ts';
import { redact } from '../report/redact.ts';

/** A stretch of a log. */
export interface LogPage {
  readonly lines: readonly { readonly number?: number; readonly text: string }[];
  /** Byte after the last whole line shown: ask from here to go on. */
  readonly next: number;
  readonly size: number;
}

/** Bytes of one answer, and of one search. */
const PAGE = 128 << 10;
const SEARCHED = 32 << 20;
const MOST_HITS = 500;

/** Whole lines of a stream from byte `from` on; from the end when it is negative. */
export function logPage(
  folder: StudyFolder,
  run: number,
  stream: 'stdout' | 'stderr',
  from: number,
  home: string,
): LogPage {
  return withFile(folder, run, stream, (read, size) => {
    const start = from < 0 ? Math.max(0, size - PAGE) : Math.min(from, size);
    const bytes = read(start, Math.min(PAGE, size - start));
    const end = bytes.lastIndexOf(10) + 1;
    // A line longer than a page is shown in pieces rather than never.
    const whole = end > 0 ? end : bytes.length;
    const lines = bytes.toString('utf8', 0, whole).split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (from < 0 && start > 0) lines.shift();
    return { lines: lines.map((text) => ({ text: safe(text, home) })), next: start + whole, size };
  });
}

/** Lines that contain some text, whatever its case, at most 500 of the first 32 MiB. Plain text: no pattern can run away. */
export function logSearch(
  folder: StudyFolder,
  run: number,
  stream: 'stdout' | 'stderr',
  wanted: string,
  home: string,
): LogPage {
  return withFile(folder, run, stream, (read, size) => {
    const low = wanted.toLowerCase();
    const lines: { number: number; text: string }[] = [];
    let [at, number, rest] = [0, 0, ''];
    while (at < Math.min(size, SEARCHED) && lines.length < MOST_HITS) {
      const bytes = read(at, Math.min(1 << 20, size - at));
      if (bytes.length === 0) break;
      at += bytes.length;
      const parts = (rest + bytes.toString('utf8')).split('\n');
      rest = parts.pop()!.slice(-PAGE);
      for (const text of parts) {
        number++;
        if (text.toLowerCase().includes(low) && lines.length < MOST_HITS)
          lines.push({ number, text: safe(text, home) });
      }
    }
    if (rest.toLowerCase().includes(low) && lines.length < MOST_HITS)
      lines.push({ number: number + 1, text: safe(rest, home) });
    return { lines, next: at, size };
  });
}

function withFile(
  folder: StudyFolder,
  run: number,
  stream: 'stdout' | 'stderr',
  use: (read: (at: number, length: number) => Buffer, size: number) => LogPage,
): LogPage {
  const file = join(runFolder(folder.runs, run), stream);
  if (!existsSync(file)) return { lines: [], next: 0, size: 0 };
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    return use((at, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, at));
    }, size);
  } finally {
    closeSync(descriptor);
  }
}

function safe(text: string, home: string): string {
  return redact(clean(text), home);
}
