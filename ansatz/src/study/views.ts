/** What faces show: every number that two faces could compute differently is computed here, once. */

import { studentCdf } from '../methods/math/quantile.ts';
import { mean } from '../methods/math/summary.ts';
import { compare, meanMargin } from '../methods/stats/compare.ts';
import { type Noise, sampleNoise } from '../methods/stats/noise.ts';
import type { Cap, Direction } from './config.ts';
import type { Amount, EndReason, EndStatus, FailReason, Operator, Tried, Verdict } from './events/index.ts';
import {
  type BetRow,
  betRows,
  expectedFalseKeeps,
  familyOf,
  type FamilyRow,
  type MilestoneRow,
  milestoneRows,
  type Outlook,
  outlookOf,
} from './account.ts';
import { type Change, changes } from './changes.ts';
import { type HeldoutView, heldoutOf } from './heldout.ts';
import { NOTHING } from './ledger.ts';
import { type ArmRow, armRows } from './arms.ts';
import { killAudit, type KillAudit, savedSeconds } from './audit.ts';
import { leaderOf } from './belief.ts';
import { contrast, FEWEST_REPORTED, gainBelief, reportedSample } from './contrast.ts';
import { deterministic, noiseOf } from './noise.ts';
import { type FidelityStatus, fidelityStatus } from './scales.ts';
import { type PriorView, priorViews } from './prior.ts';
import { curveLoss, type StandInView, standInView } from './standin.ts';
import { type Phase, resultsOf, type Run, runOf, type State, type Trial, trialOf } from './state.ts';

export { type Change, changes };

/** A trial in one row. */
export interface TrialRow {
  readonly trial: number;
  /** The verdict, or what is happening to it. */
  readonly state: Verdict | 'running' | 'paused' | 'queued';
  readonly researcher: string;
  /** Mean of the results that count, absent without any. */
  readonly value?: number;
  /** Standard error of `value` under the noise floor. */
  readonly se?: number;
  readonly runs: number;
  readonly effect?: number;
  readonly margin?: number;
  readonly better?: number;
  /** The effect as it is believed: shrunk by what such changes have been worth, and by the luck it was selected for. */
  readonly shrunk?: number;
  /** Anytime-valid p-value of "not better than the incumbent of its time", where fresh runs were made. */
  readonly p?: number;
  /** The line of enquiry it belongs to, and the person whose idea it is. */
  readonly bet?: string;
  readonly by?: string;
  /** What a model was asked to do, and with which trials. */
  readonly operator?: Operator;
  readonly of?: readonly number[];
  readonly deviceSeconds: number;
  readonly why: string;
  readonly changes: readonly Change[];
  /** Paths of its code that differ from its parent's code; absent when none does. */
  readonly files?: readonly string[];
  /** What the held-out check of a keep said: a value, or why there is none. */
  readonly heldout?: { readonly value?: number; readonly text?: string };
  /** What memory said of it when it was proposed. */
  readonly tried?: Tried;
}

/** A run in one row. */
export interface RunRow {
  readonly run: number;
  readonly trial: number;
  readonly repeat: number;
  readonly seed: number;
  readonly slot: number;
  readonly status: 'running' | 'paused' | EndStatus;
  readonly reason?: FailReason;
  readonly text?: string;
  readonly value?: number;
  readonly seconds?: number;
  /** Where it was taken from, when it was not made. */
  readonly reused?: { readonly study: string; readonly run: number };
  /** For which its code was tried before, at its cost. */
  readonly smokeSeconds?: number;
  readonly cpuSeconds?: number;
  readonly peakBytes?: number;
  readonly limitSeconds: number;
  /** Stated when it was stopped early: P(it would have come out better than the incumbent). */
  readonly risk?: number;
  /** It would have been stopped at `step`, and was let finish to see what such stops cost. */
  readonly audited?: { readonly step: number; readonly risk?: number; readonly toBeat: number };
  /** Level of the fidelity, where it is another than that of the trials, and what it is to tell. */
  readonly level?: number;
  readonly why?: string;
  readonly startedAt: number;
  /** Rungs of the objective, not oriented. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export interface Result {
  readonly trial: number;
  readonly mean: number;
  /** Half width of the 95 % interval of the mean; absent while the noise is unknown. */
  readonly margin?: number;
  readonly runs: number;
  /** Its runs were made after the search was over, on fresh seeds: nobody selected them. */
  readonly replicated: boolean;
}

