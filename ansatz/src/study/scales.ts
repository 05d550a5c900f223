/** What a study's small runs say of a large one: its trials grouped into recipes that differ in one knob, the scale. */

import { nearest } from '../methods/math/nearest.ts';
import { type Forecasts, forecastScales, LEAST_SCALES, type ScaleRun } from '../methods/scaling/index.ts';
import { canonical } from '../methods/space/encode.ts';
import { type Value, valueAt } from '../methods/space/point.ts';
import { UserError } from './error.ts';
import { resultsOf, type State, type Trial } from './state.ts';
import { changes } from './views.ts';

/** Recipes of a study at a scale that was not tried, or was tried little. */
export interface ScaleForecast extends Omit<Forecasts, 'contenders'> {
  readonly knob: string;
  /** How losses were made of the metric: as it is, or as what is missing to 1. */
  readonly loss: 'metric' | '1 − metric';
  readonly contenders: readonly (Forecasts['contenders'][number] & {
    /** Trials of the recipe, and how it differs from the baseline, the scale aside. */
    readonly trials: readonly number[];
    readonly settings: readonly { readonly knob: string; readonly to?: Value }[];
  })[];
  readonly warnings: readonly string[];
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
  const values = [...groups.values()].flat().flatMap((trial) => resultsOf(trial));
  const maximize = state.config.objective.direction === 'maximize';
  const usable = maximize ? (v: number): boolean => v > 0 && v < 1 : (v: number): boolean => v > 0;
  if (!values.every(usable)) {
    throw new UserError(
      'bad-option',
      `${state.config.objective.metric} is no loss that a scaling law can be fitted to`,
      {
        why: maximize ? 'what is better upwards must be a share between 0 and 1' : 'losses must be above zero',
        fix: 'an objective such as a loss or an error rate',
      },
    );
  }
  const recipes = [...groups.values()];
  const runs = recipes.flatMap((trials) =>
    trials.flatMap((trial): ScaleRun[] => {
      const seconds = trial.runs.map((id) => state.runs[id - 1]?.charge?.deviceSeconds).filter((v) => v !== undefined);
      const each = seconds.length === 0 ? {} : { seconds: seconds.reduce((a, b) => a + b, 0) / seconds.length };
      const scale = Number(valueAt(trial.point, knob));
      return resultsOf(trial).map((value) => ({
        recipe: nameOf(trials),
        scale,
        loss: maximize ? 1 - value : value,
        ...each,
      }));
    }),
  );
  const found = forecastScales(runs, target, level, 1);
  if (found === undefined) {
    const scales = new Set(runs.map(({ scale }) => scale)).size;
    throw new UserError('too-few', `the finished runs have ${scales} different ${knob}, and no recipe falls with it`, {
      where: `study "${state.config.name}"`,
      why: `a forecast needs ${LEAST_SCALES} different ones, and one recipe (all other settings alike) at two or more, its loss falling`,
      fix: `ansatz try ${knob}=… for the incumbent at smaller and larger ${knob}`,
    });
  }
  const baseline = state.trials[0]!.point;
  const byName = new Map(recipes.map((trials) => [nameOf(trials), trials]));
  return {
    ...found,
    knob,
    loss: maximize ? '1 − metric' : 'metric',
    contenders: found.contenders.map((one) => {
      const trials = byName.get(one.recipe)!;
      const settings = changes(baseline, trials[0]!.point).filter((change) => change.knob !== knob);
      return { ...one, trials: trials.map(({ id }) => id), settings };
    }),
    warnings: warningsOf(found, knob),
  };
}

function nameOf(trials: readonly Trial[]): string {
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
