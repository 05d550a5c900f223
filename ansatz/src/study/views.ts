/** What faces show: every number that two faces could compute differently is computed here, once. */

import { normalQuantile } from '../methods/math/quantile.ts';
import { mean, median, variance } from '../methods/math/summary.ts';
import type { Point, Value } from '../methods/space/space.ts';
import { compare, meanMargin } from '../methods/stats/compare.ts';
import { type Noise, sampleNoise } from '../methods/stats/noise.ts';
import type { Direction } from './config.ts';
import type { Amount, EndReason, EndStatus, FailReason, Verdict } from './events/index.ts';
import { incumbentValues, sampleOf } from './judge.ts';
import {
  deterministic,
  noiseOf,
  type Phase,
  resultsOf,
  type Run,
  runOf,
  type State,
  type Trial,
  trialOf,
} from './state.ts';

/** One setting that differs. */
export interface Change {
  readonly knob: string;
  readonly from: Value;
  readonly to: Value;
}

/** A trial in one row. */
export interface TrialRow {
  readonly trial: number;
  /** The verdict, or what is happening to it. */
  readonly state: Verdict | 'running' | 'queued';
  readonly researcher: string;
  /** Mean of the results that count, absent without any. */
  readonly value?: number;
  /** Standard error of `value` under the noise floor. */
  readonly se?: number;
  readonly runs: number;
  readonly effect?: number;
  readonly margin?: number;
  readonly better?: number;
  readonly deviceSeconds: number;
  readonly why: string;
  readonly changes: readonly Change[];
}

/** A run in one row. */
export interface RunRow {
  readonly run: number;
  readonly trial: number;
  readonly repeat: number;
  readonly seed: number;
  readonly slot: number;
  readonly status: 'running' | EndStatus;
  readonly reason?: FailReason;
  readonly text?: string;
  readonly value?: number;
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  readonly peakBytes?: number;
  readonly limitSeconds: number;
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
  readonly noise?: { readonly sd: number; readonly df: number; readonly deterministic: boolean };
  readonly trials: number;
  readonly runs: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly spent: Amount & { readonly wallSeconds: number };
  readonly held: Amount;
  readonly budget: Partial<Record<keyof Amount | 'wallSeconds', number>>;
  readonly deadline?: number;
  /** Device-seconds that pruning kept from being spent, judged by the mean length of finished runs. */
  readonly savedSeconds: number;
  readonly running: readonly RunRow[];
  readonly slots: number;
  readonly last: readonly TrialRow[];
  readonly dead: readonly string[];
  readonly warnings: readonly string[];
  readonly now: number;
}

/** Differences between two points, in the order of `to`. */
export function changes(from: Point, to: Point): Change[] {
  return Object.keys(to)
    .filter((knob) => from[knob] !== to[knob])
    .map((knob) => ({ knob, from: from[knob]!, to: to[knob]! }));
}

/** Mean of a trial's results that count, with its interval; undefined without any result. */
export function resultOf(state: State, trial: Trial): Result | undefined {
  if (resultsOf(trial).length === 0) return undefined;
  const values = incumbentValues(trial);
  const noise = noiseOf(state);
  const margin = deterministic(state) ? 0 : noise.df > 0 ? meanMargin(sampleOf(trial), noise) : undefined;
  return { trial: trial.id, mean: mean(values), margin, runs: values.length };
}

/** The best trial against the baseline. */
export function gainOf(state: State): Status['gain'] {
  if (state.incumbent === undefined || state.incumbent === 1) return undefined;
  const baseline = trialOf(state, 1);
  if (baseline.values.length === 0) return undefined;
  const noise = deterministic(state) ? { sd: 0, df: 0 } : noiseOf(state);
  const best = sampleOf(trialOf(state, state.incumbent));
  const { effect, margin, better } = compare(best, sampleOf(baseline), state.config.objective.direction, noise);
  return { effect, margin, better, percent: (100 * effect) / Math.abs(mean(baseline.values)) };
}

/** Standard error of a trial's result: under the floor, or under its own spread when it is noisier than that. */
function standardError(state: State, trial: Trial, floor: Noise): number {
  if (deterministic(state)) return 0;
  const { values, included } = sampleOf(trial);
  return sampleNoise(values, floor, included).sd / Math.sqrt(values.length);
}

