/**
 * Input warping (Snoek et al. 2014, arXiv 1402.0929) by the distribution function of Kumaraswamy (1980, J. Hydrology 46):
 * a parameter is stretched where the loss changes fast along it and pressed together where it hardly changes, so that one
 * length scale fits all of its range. A warping is the logs of a and b of every parameter: all a, then all b.
 */

/** Numbers are moved as if this far inside of [0, 1], so that slopes stay finite at the bounds. */
const EDGE = 0.01;

/** 1 − (1 − tᵃ)ᵇ of a number in [0, 1]; itself where both logs are 0. */
export function warpedAt(x: number, logA: number, logB: number): number {
  if (logA === 0 && logB === 0) return x;
  return 1 - (1 - inside(x) ** Math.exp(logA)) ** Math.exp(logB);
}

/** Its slopes by the number, by log a and by log b, written into `out` (length 3). */
export function warpSlopes(x: number, logA: number, logB: number, out: Float64Array): void {
  const a = Math.exp(logA);
  const b = Math.exp(logB);
  const t = inside(x);
  const power = t ** a;
  const outer = b * (1 - power) ** (b - 1);
  out[0] = logA === 0 && logB === 0 ? 1 : (outer * a * power * (1 - 2 * EDGE)) / t;
  out[1] = outer * a * power * Math.log(t);
  out[2] = -b * (1 - power) ** b * Math.log(1 - power);
}

function inside(x: number): number {
  return EDGE + (1 - 2 * EDGE) * x;
}

/** A row with its numbers moved; choices, and what does not matter in it, stay as they are. */
export function warpedRow(row: Float64Array, category: Uint8Array, warping: Float64Array): Float64Array {
  const d = row.length;
  return Float64Array.from(row, (x, k) => (category[k] === 1 || x < 0 ? x : warpedAt(x, warping[k]!, warping[d + k]!)));
}

/** The rows of a fit under changing warpings, and what they do to the slope of what is fitted. */
export class WarpedRows {
  /** Where the rows are now. */
  readonly rows: readonly Float64Array[];
  readonly #from: readonly Float64Array[];
  readonly #category: Uint8Array;
  /** Per row and parameter: slopes by log a and log b of where it is, and of what is fitted by where it is. */
  readonly #byA: Float64Array;
  readonly #byB: Float64Array;
  readonly #pulls: Float64Array;
  readonly #slopes = new Float64Array(3);

  constructor(rows: readonly Float64Array[], category: Uint8Array) {
    this.#from = rows;
    this.rows = rows.map((row) => Float64Array.from(row));
    this.#category = category;
    this.#byA = new Float64Array(rows.length * category.length);
    this.#byB = new Float64Array(this.#byA.length);
    this.#pulls = new Float64Array(this.#byA.length);
  }

  /** Move the rows; what {@link pull} has gathered is forgotten. */
  move(warping: Float64Array): void {
    const d = this.#category.length;
    this.#pulls.fill(0);
    this.rows.forEach((row, i) => {
      for (let k = 0; k < d; k++) {
        const from = this.#from[i]![k]!;
        if (this.#category[k] === 1 || from < 0) continue;
        row[k] = warpedAt(from, warping[k]!, warping[d + k]!);
        warpSlopes(from, warping[k]!, warping[d + k]!, this.#slopes);
        this.#byA[i * d + k] = this.#slopes[1]!;
        this.#byB[i * d + k] = this.#slopes[2]!;
      }
    });
  }

  /** Take `slope`, that of what is fitted by the squared distance of rows i and j along parameter k. */
  pull(i: number, j: number, k: number, slope: number): void {
    if (this.#category[k] === 1) return;
    const d = this.#category.length;
    const a = this.rows[i]![k]!;
    const b = this.rows[j]![k]!;
    // A row that lacks the parameter stands beside the middle of its range (see `squared`).
    if (a >= 0) this.#pulls[i * d + k]! += 2 * slope * (a - (b < 0 ? 0.5 : b));
    if (b >= 0) this.#pulls[j * d + k]! += 2 * slope * (b - (a < 0 ? 0.5 : a));
  }

  /** Add the slopes by all logs to `gradient`, from place `first` on. */
  gather(gradient: Float64Array, first: number): void {
    const d = this.#category.length;
    for (let i = 0, p = 0; i < this.rows.length; i++) {
      for (let k = 0; k < d; k++, p++) {
        gradient[first + k]! += this.#pulls[p]! * this.#byA[p]!;
        gradient[first + d + k]! += this.#pulls[p]! * this.#byB[p]!;
      }
    }
  }
}
