/** 27 real searches of one space (autoresearch-automl: nine methods, three seeds, 11,172 trainings), as they were logged. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../ansatz/src/methods/math/index.ts';
import type { Domain, Point } from '../ansatz/src/methods/space/space.ts';

export interface Trial {
  readonly tid: number;
  readonly point: Point;
  /** Absent when it failed. */
  readonly loss?: number;
  readonly seconds: number;
}

export interface Search {
  readonly method: string;
  readonly seed: string;
  readonly trials: readonly Trial[];
}

/** Repeats of these are in their nature (SMAC repeats to intensify) or an artefact (searches begun again and replayed). */
export const BY_DESIGN = new Set(['SMAC', 'Random', 'LLAMBO (Paper)']);
/** Settings this close in every knob, as a share of its range, count as a repeat: differences there are noise. */
const TOLERANCE = 0.01;

export function readSearches(folder: string): Search[] {
  const methods = JSON.parse(readFileSync(join(folder, 'aml_trials.json'), 'utf8')) as Record<
    string,
    Record<string, ({ val_bpb: number; success: boolean; wt: number; tid: number } & Point)[]>
  >;
  return Object.entries(methods).flatMap(([method, seeds]) =>
    Object.entries(seeds).map(([seed, trials]) => ({
      method,
      seed,
      trials: trials.map(({ val_bpb, success, wt, tid, ...point }) => ({
        tid,
        point,
        ...(success ? { loss: val_bpb } : {}),
        seconds: wt,
      })),
    })),
  );
}

/** Standard deviation of one run, by what exact repeats of the same search differ (the median of |x - y| is 0.954 of it). */
export function noiseOf(searches: readonly Search[]): number {
  const differences = searches
    .filter(({ method }) => !BY_DESIGN.has(method))
    .flatMap(({ trials }) => {
      const first = new Map<string, number>();
      return trials.flatMap(({ point, loss }) => {
        const text = JSON.stringify(Object.entries(point).sort(([a], [b]) => (a < b ? -1 : 1)));
        const before = first.get(text);
        if (loss === undefined) return [];
        if (before === undefined) first.set(text, loss);
        return before === undefined ? [] : [Math.abs(loss - before)];
      });
    });
  return median(differences) / 0.954;
}

/** Whether two points are repeats of each other up to the tolerance. Written apart from the code under test. */
export function within(a: Point, b: Point, domains: readonly Domain[]): boolean {
  const ranged = new Map(domains.map((domain) => [domain.name, domain]));
  return Object.keys(a).every((name) => {
    const [x, y, domain] = [a[name], b[name], ranged.get(name)];
    if (x === y) return true;
    if (typeof x !== 'number' || typeof y !== 'number' || domain === undefined || domain.kind === 'choice')
      return false;
    return Math.abs(x - y) <= TOLERANCE * (domain.high - domain.low);
  });
}
