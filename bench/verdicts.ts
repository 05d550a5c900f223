/**
 * Can a verdict be trusted? A/A tests on repeats of real trainings, power, the winner's curse, and whole labs whose
 * researcher has only ideas of known worth, beside the loop that keeps whatever is lower.
 * `ANSATZ_DATA_SCALING` names the folder of the repeats (nanogpt_speedrun_finals.csv); without it noise is normal.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mean, quantile, variance } from '../ansatz/src/methods/math/index.ts';
import { normalCdf, studentQuantile } from '../ansatz/src/methods/math/quantile.ts';
import { rng, type Rng } from '../ansatz/src/methods/math/rng.ts';
import { compare } from '../ansatz/src/methods/stats/compare.ts';
import {
  mixtureRadius,
  normalEquivalent,
  spreadFor,
  studentEquivalent,
} from '../ansatz/src/methods/stats/confidence.ts';
import { type Look, nextBoundary } from '../ansatz/src/methods/stats/sequential.ts';
import { effectPrior, shrink } from '../ansatz/src/methods/stats/shrink.ts';
import { wilson } from '../ansatz/src/methods/stats/index.ts';
import type { Bench, Figure } from './main.ts';
import { type Ideas, keepIfLower, noiseFrom, play } from './referee.ts';

const STUDIES = Number(process.env['ANSATZ_BENCH_STUDIES'] ?? 400);
const SPLITS = 4000;
const FLOOR = 8;
const MOST = 10;

export async function bench(): Promise<Bench> {
  const folder = process.env['ANSATZ_DATA_SCALING'];
  const file = folder === undefined ? undefined : join(folder, 'nanogpt_speedrun_finals.csv');
  const cells = file !== undefined && existsSync(file) ? cellsOf(file) : [];
  const figures: Record<string, Figure> = {};
  for (const cell of cells.filter((one) => one.length >= FLOOR + MOST + 2)) alarms(cell, cells, figures);
  power(figures);
  curse(figures);
  const real = cells.find((cell) => cell.length === Math.max(...cells.map((one) => one.length)));
  await labs(figures, real);
  return {
    seeds: [1, STUDIES],
    figures,
    notes: [
      cells.length === 0
        ? 'no real repeats: ANSATZ_DATA_SCALING names no folder with nanogpt_speedrun_finals.csv; noise is normal'
        : `${cells.length} cells of at least 5 repeats; labs draw their noise from the ${real!.length}-run cell`,
    ],
  };
}

/** Final losses of repeats of one code and length, five or more. */
function cellsOf(file: string): number[][] {
  const cells = new Map<string, number[]>();
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const names = head!.split(',');
  for (const line of lines) {
    const values = line.split(',');
    const at = (name: string): string => values[names.indexOf(name)]!;
    const loss = Number(at('final_val_loss'));
    if (!(loss < 4) || at('track') === 'track_2_medium') continue;
    const key = [at('track'), at('record'), at('total_steps')].join(' ');
    cells.set(key, [...(cells.get(key) ?? []), loss]);
  }
  return [...cells.values()].filter((cell) => cell.length >= 5).sort((a, b) => b.length - a.length);
}

function drawn(cell: readonly number[], count: number, random: Rng): number[] {
  const rest = [...cell];
  return Array.from({ length: count }, () => rest.splice(random.int(rest.length), 1)[0]!);
}

