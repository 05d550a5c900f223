/** The fingerprint of all that a run's result depends on besides its settings and its seed, as far as a lab can see it. */

import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { StudyConfig } from '../../study/config.ts';
import { hashOf, PASSED_OVER, SMALL_BYTES } from './seal.ts';

/** Files at the top that steer the lab and reach no run. */
const STEERING: ReadonlySet<string> = new Set(['ansatz.yaml', 'guidance.md', '.gitignore']);
/** Of a project that has more there is none: looking would cost more than it saves. */
const MOST_FILES = 20_000;
const MOST_BYTES = 256 << 20;

/**
 * Hash over the files of a project, the versions and the machine of `environment`, and those settings of the study that reach
 * its runs. Undefined for a project that is too large, and where runs work in the folder itself: they may change it.
 */
export function fingerprintOf(config: StudyConfig, environment: Readonly<Record<string, string>>): string | undefined {
  if (config.run.workspace === 'inplace') return undefined;
  const hash = createHash('sha256');
  // The commit says less than the files do.
  const { commit: _, ...versions } = environment;
  const { command, objective, capture, evaluate, artifacts, seed, sandbox, secrets, run, curve, guards, fidelity } =
    config;
  const delivered = config.knobs.map(({ name, via }) => [name, via]);
  const settings = {
    command,
    objective,
    capture,
    evaluate,
    artifacts,
    seed,
    sandbox,
    secrets,
    env: run.env,
    curve,
    guards,
    fidelity,
    delivered,
  };
  hash.update(JSON.stringify([versions, settings]));
  let [files, bytes] = [0, 0];
  const folders = [''];
  while (folders.length > 0) {
    const inside = folders.shift()!;
    const entries = readdirSync(join(config.folder, inside), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = posix.join(inside, entry.name);
      const file = join(config.folder, path);
      if (entry.isDirectory()) {
        if (!PASSED_OVER.has(entry.name)) folders.push(path);
      } else if (entry.isSymbolicLink()) hash.update(`${path}\0link ${readlinkSync(file)}\n`);
      else if (entry.isFile() && !(inside === '' && STEERING.has(entry.name))) {
        const { size, mtimeMs } = lstatSync(file);
        if (++files > MOST_FILES || (bytes += Math.min(size, SMALL_BYTES)) > MOST_BYTES) return undefined;
        hash.update(`${path}\0${size <= SMALL_BYTES ? hashOf(file) : `${size} ${mtimeMs}`}\n`);
      }
    }
  }
  return hash.digest('hex').slice(0, 32);
}
