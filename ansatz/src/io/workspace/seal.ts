/**
 * What results are judged by, sealed: the hash of each protected file as it was when the study began. Looked at before
 * and after each run, confined or not: where one differs, no number of that run counts.
 */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import picomatch from 'picomatch';
import type { StudyConfig } from '../../study/config.ts';

/** Path inside the project → SHA-256 of the file's content. */
export type Seal = Readonly<Record<string, string>>;

/** Folders that hold no code, data or secrets of the project itself: caches, environments, studies, what git keeps. */
export const PASSED_OVER: ReadonlySet<string> = new Set([
  '.git',
  '.ansatz',
  '__pycache__',
  'node_modules',
  '.venv',
  'venv',
  '.cache',
]);
/** Bigger files are told by what the file system says of them, and read again only where that was touched. */
export const SMALL_BYTES = 8 << 20;
const CHUNK_BYTES = 1 << 20;

/** The seal of a project: its `code.protected` files, and the files that its evaluators' commands name. */
export function sealOf({ folder, code, evaluate = [], heldout = [] }: StudyConfig): Seal {
  const named = new Set([...evaluate, ...heldout].map((word) => posix.normalize(word)));
  const match = picomatch([...(code?.protected ?? [])], { dot: true });
  const seal: Record<string, string> = Object.create(null) as Record<string, string>;
  if (named.size === 0 && (code?.protected ?? []).length === 0) return seal;
  const walk = (inside: string): void => {
    for (const entry of readdirSync(join(folder, inside), { withFileTypes: true })) {
      const path = posix.join(inside, entry.name);
      if (entry.isDirectory() && !PASSED_OVER.has(entry.name)) walk(path);
      if (entry.isDirectory() || !(match(path) || named.has(path))) continue;
      const hash = hashOf(join(folder, path));
      if (hash !== undefined) seal[path] = hash;
    }
  };
  walk('');
  return seal;
}

/** Tells which sealed files of a folder are not what they were, gone ones among them; `except` are passed over. */
export type SealCheck = (folder: string, except?: readonly string[]) => string[];

/** A check that remembers the hashes of big files for as long as nothing has touched them. */
export function sealCheck(seal: Seal): SealCheck {
  const known = new Map<string, { readonly touched: string; readonly hash: string | undefined }>();
  const current = (file: string): string | undefined => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (found === undefined || found.size <= SMALL_BYTES) return hashOf(file);
    // Nobody can set the time of the last change of an inode, as they can that of its content.
    const touched = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
    const before = known.get(file);
    if (before?.touched === touched) return before.hash;
    const hash = hashOf(file);
    known.set(file, { touched, hash });
    return hash;
  };
  return (folder, except = []) =>
    Object.keys(seal).filter((path) => !except.includes(path) && current(join(folder, path)) !== seal[path]);
}

/** SHA-256 of a file's content; undefined where there is no such file. */
export function hashOf(file: string): string | undefined {
  let descriptor: number;
  try {
    if (!statSync(file).isFile()) return undefined;
    descriptor = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk))
      hash.update(chunk.subarray(0, read));
    return hash.digest('hex');
  } finally {
    closeSync(descriptor);
  }
}
