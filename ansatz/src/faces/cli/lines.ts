/** One plain line per event: what a pipe, a log file or `--plain` gets. */

import type { Event } from '../../study/events/index.ts';
import { runOf, type State, trialOf } from '../../study/state.ts';
import { changes, trialRow } from '../../study/views.ts';
import { changeText, effectText, num, seconds } from './text.ts';

/** The line for an event, or undefined for events that say nothing to people. Call it with the state after it. */
export function eventLine(event: Event, state: State): string | undefined {
  const text = textOf(event, state);
  if (text === undefined) return undefined;
  return `${new Date(event.at).toLocaleTimeString('sv-SE')}  ${text}`;
}

function textOf(event: Event, state: State): string | undefined {
  switch (event.type) {
    case 'study.created':
      return `study "${event.config.name}": ${event.config.objective.direction} ${event.config.objective.metric}`;
    case 'lab.opened':
      return `lab opened with ${event.slots.length} slots (process ${event.pid})`;
    case 'lab.closed':
      return 'lab closed';
    case 'study.paused':
      return 'paused';
    case 'study.resumed':
      return 'resumed';
    case 'study.draining':
      return 'draining: no new runs, those under way finish';
    case 'study.killed':
      return 'stopping the runs under way';
    case 'budget.raised':
      return 'budget changed';
    case 'study.ended':
      return `study ended: ${event.text}`;
    case 'knob.died':
      return `dead knob: ${event.text}`;
    case 'warning.raised':
      return `warning: ${event.text}`;
    case 'trial.proposed':
      return `trial ${event.trial} proposed by ${event.researcher}: ${event.hypothesis}`;
    case 'proposal.refused':
      return `proposal refused: ${event.text}`;
    case 'trial.repeated':
      return `trial ${event.trial} gets ${event.more} more: ${event.why}`;
    case 'trial.judged': {
      const row = trialRow(state, trialOf(state, event.trial));
      return [`trial ${event.trial} ${event.verdict}:`, effectText(row), event.why]
        .filter((part) => part !== '')
        .join(' ');
    }
    case 'run.started': {
      const trial = trialOf(state, event.trial);
      const what =
        trial.id === 1
          ? 'the script as it is'
          : changeText({ changes: changes(trialOf(state, 1).point, trial.point), files: trial.code?.files }, 6);
      return `run ${event.run} started: trial ${event.trial}, seed ${event.seed}, slot ${event.slot}: ${what}`;
    }
    case 'run.reported':
      return runOf(state, event.run).steps.length === 1
        ? `run ${event.run} first ${state.config.objective.metric} ${num(event.value)} at step ${num(event.step)}`
        : undefined;
    case 'run.paused':
      return `run ${event.run} ${event.why}`;
    case 'run.resumed':
      return `run ${event.run} goes on in slot ${event.slot}`;
    case 'run.audited':
      return `run ${event.run} would be stopped at step ${num(event.step)} (${event.why}), but is let finish: one in twenty is, to see what stopping costs`;
    case 'run.stopping':
      return `run ${event.run} is stopped: ${event.why}`;
    case 'run.ended': {
      const cost = seconds(event.seconds);
      if (event.status === 'done')
        return `run ${event.run} done: ${state.config.objective.metric} ${num(event.value!)} ${event.reused === undefined ? `in ${cost}` : `as run ${event.reused.run} of ${event.reused.study} was, not made again`}`;
      // Why it was stopped was said when it was asked to; what the budget cut was never asked.
      if (event.status === 'stopped') {
        const why = runOf(state, event.run).stopping === undefined && event.text !== undefined ? `: ${event.text}` : '';
        return `run ${event.run} stopped after ${cost}${why}`;
      }
      const reason = event.reason === undefined ? '' : ` (${event.reason})`;
      return `run ${event.run} ${event.status}${reason} after ${cost}: ${event.text ?? ''}`.replace(/: $/, '');
    }
    case 'heldout.read':
      return event.value === undefined
        ? `held-out check of trial ${event.trial} gave nothing: ${event.text ?? ''}`
        : `held-out check of trial ${event.trial}: ${num(event.value)}`;
    case 'study.sealed':
      return `sealed: ${Object.keys(event.files).join(', ')}`;
    case 'run.passed':
    case 'machine.noted':
    case 'clock.ticked':
    case 'proposal.asked':
      return undefined;
  }
}
