/** What results depend on besides settings and code of a study: versions and machine, for whoever wants to get them again. */

import { execFileSync } from 'node:child_process';
import { arch, cpus, release, totalmem, type as systemType } from 'node:os';
import { basename } from 'node:path';

/** Packages whose version often decides a result; those that are installed are told. */
const PACKAGES = [
  'torch',
  'jax',
  'tensorflow',
  'numpy',
  'scipy',
  'scikit-learn',
  'transformers',
  'lightgbm',
  'xgboost',
  'lightning',
  'accelerate',
];
/** Nothing here is worth waiting for. */
const MOST_MS = 3000;

/**
 * Name and value, in reading order: commit of the project's repository, and whether files differ from it; the interpreter of the command and what is
 * installed for it; system, processor, memory, GPUs. What cannot be found out is left out. No variables, hosts or paths.
 *
 * @param folder of the script
 * @param command as it is run
 */
export function environmentOf(folder: string, command: readonly string[]): Record<string, string> {
  const said = (program: string, args: readonly string[]): string | undefined => {
    try {
      const text = execFileSync(program, args, {
        cwd: folder,
        encoding: 'utf8',
        timeout: MOST_MS,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return text.trim() === '' ? undefined : text.trim();
    } catch {
      return undefined;
    }
  };
  const found: Record<string, string> = {};
  const commit = said('git', ['rev-parse', 'HEAD']);
  if (commit !== undefined) {
    const changed = said('git', ['status', '--porcelain', '--untracked-files=no', '.']);
    found['commit'] = `${commit}${changed === undefined ? '' : `, ${changed.split('\n').length} files changed since`}`;
  }
  const program = command.find((word) => !/^[A-Za-z_]\w*=/.test(word) && word !== 'env');
  const name = program === undefined ? '' : basename(program);
  if (/^python[\d.]*$/.test(name)) {
    const script = `import sys, importlib.metadata as m\nprint("python", sys.version.split()[0])\nfor p in sys.argv[1:]:\n  try: print(p, m.version(p))\n  except Exception: pass`;
    for (const line of said(program!, ['-c', script, ...PACKAGES])?.split('\n') ?? []) {
      const [what, version] = line.split(' ');
      if (what !== undefined && version !== undefined) found[what] = version;
    }
  } else if (/^(?:node|deno|bun|julia|Rscript|ruby|go|cargo)$/.test(name)) {
    const version = said(program!, [name === 'go' ? 'version' : '--version']);
    if (version !== undefined) found[name] = version.split('\n')[0]!.replace(/^v/, '');
  }
  found['system'] = `${systemType()} ${release()} ${arch()}`;
  const processor = cpus()[0]?.model.trim();
  if (processor !== undefined && processor !== '') found['processor'] = `${cpus().length} × ${processor}`;
  found['memory'] = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const gpus = said('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader']);
  if (gpus !== undefined) found['gpus'] = [...new Set(gpus.split('\n').map((line) => line.trim()))].join('; ');
  return found;
}
