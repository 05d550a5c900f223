/** The loop: inbox → journal → state → decide → journal → perform. It never waits for a researcher or an executor. */

import type { Executor, Exit, Message, RunSpec } from '../io/executor/executor.ts';
import type { World } from '../io/executor/world.ts';
import type { Journal } from '../io/store/journal.ts';
import type { SeriesStore } from '../io/store/series.ts';
import type { Stopping } from '../methods/pruning/index.ts';
import { active, applicable, feasible, valueAt } from '../methods/space/index.ts';
import { challengerOf, leaderOf } from '../study/belief.ts';
import type { Slot } from '../study/config.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import { pointAt } from '../study/fidelity.ts';
import { overdrawn } from '../study/ledger.ts';
import { reduce } from '../study/reduce.ts';
import { keyOf, type Run, runOf, type State, type Trial, trialOf, underWay } from '../study/state.ts';
import { alarm, decide, type Parts } from './decide.ts';
import { unread } from './operators.ts';
import { admitRepeat, stoppable } from './steering.ts';
import { mayReuse, takenOver } from './reuse.ts';
import { suspected } from './tampering.ts';
import { asPrinted, openHearing } from './hearing.ts';
import { readHeldout } from './heldout.ts';
import type { Researcher } from './researcher/researcher.ts';
import { spaceOf } from './researcher/numeric.ts';

/** Everything a lab is made of. */
export interface LabParts extends Stopping {
  readonly journal: Journal;
  readonly series: SeriesStore;
  readonly executor: Executor;
  readonly researcher: Researcher;
  readonly world: World;
  /** What identifies this lab in the journal. */
  readonly identity: {
    readonly host: string;
    readonly pid: number;
    readonly version: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly print?: string;
  };
  /** Slots of this machine; default: those of the study's configuration. */
  readonly slots?: readonly Slot[];
  /** Told of every event after it is durable. May not throw. */
  readonly watch?: (event: Event, state: State) => void;
  /** Steering read from outside since the last call: requests other processes have posted. */
  readonly requests?: () => { readonly events: readonly EventBody[]; done(): void };
}

/** Events between two snapshots of the state. */
const SNAPSHOT_EVERY = 4000;
/** Metric points are on disk, for pages that watch, after so long at the latest. */
const FLUSH_MS = 300;
/** How often the machine's memory is looked at, and by how much of it a change must be to be noted. */
const MEMORY_MS = 10_000;
const MEMORY_SHARE = 0.02;

/** A lab at work. */
export interface Lab {
  /** Resolves with the final state when the study has ended, is drained, or its lab was killed. */
  readonly done: Promise<State>;
  /** Put an event into the inbox: steering by a face in the same process. */
  readonly post: (event: EventBody) => void;
  readonly state: () => State;
}

/**
 * Work on the study in `parts.journal` until it ends. The journal must hold at least `study.created`. Runs that an
 * earlier lab left behind are adopted, requests it left unanswered are asked again.
 */
