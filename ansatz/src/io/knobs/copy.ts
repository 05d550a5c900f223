/** A private copy of the script's folder: small files are copied, heavy things are linked. */

import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  type Dirent,
} from 'node:fs';
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';

export interface CopyOptions {
  /** Names or relative paths, beyond the usual ones, that are linked and never copied. */
  readonly neverCopy?: readonly string[];
  /** Relative paths of files that will be patched: real copies, whatever their size and wherever they lie. */
  readonly patched?: readonly string[];
}

export interface Copied {
  /** Files that are really copied. */
  readonly files: number;
  readonly bytes: number;
  /** Relative paths that are links to the original: a run that writes there writes to the original. */
  readonly linked: readonly string[];
}

/** Bigger files are linked, or cloned where the file system can share their blocks. */
const smallBytes = 1024 * 1024;
/** When so much is copied, the rest is linked. */
const totalBytes = 64 * 1024 * 1024;
const totalFiles = 5000;
const linkedNames: ReadonlySet<string> = new Set(['node_modules', '.venv', 'venv', '.cache']);
/** Data when they lie beside the script; deeper down, or as a package, folders of these names are code. */
const dataNames: ReadonlySet<string> = new Set(['data', 'datasets']);
const leftOut: ReadonlySet<string> = new Set(['.git', '.ansatz', '__pycache__']);

/**
 * Copies the tree below `from` to `to`, which is made. Left out: `.git`, `.ansatz`, `__pycache__`, sockets, pipes and
 * devices. Links that stay inside the tree stay relative, so that they lead to the copy; others lead where they led.
 */
export function copyTree(from: string, to: string, options: CopyOptions = {}): Copied {
  const copy = new Copy(resolve(from), resolve(to), options);
  copy.run();
  return { files: copy.files, bytes: copy.bytes, linked: copy.linked };
}

class Copy {
  files = 0;
  bytes = 0;
  readonly linked: string[] = [];
  private readonly from: string;
  private readonly to: string;
  private readonly neverCopy: ReadonlySet<string>;
  private readonly patched: ReadonlySet<string>;
  /** Folders on the way to a patched file: real folders, even where they would be linked. */
  private readonly opened: ReadonlySet<string>;

  constructor(from: string, to: string, options: CopyOptions) {
    this.from = from;
    this.to = to;
    this.neverCopy = new Set((options.neverCopy ?? []).map((path) => posix.normalize(path).replace(/\/$/, '')));
    this.patched = new Set((options.patched ?? []).map((path) => posix.normalize(path)));
    const opened = new Set<string>();
    for (const path of this.patched)
      for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) opened.add(at);
    this.opened = opened;
  }

  run(): void {
    mkdirSync(this.to, { recursive: true });
    // Level by level: should the limits be reached, what is linked lies deep.
    let level: { path: string; heavy: boolean }[] = [{ path: '', heavy: false }];
    while (level.length > 0) {
      const next: typeof level = [];
      for (const { path, heavy } of level) {
        const entries = readdirSync(join(this.from, path), { withFileTypes: true });
        for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
          const inside = posix.join(path, entry.name);
          if (leftOut.has(entry.name) || resolve(this.from, inside) === this.to) continue;
          const inner = this.place(inside, entry, heavy);
          if (inner !== undefined) next.push({ path: inside, heavy: inner });
        }
      }
      level = next;
    }
  }

  /** Puts one entry in its place. For a folder to be entered, says whether it is one whose contents are linked. */
  private place(path: string, entry: Dirent, heavy: boolean): boolean | undefined {
    const source = join(this.from, path);
    const target = join(this.to, path);
    if (this.patched.has(path) && !entry.isDirectory()) {
      this.copyFile(source, target);
      return undefined;
    }
    const kept = heavy || this.isHeavy(path, entry.name);
    if (this.opened.has(path)) {
      mkdirSync(target);
      return kept;
    }
    if (entry.isSymbolicLink()) {
      this.copyLink(source, target, path);
      return undefined;
    }
    if (entry.isDirectory()) {
      if (kept || this.files >= totalFiles || this.bytes >= totalBytes) {
        this.link(source, target, path);
        return undefined;
      }
      mkdirSync(target);
      return false;
    }
    if (!entry.isFile()) return undefined;
    const { size } = lstatSync(source);
    const fits = size <= smallBytes && this.bytes + size <= totalBytes && this.files < totalFiles;
    if (!kept && fits) this.copyFile(source, target, size);
    else if (kept || !this.clone(source, target)) this.link(source, target, path);
    return undefined;
  }

  private isHeavy(path: string, name: string): boolean {
    if (linkedNames.has(name) || this.neverCopy.has(name) || this.neverCopy.has(path)) return true;
    return dataNames.has(path) && !existsSync(join(this.from, path, '__init__.py'));
  }

  private copyFile(source: string, target: string, size = lstatSync(realpathSync(source)).size): void {
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    this.files++;
    this.bytes += size;
  }

  /** A copy that shares the blocks of the original until one is written: free where the file system has it. */
  private clone(source: string, target: string): boolean {
    try {
      copyFileSync(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
      this.files++;
      return true;
    } catch {
      return false;
    }
  }

  private link(source: string, target: string, path: string): void {
    symlinkSync(source, target);
    this.linked.push(path);
  }

  private copyLink(source: string, target: string, path: string): void {
    const goal = resolve(dirname(source), readlinkSync(source));
    const inside = relative(this.from, goal);
    const stays = !inside.startsWith(`..${sep}`) && inside !== '..' && !isAbsolute(inside);
    // What is left out of the copy cannot be linked to inside it.
    const there = stays && !inside.split(sep).some((part) => leftOut.has(part));
    symlinkSync(there ? relative(dirname(target), join(this.to, inside)) || '.' : goal, target);
    if (!there) this.linked.push(path);
  }
}
