/** How the journal becomes the state: one event at a time. The only place where the state changes. */

import type { Point } from '../methods/space/space.ts';
import { ended } from './ended.ts';
import type { Event } from './events/index.ts';
import { accountsOf, caps, EPSILON, movement, NOTHING, openLedger, RESOURCES } from './ledger.ts';
import { NO_COMMON, repool } from './noise.ts';
import { curveLoss } from './standin.ts';
import {
  activeSeconds,
  type BetState,
  keyOf,
  payerAt,
  placeOf,
  remove,
  runOf,
  SCALE_BET,
  type State,
  type Trial,
  trialOf,
} from './state.ts';

/** Fold one event into the state (which is changed in place and given back). The first must be `study.created`. */
export function reduce(state: State | undefined, event: Event): State {
  if (event.type === 'study.created') {
    if (state !== undefined) throw new Error('a journal holds one study.created, at its start');
    return {
      config: event.config,
      seq: 1,
      now: event.at,
      createdAt: event.at,
      phase: 'running',
      open: false,
      wallSeconds: 0,
      deadline: event.config.deadline,
      ledger: openLedger(event.config.budget),
      accounts: {},
      bets: Object.fromEntries(
        [
          ...(event.config.bets ?? []).map(({ name }) => name),
          ...(event.config.fidelity === undefined ? [] : [SCALE_BET]),
        ].map((name) => [name, newBet()]),
      ),
      askedFor: {},
      askedModel: {},
      tasks: {},
      asking: {},
      arms: {},
      repairs: {},
      ideas: [],
      model: { asked: 0, repairs: 0, failed: 0, at: 0 },
      reviewedAt: 0,
      expenses: {},
      expenseCount: 0,
      tokens: { input: 0, output: 0 },
      milestones: [],
      trials: [baselineTrial(event.baseline, event.config.repeats.baseline, event.at)],
      runs: [],
      running: [],
      paused: [],
      queue: [1],
      unjudged: [],
      unsettled: [],
      curved: [],
      marks: [],
      asks: 0,
      asked: [],
      exhausted: event.config.knobs.length === 0,
      seen: { [keyOf(event.baseline, undefined)]: 1 },
      observations: [{ point: event.baseline, status: 'pending' }],
      pool: { squares: 0, df: 0, trials: [] },
      common: NO_COMMON,
      leaders: [],
      family: 0,
      refuted: 0,
      planned: 0,
      recycled: 0,
      resolution: 0,
      pace: { seconds: 0, count: 0, longest: 0 },
      longestStep: 0,
      largestBytes: 0,
      verdicts: { keep: 0, discard: 0, inconclusive: 0, crash: 0 },
      dead: [],
      history: [],
      priors: [],
      warnings: [],
    };
  }
  if (state === undefined) throw new Error(`a journal starts with study.created, not ${event.type}`);
  state.seq++;
  if (state.open && event.type !== 'lab.opened') state.wallSeconds += Math.max(0, event.at - state.now) / 1000;
  state.now = event.at;
  settle(state, event);
  switch (event.type) {
    case 'lab.opened':
      state.open = true;
      state.config = { ...state.config, slots: event.slots };
      if (event.environment !== undefined) state.environment = event.environment;
      state.print = event.print;
      if (state.phase === 'draining' || state.phase === 'killed') state.phase = 'running';
      // A journal that was saved up to the verdicts of its end, but not to the end itself.
      if (state.phase !== 'ended') reopen(state);
      return state;
    case 'lab.closed':
      state.open = false;
      return state;
    case 'study.paused':
      if (state.phase === 'running') state.phase = 'paused';
      return state;
    case 'study.resumed':
      if (state.phase === 'paused') state.phase = 'running';
      return state;
    case 'study.draining':
      if (state.phase !== 'ended' && state.phase !== 'killed') state.phase = 'draining';
      return state;
    case 'study.killed':
      if (state.phase !== 'ended') state.phase = 'killed';
      return state;
    case 'budget.raised':
      state.config = { ...state.config, budget: event.budget };
      state.ledger = { ...state.ledger, budget: caps(event.budget) };
      state.deadline = event.deadline ?? state.deadline;
      if (state.phase === 'ended') {
        state.phase = 'running';
        state.ended = undefined;
      }
      reopen(state);
      return state;
    case 'study.ended':
      state.phase = 'ended';
      state.ended = { reason: event.reason, text: event.text };
      return state;
    case 'study.amended': {
      const kept = Object.entries({ ...state.config, ...event.changes }).filter(([, value]) => value !== null);
      state.config = Object.fromEntries(kept) as unknown as State['config'];
      for (const bet of state.config.bets ?? []) state.bets[bet.name] ??= newBet();
      return state;
    }
    case 'study.closing':
      state.closing = { reason: event.reason, text: event.text };
      return state;
    case 'trial.drifted': {
      const trial = trialOf(state, event.trial);
      trial.values = trial.values.slice(-event.keep);
      trial.seeds = trial.seeds.slice(-event.keep);
      repool(state);
      return state;
    }
    case 'clock.ticked':
      return state;
    case 'study.sealed':
      state.seal = event.files;
      return state;
    case 'machine.noted':
      state.memory = { freeBytes: event.freeBytes, totalBytes: event.totalBytes };
      return state;
    case 'knob.died':
      state.dead.push(event.knob);
      return state;
    case 'history.imported': {
      const { at: _, ...imported } = event;
      state.history.push(imported);
      return state;
    }
    case 'prior.taken': {
      const { at: _, ...prior } = event;
      state.priors.push(prior);
      return state;
    }
    case 'warning.raised':
      state.warnings.push({ code: event.code, text: event.text, run: event.run });
      return state;
    case 'proposal.asked':
      state.asks = event.ask;
      state.asked.push(event.ask);
      if (event.bet !== undefined) state.askedFor[event.ask] = event.bet;
      if (event.researcher === 'model') {
        state.askedModel[event.ask] = event.expense ?? 0;
        state.model.asked++;
        if (event.model !== undefined) {
          state.asking[event.ask] = event.model;
          armOf(state, event.model).asked++;
        }
        if (event.operator !== undefined) state.tasks[event.ask] = { operator: event.operator, of: event.of ?? [] };
        if (event.operator === 'debug') {
          state.model.repairs++;
          for (const id of event.of ?? []) state.repairs[id] = (state.repairs[id] ?? 0) + 1;
        }
        if (event.idea !== undefined) state.ideas[event.idea]!.ask = event.ask;
      }
      return state;
    case 'proposal.refused':
      remove(state.asked, event.ask);
      if (event.exhausted) exhaust(state, event.ask);
      answered(state, event.ask, false);
      delete state.askedFor[event.ask];
      return state;
    case 'trial.proposed': {
      remove(state.asked, event.ask);
      answered(state, event.ask, true, event.trial);
      const bet = event.bet ?? state.askedFor[event.ask] ?? event.researcher;
      delete state.askedFor[event.ask];
      (state.bets[bet] ??= newBet()).trials++;
      state.trials.push({
        id: event.trial,
        researcher: event.researcher,
        hypothesis: event.hypothesis,
        point: event.point,
        parent: event.parent,
        bet,
        ...(event.code === undefined ? {} : { code: event.code }),
        ...(event.by === undefined ? {} : { by: event.by }),
        ...(event.ask > 0 ? {} : { offered: true as const }),
        ...(event.operator === undefined ? {} : { operator: event.operator }),
        ...(event.of === undefined ? {} : { of: event.of }),
        ...(event.cites === undefined ? {} : { cites: event.cites }),
        ...(event.model === undefined ? {} : { model: event.model }),
        ...(event.tried === undefined ? {} : { tried: event.tried }),
        ...(event.most === undefined ? {} : { most: event.most }),
        ...(event.request === undefined ? {} : { request: event.request }),
        proposedAt: event.at,
        runs: [],
        wants: 1,
        active: 0,
        values: [],
        seeds: [],
        looks: [],
        replicas: 0,
        replicates: [],
      });
      state.seen[keyOf(event.point, event.code)] = event.trial;
      state.observations.push({ point: event.point, status: 'pending' });
      if (event.first === true) state.queue.unshift(event.trial);
      else state.queue.push(event.trial);
      return state;
    }
    case 'trial.noted': {
      const { at, text, tags, by } = event;
      (trialOf(state, event.trial).notes ??= []).push({
        at,
        ...(text === undefined ? {} : { text }),
        ...(tags === undefined ? {} : { tags }),
        ...(by === undefined ? {} : { by }),
      });
      return state;
    }
    case 'idea.noted':
      state.ideas.push({ text: event.text, failed: 0, ...(event.by === undefined ? {} : { by: event.by }) });
      return state;
    case 'expense.held': {
      const { expense, what, hold, bet, by } = event;
      state.expenseCount = expense;
      state.expenses[expense] = {
        what,
        hold,
        ...(bet === undefined ? {} : { bet }),
        ...(by === undefined ? {} : { by }),
      };
      return state;
    }
    case 'expense.settled':
      if (state.config.models?.some(({ model }) => model === state.expenses[event.expense]?.what) === true)
        armOf(state, state.expenses[event.expense]!.what).money += event.charge.money;
      delete state.expenses[event.expense];
      state.tokens.input += event.tokens?.input ?? 0;
      state.tokens.output += event.tokens?.output ?? 0;
      return state;
    case 'bets.reviewed':
      state.reviewedAt = state.trials.length;
      for (const { name, chance } of event.chances) (state.bets[name] ??= newBet()).chance = chance;
      for (const name of event.closed) (state.bets[name] ??= newBet()).closed = true;
      return state;
    case 'bet.steered': {
      const bet = (state.bets[event.bet] ??= newBet());
      bet.closed = !event.open;
      bet.pinned = true;
      bet.floor = event.floor ?? bet.floor;
      bet.cap = event.cap ?? bet.cap;
      return state;
    }
    case 'milestone.reached':
      state.milestones.push({ name: event.name, met: event.met, text: event.text, at: event.at });
      return state;
    case 'trial.repeated': {
      const trial = trialOf(state, event.trial);
      trial.wants += event.more;
      if (trial.verdict === 'inconclusive' || (trial.verdict === 'discard' && event.purpose === 'asked')) {
        // A second look at what was left open, or at what a person does not believe.
        state.verdicts[trial.verdict]--;
        trial.verdict = undefined;
        trial.why = undefined;
      }
      if (event.level !== undefined) {
        trial.level = event.level;
        state.family++;
        state.planned = event.planned ?? state.planned;
        state.recycled = 0;
      }
      if (event.look !== undefined) {
        const { against, information, boundary } = event.look;
        const looked = trialOf(state, event.look.trial);
        if (looked.against !== against) looked.looks = [];
        looked.against = against;
        looked.looks.push({ information, boundary });
      }
      if (event.purpose === 'replicate') trial.replicas += event.more;
      remove(state.unjudged, event.trial);
      // A trial under confirmation goes first: its verdict decides what is worth trying next.
      state.queue.unshift(event.trial);
      return state;
    }
    case 'heldout.asked': {
      const { trial, run, slot, limitSeconds, expense } = event;
      state.checking = { trial, run, slot, limitSeconds, expense };
      return state;
    }
    case 'heldout.read': {
      const { trial, value, text } = event;
      if (state.checking?.trial === trial) state.checking = undefined;
      trialOf(state, trial).heldout = {
        ...(value === undefined ? {} : { value }),
        ...(text === undefined ? {} : { text }),
      };
      return state;
    }
    case 'trial.judged':
      judged(state, event);
      return state;
    case 'run.started':
      started(state, event);
      return state;
    case 'run.reported': {
      const run = runOf(state, event.run);
      // Curves of another scale are compared with nobody's.
      if (run.steps.length === 0 && run.level === undefined) state.curved.push(run.id);
      run.steps.push(event.step);
      run.heardAt.push(state.seq);
      if (event.nth !== undefined) (run.nth ??= []).push(event.nth);
      run.heardAfter.push(activeSeconds(run, event.at));
      run.losses.push(curveLoss(state.config, event.value));
      return state;
    }
    case 'run.stopping': {
      const run = runOf(state, event.run);
      run.stopping = event.reason;
      run.stopWhy = event.why;
      run.risk = event.risk;
      return state;
    }
    case 'run.passed':
      runOf(state, event.run).rung = event.step;
      return state;
    case 'run.paused': {
      const run = runOf(state, event.run);
      run.status = 'paused';
      run.rung = event.step;
      run.stays.at(-1)!.to = event.at;
      remove(state.running, event.run);
      state.paused.push(event.run);
      return state;
    }
    case 'run.resumed': {
      const run = runOf(state, event.run);
      run.status = 'running';
      run.slot = event.slot;
      run.stays.push({ slot: event.slot, from: event.at });
      run.leftSeconds = event.leftSeconds;
      if (event.leftSeconds !== undefined) run.short = true;
      remove(state.paused, event.run);
      state.running.push(event.run);
      return state;
    }
    case 'run.audited': {
      const { step, risk, toBeat } = event;
      runOf(state, event.run).audited = { step, ...(risk === undefined ? {} : { risk }), toBeat };
      return state;
    }
    case 'run.ended':
      ended(state, event);
      return state;
  }
}

