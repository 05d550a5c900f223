/** Rules about money and dates: warnings on the way to a cap, trials nobody can pay for, milestones. Pure. */

import type { Cap } from '../study/config.ts';
import type { EventBody } from '../study/events/index.ts';
import { RESOURCES, type Resource } from '../study/ledger.ts';
import { canEverPay, capOf } from './afford.ts';
import { unguarded } from '../study/guards.ts';
import { leftShare } from '../study/outlook.ts';
import { type State, trialOf } from '../study/state.ts';

/** Shares of a cap at which a word is said. */
const MARKS = [1, 0.8, 0.5] as const;
const WORDS: Readonly<Record<Resource, string>> = { runs: 'runs', deviceSeconds: 'device time', money: 'money' };

/** Say when half, four fifths and all of a cap are gone: of the study, of a bet, of a person. Each once. */
export function warnSpending(state: State): EventBody[] {
  const said = new Set(state.warnings.map((warning) => warning.code));
  const events = warningsFor(state, said, 'the study', state.ledger.budget, state.ledger.spent);
  for (const [name, account] of Object.entries(state.accounts)) {
    const cap = capOf(state, name);
    // What one trial may take is for whoever asked for it, not for those who watch the books.
    if (cap === undefined || name.startsWith('trial:')) continue;
    events.push(...warningsFor(state, said, name.replace(':', ' '), cap, account.spent));
  }
  return events;
}

/** A guard on what the script never prints holds nobody to anything: said once, when the baseline has its verdict. */
export function warnGuards(state: State): EventBody[] {
  const baseline = trialOf(state, 1);
  if (baseline.verdict === undefined || baseline.values.length === 0) return [];
  const said = new Set(state.warnings.map((warning) => warning.code));
  return unguarded(state)
    .filter((metric) => !said.has(`guard ${metric}`))
    .map((metric) => ({
      type: 'warning.raised',
      code: `guard ${metric}`,
      text: `the guard on "${metric}" guards nothing: the baseline never printed it`,
    }));
}

function warningsFor(
  state: State,
  said: ReadonlySet<string>,
  who: string,
  cap: Cap,
  spent: Readonly<Record<Resource, number>>,
): EventBody[] {
  return RESOURCES.flatMap((resource): EventBody[] => {
    const most = cap[resource];
    if (most === undefined || most <= 0) return [];
    const mark = MARKS.find((share) => spent[resource] >= share * most * (1 - 1e-9));
    if (mark === undefined) return [];
    // Having said more, nobody wants to hear less; a raised budget begins anew.
    const codes = MARKS.filter((share) => share >= mark).map((share) => `spent ${who} ${resource} ${share} of ${most}`);
    if (codes.some((code) => said.has(code))) return [];
    const text = `${who} has spent ${100 * mark} % of its ${WORDS[resource]}${mark === 1 ? '' : pace(state, spent[resource], most)}`;
    return [{ type: 'warning.raised', code: codes.at(-1)!, text }];
  });
}

/** When it will be gone at the pace so far. */
function pace(state: State, spent: number, most: number): string {
  if (!(state.wallSeconds > 0) || spent <= 0) return '';
  const minutes = Math.round((((most - spent) / spent) * state.wallSeconds) / 60);
  return minutes < 1
    ? ''
    : `: at this pace it lasts ${minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`}`;
}

/** A queued trial whose bet or person has spent what it may is not run. */
export function dropUnfunded(state: State): EventBody[] {
  return state.queue.flatMap((id): EventBody[] => {
    const trial = trialOf(state, id);
    if (trial.verdict !== undefined) return [];
    const broke = [
      ...(trial.bet === undefined ? [] : [{ bet: trial.bet }]),
      ...(trial.by === undefined ? [] : [{ by: trial.by }]),
      ...(trial.most === undefined ? [] : [{ id, most: trial.most }]),
    ].find((who) => !canEverPay(state, who));
    if (broke === undefined) return [];
    const name = 'bet' in broke ? `bet ${broke.bet}` : 'by' in broke ? `person ${broke.by}` : '';
    const why =
      name === ''
        ? `the ${trial.most} device-seconds it may take are too few for another run`
        : `the budget of ${name} is spent`;
    return [{ type: 'trial.judged', trial: id, verdict: 'inconclusive', why, unsettled: true }];
  });
}

/** Milestones that have come, or can no longer be met: is what they ask for so? */
export function reachMilestones(state: State): EventBody[] {
  return (state.config.milestones ?? [])
    .filter((one) => !state.milestones.some(({ name }) => name === one.name))
    .filter((one) => one.at <= state.now || leftShare(state) < one.left - 1e-9)
    .flatMap((one): EventBody[] => {
      const faults: string[] = [];
      const left = leftShare(state);
      if (left < one.left - 1e-9) {
        const less = Math.round(100 * (1 - left / one.left));
        faults.push(
          `${Math.round(100 * left)} % of the budget is left, ${Math.round(100 * one.left)} % was asked for: what it is for must be ${less} % smaller, or the budget larger`,
        );
      }
      if (one.frozen && one.at <= state.now && state.closing === undefined) {
        const standing =
          state.incumbent === undefined || state.incumbent === 1
            ? 'nothing has been confirmed'
            : 'the incumbent has not been replicated';
        faults.push(`${standing}: whatever builds on it starts from trial ${state.incumbent ?? 1} as it is, or later`);
      }
      const met = faults.length === 0;
      const text = met ? `milestone "${one.name}" is met` : `milestone "${one.name}" is missed: ${faults.join('; ')}`;
      const reached: EventBody = { type: 'milestone.reached', name: one.name, met, text };
      return met ? [reached] : [reached, { type: 'warning.raised', code: `milestone ${one.name}`, text }];
    });
}
