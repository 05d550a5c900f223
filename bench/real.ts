/**
 * Real trainings: examples 03 (PyTorch) and 04 (scikit-learn), the lab beside Optuna's TPE with its pruners. Both get the
 * same knobs, ranges, first point and device-seconds, and one process at a time.
 *
 * `ANSATZ_PYTHON` names a Python with Optuna, PyTorch and scikit-learn; `ANSATZ_REAL` chooses examples (`03,04`),
 * `ANSATZ_REAL_SEEDS` their number of seeds, `ANSATZ_REAL_SCALE` makes the budgets longer, `ANSATZ_REAL_JOBS` says how
 * many studies run side by side (2, or as many as there are cores).
 */

import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { openStudyDatabase } from '../ansatz/src/io/store/sqlite.ts';
import { studyFolder } from '../ansatz/src/lab/studies.ts';
import { quantile } from '../ansatz/src/methods/math/index.ts';
import { leaderOf } from '../ansatz/src/study/belief.ts';
import type { Bench, Figure } from './main.ts';
import { optunaPython } from './optuna.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'ansatz', 'bin', 'ansatz.cjs');
const SCALE = Number(process.env['ANSATZ_REAL_SCALE'] ?? 1);
const JOBS = Number(process.env['ANSATZ_REAL_JOBS'] ?? Math.min(2, availableParallelism()));
const LIMIT = 20;
/** Nobody was tuned on these. */
const FRESH = [1001, 1002, 1003];

/** An example, and how Optuna reads what it prints. */
interface Example {
  readonly name: string;
  readonly folder: string;
  readonly budget: number;
  readonly seeds: number;
  /** A value on the way, and the result. */
  readonly report: string;
  readonly metric: string;
  /** Reports of a whole run. */
  readonly resource: number;
}

const EXAMPLES: readonly Example[] = [
  {
    name: '04',
    folder: '04-sklearn',
    budget: 30,
    seeds: 5,
    report: String.raw`val accuracy ([\d.]+)\s`,
    metric: String.raw`val accuracy ([\d.]+)\s`,
    resource: 30,
  },
  {
    name: '03',
    folder: '03-torch-lm',
    budget: 300,
    seeds: 5,
    report: String.raw`loss: ([\d.]+) \|`,
    metric: String.raw`val_bpb: +([\d.]+)\s`,
    resource: 20,
  },
];

type Point = Readonly<Record<string, unknown>>;

/** A run that ended: device-seconds spent by then, its value when it was whole. */
interface Ended {
  readonly used: number;
  readonly value: number | null;
  readonly point: Point;
}

/** One study: its runs in order, and the point it would hand over. */
interface Played {
  readonly ended: readonly Ended[];
  readonly chosen: Point;
  /** The point it believes to be the best, proven or not. */
  readonly believed: Point;
  /** Mean value of the chosen point, of the one believed in, and of the point of the best run, on fresh seeds. */
  readonly fresh: number;
  readonly freshOfBelieved: number;
  readonly freshOfBest: number;
}

const ARMS = ['lab', 'median', 'hyperband'] as const;
type Arm = (typeof ARMS)[number];

