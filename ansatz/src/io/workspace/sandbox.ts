/**
 * Confining a run whose code nobody has read: bubblewrap with a read-only machine, no network, no home folder, no study,
 * and the evaluator's files bound read-only in the run's own copy.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { filesBehind, listeningPaths, rootOnly, secretsIn } from './secrets.ts';

/** What a confined run is given. */
export interface Confinement {
  /** Its own copy of the project: the only folder it may write to. */
  readonly tree: string;
  /** Single files outside the copy that it may write to; they must exist. */
  readonly writable: readonly string[];
  /** The project: readable, because big data are links into it. */
  readonly project: string;
  /** Folders that are not to be seen: the studies. */
  readonly hidden: readonly string[];
  /** Paths inside the copy that it may not write to. */
  readonly kept: readonly string[];
  /** Device files it may use: those of its GPUs. */
  readonly devices: readonly string[];
  /** An empty file, which is laid over what is not to be read. */
  readonly empty: string;
  /** Files of secrets, by their paths in the project, that it is given all the same. */
  readonly secrets?: readonly string[];
}

/** Variables that are passed on; everything else, keys above all, is not. */
const PASSED =
  /^(PATH|LANG|LANGUAGE|LC_\w+|TZ|TERM|HOME|USER|LOGNAME|SHELL|LD_LIBRARY_PATH|VIRTUAL_ENV|CONDA_\w+|PYTHON\w+|CUDA_\w+|NVIDIA_\w+|OMP_\w+|MKL_\w+|NODE_PATH|JULIA_\w+|JAVA_HOME)$/;

/** The variables of an environment that a confined run gets. */
export function passedOn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED.test(name)));
}

/** The command line that runs `argv` confined. Later binds lie over earlier ones, so the order is the policy. */
export function confined(argv: readonly string[], given: Confinement): string[] {
  const { tree, writable, project, hidden, kept, devices } = given;
  const homes = homesHere();
  const secret = secretsIn(project, given.secrets);
  const closed = ['/tmp', '/var/tmp', '/run', ...homes];
  const needed = [...prefixesOf(argv[0]!, homes), ...toolsOf(homes)];
  const own = rootOnly([project, tree, ...needed, ...writable, '/proc', '/sys', '/dev', ...closed]);
  return [
    'bwrap',
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    // Root may write there without any capability: bubblewrap leaves it open.
    ...(existsSync('/proc/sys') ? ['--ro-bind', '/proc/sys', '/proc/sys'] : []),
    ...devices.filter((device) => existsSync(device)).flatMap((device) => ['--dev-bind', device, device]),
    ...closed.filter((folder) => existsSync(folder)).flatMap((folder) => ['--tmpfs', folder]),
    // What lies in the home folder and is needed all the same: the interpreter with its packages, and the project.
    ...needed.flatMap((folder) => ['--ro-bind', folder, folder]),
    // Nor what the machine keeps from ordinary users.
    ...own.folders.filter((folder) => existsSync(folder)).flatMap((folder) => ['--tmpfs', folder]),
    ...own.files.filter((file) => existsSync(file)).flatMap((file) => ['--ro-bind', given.empty, file]),
    '--ro-bind',
    project,
    project,
    ...hidden.filter((folder) => existsSync(folder)).flatMap((folder) => ['--tmpfs', folder]),
    '--bind',
    tree,
    tree,
    ...kept
      .map((path) => join(tree, path))
      .filter((path) => existsSync(path))
      .flatMap((path) => ['--ro-bind', path, path]),
    ...writable.flatMap((file) => ['--bind', file, file]),
    ...[
      ...filesBehind(secret.flatMap((path) => [join(project, path), join(tree, path)])),
      // A server that the project itself runs may listen in its folder.
      ...listeningPaths(),
    ]
      .filter((path) => inside(path, project) || inside(path, tree) || !closed.some((folder) => inside(path, folder)))
      .filter((path) => !hidden.some((folder) => inside(path, folder)) || inside(path, tree))
      .flatMap((path) => ['--ro-bind', given.empty, path]),
    '--unshare-all',
    // Of a lab that is root, bubblewrap leaves its runs all capabilities: with them they could mount what they like.
    '--cap-drop',
    'ALL',
    '--die-with-parent',
    '--chdir',
    tree,
    '--',
    ...argv,
  ];
}

