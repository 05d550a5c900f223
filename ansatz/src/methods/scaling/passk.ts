/** Many attempts at a problem: the chance that at least one of k is right, and how it goes on beyond the attempts made. */

import { mean } from '../math/index.ts';
import { minimise } from '../math/minimise.ts';

/**
 * Chance that one of k attempts is right, from c right ones among n ≥ k: 1 − C(n−c, k)/C(n, k), unbiased, as a product
 * (Chen et al. 2021, arXiv 2107.03374, eq. 1). The plug-in 1 − (1 − c/n)^k is too low.
 */
export function passAtK(n: number, c: number, k: number): number {
  if (k > n) throw new RangeError(`pass@${k} needs ${k} attempts, and there are ${n}; extrapolate with coverage()`);
  if (n - c < k) return 1;
  let none = 1;
  for (let i = n - c + 1; i <= n; i++) none *= 1 - k / i;
  return 1 - none;
}

/** Attempts at one problem and how many were right. */
export interface Attempts {
  readonly n: number;
  readonly c: number;
}

/** pass@k over problems: the mean of the unbiased estimates. NaN without problems. */
export function meanPassAtK(problems: readonly Attempts[], k: number): number {
  return mean(problems.map(({ n, c }) => passAtK(n, c, k)));
}

/** Difficulty of a set of problems: the chance of one right attempt is drawn from Beta(a, b). */
export interface BetaFit {
  readonly a: number;
  readonly b: number;
}

const LARGEST = Math.log(1e5);

/**
 * The Beta(a, b) that makes the counts likeliest (beta-binomial maximum likelihood); coverage far out then rises as
 * 1 − const · k^−a (Brown et al. 2024, arXiv 2407.21787, find such power laws). Undefined without any right attempt, or
 * without any wrong one: then the counts do not bound it.
 */
export function fitBeta(problems: readonly Attempts[]): BetaFit | undefined {
  if (problems.every(({ c }) => c === 0) || problems.every(({ n, c }) => c === n)) return undefined;
  // ln B(a + c, b + n − c) − ln B(a, b) is a sum over i of ln(a + i), ln(b + i) and ln(a + b + i); problems share terms.
  const right = above(problems.map(({ c }) => c));
  const wrong = above(problems.map(({ n, c }) => n - c));
  const all = above(problems.map(({ n }) => n));
  const { x } = minimise(
    (at, gradient) => {
      const [a, b] = [Math.exp(at[0]!), Math.exp(at[1]!)];
      let [value, byA, byB] = [0, 0, 0];
      for (let i = 0; i < right.length; i++) {
        value -= right[i]! * Math.log(a + i);
        byA -= right[i]! / (a + i);
      }
      for (let i = 0; i < wrong.length; i++) {
        value -= wrong[i]! * Math.log(b + i);
        byB -= wrong[i]! / (b + i);
      }
      for (let i = 0; i < all.length; i++) {
        value += all[i]! * Math.log(a + b + i);
        byA += all[i]! / (a + b + i);
        byB += all[i]! / (a + b + i);
      }
      gradient[0] = byA * a;
      gradient[1] = byB * b;
      return value;
    },
    Float64Array.of(-1, 1),
    Float64Array.of(-LARGEST, -LARGEST),
    Float64Array.of(LARGEST, LARGEST),
    300,
    1e-9,
  );
  return { a: Math.exp(x[0]!), b: Math.exp(x[1]!) };
}

/** How unlikely Beta(a, b) makes the counts: −Σ ln B(a + c, b + n − c) / B(a, b), without the binomial coefficients. */
export function betaObjective(problems: readonly Attempts[], { a, b }: BetaFit): number {
  let value = 0;
  for (const { n, c } of problems) {
    for (let i = 0; i < c; i++) value -= Math.log((a + i) / (a + b + i));
    for (let i = 0; i < n - c; i++) value -= Math.log((b + i) / (a + b + c + i));
  }
  return value;
}

/** Mean pass@k of problems from Beta(a, b): 1 − Γ(a+b) Γ(b+k) / (Γ(b) Γ(a+b+k)), for whole k ≥ 0, as a product. */
export function coverage({ a, b }: BetaFit, k: number): number {
  let lnNone = 0;
  for (let i = 0; i < k; i++) lnNone += Math.log1p(-a / (a + b + i));
  return -Math.expm1(lnNone);
}

/** For each i from 0 how many of the counts are above it. */
function above(counts: readonly number[]): Float64Array {
  const found = new Float64Array(Math.max(0, ...counts));
  for (const count of counts) for (let i = 0; i < count; i++) found[i]!++;
  return found;
}
