/** What the journal adds up to: plain data that survives JSON, and small questions about it. Only `reduce` changes it. */

import type { Observation } from '../methods/sampling/sampler.ts';
import { canonical } from '../methods/space/encode.ts';
import type { Point } from '../methods/space/space.ts';
import type { Common } from '../methods/stats/common.ts';
import type { Look } from '../methods/stats/sequential.ts';
import type { Slot, StudyConfig } from './config.ts';
import type {
  Amount,
  CodeRef,
  EndReason,
  EndStatus,
  FailReason,
  Operator,
  Tried,
  StopReason,
  Verdict,
  HistoryEvent,
  PriorEvent,
} from './events/index.ts';
import type { Account, Ledger, Who } from './ledger.ts';

/** One execution of a trial. */
export interface Run {
  readonly id: number;
  readonly trial: number;
  readonly repeat: number;
  readonly seed: number;
  /** Where it is, or was when it was last under way. */
  slot: number;
  /** What its slot offers: it can go on in any slot that offers the same. */
  readonly place: string;
  readonly limitSeconds: number;
  /** What it had left when it last went on, when its limit would have left it more. */
  leftSeconds?: number;
  short?: boolean;
  /** Level of the fidelity, where it is another than the one at which trials are judged: such a run is evidence of no verdict. */
  readonly level?: number;
  /** What it is to tell, where it is made for a forecast. */
  readonly why?: string;
  readonly hold: Amount;
  /** Names of the accounts it is charged to besides the study. */
  readonly accounts: readonly string[];
  readonly startedAt: number;
  /** `paused` keeps its memory and its hold, and has no slot. */
  status: 'running' | 'paused' | EndStatus;
  /** The times it was in a slot, in milliseconds since 1970; the last one has no end while it is. */
  readonly stays: { readonly slot: number; readonly from: number; to?: number }[];
  /** The last rung at which it was looked at; 0 before. */
  rung: number;
  /** Set when it would have been stopped at `step`, and was let finish to see what such stops cost. */
  audited?: { readonly step: number; readonly risk?: number; readonly toBeat: number };
  stopping?: StopReason;
  /** Probability, stated when it was stopped, that it would have come out better than the incumbent. */
  risk?: number;
  stopWhy?: string;
  endedAt?: number;
  reason?: FailReason;
  text?: string;
  tail?: readonly string[];
  /** The objective, as the script means it (not oriented). */
  value?: number;
  resolution?: number;
  /** Last values of the other metrics that guards are about. */
  others?: Readonly<Record<string, number>>;
  charge?: Amount;
  seconds?: number;
  smokeSeconds?: number;
  cpuSeconds?: number;
  peakBytes?: number;
  exit?: number;
  /** What its result depends on besides settings and seed, where that is known. */
  readonly print?: string;
  /** Where it was taken from: it was not made again. */
  reused?: { readonly study: string; readonly run: number };
  /** Rungs of the objective's curve: steps, and losses oriented so that lower is better. */
  readonly steps: number[];
  readonly losses: number[];
  /** Number of the event each of them came with: the order across runs. */
  readonly heardAt: number[];
  /** After how many seconds in a slot each of them was heard. */
  readonly heardAfter: number[];
  /** Which of the run's reports the last so many rungs are; those before are one report each. */
  nth?: number[];
  /** The last step of a run that has ended, and the number of its reports, where that is more than its rungs tell. */
  last?: { readonly step: number; readonly reports: number };
}

/** What curves are drawn over other than steps: per cent of the reports or seconds of a whole run. */
export interface Axis {
  readonly of: 'reports' | 'seconds';
  readonly whole: number;
}

/** How well a curve that stands in for the result orders trials, as far as has been seen. */
export interface Agreement {
  /** Trials with a result whose runs printed it. */
  readonly n: number;
  /** Spearman's ρ between the last values and the results, both so that lower is better; absent below two trials. */
  readonly rho?: number;
}