/** The same against the same: how often is a difference claimed? */
function alarms(cell: readonly number[], cells: readonly number[][], figures: Record<string, Figure>): void {
  const all = cells.reduce((sum, one) => sum + variance(one) * (one.length - 1), 0);
  const global = Math.sqrt(all / cells.reduce((sum, one) => sum + one.length - 1, 0));
  const fixed: Record<number, number> = { 2: 0, 3: 0, 5: 0 };
  let [sequence, boundary, pooled] = [0, 0, 0];
  const looks: Look[] = [];
  for (let n = 2; n <= MOST; n++) {
    const information = 1 / (1 / n + 1 / FLOOR);
    looks.push({ information, boundary: nextBoundary(looks, information, 1 / (1 / MOST + 1 / FLOOR), 0.025) });
  }
  for (let split = 0; split < SPLITS; split++) {
    const random = rng(split, cell.length);
    const values = drawn(cell, FLOOR + MOST, random);
    const baseline = { values: values.slice(0, FLOOR), included: true };
    const floor = { sd: Math.sqrt(variance(baseline.values)), df: FLOOR - 1 };
    let [crossed, beyond, globally] = [false, false, false];
    for (let n = 2; n <= MOST; n++) {
      const fresh = { values: values.slice(FLOOR, FLOOR + n), included: false };
      const { effect, se, margin, df } = compare(fresh, baseline, 'minimize', floor);
      if (n in fixed && Math.abs(effect) > margin) fixed[n]!++;
      const information = 1 / (1 / n + 1 / FLOOR);
      const spread = spreadFor(2.5, 0.05);
      const radius = mixtureRadius(information, 0.05, spread) * Math.sqrt(information);
      if (Math.abs(effect) > studentEquivalent(radius, df) * se) crossed = true;
      if (Math.abs(normalEquivalent(effect / se, df)) > looks[n - 2]!.boundary) beyond = true;
      if (Math.abs(effect) > 1.96 * global * Math.sqrt(1 / n + 1 / FLOOR)) globally = true;
    }
    sequence += Number(crossed);
    boundary += Number(beyond);
    pooled += Number(globally);
  }
  const name = `aa.cell_${cell.length}`;
  const bound = cell.length === 75 ? 0.06 : 0.08;
  const share = (hits: number, note?: string): Figure => ({
    value: hits / SPLITS,
    unit: 'false alarms at nominal 5 %',
    quartiles: wilson(hits, SPLITS),
    bound: `<= ${bound}`,
    pass: hits / SPLITS <= bound,
    ...(note === undefined ? {} : { note }),
  });
  for (const [n, hits] of Object.entries(fixed)) figures[`${name}.fixed_${n}`] = share(hits, 'one look');
  figures[`${name}.boundary`] = share(boundary, 'a look after every run from 2 to 10, two-sided');
  figures[`${name}.sequence`] = share(sequence, 'confidence sequence, a look after every run');
  figures[`${name}.globally_pooled`] = {
    value: pooled / SPLITS,
    unit: 'false alarms',
    note: 'for comparison: sd pooled over all cells, fixed 1.96, a look after every run',
  };
}

/** Chance that Student's t of a shifted mean exceeds its critical value: the noncentral t, by quadrature over s. */
function theory(shift: number, df: number, critical: number): number {
  const points = 4000;
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < points; i++) {
    const s = ((i + 0.5) / points) * 4;
    const density = Math.exp((df - 1) * Math.log(s) - (df * s * s) / 2 + df / 2);
    weight += density;
    sum += density * normalCdf(shift - critical * s);
  }
  return sum / weight;
}

/** Does a real effect get seen as often as theory says, when the noise is known from eight runs of the baseline? */
function power(figures: Record<string, Figure>): void {
  const gaps: number[] = [];
  for (let n = 2; n <= MOST; n++) {
    const df = FLOOR + n - 2;
    const se = Math.sqrt(1 / n + 1 / FLOOR);
    const critical = studentQuantile(0.975, df);
    let effect = 0.5;
    while (theory(effect / se, df, critical) < 0.8) effect += 0.01;
    let hits = 0;
    for (let i = 0; i < SPLITS; i++) {
      const random = rng(i, n, 0xb0);
      const baseline = Array.from({ length: FLOOR }, () => random.normal());
      const fresh = Array.from({ length: n }, () => random.normal() - effect);
      const floor = { sd: Math.sqrt(variance(baseline)), df: FLOOR - 1 };
      const seen = compare({ values: fresh, included: false }, { values: baseline, included: true }, 'minimize', floor);
      hits += Number(seen.effect > seen.margin);
    }
    gaps.push(hits / SPLITS - theory(effect / se, df, critical));
  }
  const worst = gaps.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  figures['power.gap_to_theory'] = {
    value: worst,
    unit: 'largest gap at power .8, n = 2 to 10',
    bound: 'within .05',
    pass: Math.abs(worst) <= 0.05,
    note: gaps.map((gap) => gap.toFixed(3)).join(' '),
  };
}

/** The best of 30 by one run each: what is said of it, and what is true. */
function curse(figures: Record<string, Figure>): void {
  for (const spread of [0, 0.5, 1]) {
    const naive: number[] = [];
    const shrunk: number[] = [];
    const fresh: number[] = [];
    for (let seed = 0; seed < SPLITS; seed++) {
      const random = rng(seed, 0xc0, Math.round(10 * spread));
      const truth = Array.from({ length: 30 }, () => spread * random.normal());
      const seen = truth.map((value) => value + random.normal());
      const best = seen.indexOf(Math.max(...seen));
      naive.push(seen[best]! - truth[best]!);
      shrunk.push(shrink(seen[best]!, effectPrior(seen, 1)).mean - truth[best]!);
      fresh.push((random.normal() + random.normal() + random.normal()) / 3);
    }
    figures[`curse.replicated_tau_${spread}`] = {
      value: mean(fresh),
      unit: 'bias of the reported effect, noise sd',
      bound: 'within .15',
      pass: Math.abs(mean(fresh)) <= 0.15,
      rival: { name: 'as it was found', value: mean(naive) },
      note: `what the judge expects of it before fresh runs (shrunk): ${mean(shrunk).toFixed(2)}`,
    };
  }
}

