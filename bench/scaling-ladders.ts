/** Intervals of ladders: the largest sizes of eight public sources from the smaller ones, by a multiple learned on the other seven. */

import { mean } from '../ansatz/src/methods/math/index.ts';
import {
  chinchillaLoss,
  climbTask,
  fitChinchilla,
  ladderDoubt,
  lossBacktest,
  type Runs,
} from '../ansatz/src/methods/scaling/index.ts';
import type { Figure } from './main.ts';
import type { Row } from './scaling-curves.ts';

type Read = (name: string) => Row[];

/** Sizes within this factor are one rung; so many of the largest are forecast, each from all smaller ones. */
const RUNG = 1.6;
const FORECAST = 3;
/** Fewest runs and sizes that a law is fitted to. */
const LEAST = { runs: 8, sizes: 3 } as const;
/** Checkpoints of one run that are taken, by their share of its tokens. */
const CHECKPOINTS = [0.1, 0.25, 0.5, 0.75, 1];
/** Chance of a guess in the tasks, by name. */
const FLOORS: readonly (readonly [RegExp, number])[] = [
  [/mmlu|hellaswag|arc|openbookqa/, 0.25],
  [/csqa/, 0.2],
  [/socialiqa/, 1 / 3],
  [/piqa|boolq|winogrande|copa/, 0.5],
  [/lambada|coqa/, 0],
];

/** Coverage of losses at four levels, and of accuracies at 80 %. */
export function ladderIntervals(read: Read): Record<string, Figure> {
  const scores = new Map<string, number[]>();
  for (const [source, runs] of laddersOf(read)) {
    const own = scores.get(source) ?? [];
    for (const { kept, out } of rungsOf(runs)) {
      const { params } = fitChinchilla(kept);
      const backtest = lossBacktest(kept);
      out.N.forEach((N, i) => {
        const target = { N, D: out.D[i]! };
        const error = Math.abs(Math.log(chinchillaLoss(params, N, target.D) / out.loss[i]!));
        own.push(error / ladderDoubt(kept, params, target, backtest));
      });
    }
    scores.set(source, own);
  }
  return { ...calibrated(scores, 'ladder intervals', 'losses of the largest sizes'), ...taskIntervals(read) };
}

/** Coverage of each group by the quantile of the others, at four levels; the multiple of all of them is what ships. */
export function calibrated(
  scores: ReadonlyMap<string, readonly number[]>,
  what: string,
  of: string,
  levels: readonly number[] = [0.5, 0.8, 0.9, 0.95],
): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  for (const level of levels) {
    const inside = [...scores].map(([group, own]) => {
      const learned = quantileOver(
        [...scores].filter(([other]) => other !== group).map(([, values]) => values),
        level,
      );
      return { group, n: own.length, share: own.filter((score) => score <= learned).length / own.length };
    });
    const count = inside.reduce((sum, { n }) => sum + n, 0);
    const value = inside.reduce((sum, { n, share }) => sum + n * share, 0) / count;
    figures[`${what} of ${100 * level} %: coverage of ${count} ${of}`] = {
      value: 100 * value,
      unit: '%',
      ...(level === 0.8 ? { bound: '70 to 92 %', pass: value >= 0.7 && value <= 0.92 } : {}),
      note: `${inside.map(({ group, n, share }) => `${group} ${Math.round(100 * share)} % of ${n}`).join(', ')}; each set alike ${Math.round(100 * mean(inside.map(({ share }) => share)))} %; multiple of all ${quantileOver([...scores.values()], level).toFixed(2)}`,
    };
  }
  return figures;
}

/** Accuracies in two steps, at the multiples that ship: of these scores none was learned. */
function taskIntervals(read: Read): Record<string, Figure> {
  const jobs = [
    [
      'OLMo',
      read('olmo_ladder_final'),
      /_(?:len_norm|acc)$/,
      (name: string) => name.replace(/_(?:len_norm|acc)$/, '_bpb'),
    ],
    ['Gadre', read('gadre_testbed'), /^acc_(?!mmlu)/, () => 'ce_a_val_tok_mult_paloma_c4_en_00000001_tar'],
  ] as const;
  return Object.fromEntries(
    jobs.map(([source, rows, names, viaOf]) => {
      let [inside, tried] = [0, 0];
      for (const name of Object.keys(rows[0]!).filter((one) => names.test(one))) {
        const via = viaOf(name);
        const told = rows.filter((row) => row[name] !== '' && row[via] !== '');
        const column = (key: string, of: readonly Row[]): number[] => of.map((row) => Number(row[key]));
        const floor = FLOORS.find(([pattern]) => pattern.test(name))![1];
        const sizes = [...new Set(column('N', told))].sort((a, b) => a - b);
        for (const size of sizes.slice(-2)) {
          const kept = told.filter((row) => Number(row['N']) < size);
          if (kept.length < LEAST.runs) continue;
          for (const row of told.filter((one) => Number(one['N']) === size)) {
            const { low, high } = climbTask(
              { N: column('N', kept), D: column('D', kept) },
              { via: column(via, kept), score: column(name, kept), floor },
              { N: size, D: Number(row['D']) },
              { draws: 50, seed: 1, level: 0.8 },
            );
            tried++;
            if (Number(row[name]) >= low && Number(row[name]) <= high) inside++;
          }
        }
      }
      const value = inside / tried;
      return [
        `ladder intervals of 80 %: coverage of ${tried} accuracies of ${source}, the two largest sizes`,
        { value: 100 * value, unit: '%', bound: '70 to 92 %', pass: value >= 0.7 && value <= 0.92 },
      ];
    }),
  );
}