/** Trials that went without a real verdict because there was nothing left to pay for their runs get one now. */
function reopen(state: State): void {
  state.closing = undefined;
  for (const trial of state.trials) {
    if (trial.replicas === 0) continue;
    // Replicates are repeats like any other once the search goes on; their seeds are the last of its runs.
    const runs = trial.runs.map((id) => runOf(state, id)).filter((run) => run.status === 'done');
    trial.seeds.push(...runs.slice(runs.length - trial.replicates.length).map((run) => run.seed));
    trial.values.push(...trial.replicates.splice(0));
    trial.replicas = 0;
    trial.wants = Math.max(trial.runs.length, Math.min(trial.wants, trial.runs.length));
    remove(state.queue, trial.id);
  }
  for (const id of state.unsettled.splice(0)) {
    const trial = trialOf(state, id);
    if (trial.verdict === undefined || trial.id === state.incumbent) continue;
    state.verdicts[trial.verdict]--;
    trial.verdict = undefined;
    trial.why = undefined;
    (trial.runs.length < trial.wants ? state.queue : state.unjudged).push(id);
  }
}

function baselineTrial(point: Point, repeats: number, at: number): Trial {
  return {
    id: 1,
    researcher: 'baseline',
    hypothesis: 'the script as it is',
    point,
    parent: 0,
    proposedAt: at,
    runs: [],
    wants: repeats,
    active: 0,
    values: [],
    seeds: [],
    looks: [],
    replicas: 0,
    replicates: [],
  };
}

