/** Which knob mattered: a first look at what the trials of a study say, by ranks, against chance. */

import { normalQuantile } from '../methods/math/quantile.ts';
import { mean, median } from '../methods/math/summary.ts';
import type { Point, Value } from '../methods/space/space.ts';
import type { State } from './state.ts';

/** Trials whose value of a knob lies in one range, or is one choice. */
export interface KnobGroup {
  readonly low: Value;
  readonly high: Value;
  readonly trials: number;
  /** How many of them the pruner cut short. */
  readonly stopped: number;
  /** Median result of the others. */
  readonly median?: number;
}

/** How results went along with one knob. */
export interface KnobEffect {
  readonly knob: string;
  /** Trials that were compared: finished, or cut short for being behind. */
  readonly trials: number;
  /**
   * Share of the ranking of results that the groups explain, adjusted for their number (adjusted eta² of ranks), in
   * [0, 1]; absent with fewer than 8 trials or fewer than two groups.
   */
  readonly share?: number;
  /** What `share` would exceed in 5 % of studies, over all knobs together, if no knob did anything. */
  readonly chance?: number;
  /** Spearman's correlation of the value with better results, in [−1, 1]; absent for choices. */
  readonly trend?: number;
  readonly groups: readonly KnobGroup[];
  /** Index of the group with the best mean rank. */
  readonly best?: number;
}

const FEWEST_TRIALS = 8;
const FEWEST_IN_GROUP = 3;

/**
 * What seems to matter: for each knob how far results go along with its value, most first. A first look: knobs move
 * together and the sampler went where results were good, so this is no experiment. Trials cut short by the pruner
 * count as worst, tied; crashed ones do not count.
 */
export function knobEffects(state: State): KnobEffect[] {
  const seen = state.observations
    .map(({ point, loss, status }) => ({ point, loss: status === 'stopped' ? Infinity : loss }))
    .filter((one): one is { point: Point; loss: number } => one.loss !== undefined);
  const ranks = ranksOf(seen.map((one) => one.loss));
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
  const knobs = state.config.knobs.length;
  const effects = state.config.knobs.map((knob): KnobEffect => {
    const values = seen.map((one) => (Object.hasOwn(one.point, knob.name) ? one.point[knob.name] : undefined));
    const known = [...values.keys()].filter((i) => values[i] !== undefined);
    const numeric = knob.kind !== 'choice';
    const grouped = numeric
      ? rangesOf(known, (i) => Number(values[i]))
      : knob.choices.map((choice) => known.filter((i) => values[i] === choice)).filter((group) => group.length > 0);
    const groups = grouped.map((group): KnobGroup => {
      const finished = group.filter((i) => seen[i]!.loss < Infinity).map((i) => sign * seen[i]!.loss);
      const inOrder = numeric ? group.toSorted((a, b) => Number(values[a]) - Number(values[b])) : group;
      return {
        low: values[inOrder[0]!]!,
        high: values[inOrder.at(-1)!]!,
        trials: group.length,
        stopped: group.length - finished.length,
        median: finished.length > 0 ? median(finished) : undefined,
      };
    });
    const base = { knob: knob.name, trials: known.length, groups };
    const big = grouped.filter((group) => group.length >= FEWEST_IN_GROUP);
    if (known.length < FEWEST_TRIALS || big.length < 2) return base;
    const trend = numeric
      ? -correlation(
          ranksOf(known.map((i) => Number(values[i]))),
          known.map((i) => ranks[i]!),
        )
      : undefined;
    const meanRanks = grouped.map((group) => mean(group.map((i) => ranks[i]!)));
    const best = meanRanks.indexOf(Math.min(...meanRanks.filter((_, i) => grouped[i]!.length >= FEWEST_IN_GROUP)));
    return {
      ...base,
      ...explained(
        grouped.map((group) => group.map((i) => ranks[i]!)),
        knobs,
      ),
      trend,
      best,
    };
  });
  return effects.toSorted((a, b) => (b.share ?? -1) - (a.share ?? -1));
}

/** Up to four ranges with about equally many members each; equal values stay together. */
function rangesOf(members: readonly number[], valueOf: (member: number) => number): number[][] {
  const sorted = members.toSorted((a, b) => valueOf(a) - valueOf(b));
  const most = Math.max(1, Math.min(4, Math.floor(sorted.length / 4)));
  const groups: number[][] = [];
  sorted.forEach((member, place) => {
    const wanted = Math.floor((place * most) / sorted.length);
    const last = groups.at(-1);
    const tied = place > 0 && valueOf(sorted[place - 1]!) === valueOf(member);
    if (last === undefined || (!tied && wanted >= groups.length)) groups.push([member]);
    else last.push(member);
  });
  return groups;
}

/** Adjusted eta² of ranks by group, and what it exceeds by chance (Kruskal & Wallis 1952; χ² after Wilson & Hilferty 1931). */
function explained(groups: readonly (readonly number[])[], knobs: number): { share: number; chance: number } {
  const all = groups.flat();
  const n = all.length;
  const k = groups.length;
  const centre = mean(all);
  const total = all.reduce((sum, rank) => sum + (rank - centre) ** 2, 0);
  const between = groups.reduce((sum, group) => sum + group.length * (mean(group) - centre) ** 2, 0);
  const df = k - 1;
  const z = normalQuantile(1 - 0.05 / knobs);
  const limit = df * (1 - 2 / (9 * df) + z * Math.sqrt(2 / (9 * df))) ** 3;
  const chance = Math.min(1, (limit - df) / (n - k));
  if (total === 0) return { share: 0, chance };
  return { share: Math.max(0, 1 - ((1 - between / total) * (n - 1)) / (n - k)), chance };
}

/** Ranks from 1 for the smallest; equal values share the mean of theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0));
  const ranks = Array.from(values, () => 0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Pearson's correlation; 0 when either side does not vary. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
