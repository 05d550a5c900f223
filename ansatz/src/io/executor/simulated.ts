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
  /** Steps from one value to the next; 1 unless given. */
  readonly every?: number;
  /** What an evaluator says at the end; the curve is then printed by the script under the name `curve`, and no result. */
  readonly result?: number;
  /** It fails at the end instead of succeeding. */
  readonly crash?: boolean;
  /** What its held-out check says, in a tenth of its time; the last value of its curve when absent. */
  readonly heldout?: number;
}

/** A script: pure, so that a run can be looked up again after a restart. */
export type SimulatedScript = (point: Point, seed: number) => SimulatedRun;

interface Simulated {
  readonly spec: RunSpec;
  readonly tell: Tell;
  readonly script: SimulatedRun;
  limit: number;
  /** Values of its curve that were told. */
  told: number;
  /** Seconds it had run when it was last paused. */
  spent: number;
  /** The moment it went on; absent while it is paused. */
  since: number | undefined;
  /** Raised at each pause: what was due before is not due any more. */
  turn: number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly deliver: () => void;
}

/**
 * An executor and the world it lives in. `metric` is the name its runs report under; `startAt` the first moment.
 * An adopted run is taken to have started when the new lab did, or when `began` says (milliseconds since 1970).
 */
export function simulation(
  script: SimulatedScript,
  metric: string,
  startAt = 0,
  began: (run: number) => number | undefined = () => undefined,
): {
  readonly executor: Executor;
  readonly world: World;
  /** Let something else happen in that world after so many seconds. */
  readonly after: (seconds: number, deliver: () => void) => void;
} {
  let now = startAt;
  let order = 0;
  const due: Due[] = [];
  const live = new Map<number, Simulated>();

  const at = (time: number, deliver: () => void): void => {
    const entry = { at: time, order: order++, deliver };
    // Few are due at any time; keep them sorted, latest first.
    let i = due.length;
    while (i > 0 && due[i - 1]!.at <= time) i--;
    due.splice(i, 0, entry);
  };

  const start = (spec: RunSpec, tell: Tell, since = now): void => {
    if (live.has(spec.run)) return;
    const entry: Simulated = {
      spec,
      tell,
      script: script(spec.point, spec.seed),
      limit: spec.limitSeconds,
      told: 0,
      spent: 0,
      since,
      turn: 0,
    };
    live.set(spec.run, entry);
    go(entry);
  };

  /** Put what is left of a run on the list of what is due. */
  const go = (entry: Simulated): void => {
    const { spec, tell, script: run, turn } = entry;
    const here = (): boolean => live.get(spec.run) === entry && entry.turn === turn;
    const seconds = Math.min(run.seconds, entry.limit);
    const base = entry.since! - entry.spent * 1000;
    for (let index = entry.told; index < run.curve.length; index++) {
      const when = (run.seconds * (index + 1)) / run.curve.length;
      if (when > seconds) break;
      at(base + when * 1000, () => {
        if (!here()) return;
        entry.told = index + 1;
        tell({
          type: 'run.heard',
          run: spec.run,
          metrics: [
            {
              key: run.result === undefined ? metric : 'curve',
              step: (index + 1) * (run.every ?? 1),
              value: run.curve[index]!,
              resolution: 0,
              source: 'metrics',
              summary: false,
            },
          ],
        });
      });
    }
    at(base + seconds * 1000, () => {
      if (!here()) return;
      const cut = run.seconds > entry.limit ? 'time-limit' : undefined;
      if (run.result !== undefined && cut === undefined && run.crash !== true) {
        const said = {
          key: metric,
          step: 1,
          value: run.result,
          resolution: 0,
          source: 'metrics',
          summary: false,
        } as const;
        tell({ type: 'run.heard', run: spec.run, by: 'evaluator', metrics: [said] });
      }
      finish(spec.run, {
        how: 'exited',
        code: cut !== undefined ? 137 : run.crash === true ? 1 : 0,
        cut,
        seconds,
        tail: [],
      });
    });
  };

  /** Seconds it has run, pauses left out. */
  const spentBy = (entry: Simulated): number =>
    entry.since === undefined ? entry.spent : entry.spent + (now - entry.since) / 1000;

  const finish = (run: number, exit: Exit): void => {
    const { tell } = live.get(run)!;
    live.delete(run);
    tell({ type: 'run.exited', run, exit });
  };

  return {
    after: (seconds, deliver) => at(now + 1000 * seconds, deliver),
    executor: {
      canPause: true,
      memory: () => ({ freeBytes: 2 ** 40, totalBytes: 2 ** 40 }),
      submit: (spec, tell) => start(spec, tell),
      pause(run) {
        const entry = live.get(run);
        if (entry?.since === undefined) return;
        entry.spent = spentBy(entry);
        entry.since = undefined;
        entry.turn++;
      },
      resume(run, _slot, leftSeconds = Infinity) {
        const entry = live.get(run);
        if (entry === undefined || entry.since !== undefined) return;
        entry.limit = Math.min(entry.limit, entry.spent + leftSeconds);
        entry.since = now;
        go(entry);
      },
      stop(run) {
        const entry = live.get(run);
        if (entry === undefined) return;
        at(now, () => {
          if (live.get(run) !== entry) return;
          finish(run, {
            how: 'exited',
            code: 143,
            cut: 'cancelled',
            seconds: spentBy(entry),
            tail: [],
          });
        });
      },
      adopt: (specs, tell) => specs.forEach((spec) => start(spec, tell, began(spec.run) ?? now)),
      check(spec, tell) {
        const { curve, seconds, heldout } = script(spec.point, spec.seed);
        const value = heldout ?? curve.at(-1)!;
        at(now + 100 * seconds, () => {
          const metrics = [{ key: metric, step: 1, value, resolution: 0, source: 'metrics', summary: false }] as const;
          tell({
            type: 'heldout.exited',
            run: spec.run,
            exit: { how: 'exited', code: 0, seconds: seconds / 10, tail: [] },
            metrics,
          });
        });
      },
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
