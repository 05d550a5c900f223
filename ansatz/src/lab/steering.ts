/** What a person may ask of a study, from a terminal or a page: checked against the state, and said in words. */

import { closest, UserError } from '../study/error.ts';
import type { EventBody } from '../study/events/index.ts';
import { deterministic } from '../study/noise.ts';
import { levelFor } from '../study/judge.ts';
import { RESOURCES } from '../study/ledger.ts';
import { type State, underWay } from '../study/state.ts';

/** Further runs of a trial that may be asked for at once. */
export const MOST_ASKED = 10;
/** Characters of a note or an idea, and of a tag. */
const LONGEST_TEXT = 4000;
const LONGEST_TAG = 40;

/** One wish. Amounts of a budget are totals, in runs, seconds and money. */
export type Wish =
  | { readonly do: 'pause' | 'resume' | 'stop' | 'kill' }
  | { readonly do: 'kill-run'; readonly run: number }
  | { readonly do: 'repeat'; readonly trial: number; readonly more?: number }
  | {
      readonly do: 'note';
      readonly trial: number;
      readonly text?: string;
      readonly tags?: readonly string[];
      readonly by?: string;
    }
  | {
      readonly do: 'budget';
      readonly runs?: number;
      readonly deviceSeconds?: number;
      readonly money?: number;
      readonly wallSeconds?: number;
      /** Milliseconds since 1970. */
      readonly deadline?: number;
    }
  | { readonly do: 'idea'; readonly text: string; readonly by?: string }
  | {
      readonly do: 'bet';
      readonly bet: string;
      readonly open: boolean;
      readonly floor?: number;
      readonly cap?: number;
    };

/** What a wish becomes: the event to post, what will come of it, and what to ask first where it spends or destroys. */
export interface Steer {
  readonly event: EventBody;
  readonly said: string;
  /** A question a page asks before it posts; absent where nothing is lost and nothing more is spent. */
  readonly ask?: string;
}

/** Whether a run can still be stopped by hand. */
export function stoppable(state: State, run: number): boolean {
  const one = state.runs[run - 1];
  return one !== undefined && underWay(one) && one.stopping === undefined;
}

/** A person's request for further runs, as the lab writes it down: with the error rate that a verdict on them may spend. */
export function admitRepeat(state: State, event: Extract<EventBody, { type: 'trial.repeated' }>): EventBody[] {
  const refused = cannotRepeat(state, event.trial);
  if (refused !== undefined) return [{ type: 'warning.raised', code: 'repeat-refused', text: refused }];
  const trial = state.trials[event.trial - 1]!;
  const needsLevel = trial.id !== 1 && trial.verdict !== 'keep' && trial.level === undefined;
  return [{ ...event, ...(needsLevel ? levelFor(state) : {}) }];
}

function cannotRepeat(state: State, id: number): string | undefined {
  const trial = state.trials[id - 1];
  if (trial === undefined) return `there is no trial ${id}: trials are 1 to ${state.trials.length}`;
  if (trial.verdict === undefined && trial.id !== 1) return `trial ${id} has no verdict yet: its runs are to come`;
  if (trial.verdict === 'crash') return `trial ${id} crashed: another run would not undo that`;
  if (deterministic(state)) return 'repeats come out alike to the last digit: another run would say nothing new';
  return undefined;
}

/** Check a wish. Throws a UserError that says what can be had instead. */
export function steer(state: State, wish: Wish): Steer {
  switch (wish.do) {
    case 'pause':
      return { event: { type: 'study.paused' }, said: 'no new runs start until it is resumed' };
    case 'resume':
      return { event: { type: 'study.resumed' }, said: 'new runs start again' };
    case 'stop':
      return {
        event: { type: 'study.draining' },
        said: `it ends when its ${state.running.length} runs have${state.paused.length > 0 ? `; ${state.paused.length} paused ones are stopped` : ''}`,
        ask: 'Start no more runs, and end when those under way have ended?',
      };
    case 'kill':
      return {
        event: { type: 'study.killed' },
        said: 'its runs are being stopped',
        ask: `Stop ${state.running.length + state.paused.length} runs now? What they have computed is lost, and charged.`,
      };
    case 'kill-run':
      return killRun(state, wish.run);
    case 'repeat':
      return repeat(state, wish.trial, wish.more ?? 1);
    case 'note':
      return note(state, wish);
    case 'budget':
      return budget(state, wish);
    case 'idea':
      return idea(state, wish);
    case 'bet':
      return bet(state, wish);
  }
}

function killRun(state: State, run: number): Steer {
  if (!stoppable(state, run)) {
    const going = [...state.running, ...state.paused].filter((id) => stoppable(state, id));
    throw new UserError('no-run', `run ${run} is not under way`, {
      fix: going.length === 0 ? 'no run is' : `these are: ${going.join(', ')}`,
    });
  }
  const { trial } = state.runs[run - 1]!;
  return {
    event: { type: 'run.stopping', run, reason: 'killed', why: 'stopped by hand' },
    said: `run ${run} of trial ${trial} is being stopped; what it used is charged`,
    ask: `Stop run ${run} of trial ${trial}? What it has computed is lost, and charged.`,
  };
}

function repeat(state: State, trial: number, more: number): Steer {
  if (!Number.isInteger(more) || more < 1 || more > MOST_ASKED) {
    throw new UserError('bad-number', `${more} is no number of runs`, { fix: `1 to ${MOST_ASKED}` });
  }
  const refused = cannotRepeat(state, trial);
  if (refused !== undefined) throw new UserError('no-repeat', refused);
  const runs = `${more} fresh run${more === 1 ? '' : 's'} of trial ${trial}`;
  return {
    event: { type: 'trial.repeated', trial, more, why: 'asked for by hand', purpose: 'asked' },
    said: `${runs} when a slot is free; the verdict is given anew`,
    ask: `Spend ${runs}?`,
  };
}