/** A normal belief about the true loss of a trial. */
export interface Belief {
  readonly mean: number;
  readonly variance: number;
}

/** One change under test. */
export interface Trial {
  readonly id: number;
  readonly researcher: string;
  readonly hypothesis: string;
  readonly point: Point;
  readonly parent: number;
  /** Its code; absent = the script as it is. */
  readonly code?: CodeRef;
  /** The line of enquiry it belongs to; absent for the baseline. */
  readonly bet?: string;
  /** The person whose idea it is; absent for a researcher's. */
  readonly by?: string;
  /** It was offered by a person or an agent at work beside the lab, which did not ask for it. */
  readonly offered?: true;
  /** What a model was asked to do, and with which trials; those it says to build on. */
  readonly operator?: Operator;
  readonly of?: readonly number[];
  readonly cites?: readonly number[];
  /** The model it comes from. */
  readonly model?: string;
  /** Device-seconds that its runs may take until it has a verdict, and the name its request had. */
  readonly most?: number;
  readonly request?: string;
  /** What memory said of it when it was proposed. */
  readonly tried?: Tried;
  readonly proposedAt: number;
  readonly runs: number[];
  /** Runs at other levels of the study's fidelity: none of the numbers below knows of them. */
  climbs?: number[];
  /** Runs it should have had by now, those under way included. */
  wants: number;
  /** Runs that have not ended. */
  active: number;
  /** Result of the screening run, kept apart because it was selected for being good. */
  screen?: number;
  /** Results that nobody selected: all of the baseline's, and the repeats of other trials. */
  values: number[];
  /** The seed of each of `values`. */
  seeds: number[];
  /** Runs that were asked for to replicate an incumbent after the search was over, and their results. */
  replicas: number;
  readonly replicates: number[];
  /** What is believed of its true loss; absent while nothing is known. */
  belief?: Belief;
  /** Chance of a false keep that this trial was allowed, set when its fresh runs were asked for. */
  level?: number;
  /** The looks at its fresh runs that were not the last, against the incumbent `against`. */
  looks: Look[];
  against?: number;
  verdict?: Verdict;
  why?: string;
  /** What people said of it, in the order they did. */
  notes?: Note[];
  effect?: number;
  margin?: number;
  better?: number;
  /** The effect shrunk by what effects in this study are like. */
  shrunk?: number;
  /** Anytime-valid p-value of "not better than the incumbent", before any correction. */
  p?: number;
  /** What the held-out check said when it was kept: a value, or why there is none. For people alone. */
  heldout?: { readonly value?: number; readonly text?: string };
}

/** What a line of enquiry has come to. */
export interface BetState {
  /** Losses of its trials that have a result, in the order they came: of the first run each. */
  readonly losses: number[];
  failures: number;
  /** Its trials. */
  trials: number;
  /** Trials of it that were kept. */
  keeps: number;
  /** It gets nothing more, unless a person opens it again. */
  closed: boolean;
  /** A person has decided on it: no review closes it. */
  pinned?: boolean;
  floor?: number;
  cap?: number;
  /** Chance to still pay, at the last review. */
  chance?: number;
}

/** An idea in words, and what became of it. */
export interface Idea {
  readonly text: string;
  readonly by?: string;
  /** The request that is to make a change of it, while that is not answered. */
  ask?: number;
  /** How often that led to nothing. */
  failed: number;
  /** The trial that came of it. */
  trial?: number;
}

/** What a person said of a trial. */
export interface Note {
  readonly at: number;
  readonly text?: string;
  readonly tags?: readonly string[];
  readonly by?: string;
}

export type Phase = 'running' | 'paused' | 'draining' | 'killed' | 'ended';

/** How the incumbent came to be: one entry per keep. */
export interface Mark {
  readonly trial: number;
  readonly at: number;
  readonly deviceSeconds: number;
  readonly runs: number;
}

