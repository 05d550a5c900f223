/** Rules that keep verdicts honest: more repeats for the noise floor, sentinels against drift, replicates at the end. Pure. */

import { mean, variance } from '../methods/math/summary.ts';
import { studentCdf } from '../methods/math/quantile.ts';
import type { EventBody } from '../study/events/index.ts';
import { deterministic, noiseBeside, noiseOf } from '../study/noise.ts';
import { challengerOf } from '../study/belief.ts';
import { gainBelief } from '../study/contrast.ts';
import { chanceOf, levelFor } from '../study/judge.ts';
import { RESOURCES } from '../study/ledger.ts';
import { reserveOf, runsInAll, runsLeft } from '../study/outlook.ts';
import { payerOf, runOf, type State, type Trial, trialOf } from '../study/state.ts';
import { affordable, canEverPay, leastSeconds } from './afford.ts';

/** One run in so many may go to measuring the noise on the baseline. */
const NOISE_SHARE = 10;
/** A sentinel follows so many trials, or so many hours, without a run of the incumbent. */
const SENTINEL = { trials: 20, hours: 12 } as const;
/** Chance of calling a sentinel's result drift when it is noise. */
const ALARM = 0.001;
/** Results that must agree on the drift before it is believed. */
const WITNESSES = 3;
/** Standard errors within which nobody suspects anything. */
const NEAR = 2.5;
/** Replicates of the incumbent at most. One alone says nothing of its own, and still sharpens the mean. */
const REPLICATES = 12;
/** Chance of being proven that the leader must have to get a last one. */
const LAST_CHANCE = 0.2;
/** Runs it needs for it. */
const LAST_RUNS = 2;

/** A large budget can pay for a better measure of the noise: more runs of the baseline, while the search goes on. */
export function measureNoise(state: State): EventBody[] {
  const baseline = trialOf(state, 1);
  const most = state.config.repeats.baselineMost;
  if (most === undefined || !searching(state) || baseline.verdict !== 'keep' || deterministic(state)) return [];
  if (state.pace.count === 0 || baseline.values.length < 2 || baseline.wants >= most) return [];
  const wanted = Math.min(most, Math.floor(runsInAll(state) / NOISE_SHARE));
  const more = wanted - baseline.wants;
  if (more <= 0) return [];
  return [{ type: 'trial.repeated', trial: 1, more, why: 'the budget can pay for a better measure of the noise' }];
}

function searching(state: State): boolean {
  return state.phase === 'running' && state.closing === undefined;
}

/** Run the incumbent again when it has not been run for long: does it still give the same? */
export function sendSentinel(state: State): EventBody[] {
  if (!searching(state) || state.incumbent === undefined || deterministic(state)) return [];
  const incumbent = trialOf(state, state.incumbent);
  if (incumbent.active > 0 || incumbent.runs.length < incumbent.wants || incumbent.values.length < 2) return [];
  const ended = runOf(state, incumbent.runs.at(-1)!).endedAt ?? state.now;
  const since = state.trials.at(-SENTINEL.trials);
  const many = since !== undefined && since.id > 1 && since.proposedAt > ended && since.verdict !== undefined;
  const long = state.now - ended > SENTINEL.hours * 3_600_000 && state.trials.at(-1)!.proposedAt > ended;
  if (!many && !long) return [];
  // Cut short it would say nothing.
  if (!payable(state, incumbent)) return [];
  const why = many ? `${SENTINEL.trials} trials` : `${SENTINEL.hours} hours`;
  return [{ type: 'trial.repeated', trial: incumbent.id, more: 1, why: `a sentinel after ${why}: is all as it was?` }];
}