function note(state: State, { trial, text, tags, by }: Extract<Wish, { do: 'note' }>): Steer {
  if (state.trials[trial - 1] === undefined) {
    throw new UserError('no-trial', `there is no trial ${trial}`, { fix: `trials are 1 to ${state.trials.length}` });
  }
  const words = text?.trim() ?? '';
  const labels = [...new Set((tags ?? []).map((tag) => tag.trim()).filter((tag) => tag !== ''))];
  if (words === '' && labels.length === 0) throw new UserError('empty', 'a note needs words or a tag');
  if (words.length > LONGEST_TEXT || labels.some((tag) => tag.length > LONGEST_TAG)) {
    throw new UserError('too-long', `notes have at most ${LONGEST_TEXT} characters, tags ${LONGEST_TAG}`);
  }
  const event: EventBody = {
    type: 'trial.noted',
    trial,
    ...(words === '' ? {} : { text: words }),
    ...(labels.length === 0 ? {} : { tags: labels }),
    ...(by === undefined || by === '' ? {} : { by }),
  };
  return { event, said: `noted on trial ${trial}` };
}

function budget(state: State, wish: Extract<Wish, { do: 'budget' }>): Steer {
  const { do: _, deadline, ...amounts } = wish;
  const given = Object.entries(amounts).filter(([, amount]) => amount !== undefined);
  for (const [name, amount] of given) {
    if (!Number.isFinite(amount) || amount < 0) throw new UserError('bad-number', `${amount} is no budget of ${name}`);
  }
  if (deadline !== undefined && !(deadline > state.now)) {
    throw new UserError('bad-deadline', 'the deadline has passed', { fix: 'give a time to come' });
  }
  if (given.length === 0 && deadline === undefined)
    throw new UserError('empty', 'nothing about the budget is asked for');
  const total = { ...state.config.budget, ...Object.fromEntries(given) };
  for (const resource of RESOURCES) {
    const cap = total[resource];
    const { spent, held } = state.ledger;
    if (cap !== undefined && cap < spent[resource] + held[resource] - 1e-9) {
      throw new UserError('budget-spent', `the budget of ${resource} cannot go down to ${cap}`, {
        why: `${spent[resource] + held[resource]} is spent or held already`,
      });
    }
  }
  const words = given.map(([name, amount]) => `${name} ${amount}`);
  if (deadline !== undefined) words.push(`deadline ${new Date(deadline).toISOString()}`);
  return {
    event: { type: 'budget.raised', budget: total, ...(deadline === undefined ? {} : { deadline }) },
    said: `the budget is now ${words.join(', ')}`,
    ask: `Change the budget to ${words.join(', ')}?`,
  };
}

function idea(state: State, { text, by }: Extract<Wish, { do: 'idea' }>): Steer {
  if (state.config.model === undefined) {
    throw new UserError('no-model', 'nobody here can make a change of words: the study names no language model', {
      where: 'model in ansatz.yaml',
      fix: 'ansatz try lr=0.1, or ansatz try --patch change.diff   # makes the change yourself',
    });
  }
  const words = text.trim();
  if (words === '') throw new UserError('empty', 'an idea needs words');
  if (words.length > LONGEST_TEXT) throw new UserError('too-long', `an idea has at most ${LONGEST_TEXT} characters`);
  checkPerson(state, by);
  return {
    event: { type: 'idea.noted', text: words, ...(by === undefined || by === '' ? {} : { by }) },
    said: 'the model is asked to make a change of it',
  };
}

function bet(state: State, { bet: name, open, floor, cap }: Extract<Wish, { do: 'bet' }>): Steer {
  checkBet(state, name);
  for (const share of [floor, cap]) {
    if (share !== undefined && !(share >= 0 && share <= 1)) throw new UserError('bad-share', `${share} is no share`);
  }
  return {
    event: {
      type: 'bet.steered',
      bet: name,
      open,
      ...(floor === undefined ? {} : { floor }),
      ...(cap === undefined ? {} : { cap }),
    },
    said: `bet ${name} ${open ? 'is open, whatever reviews say' : 'gets nothing more'}`,
    ...(open ? {} : { ask: `Give bet ${name} nothing more?` }),
  };
}

/** Throws unless the study has a bet of this name, or none is named. */
export function checkBet(state: State, name: string | undefined): void {
  const names = [...new Set([...(state.config.bets ?? []).map((bet) => bet.name), ...Object.keys(state.bets)])];
  if (name === undefined || names.includes(name)) return;
  throw new UserError('no-bet', `there is no bet "${name}"${closest(name, names)}`, {
    why: names.length === 0 ? 'the study has no bets' : `there are ${names.join(', ')}`,
    fix: 'bets are written in ansatz.yaml:  bets: { optimizer: { knobs: [lr] } }',
  });
}

/** Throws unless the person has a budget, or none is named, or nobody has one of their own. */
export function checkPerson(state: State, by: string | undefined): void {
  const names = Object.keys(state.config.people ?? {});
  if (by === undefined || names.length === 0 || names.includes(by)) return;
  throw new UserError('no-person', `nobody called "${by}" has a budget${closest(by, names)}`, {
    why: `ansatz.yaml names ${names.join(', ')}`,
    fix: `ansatz try --by ${names[0]} …`,
  });
}
