/** Runs at other levels of the study's fidelity: what they may cost, and which of them tells most of the target. Pure. */

import { type BetRecord, allocators } from '../methods/bets/index.ts';
import { rng } from '../methods/math/rng.ts';
import type { EventBody } from '../study/events/index.ts';
import { fidelityForecast, openLevels, type ScaleForecast, unfit } from '../study/scales.ts';
import { saturationOf } from '../study/saturation.ts';
import { runOf, SCALE_BET, type State, type Trial, trialOf } from '../study/state.ts';
import { busySlots, canEverPay, freeSlots, openSlot, type RunLength } from './afford.ts';
import { openBets, recordsOf, situationOf } from './bets.ts';

/** Label of the draws, so that they are nobody else's. */
const CHOICES = 0x5ca1eb;
/** A run that takes less than this off the variance of what is asked is not worth its cost. */
const LEAST_SHRINK = 0.01;
/** Nor, once nothing else is to be run, one whose question is this clear. */
const LEAST_WORTH = 0.1;
/** Up to this chance that the incumbent is the best at the target, a word is said. */
const CROSSED = 0.1;

/** A run at another level, what it is to tell, and how much of what the bet may have it is worth: in [0, 1]. */
interface Step {
  readonly trial: Trial;
  readonly level: number;
  readonly why: string;
  readonly worth: number;
}

/** Start a run at another level when its bet is due and a slot would else go to a new trial. */
export function climb(state: State): EventBody[] {
  if (state.config.fidelity === undefined || state.phase !== 'running' || state.closing !== undefined) return [];
  if (state.incumbent === undefined || state.queue.length > 0 || state.bets[SCALE_BET]?.closed === true) return [];
  if (state.config.slots.length - busySlots(state) - state.asked.length <= 0 || freeSlots(state).length === 0)
    return [];
  if (!canEverPay(state, { bet: SCALE_BET })) return [];
  for (const { trial, level, why, worth } of steps(state)) {
    if (!due(state, worth)) return [];
    const plan = openSlot(state, { bet: SCALE_BET }, lengthAt(state, level));
    if (plan === undefined) continue;
    const repeat = (trial.climbs ?? []).filter((id) => runOf(state, id).level === level).length;
    return [
      {
        type: 'run.started',
        run: state.runs.length + 1,
        trial: trial.id,
        repeat,
        seed: state.config.seedNumber + repeat,
        slot: plan.slot,
        limitSeconds: plan.limitSeconds,
        ...(plan.short === true ? { short: true } : {}),
        level,
        why,
        hold: plan.hold,
      },
    ];
  }
  return [];
}

/** What could be run, the most telling per device-second first. */
function steps(state: State): Step[] {
  const { knob, levels, base, target } = state.config.fidelity!;
  const found = fidelityForecast(state);
  if (typeof found !== 'string') {
    const worth = worthOf(found);
    const [one, other] = found.asked.recipes;
    const about = other === undefined ? `${one} at ${target}` : `the difference of ${one} and ${other} at ${target}`;
    return [
      ...ownCurve(state, found),
      ...found.next
        .filter(({ shrinks }) => shrinks >= LEAST_SHRINK)
        .map((step) => ({ ...step, trial: trialOf(state, step.trial) }))
        .filter(({ trial, scale }) => openLevels(state, trial).includes(scale))
        .map(({ trial, scale, shrinks }) => ({
          trial,
          level: scale,
          worth,
          why: `at ${knob} ${scale} it takes ${percent(shrinks)} off what is unsure of ${about}`,
        })),
    ];
  }
  if (unfit(state) !== undefined) return [];
  // Before a law can be fitted: the incumbent at each level, the cheapest first.
  const incumbent = trialOf(state, state.incumbent!);
  const seen = state.trials.flatMap((trial) => trial.climbs ?? []).map((id) => runOf(state, id));
  const missing = levels.filter(
    (level) =>
      level !== base && !seen.some((run) => run.level === level && (run.status === 'done' || run.status === 'running')),
  );
  return missing
    .filter((level) => openLevels(state, incumbent).includes(level))
    .map((level) => ({
      trial: incumbent,
      level,
      worth: 1,
      why: `the first run at ${knob} ${level}: a law needs one at each level`,
    }));
}

/** What was kept is told at the target by runs of its own: at the largest level that can be paid for. */
function ownCurve(state: State, { contenders }: ScaleForecast): Step[] {
  const { knob } = state.config.fidelity!;
  const incumbent = trialOf(state, state.incumbent!);
  const own = contenders.find(({ trials }) => trials[0] === incumbent.id);
  if (own === undefined || own.scales > 1) return [];
  return openLevels(state, incumbent)
    .toReversed()
    .map((level) => ({
      trial: incumbent,
      level,
      worth: 1,
      why: `at ${knob} ${level} it has a second point of its curve: trial ${incumbent.id} was kept`,
    }));
}

