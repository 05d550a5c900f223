/** Where is a score largest: many cheap looks, then climbing from the best of them. */

import type { Rng } from '../../math/rng.ts';
import { minimise } from '../../math/minimise.ts';
import { decode, encode, feasible } from '../../space/encode.ts';
import { repaired } from '../../space/repair.ts';
import type { Point } from '../../space/space.ts';
import { INACTIVE, type Layout, rowAt, unitOf } from './layout.ts';

/** A score over rows, higher is better. */
export interface Score {
  readonly value: (row: Float64Array) => number;
  /** A cheaper stand-in that ranks candidates well enough to drop most of them. */
  readonly rough?: (row: Float64Array) => number;
  /** Value and gradient by coordinate. */
  readonly slope?: (row: Float64Array, gradient: Float64Array) => number;
}

/** A box of the unit cube, by coordinate. */
export interface Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface Where {
  /** Rows to look around, best first. */
  readonly around: readonly Float64Array[];
  /** How many looks anywhere, and around each of `around`. */
  readonly global: number;
  readonly local: number;
  /** How many of the candidates are scored in full, and how many of those are climbed from. */
  readonly full: number;
  readonly climbs: number;
  /** Where to stay; the whole cube when absent. */
  readonly box?: Box;
  /** True for points that must not be proposed again. */
  readonly taken?: (point: Point) => boolean;
}

export interface Found {
  readonly point: Point;
  readonly row: Float64Array;
  readonly score: number;
}

interface Candidate {
  readonly u: Float64Array;
  readonly row: Float64Array;
  score: number;
}

/** With fewer candidates than this inside the constraints, so many of the best outside are brought in by small steps. */
const FEW = 30;
const SCALES = [0.003, 0.015, 0.05, 0.15, 0.4];

/** The best point found; undefined when all that was looked at is infeasible or taken. */
export function search(layout: Layout, score: Score, where: Where, rng: Rng): Found | undefined {
  const { box } = where;
  const d = layout.size;
  const low = box?.low ?? new Float64Array(d);
  const high = box?.high ?? new Float64Array(d).fill(1);
  const span = (i: number): number => low[i]! + rng.uniform() * (high[i]! - low[i]!);
  const candidates: Candidate[] = [];
  const rough = score.rough ?? score.value;
  const put = (u: Float64Array): void => {
    const row = rowAt(layout, u, new Float64Array(d));
    candidates.push({ u, row, score: rough(row) });
  };
  for (let i = 0; i < where.global; i++) put(Float64Array.from({ length: d }, (_, k) => span(k)));
  for (const centre of where.around) {
    const u = unitOf(layout, centre, span);
    for (let i = 0; i < where.local; i++) put(nudge(layout, u, SCALES[i % SCALES.length]!, low, high, rng));
  }
  candidates.sort((a, b) => b.score - a.score);
  const allowed = (u: Float64Array): Point | undefined => {
    const point = decode(layout.space, u);
    if (layout.constrained && !feasible(layout.space, point)) return undefined;
    return where.taken?.(point) === true ? undefined : point;
  };
  const kept: Candidate[] = [];
  for (const candidate of candidates) {
    if (kept.length >= where.full) break;
    if ((layout.constrained || where.taken !== undefined) && allowed(candidate.u) === undefined) continue;
    kept.push(candidate);
  }
  if (layout.constrained && kept.length < Math.min(where.full, FEW)) {
    const outside = candidates.filter((candidate) => !kept.includes(candidate));
    for (const { u } of outside.slice(0, Math.min(where.full - kept.length, FEW))) {
      const mended = encode(layout.space, repaired(layout.space, decode(layout.space, u), rng));
      const at = Float64Array.from(mended);
      if (allowed(at) === undefined) continue;
      const row = rowAt(layout, at, new Float64Array(d));
      kept.push({ u: at, row, score: rough(row) });
    }
    kept.sort((a, b) => b.score - a.score);
  }
  if (score.rough !== undefined) {
    for (const candidate of kept) candidate.score = score.value(candidate.row);
    kept.sort((a, b) => b.score - a.score);
  }
  if (kept.length === 0) return undefined;
  const climbed = kept.slice(0, where.climbs).map((start) => climb(layout, score, start, low, high, allowed, rng));
  // A climb may end on a point that is taken: then the best of the others.
  for (const { u, row, score: value } of [...climbed, ...kept].sort((a, b) => b.score - a.score)) {
    const point = allowed(u);
    if (point !== undefined) return { point, row, score: value };
  }
  return undefined;
}