/** The model has answered: with a trial, or with nothing that could be run. */
function answered(state: State, ask: number, well: boolean, trial?: number): void {
  if (state.askedModel[ask] === undefined) return;
  const idea = state.ideas.find((one) => one.ask === ask);
  if (idea !== undefined) {
    idea.ask = undefined;
    if (trial !== undefined) idea.trial = trial;
    else idea.failed++;
  }
  delete state.askedModel[ask];
  // What came of a repair is a trial of its own: the one it repairs needs none any more.
  const task = state.tasks[ask];
  if (well && task?.operator === 'debug') for (const id of task.of) state.repairs[id] = Number.MAX_SAFE_INTEGER;
  delete state.tasks[ask];
  delete state.asking[ask];
  state.model.failed = well ? 0 : state.model.failed + 1;
  state.model.at = state.now;
}

function armOf(state: State, model: string): State['arms'][string] {
  return (state.arms[model] ??= { asked: 0, money: 0 });
}

function newBet(): BetState {
  return { losses: [], failures: 0, trials: 0, keeps: 0, closed: false };
}

/** Nothing is left to try: for one bet among several, or for the study. */
function exhaust(state: State, ask: number): void {
  const bet = state.askedFor[ask];
  const rivals = (state.config.bets ?? []).filter(({ name }) => name !== bet && state.bets[name]?.closed !== true);
  if (bet === undefined || rivals.length === 0) state.exhausted = true;
  if (bet !== undefined) (state.bets[bet] ??= newBet()).closed = true;
}