/** A trial that looks better than the incumbent and was not proven. */
export interface Believed {
  readonly trial: number;
  /** What it is believed to be better by, in the metric's unit: shrunk by the luck it was selected for. */
  readonly gain: number;
  /** Chance that it is better at all. */
  readonly chance: number;
  readonly runs: number;
}

/** A study at a glance. */
export interface Status {
  readonly study: string;
  readonly phase: Phase;
  readonly open: boolean;
  readonly ended?: { readonly reason: EndReason; readonly text: string };
  readonly objective: { readonly metric: string; readonly direction: Direction };
  readonly baseline?: Result;
  readonly best?: Result;
  /** Best against baseline, positive is better; absent while they are the same. */
  readonly gain?: {
    readonly effect: number;
    readonly margin: number;
    readonly percent: number;
    readonly better: number;
  };
  /** The trial that is believed to be better than the best by what is known of it, though fresh runs have not proven it. */
  readonly believed?: Believed;
  readonly noise?: { readonly sd: number; readonly df: number; readonly deterministic: boolean };
  /** What the held-out checks of the keeps have said; for people, and kept from whatever proposes. */
  readonly heldout?: HeldoutView;
  /** What stands in for the result while runs train, and whether it is trusted. */
  readonly curve?: StandInView;
  /** Earlier studies that told the search where to look first. */
  readonly priors?: readonly PriorView[];
  readonly trials: number;
  readonly runs: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly spent: Amount & { readonly wallSeconds: number };
  readonly held: Amount;
  readonly budget: Partial<Record<keyof Amount | 'wallSeconds', number>>;
  readonly deadline?: number;
  readonly outlook: Outlook;
  readonly bets: readonly BetRow[];
  /** What small runs say of the scale the answer is wanted at, where the study has a fidelity. */
  readonly fidelity?: FidelityStatus;
  /** What each person with ideas of their own has spent, and may. */
  readonly people: readonly { readonly name: string; readonly spent: Amount; readonly cap?: Cap }[];
  readonly milestones: readonly MilestoneRow[];
  /** Keeps that are expected to be no gain: the sum of their chances of not being better. */
  readonly expectedFalseKeeps: number;
  /** Trials that were given fresh runs, with p-values corrected for how many they are (Holm). */
  readonly family: readonly FamilyRow[];
  /** Cost of each confirmed improvement; absent before the first. */
  readonly perKeep?: { readonly deviceSeconds: number; readonly money: number };
  /** Tokens of language models, absent where none was called. */
  readonly tokens?: { readonly input: number; readonly output: number };
  /** What each of several models has cost and gained. */
  readonly models?: readonly ArmRow[];
  /** Device-seconds that pruning kept from being spent, judged by the mean length of finished runs. */
  readonly savedSeconds: number;
  readonly audit: KillAudit;
  readonly running: readonly RunRow[];
  readonly paused: readonly RunRow[];
  readonly slots: number;
  /** Runs taken over from earlier studies, and the device-seconds they did not cost; absent without any. */
  readonly reused?: { readonly runs: number; readonly deviceSeconds: number };
  /** How runs are confined. */
  readonly sandbox: 'bwrap' | 'none';
  /** Sentences about hands on what was not theirs, and what a sandbox refused; the newest ten. */
  readonly suspicions: readonly string[];
  readonly last: readonly TrialRow[];
  readonly dead: readonly string[];
  readonly warnings: readonly string[];
  readonly now: number;
}

/** Mean of a trial's results that count, with its interval; undefined without any result. */
export function resultOf(state: State, trial: Trial): Result | undefined {
  if (resultsOf(trial).length === 0) return undefined;
  const sample = reportedSample(state, trial);
  const noise = noiseOf(state);
  const margin = deterministic(state) ? 0 : noise.df > 0 ? meanMargin(sample, noise) : undefined;
  return {
    trial: trial.id,
    mean: mean(sample.values),
    margin,
    runs: sample.values.length,
    replicated: trial.replicates.length >= FEWEST_REPORTED,
  };
}

/** The best trial against the baseline. */
export function gainOf(state: State): Status['gain'] {
  if (state.incumbent === undefined || state.incumbent === 1) return undefined;
  const baseline = trialOf(state, 1);
  if (baseline.values.length === 0) return undefined;
  const noise = deterministic(state) ? { sd: 0, df: 0 } : noiseOf(state);
  const best = reportedSample(state, trialOf(state, state.incumbent));
  const { effect, margin, better } = compare(
    best,
    reportedSample(state, baseline),
    state.config.objective.direction,
    noise,
  );
  return { effect, margin, better, percent: (100 * effect) / Math.abs(mean(baseline.values)) };
}

