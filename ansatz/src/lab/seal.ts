/** The seal of a study: what results are judged by, written down before the first run. */

import type { Journal } from '../io/store/journal.ts';
import { type Seal, sealCheck, sealOf } from '../io/workspace/index.ts';
import type { StudyConfig } from '../study/config.ts';
import { UserError } from '../study/error.ts';

/** The seal that a study has, or gets now. A judge that has changed since is a UserError `tampered`: nothing can go on with it. */
export function sealedBy(journal: Journal, config: StudyConfig): Seal {
  const state = journal.state();
  if (state?.seal === undefined) {
    const files = sealOf(config);
    if (state !== undefined && Object.keys(files).length > 0)
      journal.append([{ type: 'study.sealed', files, at: Math.max(Date.now(), state.now) }]);
    return files;
  }
  const touched = sealCheck(state.seal)(config.folder);
  if (touched.length === 0) return state.seal;
  throw new UserError(
    'tampered',
    `${touched.join(', ')} ${touched.length === 1 ? 'is' : 'are'} not what the study began with`,
    {
      where: config.folder,
      why: 'results that are judged in another way cannot be compared',
      fix: 'git checkout -- FILE   # puts it back\n       ansatz run --new         # begins a study with the judge of now',
    },
  );
}
