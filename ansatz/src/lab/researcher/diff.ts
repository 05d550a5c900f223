/** Code of one trial against that of another, as a patch. */

import type { Repository } from '../../io/workspace/index.ts';
import type { Trial } from '../../study/state.ts';

/** A function that tells how the code of a trial differs from that of another, or from the script as it is; empty when it does not. */
export function diffIn(repository: Repository): (trial: Trial, against?: Trial) => string {
  return (trial, against) => {
    if (trial.code === undefined) return '';
    const from = against?.code?.commit ?? repository.base().commit;
    return repository.diff(from, trial.code.commit);
  };
}
