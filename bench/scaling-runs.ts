/** Runs of a ladder and their learning curves: the largest size from the smaller ones, the end of a run from its first part. */

import { byFamilies, type Curve, forecastOf } from '../ansatz/src/methods/pruning/index.ts';
import { mean, median } from '../ansatz/src/methods/math/index.ts';
import {
  forecastScales,
  largestOut,
  lossBacktest,
  type ScaleRun,
  taskBacktest,
} from '../ansatz/src/methods/scaling/index.ts';
import type { Figure } from './main.ts';
import type { Row } from './scaling-curves.ts';
import { calibrated } from './scaling-ladders.ts';

type Read = (name: string) => Row[];

/** Chance of a guess in the tasks of the OLMo ladder, by name. */
const FLOORS: readonly (readonly [RegExp, number])[] = [
  [/mmlu|hellaswag|arc|openbookqa/, 0.25],
  [/csqa/, 0.2],
  [/socialiqa/, 1 / 3],
  [/piqa|boolq|winogrande/, 0.5],
];

/** Leave the largest size out, then the largest two; mean error of cross-entropies and of task accuracies. */
export function ladder(read: Read): Record<string, Figure> {
  const all = read('olmo_ladder_final');
  const sizes = all.map((row) => Number(row['N']));
  const { kept } = largestOut(sizes);
  const figures: Record<string, Figure> = {};
  for (const [rows, out, bounds] of [
    [all, '1B', [1, 4.3]],
    [kept.map((i) => all[i]!), '760M', undefined],
  ] as const) {
    const column = (name: string): number[] => rows.map((row) => Number(row[name]));
    const [N, D] = [column('N'), column('D')];
    const names = Object.keys(rows[0]!);
    const losses = names
      .filter((name) => name.startsWith('ce_'))
      .map((name) => 100 * lossBacktest({ N, D, loss: column(name) }));
    const tasks = names
      .filter((name) => /_(?:len_norm|acc)$/.test(name))
      .map((name) => {
        const via = column(name.replace(/_(?:len_norm|acc)$/, '_bpb'));
        const floor = FLOORS.find(([pattern]) => pattern.test(name))![1];
        return 100 * taskBacktest({ N, D }, { via, score: column(name), floor });
      });
    const [loss, task] = [mean(losses), mean(tasks)];
    const bound = (value: number, most: number | undefined): Partial<Figure> =>
      most === undefined ? {} : { bound: `≤ ${most}`, pass: value <= most };
    figures[`ladder: ${losses.length} cross-entropies of ${out} from smaller sizes`] = {
      value: loss,
      unit: '%',
      ...bound(loss, bounds?.[0]),
      note: `median of them ${median(losses).toFixed(2)} %`,
    };
    figures[`ladder: ${tasks.length} task accuracies of ${out} from smaller sizes`] = {
      value: task,
      unit: 'points',
      ...bound(task, bounds?.[1]),
      note: `worst ${Math.max(...tasks).toFixed(1)}`,
    };
  }
  return figures;
}

/** A run is a thousand steps long. */
const LONGEST = 1000;
const ASKED: Readonly<Record<number, readonly [number, number]>> = {
  0.2: [1.6, 4.2],
  0.35: [0.8, 2.4],
  0.5: [0.35, 1.8],
};

