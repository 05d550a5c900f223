/** `ansatz skill`: how a coding agent works with the lab, in the form that agents read. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Print the file. */
export function skill(): void {
  process.stdout.write(readFileSync(join(import.meta.dirname, '..', '..', '..', 'skill', 'SKILL.md'), 'utf8'));
}
