/**
 * The code of a study: a bare repository inside the study's folder that holds the script as it was and every change
 * that was tried, each a commit under `refs/ansatz/<study>/`. The user's own repository is only ever read.
 */

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { UserError } from '../../study/error.ts';
import { git, gitBytes, GitError } from './git.ts';

/** Bigger files are data: they are linked into a run's copy and no part of what may change. */
const MOST_BYTES = 1024 * 1024;
/** Never part of the code, whatever the project's own ignore file says. */
const IGNORED = ['.ansatz/', '__pycache__/', '*.pyc', '.venv/', 'venv/', 'node_modules/', '.cache/'];

/** A change of files: what they are to hold now; null takes a file away. */
export type Edits = ReadonlyMap<string, string | null>;

/** A tree of code. */
export interface Code {
  /** The commit it is kept as. */
  readonly commit: string;
  /** What names its content: equal for equal files, however they came about. */
  readonly tree: string;
}

/** The code repository of one study. Opening makes nothing; what must be there is made when it is first needed. */
export class Repository {
  /** The bare repository. */
  readonly path: string;
  private readonly project: string;
  private readonly study: string;

  constructor(path: string, project: string, study: string) {
    this.path = path;
    this.project = project;
    this.study = study;
  }

  /** The script as it was when its code was first needed. Nested repositories are a UserError `nested-repository`. */
  base(): Code {
    const known = this.find('base');
    if (known !== undefined) return known;
    if (!existsSync(join(this.path, 'HEAD'))) {
      mkdirSync(dirname(this.path), { recursive: true });
      git(['init', '--quiet', '--bare', this.path]);
      writeFileSync(join(this.path, 'info', 'exclude'), `${IGNORED.join('\n')}\n`);
    }
    return this.withIndex((env) => {
      const work = { ...env, GIT_WORK_TREE: this.project };
      const listed = this.git(['ls-files', '-z', '--others', '--exclude-standard'], { env: work, cwd: this.project });
      const files = listed.split('\0').filter((name) => name !== '');
      const nested = files.find((name) => name.endsWith('/'));
      if (nested !== undefined) {
        throw new UserError('nested-repository', `${nested} is a git repository of its own`, {
          where: join(this.project, nested),
          why: 'its files would not be part of the code that is kept',
          fix: `add ${nested} to .gitignore: it is then used as it is and never changed`,
        });
      }
      const code = files.filter((name) => {
        const found = lstatSync(join(this.project, name));
        return found.isFile() && found.size <= MOST_BYTES;
      });
      this.git(['update-index', '--add', '-z', '--stdin'], { env: work, cwd: this.project, input: code.join('\0') });
      return this.keep(this.git(['write-tree'], { env }), [], 'the script as it is', 'base');
    });
  }

  /** A tree that was kept under a name; undefined when there is none. */
  find(name: string): Code | undefined {
    if (!existsSync(join(this.path, 'HEAD'))) return undefined;
    try {
      const commit = this.git(['rev-parse', '--verify', '--quiet', `${this.ref(name)}^{commit}`]);
      return { commit, tree: this.git(['rev-parse', `${commit}^{tree}`]) };
    } catch {
      return undefined;
    }
  }

  /** `parent` with these files changed, kept under `name`. */
  edit(parent: string, edits: Edits, message: string, name: string): Code {
    return this.withIndex((env) => {
      this.git(['read-tree', parent], { env });
      const lines = [...edits].map(([path, text]) => {
        if (text === null) return `0 ${'0'.repeat(40)}\t${path}\0`;
        const blob = this.git(['hash-object', '-w', '--stdin'], { input: text });
        return `${this.modeOf(parent, path) ?? '100644'} ${blob}\t${path}\0`;
      });
      this.git(['update-index', '-z', '--index-info'], { env, input: lines.join('') });
      return this.keep(this.git(['write-tree'], { env }), [parent], message, name);
    });
  }

  /** `parent` with a unified diff applied, kept under `name`. One that does not fit is a UserError `bad-patch`. */
  patch(parent: string, patch: string, message: string, name: string): Code {
    // Editors and models lose the last line break; git wants it.
    const input = patch.endsWith('\n') ? patch : `${patch}\n`;
    return this.withIndex((env) => {
      this.git(['read-tree', parent], { env });
      const failures: string[] = [];
      for (const strip of ['-p1', '-p0']) {
        try {
          this.git(['apply', '--cached', '--recount', '--whitespace=nowarn', strip, '-'], { env, input });
          return this.keep(this.git(['write-tree'], { env }), [parent], message, name);
        } catch (error) {
          if (!(error instanceof GitError)) throw error;
          failures.push(error.said);
        }
      }
      throw new UserError('bad-patch', `the patch does not fit: ${failures[0]}`, {
        why: 'it was made from other files than those it departs from',
        fix: 'ansatz diff 1 best   # how the code it departs from differs from the script as it is',
      });
    });
  }

  /** Paths that differ between two trees, and how: added, modified or deleted. */
  changed(from: string, to: string): { readonly path: string; readonly how: 'A' | 'M' | 'D' | 'T' }[] {
    const listed = this.git(['diff-tree', '-r', '-z', '--no-renames', '--name-status', from, to]).split('\0');
    const found: { path: string; how: 'A' | 'M' | 'D' | 'T' }[] = [];
    for (let i = 0; i + 1 < listed.length; i += 2) {
      found.push({ how: listed[i] as 'A' | 'M' | 'D' | 'T', path: listed[i + 1]! });
    }
    return found;
  }

  /** A unified diff for people and for `git apply`; empty when nothing differs. */
  diff(from: string, to: string): string {
    return this.git(['diff', '--no-color', '--no-renames', '--no-ext-diff', from, to]);
  }

