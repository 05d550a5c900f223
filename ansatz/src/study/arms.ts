/** What each of several models has cost and gained: the books that the choice among them rests on. */

import { type ModelConfig, type StudyConfig } from './config.ts';
import { runOf, type State } from './state.ts';

/** A model among several. */
export interface ArmRow {
  readonly model: string;
  /** Requests made to it, and trials that came of them. */
  readonly asked: number;
  readonly trials: number;
  readonly keeps: number;
  readonly crashes: number;
  /** Sum of what its keeps are believed to have gained, in the metric's unit. */
  readonly gain: number;
  /** What its answers and the runs of its trials cost, failed ones included. */
  readonly money: number;
  readonly deviceSeconds: number;
}

/** The models of a study, none for one without. */
export function modelsOf({ model, models }: Pick<StudyConfig, 'model' | 'models'>): readonly ModelConfig[] {
  return models ?? (model === undefined ? [] : [model]);
}

/** A row for each model, in the order of the configuration. */
export function armRows(state: State): ArmRow[] {
  return modelsOf(state.config).map(({ model }) => {
    const own = state.trials.filter((trial) => trial.model === model);
    const charges = own.flatMap((trial) => trial.runs.map((id) => runOf(state, id).charge));
    const sum = (of: (charge: NonNullable<(typeof charges)[number]>) => number): number =>
      charges.reduce((all, charge) => all + (charge === undefined ? 0 : of(charge)), 0);
    const kept = own.filter(({ verdict }) => verdict === 'keep');
    return {
      model,
      asked: state.arms[model]?.asked ?? 0,
      trials: own.length,
      keeps: kept.length,
      crashes: own.filter(({ verdict }) => verdict === 'crash').length,
      gain: kept.reduce((all, trial) => all + Math.max(0, trial.shrunk ?? trial.effect ?? 0), 0),
      money: (state.arms[model]?.money ?? 0) + sum((charge) => charge.money),
      deviceSeconds: sum((charge) => charge.deviceSeconds),
    };
  });
}
