/** Learning-curve sets of other people's trainings, cut into studies: runs that one might have tried one after the other. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Curve } from '../ansatz/src/methods/pruning/index.ts';

/** A set: a CSV file, and what in it makes a run and a study. */
export interface CurveSet {
  readonly name: string;
  readonly file: string;
  /** What a study is, in words. */
  readonly study: string;
  /** Whether all runs of a study have the same steps. */
  readonly sameLength: boolean;
  readonly step: string;
  readonly loss: string;
  /** Columns that tell runs apart. */
  readonly run: readonly string[];
  /** Columns that all runs of a study share. */
  readonly shared: readonly string[];
  /** Longest ÷ shortest run of a study; none: as they are. */
  readonly band?: number;
}

/** Runs that belong together, in the order of the file. */
export interface CurveStudy {
  readonly runs: readonly Curve[];
}

const BAND = 1.4;
const FEWEST_RUNS = 6;
const FEWEST_REPORTS = 5;
/** Reports of a run on the axis of its schedule. */
const TICKS = 20;

export const SETS: readonly CurveSet[] = [
  {
    name: 'nanogpt',
    file: 'nanogpt_speedrun_curves',
    study: `runs of one track whose lengths are within ${BAND}×, which are neighbouring records`,
    sameLength: false,
    step: 'step',
    loss: 'val_loss',
    run: ['run'],
    shared: ['track'],
    band: BAND,
  },
  {
    name: 'olmo',
    file: 'olmo_ladder_curves',
    study: 'all runs of one size: 0.5 to 10 times the Chinchilla tokens and a rerun',
    sameLength: false,
    step: 'step',
    loss: 'ce_c4',
    run: ['run'],
    shared: ['size'],
  },
  {
    name: 'misfitting',
    file: 'misfitting_checkpoints',
    study: `runs of one model whose lengths are within ${BAND}×: several peak learning rates`,
    sameLength: false,
    step: 'current_steps',
    loss: 'loss',
    run: ['model', 'sweep', 'peak_lr', 'total_steps'],
    shared: ['model'],
    band: BAND,
  },
  {
    name: 'gemstones',
    file: 'gemstones_hot',
    study: 'all hot runs: 14 widths × depths of 48M to 543M parameters at common steps',
    sameLength: true,
    step: 'step',
    loss: 'loss',
    run: ['run'],
    shared: [],
  },
];

/** The studies of a set that have enough runs, each with enough reports. */
export function curveStudies(folder: string, set: CurveSet): CurveStudy[] {
  const [head, ...lines] = readFileSync(join(folder, `${set.file}.csv`), 'utf8')
    .trim()
    .split(/\r?\n/u);
  const columns = head!.split(',');
  const index = (column: string): number => columns.indexOf(column);
  const groups = new Map<string, Map<string, Map<number, number>>>();
  for (const line of lines) {
    const cells = line.split(',');
    const [step, loss] = [Number(cells[index(set.step)]), Number(cells[index(set.loss)])];
    if (!(step > 0) || cells[index(set.loss)] === '' || !Number.isFinite(loss)) continue;
    const key = set.run.map((column) => cells[index(column)]).join();
    const group = entry(groups, set.shared.map((column) => cells[index(column)]).join(), () => new Map());
    entry(group, key, () => new Map<number, number>()).set(step, loss);
  }
  return [...groups.values()].flatMap((group) => {
    const runs = [...group.values()]
      .filter((points) => points.size >= FEWEST_REPORTS)
      .map((points): Curve => {
        const sorted = [...points].toSorted(([a], [b]) => a - b);
        return { steps: sorted.map(([step]) => step), losses: sorted.map(([, loss]) => loss) };
      });
    return bands(runs, set.band ?? Infinity).filter((study) => study.runs.length >= FEWEST_RUNS);
  });
}

/** Runs by length: a new study begins where a run is too long for the shortest of the last. */
function bands(runs: readonly Curve[], widest: number): CurveStudy[] {
  const result: Curve[][] = [];
  for (const run of runs.toSorted((a, b) => a.steps.at(-1)! - b.steps.at(-1)!)) {
    const last = result.at(-1);
    if (last !== undefined && run.steps.at(-1)! <= widest * last[0]!.steps.at(-1)!) last.push(run);
    else result.push([run]);
  }
  return result.map((band) => ({ runs: band }));
}

/** The run on the axis of its own schedule: its latest loss at each twentieth. */
export function onShare(run: Curve): Curve {
  const ticks = Array.from({ length: TICKS }, (_, i) => i + 1);
  const losses = ticks.map((tick) => {
    const at = run.steps.findLastIndex((step) => step <= (tick / TICKS) * run.steps.at(-1)! * (1 + 1e-9));
    return run.losses[at];
  });
  const heard = ticks.filter((_, i) => losses[i] !== undefined);
  return { steps: heard, losses: losses.filter((loss) => loss !== undefined) };
}

/** Mean over studies of Spearman's correlation between the losses at a share of the schedule and the best ones in the end. */
export function stability(studies: readonly CurveStudy[], share: number): number {
  const all = studies.map(({ runs }) => {
    const curves = runs.map(onShare);
    const tick = share * TICKS;
    const there = curves.map(({ steps, losses }) => losses[steps.findLastIndex((step) => step <= tick)] ?? Infinity);
    return correlation(ranks(there), ranks(runs.map((run) => Math.min(...run.losses))));
  });
  return all.reduce((a, b) => a + b, 0) / all.length;
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    return below + (values.filter((other) => other === value).length - 1) / 2;
  });
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (a.length - 1) / 2;
  const product = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + (value - mean) * (y[i]! - mean), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
