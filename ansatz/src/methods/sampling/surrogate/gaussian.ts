/** A Gaussian process conditioned on values at rows, whatever the rows and the covariance are. */

import { factorRow, inverse, solve, solveLower, solveUpper } from '../../math/cholesky.ts';

/** A prediction: mean and standard deviation of the noise-free value, in the units of y. */
export interface Prediction {
  mean: number;
  sd: number;
}

/** Covariance between two different places, and variance of one place without noise. */
export interface Kernel<Row> {
  readonly between: (a: Row, b: Row) => number;
  readonly variance: (a: Row) => number;
  /** What the two others are to see of a row; absent: the row as it is. */
  readonly place?: (row: Row) => Row;
}

/** Takes rows one at a time at O(n²) each, and values for all of them at once. */
export class Gaussian<Row> {
  readonly rows: Row[] = [];
  /** The rows as the covariance sees them. */
  readonly places: Row[] = [];
  readonly kernel: Kernel<Row>;
  #stride = 0;
  #l: Float64Array = new Float64Array(0);
  #alpha: Float64Array = new Float64Array(0);
  #k: Float64Array = new Float64Array(0);
  #y: number[] = [];

  constructor(kernel: Kernel<Row>) {
    this.kernel = kernel;
  }

  /** Take one more row whose value is seen with this much noise (variance). Values are given later, by {@link condition}. */
  add(row: Row, noise: number): void {
    const n = this.rows.length;
    if (n >= this.#stride) this.#grow();
    const at = n * this.#stride;
    const place = this.placeOf(row);
    const own = this.kernel.variance(place) + noise;
    // Rows that all but coincide need a little more noise than was asked for.
    for (let jitter = 1e-10 * own; ; jitter *= 100) {
      for (let i = 0; i < n; i++) this.#l[at + i] = this.kernel.between(place, this.places[i]!);
      this.#l[at + n] = own + jitter;
      if (factorRow(this.#l, this.#stride, n)) break;
      if (!(jitter < 10 * own)) throw new Error('a covariance is not positive definite');
    }
    this.rows.push(row);
    this.places.push(place);
  }

  /** Forget the rows from number `count` on. */
  truncate(count: number): void {
    this.rows.length = Math.min(this.rows.length, count);
    this.places.length = this.rows.length;
  }

  /** Take the values of all rows. */
  condition(y: ArrayLike<number>): void {
    this.#y = Array.from(y).slice(0, this.rows.length);
    this.#alpha = solve(this.#l, this.#stride, this.rows.length, Float64Array.from(this.#y));
  }

  /** Add a row whose value is not known yet, at its predicted mean: what is learned there shrinks the spread around it. */
  believe(row: Row, noise: number): void {
    const mean = this.mean(row);
    this.add(row, noise);
    this.condition([...this.#y, mean]);
  }

  /** Only the mean: O(n) covariances. */
  mean(row: Row): number {
    const { between } = this.kernel;
    const place = this.placeOf(row);
    let mean = 0;
    for (let i = 0; i < this.rows.length; i++) mean += between(place, this.places[i]!) * this.#alpha[i]!;
    return mean;
  }

  /** Mean and standard deviation, written into `out`: O(n²). */
  predict(row: Row, out: Prediction): Prediction {
    const n = this.rows.length;
    if (this.#k.length < n) this.#k = new Float64Array(n + 64);
    const k = this.#k;
    const { between } = this.kernel;
    const place = this.placeOf(row);
    let mean = 0;
    for (let i = 0; i < n; i++) {
      const value = between(place, this.places[i]!);
      k[i] = value;
      mean += value * this.#alpha[i]!;
    }
    solveLower(this.#l, this.#stride, n, k);
    const prior = this.kernel.variance(place);
    let variance = prior;
    for (let i = 0; i < n; i++) variance -= k[i]! * k[i]!;
    out.mean = mean;
    out.sd = Math.sqrt(Math.max(variance, 1e-12 * prior));
    return out;
  }

  /**
   * How far each value lies from what all the others predict for it (Rasmussen & Williams 2006, eq. 5.12), in the
   * units of y: O(n³).
   */
  leftOut(): Float64Array {
    const n = this.rows.length;
    const inv = inverse(this.#l, this.#stride, n);
    return Float64Array.from({ length: n }, (_, i) => this.#alpha[i]! / inv[i * n + i]!);
  }

  /** Right after {@link predict}: the weights C⁻¹k of that row, and those of the mean. Shared memory: read at once. */
  weights(): { readonly spread: Float64Array; readonly mean: Float64Array } {
    return { spread: solveUpper(this.#l, this.#stride, this.rows.length, this.#k), mean: this.#alpha };
  }

  /** A row as the covariance sees it. */
  placeOf(row: Row): Row {
    return this.kernel.place?.(row) ?? row;
  }

  #grow(): void {
    const stride = Math.max(32, Math.ceil(this.#stride * 1.5));
    const l = new Float64Array(stride * stride);
    const n = this.rows.length;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) l[i * stride + j] = this.#l[i * this.#stride + j]!;
    }
    this.#l = l;
    this.#stride = stride;
  }
}
