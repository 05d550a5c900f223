/**
 * NSGA-II as a pure sampler, for several objectives and measured constraints: Deb, Pratap, Agarwal & Meyarivan 2002.
 *
 * The population is selected anew from the history, block by block, and after the last whole block with every result
 * that has come in since (steady state), so that slots never wait for a generation to be complete. Numbers cross by simulated binary
 * crossover (Deb & Agrawal 1995) and mutate by a polynomial (Deb & Goyal 1996) in the unit cube; choices cross uniformly.
 */

import type { Rng } from '../math/rng.ts';
import { decode, encodeParam } from '../space/encode.ts';
import { valueAt } from '../space/point.ts';
import type { Param, Point, Space } from '../space/space.ts';
import { crowding, fronts, type Outcome } from '../stats/pareto.ts';
import { firstUntried } from './candidates.ts';
import { quasi } from './quasi.ts';
import type { Observation, Sampler } from './sampler.ts';

const CROSSOVER = 0.9;
/** Distribution indices: children lie closer to their parents the larger. */
const SPREAD = 15;
const MUTATION = 20;

interface Member {
  readonly point: Point;
  readonly outcome: Outcome;
}

/** A member and its place: lower front first, then the larger distance. */
interface Ranked extends Member {
  readonly front: number;
  readonly distance: number;
}

/** Members that may have children: two for each parameter, between 12 and 40. */
export function populationSize(space: Space): number {
  return Math.min(40, Math.max(12, 2 * space.params.length));
}

/**
 * A child of two members of the population, each the better of two drawn. Observations without `losses` count as having
 * one objective, their `loss`; those with another number of objectives than the latest are not looked at. Fewer results
 * than half a population are answered by {@link quasi}. Runs that failed or were cut short are no parents.
 */
export const nsga2: Sampler = (space, history, rng) => {
  const size = populationSize(space);
  const results = resultsOf(history);
  if (results.length < size / 2 || space.params.length === 0) return quasi(space, history, rng);
  const population = populationOf(space.params[0]!, results, size);
  return firstUntried(space, history, rng, (attempt) => {
    const [a, b] = [tournament(population, rng), tournament(population, rng)];
    return child(space, a.point, b.point, rng, Math.min(10, 1 + attempt / 8));
  });
};

/** Results with as many objectives as the latest. */
function resultsOf(history: readonly Observation[]): Observation[] {
  const results: Observation[] = [];
  let objectives: number | undefined;
  for (let i = history.length - 1; i >= 0; i--) {
    const observation = history[i]!;
    const losses = lossesOf(observation);
    if (observation.status !== 'done' || losses.length === 0 || !losses.every(Number.isFinite)) continue;
    objectives ??= losses.length;
    if (losses.length === objectives) results.push(observation);
  }
  return results.reverse();
}

function lossesOf({ loss, losses }: Observation): readonly number[] {
  return losses ?? (loss === undefined ? [] : [loss]);
}

/** The population after each whole block of results; only ever saves time. */
interface Memo {
  readonly size: number;
  readonly results: readonly Observation[];
  readonly populations: readonly (readonly Ranked[])[];
}

const memos = new WeakMap<Param, Memo>();

/** The population after all results, `key` being where the work of earlier asks is kept. */
function populationOf(key: Param, results: readonly Observation[], size: number): readonly Ranked[] {
  const known = memos.get(key);
  let same = 0;
  if (known?.size === size) while (same < results.length && results[same] === known.results[same]) same++;
  const populations = (known?.populations ?? []).slice(0, Math.floor(same / size));
  let population = populations.at(-1) ?? [];
  for (let from = populations.length * size; from < results.length; from += size) {
    const block = results.slice(from, from + size);
    const members = block.map((o): Member => ({
      point: o.point,
      outcome: { losses: lossesOf(o), violations: o.violations },
    }));
    population = selected([...population, ...members], size);
    if (block.length === size) populations.push(population);
  }
  memos.set(key, { size, results, populations });
  return population;
}

/** The best `size` members: whole fronts first, of the last one the least crowded. */
function selected(members: readonly Member[], size: number): Ranked[] {
  const ranked: Ranked[] = [];
  for (const [front, indices] of fronts(members.map((m) => m.outcome)).entries()) {
    if (ranked.length >= size) break;
    const distances = crowding(indices.map((i) => members[i]!.outcome.losses));
    const placed = indices.map((i, k): Ranked => ({
      point: members[i]!.point,
      outcome: members[i]!.outcome,
      front,
      distance: distances[k]!,
    }));
    ranked.push(...placed.sort((a, b) => b.distance - a.distance).slice(0, size - ranked.length));
  }
  return ranked;
}

function tournament(population: readonly Ranked[], random: Rng): Ranked {
  const [a, b] = [population[random.int(population.length)]!, population[random.int(population.length)]!];
  if (a.front !== b.front) return a.front < b.front ? a : b;
  return a.distance >= b.distance ? a : b;
}

/** One child. A parameter that only one parent has comes from that one; one that neither has is drawn. */
function child(space: Space, first: Point, second: Point, random: Rng, eagerness: number): Point {
  const crossing = random.uniform() < CROSSOVER;
  const rate = Math.min(1, eagerness / space.params.length);
  return decode(
    space,
    space.params.map((param) => {
      const swapped = crossing && random.uniform() < 0.5;
      const a = placeOf(param, swapped ? second : first);
      const b = placeOf(param, swapped ? first : second);
      if (a === undefined && b === undefined) return random.uniform();
      if (param.kind === 'choice' && param.ordered !== true)
        return random.uniform() < rate ? random.uniform() : (a ?? b!);
      const crossed = crossing && a !== undefined && b !== undefined ? crossedBetween(a, b, random) : (a ?? b!);
      return random.uniform() < rate ? mutated(crossed, random) : crossed;
    }),
  );
}

function placeOf(param: Param, point: Point): number | undefined {
  const value = valueAt(point, param.name);
  if (value === undefined) return undefined;
  return param.kind === 'choice' && !param.choices.includes(value) ? undefined : encodeParam(param, value);
}

/** Simulated binary crossover of half of the coordinates: the child that lies nearer to `a`. */
function crossedBetween(a: number, b: number, random: Rng): number {
  if (random.uniform() < 0.5) return a;
  const u = random.uniform();
  const beta = u < 0.5 ? (2 * u) ** (1 / (SPREAD + 1)) : (2 * (1 - u)) ** (-1 / (SPREAD + 1));
  return Math.min(1, Math.max(0, 0.5 * ((1 + beta) * a + (1 - beta) * b)));
}

/** Polynomial mutation that never leaves the unit interval. */
function mutated(x: number, random: Rng): number {
  const u = random.uniform();
  const power = 1 / (MUTATION + 1);
  if (u < 0.5) return Math.max(0, x + (2 * u + (1 - 2 * u) * (1 - x) ** (MUTATION + 1)) ** power - 1);
  return Math.min(1, x + 1 - (2 * (1 - u) + (2 * u - 1) * x ** (MUTATION + 1)) ** power);
}
