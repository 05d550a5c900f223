/**
 * Code laid out for a run: a private copy of the folder with a commit of the study's bare repository over it, as here, beside
 * worktrees of git: one per slot that is checked out and cleaned anew for each run, and one made and removed for each. In
 * turns, on a repository of 400 files; each run changes three of them.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyTree } from '../ansatz/src/io/knobs/copy.ts';
import { Repository } from '../ansatz/src/io/workspace/index.ts';
import { quantile } from '../ansatz/src/methods/math/index.ts';
import { rng } from '../ansatz/src/methods/math/rng.ts';
import type { Bench, Figure } from './main.ts';

const FILES = 400;
const CHANGED = 3;
const ROUNDS = 40;
/** Things that lie beside the code and are no code: git makes no worktree of them. */
const BUILT = 50;

export function bench(): Promise<Bench> {
  const top = mkdtempSync(join(tmpdir(), 'ansatz-bench-'));
  try {
    const project = join(top, 'project');
    const names = layOut(project);
    const git = (at: string, ...args: string[]): void => {
      execFileSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@b', ...args], { cwd: at, stdio: 'ignore' });
    };
    git(project, 'init', '-q');
    git(project, 'add', '-A');
    git(project, 'commit', '-qm', 'as it is');
    const repository = new Repository(join(top, 'code.git'), project, 's');
    const base = repository.base();
    const commits = Array.from({ length: ROUNDS }, (_, i) => {
      const edits = names.slice(CHANGED * i, CHANGED * (i + 1)).map((name) => [name, `# ${i}\n`] as const);
      return repository.edit(base.commit, new Map(edits), 'a change', `trial-${i}`).commit;
    });
    const slot = join(top, 'slot');
    const bare = join(top, 'code.git');
    git(bare, 'worktree', 'add', '--detach', slot, base.commit);
    const [copies, pooled, fresh]: [number[], number[], number[]] = [[], [], []];
    for (const [i, commit] of commits.entries()) {
      const tree = join(top, `tree${i}`);
      copies.push(
        timed(() => {
          copyTree(project, tree);
          repository.lay(commit, tree);
          dirty(tree, names);
          rmSync(tree, { recursive: true });
        }),
      );
      pooled.push(
        timed(() => {
          git(slot, 'checkout', '-q', '-f', '--detach', commit);
          git(slot, 'clean', '-fdxq');
          dirty(slot, names);
        }),
      );
      fresh.push(
        timed(() => {
          git(bare, 'worktree', 'add', '--detach', tree, commit);
          dirty(tree, names);
          git(bare, 'worktree', 'remove', '--force', tree);
        }),
      );
    }
    return Promise.resolve({
      seeds: [1],
      figures: {
        copy_and_lay: { ...figure(copies), rival: { name: 'worktree per slot', ...spread(pooled) } },
        copy_and_lay_again: { ...figure(copies), rival: { name: 'worktree per run', ...spread(fresh) } },
      },
      notes: [
        `${FILES} files of code and ${BUILT} that git ignores, ${CHANGED} changed by each of ${ROUNDS} runs; making the tree, a run that writes into it, and getting rid of it`,
      ],
    });
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** A project of small files in folders, with built things beside them that the script needs. Gives the names of its code. */
function layOut(project: string): string[] {
  const random = rng(1, 1);
  const text = (): string =>
    Array.from({ length: 20 + random.int(200) }, (_, i) => `value_${i} = ${random.uniform()}\n`).join('');
  const names = Array.from({ length: FILES }, (_, i) => join(`package${i % 20}`, `module${i}.py`));
  const built = Array.from({ length: BUILT }, (_, i) => join('build', `part${i}.so`));
  for (const name of [...names, ...built]) {
    mkdirSync(join(project, name, '..'), { recursive: true });
    writeFileSync(join(project, name), text());
  }
  writeFileSync(join(project, '.gitignore'), 'build/\n');
  return names;
}

/** What a run leaves behind: a few files of its own, and one of the code written over. */
function dirty(tree: string, names: readonly string[]): void {
  mkdirSync(join(tree, 'out'), { recursive: true });
  for (let i = 0; i < 10; i++) writeFileSync(join(tree, 'out', `${i}`), 'x');
  writeFileSync(join(tree, names.at(-1)!), 'x\n');
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function spread(values: readonly number[]): { readonly value: number; readonly quartiles: readonly [number, number] } {
  return { value: quantile(values, 0.5), quartiles: [quantile(values, 0.25), quantile(values, 0.75)] };
}

function figure(values: readonly number[]): Figure {
  return { ...spread(values), unit: 'ms' };
}