export interface State {
  config: StudyConfig;
  /** Events folded so far. */
  seq: number;
  /** Time of the last event. */
  now: number;
  createdAt: number;
  phase: Phase;
  ended?: { readonly reason: EndReason; readonly text: string };
  open: boolean;
  /** What the last lab ran on: see `environmentOf`. */
  environment?: Readonly<Record<string, string>>;
  /** What results of its runs depend on besides settings and seeds. */
  print?: string;
  wallSeconds: number;
  deadline?: number;
  ledger: Ledger;
  /** Part of the ledger of each bet (`bet:name`) and each person (`person:name`) that has spent anything. */
  readonly accounts: Record<string, Account>;
  /** Lines of enquiry that have had a trial, and those that were steered. */
  readonly bets: Record<string, BetState>;
  /** The bet of each request that is not answered yet. */
  readonly askedFor: Record<number, string>;
  /** Requests to the model that are not answered yet, each with the expense that pays for it. */
  readonly askedModel: Record<number, number>;
  /** What each of them is to do, and with which trials. */
  readonly tasks: Record<number, { readonly operator: Operator; readonly of: readonly number[] }>;
  /** Which model each of them went to, where there are several. */
  readonly asking: Record<number, string>;
  /** Requests to each model, and what its answers cost. */
  readonly arms: Record<string, { asked: number; money: number }>;
  /** Requests made to repair a trial, by its id. */
  readonly repairs: Record<number, number>;
  /** Ideas in words, in the order they came. */
  readonly ideas: Idea[];
  /** Requests to the model so far, those of them that were repairs, answers in a row that led to nothing, and when the last one came. */
  readonly model: { asked: number; repairs: number; failed: number; at: number };
  /** Trials there were when the bets were last reviewed. */
  reviewedAt: number;
  /** Expenses that are not settled yet; how many there were; tokens used. */
  readonly expenses: Record<
    number,
    { readonly what: string; readonly hold: Amount; readonly bet?: string; readonly by?: string }
  >;
  expenseCount: number;
  readonly tokens: { input: number; output: number };
  /** Milestones that have come. */
  readonly milestones: { readonly name: string; readonly met: boolean; readonly text: string; readonly at: number }[];
  readonly trials: Trial[];
  readonly runs: Run[];
  /** Ids of runs in a slot, in order of their start. */
  running: number[];
  /** Ids of paused runs, in order of their pause; one that is being stopped stays here until it has ended. */
  paused: number[];
  /** Ids of trials that want a run now, first come first served. */
  queue: number[];
  /** Ids of trials whose runs have all ended and that wait for a verdict. */
  unjudged: number[];
  /** Ids of trials whose verdict is only that the budget ended: they get another when there is more. */
  unsettled: number[];
  /** Ids of runs with a curve, in order of their first report. */
  readonly curved: number[];
  /** How well curves that stand in for results have ordered trials; only where the study has such. */
  agreement?: Agreement;
  /** What curves are drawn over, where that is not steps. */
  axis?: Axis;
  incumbent?: number;
  /** Hashes of what results are judged by. */
  seal?: Readonly<Record<string, string>>;
  /** The held-out check that is under way: it has a slot and an expense. */
  checking?: {
    readonly trial: number;
    readonly run: number;
    readonly slot: number;
    readonly limitSeconds: number;
    readonly expense: number;
  };
  readonly marks: Mark[];
  asks: number;
  /** Requests not answered yet. */
  asked: number[];
  exhausted: boolean;
  /** {@link keyOf} → trial. */
  readonly seen: Record<string, number>;
  /** One per trial, in order: what a sampler may know. */
  readonly observations: Observation[];
  /** What the noise floor rests on: within-trial sum of squares, its degrees of freedom, and the trials in it. */
  pool: { squares: number; df: number; readonly trials: readonly number[] };
  /** How much of the noise comes with the seed: see {@link Common}. */
  common: Common;
  /** Ids of the trials believed to be better than the incumbent, a few. */
  leaders: number[];
  /** Trials that were given fresh runs so far: the family whose false keeps are counted. */
  family: number;
  /** Trials of it that did not hold since the last that did. */
  refuted: number;
  /** How many of them the error rate was planned for; 0 before the first. */
  planned: number;
  /** Error rate that keeps handed on to the next trial under confirmation. */
  recycled: number;
  /** Why the search is over, once the reserve was opened: from then on only finalists are run. */
  closing?: { readonly reason: EndReason; readonly text: string };
  /** Coarsest resolution the objective was printed with. */
  resolution: number;
  /** Sum, count and maximum of the wall seconds of runs that were not cut short. */
  readonly pace: { seconds: number; count: number; longest: number };
  /** Last step of the longest finished run that printed a curve; 0 while there is none. */
  longestStep: number;
  /** Most memory any run was seen to use; 0 while nobody knows. */
  largestBytes: number;
  memory?: { readonly freeBytes: number; readonly totalBytes: number };
  readonly verdicts: Record<Verdict, number>;
  readonly dead: string[];
  /** Logs of other tools, in the order in which they were imported. */
  readonly history: HistoryEvent[];
  /** What was taken over from earlier studies when this one began. */
  readonly priors: PriorEvent[];
  readonly warnings: { readonly code: string; readonly text: string; readonly run?: number }[];
}

