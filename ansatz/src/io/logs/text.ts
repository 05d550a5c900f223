/** A file as text: which encoding it has, and whether it is text at all. */

import { readFileSync, statSync } from 'node:fs';
import { UserError } from '../../study/error.ts';

/** Larger files are no logs of experiments. */
export const MOST_BYTES = 100 * 2 ** 20;

/** The text of a log, and what was guessed of its encoding. Throws a UserError when it is missing, too large, binary or empty. */
export function readLogText(file: string): { readonly text: string; readonly guesses: string[] } {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new UserError('no-log', `there is no file "${file}"`, {
      fix: 'ansatz audit results.tsv   # the log to read',
    });
  }
  if (found.isDirectory()) {
    throw new UserError('not-a-file', `"${file}" is a folder`, {
      fix: `ansatz audit ${file.replace(/\/$/, '')}/*.tsv`,
    });
  }
  if (found.size > MOST_BYTES) {
    throw new UserError('big-log', `"${file}" has ${Math.round(found.size / 2 ** 20)} MiB; at most 100 are read`, {
      why: 'a log has a line for each experiment, not for each step',
      fix: `head -n 100000 ${file} > part.tsv && ansatz audit part.tsv`,
    });
  }
  return decodeLog(readFileSync(file), file);
}

/** The same for bytes in memory; `file` is only named in errors. */
export function decodeLog(bytes: Uint8Array, file: string): { readonly text: string; readonly guesses: string[] } {
  const { encoding, told } = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes).replace(/^\ufeff/, '');
  if (isBinary(text)) {
    throw new UserError('binary-log', `"${file}" is not text`, {
      why: 'a log is TSV, CSV, JSON, JSON lines or Markdown',
      fix: 'export it as CSV first',
    });
  }
  if (text.trim() === '') {
    throw new UserError('empty-log', `"${file}" is empty`, {
      fix: 'ansatz audit results.tsv   # a log with at least one row',
    });
  }
  return { text, guesses: told === undefined ? [] : [told] };
}

function encodingOf(bytes: Uint8Array): { encoding: string; told?: string } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return { encoding: 'utf-16le', told: 'encoding: UTF-16, by its byte order mark' };
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return { encoding: 'utf-16be', told: 'encoding: UTF-16, by its byte order mark' };
  const head = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  head.forEach((byte, i) => byte === 0 && zeros[i % 2]!++);
  // Latin text in UTF-16 has a zero in every other byte.
  if (zeros[1]! > 0.35 * head.length && zeros[0] === 0)
    return { encoding: 'utf-16le', told: 'encoding: UTF-16 without a mark' };
  if (zeros[0]! > 0.35 * head.length && zeros[1] === 0)
    return { encoding: 'utf-16be', told: 'encoding: UTF-16 without a mark' };
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { encoding: 'utf-8' };
  } catch {
    return { encoding: 'windows-1252', told: 'encoding: Windows-1252, as it is not valid UTF-8' };
  }
}

/** Zeros, or more than a few control characters, are in no text. Colours of a terminal may be. */
function isBinary(text: string): boolean {
  const head = text.slice(0, 65_536);
  if (head.includes('\0')) return true;
  const odd = head.match(/[\u0001-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/g)?.length ?? 0;
  return odd > 8 && odd > 0.01 * head.length;
}
