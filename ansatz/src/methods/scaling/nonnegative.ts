/** Non-negative least squares for the two or three linear parameters of a law, from its normal equations. */

import { factor, solve } from '../math/cholesky.ts';

/**
 * The x ≥ 0 that minimises xᵀ G x − 2 bᵀ x, by trying every set of positive parameters: exact, and for k ≤ 3 cheaper
 * than Lawson & Hanson 1974. `gram` is G = Xᵀ X (k×k, row-major), `right` is b = Xᵀ y. All zero when G is zero.
 */
export function nonnegative(gram: Float64Array, right: Float64Array): Float64Array {
  const k = right.length;
  let best = new Float64Array(k);
  let least = 0;
  for (let set = (1 << k) - 1; set > 0; set--) {
    const members: number[] = [];
    for (let i = 0; i < k; i++) if (set & (1 << i)) members.push(i);
    const m = members.length;
    // Columns scaled to length 1, so that the pivot test of the factor means near collinearity.
    const scale = members.map((i) => 1 / Math.sqrt(gram[i * k + i]! || 1));
    const block = new Float64Array(m * m);
    const x = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j <= i; j++) block[i * m + j] = gram[members[i]! * k + members[j]!]! * scale[i]! * scale[j]!;
      x[i] = right[members[i]!]! * scale[i]!;
    }
    if (!factor(block, m)) continue;
    solve(block, m, m, x);
    if (x.some((v) => !(v >= 0))) continue;
    let value = 0;
    for (let i = 0; i < m; i++) value -= x[i]! * right[members[i]!]! * scale[i]!;
    if (value >= least) continue;
    least = value;
    best = new Float64Array(k);
    for (let i = 0; i < m; i++) best[members[i]!] = x[i]! * scale[i]!;
    // The unconstrained solution is feasible: no smaller set does better.
    if (m === k) break;
  }
  return best;
}