export async function bench(): Promise<Bench> {
  const python = optunaPython();
  if (python === undefined)
    return { seeds: [], figures: {}, notes: ['Optuna is not installed and could not be: skipped'] };
  const chosen = (process.env['ANSATZ_REAL'] ?? '03,04').split(',');
  const figures: Record<string, Figure> = {};
  const notes: string[] = [];
  let most = 0;
  for (const example of EXAMPLES.filter(({ name }) => chosen.includes(name))) {
    const seeds = Number(process.env['ANSATZ_REAL_SEEDS'] ?? example.seeds);
    most = Math.max(most, seeds);
    // Rivals take turns, and whoever is first changes from seed to seed.
    const jobs = Array.from({ length: seeds }, (_, seed) =>
      ARMS.map((_arm, i) => ({ seed: seed + 1, arm: ARMS[(i + seed) % ARMS.length]! })),
    ).flat();
    const played: Record<Arm, Played[]> = { lab: [], median: [], hyperband: [] };
    const worker = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        const study = await play(example, python, job.arm, job.seed);
        played[job.arm].push(study);
        process.stderr.write(`${example.name} seed ${job.seed} ${job.arm}: ${counted(study)}, fresh ${study.fresh}\n`);
      }
    };
    await Promise.all(Array.from({ length: JOBS }, worker));
    Object.assign(figures, account(example, played));
    for (const arm of ARMS) notes.push(`${example.name} ${arm}: ${played[arm].map(counted).join('; ')}`);
  }
  notes.push(
    `to_optuna_end: device-seconds until a whole run is as good as the median of Optuna's best in the end; a study that never got there counts as its whole budget`,
    `fresh: the point that is proven (the lab's incumbent; Optuna's best trial) on ${FRESH.length} seeds nobody had used, not charged; fresh_believed: the one the lab believes to be the best, proven or not; fresh_best_run: the point of the best single run`,
    'Optuna starts from the same defaults as the lab, breaks no constraint at a cost, and gives every trial the same seed',
  );
  return { seeds: Array.from({ length: most }, (_, i) => i + 1), figures, notes };
}

function counted({ ended }: Played): string {
  const whole = ended.filter((run) => run.value !== null).length;
  return `${whole} whole runs, ${ended.length - whole} cut short, ${(ended.at(-1)?.used ?? 0).toFixed(0)} s`;
}

async function play(example: Example, python: string, arm: Arm, seed: number): Promise<Played> {
  const place = mkdtempSync(join(tmpdir(), 'ansatz-real-'));
  try {
    const folder = join(place, example.folder);
    cpSync(join(ROOT, 'examples', example.folder), folder, {
      recursive: true,
      filter: (path) => !path.includes('.ansatz') && !path.includes('__pycache__'),
    });
    const config = parse(readFileSync(join(folder, 'ansatz.yaml'), 'utf8')) as Record<string, unknown>;
    const budget = example.budget * SCALE;
    const task = {
      folder: join(place, 'optuna'),
      knobs: config['knobs'],
      constraints: config['constraints'] ?? [],
      direction: config['direction'],
      seed: String(config['seed']),
      report: example.report,
      metric: example.metric,
      resource: example.resource,
      limit: LIMIT,
      budget,
      pruner: arm,
      random: seed,
      // The lab's first runs have this seed too.
      fixed: seed,
    };
    cpSync(folder, task.folder, { recursive: true });
    const python3 = async (input: object): Promise<unknown> =>
      JSON.parse(await start(python, [join(ROOT, 'bench', 'real.py')], place, input));
    const fresh = async (point: Point): Promise<number> => {
      const values = (await python3({ ...task, evaluate: point, seeds: FRESH, limit: 5 * LIMIT })) as (number | null)[];
      const whole = values.filter((value) => value !== null);
      return whole.reduce((sum, value) => sum + value, 0) / whole.length;
    };
    const lab = arm === 'lab' ? await playLab(folder, python, config, budget, seed) : undefined;
    const ended = lab?.ended ?? ((await python3(task)) as Ended[]);
    const best = ended
      .filter((run) => run.value !== null)
      .toSorted((a, b) => loss(example, a.value!) - loss(example, b.value!))[0]!.point;
    const chosen = lab?.chosen ?? best;
    const believed = lab?.believed ?? best;
    const known = new Map<string, number>();
    for (const point of [best, chosen, believed]) {
      const key = JSON.stringify(point);
      if (!known.has(key)) known.set(key, await fresh(point));
    }
    const of = (point: Point): number => known.get(JSON.stringify(point))!;
    return { ended, chosen, believed, fresh: of(chosen), freshOfBelieved: of(believed), freshOfBest: of(best) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** `ansatz run`, as a person would start it. */
async function playLab(
  folder: string,
  python: string,
  config: Readonly<Record<string, unknown>>,
  budget: number,
  seed: number,
): Promise<Pick<Played, 'ended' | 'chosen' | 'believed'>> {
  const changed = {
    ...config,
    name: 'real',
    command: [python, '-u', 'train.py'],
    budget: { device: `${budget}s` },
    slots: { count: 1, threads: 1 },
    run: { limit: `${LIMIT}s`, grace: '0.5s' },
    'random-seed': seed,
  };
  writeFileSync(join(folder, 'ansatz.yaml'), stringify(changed));
  await start(process.execPath, [CLI, 'run', '--plain'], folder);
  const reader = openStudyDatabase(studyFolder(folder, 'real').journal, 'read');
  const state = reader.state()!;
  reader.close();
  let used = 0;
  const ended = state.runs.map((run): Ended => {
    used += run.charge?.deviceSeconds ?? run.seconds ?? 0;
    const value = run.status === 'done' && run.value !== undefined ? run.value : null;
    return { used, value, point: state.trials[run.trial - 1]!.point };
  });
  return { ended, chosen: state.trials[(state.incumbent ?? 1) - 1]!.point, believed: leaderOf(state).point };
}

/** Output of a program; anything but an end in order is an error (the lab says 4 when a budget ended without a gain). */
function start(program: string, args: readonly string[], cwd: string, input?: object): Promise<string> {
  const text = globSync(join(ROOT, 'node_modules/{typescript,@typescript/*}/lib/lib.es5.d.ts')).map(dirname)[0] ?? '';
  const env = { ...process.env, OMP_NUM_THREADS: '1', NO_COLOR: '1', TEXT_FOLDER: text };
  mkdirSync(cwd, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 || code === 4) resolve(out);
      else reject(new Error(`${program} ended with ${code}: ${err}`));
    });
    child.stdin.end(input === undefined ? '' : JSON.stringify(input));
  });
}

