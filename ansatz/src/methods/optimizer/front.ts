/**
 * Ask and tell with several values per trial, such as error and size: there is no best one then, but a front of those that
 * nothing beats in all of them. Everything it answers depends on the seed and on what it was told, in that order.
 */

import { rng } from '../math/rng.ts';
import { samplers } from '../sampling/auto.ts';
import type { Observation } from '../sampling/sampler.ts';
import type { Point, Space } from '../space/space.ts';
import { firstFront } from '../stats/pareto.ts';
import { checkCost, keeping, pointOf } from './check.ts';
import { EXPECTED, misfit, OptimizerError, unknownName } from './error.ts';
import { checkOptions } from './options.ts';
import { trialAt } from './trial.ts';

type Direction = 'minimize' | 'maximize';

/** Samplers that look at several values, or at none. */
const FOR_FRONTS = ['auto', 'ehvi', 'nsga2', 'sobol', 'random'] as const;

export interface FrontOptions {
  readonly space: Space;
  /** One for each value, in the order they are told in. */
  readonly directions: readonly Direction[];
  /** Whole number; the same seed and the same answers give the same questions. */
  readonly seed?: number;
  /** auto when absent: expected hypervolume, NSGA-II for more than three values or 250 results. */
  readonly sampler?: (typeof FOR_FRONTS)[number];
}

/** What a trial came to. */
export interface Outcomes {
  /** One for each direction. */
  readonly values: readonly number[];
  /** Measured constraints, the same number each time: above 0 is broken, by that much. */
  readonly violations?: readonly number[];
  /** In any unit above 0, such as device-seconds. */
  readonly cost?: number;
}

/** A trial of the front. */
export interface OnFront extends Outcomes {
  readonly id: number;
  readonly params: Point;
}

interface Trial {
  readonly point: Point;
  outcomes?: Outcomes;
  over: boolean;
}

/**
 * A search in progress. Arguments that make no sense throw {@link OptimizerError} and change nothing.
 *
 * @example
 * const search = new FrontOptimizer({ space, directions: ['maximize', 'minimize'] }); // accuracy, seconds
 * const { id, params } = search.ask();
 * search.tell(id, { values: [0.91, 12], violations: [memory - 16] });
 * search.front();
 */
export class FrontOptimizer {
  readonly #options: FrontOptions;
  readonly #trials: Trial[] = [];
  readonly #history: Observation[] = [];
  #asks = 0;

  constructor(options: FrontOptions) {
    const { directions, sampler = 'auto', ...rest } = options;
    checkOptions(rest);
    if (!Array.isArray(directions) || directions.length === 0)
      throw misfit('directions', directions, EXPECTED.directions);
    directions.forEach((direction: unknown, i) => {
      if (direction !== 'minimize' && direction !== 'maximize')
        throw unknownName(`directions[${i}]`, direction, ['minimize', 'maximize']);
    });
    if (!FOR_FRONTS.includes(sampler)) {
      if (!Object.hasOwn(samplers, sampler)) throw unknownName('sampler', sampler, FOR_FRONTS);
      throw new OptimizerError(
        'sampler',
        `is "${sampler}", which knows one value only`,
        `with directions use ${FOR_FRONTS.join(', ')}`,
      );
    }
    this.#options = options;
  }

  /** The next trial to run, or one for exactly `params`. */
  ask(params?: Point): { readonly id: number; readonly params: Point } {
    const { space, sampler = 'auto', seed = 0 } = this.#options;
    const point =
      params === undefined
        ? keeping(space, samplers[sampler](space, this.#history, rng(seed, 0xf407, this.#asks++)))
        : pointOf(space, params);
    return { id: this.#add(point), params: { ...point } };
  }

  /**
   * A trial has ended; without outcomes, or with a value that is not finite, it has failed, and the search keeps away from
   * there. Returns what it was taken for.
   */
  tell(id: number, outcomes?: Outcomes): 'complete' | 'failed' {
    const trial = trialAt(this.#trials, id);
    if (trial.over) throw new OptimizerError('id', `is ${id}, and that trial is over`, 'tell each trial once');
    if (outcomes !== undefined) this.#check(outcomes, '');
    return this.#end(id, trial, outcomes);
  }

  /** Finished trials from elsewhere; each takes the next number. All are taken, or none. */
  observe(trials: readonly ({ readonly params: Point } & Outcomes)[]): void {
    const limits = trials.find(({ violations }) => violations !== undefined)?.violations?.length;
    const points = trials.map(({ params, ...outcomes }, i) => {
      this.#check(outcomes, `trials[${i}].`, limits);
      return pointOf(this.#options.space, params, `trials[${i}].params`);
    });
    points.forEach((point, i) => {
      const { params: _, ...outcomes } = trials[i]!;
      const id = this.#add(point);
      this.#end(id, this.#trials[id]!, outcomes);
    });
  }

  /**
   * The trials that no other beats: all constraints kept and nowhere worse and somewhere better. When every trial breaks some
   * constraint, those that break them least. In the order of their numbers.
   */
  front(): OnFront[] {
    const ids = this.#history.flatMap(({ status }, id) => (status === 'done' ? [id] : []));
    const first = firstFront(ids.map((id) => ({ losses: [], ...this.#history[id]! })));
    return first.map((i) => ({
      id: ids[i]!,
      params: { ...this.#trials[ids[i]!]!.point },
      ...this.#trials[ids[i]!]!.outcomes!,
    }));
  }

  #add(point: Point): number {
    this.#history.push({ point, status: 'pending' });
    return this.#trials.push({ point, over: false }) - 1;
  }

  #end(id: number, trial: Trial, outcomes: Outcomes | undefined): 'complete' | 'failed' {
    trial.over = true;
    const { point } = trial;
    const cost = outcomes?.cost === undefined ? {} : { cost: outcomes.cost };
    if (outcomes === undefined || ![...outcomes.values, ...(outcomes.violations ?? [])].every(Number.isFinite)) {
      this.#history[id] = { point, status: 'crashed', ...cost };
      return 'failed';
    }
    trial.outcomes = outcomes;
    const losses = outcomes.values.map((value, i) => (this.#options.directions[i] === 'maximize' ? -value : value));
    const { violations } = outcomes;
    this.#history[id] = { point, status: 'done', losses, ...(violations && { violations }), ...cost };
    return 'complete';
  }

  #check({ values, violations, cost }: Outcomes, where: string, limits?: number): void {
    const { length } = this.#options.directions;
    const numbers = (list: unknown): boolean => Array.isArray(list) && list.every((x) => typeof x === 'number');
    if (!numbers(values)) throw misfit(`${where}values`, values, EXPECTED.values);
    if (values.length !== length)
      throw new OptimizerError(`${where}values`, `has ${values.length}`, `send ${length}, one for each direction`);
    if (violations !== undefined && !numbers(violations))
      throw misfit(`${where}violations`, violations, EXPECTED.violations);
    const known = this.#history.find((o) => o.violations !== undefined)?.violations?.length ?? limits;
    if (violations !== undefined && known !== undefined && violations.length !== known)
      throw new OptimizerError(`${where}violations`, `has ${violations.length}`, `send ${known}, as before`);
    checkCost(`${where}cost`, cost);
  }
}