export function openLab(parts: LabParts): Lab {
  const { journal, series, executor, researcher, world } = parts;
  const inbox: (EventBody | Message)[] = [];
  const initial = journal.state();
  if (initial === undefined) throw new Error('openLab needs a journal that starts with study.created');
  let state: State = initial;
  let sinceSnapshot = 0;
  let flushedAt = 0;
  let unflushed = false;
  // A clock set back since the last lab must not make time stand still: go on from where the journal is.
  const ahead = Math.max(0, Math.ceil(state.now - world.now()));
  const clock = (): number => world.now() + ahead;
  const hearing = openHearing(state.config);
  const space = spaceOf(state.config);
  const { pruner, scheduler } = parts;
  const deciding: Parts = { pruner, scheduler, researcher, space, canPause: executor.canPause };
  let lookedAt = -Infinity;
  /** Trials without proof whose files are still there. */
  const unproven = new Set(state.leaders.filter((id) => trialOf(initial, id).verdict === 'inconclusive'));
  /** What was done to the journal while this lab held it: from then on no end of a run counts. */
  let disturbed: string | undefined;

  const post = (message: EventBody | Message): void => {
    inbox.push(message);
    world.wake();
  };

  /** Fold events now; the caller stores them before anything follows from them. */
  const stamp = (body: EventBody): Event => {
    const event: Event = { ...body, at: Math.max(state.now, Math.floor(clock())) };
    state = reduce(state, event);
    return event;
  };

  /** What a keep has made may be wanted, and what may yet become one; of the others only the record is. */
  const clear = (judged: number): void => {
    const likely = [leaderOf(state).id, challengerOf(state)?.id];
    for (const id of new Set([judged, ...unproven])) {
      const trial = trialOf(state, id);
      const waits = trial.verdict === 'inconclusive' && likely.includes(id);
      if (waits) unproven.add(id);
      else if (trial.verdict !== undefined) unproven.delete(id);
      if (!waits && trial.verdict !== undefined && trial.verdict !== 'keep')
        trial.runs.forEach((run) => executor.clean(run));
    }
  };

  const perform = (event: Event): void => {
    switch (event.type) {
      case 'run.started':
        executor.submit(specOf(state, event.run), post);
        return;
      case 'run.stopping':
        executor.stop(event.run);
        return;
      case 'run.paused':
        executor.pause(event.run);
        return;
      case 'run.resumed':
        executor.resume(event.run, event.slot, event.leftSeconds);
        return;
      case 'trial.judged':
        clear(event.trial);
        return;
      case 'run.ended':
        // What a run at another level leaves behind is its number.
        if (runOf(state, event.run).level !== undefined) executor.clean(event.run);
        return;
      case 'heldout.asked':
        executor.check({ ...specOf(state, event.run), slot: event.slot, limitSeconds: event.limitSeconds }, post);
        return;
      case 'proposal.asked':
        researcher.propose(state, event.ask, post);
        return;
      default:
    }
  };

  const store = (events: readonly Event[]): void => {
    if (events.length === 0) return;
    journal.append(events);
    for (const event of events) {
      perform(event);
      parts.watch?.(event, state);
    }
    sinceSnapshot += events.length;
    if (sinceSnapshot < SNAPSHOT_EVERY) return;
    journal.snapshot(state);
    sinceSnapshot = 0;
  };

  /** Take everything out of the inbox, turn it into events and store them. */
  const takeIn = (): void => {
    const requests = parts.requests?.();
    const events: Event[] = [];
    for (const message of [...inbox.splice(0), ...(requests?.events ?? [])]) {
      for (const body of understand(message)) events.push(stamp(body));
    }
    store(events);
    // Only what is written down may be forgotten where it came from.
    requests?.done();
  };

  const understand = (message: EventBody | Message): EventBody[] => {
    switch (message.type) {
      case 'run.heard':
        // What is said of a run after its end cannot change what it came to.
        if (!underWay(runOf(state, message.run))) return [];
        series.write(message.run, message.by === undefined ? asPrinted(state, message.metrics) : message.metrics);
        unflushed = true;
        return hearing.hear(state, message.run, message.metrics, message.by);
      case 'run.exited':
        // A run ends once: whatever an executor says of it later is an echo.
        if (!underWay(runOf(state, message.run))) return [];
        return conclude(message.run, message.exit);
      case 'heldout.exited':
        return readHeldout(state, message);
      case 'trial.proposed':
        // An answer given twice is an answer to nobody; 0 is a person's own idea.
        return message.ask === 0 || state.asked.includes(message.ask) ? [admit(message)] : [];
      case 'budget.raised': {
        // Below what is spent and promised no ledger can go; asked of a lab that runs, that is no reason to end it.
        const low = overdrawn(state.ledger, message.budget);
        if (low === undefined) return [message];
        const text = `the budget of ${low} cannot go down to ${message.budget[low]}: more is spent or held already`;
        return [{ type: 'warning.raised', code: 'budget-spent', text }];
      }
      case 'run.stopping':
        // A person's word on one run; it may have ended, or be ending, by now.
        return stoppable(state, message.run) ? [message] : [];
      case 'trial.repeated':
        return admitRepeat(state, message);
      case 'trial.noted':
        return state.trials[message.trial - 1] === undefined ? [] : [message];
      case 'proposal.refused':
        return state.asked.includes(message.ask) ? [message] : [];
      case 'expense.settled':
        return state.expenses[message.expense] === undefined ? [] : [message];
      default:
        return [message];
    }
  };

  /** The end of a run, as far as nobody has had a hand in it. */
  const conclude = (run: number, said: Exit): EventBody[] => {
    if (said.reused !== undefined) return takenOver(state, run, said.reused);
    disturbed ??= journal.disturbed();
    const { exit, events } = suspected(state, run, said, disturbed);
    return [hearing.conclude(state, run, exit), ...events];
  };

  /** A proposal becomes a trial unless it is a repeat, outside the rules, or nobody asked. */
  const admit = (proposal: Extract<EventBody, { type: 'trial.proposed' }>): EventBody => {
    const refuse = (text: string): EventBody =>
      proposal.ask === 0
        ? // Nobody waits for the answer to a person's own idea: it is said where the person looks.
          {
            type: 'warning.raised',
            code: 'idea-refused',
            text: `the idea ${proposal.hypothesis} is not run: it ${text}`,
          }
        : { type: 'proposal.refused', ask: proposal.ask, text, exhausted: false };
    // A knob that does not apply reaches no script: with it or without it, the point is the same.
    const point = applicable(space, proposal.point);
    const parent = state.trials[proposal.parent - 1] === undefined ? 1 : proposal.parent;
    const code = proposal.code ?? trialOf(state, parent).code;
    const twin = state.seen[keyOf(point, code)];
    if (twin !== undefined) return refuse(`was tried before: trial ${twin}`);
    const missing = space.params.find((param) => active(param, point) && valueAt(point, param.name) === undefined);
    if (missing !== undefined) return refuse(`says nothing about ${missing.name}`);
    if (!feasible(space, point)) return refuse('violates a constraint');
    const own = code === undefined ? {} : { code };
    return { ...proposal, ...state.tasks[proposal.ask], point, parent, ...own, trial: state.trials.length + 1 };
  };

  /** A pause needs memory to stand still in: note how much there is, when that can matter and has changed. */
  const noteMemory = (): EventBody[] => {
    if (scheduler === undefined || !executor.canPause || state.config.pause === 'never') return [];
    if (clock() - lookedAt < MEMORY_MS) return [];
    lookedAt = clock();
    const now = executor.memory();
    const before = state.memory;
    if (now === undefined) return [];
    const moved = before === undefined ? Infinity : Math.abs(now.freeBytes - before.freeBytes);
    return moved > MEMORY_SHARE * now.totalBytes ? [{ type: 'machine.noted', ...now }] : [];
  };

  /** Every expense that is open, at its worst case: nobody will hear what it came to. */
  const settleAll = (): EventBody[] =>
    Object.entries(state.expenses)
      // A held-out check outlives its lab: it is heard of again.
      .filter(([expense]) => Number(expense) !== state.checking?.expense)
      .map(([expense, { hold }]) => ({ type: 'expense.settled', expense: Number(expense), charge: hold }));

  const act = (): void => {
    const events: Event[] = noteMemory().map(stamp);
    for (;;) {
      const actions = decide(state, deciding);
      if (actions.length === 0) break;
      for (const action of actions) events.push(stamp(action));
    }
    store(events);
  };

  const over = (): boolean =>
    state.phase === 'ended' ||
    ((state.phase === 'draining' || state.phase === 'killed') &&
      state.running.length + state.paused.length === 0 &&
      state.checking === undefined);

  const work = async (): Promise<State> => {
    store([stamp({ type: 'lab.opened', ...parts.identity, slots: parts.slots ?? state.config.slots })]);
    const left = [...state.running, ...state.paused].map((id) => specOf(state, id));
    for (const { run } of left) series.forget(run);
    executor.adopt(left, post);
    for (const { run: id } of left) {
      // What was decided last may not have been done.
      const run = runOf(state, id);
      if (run.stopping !== undefined) executor.stop(id);
      else if (run.status === 'paused') executor.pause(id);
      else if (run.stays.length > 1) executor.resume(id, run.slot, run.leftSeconds);
    }
    if (state.checking !== undefined) {
      const { run, slot, limitSeconds } = state.checking;
      executor.check({ ...specOf(state, run), slot, limitSeconds }, post);
    }
    // Calls of a model that a lab left behind may have been made: they are paid for, and not made again.
    const lost = Object.entries(state.askedModel).flatMap(([ask]): EventBody[] => [
      { type: 'proposal.refused', ask: Number(ask), text: 'the lab ended before the model answered', exhausted: false },
    ]);
    store([...settleAll(), ...lost].map(stamp));
    for (const ask of state.asked) researcher.propose(state, ask, post);
    for (;;) {
      takeIn();
      act();
      if (inbox.length > 0) continue;
      if (over()) break;
      // Said as the alarm below says it: a difference of times may round to less than what was added.
      if (unflushed && clock() >= flushedAt + FLUSH_MS) {
        series.flush();
        flushedAt = clock();
        unflushed = false;
      }
      const wakeAt = alarm(state);
      await world.wait(Math.min(wakeAt, unflushed ? flushedAt + FLUSH_MS : Infinity) - ahead);
      if (inbox.length === 0 && clock() >= wakeAt) inbox.push({ type: 'clock.ticked' });
    }
    store([...settleAll(), { type: 'lab.closed' } as const].map(stamp));
    series.flush();
    journal.snapshot(state);
    return state;
  };

  return { done: work(), post, state: () => state };
}

/** Seconds that code which nobody has read is tried for before its first run, when nothing is said. */
const SMOKE_SECONDS = 20;

/** Code of a model or an agent that has not run yet is tried first; repeats of it are not. */
function smokeOf(state: State, trial: Trial, run: Run): { readonly smokeSeconds?: number } {
  const seconds = state.config.code?.smokeSeconds ?? SMOKE_SECONDS;
  const own = trial.code !== undefined && trial.code.tree !== trialOf(state, trial.parent).code?.tree;
  return own && unread(trial) && run.repeat === 0 && run.level === undefined && seconds > 0
    ? { smokeSeconds: seconds }
    : {};
}

/** What an executor needs to know of a run. */
export function specOf(state: State, id: number): RunSpec {
  const run = runOf(state, id);
  const trial = trialOf(state, run.trial);
  return {
    run: id,
    trial: run.trial,
    point: pointAt(state.config, trial.point, run.level),
    seed: run.seed,
    slot: run.slot,
    limitSeconds: run.limitSeconds,
    ...(trial.code === undefined ? {} : { code: trial.code.commit }),
    ...smokeOf(state, trial, run),
    ...(mayReuse(state, run) ? { reusable: true } : {}),
  };
}
