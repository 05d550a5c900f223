/**
 * Laws of one variable, y over x > 0 (compute, tokens, samples), fitted by least squares in ln y: shapes E + b·g(x; θ)
 * whose θ is sought on a grid with E, b ≥ 0 in closed form (variable projection), then refined together.
 */

import { studentQuantile } from '../math/index.ts';
import { leastSquares, type Residuals } from './levenberg.ts';
import { nonnegative } from './nonnegative.ts';
import type { Landscape } from './polish.ts';
import { profile } from './profile.ts';

/** A fitted law. */
export interface FittedLaw {
  /** In the units of x and y. */
  readonly params: Readonly<Record<string, number>>;
  /** Sum of squared residuals of ln y. */
  readonly objective: number;
  /** y at any x > 0. */
  readonly at: (x: number) => number;
}

/** ln g(z; θ) over z = ln(x / centre), its derivatives by θ, where to look for θ, and its names in units of x. */
export interface Shape {
  readonly size: number;
  /** Writes ∂ln g/∂θ into `slopes`. */
  readonly log: (z: number, theta: ArrayLike<number>, slopes: Float64Array) => number;
  readonly low: (z: readonly number[]) => number[];
  readonly high: (z: readonly number[]) => number[];
  readonly grid: (z: readonly number[]) => number[][];
  /** Best cells of the grid that are refined. */
  readonly starts: number;
  /** θ and the constant b of b·g, which depends on the centre, in the units of x. */
  readonly params: (theta: ArrayLike<number>, lnB: number, centre: number) => Record<string, number>;
}

/** E + b x^-c, "M2" (Alabdulmohsin et al. 2022, arXiv 2209.06640, section 3). */
export const offsetPower: Shape = {
  size: 1,
  log(z, theta, slopes) {
    slopes[0] = -z;
    return -theta[0]! * z;
  },
  low: () => [0],
  high: () => [3],
  grid: () => range(24, 0.03, 2.8).map((c) => [c]),
  starts: 3,
  params: (theta, lnB, centre) => ({ b: Math.exp(lnB + theta[0]! * Math.log(centre)), c: theta[0]! }),
};

/** E + b (x + s)^-c, "M3" (the same). */
export const shiftedPower: Shape = {
  size: 2,
  log(z, theta, slopes) {
    const both = logSum(z, theta[1]!);
    slopes[0] = -both;
    slopes[1] = -theta[0]! * Math.exp(theta[1]! - both);
    return -theta[0]! * both;
  },
  low: () => [0, -30],
  high: (z) => [4, z.at(-1)!],
  grid: (z) =>
    range(14, 0.03, 3.6).flatMap((c) => [-8, -4, -2, -1, 0, 1, 2].map((s) => [c, Math.min(z.at(-1)!, z[0]! + s)])),
  starts: 6,
  params: (theta, lnB, centre) => ({
    b: Math.exp(lnB + theta[0]! * Math.log(centre)),
    c: theta[0]!,
    s: centre * Math.exp(theta[1]!),
  }),
};

/**
 * E + b x^-c0 (1 + (x/d)^(1/f))^(-c1 f): one break (Caballero et al. 2023, arXiv 2210.14891, eq. 1). The break lies within
 * the data, and passes over a factor of at least e^(4.4 f) = 2.6 in x: sharper ones follow the noise of single points.
 */
