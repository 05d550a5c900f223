/**
 * What a run consists of: first a short try of code that nobody has read (smoke), then the run itself, then the evaluator
 * over what it left behind. Each is a command under a supervisor of its own, in a folder of its own, so that a lab that
 * comes back finds out from the files alone how far a run has come, and none is started twice.
 */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StudyConfig } from '../../study/config.ts';
import type { Exit, RunSpec } from './executor.ts';

/** `heldout` is no part of a run: it comes later, for a run whose trial was kept. */
export type Stage = 'smoke' | 'run' | 'evaluate' | 'heldout';

/** Share of a run's limit that its smoke run may take. */
const SMOKE_SHARE = 0.25;

/** The stages of a run in their order. */
export function stagesOf({ evaluate }: StudyConfig, { smokeSeconds = 0 }: RunSpec): readonly Stage[] {
  return [
    ...(smokeSeconds > 0 ? (['smoke'] as const) : []),
    'run',
    ...(evaluate === undefined ? [] : (['evaluate'] as const)),
  ];
}

/** The folder of a stage of the run whose folder is `home`. */
export function stageFolder(home: string, stage: Stage): string {
  return stage === 'run' ? home : join(home, stage);
}

/** The last of the stages that was begun; undefined when none was. */
export function stageReached(home: string, stages: readonly Stage[]): Stage | undefined {
  return stages.findLast((stage) =>
    stage === 'evaluate' ? judgingBegun(home, stage) : existsSync(join(stageFolder(home, stage), 'lock')),
  );
}

/**
 * Whether the judging of a run was begun by a lab, which does so after the run has ended, and not by the run, for which
 * that folder is within reach where nothing confines it. The times of an inode's change are nobody's to set.
 */
export function judgingBegun(home: string, stage: 'evaluate' | 'heldout'): boolean {
  const lock = statSync(join(stageFolder(home, stage), 'lock'), { bigint: true, throwIfNoEntry: false });
  const exit = statSync(join(home, 'exit'), { bigint: true, throwIfNoEntry: false });
  return lock !== undefined && exit !== undefined && lock.ctimeNs >= exit.ctimeNs;
}

/** The most seconds of a stage of a run that has taken `spent` so far. */
export function stageLimit(stage: Stage, { limitSeconds, smokeSeconds = 0 }: RunSpec, spent: number): number {
  if (stage === 'smoke') return Math.min(smokeSeconds, SMOKE_SHARE * limitSeconds);
  return limitSeconds - spent;
}

/** Whether a stage that ended like this lets the next one begin: a smoke run is there to be cut short. */
export function passed(stage: Stage, { how, code, cut }: Exit): boolean {
  if (how !== 'exited') return false;
  if (stage === 'smoke' && (cut === 'time-limit' || cut === 'cancelled')) return true;
  return code === 0 && cut === undefined;
}
