/** What makes runs bigger, asked of a configuration: the settings that go with a level. */

import type { Point, Value } from '../methods/space/space.ts';
import { type Fidelity, type StudyConfig } from './config.ts';
import type { Run } from './state.ts';

/** The settings of a run at a level of the fidelity: the scale itself, and what moves along with it. */
export function settingsAt({ knob, levels, along }: Fidelity, level: number): Record<string, Value> {
  const index = levels.indexOf(level);
  const others = along.flatMap(({ name, values }) => (index < 0 ? [] : [[name, values[index]!] as const]));
  return { [knob]: level, ...Object.fromEntries(others) };
}

/** A point with all that its run is started with: the settings of a level, the one of trials when none is named. */
export function pointAt({ fidelity }: Pick<StudyConfig, 'fidelity'>, point: Point, level?: number): Point {
  return fidelity === undefined ? point : { ...point, ...settingsAt(fidelity, level ?? fidelity.base) };
}

/** The level a run was made at; undefined where a study knows of none. */
export function levelOf({ fidelity }: Pick<StudyConfig, 'fidelity'>, run: Run): number | undefined {
  return run.level ?? fidelity?.base;
}

/** Levels other than that of the trials. */
export function otherLevels({ levels, base }: Fidelity): readonly number[] {
  return levels.filter((level) => level !== base);
}
