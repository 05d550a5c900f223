/** What a study's small runs say of a large one: its trials grouped into recipes that differ in one knob, the scale. */

import { nearest } from '../methods/math/nearest.ts';
import { type Forecasts, forecastScales, LEAST_SCALES, type ScaleRun } from '../methods/scaling/index.ts';
import { canonical } from '../methods/space/encode.ts';
import { type Value, valueAt } from '../methods/space/point.ts';
import type { Fidelity } from './config.ts';
import { UserError } from './error.ts';
import { levelOf, otherLevels } from './fidelity.ts';
import { resultsOf, type Run, runOf, SCALE_BET, type State, type Trial, trialOf } from './state.ts';
import { likeness } from './alike.ts';
import { changes } from './changes.ts';

/** A finished run as a forecast takes it: its scale, and the loss that was made of the metric. */
export interface ScalePoint {
  readonly run: number;
  readonly trial: number;
  readonly scale: number;
  readonly loss: number;
}

/** Recipes of a study at a scale that was not tried, or was tried little. */
export interface ScaleForecast extends Omit<Forecasts, 'contenders' | 'next'> {
  readonly knob: string;
  /** How losses were made of the metric: as it is, or as what is missing to 1, or to 100 where it is in per cent. */
  readonly loss: 'metric' | '1 − metric' | '100 − metric';
  readonly contenders: readonly (Forecasts['contenders'][number] & {
    /** Trials of the recipe, and how it differs from the baseline, the scale aside. */
    readonly trials: readonly number[];
    readonly settings: readonly { readonly knob: string; readonly to?: Value }[];
    /** The runs it rests on. */
    readonly points: readonly ScalePoint[];
  })[];
  readonly next: readonly (Forecasts['next'][number] & { readonly trial: number })[];
  readonly warnings: readonly string[];
}

/** Trials that are one recipe, and the finished runs of them. */
interface Recipe {
  readonly trials: readonly Trial[];
  readonly runs: readonly { readonly run: Run; readonly scale: number; readonly loss: number }[];
}