  /** Paths of all files in a tree, in order. */
  files(tree: string): string[] {
    return this.git(['ls-tree', '-r', '-z', '--name-only', tree])
      .split('\0')
      .filter((name) => name !== '');
  }

  /** Content of a file in a tree; undefined when it is not there. */
  read(tree: string, path: string): Buffer | undefined {
    try {
      return gitBytes(['--git-dir', this.path, 'cat-file', 'blob', `${tree}:${path}`]);
    } catch (error) {
      if (error instanceof GitError) return undefined;
      throw error;
    }
  }

  /** File mode in a tree, as git writes it: `100644`, `100755`, `120000` for a link; undefined when it is not there. */
  modeOf(tree: string, path: string): string | undefined {
    const line = this.git(['ls-tree', tree, '--', path]);
    return line === '' ? undefined : line.slice(0, 6);
  }

  /** How the files of a folder differ from a tree: text of what may be code, null for what is gone. Links and data are left out. */
  changesIn(folder: string, tree: string): Edits {
    const known = this.files(tree);
    const fresh = this.withIndex((env) => {
      this.git(['read-tree', tree], { env });
      const work = { ...env, GIT_WORK_TREE: folder };
      return this.git(['ls-files', '-z', '--others', '--exclude-standard'], { env: work, cwd: folder }).split('\0');
    });
    const edits = new Map<string, string | null>();
    for (const path of new Set([...known, ...fresh])) {
      if (path === '' || path.endsWith('/')) continue;
      const found = lstatSync(join(folder, path), { throwIfNoEntry: false });
      const before = this.read(tree, path);
      if (found === undefined) {
        if (before !== undefined) edits.set(path, null);
        continue;
      }
      if (!found.isFile() || found.size > MOST_BYTES) continue;
      const now = readFileSync(join(folder, path));
      if (now.includes(0) || before?.equals(now) === true) continue;
      edits.set(path, now.toString('utf8'));
    }
    return edits;
  }

  /**
   * Lay a tree over a copy of the project: files that differ from the base are written, those it lacks are removed.
   * A folder on the way that leads out of the copy is a UserError `outside-folder`.
   */
  lay(tree: string, into: string): void {
    for (const { path, how } of this.changed(this.base().commit, tree)) {
      const file = join(into, path);
      mkdirSync(dirname(file), { recursive: true });
      const way = relative(realpathSync(into), realpathSync(dirname(file)));
      if (way === '..' || way.startsWith(`..${sep}`)) {
        throw new UserError('outside-folder', `${path} lies behind a link that leads out of the run's private copy`, {
          where: path,
          why: 'writing it would change your original',
          fix: 'change a file that is no data',
        });
      }
      // Removed first: a link under this name must not be written through.
      rmSync(file, { force: true });
      if (how === 'D') continue;
      writeFileSync(file, this.read(tree, path)!, { mode: this.modeOf(tree, path) === '100755' ? 0o755 : 0o644 });
    }
  }

  /**
   * Make the code in a copy of the project what it was when it was first needed: what has changed since is put back, what
   * has come since is taken away. Data (big files, and what lies behind links) and what is ignored stay.
   */
  restore(into: string): void {
    const base = this.base().commit;
    const { changed, fresh } = this.withIndex((env) => {
      const given = { env: { ...env, GIT_WORK_TREE: into }, cwd: into };
      const listed = (...args: string[]): string[] => this.git(args, given).split('\0').filter(Boolean);
      this.git(['read-tree', base], { env });
      try {
        this.git(['update-index', '-q', '--really-refresh'], given);
      } catch (error) {
        // It says so when something differs.
        if (!(error instanceof GitError)) throw error;
      }
      return {
        changed: listed('diff-files', '-z', '--name-only', '--no-renames'),
        fresh: listed('ls-files', '-z', '--others', '--exclude-standard'),
      };
    });
    for (const path of fresh) {
      const found = statSync(join(into, path), { throwIfNoEntry: false });
      if (found === undefined || (found.isFile() && found.size <= MOST_BYTES))
        rmSync(join(into, path), { force: true });
    }
    for (const path of changed) {
      const file = join(into, path);
      if (leadsOut(into, dirname(file))) continue;
      mkdirSync(dirname(file), { recursive: true });
      rmSync(file, { recursive: true, force: true });
      writeFileSync(file, this.read(base, path)!, { mode: this.modeOf(base, path) === '100755' ? 0o755 : 0o644 });
    }
  }

  private ref(name: string): string {
    return `refs/ansatz/${this.study}/${name}`;
  }

  private keep(tree: string, parents: readonly string[], message: string, name: string): Code {
    const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
    // The date is no part of what was changed: the same change on the same code is the same commit.
    const env = { GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2000-01-01T00:00:00Z' };
    const commit = this.git(args, { input: message, env });
    this.git(['update-ref', this.ref(name), commit]);
    return { commit, tree };
  }

  private git(args: readonly string[], options: Parameters<typeof git>[1] = {}): string {
    return git(['--git-dir', this.path, ...args], options);
  }

  /** Work with an index of one's own, so that several may work at once. */
  private withIndex<T>(work: (env: Readonly<Record<string, string>>) => T): T {
    const folder = mkdtempSync(join(this.path, 'index-'));
    try {
      return work({ GIT_INDEX_FILE: join(folder, 'index') });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Whether a folder, or what there is on the way to it, lies outside of `tree`. */
function leadsOut(tree: string, folder: string): boolean {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const way = relative(realpathSync(tree), realpathSync(existing));
  return way === '..' || way.startsWith(`..${sep}`);
}