/** Final losses from the first part of runs: with the other runs of the set finished, and without any. */
export function beginnings(read: Read): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  let [spent, slowest] = [0, 0];
  for (const [set, curves] of Object.entries(sets(read))) {
    for (const share of [0.2, 0.35, 0.5]) {
      const errors: [number[], number[]] = [[], []];
      let inside = 0;
      curves.forEach((curve, i) => {
        const count = curve.steps.filter((step) => step <= share * LONGEST + 1e-6).length;
        if (count < 4) return;
        const part = { steps: curve.steps.slice(0, count), losses: curve.losses.slice(0, count) };
        const end = curve.losses.at(-1)!;
        const others = curves.filter((_, j) => j !== i);
        errors[0].push(100 * Math.abs(forecastOf(part, others, LONGEST)!.mean / end - 1));
        const before = process.cpuUsage();
        const alone = byFamilies(part, LONGEST)!;
        const { user, system } = process.cpuUsage(before);
        spent += 1;
        slowest += (user + system) / 1000;
        errors[1].push(100 * Math.abs(alone.mean / end - 1));
        if (Math.abs(alone.mean - end) <= 1.28 * alone.sd) inside++;
      });
      const asked = set === 'OLMo' ? ASKED[share] : undefined;
      for (const [k, name] of ['other runs', 'formulas'].entries()) {
        const value = median(errors[k]!);
        figures[`end of ${curves.length} ${set} runs from ${100 * share} %, by ${name}`] = {
          value,
          unit: '%',
          ...(asked === undefined ? {} : { bound: `≤ ${asked[k]}`, pass: value <= asked[k]! }),
          ...(k === 1 ? { note: `within 1.28 sd: ${Math.round((100 * inside) / errors[1].length)} %` } : {}),
        };
      }
    }
  }
  const each = slowest / spent;
  figures['end of a run: both families, mean'] = { value: each, unit: 'CPU ms', bound: '≤ 10', pass: each <= 10 };
  return figures;
}

/**
 * Shapes of Gemstones as recipes over tokens, learning rates of misfitting over tokens at one size, sizes of Gadre over tokens,
 * experiments of Porian over compute, learners of LCDB over samples: four checkpoints or runs from the lower part, forecast at the end. Error, coverage of 80 %, and how often who is ahead stays ahead.
 */
export function recipes(read: Read): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  const scores = new Map<string, number[]>();
  for (const [set, groups] of Object.entries(recipesOf(read))) {
    const errors: number[] = [];
    const own: number[] = [];
    let [inside, said, stayed, tried] = [0, 0, 0, 0];
    for (const whole of groups) {
      const ends = [...whole.values()].map((points) => points.at(-1)![0]);
      const target = Math.min(...ends);
      const truth = new Map([...whole].map(([recipe, points]) => [recipe, points.find(([x]) => x >= target)![1]]));
      for (const share of [0.25, 0.4, 0.6]) {
        const runs = [...whole].flatMap(([recipe, points]): ScaleRun[] => {
          const low = points.filter(([x]) => x <= share * target);
          const places = new Set(
            [0.25, 0.5, 0.75, 1].map((part) => Math.ceil(part * low.length) - 1).filter((i) => i >= 0),
          );
          return [...places].map((i) => ({ recipe, scale: low[i]![0], loss: low[i]![1] }));
        });
        const found = forecastScales(runs, target, 0.8, 1);
        if (found === undefined) continue;
        for (const { recipe, value, low, high, sd, doubt } of found.contenders) {
          const real = truth.get(recipe)!;
          // The multiple of the shared doubt that would just have done.
          const rest = Math.log(value / real) ** 2 - (Z80 * sd) ** 2;
          own.push(Math.sqrt(Math.max(0, rest)) / doubt);
          errors.push(100 * Math.abs(value / real - 1));
          if (low <= real && real <= high) inside++;
        }
        tried++;
        said += found.survives;
        const best = [...truth].reduce((one, other) => (other[1] < one[1] ? other : one))[0];
        if (best === found.ahead) stayed++;
      }
    }
    scores.set(set, own);
    figures[`recipes ${set}: loss at the target, ${errors.length} forecasts, median error`] = {
      value: median(errors),
      unit: '%',
      note: `80 % intervals hold ${Math.round((100 * inside) / errors.length)} %; who is ahead stays the best in ${stayed} of ${tried}, said ${said.toFixed(1)}`,
    };
  }
  return { ...figures, ...calibrated(scores, 'recipes: intervals', 'losses at the target', [0.8]) };
}