/** Orient a value so that lower is better. */
export function lossOf(config: StudyConfig, value: number): number {
  return config.objective.direction === 'minimize' ? value : -value;
}

/** Every result of a trial, the screening run first. */
export function resultsOf(trial: Trial): number[] {
  return [...(trial.screen === undefined ? [] : [trial.screen]), ...trial.values, ...trial.replicates];
}

/** Ids of all runs of a trial, those at other levels of the fidelity last. */
export function everyRun(trial: Trial): readonly number[] {
  return trial.climbs === undefined ? trial.runs : [...trial.runs, ...trial.climbs];
}

/** What a slot offers, as text: a paused run can go on in a slot that offers the same. */
export function placeOf(slot: Slot | undefined): string {
  return slot === undefined ? '' : `${slot.cpus.length} cpus, ${slot.threads} threads, gpus ${slot.gpus.join()}`;
}

/** Whether a run has begun and not ended. */
export function underWay(run: Run): boolean {
  return run.status === 'running' || run.status === 'paused';
}

/** Seconds a run was in a slot up to `now` (milliseconds since 1970). */
export function activeSeconds(run: Run, now: number): number {
  return run.stays.reduce((sum, { from, to }) => sum + Math.max(0, (to ?? now) - from), 0) / 1000;
}

/** What names a trial among all: its settings and its code. */
export function keyOf(point: Point, code: CodeRef | undefined): string {
  return code === undefined ? canonical(point) : `${canonical(point)}\n${code.tree}`;
}

/** Who pays for the next run of a trial: its bet and its person, but for what was kept: everybody compares with that. */
export function payerOf(trial: Trial): Who {
  return trial.verdict === 'keep' ? {} : trial;
}

/** Who pays for a run: the bet on scale for one at another level, whatever its trial. */
export function payerAt(trial: Trial, level: number | undefined): Who {
  return level === undefined ? payerOf(trial) : { bet: SCALE_BET };
}

/** The bet that runs at other levels belong to. */
export const SCALE_BET = 'scale';

/** The trial with this id. */
export function trialOf(state: State, id: number): Trial {
  const trial = state.trials[id - 1];
  if (trial === undefined) throw new Error(`no trial ${id}`);
  return trial;
}

/** The run with this id. */
export function runOf(state: State, id: number): Run {
  const run = state.runs[id - 1];
  if (run === undefined) throw new Error(`no run ${id}`);
  return run;
}

/** Take an id out of a list of ids, once. */
export function remove(ids: number[], id: number): void {
  const index = ids.indexOf(id);
  if (index >= 0) ids.splice(index, 1);
}