/** A result of the incumbent that its earlier ones do not allow: ask for witnesses, and believe them. */
export function checkDrift(state: State): EventBody[] {
  if (!searching(state) || state.incumbent === undefined) return [];
  const incumbent = trialOf(state, state.incumbent);
  const n = incumbent.values.length;
  if (incumbent.active > 0 || incumbent.runs.length < incumbent.wants || n < WITNESSES + 1) return [];
  const { sd } = noiseOf(state);
  const known = fine.get(incumbent.values);
  if (known?.length === n && known.sd === sd) return [];
  if (plain(incumbent.values, sd)) {
    fine.set(incumbent.values, { length: n, sd });
    return [];
  }
  const alone = driftChance(state, incumbent, 1);
  if (alone >= ALARM) {
    // Two more were asked for, and all three stand apart from what was before.
    if (n < WITNESSES + 2 || driftChance(state, incumbent, WITNESSES) >= ALARM) {
      fine.set(incumbent.values, { length: n, sd });
      return [];
    }
    const before = mean(incumbent.values.slice(0, n - WITNESSES));
    const now = mean(incumbent.values.slice(n - WITNESSES));
    const why = `trial ${incumbent.id} gave ${said(before)} before and gives ${said(now)} now: machine, data or software have changed`;
    return [
      { type: 'trial.drifted', trial: incumbent.id, keep: WITNESSES, why },
      { type: 'warning.raised', code: 'drift', text: why },
    ];
  }
  const last = incumbent.values.at(-1)!;
  const why = `its result ${said(last)} does not go with ${said(mean(incumbent.values.slice(0, -1)))} before: has something drifted?`;
  return [{ type: 'trial.repeated', trial: incumbent.id, more: WITNESSES - 1, why }];
}

/** Results in which no drift was found, as many as there were and under the noise there was: this is asked at every step. */
const fine = new WeakMap<readonly number[], { readonly length: number; readonly sd: number }>();

/** Whether the last results are so near to the ones before that nothing needs to be worked out. */
function plain(values: readonly number[], sd: number): boolean {
  return [1, WITNESSES].every((k) => {
    const before = values.slice(0, values.length - k);
    const apart = Math.abs(mean(values.slice(values.length - k)) - mean(before));
    return (
      before.length < 2 ||
      apart < NEAR * Math.min(sd, Math.sqrt(variance(before))) * Math.sqrt(1 / before.length + 1 / k)
    );
  });
}

/** Repeats on a slot, and elsewhere, from which on slots are compared. */
const FEWEST = 4;
/** Trials that were repeated, the newest, whose runs tell slots apart. */
const MOST_TOLD = 40;
/** Trials that are looked at for such. */
const MOST_SEEN = 300;

/**
 * A slot whose runs come out otherwise than those of the same trials on other slots (another device, a busier node):
 * worth a word, once. Each run is held against the mean of its own trial, so what was tried where does not matter.
 */
export function checkSlots(state: State): EventBody[] {
  const { slots } = state.config;
  if (slots.length < 2 || !searching(state) || deterministic(state) || state.trials.length % 5 !== 0) return [];
  const { sd, df } = noiseOf(state);
  if (!(sd > 0)) return [];
  const bySlot = new Map<number, number[]>();
  let told = 0;
  const oldest = Math.max(0, state.trials.length - MOST_SEEN);
  for (let i = state.trials.length - 1; i >= oldest && told < MOST_TOLD; i--) {
    const trial = state.trials[i]!;
    if (trial.runs.length < 2) continue;
    // The screening run was selected, but not for its slot.
    const runs = trial.runs.map((id) => runOf(state, id)).filter((run) => run.value !== undefined);
    if (runs.length < 2) continue;
    told++;
    const centre = mean(runs.map((run) => run.value!));
    const spread = Math.sqrt(1 - 1 / runs.length);
    for (const run of runs) bySlot.set(run.slot, [...(bySlot.get(run.slot) ?? []), (run.value! - centre) / spread]);
  }
  const all = [...bySlot.values()].flat();
  return [...bySlot].flatMap(([slot, own]): EventBody[] => {
    const others = all.length - own.length;
    const code = `slot ${slot} differs`;
    if (own.length < FEWEST || others < FEWEST || state.warnings.some((warning) => warning.code === code)) return [];
    const rest = (mean(all) * all.length - mean(own) * own.length) / others;
    const apart = mean(own) - rest;
    const t = Math.abs(apart) / (sd * Math.sqrt(1 / own.length + 1 / others));
    if (2 * studentCdf(-t, df) * bySlot.size >= ALARM) return [];
    const device = slots[slot]?.device ?? slots[slot]?.gpus.join();
    const where = `slot ${slot}${device === undefined || device === '' ? '' : ` (${device})`}`;
    const text = `${where} gives ${state.config.objective.metric} ${said(Math.abs(apart))} ${apart > 0 ? 'higher' : 'lower'} than the others for the same trials: its device or load differs, and comparisons across slots carry that`;
    return [{ type: 'warning.raised', code, text }];
  });
}