/** Forecasts at `target` of the knob. Throws a UserError for a knob that is no scale and for too little to go by. */
export function scaleForecast(state: State, knob: string, target: number, level: number): ScaleForecast {
  // Choices may be numbers too: widths are seldom anything between.
  const numeric = (name: string): boolean =>
    state.trials.every(({ point }) => valueAt(point, name) === undefined || Number(valueAt(point, name)) > 0);
  const names = state.config.knobs.map(({ name }) => name).filter(numeric);
  if (!names.includes(knob)) {
    const near = nearest(knob, names);
    throw new UserError(
      'bad-option',
      `--knob does not know a number "${knob}"${near === undefined ? '' : `; closest: "${near}"`}`,
      {
        why: `the numbers among the knobs are ${names.join(', ')}`,
        fix: `ansatz scale forecast --knob ${names[0] ?? 'width'} --target ${target}`,
      },
    );
  }
  const groups = new Map<string, Trial[]>();
  for (const trial of state.trials) {
    if (resultsOf(trial).length === 0 || !(Number(valueAt(trial.point, knob)) > 0)) continue;
    const rest = Object.fromEntries(Object.entries(trial.point).filter(([name]) => name !== knob));
    const key = `${canonical(rest)} ${trial.code === undefined ? '' : JSON.stringify(trial.code)}`;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const refused = noLoss(
    state,
    [...groups.values()].flat().flatMap((trial) => resultsOf(trial)),
  );
  if (refused !== undefined) {
    throw new UserError('bad-option', refused.what, {
      why: refused.why,
      fix: 'an objective such as a loss or an error rate',
    });
  }
  const recipes = [...groups.values()].map((trials): Recipe => ({
    trials,
    runs: trials.flatMap((trial) =>
      countedRuns(state, trial).map((run) => ({
        run,
        scale: Number(valueAt(trial.point, knob)),
        loss: lossFrom(state, run.value!),
      })),
    ),
  }));
  const found = told(state, recipes, knob, target, level);
  if (found === undefined) {
    const scales = new Set(recipes.flatMap(({ runs }) => runs.map(({ scale }) => scale))).size;
    throw new UserError('too-few', `the finished runs have ${scales} different ${knob}, and no recipe falls with it`, {
      where: `study "${state.config.name}"`,
      why: `a forecast needs ${LEAST_SCALES} different ones, and one recipe (all other settings alike) at two or more, its loss falling`,
      fix: `ansatz try ${knob}=… for the incumbent at smaller and larger ${knob}`,
    });
  }
  return found;
}

/** A run that was made at another level than that of the trials, or is under way there. */
export interface Climb {
  readonly run: number;
  readonly trial: number;
  readonly level: number;
  readonly status: Run['status'];
  readonly value?: number;
  readonly deviceSeconds?: number;
  /** What it was made for. */
  readonly why: string;
}

/** A study's fidelity and what came of it. */
export interface FidelityView {
  readonly knob: string;
  readonly levels: readonly number[];
  readonly base: number;
  readonly target: number;
  /** Share of all device time that went to other levels, and what may go there at least and at most. */
  readonly share: number;
  readonly floor: number;
  readonly cap: number;
  readonly forecast?: ScaleForecast;
  /** Why there is no forecast yet. */
  readonly waits?: string;
  /** Runs at other levels, the oldest first. */
  readonly climbs: readonly Climb[];
}

/** Level of the intervals that are shown. */
export const SHOWN_LEVEL = 0.8;
/** Trials that are forecast beside the incumbents and those that were run at other levels already, looked for among so many. */
const MOST_CONTENDERS = 8;
const MOST_SEEN = 300;
/** Earlier incumbents. */
const KEPT = 3;
/** Likeness from which on a trial says nothing new. */
const NEARLY = 0.8;

/** Forecasts of a study with a fidelity, at its target unless another is wanted; undefined for a study without. */
export function fidelityOf(state: State, level = SHOWN_LEVEL, wanted?: number): FidelityView | undefined {
  const { fidelity } = state.config;
  if (fidelity === undefined) return undefined;
  const { knob, levels, base } = fidelity;
  const target = wanted ?? fidelity.target;
  const found = fidelityForecast(state, level, target);
  const spent = state.accounts[`bet:${SCALE_BET}`]?.spent.deviceSeconds ?? 0;
  const steered = state.bets[SCALE_BET];
  return {
    knob,
    levels,
    base,
    target,
    share: state.ledger.spent.deviceSeconds > 0 ? spent / state.ledger.spent.deviceSeconds : 0,
    floor: steered?.floor ?? fidelity.floor,
    cap: steered?.cap ?? fidelity.cap,
    ...(typeof found === 'string' ? { waits: found } : { forecast: found }),
    climbs: state.trials
      .flatMap((trial) => trial.climbs ?? [])
      .sort((a, b) => a - b)
      .map((id): Climb => {
        const { trial, level: at, status, value, charge, why = '' } = runOf(state, id);
        return {
          run: id,
          trial,
          level: at!,
          status,
          ...(value === undefined ? {} : { value }),
          ...(charge === undefined ? {} : { deviceSeconds: charge.deviceSeconds }),
          why,
        };
      }),
  };
}

/** What small runs say of the target, in a few numbers. */
export interface FidelityStatus {
  readonly knob: string;
  readonly base: number;
  readonly target: number;
  /** Why there is no forecast yet; else all that follows is there. */
  readonly waits?: string;
  /** The incumbent at the target, with the interval, in the unit of `loss`. */
  readonly incumbent?: { readonly trial: number; readonly value: number; readonly low: number; readonly high: number };
  /** The chance that it is the best of all there. */
  readonly survives?: number;
  /** Who is likeliest to be, where that is another. */
  readonly rival?: { readonly trial: number; readonly chance: number };
  /** Relative drop of the best loss from the target to ten times it. */
  readonly tenfold?: number;
  readonly loss?: ScaleForecast['loss'];
  /** Runs at other levels. */
  readonly runs: number;
}

/** A study with a fidelity at a glance. */
export function fidelityStatus(state: State): FidelityStatus {
  const { knob, base, target } = state.config.fidelity!;
  const found = fidelityForecast(state);
  const runs = state.trials.reduce((sum, trial) => sum + (trial.climbs?.length ?? 0), 0);
  if (typeof found === 'string') return { knob, base, target, waits: found, runs };
  const own = found.contenders.find(({ trials }) => trials[0] === state.incumbent);
  const likeliest = found.contenders.toSorted((a, b) => b.best - a.best)[0]!;
  return {
    knob,
    base,
    target,
    ...(own === undefined
      ? {}
      : {
          incumbent: { trial: own.trials[0]!, value: own.value, low: own.low, high: own.high },
          survives: own.best,
        }),
    ...(likeliest === own ? {} : { rival: { trial: likeliest.trials[0]!, chance: likeliest.best } }),
    tenfold: found.tenfold,
    loss: found.loss,
    runs,
  };
}

/** The last forecast of each state: asked again at every decision and by every face, and changed by few events. */
const last = new WeakMap<State, { readonly key: string; readonly found: ScaleForecast | string }>();

/** Contenders at the target of the fidelity, by their runs at all levels; or why nothing can be said yet. */
export function fidelityForecast(
  state: State,
  level = SHOWN_LEVEL,
  target = state.config.fidelity!.target,
): ScaleForecast | string {
  const ended = state.runs.length - state.running.length - state.paused.length;
  const key = [level, ended, state.trials.length, state.marks.length, target].join(' ');
  const known = last.get(state);
  if (known?.key === key) return known.found;
  const found = forecastNow(state, level, target);
  last.set(state, { key, found });
  return found;
}

function forecastNow(state: State, level: number, target: number): ScaleForecast | string {
  const fidelity = state.config.fidelity!;
  const trials = contendersOf(state);
  const refused = unfit(state, trials);
  if (refused !== undefined) return refused;
  const recipes = trials.map((trial): Recipe => ({
    trials: [trial],
    runs: [
      ...countedRuns(state, trial).map((run) => ({ run, scale: fidelity.base, loss: lossFrom(state, run.value!) })),
      ...(trial.climbs ?? [])
        .map((id) => runOf(state, id))
        .filter((run) => run.status === 'done' && run.value !== undefined && lossFrom(state, run.value) > 0)
        .map((run) => ({ run, scale: run.level!, loss: lossFrom(state, run.value!) })),
    ],
  }));
  const found = told(state, recipes, fidelity.knob, target, level, fidelity.levels);
  return found ?? waiting(state, fidelity);
}

/** Why the objective cannot be forecast over a scale at all; undefined when it can. */
export function unfit(state: State, trials: readonly Trial[] = contendersOf(state)): string | undefined {
  const refused = noLoss(
    state,
    trials.flatMap((trial) => resultsOf(trial)),
  );
  return refused === undefined ? undefined : `${refused.what}: ${refused.why}`;
}

function waiting(state: State, fidelity: Fidelity): string {
  if (state.incumbent === undefined) return 'the baseline has no verdict yet';
  const seen = state.runs.filter((run) => run.status === 'done').map((run) => levelOf(state.config, run));
  const missing = fidelity.levels.filter((level) => !seen.includes(level));
  return missing.length > 0
    ? `no run at ${fidelity.knob} ${missing.join(', ')} has ended yet`
    : `the results do not get better with ${fidelity.knob}`;
}

/**
 * Trials that may be the best at the target: those that were run at other levels, the incumbent, the baseline, the last of
 * the earlier incumbents, and those whose results are best at the level of the trials, of nearly the same ones the first.
 */
export function contendersOf(state: State): Trial[] {
  const usable = (trial: Trial): boolean => trial.verdict !== 'crash' && resultsOf(trial).length > 0;
  const climbed = state.trials.filter((trial) => (trial.climbs ?? []).some((id) => runOf(state, id).status === 'done'));
  const kept = state.marks.slice(-KEPT).map(({ trial }) => trialOf(state, trial));
  const incumbent = state.incumbent === undefined ? [] : [trialOf(state, state.incumbent)];
  const chosen = new Set([trialOf(state, 1), ...kept, ...incumbent, ...climbed].filter(usable));
  const alike = likeness(state);
  const loss = ({ id }: Trial): number => state.observations[id - 1]!.loss ?? Infinity;
  let fresh = MOST_CONTENDERS;
  for (const trial of state.trials
    .filter(usable)
    .toSorted((a, b) => loss(a) - loss(b))
    .slice(0, MOST_SEEN)) {
    if (fresh === 0) break;
    if (chosen.has(trial) || [...chosen].some((other) => alike(trial, other) > NEARLY)) continue;
    chosen.add(trial);
    fresh--;
  }
  return [...chosen].sort((a, b) => a.id - b.id);
}

/** The runs of a trial whose results count. */
function countedRuns(state: State, trial: Trial): Run[] {
  const done = trial.runs
    .map((id) => runOf(state, id))
    .filter((run) => run.status === 'done' && run.value !== undefined);
  // After a drift only the last of them do.
  return done.slice(done.length - resultsOf(trial).length);
}

function lossFrom(state: State, value: number): number {
  return state.config.objective.direction === 'maximize' ? wholeOf(state) - value : value;
}

/** What a share that should rise lacks to: 100 where it is in per cent. */
export function wholeOf(state: State): number {
  return resultsOf(trialOf(state, state.incumbent ?? 1)).some((value) => value > 1) ? 100 : 1;
}

/** Why results are nothing that a law of a loss can be fitted to; undefined when they are. */
function noLoss(state: State, values: readonly number[]): { readonly what: string; readonly why: string } | undefined {
  const { metric, direction } = state.config.objective;
  const maximize = direction === 'maximize';
  const whole = wholeOf(state);
  const usable = maximize ? (v: number): boolean => v > 0 && v < whole : (v: number): boolean => v > 0;
  if (values.every(usable)) return undefined;
  return {
    what: `${metric} is no loss that a scaling law can be fitted to`,
    why: maximize
      ? 'what is better upwards must be a share between 0 and 1, or in per cent'
      : 'losses must be above zero',
  };
}

/** The forecast of recipes, in the words of the study. */
function told(
  state: State,
  recipes: readonly Recipe[],
  knob: string,
  target: number,
  level: number,
  offered?: readonly number[],
): ScaleForecast | undefined {
  const runs = recipes.flatMap((recipe) =>
    recipe.runs.map(({ run, scale, loss }): ScaleRun => {
      const seconds = run.charge?.deviceSeconds;
      return { recipe: nameOf(recipe), scale, loss, ...(seconds === undefined ? {} : { seconds }) };
    }),
  );
  const byName = new Map(recipes.map((recipe) => [nameOf(recipe), recipe]));
  const alike = likeness(state, knob);
  const found = forecastScales(runs, target, level, 1, {
    ...(offered === undefined ? {} : { offered }),
    alike: (one, other) => alike(byName.get(one)!.trials[0]!, byName.get(other)!.trials[0]!),
  });
  if (found === undefined) return undefined;
  const baseline = trialOf(state, 1).point;
  return {
    ...found,
    knob,
    loss:
      state.config.objective.direction === 'minimize' ? 'metric' : wholeOf(state) === 1 ? '1 − metric' : '100 − metric',
    contenders: found.contenders.map((one) => {
      const recipe = byName.get(one.recipe)!;
      return {
        ...one,
        trials: recipe.trials.map(({ id }) => id),
        settings: changes(baseline, recipe.trials[0]!.point).filter((change) => change.knob !== knob),
        points: recipe.runs.map(({ run, scale, loss }) => ({ run: run.id, trial: run.trial, scale, loss })),
      };
    }),
    next: found.next.map((one) => ({ ...one, trial: byName.get(one.recipe)!.trials[0]!.id })),
    warnings: warningsOf(found, knob),
  };
}

function nameOf({ trials }: Recipe): string {
  return `trial ${trials[0]!.id}`;
}

function warningsOf(found: Forecasts, knob: string): string[] {
  const warnings: string[] = [];
  const beyond = found.target / found.largest;
  if (beyond > 10)
    warnings.push(`window: ${knob} ${found.target} is ${beyond.toPrecision(2)} times the largest that was run`);
  if (beyond <= 1)
    warnings.push(`${knob} ${found.target} was run already, or lies between what was: nothing is extrapolated`);
  const single = found.contenders.filter(({ scales }) => scales === 1);
  if (single.length > 0) {
    warnings.push(
      `${single.length} of ${found.contenders.length} recipes ran at one ${knob} only: they are taken to fall as fast as the others`,
    );
  }
  if (found.contenders.every(({ scales }) => scales < 4))
    warnings.push(`not identified: floor: no recipe ran at four ${knob}`);
  return warnings;
}

/** Levels at which a trial may still be run, and what stands against the others. */
export function openLevels(state: State, trial: Trial): readonly number[] {
  const runs = (trial.climbs ?? []).map((id) => runOf(state, id));
  return otherLevels(state.config.fidelity!).filter((level) => {
    const here = runs.filter((run) => run.level === level);
    const failed = here.filter(({ status }) => status === 'failed' || status === 'lost').length;
    const under = here.some(({ status }) => status === 'running' || status === 'paused');
    return !under && failed < MOST_FAILED && here.length < state.config.repeats.most;
  });
}

/** Failed runs of a trial at a level after which it is not tried there again. */
const MOST_FAILED = 2;
