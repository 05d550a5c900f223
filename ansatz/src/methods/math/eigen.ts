/**
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to three diagonals, then QL with implicit
 * shifts (Bowdler, Martin, Reinsch & Wilkinson 1968, EISPACK `tred2` and `tql2`). The names of the steps are theirs.
 */

/** A = V diag(values) Vᵀ. */
export interface Eigen {
  /** n eigenvalues, ascending. */
  readonly values: Float64Array;
  /** n × n, row by row; column j is the unit eigenvector of `values[j]`. */
  readonly vectors: Float64Array;
}

/**
 * Decompose a symmetric n × n matrix, given row by row; only its lower triangle is read. O(n³). Entries must be
 * finite; with NaN inside the result is NaN, it never hangs.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen {
  const v = Float64Array.from(matrix);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  if (n === 0) return { values: d, vectors: v };
  tridiagonalise(v, d, e, n);
  iterate(v, d, e, n);
  return ascending(v, d, n);
}

/** Householder: afterwards `d` is the diagonal, `e` the one below it and `v` the product of the reflections. */
function tridiagonalise(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) d[j] = v[(n - 1) * n + j]!;
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
    let h = 0;
    if (scale === 0) {
      e[i] = d[i - 1]!;
      for (let j = 0; j < i; j++) {
        d[j] = v[(i - 1) * n + j]!;
        v[i * n + j] = 0;
        v[j * n + i] = 0;
      }
      d[i] = 0;
      continue;
    }
    for (let k = 0; k < i; k++) {
      d[k] = d[k]! / scale;
      h += d[k]! ** 2;
    }
    let f = d[i - 1]!;
    let g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
    e[i] = scale * g;
    h -= f * g;
    d[i - 1] = f - g;
    for (let j = 0; j < i; j++) e[j] = 0;
    for (let j = 0; j < i; j++) {
      f = d[j]!;
      v[j * n + i] = f;
      g = e[j]! + v[j * n + j]! * f;
      for (let k = j + 1; k < i; k++) {
        g += v[k * n + j]! * d[k]!;
        e[k] = e[k]! + v[k * n + j]! * f;
      }
      e[j] = g;
    }
    f = 0;
    for (let j = 0; j < i; j++) {
      e[j] = e[j]! / h;
      f += e[j]! * d[j]!;
    }
    const hh = f / (h + h);
    for (let j = 0; j < i; j++) e[j] = e[j]! - hh * d[j]!;
    for (let j = 0; j < i; j++) {
      f = d[j]!;
      g = e[j]!;
      for (let k = j; k < i; k++) v[k * n + j] = v[k * n + j]! - (f * e[k]! + g * d[k]!);
      d[j] = v[(i - 1) * n + j]!;
      v[i * n + j] = 0;
    }
    d[i] = h;
  }
  for (let i = 0; i < n - 1; i++) {
    v[(n - 1) * n + i] = v[i * n + i]!;
    v[i * n + i] = 1;
    const h = d[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[k * n + i + 1]! / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[k * n + i + 1]! * v[k * n + j]!;
        for (let k = 0; k <= i; k++) v[k * n + j] = v[k * n + j]! - g * d[k]!;
      }
    }
    for (let k = 0; k <= i; k++) v[k * n + i + 1] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[(n - 1) * n + j]!;
    v[(n - 1) * n + j] = 0;
  }
  v[n * n - 1] = 1;
  e[0] = 0;
}

/** QL steps until what is beside the diagonal is below rounding; at most 60 for one value, never needed so far. */
function iterate(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  for (let i = 1; i < n; i++) e[i - 1] = e[i]!;
  e[n - 1] = 0;
  let f = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * largest) m++;
    for (let left = m > l ? 60 : 0; left > 0; left--) {
      const g0 = d[l]!;
      let p = (d[l + 1]! - g0) / (2 * e[l]!);
      let r = Math.hypot(p, 1);
      if (p < 0) r = -r;
      d[l] = e[l]! / (p + r);
      d[l + 1] = e[l]! * (p + r);
      const next = d[l + 1]!;
      const drop = g0 - d[l]!;
      for (let i = l + 2; i < n; i++) d[i] = d[i]! - drop;
      f += drop;
      p = d[m]!;
      let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
      const below = e[l + 1]!;
      for (let i = m - 1; i >= l; i--) {
        c3 = c2;
        c2 = c;
        s2 = s;
        const g = c * e[i]!;
        const h = c * p;
        r = Math.hypot(p, e[i]!);
        e[i + 1] = s * r;
        s = e[i]! / r;
        c = p / r;
        p = c * d[i]! - s * g;
        d[i + 1] = h + s * (c * g + s * d[i]!);
        for (let k = 0; k < n; k++) {
          const at = k * n + i;
          const right = v[at + 1]!;
          v[at + 1] = s * v[at]! + c * right;
          v[at] = c * v[at]! - s * right;
        }
      }
      p = (-s * s2 * c3 * below * e[l]!) / next;
      e[l] = s * p;
      d[l] = c * p;
      if (!(Math.abs(e[l]!) > Number.EPSILON * largest)) break;
    }
    d[l] = d[l]! + f;
    e[l] = 0;
  }
}

function ascending(v: Float64Array, d: Float64Array, n: number): Eigen {
  const order = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) vectors[i * n + j] = v[i * n + order[j]!]!;
  return { values: Float64Array.from(order, (from) => d[from]!), vectors };
}
