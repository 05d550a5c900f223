/**
 * Runs that need not be made, because an earlier study of the project has made them: the same settings and the same seed, on
 * the same files, versions, machine and kind of slot. What is taken over is a record with its source, and costs nothing.
 *
 * By default only the first run of a trial is. It selects what is looked at again and is evidence of no verdict; a repeat
 * that was taken over would be evidence twice, of a trial that was chosen because that very run came out well, and a baseline
 * of another day would take what changes between days into every comparison.
 */

import type { Executor, Reused, RunSpec } from '../io/executor/executor.ts';
import { canonical } from '../methods/space/index.ts';
import type { EventBody } from '../study/events/index.ts';
import { pointAt } from '../study/fidelity.ts';
import { curveLoss } from '../study/standin.ts';
import { MEASURED } from '../study/guards.ts';
import { placeOf, type Run, runOf, type State, trialOf } from '../study/state.ts';

/** The run that stands for one that is about to begin; undefined where none does. */
export type FindEarlier = (spec: RunSpec) => Reused | undefined;

/** Look through earlier studies once; `state` is that of the study that is to go on, `print` its fingerprint. */
export function earlierRuns(state: State, print: string | undefined, others: readonly State[]): FindEarlier {
  const found = new Map<string, Reused>();
  // What a study without these guards has not kept of its runs would look as if it had not been printed.
  const guarded = (state.config.guards ?? []).map(({ metric }) => metric).filter((name) => !MEASURED.has(name));
  if (print === undefined || reuseOf(state) === 'off') return () => undefined;
  for (const other of others) {
    for (const run of other.runs) {
      if (run.print !== print || run.status !== 'done' || run.value === undefined || run.reused !== undefined) continue;
      if (guarded.some((metric) => run.others?.[metric] === undefined)) continue;
      const trial = trialOf(other, run.trial);
      if (trial.code !== undefined || run.level !== undefined) continue;
      const key = keyOf(pointAt(other.config, trial.point, undefined), run.seed, run.place);
      if (!found.has(key)) found.set(key, taken(other, run));
    }
  }
  const places = state.config.slots.map(placeOf);
  return ({ point, seed, slot, reusable }) =>
    reusable === true ? found.get(keyOf(point, seed, places[slot]!)) : undefined;
}

function keyOf(point: RunSpec['point'], seed: number, place: string): string {
  return `${canonical(point)}\n${seed}\n${place}`;
}

function taken(other: State, run: Run): Reused {
  const sign = curveLoss(other.config, 1);
  return {
    study: other.config.name,
    run: run.id,
    value: run.value!,
    ...(run.resolution === undefined ? {} : { resolution: run.resolution }),
    ...(run.others === undefined ? {} : { others: run.others }),
    seconds: run.seconds ?? 0,
    ...(run.peakBytes === undefined ? {} : { peakBytes: run.peakBytes }),
    curve: run.steps.map((step, i) => [step, sign * run.losses[i]!] as const),
  };
}

/** What may be taken over. */
function reuseOf({ config }: State): 'off' | 'first' | 'all' {
  return config.memory?.reuse ?? 'first';
}

/** Whether a run of this study could be one that was made already. */
export function mayReuse(state: State, run: Run): boolean {
  const trial = trialOf(state, run.trial);
  const reuse = reuseOf(state);
  if (reuse === 'off' || trial.code !== undefined || run.level !== undefined) return false;
  if (trial.id !== 1) return run.repeat === 0;
  // A sentinel asks how the machine is today; a held-out check needs what a run has left behind.
  return reuse === 'all' && trial.verdict === undefined && state.config.heldout === undefined;
}

/** An executor that does not make what has been made: it says at once what came of it. */
export function reusing(executor: Executor, find: FindEarlier): Executor {
  return {
    ...executor,
    submit(spec, tell) {
      const reused = find(spec);
      if (reused === undefined) executor.submit(spec, tell);
      else tell({ type: 'run.exited', run: spec.run, exit: { how: 'exited', code: 0, seconds: 0, tail: [], reused } });
    },
  };
}

/** What is written down of a run that was taken over: its curve, and an end that costs nothing. */
export function takenOver(state: State, id: number, reused: Reused): EventBody[] {
  const { study, run, value, resolution, others, seconds, peakBytes, curve } = reused;
  const last = runOf(state, id).steps.at(-1) ?? -Infinity;
  return [
    ...curve
      .filter(([step]) => step > last)
      .map(([step, at]): EventBody => ({ type: 'run.reported', run: id, step, value: at })),
    {
      type: 'run.ended',
      run: id,
      status: 'done',
      value,
      ...(resolution === undefined ? {} : { resolution }),
      ...(others === undefined ? {} : { others }),
      ...(peakBytes === undefined ? {} : { peakBytes }),
      ...(curve.length === 0 ? {} : { step: curve.at(-1)![0] }),
      seconds,
      charge: { runs: 0, deviceSeconds: 0, money: 0 },
      reused: { study, run },
    },
  ];
}