const Z80 = 1.2816;
const LEARNERS =
  /^(?:SVM_RBF|ens\.RandomForest|ens\.GradientBoosting|LogisticRegression|KNN|ens\.ExtraTrees|Decision Tree)$/;

/** Groups of recipes to compare: each recipe its (scale, loss) in ascending scale. */
function recipesOf(read: Read): Record<string, Map<string, [number, number][]>[]> {
  const group = (
    rows: readonly Row[],
    within: string,
    recipe: string,
    x: string,
    y: string,
    least = 8,
  ): Map<string, [number, number][]>[] => {
    const groups = new Map<string, Map<string, Map<number, number>>>();
    for (const row of rows) {
      const inner = groups.get(row[within] ?? '') ?? new Map<string, Map<number, number>>();
      groups.set(row[within] ?? '', inner);
      if (!(Number(row[x]) > 0 && Number(row[y]) > 0)) continue;
      const points = inner.get(row[recipe]!) ?? new Map<number, number>();
      inner.set(row[recipe]!, points);
      points.set(Number(row[x]), Math.min(Number(row[y]), points.get(Number(row[x])) ?? Infinity));
    }
    return [...groups.values()].flatMap((inner) => {
      const long = [...inner].flatMap(([name, points]): [string, [number, number][]][] =>
        points.size < least ? [] : [[name, [...points].sort(([one], [other]) => one - other)]],
      );
      return long.length < 2 ? [] : [new Map(long)];
    });
  };
  const hot = read('gemstones_hot').filter((row) => Number(row['D']) > 4e9);
  const finals = read('misfitting_checkpoints').filter((row) => row['final'] === '1');
  return {
    'Gemstones shapes': group(hot, '', 'run', 'D', 'loss'),
    'misfitting rates': group(finals, 'N', 'peak_lr', 'train_tokens', 'loss'),
    'Gadre sizes': group(
      read('gadre_testbed'),
      'train_set',
      'N',
      'D',
      'ce_a_val_tok_mult_paloma_c4_en_00000001_tar',
      6,
    ),
    'Porian experiments': group(read('porian_optima'), 'file', 'experiment', 'C', 'loss_star', 6),
    'LCDB learners': group(
      read('lcdb11_sample').filter((row) => LEARNERS.test(row['learner']!)),
      'openml_id',
      'learner',
      'train_size',
      'err_val',
      6,
    ),
  };
}

function sets(read: Read): Record<string, Curve[]> {
  const grouped = (rows: readonly Row[], by: readonly string[], x: string, y: string, least = 20): Curve[] => {
    const groups = new Map<string, Map<number, number>>();
    for (const row of rows) {
      if (!(Number(row[x]) > 0) || (row[y] ?? '') === '') continue;
      const key = by.map((name) => row[name]).join(' ');
      const points = groups.get(key) ?? new Map<number, number>();
      groups.set(key, points.set(Number(row[x]), Number(row[y])));
    }
    return [...groups.values()].flatMap((points) => {
      const sorted = [...points].sort(([one], [other]) => one - other);
      if (sorted.length < least) return [];
      const end = sorted.at(-1)![0];
      return [{ steps: sorted.map(([at]) => (LONGEST * at) / end), losses: sorted.map(([, loss]) => loss) }];
    });
  };
  return {
    OLMo: grouped(read('olmo_ladder_curves'), ['run'], 'D', 'ce_c4'),
    misfitting: grouped(
      read('misfitting_checkpoints'),
      ['model', 'sweep', 'peak_lr', 'total_steps'],
      'current_steps',
      'loss',
    ),
    Gemstones: grouped(read('gemstones_hot'), ['run'], 'D', 'loss'),
    speedrun: grouped(read('nanogpt_speedrun_curves'), ['record', 'run'], 'step', 'val_loss', 13),
  };
}
