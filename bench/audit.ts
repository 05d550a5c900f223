/**
 * The stopping audit: real learning curves in a random order, as if each run were the next of a study. What stopping
 * saves, how often it loses the best run, and whether the risk that `forecast` states is the one that comes true.
 * `ANSATZ_DATA_SCALING` names the folder of the curve sets; they are not part of this repository.
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../ansatz/src/methods/math/index.ts';
import { rng } from '../ansatz/src/methods/math/rng.ts';
import { asha, type Curve, forecast, median, type Pruner } from '../ansatz/src/methods/pruning/index.ts';
import { wilson } from '../ansatz/src/methods/stats/index.ts';
import { curveStudies, type CurveStudy, onShare, SETS, stability } from './curves.ts';
import type { Bench, Figure } from './main.ts';
import { optunaPython } from './optuna.ts';

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);
/** Runs of every study that nobody may stop. */
const FULL = 3;

/** One study in one order. */
interface Task {
  readonly set: string;
  readonly runs: readonly Curve[];
  /** What a report of each run costs, in steps. */
  readonly lengths: readonly number[];
}

/** Index of the report after which a run was stopped, −1 where it was not; its stated risk where there was one. */
interface Played {
  readonly stops: readonly number[];
  readonly risks: readonly (number | undefined)[];
}

export async function bench(): Promise<Bench> {
  const folder = process.env['ANSATZ_DATA_SCALING'];
  if (folder === undefined) return nothing('ANSATZ_DATA_SCALING names no folder of learning-curve sets: skipped');
  const missing = SETS.filter((set) => !existsSync(join(folder, `${set.file}.csv`)));
  const figures: Record<string, Figure> = {};
  const notes: string[] = missing.map((set) => `${set.file}.csv is not in the folder: skipped`);
  const tasks: Task[] = [];
  for (const set of SETS.filter((one) => !missing.includes(one))) {
    const studies = curveStudies(folder, set);
    const [quarter, half] = [stability(studies, 0.25), stability(studies, 0.5)];
    figures[`${set.name}.ranks_at_half`] = {
      value: half,
      unit: 'Spearman with the end',
      note: `${quarter.toFixed(2)} at a quarter; ${studies.length} studies of ${studies.map(({ runs }) => runs.length).join(', ')} runs`,
    };
    notes.push(`${set.name}: ${set.study}`);
    tasks.push(...ordered(set.name, studies, set.sameLength));
  }
  if (tasks.length === 0) return { seeds: SEEDS, figures, notes };

  const python = optunaPython();
  const played = new Map<string, readonly Played[]>([['forecast', tasks.map((task) => play(task, forecast))]]);
  if (python === undefined) {
    notes.push('Optuna is not installed and could not be: rivals are our own median and asha');
    played.set(
      'our_median',
      tasks.map((task) => play(task, median)),
    );
    played.set(
      'our_asha',
      tasks.map((task) => play(task, asha)),
    );
  } else {
    for (const [name, stops] of Object.entries(playOptuna(python, tasks))) played.set(name, stops);
  }
  for (const set of new Set(tasks.map((task) => task.set))) {
    for (const [pruner, all] of played) {
      const mine = tasks.flatMap((task, i) => (task.set === set ? [{ task, played: all[i]! }] : []));
      Object.assign(figures, account(`${set}.${pruner}`, mine));
    }
  }
  notes.push(
    `first ${FULL} runs of a study in full; ".share": steps are twentieths of a run's own schedule, ".steps": raw steps, as the lab sees them`,
    'wrong_stops: share of stopped runs that would have beaten the best seen at that moment, [Wilson 95 %]',
  );
  return { seeds: SEEDS, figures, notes };
}

function nothing(note: string): Bench {
  return { seeds: [], figures: {}, notes: [note] };
}

