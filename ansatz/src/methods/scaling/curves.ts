/** The laws of one variable by name, those of no common shape among them, and their median. */

import { mean, median } from '../math/index.ts';
import { broken, fitShape, type FittedLaw, identifyShape, offsetPower, type Shape, shiftedPower } from './laws.ts';

/**
 * Name of a law. `power` b x^-c, `m2` E + b x^-c, `shifted` E + b (x + s)^-c, `m4`, `bnsl` with one break, `ensemble` the
 * median of the last four, `blend` the geometric mean of the stiffest and the most supple of them, m2 and bnsl, `weighted` that
 * of power, m2, shifted and bnsl by how well each forecasts the upper part of the points from the lower.
 */
export type LawName = 'power' | 'm2' | 'shifted' | 'm4' | 'bnsl' | 'ensemble' | 'blend' | 'weighted';

const SHAPES: Readonly<Partial<Record<LawName, Shape>>> = { m2: offsetPower, shifted: shiftedPower, bnsl: broken };

/** Each law with its number of parameters: fewer points than that determine nothing. */
export const LAWS: Readonly<Record<LawName, number>> = {
  power: 2,
  m2: 3,
  shifted: 4,
  m4: 4,
  bnsl: 6,
  ensemble: 4,
  blend: 3,
  weighted: 3,
};

/** Laws whose forecasts the ensemble takes the median of; a pure power law misses every floor. */
const MEMBERS = ['m2', 'shifted', 'm4', 'bnsl'] as const;

/** Laws that are weighted, and the shares of the points that each is fitted to when it is tried. */
const TRIED = ['power', 'm2', 'shifted', 'bnsl'] as const;
const LOWER = [0.5, 0.6, 0.7, 0.8];
/** Among them the uppermost point counts this many times the lowest, however far apart: far below the forecast laws are wrong. */
const FAVOUR = 8;
/** Errors below this tell no law from another. */
const EXACT = 1e-9;

/** Fit y over x by least squares in ln y. `x` ascending and positive, `y` positive, at least two different x. */
export function fitLaw(name: LawName, x: readonly number[], y: readonly number[]): FittedLaw {
  const shape = SHAPES[name];
  if (shape !== undefined) return fitShape(shape, x, y);
  if (name === 'power') return purePower(x, y);
  if (name === 'm4') return m4(x, y);
  if (name === 'blend') {
    const [stiff, supple] = [fitLaw('m2', x, y), fitLaw('bnsl', x, y)];
    const at = (where: number): number => Math.sqrt(stiff.at(where) * supple.at(where));
    return { params: stiff.params, objective: squared(at, x, y), at };
  }
  if (name === 'weighted') return weighted(x, y);
  const fits = MEMBERS.map((member) => fitLaw(member, x, y));
  const at = (where: number): number => Math.exp(median(fits.map((fit) => Math.log(fit.at(where)))));
  return { params: {}, objective: squared(at, x, y), at };
}

/**
 * Which parameters of a law the points determine; those of `power` and `m4`, which are not profiled, by their number.
 * The parameters of `blend` and `weighted` are those of their m2.
 */
export function identifyLaw(
  name: LawName,
  fit: FittedLaw,
  x: readonly number[],
  y: readonly number[],
  level: number,
): Record<string, boolean> {
  const names = Object.keys(fit.params);
  const shape = SHAPES[toldOf(name)];
  const known = shape === undefined ? names.map(() => x.length > names.length) : identifyShape(shape, x, y, level);
  return Object.fromEntries(names.map((param, i) => [param, known[i]!]));
}

/**
 * Fit the lower part of the points and forecast the rest: root mean square of the error of ln y. The upper part is the
 * points above half of the largest x, at least one and at most 30 %. Undefined when too few points are left to fit.
 */
export function backtest(name: LawName, x: readonly number[], y: readonly number[]): number | undefined {
  const octave = x.findIndex((v) => v > x.at(-1)! / 2);
  const from = Math.max(octave, Math.ceil(0.7 * x.length));
  if (from < LAWS[name] + 1 || from >= x.length) return undefined;
  const { at } = fitLaw(name, x.slice(0, from), y.slice(0, from));
  return Math.sqrt(squared(at, x.slice(from), y.slice(from)) / (x.length - from));
}

/** The law whose parameters are told of one that is made of several. */
export function toldOf(name: LawName): LawName {
  return name === 'blend' || name === 'weighted' ? 'm2' : name;
}

/**
 * The geometric mean of four laws, each by one over its error: the root mean square of ln y over the upper points when it is fitted to the
 * lower 50, 60, 70, 80 %, of these the geometric mean. No law is right, and which is least wrong the points say best where they were not seen.
 */
