/** Where the runs of a study lie. */

import { join } from 'node:path';

/** The folder of a run. */
export function runFolder(runs: string, run: number): string {
  return join(runs, String(run));
}