/** Names of the accounts an event moves. */
function accountsMoved(state: State, event: Event): readonly string[] {
  if (event.type === 'run.started') return accountsOf(payerAt(trialOf(state, event.trial), event.level));
  if (event.type === 'run.ended') return runOf(state, event.run).accounts;
  if (event.type === 'expense.held') return accountsOf(event);
  return event.type === 'expense.settled' ? accountsOf(state.expenses[event.expense] ?? {}) : [];
}

function settle(state: State, event: Event): void {
  const moved = movement(event, {
    run: (run) => state.runs[run - 1]?.hold,
    expense: (expense) => state.expenses[expense]?.hold,
  });
  if (moved === undefined) return;
  const accounts = accountsMoved(state, event).map(
    (name) => (state.accounts[name] ??= { held: { ...NOTHING }, spent: { ...NOTHING } }),
  );
  for (const account of [state.ledger, ...accounts]) {
    for (const resource of RESOURCES) {
      account.held[resource] += moved.held[resource];
      account.spent[resource] += moved.spent[resource];
      // Sums that should cancel leave a few units in the last place.
      if (Math.abs(account.held[resource]) < EPSILON) account.held[resource] = 0;
    }
  }
  const open = Object.keys(state.expenses).length;
  if (open === 0 && state.running.length + state.paused.length === 1 && event.type === 'run.ended') {
    // The last hold is gone: whatever rounding left over goes with it.
    for (const resource of RESOURCES) state.ledger.held[resource] = 0;
  }
}

