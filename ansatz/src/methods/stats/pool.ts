/** Whether repeats of different settings are noisy alike, so that they may be pooled. */

import { fCdf } from '../math/quantile.ts';
import { mean, median, variance } from '../math/summary.ts';
import type { Noise } from './noise.ts';

/** Chance of keeping a group out of the pool although it belongs there. */
const HOMOGENEITY = 0.05;

/**
 * P-value of the test of Brown & Forsythe (1974, JASA 69, 364-367) that groups have one variance: an analysis of
 * variance of the distances from each group's median. Robust to heavy tails. Groups of fewer than three say nothing
 * (both members of a pair are equally far from their middle) and are left out; 1 when fewer than two are left.
 */
export function brownForsythe(groups: readonly (readonly number[])[]): number {
  const told = groups.filter((group) => group.length >= 3);
  if (told.length < 2) return 1;
  const distances = told.map((group) => {
    const middle = median(group);
    return group.map((value) => Math.abs(value - middle));
  });
  const n = distances.reduce((sum, group) => sum + group.length, 0);
  const grand = distances.flat().reduce((sum, distance) => sum + distance, 0) / n;
  let between = 0;
  let within = 0;
  for (const group of distances) {
    const centre = mean(group);
    between += group.length * (centre - grand) ** 2;
    for (const distance of group) within += (distance - centre) ** 2;
  }
  const df1 = distances.length - 1;
  const df2 = n - distances.length;
  if (within === 0) return between === 0 ? 1 : 0;
  return 1 - fCdf(between / df1 / (within / df2), df1, df2);
}

/**
 * Noise pooled over groups of repeats, the first of which is the reference (the baseline). A group of three or more
 * joins when Brown and Forsythe find it alike, a pair when an F test does; what is left out keeps its own noise. The
 * reference alone must have two values or more, else the noise is unknown.
 */
export function pooledNoise(groups: readonly (readonly number[])[]): Noise & { readonly pooled: readonly boolean[] } {
  const reference = groups[0] ?? [];
  if (reference.length < 2) return { sd: NaN, df: 0, pooled: groups.map(() => false) };
  let squares = variance(reference) * (reference.length - 1);
  let df = reference.length - 1;
  const alike = groups.map((group, index) => {
    if (index === 0) return true;
    if (group.length < 2) return false;
    return alikeTo(reference, group);
  });
  groups.forEach((group, index) => {
    if (index === 0 || !alike[index]) return;
    squares += variance(group) * (group.length - 1);
    df += group.length - 1;
  });
  return { sd: Math.sqrt(squares / df), df, pooled: alike };
}

/** Neither much noisier nor much quieter: a quiet group in the pool would make noise elsewhere look like progress. */
function alikeTo(reference: readonly number[], group: readonly number[]): boolean {
  const base = variance(reference);
  const own = variance(group);
  if (base === 0 || own === 0) return base === own;
  const tail = 1 - fCdf(own / base, group.length - 1, reference.length - 1);
  if (2 * Math.min(tail, 1 - tail) < HOMOGENEITY) return false;
  return brownForsythe([reference, group]) >= HOMOGENEITY;
}
