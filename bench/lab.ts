/**
 * Whole labs in virtual time on grids of real trainings that were each repeated with several seeds: what a study hands
 * over after few and many runs, beside Optuna, which hands over the point of its best single run.
 *
 * `HPO_DATA` is the folder with `dev/*.json.gz`; `ANSATZ_LAB_SEEDS` the number of seeds, `ANSATZ_LAB_RUNS` the budgets.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { simulation } from '../ansatz/src/io/executor/simulated.ts';
import { memoryJournal } from '../ansatz/src/io/store/memory.ts';
import { memoryPoints } from '../ansatz/src/io/store/points.ts';
import { openLab } from '../ansatz/src/lab/lab.ts';
import { numericResearcher } from '../ansatz/src/lab/researcher/index.ts';
import { mean, quantile } from '../ansatz/src/methods/math/index.ts';
import { rng } from '../ansatz/src/methods/math/rng.ts';
import { stoppingOf } from '../ansatz/src/methods/pruning/index.ts';
import { samplers } from '../ansatz/src/methods/sampling/index.ts';
import type { Point } from '../ansatz/src/methods/space/space.ts';
import { leaderOf } from '../ansatz/src/study/belief.ts';
import { simpleConfig } from '../ansatz/src/study/config.fixture.ts';
import type { StudyConfig } from '../ansatz/src/study/config.ts';
import type { State } from '../ansatz/src/study/state.ts';
import type { Bench, Figure } from './main.ts';
import { optunaPython } from './optuna.ts';

const TABLES = [
  'fcnet-naval_propulsion',
  'fcnet-protein_structure',
  'mlp-australian',
  'mlp-car',
  'mlp-phoneme',
  'mlp-segment',
] as const;
const SECONDS = 60;

/** A grid: every point with the results of its repeats. */
interface Table {
  readonly name: string;
  readonly knobs: StudyConfig['knobs'];
  readonly direction: 'minimize' | 'maximize';
  readonly results: Readonly<Record<string, readonly number[]>>;
  /** Mean of the repeats as a loss, by key. */
  readonly truth: Readonly<Record<string, number>>;
  readonly least: number;
  /** Keys from the best on. */
  readonly sorted: readonly string[];
}

/** Where a person starts: quantiles of the truth over the grid, 0 is the best point. */
const STARTS = { 'from a middling start': [0.3, 0.6], 'from a good start': [0.03, 0.15] } as const;
type Start = keyof typeof STARTS;

/** What a study came to; 0 is the best point there is, 1 the one it started from. */
interface Outcome {
  readonly handed: number;
  /** What is believed to be the best, proven or not. */
  readonly believed: number;
  readonly bestRun: number;
  /** The point handed over is truly worse than the start. */
  readonly wrong: boolean;
}

export async function bench(): Promise<Bench> {
  const data = process.env['HPO_DATA'];
  if (data === undefined) return { seeds: [], figures: {}, notes: ['HPO_DATA is not set: skipped'] };
  const seeds = Array.from({ length: Number(process.env['ANSATZ_LAB_SEEDS'] ?? 20) }, (_, i) => i + 1);
  const budgets = (process.env['ANSATZ_LAB_RUNS'] ?? '12,25,50,100').split(',').map(Number);
  const tables = TABLES.map((name) => load(data, name));
  const figures: Record<string, Figure> = {};
  const starts = (process.env['ANSATZ_LAB_STARTS'] ?? Object.keys(STARTS).join()).split(',') as Start[];
  for (const from of starts) {
    const optuna = rival(data, tables, seeds, Math.max(...budgets), from);
    for (const runs of budgets) {
      const lab: Outcome[] = [];
      const theirs: Outcome[] = [];
      for (const table of tables) {
        for (const seed of seeds) {
          const { state, start } = await play(table, seed, runs, from);
          lab.push(outcomeOf(table, start, state));
          const keys = optuna?.[`${table.name} ${seed}`]?.slice(0, runs);
          if (keys === undefined) continue;
          const best = keys.toSorted((a, b) => seen(table, a, seed) - seen(table, b, seed))[0]!;
          const own = regret(table, start, best);
          theirs.push({ handed: own, believed: own, bestRun: own, wrong: wrong(table, start, best) });
        }
      }
      const figure = (name: string, of: (outcome: Outcome) => number): void => {
        figures[`${from}, ${runs} runs: ${name}`] = {
          ...summary(lab.map(of)),
          unit: 'of the start’s regret',
          ...(theirs.length > 0 && { rival: { name: 'Optuna TPE', ...summary(theirs.map(of)) } }),
        };
      };
      figure('proven', (outcome) => outcome.handed);
      figure('believed best', (outcome) => outcome.believed);
      figure('best single run', (outcome) => outcome.bestRun);
      figures[`${from}, ${runs} runs: proven is worse than the start`] = {
        value: mean(lab.map(({ wrong: is }) => Number(is))),
        unit: 'of studies',
        ...(theirs.length > 0 && {
          rival: { name: 'Optuna TPE', value: mean(theirs.map(({ wrong: is }) => Number(is))) },
        }),
      };
    }
  }
  return {
    seeds,
    figures,
    notes: ['medians and quartiles over tables and seeds; 1 is the start, 0 the best point there is'],
  };
}

function summary(values: readonly number[]): { value: number; quartiles: [number, number]; note: string } {
  return {
    value: quantile(values, 0.5),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
    note: `mean ${mean(values).toFixed(3)}`,
  };
}