/** Every study in every order, on each axis that makes a difference. */
function ordered(set: string, studies: readonly CurveStudy[], sameLength: boolean): Task[] {
  return studies.flatMap((study, index) =>
    SEEDS.flatMap((seed) => {
      const order = study.runs.map((_, i) => i);
      const random = rng(seed, index);
      for (let i = order.length - 1; i > 0; i--) {
        const j = random.int(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      const runs = order.map((i) => study.runs[i]!);
      const lengths = runs.map((run) => run.steps.at(-1)!);
      const raw = { set: `${set}.steps`, runs, lengths };
      return sameLength ? [raw] : [{ set: `${set}.share`, runs: runs.map(onShare), lengths }, raw];
    }),
  );
}

/** One run after the other; the pruner sees every report. */
function play({ runs }: Task, pruner: Pruner): Played {
  const others: Curve[] = [];
  const stops: number[] = [];
  const risks: (number | undefined)[] = [];
  const free = new Set(runs.keys().drop(FULL));
  runs.forEach((run, index) => {
    let stop = -1;
    let risk: number | undefined;
    for (let at = 1; at < run.steps.length && stop < 0; at++) {
      const answer = free.has(index) ? pruner(upTo(run, at), others) : 'continue';
      if (answer === 'continue') continue;
      stop = at - 1;
      if (answer !== 'stop') risk = answer.risk;
    }
    others.push(stop < 0 ? run : upTo(run, stop + 1));
    stops.push(stop);
    risks.push(risk);
  });
  return { stops, risks };
}

function upTo(run: Curve, count: number): Curve {
  return { steps: run.steps.slice(0, count), losses: run.losses.slice(0, count) };
}

const OPTUNA = `
import json, sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
tasks, full = json.load(sys.stdin)
pruners = {'optuna_median': optuna.pruners.MedianPruner, 'optuna_asha': optuna.pruners.SuccessiveHalvingPruner}
result = {name: [] for name in pruners}
for task in tasks:
    for name, make in pruners.items():
        study, stops = optuna.create_study(pruner=make()), []
        for index, run in enumerate(task):
            trial, stop = study.ask(), -1
            for at, (step, loss) in enumerate(zip(run['steps'], run['losses'])):
                trial.report(loss, step)
                if index >= full and at + 1 < len(run['steps']) and trial.should_prune():
                    stop = at
                    break
            if stop < 0: study.tell(trial, min(run['losses']))
            else: study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            stops.append(stop)
        result[name].append({'stops': stops, 'risks': []})
json.dump(result, sys.stdout)
`;

/** The same studies, stopped by Optuna's own MedianPruner and SuccessiveHalvingPruner with their default settings. */
function playOptuna(python: string, tasks: readonly Task[]): Record<string, readonly Played[]> {
  const input = JSON.stringify([tasks.map((task) => task.runs), FULL]);
  const { status, stdout, stderr } = spawnSync(python, ['-c', OPTUNA], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`Optuna failed: ${stderr}`);
  return JSON.parse(stdout) as Record<string, readonly Played[]>;
}

/** What a pruner saved and lost over all studies of a set. */
function account(name: string, all: readonly { task: Task; played: Played }[]): Record<string, Figure> {
  const used: number[] = [];
  const stated: number[] = [];
  let [lost, stopped, wrong] = [0, 0, 0];
  for (const { task, played } of all) {
    const ends = task.runs.map((run) => Math.min(...run.losses));
    const winner = ends.indexOf(Math.min(...ends));
    if (played.stops[winner]! >= 0) lost++;
    let [paid, best] = [0, Infinity];
    task.runs.forEach((run, i) => {
      const stop = played.stops[i]!;
      const share = stop < 0 ? 1 : run.steps[stop]! / run.steps.at(-1)!;
      paid += share * task.lengths[i]!;
      if (stop >= 0) {
        stopped++;
        if (ends[i]! < best) wrong++;
        const risk = played.risks[i];
        if (risk !== undefined) stated.push(risk);
      }
      best = Math.min(best, ...(stop < 0 ? run : upTo(run, stop + 1)).losses);
    });
    used.push(paid / task.lengths.reduce((a, b) => a + b, 0));
  }
  const [low, high] = wilson(lost, all.length);
  const result: Record<string, Figure> = {
    [`${name}.compute`]: {
      value: quantile(used, 0.5),
      unit: 'of full',
      quartiles: [quantile(used, 0.25), quantile(used, 0.75)],
    },
    [`${name}.best_lost`]: { value: lost / all.length, unit: 'of studies', quartiles: [low, high] },
  };
  if (stopped === 0) {
    result[`${name}.wrong_stops`] = { value: 0, unit: 'of stops', note: 'no stop: "do not stop here"' };
    return result;
  }
  const mean = stated.length === 0 ? undefined : stated.reduce((a, b) => a + b, 0) / stated.length;
  result[`${name}.wrong_stops`] = {
    value: wrong / stopped,
    unit: 'of stops',
    quartiles: wilson(wrong, stopped),
    note: `${wrong} of ${stopped}${mean === undefined ? '' : `, stated risk ${mean.toFixed(4)}`}`,
  };
  return result;
}
