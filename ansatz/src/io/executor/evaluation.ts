/**
 * Judging what a run leaves behind: a clean copy of the study's code, the run's artifacts laid into it read-only, and the
 * evaluator started there. Nothing else of the run gets that far: neither its code nor what it printed.
 */

import { randomUUID } from 'node:crypto';
import { chmodSync, constants, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join, posix, relative, sep } from 'node:path';
import picomatch from 'picomatch';
import type { StudyConfig } from '../../study/config.ts';
import { copyTree } from '../knobs/copy.ts';
import { confined, keptFiles, type Repository } from '../workspace/index.ts';
import type { RunSpec } from './executor.ts';
import { claim, devicesOf, emptyIn, environmentOf, givenSecrets, metricsIn, type Prepared } from './prepare.ts';

/** So many artifacts are bound read-only one by one; of more, the folders they are in. */
const MOST_BOUND = 200;

/** Who judges what. */
export interface Judging {
  readonly command: readonly string[];
  /** The copy that the run worked in. */
  readonly made: string;
  /** Folder of the evaluation. */
  readonly dir: string;
  readonly repository: Repository;
}

/** Make the folder of an evaluation and say how it is started. Rejects when `signal` says that the lab has let go. */
export async function prepareEvaluation(
  config: StudyConfig,
  spec: RunSpec,
  judging: Judging,
  signal?: AbortSignal,
): Promise<Prepared> {
  const { command, made, dir, repository } = judging;
  claim(spec, dir);
  const tree = join(dir, 'tree');
  rmSync(tree, { recursive: true, force: true });
  const { commit } = repository.base();
  const code = new Set(repository.files(commit));
  const artifacts = artifactsIn(made, config.artifacts ?? []).filter((path) => !code.has(path));
  copyTree(config.folder, tree, { patched: artifacts });
  // What was left there by hand is no run's.
  for (const path of artifactsIn(tree, config.artifacts ?? [])) rmSync(join(tree, path));
  repository.restore(tree);
  for (const path of artifacts) {
    const file = join(tree, path);
    mkdirSync(dirname(file), { recursive: true });
    // Under a name of its own until it is whole: a lab that has let go must not write into the tree of the next one.
    const coming = join(dir, `coming-${randomUUID()}`);
    await copyFile(join(made, path), coming, constants.COPYFILE_FICLONE);
    signal?.throwIfAborted();
    chmodSync(coming, 0o444);
    renameSync(coming, file);
  }
  const metrics = metricsIn(config, dir);
  return {
    argv:
      config.sandbox === 'bwrap'
        ? confined(command, {
            tree,
            writable: [metrics],
            project: config.folder,
            hidden: [join(config.folder, '.ansatz')],
            kept: [...keptFiles([...code], config.code ?? {}), ...bound(artifacts)],
            devices: devicesOf(config, spec),
            empty: emptyIn(dir),
            secrets: givenSecrets(config),
          })
        : command,
    spelled: new Map(),
    cwd: tree,
    env: environmentOf(config, spec, metrics, {}),
  };
}

function bound(artifacts: readonly string[]): readonly string[] {
  if (artifacts.length <= MOST_BOUND) return artifacts;
  return [...new Set(artifacts.map((path) => path.split('/')[0]!))];
}

/**
 * Paths of the files in a tree that the globs name, in order. Folders behind links are not entered, and a link counts as
 * the file it leads to only where that lies in the tree as well: nothing else is a run's own.
 */
export function artifactsIn(tree: string, globs: readonly string[]): string[] {
  const match = picomatch([...globs], { dot: true });
  const top = realpathSync(tree);
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(tree, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (match(path) && (entry.isFile() || (entry.isSymbolicLink() && leadsInside(top, join(tree, path)))))
        found.push(path);
    }
  };
  walk('');
  return found.sort();
}

function leadsInside(top: string, link: string): boolean {
  try {
    const way = relative(top, realpathSync(link));
    return way !== '..' && !way.startsWith(`..${sep}`) && statSync(link).isFile();
  } catch {
    return false;
  }
}
