/** Search spaces written for other tools. */

import { readFileSync } from 'node:fs';
import { UserError } from '../../../study/error.ts';
import type { ImportedSpace } from './imported.ts';
import { importOptuna, isOptuna } from './optuna.ts';
import { importRay, isRay } from './ray.ts';
import { importSweep } from './wandb.ts';

export type { ImportedParam, ImportedSpace, Skipped } from './imported.ts';
export { overlay } from './overlay.ts';
export type { Overlay } from './overlay.ts';

/**
 * The space a file describes: Optuna or Ray Tune in Python, a W&B sweep in YAML or JSON. Nothing is run. A file that
 * cannot be read is a UserError `no-space`, one without a space `bad-space`.
 */
export function importSpace(path: string, file: string = path): ImportedSpace {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new UserError('no-space', `${file} cannot be read (${reason})`, {
      where: path,
      fix: 'give the file that describes the search space: --space tune.py or --space sweep.yaml',
    });
  }
  const space = read(text, file);
  if (space.params.length > 0 || space.skipped.length > 0) return space;
  throw new UserError('bad-space', `${file} has no parameters to search over`, { where: path, fix: known });
}

const known =
  'it should hold trial.suggest_… (Optuna), tune.uniform and its kin (Ray Tune), or be a W&B sweep in YAML or JSON';

function read(text: string, file: string): ImportedSpace {
  if (/\.(ya?ml|json)$/i.test(file)) return importSweep(text, file);
  // A define-by-run space of Optuna may be handed to Ray; it is the one that is written out.
  if (isOptuna(text)) return importOptuna(text, file);
  if (isRay(text)) return importRay(text, file);
  throw new UserError('bad-space', `no search space was recognised in ${file}`, {
    where: file,
    fix: /\bwandb\.sweep\b/.test(text) ? 'write the sweep into a file of its own, sweep.yaml or sweep.json' : known,
  });
}