const WORLDS: Readonly<Record<string, { readonly ideas: Ideas; readonly common: number; readonly says: string }>> = {
  null: { ideas: () => 0, common: 0, says: 'no idea does anything' },
  rare: {
    ideas: (random) => (random.uniform() < 0.15 ? 0.5 + 1.5 * random.uniform() : -Math.abs(random.normal())),
    common: 0,
    says: 'one idea in seven gains .5 to 2 sd, the others lose',
  },
  climb: {
    ideas: (random, gained) =>
      random.uniform() < 0.25 ? 3 * random.uniform() * Math.exp(-gained / 15) : -2 * Math.abs(random.normal()),
    common: 0,
    says: 'one in four gains, less and less',
  },
  paired: {
    ideas: (random, gained) =>
      random.uniform() < 0.25 ? 3 * random.uniform() * Math.exp(-gained / 15) : -2 * Math.abs(random.normal()),
    common: 0.8,
    says: 'as climb, and 80 % of the noise comes with the seed',
  },
};

/** Trials of a study without effects; and the budget of the others, in runs. */
const TRIALS = 125;
const RUNS = 160;

async function labs(figures: Record<string, Figure>, cell: readonly number[] | undefined): Promise<void> {
  const centre = cell === undefined ? 0 : mean(cell);
  const sd = cell === undefined ? 1 : Math.sqrt(variance(cell));
  const noise = noiseFrom(cell?.map((value) => (value - centre) / sd));
  for (const [name, world] of Object.entries(WORLDS)) {
    let [wrong, keeps] = [0, 0];
    const gains: number[] = [];
    const optimism: number[] = [];
    const naive = { keeps: 0, wrong: 0, gains: [] as number[] };
    for (let seed = 1; seed <= STUDIES; seed++) {
      const slot = { cpus: [], gpus: [], threads: 1 };
      const { state, truth } = await play(seed, world.ideas, noise, {
        slots: Array.from({ length: seed % 2 === 0 ? 4 : 1 }, () => slot),
        budget: name === 'null' ? {} : { runs: RUNS },
        common: world.common,
        ...(name === 'null' ? { trials: TRIALS } : {}),
      });
      const kept = state.marks.slice(1).map((mark) => state.trials[mark.trial - 1]!);
      const before = [1, ...kept.map((trial) => trial.id)];
      const mistaken = kept.filter((trial, i) => truth[trial.id - 1]! <= truth[before[i]! - 1]!).length;
      keeps += kept.length;
      wrong += Number(mistaken > 0);
      const best = state.trials[state.incumbent! - 1]!;
      gains.push(truth[best.id - 1]!);
      if (best.replicates.length > 1) optimism.push(10 - mean(best.replicates) - truth[best.id - 1]!);
      const lower = keepIfLower(seed, world.ideas, noise, name === 'null' ? TRIALS : RUNS);
      naive.keeps += lower.keeps;
      naive.wrong += lower.wrong;
      naive.gains.push(lower.gain);
    }
    figures[`lab.${name}.false`] = {
      value: wrong / STUDIES,
      unit: 'studies with a keep that is no gain',
      quartiles: wilson(wrong, STUDIES),
      ...(name === 'null' ? { bound: '<= .05', pass: wrong / STUDIES <= 0.05 } : {}),
      note: `${world.says}; ${(keeps / STUDIES).toFixed(2)} keeps a study. Keep if lower: ${(naive.wrong / STUDIES).toFixed(1)} false keeps of ${(naive.keeps / STUDIES).toFixed(1)}`,
    };
    if (name === 'null') continue;
    figures[`lab.${name}.gain`] = {
      value: mean(gains),
      unit: `noise sd truly gained with ${RUNS} runs`,
      quartiles: [quantile(gains, 0.25), quantile(gains, 0.75)],
      rival: {
        name: 'keep if lower',
        value: mean(naive.gains),
        quartiles: [quantile(naive.gains, 0.25), quantile(naive.gains, 0.75)],
      },
      note: optimism.length === 0 ? '' : `reported minus true: ${mean(optimism).toFixed(3)} sd`,
    };
  }
}