function weighted(x: readonly number[], y: readonly number[]): FittedLaw {
  const fits = TRIED.map((name) => favoured(name, x, y));
  const parts = LOWER.map((share) => Math.round(share * x.length)).filter(
    (from) => from < x.length && new Set(x.slice(0, from)).size >= 2,
  );
  const weights = TRIED.map((name) => {
    const errors = parts.map((from) => {
      const { at } = favoured(name, x.slice(0, from), y.slice(0, from));
      return EXACT + Math.sqrt(squared(at, x.slice(from), y.slice(from)) / (x.length - from));
    });
    return parts.length === 0 ? 1 : Math.exp(-mean(errors.map(Math.log)));
  });
  const total = weights.reduce((sum, w) => sum + w, 0);
  const at = (where: number): number =>
    Math.exp(fits.reduce((sum, fit, i) => sum + weights[i]! * Math.log(fit.at(where)), 0) / total);
  return { params: fitLaw('m2', x, y).params, objective: squared(at, x, y), at };
}

/** One of the laws that are weighted, fitted with the upper points counting more. */
function favoured(name: (typeof TRIED)[number], x: readonly number[], y: readonly number[]): FittedLaw {
  return name === 'power' ? purePower(x, y, favour(x)) : fitShape(SHAPES[name]!, x, y, favour(x));
}

/** Factors of residuals, 1 on average, whose squares rise as a power of x, FAVOUR times from the first to the last. */
function favour(x: readonly number[]): number[] {
  const [first, last] = [x[0]!, x.at(-1)!];
  const power = last > first ? Math.log(FAVOUR) / Math.log(last / first) : 0;
  const squares = x.map((v) => (v / last) ** power);
  const level = mean(squares);
  return squares.map((v) => Math.sqrt(v / level));
}

function purePower(x: readonly number[], y: readonly number[], weights?: readonly number[]): FittedLaw {
  const { level, slope } = line(x.map(Math.log), y.map(Math.log), weights);
  const at = (where: number): number => Math.exp(level + slope * Math.log(where));
  return { params: { b: Math.exp(level), c: -slope }, objective: squared(at, x, y), at };
}

/** Shares of the lowest y that E may be, and the exponents a of M4, that are tried. */
const FLOORS = Array.from({ length: 22 }, (_, i) => (i < 10 ? i / 10 : 0.92 + ((i - 10) * 0.079) / 11));
const BENDS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3];

/**
 * (y − E) / (y₀ − y)^a = b x^-c, "M4" (Alabdulmohsin et al. 2022, arXiv 2209.06640, eq. 1): it bends over towards y₀ at
 * small x. y₀ is 1.25 times the largest y. For E and a on a grid b and c are a line in logarithms; the residual of ln y
 * is that of the line over its derivative.
 */
function m4(x: readonly number[], y: readonly number[]): FittedLaw {
  const z = x.map(Math.log);
  const top = 1.25 * Math.max(...y);
  const lowest = Math.min(...y);
  let best = { value: Infinity, E: 0, a: 0, level: 0, slope: 0 };
  for (const share of FLOORS) {
    const E = share * lowest;
    for (const a of BENDS) {
      const t = y.map((v) => Math.log(v - E) - a * Math.log(top - v));
      const weights = y.map((v) => 1 / (v / (v - E) + (a * v) / (top - v)));
      const { level, slope } = line(z, t);
      let value = 0;
      for (let i = 0; i < y.length; i++) value += ((t[i]! - level - slope * z[i]!) * weights[i]!) ** 2;
      if (value < best.value) best = { value, E, a, level, slope };
    }
  }
  const { E, a, level, slope } = best;
  const at = (where: number): number => {
    const t = level + slope * Math.log(where);
    let [low, high] = [E, top];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (Math.log(middle - E) - a * Math.log(top - middle) < t) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  return { params: { E, b: Math.exp(level), c: -slope, a }, objective: squared(at, x, y), at };
}

/** Least squares of y = level + slope · x; `weights` are factors of residuals. */
function line(
  x: readonly number[],
  y: readonly number[],
  weights?: readonly number[],
): { level: number; slope: number } {
  const squares = x.map((_, i) => (weights?.[i] ?? 1) ** 2);
  const total = squares.reduce((sum, w) => sum + w, 0);
  const centre = (of: readonly number[]): number => of.reduce((sum, v, i) => sum + squares[i]! * v, 0) / total;
  const [mx, my] = [centre(x), centre(y)];
  let [xx, xy] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    xx += squares[i]! * (x[i]! - mx) ** 2;
    xy += squares[i]! * (x[i]! - mx) * (y[i]! - my);
  }
  const slope = xx > 0 ? xy / xx : 0;
  return { level: my - slope * mx, slope };
}

/** Sum of squared differences of ln y. */
function squared(at: (x: number) => number, x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, v, i) => sum + Math.log(at(v) / y[i]!) ** 2, 0);
}
