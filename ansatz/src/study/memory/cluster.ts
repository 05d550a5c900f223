/** What became of each knob that was turned alone: the shortest way to say it of many experiments. */

import type { Value } from '../../methods/space/space.ts';
import { valueText } from './context.ts';
import { type Measured, measured, pooled, type Pooled, signed } from './effects.ts';
import { failed, type KnobChange, type TrialRecord } from './record.ts';

/** All experiments that turned one knob: it alone, or where few did, with one or two others. */
export interface Cluster {
  readonly knob: string;
  readonly alone: boolean;
  /** Where it went, ascending for numbers. */
  readonly values: readonly Value[];
  readonly records: readonly TrialRecord[];
  readonly better: number;
  readonly worse: number;
  readonly crashed: number;
  readonly best?: { readonly value: Value; readonly effect: number; readonly id: string };
  readonly pooled?: Pooled;
}

/** Knobs beside it at most, and fewest experiments with the knob alone that do without these. */
const BESIDE = 2;
const ENOUGH = 2;

/** A cluster for each knob that was turned, the most tried first. */
export function knobClusters(records: readonly TrialRecord[], noiseSd?: number): Cluster[] {
  const turned = records.flatMap((record) => {
    const { knobs } = record.change;
    if (knobs.length > BESIDE + 1) return [];
    return knobs.flatMap((change) =>
      change.to === undefined
        ? []
        : [{ record, alone: knobs.length === 1, change: change as KnobChange & { to: Value } }],
    );
  });
  return [...Map.groupBy(turned, ({ change }) => change.name)]
    .map(([knob, all]): Cluster => {
      const single = all.filter((one) => one.alone);
      const alone = single.length >= ENOUGH || single.length === all.length;
      const list = alone ? single : all;
      const effects = measured(
        list.map(({ record }) => record),
        noiseSd,
      );
      const by = (holds: (one: Measured) => boolean): number => effects.filter(holds).length;
      const top = effects.reduce<Measured | undefined>(
        (a, b) => (a === undefined || b.effect > a.effect ? b : a),
        undefined,
      );
      const sum = pooled(effects);
      const to = top === undefined ? undefined : list.find(({ record }) => record === top.record)!.change.to;
      return {
        knob,
        alone,
        values: [...new Set(list.map(({ change }) => change.to))].sort(inOrder),
        records: list.map(({ record }) => record),
        better: by(({ effect, se }) => effect > 1.96 * se),
        worse: by(({ effect, se }) => effect < -1.96 * se),
        crashed: list.filter(({ record }) => failed(record.outcome)).length,
        ...(top === undefined || to === undefined
          ? {}
          : { best: { value: to, effect: top.effect, id: top.record.id } }),
        ...(sum === undefined ? {} : { pooled: sum }),
      };
    })
    .sort((a, b) => b.records.length - a.records.length);
}

/** `softcap 13, 14, 17, 20: 4 tried, none > noise`. */
export function clusterText({ knob, alone, values, records, better, worse, crashed, best }: Cluster): string {
  const list = values.length > 8 ? [...values.slice(0, 4), '…', ...values.slice(-3)] : values;
  const n = records.length;
  const said = [
    better === 0
      ? 'none > noise'
      : `${better} better${best === undefined ? '' : `, best ${valueText(best.value)} (${signed(best.effect)})`}`,
    ...(worse > 0 ? [`${worse} worse`] : []),
    ...(crashed > 0 ? [`${crashed} crashed`] : []),
  ];
  return `${knob} ${list.map(valueText).join(', ')}: ${n} tried${alone ? '' : ' with other knobs'}, ${said.join(', ')}`;
}

function inOrder(a: Value, b: Value): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;
}
