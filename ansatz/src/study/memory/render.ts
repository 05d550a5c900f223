/** A record as a line of text, in full or short. */

import { differsText, type Differs, valueText } from './context.ts';
import { signed } from './effects.ts';
import { fitted } from './budget.ts';
import { failed, type TrialRecord } from './record.ts';

/** Tokens that words of a record may take. */
const WORDS = 60;
const FEW_WORDS = 16;

/** `[id] discard -0.0012 ± 0.0004 (n 3): what was tried; lr 0.1 → 0.2; why; then: …`. */
export function fullLine(record: TrialRecord, differs: readonly Differs[] = []): string {
  const { id, hypothesis, outcome } = record;
  const change = changeText(record);
  const words = [
    fitted(oneLine(hypothesis), WORDS),
    hypothesis.includes(change) ? '' : change,
    fitted(oneLine(outcome.why === hypothesis ? '' : (outcome.why ?? '')), WORDS),
    failed(outcome) ? fitted(oneLine(outcome.signature ?? ''), FEW_WORDS) : '',
    differs.length === 0 ? '' : `then: ${differsText(differs, 3)}`,
  ];
  return `[${id}] ${resultText(record)}: ${words.filter((part) => part !== '').join('; ')}`;
}

/** `[id] discard -0.0012: lr 0.1 → 0.2`: the change, or the first words where no knob tells it. */
export function shortLine(record: TrialRecord): string {
  const change = changeText(record, 3);
  return `[${record.id}] ${resultText(record, true)}: ${change === '' ? fitted(oneLine(record.hypothesis), FEW_WORDS) : change}`;
}

/** `lr 0.1 → 0.2, layers 4 → 6`; empty for a change of code. */
export function changeText({ change }: TrialRecord, most = 6): string {
  const shown = change.knobs
    .slice(0, most)
    .map(({ name, from, to }) => `${name} ${from === undefined ? '' : `${valueText(from)} `}→ ${valueText(to)}`);
  if (change.knobs.length > most) shown.push(`${change.knobs.length - most} more`);
  return shown.join(', ');
}

function resultText({ outcome, context }: TrialRecord, short = false): string {
  const verdict = outcome.verdict ?? outcome.status;
  const status = failed(outcome) && outcome.status !== verdict ? ` ${outcome.status}` : '';
  const sign = context.direction === 'minimize' ? 1 : -1;
  if (outcome.effect === undefined)
    return outcome.loss === undefined
      ? `${verdict}${status}`
      : `${verdict} ${context.metric} ${valueText(sign * outcome.loss)}`;
  const margin = short || outcome.margin === undefined ? '' : ` ± ${valueText(Number(outcome.margin.toPrecision(2)))}`;
  return `${verdict}${status} ${signed(outcome.effect)}${margin}${short || outcome.n < 2 ? '' : ` (n ${outcome.n})`}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
