/** Accounts for people to read: where the budget goes, when it will be gone, what can still be done by when. */

import { normalCdf } from '../methods/math/quantile.ts';
import { holm } from '../methods/stats/family.ts';
import type { Cap } from './config.ts';
import type { Amount } from './events/index.ts';
import { NOTHING, type Resource, RESOURCES } from './ledger.ts';
import { leftShare, runsLeft, typicalCost } from './outlook.ts';
import { runOf, type State, trialOf } from './state.ts';

/** What is to come. */
export interface Outlook {
  /** Of each limited resource: when it is gone at the pace so far (ms since 1970), were the lab never closed. */
  readonly gone: Partial<Record<Resource, number>>;
  /** Runs of the usual length that the search can still pay for and finish in time; absent when nothing limits them. */
  readonly runs?: number;
  /** Chance of one more confirmed improvement with them; absent before the first trial was judged. */
  readonly another?: number;
}

/** One line of enquiry in one row. */
export interface BetRow {
  readonly name: string;
  readonly trials: number;
  readonly results: number;
  readonly failures: number;
  readonly keeps: number;
  readonly spent: Amount;
  /** Share of what all bets have spent. */
  readonly share: number;
  readonly cap?: Cap;
  readonly closed: boolean;
  /** Chance to still beat the best by a gain that counts, at the last review. */
  readonly chance?: number;
  /** Best loss, as the metric is printed; absent without a result. */
  readonly best?: number;
}

export interface MilestoneRow {
  readonly name: string;
  readonly at: number;
  /** What it asks for, in words. */
  readonly needs: string;
  readonly state: 'met' | 'missed' | 'to come';
  /** Chance that it will be met, as things stand; 1 or 0 once it has come. */
  readonly chance: number;
  readonly text: string;
}

/** Runs whose length says how long the next will take, the newest. */
const MOST_LENGTHS = 50;
/** Newest trials that say how often an improvement is confirmed: ideas become harder. */
const MOST_TRIALS = 40;
/** Runs that finalists need before a result is frozen: see the reserve. */
const FINALISTS = 2;

/** What is to come, from what was. */
export function outlookOf(state: State): Outlook {
  const { ledger } = state;
  const gone: Partial<Record<Resource, number>> = {};
  for (const resource of RESOURCES) {
    const cap = ledger.budget[resource];
    const spent = ledger.spent[resource];
    if (cap === undefined || spent <= 0 || state.wallSeconds <= 0) continue;
    gone[resource] = state.now + 1000 * (Math.max(0, cap - spent) / spent) * state.wallSeconds;
  }
  const runs = Math.floor(runsLeft(state) + 1e-9);
  if (!Number.isFinite(runs)) return { gone };
  const another = chanceOfAnother(state, runs);
  return { gone, runs, ...(another === undefined ? {} : { another }) };
}

/**
 * Keeps come like a Poisson process over trials whose rate is only known from the last ones: with a Gamma(k + ½, n)
 * belief about it (Jeffreys), the chance of at least one in m more is 1 − (n / (n + m))^(k + ½).
 */
function chanceOfAnother(state: State, runs: number): number | undefined {
  const judged = state.trials.slice(1).filter((trial) => trial.verdict !== undefined);
  if (judged.length === 0) return undefined;
  const recent = judged.slice(-MOST_TRIALS);
  const keeps = recent.filter((trial) => trial.verdict === 'keep').length;
  const perTrial = state.trials.reduce((sum, trial) => sum + trial.runs.length, 0) / state.trials.length;
  const more = Math.max(0, runs / Math.max(1, perTrial));
  return 1 - (recent.length / (recent.length + more)) ** (keeps + 0.5);
}

