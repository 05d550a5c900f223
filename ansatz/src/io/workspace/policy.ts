/** What a change of code may touch. */

import picomatch from 'picomatch';
import { UserError } from '../../study/error.ts';
import type { Repository } from './repository.ts';

/** Globs over paths relative to the script's folder. */
export interface Territory {
  /** What may be changed; absent = all code that is not protected. */
  readonly editable?: readonly string[];
  /** What may not: the evaluator, whatever computes or loads what results are judged by. */
  readonly protected?: readonly string[];
}

/** Never to be changed by a trial: the study itself, and what git keeps. */
const ALWAYS = ['ansatz.yaml', '.ansatz/**', '**/.git/**', '**/.git', '.gitmodules', '**/.gitattributes'];

/** The files of a tree that no run may change either. */
export function keptFiles(files: readonly string[], territory: Territory): string[] {
  const kept = matcher([...ALWAYS, ...(territory.protected ?? [])]);
  return files.filter((file) => kept(file));
}

/**
 * Refuse a change that touches what it may not, escapes the tree, or changes nothing: a UserError `no-op`, `protected`,
 * `not-editable` or `bad-path` that names the file. Gives the paths it changes.
 *
 * @param alone whether the code is all that is proposed: then it has to differ from what it departs from
 */
export function checkChange(
  repository: Repository,
  parent: string,
  commit: string,
  territory: Territory,
  alone: boolean,
): readonly string[] {
  const changed = repository.changed(parent, commit);
  if (changed.length === 0 && alone) {
    throw new UserError('no-op', 'the change changes nothing', { fix: 'say what is to be different' });
  }
  const kept = matcher([...ALWAYS, ...(territory.protected ?? [])]);
  const open = territory.editable === undefined ? () => true : matcher(territory.editable);
  for (const { path } of changed) {
    if (path.startsWith('/') || path.split('/').some((part) => part === '..' || part === '')) {
      throw new UserError('bad-path', `${path} is no path inside the script's folder`, { fix: 'write train.py' });
    }
    if (repository.modeOf(commit, path) === '120000') {
      throw new UserError('bad-path', `${path} would be a link`, {
        where: path,
        why: 'a link can lead out of the run’s private copy',
        fix: 'write the file itself',
      });
    }
    if (kept(path)) {
      throw new UserError('protected', `${path} is protected: no trial may change it`, {
        where: path,
        why: 'what results are judged by must be the same for all',
        fix: 'leave it as it is, or take it off code.protected in ansatz.yaml for a new study',
      });
    }
    if (!open(path)) {
      throw new UserError('not-editable', `${path} is not among what may be changed`, {
        where: path,
        why: `code.editable says ${territory.editable!.join(', ')}`,
        fix: 'change another file, or add it to code.editable in ansatz.yaml for a new study',
      });
    }
  }
  return changed.map(({ path }) => path);
}

function matcher(globs: readonly string[]): (path: string) => boolean {
  const match = picomatch([...globs], { dot: true });
  return (path) => match(path);
}
