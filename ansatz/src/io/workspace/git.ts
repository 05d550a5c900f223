/** Git as a tool of the lab: nobody's hooks, identity or settings, and never the user's repository. */

import { execFileSync } from 'node:child_process';
import { UserError } from '../../study/error.ts';

/** Settings that hold for every call: no hooks, no signing, no clean-up in the background, line ends as they are. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'user.name=ansatz',
  'user.email=ansatz@localhost',
  'commit.gpgSign=false',
  'gc.auto=0',
  'core.autocrlf=false',
  'core.quotePath=false',
  'core.fsmonitor=false',
].flatMap((setting) => ['-c', setting]);

export interface GitOptions {
  readonly cwd?: string;
  readonly input?: string | Buffer;
  /** Index, work tree and the like. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Git said no; `said` is its own last line. */
export class GitError extends Error {
  readonly said: string;

  constructor(args: readonly string[], said: string) {
    super(`git ${args[0]}: ${said}`);
    this.said = said;
  }
}

/** Output of a git command as bytes. Throws a {@link GitError}, or a UserError `no-git` where there is no git. */
export function gitBytes(args: readonly string[], { cwd, input, env }: GitOptions = {}): Buffer {
  try {
    return execFileSync('git', [...SETTINGS, ...args], {
      cwd,
      input,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      maxBuffer: 1 << 30,
      env: {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        LC_ALL: 'C',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        ...env,
      },
    });
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    if (code === 'ENOENT') {
      throw new UserError('no-git', 'there is no git on this machine', {
        why: 'changes of code are kept as commits inside the study',
        fix: 'install git; studies that only turn knobs need none',
      });
    }
    const lines = (stderr?.toString() ?? '').trim().split('\n');
    throw new GitError(args, lines.findLast((line) => line !== '')?.replace(/^(fatal|error): /, '') ?? 'failed');
  }
}

/** Output of a git command as text, the last line break taken off. */
export function git(args: readonly string[], options: GitOptions = {}): string {
  return gitBytes(args, options).toString().replace(/\n$/, '');
}
