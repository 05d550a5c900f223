/**
 * Bets: what each way of spreading a budget over competing lines of enquiry finds, and what a reserve for repeats is
 * worth. `ANSATZ_DATA_LOGS` names the folder with `aml_trials.json` (not part of this repository); without it the two
 * replayed worlds are left out.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Allocator,
  allocators,
  type Candidate,
  confirmed,
  finalistsOf,
  nextRepeat,
  pick,
  review,
} from '../ansatz/src/methods/bets/index.ts';
import { mean, type Rng, variance } from '../ansatz/src/methods/math/index.ts';
import type { Bench, Figure } from './main.ts';
import { type MakeWorld, playerStream, type World, worlds, worldStream } from './worlds.ts';

/** Fresh seeds: whatever was tuned, was tuned on 0 to 80. */
const SEEDS = Array.from({ length: Number(process.env['ANSATZ_BENCH_SEEDS'] ?? 150) }, (_, i) => 5000 + i);
/** The world that does not count in mean and worst: there is next to nothing to learn in it. */
const BESIDE = 'jackpot';
const DEFAULT = 'auto';
const KILLING = 'auto and kills';
const MEAN = 0.6;
const WORST = 0.75;
/** Runs between two reviews. */
const REVIEW = 12;
const SHARES = [0, 0.05, 0.1, 0.2];

/** One run as the judge sees it. */
interface Seen extends Candidate {
  readonly truth: number;
}

/** One policy in one world, over all seeds. */
interface Outcome {
  /** Regret as a share of round robin's: 1 = round robin, 0 = the best single bet in hindsight. */
  readonly ratio: number;
  /** Half the paired 95 % interval. */
  readonly margin: number;
}

export async function bench(): Promise<Bench> {
  const folder = logs();
  const notes: string[] =
    folder === undefined ? ['ANSATZ_DATA_LOGS names no folder with aml_trials.json: traces left out'] : [];
  const made = worlds(folder);
  const names = Object.keys(made);
  const figures: Record<string, Figure> = {};
  const policies = { ...everyone(), [KILLING]: killing };
  const table = new Map<string, Map<string, Outcome>>(Object.keys(policies).map((policy) => [policy, new Map()]));
  for (const [world, make] of Object.entries(made)) {
    const oracle = mean(SEEDS.map((seed) => hindsight(make, seed)));
    const results = new Map(
      Object.entries(policies).map(([policy, start]) => [policy, SEEDS.map((seed) => naive(make, seed, start()))]),
    );
    const base = results.get('round-robin')!;
    const regret = mean(base) - oracle;
    figures[`${world}: regret of round robin`] = { value: regret, unit: 'loss' };
    for (const [policy, found] of results) {
      table.get(policy)!.set(world, { ratio: (mean(found) - oracle) / regret, margin: margin(found, base) / regret });
    }
    const [killed, kept] = [results.get(KILLING)!, results.get(DEFAULT)!];
    figures[`what kills cost, ${world}`] = {
      value: (mean(killed) - mean(kept)) / regret,
      unit: 'of round robin’s regret',
      note: `± ${(margin(killed, kept) / regret).toFixed(2)}`,
    };
  }
  for (const [policy, row] of table) {
    for (const [world, { ratio, margin }] of row) {
      figures[`${policy}, ${world}`] = {
        value: ratio,
        unit: 'of round robin’s regret',
        note: `± ${margin.toFixed(2)}`,
      };
    }
    Object.assign(figures, summary(policy, row, folder !== undefined));
  }
  notes.push(...asTable(table, names, figures), ...reserve(worlds(folder, 0.05)));
  return { seeds: SEEDS, figures, notes };
}

/** Half the 95 % interval of the mean of paired differences. */
function margin(of: readonly number[], to: readonly number[]): number {
  return 1.96 * Math.sqrt(variance(of.map((loss, i) => loss - to[i]!)) / of.length);
}

/** Every allocator; a new one for each search, for those that remember. */
function everyone(): Record<string, () => Allocator> {
  return Object.fromEntries(Object.entries(allocators).map(([name, { allocate }]) => [name, () => allocate]));
}

/** The default with a review every twelve runs; what is killed stays so. */
function killing(): Allocator {
  let last: ReturnType<typeof review> = [];
  const killed = new Set<string>();
  let asked = 0;
  return (bets, situation, random) => {
    const alive = bets.filter(({ name }) => !killed.has(name));
    if (++asked % REVIEW === 0) {
      last = review(alive, situation, random, { last });
      for (const { name, kill } of last) if (kill) killed.add(name);
    }
    const open = bets.map((bet) => (killed.has(bet.name) ? { ...bet, cap: 0 } : bet));
    return allocators[DEFAULT].allocate(open, situation, random);
  };
}

function logs(): string | undefined {
  const folder = process.env['ANSATZ_DATA_LOGS'];
  return folder !== undefined && existsSync(join(folder, 'aml_trials.json')) ? folder : undefined;
}

