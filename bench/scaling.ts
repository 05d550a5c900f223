/**
 * Scaling laws on public points: the fit of Hoffmann et al. and its bootstrap, IsoFLOP exponents, repeated data, and
 * forecasts of the top points of curves from their lowest 70 %. `ANSATZ_DATA_SCALING` names the folder of the tables
 * (not part of this repository). With `ANSATZ_PYTHON` (an interpreter with SciPy) and `ANSATZ_PEERS_SCALING` (the folder
 * of ref_chinchilla.py and ref_extrap.py) the same is done with SciPy in the same run: minutes.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { mean, median } from '../ansatz/src/methods/math/index.ts';
import {
  bootstrapChinchilla,
  dataConstrainedObjective,
  exponents,
  fitChinchilla,
  fitDataConstrained,
  fitIsoflop,
  fitLaw,
  identify,
  chooseLaw,
  doubt,
  type LawName,
  MUENNIGHOFF,
} from '../ansatz/src/methods/scaling/index.ts';
import type { Bench, Figure } from './main.ts';
import { type Curve, curves, type Row } from './scaling-curves.ts';
import { calibrated, ladderIntervals } from './scaling-ladders.ts';
import { beginnings, ladder, recipes } from './scaling-runs.ts';
import { targets } from './scaling-targets.ts';

const DRAWS = 4000;
/** Fits of which the fastest counts: the first ones are slower until the code is compiled. */
const REPEATS = 5;
const SE = { E: 0.0256, A: 120.9, B: 1410, alpha: 0.0151, beta: 0.0204 };
const VALUES = { E: 1.817218, A: 477.826, B: 2143.417, alpha: 0.34731, beta: 0.367172 };
const LAWS: readonly (readonly [LawName, string])[] = [
  ['m2', 'M2'],
  ['shifted', 'M3'],
  ['m4', 'M4'],
  ['bnsl', 'BNSL1'],
  ['ensemble', 'median'],
];
export async function bench(): Promise<Bench> {
  const folder = process.env['ANSATZ_DATA_SCALING'];
  if (folder === undefined || !existsSync(join(folder, 'chinchilla_epoch.csv'))) {
    const figures = await targets();
    return { seeds: [1], figures, notes: ['ANSATZ_DATA_SCALING names no folder with chinchilla_epoch.csv'] };
  }
  const read = (name: string): Row[] =>
    parse(readFileSync(join(folder, `${name}.csv`)), { columns: true, skip_empty_lines: true }) as Row[];
  const [peer, extrapolated] = peers(folder);
  const figures = {
    ...chinchilla(read('chinchilla_epoch'), peer),
    ...isoflop(read('porian_isoflop'), read('porian_optima')),
    ...repeated(read('datablations_fit182')),
    ...forecasts(curves(read), extrapolated),
    ...chosen(curves(read)),
    ...coverage(read),
    ...ladder(read),
    ...ladderIntervals(read),
    ...beginnings(read),
    ...recipes(read),
    ...(await targets()),
  };
  const notes = ['forecast: median over curves of the root mean square error of ln y of the top 30 %'];
  if (peer === undefined)
    notes.push('ANSATZ_PYTHON and ANSATZ_PEERS_SCALING are not set: no SciPy beside these figures');
  else notes.push('LCDB: 60 curves at even distances in the file; the SciPy script draws its own 60');
  return { seeds: [1], figures, notes };
}