/** Two-sided chance that noise alone sets the last `k` results of a trial as far apart from the earlier ones. */
function driftChance(state: State, trial: Trial, k: number): number {
  const n = trial.values.length - k;
  // What has drifted must not make the noise look large that it is judged by.
  const { sd, df } = noiseBeside(state, trial, trial.values.slice(0, n));
  const apart = mean(trial.values.slice(n)) - mean(trial.values.slice(0, n));
  if (!(sd > 0)) return apart === 0 ? 1 : 0;
  return 2 * studentCdf(-Math.abs(apart) / (sd * Math.sqrt(1 / n + 1 / k)), df);
}

/**
 * Open the reserve. What is believed to be better than the incumbent and was never proven gets its chance; then the
 * incumbent is run again on fresh seeds, so that what is reported was not selected. Undefined when there is nothing to
 * use a reserve for.
 */
export function close(state: State, end: Extract<EventBody, { type: 'study.ended' }>): EventBody[] | undefined {
  if (state.phase !== 'running' || state.incumbent === undefined || deterministic(state)) return undefined;
  const reserve = reserveOf(state);
  if (RESOURCES.every((resource) => reserve[resource] === 0)) return undefined;
  const closing: EventBody = { type: 'study.closing', reason: end.reason, text: end.text };
  const last = lastWord({ ...state, closing: end });
  // Whom replicates are made of is known when it has been judged.
  if (last.length > 0) return [closing, ...last];
  const open = state.queue.some((id) => trialOf(state, id).level !== undefined);
  return state.incumbent === 1 && !open ? undefined : [closing];
}

/** Fresh runs, once the reserve is open, for what is believed to be better than the incumbent and was not proven. */
export function lastWord(state: State): EventBody[] {
  const leader = challengerOf(state, true);
  if (leader === undefined || state.incumbent === undefined || !canEverPay(state, payerOf(leader))) return [];
  const more = Math.min(LAST_RUNS, state.config.repeats.most - leader.runs.length, runsFor(state, leader));
  // One fresh run says nothing of its own; one more of a trial that was left open does.
  if (more < (leader.values.length > 0 ? 1 : LAST_RUNS)) return [];
  // One that was left open goes on with the error rate it has.
  const fresh = leader.level === undefined ? levelFor(state) : undefined;
  const incumbent = trialOf(state, state.incumbent);
  const chance = chanceOf(state, incumbent, gainBelief(leader, incumbent), fresh?.level ?? leader.level!);
  const why = 'the search is over and it is believed to be the best: is it real?';
  return chance < LAST_CHANCE ? [] : [{ type: 'trial.repeated', trial: leader.id, more, why, ...fresh }];
}

/** Once the reserve is open and nothing else is to be told: run the incumbent again, on fresh seeds. */
export function replicate(state: State): EventBody[] {
  if (state.incumbent === undefined || state.incumbent === 1) return [];
  const incumbent = trialOf(state, state.incumbent);
  const more = Math.min(REPLICATES - incumbent.replicas, runsFor(state, incumbent));
  return more < 1 ? [] : replicates(state, more);
}

/** Whether what is left pays for another run of a trial to its end, on some slot, be it busy now or not. */
function payable(state: State, trial: Trial): boolean {
  const least = leastSeconds(state, trial);
  const who = payerOf(trial);
  return state.config.slots.some((_, slot) => affordable(state, slot, who, undefined, least) !== undefined);
}

/** How many more runs of a trial what is left will pay for, each of them to its end. */
function runsFor(state: State, trial: Trial): number {
  if (!payable(state, trial)) return 0;
  return Math.floor(runsLeft(state, meanSeconds(state, trial)) + 1e-9);
}

/** Seconds that a run of a trial takes; NaN before one has ended. */
function meanSeconds(state: State, trial: Trial): number {
  const done = trial.runs.map((id) => runOf(state, id)).filter((run) => run.status === 'done');
  return mean(done.map((run) => run.seconds ?? 0));
}

function replicates(state: State, more: number): EventBody[] {
  if (state.incumbent === undefined || state.incumbent === 1) return [];
  const why = 'the search is over: fresh runs say what it is worth';
  return [{ type: 'trial.repeated', trial: state.incumbent, more, why, purpose: 'replicate' }];
}

function said(x: number): string {
  return String(Number(x.toPrecision(4)));
}
