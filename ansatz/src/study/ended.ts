/** What the end of a run changes in the state: its outcome, what is known of its trial, of the noise and of its bet. */

import type { Observation } from '../methods/sampling/sampler.ts';
import { axisOf, reportsOf } from './axis.ts';
import { beliefOf } from './belief.ts';
import type { EndStatus, Event } from './events/index.ts';
import { repool } from './noise.ts';
import { projected } from './projection.ts';
import { agreementOf } from './standin.ts';
import { lossOf, remove, resultsOf, type Run, runOf, SCALE_BET, type State, type Trial, trialOf } from './state.ts';

/** Fold the end of a run into the state. */
export function ended(state: State, event: Extract<Event, { type: 'run.ended' }>): void {
  const run = runOf(state, event.run);
  const trial = trialOf(state, run.trial);
  remove(state.running, event.run);
  remove(state.paused, event.run);
  run.stays.at(-1)!.to ??= event.at;
  run.status = event.status;
  run.endedAt = event.at;
  run.reason = event.reason;
  run.text = event.text;
  run.tail = event.tail;
  run.value = event.value;
  run.resolution = event.resolution;
  run.others = event.others;
  run.charge = event.charge;
  run.seconds = event.seconds;
  run.smokeSeconds = event.smokeSeconds;
  run.cpuSeconds = event.cpuSeconds;
  run.peakBytes = event.peakBytes;
  run.exit = event.exit;
  if (event.reused !== undefined) run.reused = event.reused;
  const reports = event.reports ?? reportsOf(run);
  if (event.step !== undefined && (event.step !== run.steps.at(-1) || reports !== reportsOf(run))) {
    run.last = { step: event.step, reports };
  }
  state.largestBytes = Math.max(state.largestBytes, event.peakBytes ?? 0);
  if (run.level !== undefined) {
    // Of another scale: neither verdicts, noise and samplers nor the usual length of a run may know of it.
    if (event.status === 'failed') state.bets[SCALE_BET]!.failures++;
    return;
  }
  trial.active--;
  if (event.status === 'done') {
    // One number is no curve: it may be the last word of a run that says nothing before.
    if (run.steps.length > 1) {
      state.longestStep = Math.max(state.longestStep, event.step ?? run.steps.at(-1)!);
      state.axis = axisOf(state);
    }
    state.pace.seconds += event.seconds;
    state.pace.count++;
    state.pace.longest = Math.max(state.pace.longest, event.seconds);
    state.resolution = Math.max(state.resolution, event.resolution ?? 0);
    if (event.value !== undefined) {
      // The first result of a trial is the one it was selected for, also when earlier runs were lost.
      if (trial.id !== 1 && trial.screen === undefined) trial.screen = event.value;
      else addValue(state, trial, run, event.value);
    }
  }
  if (state.config.curve !== undefined && event.status === 'done') state.agreement = agreementOf(state);
  observe(state, trial, run);
  if (run.repeat === 0) tally(state, trial);
  believe(state, trial);
  if (hopelessBaseline(trial, event.status)) {
    // It fails as it is: the repeats that were to measure its noise would fail as well.
    trial.wants = trial.runs.length;
    remove(state.queue, trial.id);
  }
  if (trial.active === 0 && trial.runs.length >= trial.wants && trial.verdict === undefined) {
    state.unjudged.push(trial.id);
  }
}

function hopelessBaseline(trial: Trial, status: EndStatus): boolean {
  return trial.id === 1 && status === 'failed' && trial.active === 0 && trial.values.length === 0;
}

/** A result that nobody selected. A replicate of the incumbent is kept apart until the search goes on. */
function addValue(state: State, trial: Trial, run: Run, value: number): void {
  if (state.closing !== undefined && trial.replicas > trial.replicates.length) {
    trial.replicates.push(value);
    return;
  }
  trial.values.push(value);
  trial.seeds.push(run.seed);
  if (trial.values.length > 1) repool(state);
}

/** What the first run of a trial says of its bet; one that was lost says nothing yet. */
function tally(state: State, trial: Trial): void {
  const bet = trial.bet === undefined ? undefined : state.bets[trial.bet];
  const { status, loss } = state.observations[trial.id - 1]!;
  if (bet === undefined || status === 'pending') return;
  if (loss === undefined) bet.failures++;
  else bet.losses.push(loss);
}

/** Better ones than the incumbent that are remembered: those behind never lead before it was proven. */
const MOST_LEADERS = 5;

function believe(state: State, trial: Trial): void {
  trial.belief = beliefOf(state, trial);
  const mark = trialOf(state, state.incumbent ?? 1).belief?.mean ?? Infinity;
  const losses = (id: number): number => trialOf(state, id).belief?.mean ?? Infinity;
  const known = [...new Set([...state.leaders, trial.id])].filter((id) => losses(id) < mark);
  state.leaders = known.sort((a, b) => losses(a) - losses(b)).slice(0, MOST_LEADERS);
}

function observe(state: State, trial: Trial, run: Run): void {
  const results = resultsOf(trial);
  const index = trial.id - 1;
  const point = trial.point;
  if (results.length > 0) {
    const centre = results.reduce((a, b) => a + b, 0) / results.length;
    state.observations[index] = { point, status: 'done', loss: lossOf(state.config, centre), ...priceOf(state, run) };
  } else if (run.status === 'stopped' && (run.stopping === 'pruned' || run.stopping === 'unfinished')) {
    state.observations[index] = { point, status: 'stopped', ...projected(state, run) };
  } else if (run.status === 'failed' || run.stopping === 'nan') {
    state.observations[index] = { point, status: 'crashed' };
  }
}

/** What the result cost, where time is what the study is short of: with a budget of runs the cheap are worth no more. */
function priceOf({ config, observations }: State, run: Run): Pick<Observation, 'cost'> {
  const seconds = run.charge?.deviceSeconds ?? 0;
  if (config.budget.runs !== undefined) return {};
  const cost = run.status === 'done' && seconds > 0 ? seconds : observations[run.trial - 1]!.cost;
  return cost === undefined ? {} : { cost };
}