function loss(example: Example, value: number): number {
  return example.name === '04' ? -value : value;
}

/** Best loss of the whole runs so far, after each of them. */
function bests(example: Example, { ended }: Played): { readonly used: number; readonly best: number }[] {
  let best = Infinity;
  return ended.map(({ used, value }) => {
    if (value !== null) best = Math.min(best, loss(example, value));
    return { used, best };
  });
}

function account(example: Example, played: Readonly<Record<Arm, readonly Played[]>>): Record<string, Figure> {
  const budget = example.budget * SCALE;
  const sign = example.name === '04' ? -1 : 1;
  const unit = example.name === '04' ? 'accuracy' : 'bits per byte';
  const ends = (arm: Arm): number[] => played[arm].map((study) => bests(example, study).at(-1)?.best ?? Infinity);
  const target = Math.min(quantile(ends('median'), 0.5), quantile(ends('hyperband'), 0.5));
  const reached = (arm: Arm): number[] =>
    played[arm].map((study) => bests(example, study).find(({ best }) => best <= target)?.used ?? budget);
  const there = (arm: Arm): string => `${ends(arm).filter((end) => end <= target).length} of ${played[arm].length}`;
  const result: Record<string, Figure> = {};
  for (const rival of ['median', 'hyperband'] as const) {
    const figure = (name: string, of: (arm: Arm) => readonly number[], what: string, note?: string): void => {
      const [ours, theirs] = [of('lab'), of(rival)];
      result[`${example.name}.${name}.vs_${rival}`] = {
        value: quantile(ours, 0.5),
        unit: what,
        quartiles: [quantile(ours, 0.25), quantile(ours, 0.75)],
        rival: {
          name: `Optuna TPE + ${rival}`,
          value: quantile(theirs, 0.5),
          quartiles: [quantile(theirs, 0.25), quantile(theirs, 0.75)],
        },
        ...(note === undefined ? {} : { note }),
      };
    };
    const got = `target ${(sign * target).toFixed(4)}; reached by ${there('lab')}, rival ${there(rival)}`;
    figure('to_optuna_end', reached, `of ${budget} s`, got);
    figure('best_run', (arm) => ends(arm).map((end) => sign * end), unit);
    figure('fresh', (arm) => played[arm].map((study) => study.fresh), unit);
    figure('fresh_believed', (arm) => played[arm].map((study) => study.freshOfBelieved), unit);
    figure('fresh_best_run', (arm) => played[arm].map((study) => study.freshOfBest), unit);
  }
  return result;
}