export function load(data: string, name: string): Table {
  const raw = JSON.parse(gunzipSync(readFileSync(join(data, 'dev', `${name}.json.gz`))).toString()) as {
    space: { name: string; type: string; choices?: string[]; low: number; high: number }[];
    direction: 'minimize' | 'maximize';
    values: Record<string, (number | null)[]>;
  };
  const sign = raw.direction === 'minimize' ? 1 : -1;
  const results = Object.fromEntries(
    Object.entries(raw.values)
      .map(([key, list]) => [key, list.filter((value) => value !== null)] as const)
      .filter(([, list]) => list.length > 1),
  );
  const truth = Object.fromEntries(Object.entries(results).map(([key, list]) => [key, sign * mean(list)]));
  const sorted = Object.keys(truth).toSorted((a, b) => truth[a]! - truth[b]!);
  const via = (knob: string) => ({ by: 'flag', flag: `--${knob}`, style: 'space' }) as const;
  return {
    name,
    direction: raw.direction,
    results,
    truth,
    least: truth[sorted[0]!]!,
    sorted,
    knobs: raw.space.map((param) =>
      param.type === 'cat'
        ? {
            name: param.name,
            kind: 'choice',
            choices: param.choices!,
            default: param.choices![0]!,
            via: via(param.name),
          }
        : {
            name: param.name,
            kind: 'int',
            low: param.low,
            high: param.high,
            scale: 'linear',
            default: param.low,
            via: via(param.name),
          },
    ),
  };
}

export function keyOf(table: Table, point: Point): string {
  return table.knobs
    .map((knob) => (knob.kind === 'choice' ? knob.choices.indexOf(point[knob.name]!) : Number(point[knob.name])))
    .join('');
}

function pointOf(table: Table, key: string): Record<string, string | number> {
  return Object.fromEntries(
    table.knobs.map((knob, i) => [
      knob.name,
      knob.kind === 'choice' ? String(knob.choices[Number(key[i])]) : Number(key[i]),
    ]),
  );
}

function startOf({ sorted }: Table, seed: number, from: Start): string {
  const [low, high] = STARTS[from];
  const first = Math.floor(sorted.length * low);
  return sorted[first + rng(seed, 0x57a27).int(Math.floor(sorted.length * high) - first)]!;
}

/** The result of a point with a seed, as a loss. */
function seen(table: Table, key: string, seed: number): number {
  const list = table.results[key];
  if (list === undefined) return Infinity;
  return (table.direction === 'minimize' ? 1 : -1) * list[seed % list.length]!;
}

export function regret(table: Table, start: string, key: string): number {
  return ((table.truth[key] ?? Infinity) - table.least) / (table.truth[start]! - table.least);
}

function wrong(table: Table, start: string, key: string): boolean {
  return (table.truth[key] ?? Infinity) > table.truth[start]!;
}

export async function play(
  table: Table,
  seed: number,
  runs: number,
  from: Start,
): Promise<{ state: State; start: string }> {
  const start = startOf(table, seed, from);
  const baseline = pointOf(table, start);
  const config = simpleConfig({
    objective: { metric: 'loss', direction: table.direction, value: 'last' },
    knobs: table.knobs.map((knob) => ({ ...knob, default: baseline[knob.name]! }) as (typeof table.knobs)[number]),
    // A bit more than what is run: a hold has room for a run that takes longer.
    budget: { deviceSeconds: (runs + 0.5) * SECONDS },
    slots: [{ cpus: [], gpus: [], threads: 1 }],
    seedNumber: seed,
    repeats: { baseline: 3, baselineMost: 8, most: 10 },
    reserve: 0.05,
  });
  const { executor, world } = simulation((point, runSeed) => {
    const list = table.results[keyOf(table, point)];
    if (list === undefined) return { seconds: SECONDS, curve: [], crash: true };
    return { seconds: SECONDS, curve: [list[runSeed % list.length]!] };
  }, 'loss');
  const lab = openLab({
    journal: memoryJournal([{ type: 'study.created', config, baseline, at: 0 }]),
    series: memoryPoints(),
    executor,
    researcher: numericResearcher(samplers.auto, config),
    ...stoppingOf('auto'),
    world,
    identity: { host: 'bench', pid: 1, version: '0' },
  });
  return { state: await lab.done, start };
}

export function outcomeOf(table: Table, start: string, state: State): Outcome {
  const sign = table.direction === 'minimize' ? 1 : -1;
  const runs = state.runs.filter((run) => run.value !== undefined && run.status === 'done');
  const best = runs.toSorted((a, b) => sign * (a.value! - b.value!))[0]!;
  const key = (trial: number): string => keyOf(table, state.trials[trial - 1]!.point);
  const handed = key(state.incumbent ?? 1);
  return {
    handed: regret(table, start, handed),
    believed: regret(table, start, key(leaderOf(state).id)),
    bestRun: regret(table, start, key(best.trial)),
    wrong: wrong(table, start, handed),
  };
}

/** Keys in the order Optuna tried them, by table and seed. */
function rival(
  data: string,
  tables: readonly Table[],
  seeds: readonly number[],
  runs: number,
  from: Start,
): Record<string, readonly string[]> | undefined {
  const python = optunaPython();
  if (python === undefined) return undefined;
  const jobs = tables.flatMap((table) =>
    seeds.map((seed) => ({ table: table.name, seed, start: startOf(table, seed, from) })),
  );
  const child = spawnSync(python, [join(import.meta.dirname, 'lab.py')], {
    input: JSON.stringify({ data, jobs, runs }),
    maxBuffer: 1e9,
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Record<string, readonly string[]>;
}