/** Chance of being better from which on a trial that was not proven is worth a word, and the most that is claimed without proof. */
const WORTH_A_WORD = 0.8;
const MOST_CLAIMED = 0.9;
/** No word where luck alone is expected to make more of the trials than this look as good. */
const BY_LUCK = 0.5;

/**
 * The trial believed to be the best, where that is not the incumbent and probably better. Beliefs alone are too sure of
 * what was picked from many: where nothing has an effect, the one that was lucky most often looks better with nine in
 * ten. So its difference must also be one that so many trials would hardly show by luck. Never claimed above 9 in 10:
 * noise has longer tails than it is given credit for.
 */
export function believedOf(state: State): Believed | undefined {
  if (state.incumbent === undefined || deterministic(state)) return undefined;
  const trial = leaderOf(state);
  const incumbent = trialOf(state, state.incumbent);
  const values = resultsOf(trial);
  if (trial === incumbent || values.length === 0) return undefined;
  const { mean: gain, variance } = gainBelief(trial, incumbent);
  const { df } = noiseOf(state);
  const chance = Math.min(MOST_CLAIMED, studentCdf(gain / Math.sqrt(variance), df));
  const included = trial.values.length > 0 && state.pool.trials.includes(trial.id);
  const { effect, se } = contrast(state, { values, included, seeds: trial.seeds }, incumbent);
  const looked = state.trials.filter(({ screen }) => screen !== undefined).length;
  if (chance < WORTH_A_WORD || looked * studentCdf(-effect / se, df) > BY_LUCK) return undefined;
  return { trial: trial.id, gain, chance, runs: values.length };
}

/** Standard error of a trial's result: under the floor, or under its own spread when it is noisier than that. */
function standardError(state: State, trial: Trial, floor: Noise): number {
  if (deterministic(state)) return 0;
  const { values, included } = reportedSample(state, trial);
  return sampleNoise(values, floor, included).sd / Math.sqrt(values.length);
}

/** The verdict on a trial, or what is happening to it: `paused` when all of its runs under way are. */
export function trialState(state: State, trial: Trial): TrialRow['state'] {
  if (trial.verdict !== undefined) return trial.verdict;
  if (trial.active === 0) return 'queued';
  return trial.runs.some((id) => runOf(state, id).status === 'running') ? 'running' : 'paused';
}

/** One row for a trial. */
export function trialRow(state: State, trial: Trial): TrialRow {
  const result = resultOf(state, trial);
  const noise = noiseOf(state);
  const parent = trial.parent === 0 ? trial : trialOf(state, trial.parent);
  return {
    trial: trial.id,
    state: trialState(state, trial),
    researcher: trial.researcher,
    value: result?.mean,
    se: result === undefined || noise.df === 0 ? undefined : standardError(state, trial, noise),
    runs: trial.runs.length,
    effect: trial.effect,
    margin: trial.margin,
    better: trial.better,
    shrunk: trial.shrunk,
    p: trial.p,
    bet: trial.bet,
    by: trial.by,
    operator: trial.operator,
    of: trial.of,
    deviceSeconds: trial.runs.reduce((sum, id) => sum + (runOf(state, id).charge?.deviceSeconds ?? 0), 0),
    why: trial.why ?? '',
    changes: changes(parent.point, trial.point),
    ...(trial.code === undefined || trial.code.tree === parent.code?.tree ? {} : { files: trial.code.files }),
    ...(trial.heldout === undefined ? {} : { heldout: trial.heldout }),
    ...(trial.tried === undefined ? {} : { tried: trial.tried }),
  };
}

/** One row for a run. */
export function runRow(state: State, run: Run): RunRow {
  const curveSign = curveLoss(state.config, 1);
  return {
    run: run.id,
    trial: run.trial,
    repeat: run.repeat,
    seed: run.seed,
    slot: run.slot,
    status: run.status,
    reason: run.reason,
    text: run.text ?? run.stopWhy,
    value: run.value,
    seconds: run.seconds,
    smokeSeconds: run.smokeSeconds,
    cpuSeconds: run.cpuSeconds,
    peakBytes: run.peakBytes,
    limitSeconds: run.limitSeconds,
    risk: run.risk,
    audited: run.audited,
    ...(run.level === undefined ? {} : { level: run.level, why: run.why }),
    ...(run.reused === undefined ? {} : { reused: run.reused }),
    startedAt: run.startedAt,
    steps: run.steps,
    values: run.losses.map((loss) => curveSign * loss),
  };
}

