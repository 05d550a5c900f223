/**
 * Ask and tell: the search engine for a loop of your own. Ask for a point, run it, report its curve if it has one,
 * tell its result. Everything it answers depends on the seed and on what it was told, in that order.
 */

import { type Rng, rng } from '../math/rng.ts';
import { believe, results } from '../sampling/gp.ts';
import { samplers } from '../sampling/auto.ts';
import type { Observation } from '../sampling/sampler.ts';
import { freezeThaw } from '../pruning/freeze/freeze-thaw.ts';
import { newPoint } from '../pruning/freeze/new-point.ts';
import { stopOrNot } from '../pruning/forecast.ts';
import type { Curve } from '../pruning/pruner.ts';
import type { Report, Situation } from '../pruning/scheduler.ts';
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
  status: 'running' | 'paused' | 'over';
  step: number;
  best: number;
  readonly curve: { readonly steps: number[]; readonly losses: number[] };
  /** The point came from outside: it is run as it is, and only stopped when it cannot win any more. */
  readonly given: boolean;
}

/** A search in progress. */
export class Optimizer {
  readonly #options: OptimizerOptions;
  readonly #sign: 1 | -1;
  readonly #trials: Trial[] = [];
  readonly #reports: Report[] = [];
  readonly #finished: Curve[] = [];
  readonly #longest: number;
  readonly #rungs: readonly number[];
  readonly #pauses: boolean;
  #asks = 0;

  constructor(options: OptimizerOptions) {
    this.#options = options;
    this.#pauses = options.pause ?? true;
    this.#longest = options.maxResource ?? 1;
    this.#rungs = freezeThaw.rungs(this.#longest);
    this.#sign = options.direction === 'maximize' ? -1 : 1;
  }

  /** The next trial to run, or one for exactly `params`. */
  ask(params?: Point): Asked {
    const { space, sampler = 'auto' } = this.#options;
    if (params === undefined && this.#longest > 1) {
      const random = this.#random();
      const situation = this.#situation();
      const id = this.#pauses ? freezeThaw.resume(situation, random) : undefined;
      if (id === undefined) return this.#start(newPoint(situation, random));
      const trial = this.#trials[id]!;
      trial.status = 'running';
      return { id, params: trial.point };
    }
    const point = params ?? samplers[sampler](space, this.#history(), this.#random());
    return this.#start(point, params !== undefined);
  }

  #start(point: Point, given = false): Asked {
    this.#trials.push({
      point,
      observation: { point, status: 'pending' },
      status: 'running',
      step: 0,
      best: Infinity,
      curve: { steps: [], losses: [] },
      given,
    });
    return { id: this.#trials.length - 1, params: point };
  }

  /** A trial has reached `step` with this value. */
  report(id: number, step: number, value: number): 'continue' | 'pause' | 'stop' {
    const trial = this.#trials[id]!;
    const loss = this.#sign * value;
    trial.step = step;
    if (!Number.isFinite(loss)) return 'stop';
    trial.best = Math.min(trial.best, loss);
    trial.curve.steps.push(step);
    trial.curve.losses.push(loss);
    if (trial.given) {
      const least = this.#trials.reduce((a, other) => (other === trial ? a : Math.min(a, other.best)), Infinity);
      return stopOrNot(trial.curve, this.#finished, this.#longest, least) === 'continue' ? 'continue' : 'stop';
    }
    if (!this.#rungs.includes(step)) return 'continue';
    this.#reports.push({ trial: id, step, loss });
    if (step >= this.#longest) return 'continue';
    if (this.#pauses) {
      // Whether it is worth its next stretch is settled by the next ask, which sees the same and more.
      trial.status = 'paused';
      return 'pause';
    }
    return freezeThaw.atRung(this.#situation(), id, this.#random());
  }

  #situation(): Situation {
    const { space, budgetSteps } = this.#options;
    return {
      space,
      longest: this.#longest,
      trainings: this.#trials,
      reports: this.#reports,
      canPause: this.#pauses,
      ...(budgetSteps === undefined ? {} : { budgetSteps }),
    };
  }

  /** A trial has ended with `value`, was cut short, or failed (no value). */
  tell(id: number, value: number | undefined, state: 'complete' | 'pruned' | 'failed' = 'complete'): void {
    const trial = this.#trials[id]!;
    const loss = value === undefined ? undefined : this.#sign * value;
    const ok = state !== 'failed' && loss !== undefined && Number.isFinite(loss);
    const status = ok ? (state === 'complete' ? 'done' : 'stopped') : 'crashed';
    trial.status = 'over';
    if (state === 'complete' && trial.step >= this.#longest) this.#finished.push(trial.curve);
    trial.observation = { point: trial.point, status, ...(ok ? { loss } : {}) };
  }

  /** Finished trials from elsewhere. */
  observe(point: Point, value: number): void {
    const loss = this.#sign * value;
    const curve = { steps: [], losses: [] };
    this.#trials.push({
      point,
      observation: { point, status: 'done', loss },
      status: 'over',
      step: 0,
      best: loss,
      curve,
      given: true,
    });
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
