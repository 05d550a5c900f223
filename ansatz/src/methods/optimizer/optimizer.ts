/**
 * Ask and tell: the search engine for a loop of your own. Ask for a point, run it, report its curve if it has one,
 * tell its result. Everything it answers depends on the seed and on what it was told, in that order.
 */

import { type Rng, rng } from '../math/rng.ts';
import { believe, results } from '../sampling/gp.ts';
import { samplers } from '../sampling/auto.ts';
import type { Observation } from '../sampling/sampler.ts';
import type { Point, Space } from '../space/space.ts';

export interface OptimizerOptions {
  readonly space: Space;
  readonly direction?: 'minimize' | 'maximize';
  /** Whole number; the same seed and the same answers give the same questions. */
  readonly seed?: number;
  readonly sampler?: keyof typeof samplers;
  /** Steps of a full training; 1 or absent when trials have no curve. */
  readonly maxResource?: number;
  readonly minResource?: number;
  /** Trials that run at the same time. */
  readonly workers?: number;
  /** Steps, or trials, that there are in all. */
  readonly budgetSteps?: number;
  readonly budgetTrials?: number;
  /** False when a paused trial could not go on later: then trials only continue or stop. */
  readonly pause?: boolean;
}

export interface Asked {
  /** Number of the trial, counted from 0; undefined: nothing to do until a running trial ends. */
  readonly id: number | undefined;
  readonly params?: Point;
}

interface Trial {
  readonly point: Point;
  observation: Observation;
}

/** A search in progress. */
export class Optimizer {
  readonly #options: OptimizerOptions;
  readonly #sign: 1 | -1;
  readonly #trials: Trial[] = [];
  #asks = 0;

  constructor(options: OptimizerOptions) {
    this.#options = options;
    this.#sign = options.direction === 'maximize' ? -1 : 1;
  }

  /** The next trial to run, or one for exactly `params`. */
  ask(params?: Point): Asked {
    const { space, sampler = 'auto' } = this.#options;
    const point = params ?? samplers[sampler](space, this.#history(), this.#random());
    this.#trials.push({ point, observation: { point, status: 'pending' } });
    return { id: this.#trials.length - 1, params: point };
  }

  /** A trial has ended with `value`, was cut short, or failed (no value). */
  tell(id: number, value: number | undefined, state: 'complete' | 'pruned' | 'failed' = 'complete'): void {
    const trial = this.#trials[id]!;
    const loss = value === undefined ? undefined : this.#sign * value;
    const ok = state !== 'failed' && loss !== undefined && Number.isFinite(loss);
    const status = ok ? (state === 'complete' ? 'done' : 'stopped') : 'crashed';
    trial.observation = { point: trial.point, status, ...(ok ? { loss } : {}) };
  }

  /** Finished trials from elsewhere. */
  observe(point: Point, value: number): void {
    this.#trials.push({ point, observation: { point, status: 'done', loss: this.#sign * value } });
  }

  /** The trial it would recommend: the best by its model of the results, so that one lucky number does not decide. */
  best(): { id: number; params: Point; value: number } | undefined {
    const known = results(this.#history());
    if (known.length === 0) return undefined;
    let best = known[0]!;
    if (known.length > 8) {
      const { used, means } = believe(this.#options.space, known);
      let least = Infinity;
      used.forEach((o, i) => {
        if (means[i]! < least) {
          least = means[i]!;
          best = o;
        }
      });
    } else for (const o of known) if (o.loss! < best.loss!) best = o;
    const id = this.#trials.findIndex((trial) => trial.observation === best);
    return { id, params: best.point, value: this.#sign * best.loss! };
  }

  #history(): Observation[] {
    return this.#trials.map((trial) => trial.observation);
  }

  #random(): Rng {
    return rng(this.#options.seed ?? 0, 0x0a5c, this.#asks++);
  }
}
