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
import type { Point } from '../space/space.ts';
import { checkCost, isCount, keeping, pointOf } from './check.ts';
import { EXPECTED, misfit, OptimizerError, unknownName } from './error.ts';
import { checkOptions, type OptimizerOptions } from './options.ts';
import { trialAt } from './trial.ts';

export interface Asked {
  /** Number of the trial, counted from 0; undefined: nothing to do until a running trial ends. */
  readonly id: number | undefined;
  /** Exactly the parameters that matter in this trial. */
  readonly params?: Point;
  /** The trial was paused and goes on: the last step it reported. */
  readonly step?: number;
}

/** A trial from elsewhere and its result. */
export interface Finished {
  readonly params: Point;
  readonly value: number;
  /** Name of the study it comes from, when its values are not comparable with this one's: it only says where to look. */
  readonly study?: string;
  /** What it cost, as in {@link Optimizer.tell}. */
  readonly cost?: number;
}

/** How a trial ended. */
export type State = 'complete' | 'pruned' | 'failed';

const STATES: readonly State[] = ['complete', 'pruned', 'failed'];

/**
 * Results from elsewhere that the model of the curves is given at a time: the best, and as many from all over the rest.
 * More cost it seconds and tell it little.
 */
const MOST_FULL = 100;

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

/**
 * A search in progress. Arguments that make no sense throw {@link OptimizerError} and change nothing.
 *
 * @example
 * const optimizer = new Optimizer({ space: toSpace([{ name: 'x', type: 'float', low: 0, high: 1 }]), seed: 1 });
 * const { id, params } = optimizer.ask();
 * optimizer.tell(id, (params.x - 0.3) ** 2);
 */
export class Optimizer {
  readonly #options: OptimizerOptions;
  readonly #sign: 1 | -1;
  readonly #trials: Trial[] = [];
  /** The observation of each trial. One list for good: samplers keep with it what they have read of it. */
  readonly #history: Observation[] = [];
  readonly #reports: Report[] = [];
  readonly #finished: Curve[] = [];
  readonly #longest: number;
  readonly #rungs: readonly number[];
  readonly #pauses: boolean;
  #asks = 0;

  constructor(options: OptimizerOptions) {
    checkOptions(options);
    this.#options = options;
    this.#pauses = options.pause ?? true;
    this.#longest = options.maxResource ?? 1;
    const first = options.minResource ?? 1;
    this.#rungs = freezeThaw.rungs(this.#longest).filter((rung) => rung >= first);
    this.#sign = options.direction === 'maximize' ? -1 : 1;
  }

  /** The next trial to run, or one for exactly `params`: a proposal made by a person or by another program. */
  ask(params?: Point): Asked {
    const { space, sampler = 'auto', budgetTrials } = this.#options;
    if (params === undefined && this.#longest > 1) {
      const random = this.#random();
      const situation = this.#situation();
      const id = this.#pauses ? freezeThaw.resume(situation, random) : undefined;
      if (id === undefined) return this.#start(keeping(space, newPoint(situation, random)));
      const trial = this.#trials[id]!;
      trial.status = 'running';
      return { id, params: { ...trial.point }, step: trial.step };
    }
    if (params !== undefined) return this.#start(pointOf(space, params), true);
    const plan = budgetTrials === undefined ? {} : { points: budgetTrials };
    return this.#start(keeping(space, samplers[sampler](space, this.#history, this.#random(), plan)));
  }

