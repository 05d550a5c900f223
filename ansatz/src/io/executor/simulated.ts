/** Runs that are computed, in virtual time: a thousand hours pass in a second, and always in the same way. */

import type { Point } from '../../methods/space/space.ts';
import type { Executor, Exit, RunSpec, Tell } from './executor.ts';
import type { World } from './world.ts';

/** What a simulated script does. */
export interface SimulatedRun {
  /** Wall seconds to the end. */
  readonly seconds: number;
  /** Objective values, evenly spread over the run; the last one is printed at the end. */
  readonly curve: readonly number[];
  /** It fails at the end instead of succeeding. */
  readonly crash?: boolean;
}

/** A script: pure, so that a run can be looked up again after a restart. */
export type SimulatedScript = (point: Point, seed: number) => SimulatedRun;

interface Due {
  readonly at: number;
  readonly order: number;
  readonly deliver: () => void;
}

/**
 * An executor and the world it lives in. `metric` is the name its runs report under; `startAt` the first moment.
 * An adopted run is taken to have started when the new lab did.
 */
export function simulation(
  script: SimulatedScript,
  metric: string,
  startAt = 0,
): { readonly executor: Executor; readonly world: World } {
  let now = startAt;
  let order = 0;
  const due: Due[] = [];
  const live = new Map<number, { startedAt: number; tell: Tell }>();

  const at = (time: number, deliver: () => void): void => {
    const entry = { at: time, order: order++, deliver };
    // Few are due at any time; keep them sorted, latest first.
    let i = due.length;
    while (i > 0 && due[i - 1]!.at <= time) i--;
    due.splice(i, 0, entry);
  };

  const start = (spec: RunSpec, tell: Tell): void => {
    if (live.has(spec.run)) return;
    const run = script(spec.point, spec.seed);
    const startedAt = now;
    live.set(spec.run, { startedAt, tell });
    const seconds = Math.min(run.seconds, spec.limitSeconds);
    run.curve.forEach((value, index) => {
      const when = (run.seconds * (index + 1)) / run.curve.length;
      if (when > seconds) return;
      at(startedAt + when * 1000, () => {
        if (live.get(spec.run)?.startedAt !== startedAt) return;
        tell({
          type: 'run.heard',
          run: spec.run,
          metrics: [{ key: metric, step: index + 1, value, resolution: 0, source: 'metrics', summary: false }],
        });
      });
    });
    at(startedAt + seconds * 1000, () => {
      if (live.get(spec.run)?.startedAt !== startedAt) return;
      const cut = run.seconds > spec.limitSeconds ? 'time-limit' : undefined;
      finish(spec.run, {
        how: 'exited',
        code: cut !== undefined ? 137 : run.crash === true ? 1 : 0,
        cut,
        seconds,
        tail: [],
      });
    });
  };

  const finish = (run: number, exit: Exit): void => {
    const { tell } = live.get(run)!;
    live.delete(run);
    tell({ type: 'run.exited', run, exit });
  };

  return {
    executor: {
      submit: start,
      stop(run) {
        const entry = live.get(run);
        if (entry === undefined) return;
        at(now, () => {
          if (live.get(run) !== entry) return;
          finish(run, {
            how: 'exited',
            code: 143,
            cut: 'cancelled',
            seconds: (now - entry.startedAt) / 1000,
            tail: [],
          });
        });
      },
      adopt: (specs, tell) => specs.forEach((spec) => start(spec, tell)),
      clean: () => {},
      close: () => {},
    },
    world: {
      now: () => now,
      wait(until) {
        const next = due.at(-1);
        if (next === undefined || next.at > until) {
          if (until === Infinity) throw new Error('the simulated world has come to a standstill');
          now = Math.max(now, until);
          return Promise.resolve();
        }
        due.pop();
        now = Math.max(now, next.at);
        next.deliver();
        return Promise.resolve();
      },
      wake: () => {},
    },
  };
}