/** One row for a trial. */
export function trialRow(state: State, trial: Trial): TrialRow {
  const result = resultOf(state, trial);
  const noise = noiseOf(state);
  const parent = trial.parent === 0 ? trial : trialOf(state, trial.parent);
  return {
    trial: trial.id,
    state: trial.verdict ?? (trial.active > 0 ? 'running' : 'queued'),
    researcher: trial.researcher,
    value: result?.mean,
    se: result === undefined || noise.df === 0 ? undefined : standardError(state, trial, noise),
    runs: trial.runs.length,
    effect: trial.effect,
    margin: trial.margin,
    better: trial.better,
    deviceSeconds: trial.runs.reduce((sum, id) => sum + (runOf(state, id).charge?.deviceSeconds ?? 0), 0),
    why: trial.why ?? '',
    changes: changes(parent.point, trial.point),
  };
}

/** One row for a run. */
export function runRow(state: State, run: Run): RunRow {
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
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
    cpuSeconds: run.cpuSeconds,
    peakBytes: run.peakBytes,
    limitSeconds: run.limitSeconds,
    startedAt: run.startedAt,
    steps: run.steps,
    values: run.losses.map((loss) => sign * loss),
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

/** A study at a glance. */
export function statusOf(state: State): Status {
  const { config, ledger } = state;
  const noise = noiseOf(state);
  const baseline = trialOf(state, 1);
  return {
    study: config.name,
    phase: state.phase,
    open: state.open,
    ended: state.ended,
    objective: { metric: config.objective.metric, direction: config.objective.direction },
    baseline: resultOf(state, baseline),
    best: state.incumbent === undefined ? undefined : resultOf(state, trialOf(state, state.incumbent)),
    gain: gainOf(state),
    noise: noise.df > 0 ? { ...noise, deterministic: deterministic(state) } : undefined,
    trials: state.trials.length,
    runs: state.runs.length,
    verdicts: state.verdicts,
    spent: { ...ledger.spent, wallSeconds: state.wallSeconds },
    held: ledger.held,
    budget: { ...ledger.budget, wallSeconds: config.budget.wallSeconds },
    deadline: state.deadline,
    savedSeconds: savedSeconds(state),
    running: state.running.map((id) => runRow(state, runOf(state, id))),
    slots: config.slots.length,
    last: lastJudged(state, 6),
    dead: state.dead,
    warnings: [...new Set(state.warnings.map((warning) => warning.text))].slice(-5),
    now: state.now,
  };
}

/** What runs cut short by the pruner would have cost beyond what they did, were they as long as the mean. */
export function savedSeconds(state: State): number {
  if (state.pace.count === 0) return 0;
  const typical = state.pace.seconds / state.pace.count;
  let saved = 0;
  for (const run of state.runs) {
    if (run.status === 'stopped' && run.stopping === 'pruned') saved += Math.max(0, typical - (run.seconds ?? typical));
  }
  return saved;
}

/** A trial on the axis of compute: what had been spent when its last run ended. */
export interface ProgressDot {
  readonly trial: number;
  readonly state: TrialRow['state'];
  readonly deviceSeconds: number;
  /** Absent when it gave no result. */
  readonly value?: number;
}

/** The best trial from some spending on. */
export interface ProgressStep extends Result {
  readonly deviceSeconds: number;
}

/** Best so far over spent device-seconds. Only trials that survived judging move it; the rest are dots. */
export interface Progress {
  readonly spent: number;
  readonly dots: readonly ProgressDot[];
  readonly steps: readonly ProgressStep[];
}

/** Every trial and every new incumbent, over the device-seconds that were spent by then. */
export function progressOf(state: State): Progress {
  const ended = state.runs
    .filter((run) => run.endedAt !== undefined && run.charge !== undefined)
    .sort((a, b) => a.endedAt! - b.endedAt! || a.id - b.id);
  let spent = 0;
  const spentBy = new Map<number, number>();
  for (const run of ended) {
    // The ledger charges no more than was held.
    spent += Math.min(run.charge!.deviceSeconds, run.hold.deviceSeconds);
    spentBy.set(run.trial, spent);
  }
  const dots: ProgressDot[] = [];
  for (const trial of state.trials) {
    const deviceSeconds = spentBy.get(trial.id);
    if (deviceSeconds === undefined) continue;
    const value = resultsOf(trial).length === 0 ? undefined : mean(incumbentValues(trial));
    const now = trial.verdict ?? (trial.active > 0 ? 'running' : 'queued');
    dots.push({ trial: trial.id, state: now, deviceSeconds, value });
  }
  const steps = state.marks.flatMap((mark) => {
    const result = resultOf(state, trialOf(state, mark.trial));
    return result === undefined ? [] : [{ ...result, deviceSeconds: mark.deviceSeconds }];
  });
  return { spent: state.ledger.spent.deviceSeconds, dots, steps };
}

/** Trials whose value of a knob lies in one range, or is one choice. */
export interface KnobGroup {
  readonly low: Value;
  readonly high: Value;
  readonly trials: number;
  /** How many of them the pruner cut short. */
  readonly stopped: number;
  /** Median result of the others. */
  readonly median?: number;
}

/** How results went along with one knob. */
export interface KnobEffect {
  readonly knob: string;
  /** Trials that were compared: finished, or cut short for being behind. */
  readonly trials: number;
  /**
   * Share of the ranking of results that the groups explain, adjusted for their number (adjusted eta² of ranks), in
   * [0, 1]; absent with fewer than 8 trials or fewer than two groups.
   */
  readonly share?: number;
  /** What `share` would exceed in 5 % of studies, over all knobs together, if no knob did anything. */
  readonly chance?: number;
  /** Spearman's correlation of the value with better results, in [−1, 1]; absent for choices. */
  readonly trend?: number;
  readonly groups: readonly KnobGroup[];
  /** Index of the group with the best mean rank. */
  readonly best?: number;
}

const FEWEST_TRIALS = 8;
const FEWEST_IN_GROUP = 3;

/**
 * What seems to matter: for each knob how far results go along with its value, most first. A first look: knobs move
 * together and the sampler went where results were good, so this is no experiment. Trials cut short by the pruner
 * count as worst, tied; crashed ones do not count.
 */
export function knobEffects(state: State): KnobEffect[] {
  const seen = state.observations
    .map(({ point, loss, status }) => ({ point, loss: status === 'stopped' ? Infinity : loss }))
    .filter((one): one is { point: Point; loss: number } => one.loss !== undefined);
  const ranks = ranksOf(seen.map((one) => one.loss));
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
  const knobs = state.config.knobs.length;
  const effects = state.config.knobs.map((knob): KnobEffect => {
    const values = seen.map((one) => (Object.hasOwn(one.point, knob.name) ? one.point[knob.name] : undefined));
    const known = [...values.keys()].filter((i) => values[i] !== undefined);
    const numeric = knob.kind !== 'choice';
    const grouped = numeric
      ? rangesOf(known, (i) => Number(values[i]))
      : knob.choices.map((choice) => known.filter((i) => values[i] === choice)).filter((group) => group.length > 0);
    const groups = grouped.map((group): KnobGroup => {
      const finished = group.filter((i) => seen[i]!.loss < Infinity).map((i) => sign * seen[i]!.loss);
      const inOrder = numeric ? group.toSorted((a, b) => Number(values[a]) - Number(values[b])) : group;
      return {
        low: values[inOrder[0]!]!,
        high: values[inOrder.at(-1)!]!,
        trials: group.length,
        stopped: group.length - finished.length,
        median: finished.length > 0 ? median(finished) : undefined,
      };
    });
    const base = { knob: knob.name, trials: known.length, groups };
    const big = grouped.filter((group) => group.length >= FEWEST_IN_GROUP);
    if (known.length < FEWEST_TRIALS || big.length < 2) return base;
    const trend = numeric
      ? -correlation(
          ranksOf(known.map((i) => Number(values[i]))),
          known.map((i) => ranks[i]!),
        )
      : undefined;
    const meanRanks = grouped.map((group) => mean(group.map((i) => ranks[i]!)));
    const best = meanRanks.indexOf(Math.min(...meanRanks.filter((_, i) => grouped[i]!.length >= FEWEST_IN_GROUP)));
    return {
      ...base,
      ...explained(
        grouped.map((group) => group.map((i) => ranks[i]!)),
        knobs,
      ),
      trend,
      best,
    };
  });
  return effects.toSorted((a, b) => (b.share ?? -1) - (a.share ?? -1));
}

/** Up to four ranges with about equally many members each; equal values stay together. */
function rangesOf(members: readonly number[], valueOf: (member: number) => number): number[][] {
  const sorted = members.toSorted((a, b) => valueOf(a) - valueOf(b));
  const most = Math.max(1, Math.min(4, Math.floor(sorted.length / 4)));
  const groups: number[][] = [];
  sorted.forEach((member, place) => {
    const wanted = Math.floor((place * most) / sorted.length);
    const last = groups.at(-1);
    const tied = place > 0 && valueOf(sorted[place - 1]!) === valueOf(member);
    if (last === undefined || (!tied && wanted >= groups.length)) groups.push([member]);
    else last.push(member);
  });
  return groups;
}

/** Adjusted eta² of ranks by group, and what it exceeds by chance (Kruskal & Wallis 1952; χ² after Wilson & Hilferty 1931). */
function explained(groups: readonly (readonly number[])[], knobs: number): { share: number; chance: number } {
  const all = groups.flat();
  const n = all.length;
  const k = groups.length;
  const centre = mean(all);
  const total = all.reduce((sum, rank) => sum + (rank - centre) ** 2, 0);
  const between = groups.reduce((sum, group) => sum + group.length * (mean(group) - centre) ** 2, 0);
  const df = k - 1;
  const z = normalQuantile(1 - 0.05 / knobs);
  const limit = df * (1 - 2 / (9 * df) + z * Math.sqrt(2 / (9 * df))) ** 3;
  const chance = Math.min(1, (limit - df) / (n - k));
  if (total === 0) return { share: 0, chance };
  return { share: Math.max(0, 1 - ((1 - between / total) * (n - 1)) / (n - k)), chance };
}

/** Ranks from 1 for the smallest; equal values share the mean of theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0));
  const ranks = Array.from(values, () => 0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Pearson's correlation; 0 when either side does not vary. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** Runs that failed in the same way. */
export interface FailureGroup {
  readonly reason: FailReason | 'lost';
  readonly text: string;
  readonly runs: number;
  /** Ids of the trials they belong to. */
  readonly trials: readonly number[];
  readonly deviceSeconds: number;
  /** The first of them. */
  readonly example: {
    readonly run: number;
    readonly trial: number;
    readonly seed: number;
    /** Against the baseline. */
    readonly changes: readonly Change[];
    readonly tail: readonly string[];
  };
}

/** Failures by reason and words (numbers aside), the most frequent first. */
export function failureGroups(state: State): FailureGroup[] {
  const baseline = trialOf(state, 1).point;
  const failed = state.runs.filter((run) => run.status === 'failed' || run.status === 'lost');
  const alike = Map.groupBy(failed, (run) => `${reasonOf(run)} ${(run.text ?? '').replaceAll(/\d[\d.]*/g, '#')}`);
  return [...alike.values()]
    .map((runs): FailureGroup => {
      const first = runs[0]!;
      return {
        reason: reasonOf(first),
        text: first.text ?? '',
        runs: runs.length,
        trials: [...new Set(runs.map((run) => run.trial))],
        deviceSeconds: runs.reduce((sum, run) => sum + chargedSeconds(run), 0),
        example: {
          run: first.id,
          trial: first.trial,
          seed: first.seed,
          changes: changes(baseline, trialOf(state, first.trial).point),
          tail: first.tail ?? [],
        },
      };
    })
    .toSorted((a, b) => b.runs - a.runs);
}

function reasonOf(run: Run): FailReason | 'lost' {
  return run.status === 'lost' ? 'lost' : (run.reason ?? 'crash');
}

function chargedSeconds(run: Run): number {
  return run.charge === undefined ? 0 : Math.min(run.charge.deviceSeconds, run.hold.deviceSeconds);
}

/** Where the device time went. */
export interface Spending {
  /** By the verdict of the trial; the baseline apart, `open` for what is not judged yet. */
  readonly parts: readonly {
    readonly what: 'baseline' | Verdict | 'open';
    readonly trials: number;
    readonly runs: number;
    readonly deviceSeconds: number;
  }[];
  /** Runs the pruner cut short. */
  readonly stopped: number;
  readonly savedSeconds: number;
  /** Saved ÷ (spent + saved); 0 when nothing was spent. */
  readonly savedShare: number;
  /** Trials kept, the baseline not counted. */
  readonly keeps: number;
  /** Device-seconds spent for each of them; absent without any. */
  readonly secondsPerKeep?: number;
  /** Share of the slots' time during which a run was in them; absent before any time has passed. */
  readonly busy?: number;
}

/** Where the device time went, what stopping early saved and what a keep cost. */
export function spendingOf(state: State): Spending {
  const parts = (['baseline', 'keep', 'discard', 'inconclusive', 'crash', 'open'] as const).map((what) => {
    const trials = state.trials.filter((trial) => (trial.id === 1 ? 'baseline' : (trial.verdict ?? 'open')) === what);
    const runs = trials.flatMap((trial) => trial.runs.map((id) => runOf(state, id)));
    return {
      what,
      trials: trials.length,
      runs: runs.length,
      deviceSeconds: runs.reduce((sum, run) => sum + chargedSeconds(run), 0),
    };
  });
  const spent = state.ledger.spent.deviceSeconds;
  const saved = savedSeconds(state);
  const keeps = parts.find((part) => part.what === 'keep')!.trials;
  const seconds = state.runs.reduce(
    (sum, run) => sum + (run.seconds ?? Math.max(0, state.now - run.startedAt) / 1000),
    0,
  );
  const room = state.wallSeconds * state.config.slots.length;
  return {
    parts: parts.filter((part) => part.trials > 0),
    stopped: state.runs.filter((run) => run.status === 'stopped' && run.stopping === 'pruned').length,
    savedSeconds: saved,
    savedShare: spent + saved > 0 ? saved / (spent + saved) : 0,
    keeps,
    secondsPerKeep: keeps > 0 ? spent / keeps : undefined,
    busy: room > 0 ? Math.min(1, seconds / room) : undefined,
  };
}

/** A trial that looked better and was left undecided. */
export interface NearMiss extends TrialRow {
  /**
   * Fresh runs after which an effect of the size seen would be outside the noise; absent when the incumbent's own
   * runs are too few for any number to do. Optimistic: what looked good by luck looks smaller the next time.
   */
  readonly runsToSettle?: number;
}

/** Inconclusive trials with an effect above zero: what to look at again with more compute, the likeliest first. */
export function nearMisses(state: State, most = Infinity): NearMiss[] {
  const noise = noiseOf(state);
  const incumbents = state.incumbent === undefined ? 0 : incumbentValues(trialOf(state, state.incumbent)).length;
  return state.trials
    .filter((trial) => trial.verdict === 'inconclusive' && (trial.effect ?? 0) > 0)
    .toSorted((a, b) => (b.better ?? 0) - (a.better ?? 0) || b.effect! - a.effect!)
    .slice(0, most)
    .map((trial) => {
      const row = trialRow(state, trial);
      if (noise.df === 0 || !(noise.sd > 0)) return row;
      const needed = 1 / ((trial.effect! / (normalQuantile(0.975) * noise.sd)) ** 2 - 1 / incumbents);
      return needed > 0 && Number.isFinite(needed) ? { ...row, runsToSettle: Math.max(2, Math.ceil(needed)) } : row;
    });
}

/** How much a trial's own repeats differ. */
export interface NoiseGroup {
  readonly trial: number;
  readonly runs: number;
  readonly sd: number;
  /** Its sd over the noise floor's; absent while there is no floor, or none above zero. */
  readonly ratio?: number;
}

/** Trials with repeats that count, the noisiest first: one floor does not fit settings that differ in this. */
export function noiseGroups(state: State): NoiseGroup[] {
  const floor = noiseOf(state).sd;
  return state.trials
    .filter((trial) => trial.values.length > 1)
    .map((trial): NoiseGroup => {
      const sd = Math.sqrt(variance(trial.values));
      return { trial: trial.id, runs: trial.values.length, sd, ratio: floor > 0 ? sd / floor : undefined };
    })
    .toSorted((a, b) => b.sd - a.sd);
}

/** When a run was in its slot, in milliseconds since 1970. */
export interface RunSpan {
  readonly run: number;
  readonly trial: number;
  readonly slot: number;
  readonly status: 'running' | EndStatus;
  readonly from: number;
  readonly to: number;
}

/** All runs on the clock. */
export function runSpans(state: State): RunSpan[] {
  return state.runs.map((run) => ({
    run: run.id,
    trial: run.trial,
    slot: run.slot,
    status: run.status,
    from: run.startedAt,
    to: Math.max(run.startedAt, run.endedAt ?? state.now),
  }));
}
