/** When two experiments are the same. */

import type { Point, Value } from '../../methods/space/space.ts';
import { hash } from './hash.ts';
import type { Context, FileChange } from './record.ts';

/** A text that equal experiments share: settings to six digits, code, data and metric; the seed is another matter. */
export function keyOf(
  point: Point,
  context: Context,
  change: { readonly files?: readonly FileChange[]; readonly diff?: string } = {},
): string {
  const settings = Object.keys(point)
    .sort()
    .map((name): [string, Value] => {
      const value = point[name]!;
      return [name, typeof value === 'number' ? Number(value.toPrecision(6)) : value];
    });
  const files = (change.files ?? []).map(({ path, fingerprint }) => [path, fingerprint.bare]).sort();
  const { code, data, metric, metricVersion } = context;
  return hash(JSON.stringify([settings, [...code].sort(), data, metric, metricVersion, files, change.diff]));
}