/** The largest rungs, each with all runs of smaller sizes. */
function rungsOf({ N, D, loss }: Runs): { readonly kept: Runs; readonly out: Runs }[] {
  const rungs: number[] = [];
  for (const size of [...new Set(N)].sort((a, b) => a - b))
    if (rungs.length === 0 || size > RUNG * rungs.at(-1)!) rungs.push(size);
  const take = (places: readonly number[]): Runs => ({
    N: places.map((i) => N[i]!),
    D: places.map((i) => D[i]!),
    loss: places.map((i) => loss[i]!),
  });
  const all = N.map((_, i) => i);
  return rungs.slice(-FORECAST).flatMap((from, k, last) => {
    const kept = take(all.filter((i) => N[i]! < from));
    const out = take(all.filter((i) => N[i]! >= from && N[i]! < (last[k + 1] ?? Infinity)));
    return kept.N.length < LEAST.runs || new Set(kept.N).size < LEAST.sizes ? [] : [{ kept, out }];
  });
}

/** Runs of each source; several losses or experiments of one source are ladders of their own. */
function laddersOf(read: Read): [string, Runs][] {
  const found: [string, Runs][] = [];
  const put = (source: string, rows: readonly Row[], loss = 'loss'): void => {
    const told = rows.filter((row) => Number(row[loss]) > 0);
    const column = (name: string): number[] => told.map((row) => Number(row[name]));
    found.push([source, { N: column('N'), D: column('D'), loss: column(loss) }]);
  };
  const losses = (rows: readonly Row[], names: RegExp): string[] =>
    Object.keys(rows[0]!).filter((name) => names.test(name));
  const olmo = read('olmo_ladder_final');
  for (const name of losses(olmo, /^ce_|_bpb$/)) put('OLMo', olmo, name);
  const gadre = read('gadre_testbed');
  for (const name of losses(gadre, /^ce_/)) put('Gadre', gadre, name);
  const shapes = Map.groupBy(
    read('gemstones_hot').filter((row) => Number(row['D']) > 4e9),
    (row) => row['run'],
  );
  put(
    'Gemstones',
    [...shapes.values()].flatMap((rows) => {
      const sorted = rows.toSorted((a, b) => Number(a['D']) - Number(b['D']));
      return CHECKPOINTS.map((share) => sorted[Math.ceil(share * sorted.length) - 1]!);
    }),
  );
  const best = new Map<string, Row>();
  for (const row of read('misfitting_checkpoints')) {
    const key = `${row['N']} ${row['D']}`;
    if (row['final'] === '1' && !(Number(best.get(key)?.['loss']) <= Number(row['loss']))) best.set(key, row);
  }
  put('misfitting', [...best.values()]);
  put(
    'datablations',
    read('datablations_all_seeds').filter((row) => Number(row['U_unique']) >= 0.999 * Number(row['D'])),
  );
  const hoffmann = read('chinchilla_epoch').toSorted((a, b) => Number(a['loss']) - Number(b['loss']));
  put('Hoffmann', hoffmann.slice(0, -5));
  for (const rows of Map.groupBy(read('porian_isoflop'), (row) => row['experiment']).values()) put('Porian', rows);
  const sound = read('isoflop_collection').filter((row) => row['outlier'] === 'False');
  for (const rows of Map.groupBy(sound, (row) => row['dataset']).values()) put('IsoFLOP', rows);
  return found;
}

/** The quantile of all values in which each group weighs the same. */
function quantileOver(groups: readonly (readonly number[])[], level: number): number {
  const all = groups
    .flatMap((group) => group.map((value) => ({ value, weight: 1 / group.length })))
    .sort((a, b) => a.value - b.value);
  let sum = 0;
  for (const { value, weight } of all) {
    sum += weight;
    if (sum >= level * groups.length - 1e-9) return value;
  }
  return all.at(-1)!.value;
}
