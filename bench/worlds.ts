/**
 * Worlds in which several bets compete for one budget. Five are computed; two replay what nine methods did on one real
 * tuning task. An allocator sees results with noise and their cost; the true values are for the judge.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Rng, rng } from '../ansatz/src/methods/math/rng.ts';

/** The outcome of one run. Losses are lower-is-better. */
export interface Played {
  /** What the run reports, noise included; undefined when it failed. */
  readonly loss: number | undefined;
  /** What it is worth; undefined when it failed. */
  readonly truth: number | undefined;
  readonly cost: number;
}

/** One problem. It changes with every run. */
export interface World {
  readonly bets: number;
  readonly budget: number;
  /** Standard deviation of a report about its truth. */
  readonly noise: number;
  play(bet: number): Played;
}

export type MakeWorld = (random: Rng) => World;

const BETS = 6;
const BUDGET = 120;

/** Every bet is a Gaussian of its own: what counts is the best draw, not the mean. */
const extreme: MakeWorld = (random) => {
  const mean = each(() => 0.5 * random.normal());
  const sd = each(() => logUniform(random, 0.2, 1.2));
  return computed(random, 0.3, (k) => mean[k]! + sd[k]! * random.normal());
};

/** Results improve as a power of the number of runs; bets with a good end tend to start badly. */
const rising: MakeWorld = (random) => {
  const end = each(() => 0.6 * random.normal());
  const power = each(() => between(random, 0.2, 1));
  const worst = Math.max(...end);
  const start = each((k) => between(random, 0.5, 2) + 0.6 * (worst - end[k]!));
  const runs = each(() => 0);
  return computed(
    random,
    0.15,
    (k) => end[k]! + start[k]! * (++runs[k]!) ** -power[k]! + 0.15 * Math.abs(random.normal()),
  );
};

/** Each bet edits its incumbent and keeps what looks better: gains shrink, and noise lets bad edits through. */
const climb: MakeWorld = (random) => {
  const noise = 0.06;
  const incumbent = each(() => 0.15 * random.normal());
  const seen = [...incumbent];
  const chance = each(() => between(random, 0.05, 0.4));
  const gain = each(() => logUniform(random, 0.05, 0.3));
  const patience = each(() => between(random, 5, 60));
  const price = each(() => logUniform(random, 0.5, 2));
  const runs = each(() => 0);
  return {
    bets: BETS,
    budget: BUDGET,
    noise,
    play(k) {
      runs[k]!++;
      const size = gain[k]! / (1 + runs[k]! / patience[k]!);
      const change = random.uniform() < chance[k]! ? -size * exponential(random) : 0.12 * Math.abs(random.normal());
      const truth = incumbent[k]! + change;
      const loss = truth + noise * random.normal();
      if (loss < seen[k]!) {
        incumbent[k] = truth;
        seen[k] = loss;
      }
      return { loss, truth, cost: price[k]! * jitter(random) };
    },
  };
};

/** Nearly nothing works; rarely something works very well. */
const jackpot: MakeWorld = (random) => {
  const noise = 0.2;
  const chance = each(() => logUniform(random, 0.01, 0.2));
  const size = each(() => logUniform(random, 0.3, 1.5));
  const failing = each(() => between(random, 0, 0.3));
  const price = each(() => logUniform(random, 0.5, 2));
  return {
    bets: BETS,
    budget: BUDGET,
    noise,
    play(k) {
      const cost = price[k]! * jitter(random);
      if (random.uniform() < failing[k]!) return { loss: undefined, truth: undefined, cost: 0.2 * cost };
      const usual = 0.3 * Math.abs(random.normal());
      const truth = random.uniform() < chance[k]! ? -size[k]! * exponential(random) : usual;
      return { loss: truth + noise * random.normal(), truth, cost };
    },
  };
};

/** Value of each run (hundredths of a bit per byte; undefined: failed) and its cost in five-minute runs. */
type Trace = readonly (readonly [loss: number | undefined, cost: number])[];

/**
 * Real runs in the order their method made them: six of nine methods, one of the three seeds of each, with the wall
 * times and the crashes they had. `noise` is added to what is reported.
 */
function replay(methods: readonly (readonly Trace[])[], hours: number, noise: number): MakeWorld {
  return (random) => {
    const order = methods.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.int(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const traces = order.slice(0, BETS).map((i) => methods[i]![random.int(methods[i]!.length)]!);
    const runs = each(() => 0);
    return {
      bets: BETS,
      budget: hours * 12,
      noise,
      play(k) {
        // A method that made no more runs than these has nothing more to offer.
        const [truth, cost] = traces[k]![runs[k]!++] ?? [undefined, 1];
        return {
          loss: truth === undefined || noise === 0 ? truth : truth + noise * random.normal(),
          truth,
          cost: Math.max(cost, 0.05),
        };
      },
    };
  };
}

/** The public log of autoresearch-automl (11,172 trials of nine methods, MIT licence). */
function methodsIn(folder: string): Trace[][] {
  type Row = { readonly val_bpb: number; readonly success: boolean; readonly wt: number };
  const log = JSON.parse(readFileSync(join(folder, 'aml_trials.json'), 'utf8')) as Record<
    string,
    Record<string, Row[]>
  >;
  return Object.values(log).map((seeds) =>
    Object.values(seeds).map((rows) =>
      // Beyond 1.2 bits the training did not learn: the log's authors count it as failed as well.
      rows.map(({ val_bpb, success, wt }) => [success && val_bpb <= 1.2 ? val_bpb * 100 : undefined, wt / 300]),
    ),
  );
}

/** All worlds by name; the replayed ones only where the folder with the log is known. */
export function worlds(folder: string | undefined, traceNoise = 0): Readonly<Record<string, MakeWorld>> {
  const traces: Record<string, MakeWorld> = {};
  if (folder !== undefined) {
    const methods = methodsIn(folder);
    traces['trace6h'] = replay(methods, 6, traceNoise);
    traces['trace24h'] = replay(methods, 24, traceNoise);
  }
  return { ...traces, climb, rising, extreme, jackpot };
}

/** The stream of a world's chance, and of the one who plays it: they must not depend on each other. */
export const worldStream = (seed: number): Rng => rng(seed, 1);
export const playerStream = (seed: number): Rng => rng(seed, 2);

/** A world without failures whose price per run is drawn last. */
function computed(random: Rng, noise: number, truthOf: (bet: number) => number): World {
  const price = each(() => logUniform(random, 0.5, 2));
  return {
    bets: BETS,
    budget: BUDGET,
    noise,
    play(k) {
      const truth = truthOf(k);
      return { loss: truth + noise * random.normal(), truth, cost: price[k]! * jitter(random) };
    },
  };
}

function each<T>(make: (bet: number) => T): T[] {
  return Array.from({ length: BETS }, (_, k) => make(k));
}

function between(random: Rng, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

function logUniform(random: Rng, low: number, high: number): number {
  return Math.exp(between(random, Math.log(low), Math.log(high)));
}

function exponential(random: Rng): number {
  return -Math.log(1 - random.uniform());
}

/** Two runs of one bet differ in cost by a fifth. */
function jitter(random: Rng): number {
  return Math.exp(0.2 * random.normal());
}
