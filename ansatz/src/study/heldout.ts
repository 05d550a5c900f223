/**
 * The held-out check: what was kept is judged once on data that no decision rests on. It is read by people alone, so that
 * it stays what it is: nothing that proposes, samples, judges or remembers may look at it.
 */

import { deterministic, noiseOf } from './noise.ts';
import { lossOf, type State, trialOf } from './state.ts';

/** Standard errors of the difference of two single results beyond which the check contradicts a keep. */
const BEYOND = 2;

/** The check of the baseline and of the best trial that has one, and how much better that came out. */
export interface HeldoutView {
  readonly baseline?: number;
  readonly best?: number;
  /** The trial that `best` belongs to. */
  readonly trial?: number;
  /** Positive is better; absent while there is nothing to compare. */
  readonly gain?: number;
  /** Keeps that the check contradicts, in words. */
  readonly contradicted: readonly string[];
  /** Checks that gave nothing, in words. */
  readonly failed: readonly string[];
}

/** What the held-out checks of a study have said; undefined where none has. */
export function heldoutOf(state: State): HeldoutView | undefined {
  const kept = [...new Set(state.marks.map((mark) => mark.trial))].map((id) => trialOf(state, id));
  const read = kept.filter((trial) => trial.heldout !== undefined);
  if (read.length === 0) return undefined;
  const baseline = trialOf(state, 1).heldout?.value;
  const last = read.findLast((trial) => trial.id !== 1 && trial.heldout!.value !== undefined);
  const best = last?.heldout!.value;
  return {
    ...(baseline === undefined ? {} : { baseline }),
    ...(best === undefined ? {} : { best, trial: last!.id }),
    ...(baseline === undefined || best === undefined
      ? {}
      : { gain: lossOf(state.config, baseline) - lossOf(state.config, best) }),
    contradicted: read.flatMap((trial) => {
      const text =
        trial.heldout!.value === undefined ? undefined : contradiction(state, trial.id, trial.heldout!.value);
      return text === undefined ? [] : [text];
    }),
    failed: read.flatMap((trial) =>
      trial.heldout!.text === undefined ? [] : [`trial ${trial.id}: ${trial.heldout!.text}`],
    ),
  };
}

/** A state as those may see it who propose: without a word of the held-out checks. */
export function withoutHeldout(state: State): State {
  return {
    ...state,
    trials: state.trials.map((trial) => ({ ...trial, heldout: undefined })),
    warnings: state.warnings.filter(({ code }) => code !== 'heldout'),
  };
}

/**
 * Why a held-out result speaks against a keep: it is worse than that of the keep before by more than two single results
 * of one thing differ by chance. With no noise known, nothing is said.
 */
export function contradiction(state: State, id: number, value: number): string | undefined {
  const at = state.marks.findIndex((mark) => mark.trial === id);
  const before = state.marks
    .slice(0, Math.max(0, at))
    .map((mark) => trialOf(state, mark.trial))
    .findLast((trial) => trial.heldout?.value !== undefined);
  const { sd, df } = noiseOf(state);
  if (before === undefined || (df === 0 && !deterministic(state))) return undefined;
  const was = before.heldout!.value!;
  const gain = lossOf(state.config, was) - lossOf(state.config, value);
  if (gain >= 0 || gain > -BEYOND * Math.SQRT2 * sd) return undefined;
  return `the held-out check speaks against keeping trial ${id}: ${said(value)} after ${said(was)} of trial ${before.id}, worse by more than noise`;
}

function said(x: number): string {
  return String(Number(x.toPrecision(4)));
}
