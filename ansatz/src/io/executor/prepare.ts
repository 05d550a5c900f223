/** From a spec to something that can be started: a folder, a command line and an environment. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Slot, StudyConfig } from '../../study/config.ts';
import { copyTree } from '../knobs/copy.ts';
import { applyPatches, deliver, type Delivered } from '../knobs/deliver.ts';
import { confined, keptFiles, passedOn, type Repository } from '../workspace/index.ts';
import type { RunSpec } from './executor.ts';

export interface Prepared {
  readonly argv: readonly string[];
  /** How each knob's value was written for the script. */
  readonly spelled: Delivered['spelled'];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Make the run's folder and, when the study wants private copies or a patch needs one, its tree. Throws a
 * UserError when a value cannot be delivered, and rejects when `signal` says that the lab has let go.
 */
export async function prepare(
  config: StudyConfig,
  spec: RunSpec,
  dir: string,
  repository?: Repository,
  signal?: AbortSignal,
): Promise<Prepared> {
  claim(spec, dir);
  const delivered = deliver(config, spec.point, config.seed === undefined ? undefined : spec.seed);
  let cwd = config.folder;
  if (
    config.sandbox === 'bwrap' ||
    config.run.workspace === 'copy' ||
    delivered.patches.length > 0 ||
    spec.code !== undefined
  ) {
    cwd = join(dir, 'tree');
    // A half-made copy of a lab that died must not be run.
    rmSync(cwd, { recursive: true, force: true });
    if (spec.code !== undefined && repository === undefined)
      throw new Error('a changed code needs the study’s repository');
    const changed = spec.code === undefined ? [] : repository!.changed(repository!.base().commit, spec.code);
    const patched = [...delivered.patches.map((patch) => patch.file), ...changed.map(({ path }) => path)];
    copyTree(config.folder, cwd, { patched });
    if (spec.code !== undefined) repository!.lay(spec.code, cwd);
    // What an earlier run by hand left in a metric file is not this run's.
    for (const { path } of config.capture.files) rmSync(join(cwd, path), { recursive: true, force: true });
    if (delivered.patches.length > 0) await applyPatches(cwd, delivered.patches, signal);
  }
  const metrics = metricsIn(config, dir);
  return {
    argv:
      config.sandbox === 'bwrap' ? sandboxed(config, spec, delivered.argv, cwd, metrics, repository) : delivered.argv,
    spelled: delivered.spelled,
    cwd,
    env: environmentOf(config, spec, metrics, delivered.env),
  };
}

/** Where a process may post metrics. One that is confined can only write what is there. */
export function metricsIn(config: StudyConfig, dir: string): string {
  const metrics = join(dir, 'metrics.jsonl');
  if (config.sandbox === 'bwrap') writeFileSync(metrics, '', { flag: 'a' });
  return metrics;
}

/** The variables of a process of a run, with those that carry its settings. */
export function environmentOf(
  config: StudyConfig,
  spec: RunSpec,
  metrics: string,
  settings: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const slot = config.slots[spec.slot];
  return {
    ...(config.sandbox === 'bwrap' ? passedOn(process.env) : process.env),
    // Scripts that buffer would be heard late; colours and cursor tricks help no parser.
    PYTHONUNBUFFERED: '1',
    NO_COLOR: '1',
    TERM: 'dumb',
    COLUMNS: '200',
    ...threadVariables(slot),
    ...(slot !== undefined && slot.gpus.length > 0
      ? { CUDA_VISIBLE_DEVICES: slot.gpus.join(','), CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }
      : {}),
    ...config.run.env,
    ...settings,
    ANSATZ_METRICS: metrics,
    ANSATZ_SEED: String(spec.seed),
    ANSATZ_TRIAL: String(spec.trial),
    // Set for the command alone by its supervisor; a lab inside a lab must not pass on its own.
    ANSATZ_RUN: undefined,
  };
}

/** The command line that runs confined: its copy is all it may write, but for the files that judge it. */
function sandboxed(
  config: StudyConfig,
  spec: RunSpec,
  argv: readonly string[],
  tree: string,
  metrics: string,
  repository: Repository | undefined,
): readonly string[] {
  const files = repository === undefined ? [] : repository.files(spec.code ?? repository.base().commit);
  return confined(argv, {
    tree,
    writable: [metrics],
    project: config.folder,
    hidden: [join(config.folder, '.ansatz')],
    kept: keptFiles(files, config.code ?? {}),
    devices: devicesOf(config, spec),
    empty: emptyIn(dirname(metrics)),
    secrets: givenSecrets(config),
  });
}

/** An empty file in the folder of a run. */
export function emptyIn(dir: string): string {
  const file = join(dir, 'empty');
  writeFileSync(file, '');
  return file;
}

/** Files of secrets that runs may read: those that are listed, and those that the command itself names. */
export function givenSecrets({ secrets = [], command, evaluate = [], heldout = [] }: StudyConfig): string[] {
  return [...secrets, ...command, ...evaluate, ...heldout];
}

/** Device files of the GPUs of a run's slot. */
export function devicesOf(config: StudyConfig, spec: RunSpec): string[] {
  if ((config.slots[spec.slot]?.gpus.length ?? 0) === 0) return [];
  return readdirSync('/dev')
    .filter((name) => name.startsWith('nvidia'))
    .map((name) => join('/dev', name));
}

/** The command line of a point, without preparing anything. */
export function prepareCommand(config: StudyConfig, point: RunSpec['point'], seed: number): readonly string[] {
  const { argv, env } = deliver(config, point, config.seed === undefined ? undefined : seed);
  return [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...argv];
}

/**
 * Write down whose folder this is. A folder that another run left there (a journal that lost its tail) is moved
 * aside: its lock and its exit file must not speak for this one.
 */
export function claim(spec: RunSpec, dir: string): void {
  const file = join(dir, 'spec.json');
  const text = `${JSON.stringify(spec)}\n`;
  if (existsSync(join(dir, 'lock')) && (!existsSync(file) || readFileSync(file, 'utf8') !== text)) {
    let aside = 1;
    while (existsSync(`${dir}.old${aside}`)) aside++;
    renameSync(dir, `${dir}.old${aside}`);
    mkdirSync(dir);
  }
  writeFileSync(file, text);
}

const THREADS = [
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
];

/** Without these every slot starts a thread per core of the machine. */
function threadVariables(slot: Slot | undefined): Record<string, string> {
  if (slot === undefined || slot.threads === 0) return {};
  return Object.fromEntries(THREADS.map((name) => [name, String(slot.threads)]));
}

/** The command bound to its slot's CPUs where the system can do that. */
export function commandOf(slot: Slot | undefined, argv: readonly string[]): readonly string[] {
  if (slot === undefined || slot.cpus.length === 0 || slot.cpus.length >= availableParallelism()) return argv;
  return haveTaskset() ? ['taskset', '-c', slot.cpus.join(','), ...argv] : argv;
}

let taskset: boolean | undefined;
function haveTaskset(): boolean {
  taskset ??= (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'taskset')));
  return taskset;
}