  #start(point: Point, given = false): Asked {
    this.#add({
      point,
      observation: { point, status: 'pending' },
      status: 'running',
      step: 0,
      best: Infinity,
      curve: { steps: [], losses: [] },
      given,
    });
    // A copy: what the caller does to it is no business of the search.
    return { id: this.#trials.length - 1, params: { ...point } };
  }

  /**
   * A running trial has reached `step`, counted from 1, with this value, and hears what to do. `pause`: keep its state,
   * {@link ask} may let it go on. `stop`: end it and {@link tell} it as pruned. A value that is not finite stops it.
   */
  report(id: number, step: number, value: number): 'continue' | 'pause' | 'stop' {
    const trial = trialAt(this.#trials, id);
    if (trial.status !== 'running')
      throw new OptimizerError(
        'id',
        `is ${id}, and that trial is ${trial.status}`,
        'ask, and report the trial it gives',
      );
    if (!isCount(step)) throw misfit('step', step, EXPECTED.step);
    if (step <= trial.step)
      throw new OptimizerError('step', `is ${step}, and trial ${id} was at ${trial.step}`, `use ${EXPECTED.step}`);
    if (step > this.#longest)
      throw new OptimizerError(
        'step',
        `is ${step}, and a full training has ${this.#longest}`,
        'tell the trial, or create with the number of steps there are',
      );
    if (typeof value !== 'number') throw misfit('value', value, EXPECTED.value);
    const loss = this.#sign * value;
    const before = trial.step;
    trial.step = step;
    if (!Number.isFinite(loss)) return 'stop';
    trial.best = Math.min(trial.best, loss);
    trial.curve.steps.push(step);
    trial.curve.losses.push(loss);
    if (trial.given) {
      const others = this.#trials.filter((other) => other !== trial && other.step > 0);
      const answer = stopOrNot(trial.curve, {
        finished: this.#finished,
        others: others.map((other) => other.curve),
        longest: this.#longest,
        best: others.reduce((a, other) => Math.min(a, other.best), Infinity),
      });
      return answer === 'continue' ? 'continue' : 'stop';
    }
    const rung = this.#rungs.findLast((one) => one <= step);
    if (rung === undefined || rung <= before) return 'continue';
    // Where trials are compared at rungs, the first report at or beyond one stands for it.
    this.#reports.push({ trial: id, step: this.#pauses ? step : rung, loss });
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
      history: this.#history,
      ...(budgetSteps === undefined ? {} : { budgetSteps }),
    };
  }

  /**
   * A trial has ended. Without a value the last one reported counts. `cost` is what it cost in any unit above 0, such as
   * device-seconds: where costs differ, what is gained per unit decides. Returns what it was taken for: `failed` when
   * there is no value, or one that is not finite.
   */
  tell(id: number, value?: number, state: State = 'complete', cost?: number): State {
    const trial = trialAt(this.#trials, id);
    if (trial.status === 'over')
      throw new OptimizerError('id', `is ${id}, and that trial is over`, 'tell each trial once');
    if (value !== undefined && typeof value !== 'number') throw misfit('value', value, EXPECTED.value);
    if (!STATES.includes(state)) throw unknownName('state', state, STATES);
    checkCost('cost', cost);
    const { curve } = trial;
    const last = curve.steps.at(-1) === trial.step ? curve.losses.at(-1) : undefined;
    const loss = value === undefined ? last : this.#sign * value;
    const ok = state !== 'failed' && loss !== undefined && Number.isFinite(loss);
    const status = ok ? (state === 'complete' ? 'done' : 'stopped') : 'crashed';
    trial.status = 'over';
    if (state === 'complete' && trial.step >= this.#longest) this.#finished.push(trial.curve);
    trial.observation = {
      point: trial.point,
      status,
      ...(ok ? { loss } : {}),
      ...(cost === undefined ? {} : { cost }),
    };
    this.#history[id] = trial.observation;
    trial.best = ok ? Math.min(trial.best, loss) : Infinity;
    if (status === 'done' && trial.step === 0) this.#full(id, loss!);
    return ok ? state : 'failed';
  }

  /**
   * Finished trials from elsewhere; each takes the next number. A value that is not finite says that it failed. All
   * are taken, or none.
   */
  observe(trials: readonly Finished[]): void {
    const points = trials.map(({ params, value, cost }, i) => {
      checkCost(`trials[${i}].cost`, cost);
      if (typeof value !== 'number') throw misfit(`trials[${i}].value`, value, EXPECTED.value);
      return pointOf(this.#options.space, params, `trials[${i}].params`);
    });
    const known: { readonly id: number; readonly loss: number }[] = [];
    trials.forEach(({ value, study, cost }, i) => {
      const point = points[i]!;
      const from = { ...(study === undefined ? {} : { study }), ...(cost === undefined ? {} : { cost }) };
      const loss = this.#sign * value;
      const ok = Number.isFinite(loss);
      this.#add({
        point,
        observation: ok ? { point, status: 'done', loss, ...from } : { point, status: 'crashed', ...from },
        status: 'over',
        step: 0,
        best: ok && study === undefined ? loss : Infinity,
        curve: { steps: [], losses: [] },
        given: true,
      });
      if (ok && study === undefined) known.push({ id: this.#trials.length - 1, loss });
    });
    known.sort((a, b) => a.loss - b.loss);
    const every = Math.ceil(Math.max(1, known.length - MOST_FULL / 2) / (MOST_FULL / 2));
    known.forEach(({ id, loss }, rank) => {
      if (rank < MOST_FULL / 2 || (rank - MOST_FULL / 2) % every === 0) this.#full(id, loss);
    });
  }

  /**
   * The trial it would recommend, if there is one: the best by its model of the results, so that one lucky number does
   * not decide. Where trials have curves, the one with the best value reported or told; failed ones do not count.
   */
  best(): { id: number; params: Point; value: number } | undefined {
    if (this.#longest > 1) return this.#bestReported();
    const known = results(this.#history);
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
    return { id, params: { ...best.point }, value: this.#sign * best.loss! };
  }

  /** A result without a curve, where trials have one, is where a full training ended. */
  #full(trial: number, loss: number): void {
    if (this.#longest > 1) this.#reports.push({ trial, step: this.#longest, loss });
  }

  #bestReported(): ReturnType<Optimizer['best']> {
    let id = -1;
    let least = Infinity;
    this.#trials.forEach(({ best }, i) => {
      if (best < least) [id, least] = [i, best];
    });
    return id < 0 ? undefined : { id, params: { ...this.#trials[id]!.point }, value: this.#sign * least };
  }

  #add(trial: Trial): void {
    this.#trials.push(trial);
    this.#history.push(trial.observation);
  }

  #random(): Rng {
    return rng(this.#options.seed ?? 0, 0x0a5c, this.#asks++);
  }
}
