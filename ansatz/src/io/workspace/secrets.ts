/** What a confined run is not to see although it lies where runs may read: files of secrets, and doors that lead out. */

import { type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { PASSED_OVER } from './seal.ts';

/** `.env`, `.env.local`, `.envrc`; those that are there to be filled in hold nothing yet. */
const SECRET = /^\.env(rc|\..+)?$/;
const FORM = /\.(example|sample|template|dist|defaults?)$/;
/** Folders that are looked into: a project of more is data. */
const MOST_FOLDERS = 5000;

/** Paths in `folder` of files that hold secrets, but for those in `given`. */
export function secretsIn(folder: string, given: readonly string[] = []): string[] {
  const wanted = new Set(given.map((path) => posix.normalize(path)));
  const found: string[] = [];
  const folders = [''];
  for (let at = 0; at < folders.length && at < MOST_FOLDERS; at++) {
    const inside = folders[at]!;
    for (const entry of entriesOf(join(folder, inside))) {
      const path = posix.join(inside, entry.name);
      if (entry.isDirectory()) {
        if (!PASSED_OVER.has(entry.name)) folders.push(path);
      } else if (SECRET.test(entry.name) && !FORM.test(entry.name) && !wanted.has(path)) found.push(path);
    }
  }
  return found.sort();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Where the files are that paths name: by that name, and where a link on the way leads; not where that is no file. */
export function filesBehind(paths: readonly string[]): string[] {
  return [
    ...new Set(
      paths.flatMap((path) => {
        try {
          const real = realpathSync(path);
          if (!statSync(real).isFile()) return [];
          return lstatSync(path).isSymbolicLink() ? [real] : [path, real];
        } catch {
          return [];
        }
      }),
    ),
  ];
}

/**
 * Sockets that somebody listens on under a path (a database, a container daemon, an agent that holds keys): no network is
 * needed to reach them, and a read-only disk does not close them. None where the system has no list of them.
 */
export function listeningPaths(list = '/proc/net/unix'): string[] {
  let lines: string[];
  try {
    lines = readFileSync(list, 'utf8').split('\n');
  } catch {
    return [];
  }
  const paths = lines.map((line) => line.split(/\s+/).slice(7).join(' ')).filter((path) => path.startsWith('/'));
  return [...new Set(paths)].filter((path) => {
    try {
      return lstatSync(path).isSocket();
    } catch {
      // Gone, or where this user may not look; nor may a run.
      return false;
    }
  });
}

/** What only root may read, and a run of a lab that is root could therefore read too. */
export interface RootOnly {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Where the system keeps passwords, keys and what services know: looked through whole, and for folders at the top. */
const WHOLE = ['/etc'];
const TOPS = ['/', '/var', '/var/lib', '/opt', '/srv', '/mnt', '/media'];
const READABLE = 0o004;
const ENTERABLE = 0o001;

/**
 * Files and folders of the system that an ordinary user may not read, but for `spared` and what holds them. None for a lab
 * that is no root: its runs may read no more than it may.
 */
export function rootOnly(spared: readonly string[], isRoot = process.getuid?.() === 0): RootOnly {
  if (!isRoot) return { files: [], folders: [] };
  closedHere ??= lookThrough();
  const kept = (path: string): boolean => !spared.some((one) => one === path || one.startsWith(`${path}/`));
  return { files: closedHere.files.filter(kept), folders: closedHere.folders.filter(kept) };
}

/** Looked through once: some two thousand files. */
let closedHere: RootOnly | undefined;

function lookThrough(): RootOnly {
  const files: string[] = [];
  const folders: string[] = [];
  const look = (folder: string, deep: boolean): void => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
      if (mode === undefined) continue;
      if (entry.isDirectory()) {
        if ((mode & ENTERABLE) === 0) folders.push(path);
        else if (deep) look(path, true);
      } else if (deep && entry.isFile() && (mode & READABLE) === 0) files.push(path);
    }
  };
  for (const folder of WHOLE) look(folder, true);
  for (const folder of TOPS) look(folder, false);
  return { files, folders };
}
