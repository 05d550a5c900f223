/** Which parameters of L = E + A/N^α + B/D^β the runs determine, and what makes a fit of them fragile. */

import { factor, solveLower } from '../math/cholesky.ts';
import { median, quantile } from '../math/index.ts';
import { centred, type Chinchilla, DELTA, eachRun, type Fitted, landscape, paramsOf, type Runs } from './chinchilla.ts';
import { huberRise, profile } from './profile.ts';

/** Profile interval of each parameter, and whether it is closed on both sides. */
export interface Identified {
  readonly intervals: Readonly<Record<keyof Chinchilla, readonly [number, number]>>;
  readonly identified: Readonly<Record<keyof Chinchilla, boolean>>;
}

const ORDER = ['A', 'B', 'E', 'alpha', 'beta'] as const;
/** A and B count as known when their interval spans less than this factor: they stand for a loss at N = 1 or D = 1. */
const WIDE = 1e4;

/** Profile intervals at `level`. */
export function identify(runs: Runs, fit: Fitted, level: number): Identified {
  const data = centred(runs);
  const land = landscape(data);
  const residuals: number[] = [];
  eachRun(data, fit.x, (residual) => residuals.push(residual));
  const rise = huberRise(residuals, DELTA, level);
  const lowest = Math.min(...data.lnL);
  // ln E down to a thousandth of the lowest loss; A and B by way of α and β, as they are tied to them.
  const e = profile(land, fit.x, 2, rise, [lowest - 7, lowest], 0.01);
  const alpha = profile(land, fit.x, 3, rise, [1e-3, 3], 0.01);
  const beta = profile(land, fit.x, 4, rise, [1e-3, 3], 0.01);
  const a = coefficient(runs, fit, level, 'A');
  const b = coefficient(runs, fit, level, 'B');
  const closed = (found: { openLow: boolean; openHigh: boolean }): boolean => !found.openLow && !found.openHigh;
  return {
    intervals: {
      E: [Math.exp(e.low), Math.exp(e.high)],
      A: [a.low, a.high],
      B: [b.low, b.high],
      alpha: [alpha.low, alpha.high],
      beta: [beta.low, beta.high],
    },
    identified: {
      E: closed(e),
      A: closed(a) && a.high / a.low < WIDE && closed(alpha),
      B: closed(b) && b.high / b.low < WIDE && closed(beta),
      alpha: closed(alpha),
      beta: closed(beta),
    },
  };
}

/** The interval of A or B: runs are centred at N = 1 or D = 1 for it, where a = ln A is a parameter of its own. */
function coefficient(
  runs: Runs,
  fit: Fitted,
  level: number,
  name: 'A' | 'B',
): { low: number; high: number; openLow: boolean; openHigh: boolean } {
  const data = centred(runs);
  const raw =
    name === 'A'
      ? { ...data, lnN: data.lnN.map((v) => v + data.meanN), meanN: 0 }
      : { ...data, lnD: data.lnD.map((v) => v + data.meanD), meanD: 0 };
  const x = Float64Array.from(fit.x);
  const which = ORDER.indexOf(name);
  const params = paramsOf(fit.x, data);
  x[which] = Math.log(params[name]);
  const residuals: number[] = [];
  eachRun(raw, x, (residual) => residuals.push(residual));
  const found = profile(landscape(raw), x, which, huberRise(residuals, DELTA, level), [-20, 60], 0.1);
  return { ...found, low: Math.exp(found.low), high: Math.exp(found.high) };
}

