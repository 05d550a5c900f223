/** How far apart two settings are, and up to which distance that makes no difference but noise. */

import { median } from '../../methods/math/summary.ts';
import { valueAt } from '../../methods/space/point.ts';
import type { Domain, Point } from '../../methods/space/space.ts';

/** Largest difference of any knob, as a share of its range: 0 = the same, 1 = a whole range or another choice. */
export type Distance = (a: Point, b: Point) => number;

/** Distances over knobs with these ranges; another knob is as far as its values differ relatively. */
export function distanceOver(domains: readonly Domain[]): Distance {
  const known = new Map(domains.map((domain) => [domain.name, domain]));
  return (a, b) => {
    let most = 0;
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [x, y] = [valueAt(a, name), valueAt(b, name)];
      if (x === y) continue;
      const domain = known.get(name);
      const apart =
        typeof x !== 'number' || typeof y !== 'number' || domain?.kind === 'choice'
          ? 1
          : domain === undefined
            ? Math.abs(x - y) / Math.max(Math.abs(x), Math.abs(y))
            : apartIn(domain, x, y);
      if (apart >= 1) return 1;
      most = Math.max(most, apart);
    }
    return most;
  };
}

function apartIn(domain: Exclude<Domain, { kind: 'choice' }>, x: number, y: number): number {
  const { low, high, scale } = domain;
  if (high <= low) return 1;
  if (scale === 'log' && x > 0 && y > 0 && low > 0)
    return Math.min(1, Math.abs(Math.log(x / y)) / Math.log(high / low));
  return Math.min(1, Math.abs(x - y) / (high - low));
}

/** Ranges of numbers as they were used; on a log scale where all are positive and span more than a factor of 20. */
export function domainsOf(points: readonly Point[]): Domain[] {
  const ranges = new Map<string, { low: number; high: number } | undefined>();
  for (const point of points) {
    for (const [name, value] of Object.entries(point)) {
      const range = ranges.get(name);
      if (typeof value !== 'number') ranges.set(name, undefined);
      else if (!ranges.has(name)) ranges.set(name, { low: value, high: value });
      else if (range !== undefined) {
        range.low = Math.min(range.low, value);
        range.high = Math.max(range.high, value);
      }
    }
  }
  return [...ranges].flatMap(([name, range]): Domain[] => {
    if (range === undefined || range.low === range.high) return [];
    const log = range.low > 0 && range.high > 20 * range.low;
    return [{ name, kind: 'float', ...range, scale: log ? 'log' : 'linear', default: range.low }];
  });
}

/** A result at a point. */
export interface Seen {
  readonly point: Point;
  readonly loss: number;
}

/** Radius taken while too little is known, and those that can be learned. */
export const FIRST_RADIUS = 0.01;
const RADII = [0.01, 0.015, 0.02, 0.03, 0.05];
/** Pairs needed to say anything of a distance, and results that are paired, the newest. */
const FEWEST_PAIRS = 12;
const MOST_SEEN = 200;

/** Pairs of results within the largest radius: how far apart they are, and by how much they differ. */
function pairs(seen: readonly Seen[], distance: Distance): { apart: number; differ: number }[] {
  const last = seen.slice(-MOST_SEEN);
  return last.flatMap((a, i) =>
    last.slice(0, i).flatMap((b) => {
      const apart = distance(a.point, b.point);
      return apart > RADII.at(-1)! ? [] : [{ apart, differ: Math.abs(a.loss - b.loss) }];
    }),
  );
}

/**
 * The distance up to which results differ by no more than repeats do: the largest radius whose newcomers differ by
 * less than 2 standard deviations of noise in the median. Without a noise it is measured on exact repeats; without
 * those, or with too few pairs, {@link FIRST_RADIUS}.
 */
export function noiseRadius(seen: readonly Seen[], distance: Distance, noiseSd?: number): number {
  const all = pairs(seen, distance);
  const repeats = all.filter(({ apart }) => apart < 1e-9).map(({ differ }) => differ);
  // The median of |x - y| of two normals is 0.954 standard deviations.
  const sd = noiseSd ?? (repeats.length < 3 ? undefined : median(repeats) / 0.954);
  if (sd === undefined || !(sd > 0)) return FIRST_RADIUS;
  let radius = FIRST_RADIUS;
  let below = 0;
  for (const reach of RADII) {
    const ring = all.filter(({ apart }) => apart > below && apart <= reach).map(({ differ }) => differ);
    if (ring.length >= FEWEST_PAIRS) {
      if (median(ring) > 2 * sd) break;
      radius = reach;
    }
    below = reach;
  }
  return radius;
}