/** One row for each bet, the one that spent most first. */
export function betRows(state: State): BetRow[] {
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
  const all = Object.keys(state.bets).reduce(
    (sum, name) => sum + (state.accounts[`bet:${name}`]?.spent.deviceSeconds ?? 0),
    0,
  );
  return Object.entries(state.bets)
    .map(([name, bet]): BetRow => {
      const spent = state.accounts[`bet:${name}`]?.spent ?? NOTHING;
      const cap = state.config.bets?.find((one) => one.name === name)?.budget;
      return {
        name,
        trials: bet.trials,
        results: bet.losses.length,
        failures: bet.failures,
        keeps: bet.keeps,
        spent: { ...spent },
        share: all > 0 ? spent.deviceSeconds / all : 0,
        ...(cap === undefined ? {} : { cap }),
        closed: bet.closed,
        ...(bet.chance === undefined ? {} : { chance: bet.chance }),
        ...(bet.losses.length === 0 ? {} : { best: sign * Math.min(...bet.losses) }),
      };
    })
    .toSorted((a, b) => b.spent.deviceSeconds - a.spent.deviceSeconds);
}

/** Milestones in the order they come. */
export function milestoneRows(state: State): MilestoneRow[] {
  return (state.config.milestones ?? [])
    .toSorted((a, b) => a.at - b.at)
    .map((one): MilestoneRow => {
      const come = state.milestones.find(({ name }) => name === one.name);
      const asks = [
        ...(one.frozen ? ['a frozen result'] : []),
        ...(one.left > 0 ? [`${Math.round(100 * one.left)} % of the budget left`] : []),
      ];
      const needs = asks.length === 0 ? 'nothing' : asks.join(' and ');
      if (come !== undefined) {
        return {
          name: one.name,
          at: one.at,
          needs,
          state: come.met ? 'met' : 'missed',
          chance: Number(come.met),
          text: come.text,
        };
      }
      const chance = leftShare(state) < one.left - 1e-9 ? 0 : one.frozen ? chanceToFreeze(state, one.at) : 1;
      return { name: one.name, at: one.at, needs, state: 'to come', chance, text: '' };
    });
}

/** Chance that the finalists' runs, and before the first verdict the baseline's, end in time: sums of run lengths, as normal. */
function chanceToFreeze(state: State, at: number): number {
  const lengths: number[] = [];
  for (let i = state.runs.length - 1; i >= 0 && lengths.length < MOST_LENGTHS; i--) {
    const { status, seconds } = runOf(state, i + 1);
    if (status === 'done' && seconds !== undefined) lengths.push(seconds);
  }
  const typical = typicalCost(state);
  const left = (at - state.now) / 1000;
  if (left <= 0 || !(typical > 0)) return left > 0 ? 1 : 0;
  const slots = state.config.slots.length;
  const missing = state.incumbent === undefined ? state.config.repeats.baseline - trialOf(state, 1).values.length : 0;
  const rounds =
    Math.ceil(Math.max(0, missing) / slots) + (state.closing === undefined ? Math.ceil(FINALISTS / slots) : 0);
  const variance = lengths.reduce((sum, length) => sum + (length - typical) ** 2, 0) / Math.max(1, lengths.length - 1);
  const spread = Math.sqrt(Math.max(1, rounds) * Math.max(variance, (0.05 * typical) ** 2));
  return rounds === 0 ? 1 : normalCdf((left - rounds * typical) / spread);
}

/** A trial of the family that was given fresh runs. */
export interface FamilyRow {
  readonly trial: number;
  /** Anytime-valid p-value of "not better than the incumbent of its time". */
  readonly p: number;
  /** The same corrected for all that were confirmed (Holm). */
  readonly adjusted: number;
}

/** All trials that were confirmed, by number, with their p-values corrected for how many they are. */
export function familyOf(state: State): FamilyRow[] {
  const members = state.trials.filter((trial) => trial.level !== undefined && trial.p !== undefined);
  const adjusted = holm(members.map((trial) => trial.p!));
  return members.map((trial, i) => ({ trial: trial.id, p: trial.p!, adjusted: adjusted[i]! }));
}

/** Expected number of keeps that are no gain: the sum of their chances of not being better, as judged. */
export function expectedFalseKeeps(state: State): number {
  return state.marks.slice(1).reduce((sum, mark) => sum + 1 - (trialOf(state, mark.trial).better ?? 1), 0);
}
