/** Public curves whose lowest 70 % are fitted and whose top is forecast: those of ref_extrap.py. */

import { mean } from '../ansatz/src/methods/math/index.ts';

export type Row = Readonly<Record<string, string>>;

/** Part of a curve to fit, and the rest to forecast. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly topX: readonly number[];
  readonly topY: readonly number[];
}

const LEARNERS = [
  'SVM_RBF',
  'ens.RandomForest',
  'ens.GradientBoosting',
  'LogisticRegression',
  'KNN',
  'ens.ExtraTrees',
  'Decision Tree',
];

/**
 * Five sets; of checkpoints thirty at even ratios are fitted. `share` of the points is fitted, the rest is the top; of
 * LCDB `samples` curves are taken, at even distances in the file from the `shift`th part of such a distance on.
 */
export function curves(read: (name: string) => Row[], share = 0.7, samples = 60, shift = 0): Record<string, Curve[]> {
  const grouped = (rows: readonly Row[], by: readonly string[], x: string, y: string): [number, number][][] => {
    const groups = new Map<string, [number, number][]>();
    for (const row of rows) {
      if ((row[y] ?? '') === '') continue;
      const key = by.map((name) => row[name]).join(' ');
      groups.set(key, [...(groups.get(key) ?? []), [Number(row[x]), Number(row[y])]]);
    }
    return [...groups.values()].map((points) => points.sort(([one], [other]) => one - other));
  };
  const cut = (all: readonly [number, number][][], most = Infinity): Curve[] =>
    all
      .filter((points) => points.length >= 6)
      .map((points) => {
        const m = Math.ceil(share * points.length);
        const count = Math.min(m, most);
        const places = Array.from({ length: count }, (_, i) =>
          most === Infinity ? i : Math.round(m ** (i / Math.max(1, count - 1))) - 1,
        );
        const low = [...new Set(places)].map((i) => points[i]!);
        const top = points.slice(m);
        const axis = (of: readonly [number, number][], which: 0 | 1): number[] => of.map((point) => point[which]);
        return { x: axis(low, 0), y: axis(low, 1), topX: axis(top, 0), topY: axis(top, 1) };
      });
  const c4 = Object.keys(read('gadre_testbed')[0]!).find((name) => name.includes('paloma_c4'))!;
  const hot = grouped(read('gemstones_hot'), ['run'], 'D', 'loss').map((points) => points.filter(([D]) => D > 4e9));
  const errors = grouped(
    read('lcdb11_sample').filter((row) => LEARNERS.includes(row['learner']!)),
    ['openml_id', 'learner'],
    'train_size',
    'err_val',
  )
    .filter((points) => {
      const y = points.map(([, error]) => error);
      return y.length >= 20 && mean(y.slice(0, 3)) - mean(y.slice(-3)) > 0.05 && y.at(-1)! > 0.01;
    })
    .map((points) => {
      const places = new Set(Array.from({ length: 24 }, (_, i) => Math.round((i * (points.length - 1)) / 23)));
      return [...places].map((i) => points[i]!);
    });
  const taken = Math.min(samples, errors.length);
  return {
    nmt: cut(grouped(read('nmt_bansal'), ['model'], 'examples', 'log_perplexity')),
    porian_frontier: cut(grouped(read('porian_optima'), ['file', 'experiment'], 'C', 'loss_star')),
    gadre_fixedN: cut(grouped(read('gadre_testbed'), ['train_set', 'N'], 'D', c4)),
    gemstones_constLR: cut(hot, 30),
    lcdb_samplesize: cut(
      Array.from({ length: taken }, (_, i) => errors[Math.floor(((i + shift) * errors.length) / taken)]!),
    ),
  };
}