export const broken: Shape = {
  size: 4,
  log(z, theta, slopes) {
    const [c0, c1, d, f] = theta as unknown as readonly [number, number, number, number];
    const t = (z - d) / f;
    const soft = logSum(0, t);
    const past = Math.exp(t - soft);
    slopes[0] = -z;
    slopes[1] = -f * soft;
    slopes[2] = c1 * past;
    slopes[3] = -c1 * (soft - t * past);
    return -c0 * z - c1 * f * soft;
  },
  low: (z) => [-0.5, -2, z[0]!, 0.215],
  high: (z) => [3, 3, z.at(-1)!, 3],
  grid: (z) =>
    [-0.1, 0, 0.1, 0.2, 0.4, 0.8].flatMap((c0) =>
      [-0.3, -0.1, 0.1, 0.3, 0.6, 1.2].flatMap((c1) =>
        [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((share) =>
          [0.25, 0.5, 1.5].map((f) => [c0, c1, z[0]! + share * (z.at(-1)! - z[0]!), f]),
        ),
      ),
    ),
  starts: 24,
  params: (theta, lnB, centre) => ({
    b: Math.exp(lnB + theta[0]! * Math.log(centre)),
    c0: theta[0]!,
    c1: theta[1]!,
    d: centre * Math.exp(theta[2]!),
    f: theta[3]!,
  }),
};

/** The optimum in p = (ln E, ln b, θ) over z = ln(x / centre), and the box it was sought in. */
interface Solved {
  readonly p: Float64Array;
  readonly value: number;
  readonly residuals: Residuals;
  readonly lnCentre: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * The best E + b·g. `x` ascending and positive, `y` positive, equally long; `weights` are factors of the residuals, 1 when left
 * out, and `objective` is the sum of their squares.
 */
export function fitShape(
  shape: Shape,
  x: readonly number[],
  y: readonly number[],
  weights?: readonly number[],
): FittedLaw {
  const { p, value, lnCentre } = solveShape(shape, x, y, weights);
  const spare = new Float64Array(shape.size);
  const theta = p.subarray(2);
  return {
    params: { E: Math.exp(p[0]!), ...shape.params(theta, p[1]!, Math.exp(lnCentre)) },
    objective: value,
    at: (at) => Math.exp(logSum(p[0]!, p[1]! + shape.log(Math.log(at) - lnCentre, theta, spare))),
  };
}

/**
 * Whether each parameter, in the order of `params`, has a profile interval at `level` that ends within the box. The sum
 * of squares may rise by s² F(1, m − k), s² = SSE / (m − k); with m ≤ k points nothing is identified.
 */
export function identifyShape(shape: Shape, x: readonly number[], y: readonly number[], level: number): boolean[] {
  const { p, value, residuals, low, high } = solveShape(shape, x, y);
  const [m, k] = [x.length, p.length];
  if (m <= k) return Array.from(p, () => false);
  const rise = (Math.max(value, 1e-12) / (m - k)) * studentQuantile((1 + level) / 2, m - k) ** 2;
  const land = squaresOf(residuals, m, low, high);
  return Array.from(p, (_, i) => {
    const { openLow, openHigh } = profile(land, p, i, rise, [low[i]!, high[i]!], 0.02);
    return !openLow && !openHigh;
  });
}

/** The sum of squares as a landscape; outside of the box it is infinite. */
export function squaresOf(residuals: Residuals, m: number, low: readonly number[], high: readonly number[]): Landscape {
  const k = low.length;
  const [r, j] = [new Float64Array(m), new Float64Array(m * k)];
  return {
    value(p, gradient) {
      for (let i = 0; i < k; i++) if (p[i]! < low[i]! || p[i]! > high[i]!) return Infinity;
      residuals(p, r, j);
      gradient.fill(0);
      let sum = 0;
      for (let row = 0; row < m; row++) {
        sum += r[row]! ** 2;
        for (let i = 0; i < k; i++) gradient[i]! += 2 * r[row]! * j[row * k + i]!;
      }
      return sum;
    },
    curvature(p) {
      residuals(p, r, j);
      const h = new Float64Array(k * k);
      for (let row = 0; row < m; row++)
        for (let a = 0; a < k; a++) for (let b = 0; b <= a; b++) h[a * k + b]! += 2 * j[row * k + a]! * j[row * k + b]!;
      return h;
    },
  };
}

function solveShape(shape: Shape, x: readonly number[], y: readonly number[], weights?: readonly number[]): Solved {
  const m = x.length;
  const lnCentre = x.reduce((sum, v) => sum + Math.log(v), 0) / m;
  const z = x.map((v) => Math.log(v) - lnCentre);
  const lnY = y.map(Math.log);
  const f = residualsOf(shape, z, lnY, weights);
  const top = Math.max(...lnY) + 0.5;
  const [low, high] = [
    [-15, -15, ...shape.low(z)],
    [top, 15, ...shape.high(z)],
  ];
  const residuals = new Float64Array(m);
  const jacobian = new Float64Array(m * (2 + shape.size));
  const cells = shape.grid(z).map((theta) => {
    const p = Float64Array.of(...projected(shape, z, lnY, theta, weights), ...theta);
    f(p, residuals, jacobian);
    return { p, value: residuals.reduce((sum, r) => sum + r * r, 0) };
  });
  cells.sort((one, other) => one.value - other.value);
  const ends = cells.slice(0, shape.starts).map(({ p }) => leastSquares(f, m, p, low, high));
  const { p, value } = ends.reduce((best, end) => (end.value < best.value ? end : best));
  return { p, value, residuals: f, lnCentre, low, high };
}

function residualsOf(
  shape: Shape,
  z: readonly number[],
  lnY: readonly number[],
  weights?: readonly number[],
): Residuals {
  const k = 2 + shape.size;
  const slopes = new Float64Array(shape.size);
  return (p, residuals, jacobian) => {
    const theta = p.subarray(2);
    for (let i = 0; i < z.length; i++) {
      const term = p[1]! + shape.log(z[i]!, theta, slopes);
      const weight = weights?.[i] ?? 1;
      const predicted = logSum(p[0]!, term);
      const share = Math.exp(term - predicted);
      residuals[i] = weight * (predicted - lnY[i]!);
      jacobian[i * k] = weight * (1 - share);
      jacobian[i * k + 1] = weight * share;
      for (let j = 0; j < shape.size; j++) jacobian[i * k + 2 + j] = weight * share * slopes[j]!;
    }
  };
}

/** ln E and ln b with the least squared relative residuals for this θ. */
function projected(
  shape: Shape,
  z: readonly number[],
  lnY: readonly number[],
  theta: readonly number[],
  weights?: readonly number[],
): [number, number] {
  const slopes = new Float64Array(shape.size);
  const gram = new Float64Array(4);
  const right = new Float64Array(2);
  for (let i = 0; i < z.length; i++) {
    const weight = weights?.[i] ?? 1;
    const one = weight * Math.exp(-lnY[i]!);
    const two = weight * Math.exp(shape.log(z[i]!, theta, slopes) - lnY[i]!);
    gram[0]! += one * one;
    gram[1]! += one * two;
    gram[3]! += two * two;
    right[0]! += weight * one;
    right[1]! += weight * two;
  }
  gram[2] = gram[1]!;
  const [E, b] = nonnegative(gram, right);
  const least = 1e-3 * Math.exp(lnY.at(-1)!);
  return [Math.log(Math.max(E!, least)), Math.log(Math.max(b!, 1e-6))];
}

/** ln(eᵃ + eᵇ). */
export function logSum(a: number, b: number): number {
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

function range(n: number, from: number, to: number): number[] {
  return Array.from({ length: n }, (_, i) => from * (to / from) ** (i / (n - 1)));
}