/** Home folders, none of which is a run's business; one that lies in another is not named twice. */
function homesHere(): string[] {
  let own = '/';
  try {
    own = userInfo().homedir;
  } catch {
    // An account without an entry of its own.
  }
  const all = [...new Set(['/root', '/home', homedir(), own])].filter((folder) => folder !== '/' && isAbsolute(folder));
  return all.filter((folder) => !all.some((other) => inside(folder, other)));
}

/** Folders a program needs that lie where nothing is to be seen: its own installation, and what its links lead to. */
function prefixesOf(program: string, hidden: readonly string[]): string[] {
  const found = isAbsolute(program)
    ? program
    : (process.env['PATH'] ?? '')
        .split(delimiter)
        .map((folder) => join(folder, program))
        .find((path) => existsSync(path));
  if (found === undefined || !existsSync(found)) return [];
  const places = [found, realpathSync(found)].map((path) => dirname(dirname(path)));
  return [...new Set(places)].filter((place) => [...hidden, '/tmp'].some((folder) => inside(place, folder)));
}

/** Programs of PATH that are installed in the home folder (virtual environments, version managers), with their libraries; nothing else of it. */
function toolsOf(hidden: readonly string[]): string[] {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && existsSync(folder));
  const found = folders
    .filter((folder) => hidden.some((home) => inside(folder, home)))
    .flatMap((folder) => [
      folder,
      ...['lib', 'lib64', 'libexec', 'pyvenv.cfg'].map((name) => join(dirname(folder), name)),
    ]);
  return [...new Set(found)].filter((path) => existsSync(path));
}

function inside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** What programs say when a confined run has asked for what it may not have. */
const REFUSAL =
  /read-only file system|EROFS|network is unreachable|ENETUNREACH|temporary failure in name resolution|EAI_AGAIN|name or service not known|ENOTFOUND|could not resolve host/i;

/** Different lines of a confined run's output that say it was refused something, at most. */
const MOST_REFUSALS = 5;

/** The lines of a confined run's output that say it was refused something. */
export function refusalsIn(lines: readonly string[]): string[] {
  const said = lines.filter((line) => REFUSAL.test(line)).map((line) => line.trim());
  return [...new Set(said)].slice(0, MOST_REFUSALS);
}

let probed: string | undefined | null = null;

/** Why runs cannot be confined here; undefined when they can. Found out by doing it: a write that must fail. */
export function whyUnconfined(): string | undefined {
  if (probed !== null) return probed;
  if (process.platform !== 'linux') return (probed = 'bubblewrap is for Linux');
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-probe-'));
  try {
    const tree = join(folder, 'tree');
    mkdirSync(tree);
    writeFileSync(join(folder, 'secret'), 'before');
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    const given = { tree, writable: [], project: folder, hidden: [], kept: [], devices: [], empty };
    // Root must not be able to take back what makes the rest read-only.
    const script =
      'mount -o remount,bind,rw / 2>/dev/null; mount -o remount,bind,rw .. 2>/dev/null; echo x > made; echo after 2>/dev/null > ../secret; cat ../secret';
    const [command, ...args] = confined(['/bin/sh', '-c', script], given);
    const said = execFileSync(command!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
    probed =
      said.trim() === 'before' && existsSync(join(tree, 'made'))
        ? undefined
        : 'a confined run could write where it must not';
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    probed =
      code === 'ENOENT'
        ? 'bubblewrap (bwrap) is not installed'
        : (stderr ?? '').trim().split('\n').at(-1) || 'bwrap does not work here';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return probed;
}