/** A neighbour: each coordinate moves with a chance that keeps about four moving, at least one. */
function nudge(
  layout: Layout,
  from: Float64Array,
  scale: number,
  low: Float64Array,
  high: Float64Array,
  rng: Rng,
): Float64Array {
  const u = Float64Array.from(from);
  const d = layout.size;
  const chance = Math.max(0.25, Math.min(1, 4 / d));
  const surely = rng.int(d);
  for (let i = 0; i < d; i++) {
    if (i !== surely && rng.uniform() > chance) continue;
    const count = layout.counts[i]!;
    if (count === 1) continue;
    if (layout.category[i] === 1) {
      if (i === surely || rng.uniform() < Math.max(0.15, scale)) u[i] = (rng.int(count) + 0.5) / count;
      continue;
    }
    let step = scale * rng.normal();
    // A step shorter than the grid would change nothing.
    if (count < Infinity && Math.abs(step) < 0.75 / count) step = (Math.sign(step) * 0.75) / count;
    let x = u[i]! + step;
    if (x < low[i]!) x = Math.min(high[i]!, 2 * low[i]! - x);
    if (x > high[i]!) x = Math.max(low[i]!, 2 * high[i]! - x);
    u[i] = x;
  }
  return u;
}

function climb(
  layout: Layout,
  score: Score,
  start: Candidate,
  low: Float64Array,
  high: Float64Array,
  allowed: (u: Float64Array) => Point | undefined,
  rng: Rng,
): Candidate {
  let best = polish(layout, score, start, low, high, allowed);
  // Then one coordinate at a time for those that have no gradient.
  const d = layout.size;
  for (let round = 0, moved = true; moved && round < 3; round++) {
    moved = false;
    for (let i = 0; i < d; i++) {
      if (layout.smooth[i] === 1 || best.row[i] === INACTIVE || layout.counts[i] === 1) continue;
      for (const x of neighbours(layout, i, best.row[i]!, low[i]!, high[i]!, rng)) {
        const u = Float64Array.from(best.u);
        u[i] = x;
        const row = rowAt(layout, u, new Float64Array(d));
        const value = score.value(row);
        if (value > best.score && allowed(u) !== undefined) {
          best = { u, row, score: value };
          moved = true;
        }
      }
    }
    if (moved) best = polish(layout, score, best, low, high, allowed);
  }
  return best;
}

/** Other values of a coordinate: all other categories (six at most), one and two grid steps either way. */
function neighbours(layout: Layout, i: number, x: number, low: number, high: number, rng: Rng): number[] {
  const count = layout.counts[i]!;
  if (layout.category[i] === 1) {
    const others = Array.from({ length: count }, (_, k) => k).filter((k) => k !== x);
    while (others.length > 6) others.splice(rng.int(others.length), 1);
    return others.map((k) => (k + 0.5) / count);
  }
  return [x - 1 / count, x + 1 / count, x - 3 / count, x + 3 / count].filter((u) => u >= low && u <= high);
}

function polish(
  layout: Layout,
  score: Score,
  start: Candidate,
  low: Float64Array,
  high: Float64Array,
  allowed: (u: Float64Array) => Point | undefined,
): Candidate {
  const { slope } = score;
  if (slope === undefined) return start;
  const free: number[] = [];
  for (let i = 0; i < layout.size; i++) if (layout.smooth[i] === 1 && start.row[i] !== INACTIVE) free.push(i);
  if (free.length === 0) return start;
  const row = Float64Array.from(start.row);
  const whole = new Float64Array(layout.size);
  const found = minimise(
    (x, gradient) => {
      free.forEach((i, k) => {
        row[i] = x[k]!;
      });
      const value = slope(row, whole);
      free.forEach((i, k) => {
        gradient[k] = -whole[i]!;
      });
      return -value;
    },
    Float64Array.from(free, (i) => start.row[i]!),
    Float64Array.from(free, (i) => low[i]!),
    Float64Array.from(free, (i) => high[i]!),
    40,
    1e-4,
  );
  if (!(-found.value > start.score)) return start;
  const u = Float64Array.from(start.u);
  free.forEach((i, k) => {
    u[i] = found.x[k]!;
  });
  // A condition or constraint on a number may have changed with it.
  const climbed = rowAt(layout, u, new Float64Array(layout.size));
  if ((layout.conditional || layout.constrained) && allowed(u) === undefined) return start;
  return { u, row: climbed, score: -found.value };
}