/** What a reader should know before relying on the fit; `rows` names the runs (line of the file, for instance). */
export function chinchillaWarnings(runs: Runs, fit: Fitted, rows: readonly (number | string)[]): string[] {
  const { N, D, loss } = runs;
  const warnings: string[] = [];
  for (const [name, values] of [
    ['N', N],
    ['D', D],
  ] as const) {
    const different = new Set(values).size;
    const span = Math.max(...values) / Math.min(...values);
    if (different < 4) {
      warnings.push(`window: only ${different} different ${name}: its exponent cannot be told from E`);
    } else if (span < 10) {
      warnings.push(`window: ${name} spans a factor of ${span.toPrecision(2)}; exponents need a factor of 10 or more`);
    }
  }
  const together = correlation(N.map(Math.log), D.map(Math.log));
  if (Math.abs(together) > 0.97) {
    warnings.push(
      `window: N and D rise together (correlation of logarithms ${together.toFixed(2)}): α and β cannot be told apart; vary D at one N`,
    );
  }
  const repeated = repeats(runs);
  if (repeated > 0) {
    warnings.push(
      `${repeated} duplicated ${repeated === 1 ? 'row' : 'rows'}: a run that counts twice makes intervals too narrow`,
    );
  }
  const { alpha, beta } = fit.params;
  for (const [name, exponent] of [
    ['alpha', alpha],
    ['beta', beta],
  ] as const) {
    if (exponent < 0.01 || exponent > 2.9) {
      warnings.push(`edge: ${name} ends at ${exponent.toPrecision(2)}, the edge of its range: the law does not fit`);
    }
  }
  if (fit.starts.agreed === 1 && fit.starts.tried > 1) {
    warnings.push(`only one of ${fit.starts.tried} starts reached this optimum: there may be a better one`);
  }
  warnings.push(...weights(runs, fit, rows));
  const lnL = loss.map(Math.log);
  const residuals: number[] = [];
  eachRun(centred(runs), fit.x, (residual) => residuals.push(residual));
  const centre = median(lnL);
  const explained = 1 - median(residuals.map(Math.abs)) / median(lnL.map((value) => Math.abs(value - centre)));
  if (explained < 0.5) {
    warnings.push(
      'misfit: the law explains little of how the loss varies: are N, D and loss the right columns, in one unit?',
    );
  }
  return warnings;
}

/** Runs the fit hangs on, and runs far off it. */
function weights(runs: Runs, fit: Fitted, rows: readonly (number | string)[]): string[] {
  const data = centred(runs);
  const n = data.lnL.length;
  const gram = new Float64Array(25);
  const jacobians: Float64Array[] = [];
  const residuals: number[] = [];
  eachRun(data, fit.x, (residual, jacobian) => {
    residuals.push(Math.abs(residual));
    jacobians.push(Float64Array.from(jacobian));
    for (let j = 0; j < 5; j++) for (let k = 0; k <= j; k++) gram[j * 5 + k]! += jacobian[j]! * jacobian[k]!;
  });
  const warnings: string[] = [];
  if (factor(gram, 5)) {
    const leverage = jacobians.map((jacobian) =>
      solveLower(gram, 5, 5, Float64Array.from(jacobian)).reduce((sum, v) => sum + v * v, 0),
    );
    const strong = leverage.flatMap((h, i) => (h > 0.8 ? [rows[i]!] : []));
    // With hardly more runs than parameters every run has much leverage: that is the next warning's matter.
    if (strong.length > 0 && n >= 10) {
      warnings.push(
        `leverage: row ${strong.join(', ')} alone ${strong.length === 1 ? 'decides' : 'decide'} a direction of the fit; run it again`,
      );
    }
  }
  if (n < 15) warnings.push(`window: ${n} runs for five parameters`);
  const usual = quantile(residuals, 0.5);
  const far = residuals.flatMap((size, i) => (size > 10 * usual && size > 5 * DELTA ? [rows[i]!] : []));
  if (far.length > 0) {
    warnings.push(
      `outliers: row ${far.join(', ')} ${far.length === 1 ? 'is' : 'are'} more than ten times the usual distance from the law; --drop-highest leaves out the highest losses`,
    );
  }
  return warnings;
}

function repeats({ N, D, loss }: Runs): number {
  return N.length - new Set(N.map((_, i) => `${N[i]} ${D[i]} ${loss[i]}`)).size;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [x, y].map((v) => v.reduce((a, b) => a + b, 0) / v.length) as [number, number];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i]! - mx) * (y[i]! - my);
    xx += (x[i]! - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}
