/** A Python that has Optuna, for benches that run it as the rival. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The Python named by ANSATZ_PYTHON, the system's, or one in a cache folder that is made on the first call. Undefined
 * when Optuna is nowhere and cannot be installed.
 */
export function optunaPython(): string | undefined {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ansatz-bench');
  const cached = join(cache, 'bin', 'python');
  const candidates = [process.env['ANSATZ_PYTHON'], 'python3', cached].filter((python) => python !== undefined);
  const found = candidates.find(hasOptuna);
  if (found !== undefined) return found;
  try {
    if (!existsSync(cached)) execFileSync('python3', ['-m', 'venv', cache], { stdio: 'ignore' });
    execFileSync(cached, ['-m', 'pip', 'install', '-q', '--retries', '0', 'optuna==5.0.0'], {
      stdio: 'ignore',
      timeout: 300_000,
    });
    return hasOptuna(cached) ? cached : undefined;
  } catch {
    return undefined;
  }
}

function hasOptuna(python: string): boolean {
  return spawnSync(python, ['-c', 'import optuna'], { stdio: 'ignore' }).status === 0;
}
