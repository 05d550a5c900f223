/** When two experiments are the same. */

import type { Point, Value } from '../../methods/space/space.ts';
import { hash } from './hash.ts';
import type { Context, FileChange } from './record.ts';

/** A change of code, however it is known. */
export interface CodeChange {
  readonly files?: readonly FileChange[];
  readonly diff?: string;
  readonly tree?: string;
}

/** A text that equal changes of code share; that of no change is equal to itself. */
export function codeOf({ files = [], diff, tree }: CodeChange): string {
  // Equal code is equal however it came about.
  if (tree !== undefined) return tree;
  return JSON.stringify([
    files.map(({ path, fingerprint }) => [path, fingerprint.bare]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
    diff,
  ]);
}

/** A text that equal experiments share: settings to six digits, code, data and metric; the seed is another matter. */
export function keyOf(point: Point, context: Context, change: CodeChange = {}): string {
  const settings = Object.keys(point)
    .sort()
    .map((name): [string, Value] => {
      const value = point[name]!;
      return [name, typeof value === 'number' ? Number(value.toPrecision(6)) : value];
    });
  const { code, data, metric, metricVersion } = context;
  const base = change.tree === undefined ? [...code].sort() : [];
  return hash(JSON.stringify([settings, base, codeOf(change), data, metric, metricVersion]));
}