/** How much there is to be told, and how much of it the next run would tell. */
function worthOf({ asked, next }: ScaleForecast): number {
  return Math.min(1, Math.max(asked.worth, (next[0]?.shrinks ?? 0) / 2));
}

/** Whether the bets' allocator gives the next run to this bet. */
function due(state: State, worth: number): boolean {
  const { allocator = 'auto', fidelity } = state.config;
  const steered = state.bets[SCALE_BET];
  const account = state.accounts[`bet:${SCALE_BET}`];
  const runs = state.trials.flatMap((trial) => trial.climbs ?? []).map((id) => runOf(state, id));
  const pending = runs.filter(({ status }) => status === 'running' || status === 'paused').length;
  const open = openBets(state);
  // Nobody else wants what is left.
  if (state.exhausted || open?.length === 0) return pending === 0 && worth >= LEAST_WORTH;
  const own: BetRecord = {
    name: SCALE_BET,
    losses: [],
    // None of its results is one that bets are compared by.
    failures: runs.length - pending,
    pending,
    cost: account?.spent.deviceSeconds ?? 0,
    floor: steered?.floor ?? fidelity!.floor,
    cap: steered?.cap ?? fidelity!.cap,
    worth,
  };
  const others = open === undefined ? [searchRecord(state)] : recordsOf(state, open);
  const random = rng(state.config.seedNumber, CHOICES, state.runs.length);
  const chosen = allocators[allocator].allocate([...others, own], situationOf(state), random);
  return chosen === others.length;
}

/** All of a study without bets as one: whatever was not spent at other levels. */
function searchRecord(state: State): BetRecord {
  const losses = state.observations.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  const climbs = state.accounts[`bet:${SCALE_BET}`]?.spent.deviceSeconds ?? 0;
  return {
    name: '',
    losses,
    failures: state.observations.length - losses.length,
    pending: 0,
    cost: state.ledger.spent.deviceSeconds - climbs,
  };
}

/**
 * Seconds of a usual run at a level and of the longest to be expected: those of trials, times what the level makes of them
 * (a line in logarithms through the runs at other levels; in proportion to the scale before any).
 */
function lengthAt(state: State, level: number): RunLength | undefined {
  const { pace } = state;
  if (pace.count === 0) return undefined;
  const { base } = state.config.fidelity!;
  const mean = pace.seconds / pace.count;
  const told = state.trials
    .flatMap((trial) => trial.climbs ?? [])
    .map((id) => runOf(state, id))
    .filter((run) => run.status === 'done' && (run.seconds ?? 0) > 0)
    .map((run) => ({ u: Math.log(run.level! / base), v: Math.log(run.seconds! / mean) }));
  const slope =
    told.length === 0
      ? 1
      : told.reduce((sum, { u, v }) => sum + u * v, 0) / told.reduce((sum, { u }) => sum + u * u, 0);
  const times = (level / base) ** Math.max(0, slope);
  return { usual: mean * times, longest: pace.longest * times };
}

/** Say once of each incumbent that it is not expected to stay ahead. */
export function tellCrossing(state: State): EventBody[] {
  const { fidelity } = state.config;
  if (fidelity === undefined || state.incumbent === undefined || state.phase !== 'running') return [];
  const code = `crossing ${state.incumbent}`;
  if (state.warnings.some((warning) => warning.code === code)) return [];
  const found = fidelityForecast(state);
  if (typeof found === 'string') return [];
  const own = found.contenders.find(({ trials }) => trials[0] === state.incumbent);
  const rival = found.contenders.toSorted((a, b) => b.best - a.best)[0]!;
  // One that ran at a single level has the slope of the others: its curve crosses nobody's for a reason of its own.
  if (own === undefined || own === rival || own.scales < 2 || rival.scales < 2) return [];
  if (own.best > CROSSED) return [];
  const text = `trial ${state.incumbent} is the best at ${fidelity.knob} ${fidelity.base}, and not expected to be at ${fidelity.target}: trial ${rival.trials[0]} is likeliest to be, with ${percent(rival.best)}`;
  return [{ type: 'warning.raised', code, text }];
}

/** Say once that the objective has hardly any way to go: gains in it can hardly be seen, however real. */
export function tellSaturated(state: State): EventBody[] {
  if (state.phase !== 'running' || state.incumbent === undefined) return [];
  if (state.warnings.some(({ code }) => code === 'saturated')) return [];
  const found = saturationOf(state);
  if (found === undefined) return [];
  const { metric } = state.config.objective;
  const whence =
    found.from === 'fit' ? `the ceiling fitted over ${state.config.fidelity!.knob}` : 'the best there can be';
  const text = `${metric} is saturated: ${said(found.score)} is within two standard errors (${said(found.se)}) of ${whence}, ${said(found.ceiling)}: what is gained there can hardly be seen; a harder measure would tell more`;
  return [{ type: 'warning.raised', code: 'saturated', text }];
}

function said(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