function started(state: State, event: Extract<Event, { type: 'run.started' }>): void {
  const trial = trialOf(state, event.trial);
  if (event.level === undefined) {
    trial.runs.push(event.run);
    trial.active++;
    if (trial.runs.length >= trial.wants) remove(state.queue, trial.id);
  } else (trial.climbs ??= []).push(event.run);
  state.runs.push({
    id: event.run,
    trial: event.trial,
    repeat: event.repeat,
    seed: event.seed,
    slot: event.slot,
    place: placeOf(state.config.slots[event.slot]),
    limitSeconds: event.limitSeconds,
    short: event.short,
    ...(state.print === undefined ? {} : { print: state.print }),
    ...(event.level === undefined ? {} : { level: event.level, why: event.why }),
    hold: event.hold,
    accounts: accountsOf(payerAt(trial, event.level)),
    startedAt: event.at,
    status: 'running',
    stays: [{ slot: event.slot, from: event.at }],
    rung: 0,
    steps: [],
    losses: [],
    heardAt: [],
    heardAfter: [],
  });
  state.running.push(event.run);
}

function judged(state: State, event: Extract<Event, { type: 'trial.judged' }>): void {
  const trial = trialOf(state, event.trial);
  trial.verdict = event.verdict;
  trial.why = event.why;
  trial.effect = event.effect;
  trial.margin = event.margin;
  trial.better = event.better;
  trial.shrunk = event.shrunk;
  trial.p = event.p;
  state.verdicts[event.verdict]++;
  remove(state.unjudged, event.trial);
  remove(state.queue, event.trial);
  if (event.unsettled === true) state.unsettled.push(event.trial);
  else if (trial.level !== undefined) state.refuted = event.verdict === 'keep' ? 0 : state.refuted + 1;
  if (event.verdict !== 'keep') return;
  state.incumbent = event.trial;
  const bet = trial.bet === undefined ? undefined : state.bets[trial.bet];
  if (bet !== undefined) bet.keeps++;
  // What a keep did not use up is there for the next (fallback procedure).
  state.recycled += trial.level ?? 0;
  state.marks.push({
    trial: event.trial,
    at: event.at,
    deviceSeconds: state.ledger.spent.deviceSeconds,
    runs: state.ledger.spent.runs,
  });
}