/** Mean and worst over the worlds that count; bounds hold where all of them are there. */
function summary(policy: string, row: ReadonlyMap<string, Outcome>, whole: boolean): Record<string, Figure> {
  const ratios = [...row].flatMap(([world, { ratio }]) => (world === BESIDE ? [] : [ratio]));
  const figure = (value: number, most: number): Figure => ({
    value,
    unit: 'of round robin’s regret',
    ...(policy === DEFAULT && whole ? { bound: `≤ ${most}`, pass: value <= most } : {}),
  });
  return { [`${policy}: mean`]: figure(mean(ratios), MEAN), [`${policy}: worst`]: figure(Math.max(...ratios), WORST) };
}

function asTable(
  table: ReadonlyMap<string, ReadonlyMap<string, Outcome>>,
  names: readonly string[],
  figures: Readonly<Record<string, Figure>>,
): string[] {
  const head = ['policy', ...names, 'mean', 'worst'].map((text) => text.padEnd(16)).join('');
  const rows = [...table].map(([policy, row]) =>
    [
      policy,
      ...names.map((world) => `${row.get(world)!.ratio.toFixed(2)} ±${row.get(world)!.margin.toFixed(2)}`),
      figures[`${policy}: mean`]!.value.toFixed(2),
      figures[`${policy}: worst`]!.value.toFixed(2),
    ]
      .map((text) => text.padEnd(16))
      .join(''),
  );
  return [`regret ÷ regret of round robin, paired 95 %; mean and worst without ${BESIDE}`, head, ...rows];
}

/** Plays a world until `budget` is spent or nothing is affordable. */
function search(world: World, budget: number, allocate: Allocator, random: Rng): { seen: Seen[]; spent: number } {
  const bets = Array.from({ length: world.bets }, (_, k) => ({
    name: String(k),
    losses: [] as number[],
    failures: 0,
    pending: 0,
    cost: 0,
  }));
  const seen: Seen[] = [];
  for (let spent = 0; ;) {
    const chosen = allocate(bets, { left: budget - spent, noise: world.noise }, random);
    if (chosen === undefined) return { seen, spent };
    const { loss, truth, cost } = world.play(chosen);
    const bet = bets[chosen]!;
    bet.cost += cost;
    spent += cost;
    if (loss === undefined || truth === undefined) bet.failures++;
    else {
      bet.losses.push(loss);
      seen.push({ bet: bet.name, loss, truth, cost });
    }
  }
}

/** True loss of what looks best after all of the budget. */
function naive(make: MakeWorld, seed: number, allocate: Allocator): number {
  const world = make(worldStream(seed));
  return leastLoss(search(world, world.budget, allocate, playerStream(seed)).seen).truth;
}

/** The least true loss that any single bet comes to with the whole budget. */
function hindsight(make: MakeWorld, seed: number): number {
  const { bets } = make(worldStream(seed));
  let best = Infinity;
  for (let k = 0; k < bets; k++) {
    const world = make(worldStream(seed));
    for (let spent = 0; spent < world.budget;) {
      const { truth, cost } = world.play(k);
      spent += cost;
      if (truth !== undefined && truth < best) best = truth;
    }
  }
  return best;
}

function leastLoss(seen: readonly Seen[]): Seen {
  return seen.reduce((best, one) => (one.loss < best.loss ? one : best));
}

/** What setting money aside for repeats does to the result and to what is believed of it; loss units. */
function reserve(made: Readonly<Record<string, MakeWorld>>): string[] {
  const lines = [
    '',
    'confirm reserve: true loss of the pick ± 95 % / optimism (truth − what is claimed) / loss to the best found',
  ];
  for (const [name, make] of Object.entries(made)) {
    if (name === BESIDE || name === 'trace6h') continue;
    const cells = SHARES.map((share) => {
      const all = SEEDS.map((seed) => settle(make, seed, share));
      const truth = all.map((one) => one.truth);
      const half = 1.96 * Math.sqrt(variance(truth) / SEEDS.length);
      const optimism = mean(all.map((one) => one.truth - one.claimed));
      const lost = mean(all.map((one) => one.truth - one.best));
      const way = share === 0 ? 'naive' : `${100 * share} %`;
      return `${way}: ${mean(truth).toFixed(3)} ±${half.toFixed(3)} / ${optimism.toFixed(3)} / ${lost.toFixed(3)}`;
    });
    lines.push(`${name.padEnd(10)}${cells.join('   ')}`);
  }
  return lines;
}

/** Search with a share set aside, repeat the finalists, pick. */
function settle(make: MakeWorld, seed: number, share: number): { truth: number; claimed: number; best: number } {
  const world = make(worldStream(seed));
  const random = playerStream(seed);
  const { seen } = search(world, world.budget * (1 - share), allocators[DEFAULT].allocate, random);
  const best = seen.reduce((least, { truth }) => Math.min(least, truth), Infinity);
  if (share === 0) {
    const found = leastLoss(seen);
    return { truth: found.truth, claimed: found.loss, best };
  }
  const finalists = finalistsOf(seen, world.noise).map((one) => ({ ...one, repeats: [] as number[] }));
  for (;;) {
    const next = nextRepeat(finalists, world.budget * share);
    if (next === undefined) break;
    finalists[next]!.repeats.push(seen[finalists[next]!.candidate]!.truth + world.noise * random.normal());
  }
  const chosen = finalists[pick(finalists)!]!;
  return { truth: seen[chosen.candidate]!.truth, claimed: confirmed(chosen), best };
}
