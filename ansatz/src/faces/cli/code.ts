/** `ansatz diff`, `ansatz apply` and `ansatz show --diff`: the code that was tried. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { joinWords } from '../../io/config/index.ts';
import { applyPatches, copyTree, deliver } from '../../io/knobs/index.ts';
import { git, GitError, type Repository } from '../../io/workspace/index.ts';
import { chooseStudy, readStudy, repositoryOf, type StudyFolder } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import type { State, Trial } from '../../study/state.ts';
import { findTrial } from './find.ts';

/** The commit of a trial's code: that of the script as it is where it has none of its own. */
function commitOf(repository: Repository, trial: Trial): string {
  return trial.code?.commit ?? repository.base().commit;
}

/** Code of `trial` against that of its parent, as a patch; empty when both are alike. */
export function diffToParent(state: State, folder: StudyFolder, trial: Trial): string {
  if (trial.code === undefined) return '';
  const repository = repositoryOf(folder, state.config.folder);
  const parent = state.trials[trial.parent - 1];
  return repository.diff(
    parent === undefined ? repository.base().commit : commitOf(repository, parent),
    trial.code.commit,
  );
}

/** Print how the code of one trial differs from that of another. */
export function diff(a: string, b: string, options: { readonly study?: string }): void {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state } = readStudy(folder);
  const [from, to] = [findTrial(state, a), findTrial(state, b)];
  if (from.code === undefined && to.code === undefined) return;
  const repository = repositoryOf(folder, state.config.folder);
  const text = repository.diff(commitOf(repository, from), commitOf(repository, to));
  if (text !== '') process.stdout.write(`${text}\n`);
}

/**
 * Make what a trial changes, code and constants, a branch of the user's repository with one commit on top of where it
 * is; nothing is checked out, no file changes. Outside a repository, or where it does not fit, a UserError says what to do.
 */
export async function apply(
  given: string,
  options: { readonly study?: string; readonly branch?: string },
): Promise<void> {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state } = readStudy(folder);
  const trial = findTrial(state, given);
  const patch = await patchOf(state, folder, trial);
  if (patch === '') {
    throw new UserError('no-patch', `trial ${trial.id} changes no file`, {
      why: 'its settings are given on the command line or in the environment',
      fix: 'ansatz best --as argv',
    });
  }
  const project = state.config.folder;
  const user = (args: readonly string[], env = {}, input?: string): string =>
    git(args, { cwd: project, env, ...(input === undefined ? {} : { input }) });
  let top: string;
  try {
    top = user(['rev-parse', '--show-toplevel']);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new UserError('no-repository', 'the script is in no git repository, so there is nothing to branch from', {
      where: project,
      fix:
        trial.code !== undefined
          ? `ansatz diff 1 ${trial.id} | git apply   # changes the files themselves`
          : trial.id === state.incumbent
            ? 'ansatz best --as patch | git apply   # changes the files themselves'
            : `git init && git add -A && git commit -m start, then: ansatz apply ${trial.id}`,
    });
  }
  const branch = options.branch ?? `ansatz/${folder.name}-${trial.id}`;
  const inside = relative(top, project);
  const scratch = mkdtempSync(join(tmpdir(), 'ansatz-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index') };
    user(['read-tree', 'HEAD'], env);
    const where = inside === '' ? [] : [`--directory=${inside}`];
    user(['apply', '--cached', '--3way', '--whitespace=nowarn', ...where, '-'], env, patch);
    const tree = user(['write-tree'], env);
    const message = `${trial.hypothesis}\n\nTrial ${trial.id} of study ${folder.name}: ${trial.verdict ?? 'not judged yet'}, ${trial.why ?? ''}\n`;
    const commit = user(['commit-tree', tree, '-p', user(['rev-parse', 'HEAD'])], {}, message);
    user(['branch', branch, commit]);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new UserError('bad-patch', `the change of trial ${trial.id} cannot become a branch: ${error.said}`, {
      where: top,
      why: 'your files have changed since the study began, or the branch is there already',
      fix: `ansatz diff 1 ${trial.id} > change.diff   # to merge by hand, or --branch another-name`,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const { argv, env } = deliver(state.config, trial.point, undefined);
  const words = [...Object.entries(env).map(([name, value]) => `${name}=${joinWords([value])}`), joinWords(argv)];
  process.stdout.write(
    `branch ${branch} holds trial ${trial.id}: git merge ${branch}\nits settings: ${words.join(' ')}\n`,
  );
}

/** Everything a trial changes in files, against the script as it is: its code, and constants its settings go into. */
export async function patchOf(state: State, folder: StudyFolder, trial: Trial): Promise<string> {
  const { patches } = deliver(state.config, trial.point, undefined);
  if (patches.length === 0 && trial.code === undefined) return '';
  const repository = repositoryOf(folder, state.config.folder);
  const commit = commitOf(repository, trial);
  const files = [...new Set(patches.map((one) => one.file))];
  const scratch = mkdtempSync(join(tmpdir(), 'ansatz-'));
  try {
    const copy = join(scratch, 'tree');
    copyTree(state.config.folder, copy, { patched: files });
    repository.lay(commit, copy);
    await applyPatches(copy, patches);
    const edits = new Map(files.map((file) => [file, readFileSync(join(copy, file), 'utf8')] as const));
    const whole =
      files.length === 0 ? commit : repository.edit(commit, edits, 'with its settings', `applied-${trial.id}`).commit;
    const text = repository.diff(repository.base().commit, whole);
    return text === '' ? '' : `${text}\n`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
