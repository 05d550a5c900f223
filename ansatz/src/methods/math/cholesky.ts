/** Cholesky factors of symmetric positive definite matrices: dense, row-major, lower triangle. */

/**
 * Replace the lower triangle of `a` (n×n, row-major) by L with L Lᵀ = a; the upper triangle is left alone.
 * False when a pivot is not positive: then `a` is spoilt.
 */
export function factor(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) if (!factorRow(a, n, i)) return false;
  return true;
}

/** Row i of the factor, rows before it being done already: what one more row and column of the matrix costs, O(i²). */
export function factorRow(a: Float64Array, stride: number, i: number): boolean {
  const row = i * stride;
  for (let j = 0; j < i; j++) {
    const other = j * stride;
    let sum = a[row + j]!;
    for (let k = 0; k < j; k++) sum -= a[row + k]! * a[other + k]!;
    a[row + j] = sum / a[other + j]!;
  }
  let pivot = a[row + i]!;
  for (let k = 0; k < i; k++) pivot -= a[row + k]! * a[row + k]!;
  if (!(pivot > 1e-14)) return false;
  a[row + i] = Math.sqrt(pivot);
  return true;
}

/** Solve L x = b in place; `stride` is the row length of L. */
export function solveLower(l: Float64Array, stride: number, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    const row = i * stride;
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[row + k]! * b[k]!;
    b[i] = sum / l[row + i]!;
  }
  return b;
}

/** Solve Lᵀ x = b in place. */
export function solveUpper(l: Float64Array, stride: number, n: number, b: Float64Array): Float64Array {
  for (let i = n - 1; i >= 0; i--) {
    const row = i * stride;
    const x = b[i]! / l[row + i]!;
    b[i] = x;
    for (let k = 0; k < i; k++) b[k]! -= l[row + k]! * x;
  }
  return b;
}

/** Solve L Lᵀ x = b in place. */
export function solve(l: Float64Array, stride: number, n: number, b: Float64Array): Float64Array {
  return solveUpper(l, stride, n, solveLower(l, stride, n, b));
}

/** Σ log Lᵢᵢ: half the log determinant of the matrix. */
export function halfLogDet(l: Float64Array, stride: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * stride + i]!);
  return sum;
}

/** The lower triangle of (L Lᵀ)⁻¹, row-major n×n, from its factor; the upper triangle is zero. */
export function inverse(l: Float64Array, stride: number, n: number): Float64Array {
  // Rows of L⁻¹, then the sum over k of their outer products: both sweep memory in order.
  const m = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * stride;
    const out = i * n;
    const d = 1 / l[row + i]!;
    for (let k = 0; k < i; k++) {
      const c = -l[row + k]! * d;
      if (c === 0) continue;
      const from = k * n;
      for (let j = 0; j <= k; j++) m[out + j]! += c * m[from + j]!;
    }
    m[out + i] = d;
  }
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const from = k * n;
    for (let i = 0; i <= k; i++) {
      const c = m[from + i]!;
      const out = i * n;
      for (let j = 0; j <= i; j++) result[out + j]! += c * m[from + j]!;
    }
  }
  return result;
}
