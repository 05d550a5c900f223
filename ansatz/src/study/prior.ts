/** What earlier studies of a project say of where good settings lie: taken over once, when a study begins, and written down in it. */

import { mean } from '../methods/math/summary.ts';
import type { Domain } from '../methods/space/space.ts';
import type { Knob, StudyConfig } from './config.ts';
import type { HistoryRow, PriorEvent } from './events/index.ts';
import { lossOf, resultsOf, type State, type Trial } from './state.ts';

/** Samplers that can read what comes from another scale. */
const LEARNING: ReadonlySet<StudyConfig['sampler']> = new Set(['auto', 'gp']);
/** Share of the knobs of a study that another must turn as well to say something of them. */
const SHARED = 0.5;
/** Results below which a study says too little, rows taken of one, and studies. */
const FEWEST = 5;
const MOST_ROWS = 200;
const MOST_STUDIES = 3;

/**
 * What of other studies is taken into one that is about to begin, the likeliest to help first: those with the same command
 * before others, and of these the ones with more knobs in common, then the newer. A study of another metric or direction, one
 * that turned fewer than half of the knobs, and one with fewer than five results in range say nothing.
 */
export function priorsFor(config: StudyConfig, others: readonly State[]): PriorEvent[] {
  if (config.warmstart === 'off' || !LEARNING.has(config.sampler)) return [];
  const command = config.command.join('\u0000');
  return others
    .flatMap((other) => {
      const prior = priorFrom(config, other);
      return prior === undefined
        ? []
        : [{ prior, alike: other.config.command.join('\u0000') === command, at: other.now }];
    })
    .sort((a, b) => Number(b.alike) - Number(a.alike) || b.prior.knobs.length - a.prior.knobs.length || b.at - a.at)
    .slice(0, MOST_STUDIES)
    .map(({ prior }) => prior);
}

function priorFrom(config: StudyConfig, other: State): PriorEvent | undefined {
  const { objective, name } = other.config;
  if (objective.metric !== config.objective.metric || objective.direction !== config.objective.direction)
    return undefined;
  const knobs = config.knobs.filter((knob) => other.config.knobs.some((was) => comparable(was, knob)));
  if (knobs.length === 0 || knobs.length < SHARED * config.knobs.length) return undefined;
  const rows = other.trials.flatMap((trial) => rowOf(other, trial, knobs));
  const results = rows.filter(({ loss }) => loss !== undefined);
  if (results.length < FEWEST) return undefined;
  return {
    type: 'prior.taken',
    study: name,
    knobs: knobs.map((knob) => knob.name),
    trials: rows.length,
    rows: chosen(rows),
  };
}

/** Whether two knobs of one name speak of the same thing: ranges that overlap, or choices they have in common. */
function comparable(was: Knob, now: Knob): boolean {
  if (was.name !== now.name) return false;
  if (was.kind === 'choice' || now.kind === 'choice')
    return (
      was.kind === 'choice' &&
      now.kind === 'choice' &&
      was.choices.filter((one) => now.choices.includes(one)).length > 1
    );
  return was.high > was.low && now.high > now.low && was.low < now.high && now.low < was.high;
}

/** A trial of the script as it was: a change of code makes another question. */
function rowOf(other: State, trial: Trial, knobs: readonly Domain[]): HistoryRow[] {
  const results = resultsOf(trial);
  const crashed = trial.verdict === 'crash';
  if (trial.code !== undefined || (results.length === 0 && !crashed)) return [];
  const values = Object.fromEntries(
    knobs.flatMap(({ name }) => (Object.hasOwn(trial.point, name) ? [[name, trial.point[name]!]] : [])),
  );
  return [crashed ? { values, verdict: 'crash' } : { values, loss: lossOf(other.config, mean(results)) }];
}

/** All rows in their order, or the better half of the room and the rest evenly from the others. */
function chosen(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  const order = [...rows.keys()].sort((a, b) => (rows[a]!.loss ?? Infinity) - (rows[b]!.loss ?? Infinity));
  const half = MOST_ROWS / 2;
  const rest = order.slice(half);
  const evenly = Array.from({ length: half }, (_, i) => rest[Math.floor(((i + 0.5) * rest.length) / half)]!);
  return [...order.slice(0, half), ...evenly].sort((a, b) => a - b).map((i) => rows[i]!);
}

/** A study that others were begun with. */
export interface PriorView {
  readonly study: string;
  /** Its trials that say something, and the knobs it shares. */
  readonly trials: number;
  readonly knobs: readonly string[];
}

/** Where a study's first guesses came from; none without a prior. */
export function priorViews(state: State): PriorView[] {
  return state.priors.map(({ study, trials, knobs }) => ({ study, trials, knobs }));
}

/** `34 trials of lr-search (lr, depth) and 12 of older (lr)`. */
export function priorText(priors: readonly PriorView[]): string {
  return priors
    .map(({ study, trials, knobs }, i) => `${trials} ${i === 0 ? 'trials ' : ''}of ${study} (${knobs.join(', ')})`)
    .join(' and ');
}