/** All trials in order, or the newest `most`. */
export function trialRows(state: State, most = Infinity): TrialRow[] {
  return state.trials.slice(Math.max(0, state.trials.length - most)).map((trial) => trialRow(state, trial));
}

/** The last trials that were judged, newest first. Looks at no more than the newest 50 trials. */
export function lastJudged(state: State, most: number): TrialRow[] {
  const rows: TrialRow[] = [];
  for (let i = state.trials.length - 1; i >= 0 && i >= state.trials.length - 50 && rows.length < most; i--) {
    const trial = state.trials[i]!;
    if (trial.verdict !== undefined) rows.push(trialRow(state, trial));
  }
  return rows;
}

function reusedIn({ runs, config }: State): Pick<Status, 'reused'> {
  const taken = runs.filter((run) => run.reused !== undefined);
  if (taken.length === 0) return {};
  const deviceSeconds = taken.reduce(
    (sum, { seconds = 0, slot }) => sum + seconds * Math.max(1, config.slots[slot]?.gpus.length ?? 1),
    0,
  );
  return { reused: { runs: taken.length, deviceSeconds } };
}

/** Codes of warnings that are about who could have had a hand in results. */
const SUSPICIOUS: ReadonlySet<string> = new Set(['tampered', 'changed-meanwhile', 'refused', 'self-judged']);

function suspicionsOf({ warnings, runs }: State): string[] {
  const tampered = runs.filter(({ reason }) => reason === 'tampered').map(({ id, text }) => `run ${id}: ${text ?? ''}`);
  const said = warnings.filter(({ code }) => SUSPICIOUS.has(code)).map(({ text }) => text);
  return [...new Set([...tampered, ...said])].slice(-10);
}

/** A study at a glance. */
export function statusOf(state: State): Status {
  const { config, ledger } = state;
  const noise = noiseOf(state);
  const baseline = trialOf(state, 1);
  const heldout = heldoutOf(state);
  const believed = believedOf(state);
  return {
    study: config.name,
    phase: state.phase,
    open: state.open,
    ended: state.ended,
    objective: { metric: config.objective.metric, direction: config.objective.direction },
    baseline: resultOf(state, baseline),
    best: state.incumbent === undefined ? undefined : resultOf(state, trialOf(state, state.incumbent)),
    gain: gainOf(state),
    ...(believed === undefined ? {} : { believed }),
    noise: noise.df > 0 ? { ...noise, deterministic: deterministic(state) } : undefined,
    ...(heldout === undefined ? {} : { heldout }),
    ...standInView(state),
    ...(state.priors.length === 0 ? {} : { priors: priorViews(state) }),
    trials: state.trials.length,
    runs: state.runs.length,
    ...reusedIn(state),
    verdicts: state.verdicts,
    spent: { ...ledger.spent, wallSeconds: state.wallSeconds },
    held: ledger.held,
    budget: { ...ledger.budget, wallSeconds: config.budget.wallSeconds },
    deadline: state.deadline,
    outlook: outlookOf(state),
    bets: betRows(state),
    ...(state.config.fidelity === undefined ? {} : { fidelity: fidelityStatus(state) }),
    people: Object.keys(config.people ?? {}).map((name) => ({
      name,
      spent: state.accounts[`person:${name}`]?.spent ?? NOTHING,
      cap: config.people![name],
    })),
    milestones: milestoneRows(state),
    expectedFalseKeeps: expectedFalseKeeps(state),
    family: familyOf(state),
    ...(state.marks.length < 2
      ? {}
      : {
          perKeep: {
            deviceSeconds: ledger.spent.deviceSeconds / (state.marks.length - 1),
            money: ledger.spent.money / (state.marks.length - 1),
          },
        }),
    ...(state.tokens.input + state.tokens.output === 0 ? {} : { tokens: state.tokens }),
    ...(config.models === undefined ? {} : { models: armRows(state) }),
    savedSeconds: savedSeconds(state),
    audit: killAudit(state),
    running: state.running.map((id) => runRow(state, runOf(state, id))),
    paused: state.paused.map((id) => runRow(state, runOf(state, id))),
    slots: config.slots.length,
    sandbox: config.sandbox ?? 'none',
    suspicions: suspicionsOf(state),
    last: lastJudged(state, 6),
    dead: state.dead,
    warnings: [...new Set(state.warnings.map((warning) => warning.text))].slice(-5),
    now: state.now,
  };
}