/** What ref_chinchilla.py and ref_extrap.py print as JSON, run now. */
function peers(
  data: string,
): [Record<string, number> | undefined, Record<string, Record<string, unknown>> | undefined] {
  const [python, scripts] = [process.env['ANSATZ_PYTHON'], process.env['ANSATZ_PEERS_SCALING']];
  if (python === undefined || scripts === undefined) return [undefined, undefined];
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-bench-'));
  try {
    return ['ref_chinchilla.py', 'ref_extrap.py'].map((script) => {
      const out = join(folder, `${script}.json`);
      execFileSync(python, [join(scripts, script), data, out, String(DRAWS)], { stdio: 'ignore' });
      return JSON.parse(readFileSync(out, 'utf8')) as unknown;
    }) as ReturnType<typeof peers>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function chinchilla(rows: readonly Row[], peer: Record<string, number> | undefined): Record<string, Figure> {
  const kept = rows.toSorted((one, other) => Number(one['loss']) - Number(other['loss'])).slice(0, -5);
  const column = (name: string): number[] => kept.map((row) => Number(row[name]));
  const runs = { N: column('N'), D: column('D'), loss: column('loss') };
  const [fit, seconds] = timed(() => {
    const found = fitChinchilla(runs);
    identify(runs, found, 0.95);
    return found;
  });
  const warm = Math.min(...Array.from({ length: REPEATS }, () => timed(() => fitChinchilla(runs))[1]));
  const [drawn, bootSeconds] = timed(() => bootstrapChinchilla(runs, fit, DRAWS, 0.95, 1));
  const figures: Record<string, Figure> = {
    'chinchilla: objective': bounded(fit.objective, '', 0.0010182741 + 1e-9, peer?.['polished_obj']),
  };
  for (const [name, tolerance] of [
    ['E', 0.0005],
    ['alpha', 0.0005],
    ['beta', 0.0005],
    ['A', 0.005 * VALUES.A],
    ['B', 0.01 * VALUES.B],
  ] as const)
    figures[`chinchilla: ${name}`] = within(fit.params[name], '', VALUES[name], tolerance);
  figures['chinchilla: a_N'] = within(exponents(fit.params).a_N, '', 0.5139, 0.0005);
  figures['chinchilla: fit with profiles, first'] = bounded(seconds, 'CPU s', 0.3, peer?.['grid_lbfgsb_default_s']);
  figures['chinchilla: fit, warm'] = { value: warm, unit: 'CPU s' };
  figures[`chinchilla: ${DRAWS} bootstraps`] = bounded(bootSeconds, 'CPU s', 12, peer?.['boot4000_s']);
  for (const [name, value] of Object.entries(SE))
    figures[`chinchilla: SE of ${name}`] = within(drawn.se[name as keyof typeof SE], '', value, 0.1 * value);
  return figures;
}

function isoflop(rows: readonly Row[], optima: readonly Row[]): Record<string, Figure> {
  const published = new Map(optima.map((row) => [row['experiment']!, Number(row['pub_a_basic'])]));
  return Object.fromEntries(
    [...published].map(([experiment, expected]) => {
      const { akima, local } = fitIsoflop(
        rows
          .filter((row) => row['experiment'] === experiment)
          .map((row) => ({ C: Number(row['C']), N: Number(row['N']), loss: Number(row['loss']) })),
      );
      const note = local === undefined ? {} : { note: `local window ${local.a.toFixed(4)} ± ${local.se.toFixed(4)}` };
      return [`isoflop: ${experiment}`, { ...within(akima?.a ?? NaN, '', expected, 0.004), ...note }];
    }),
  );
}

function repeated(rows: readonly Row[]): Record<string, Figure> {
  const column = (name: string): number[] => rows.map((row) => Number(row[name]));
  const runs = { N: column('N'), D: column('D'), unique: column('U_unique'), loss: column('loss') };
  const [fit, seconds] = timed(() => fitDataConstrained(runs, MUENNIGHOFF, 0.95));
  const published = dataConstrainedObjective(runs, MUENNIGHOFF, { R_D: 15.387756, R_N: 5.309743 });
  const told = `R_D ${fit.identified.R_D ? fit.params.R_D.toFixed(1) : 'not identified'}`;
  return {
    'repeated data: objective': {
      ...bounded(fit.objective, '', 0.0158047),
      note: `${told}, ${seconds.toFixed(2)} CPU s`,
    },
    'repeated data: at the published values': within(published, '', 0.0158259, 1e-7),
  };
}

function forecasts(
  sets: Readonly<Record<string, readonly Curve[]>>,
  peer: Record<string, Record<string, unknown>> | undefined,
): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  const spent = new Map<LawName, number[]>();
  for (const [set, all] of Object.entries(sets)) {
    for (const [law, script] of LAWS) {
      const errors = all.map(({ x, y, topX, topY }) => {
        const [{ at }, seconds] = timed(() => fitLaw(law, x, y));
        spent.set(law, [...(spent.get(law) ?? []), 1000 * seconds]);
        return Math.sqrt(mean(topX.map((v, i) => Math.log(at(v) / topY[i]!) ** 2)));
      });
      const theirs = peer?.[set]?.[script] as { median_rmsle: number } | undefined;
      // LCDB curves are others than the script's: no bound there.
      const value = median(errors);
      const bound = theirs === undefined || set.startsWith('lcdb') ? undefined : 1.05 * theirs.median_rmsle;
      figures[`forecast ${set} (${all.length}): ${law}`] = {
        value,
        unit: '',
        ...(theirs === undefined ? {} : { rival: { name: 'SciPy', value: theirs.median_rmsle } }),
        ...(bound === undefined ? {} : { bound: '≤ 1.05 × SciPy', pass: value <= bound }),
      };
    }
  }
  for (const [law, script] of LAWS) {
    const theirs = (peer?.['cpu_ms_per_fit'] as Record<string, number> | undefined)?.[script];
    const most = law === 'm2' || law === 'shifted' ? 20 : 250;
    figures[`forecast: mean of a fit, ${law}`] = bounded(mean(spent.get(law)!), 'CPU ms', most, theirs);
  }
  return figures;
}

/** What the automatic choice of a law reaches, and is asked to: per set, median error of ln y of the top 30 %. */
const ASKED: Readonly<Record<string, number>> = {
  nmt: 0.02,
  porian_frontier: 0.0085,
  gadre_fixedN: 0.0115,
  gemstones_constLR: 0.00095,
  lcdb_samplesize: 0.057,
};

function chosen(sets: Readonly<Record<string, readonly Curve[]>>): Record<string, Figure> {
  return Object.fromEntries(
    Object.entries(sets).map(([set, all]) => {
      const laws = all.map(({ x, y }) => chooseLaw(x, y).law);
      const errors = all.map(({ x, y, topX, topY }, i) => {
        const { at } = fitLaw(laws[i]!, x, y);
        return Math.sqrt(mean(topX.map((v, j) => Math.log(at(v) / topY[j]!) ** 2)));
      });
      const note = [...new Set(laws)].map((law) => `${law} ${laws.filter((one) => one === law).length}`).join(', ');
      return [`forecast ${set} (${all.length}): auto`, { ...bounded(median(errors), '', ASKED[set]!), note }];
    }),
  );
}

/** Shares of the points that are fitted when intervals are calibrated and tried. */
const SHARES = [0.5, 0.6, 0.7, 0.8];

/**
 * How often the top point lies within an interval whose multiple of the doubt was learned on the other four sets, each of
 * which counts the same. What ships is learned on all five.
 */
function coverage(read: (name: string) => Row[]): Record<string, Figure> {
  const scores = new Map<string, number[]>();
  for (const share of SHARES) {
    for (const [set, all] of Object.entries(curves(read, share, 150, 0.5))) {
      for (const { x, y, topX, topY } of all) {
        if (x.length < 4) continue;
        const { law } = chooseLaw(x, y);
        const fit = fitLaw(law, x, y);
        const top = topX.at(-1)!;
        const score = Math.abs(Math.log(fit.at(top) / topY.at(-1)!)) / doubt(law, fit, x, y)(top);
        scores.set(set, [...(scores.get(set) ?? []), score]);
      }
    }
  }
  return calibrated(scores, 'intervals', 'held-out tops');
}

function bounded(value: number, unit: string, most: number, rival?: number): Figure {
  return {
    value,
    unit,
    bound: `≤ ${Number(most.toPrecision(8))}`,
    pass: value <= most,
    ...(rival === undefined ? {} : { rival: { name: 'SciPy', value: rival } }),
  };
}

function within(value: number, unit: string, expected: number, tolerance: number): Figure {
  const bound = `${Number(expected.toPrecision(6))} ± ${Number(tolerance.toPrecision(3))}`;
  return { value, unit, bound, pass: Math.abs(value - expected) <= tolerance };
}

/** A result and the CPU seconds it took. */
function timed<T>(work: () => T): [T, number] {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1e6];
}
