/** `ansatz show knobs`: what the trials say about the knobs. */

import { counted } from '../../io/logs/table.ts';
import { effectsOf } from '../../study/effects.ts';
import type { State } from '../../study/state.ts';
import {
  bestText,
  interactionText,
  intervalText,
  rangeTexts,
  shareText,
  standsOut,
  trendText,
} from '../report/knobs.ts';
import { percent } from '../report/numbers.ts';
import { bar, paintFor, table } from './text.ts';

/** Print the importance of every knob, which act together, and whose range is used up. */
export function showKnobs(state: State, json: boolean): void {
  const effects = effectsOf(state);
  if (json) {
    process.stdout.write(`${JSON.stringify(effects)}\n`);
    return;
  }
  const paint = paintFor(process.stdout);
  const { knobs, interactions } = effects;
  const told = knobs.filter((effect) => effect.share !== undefined);
  if (told.length === 0) {
    process.stdout.write(`Too few results to say which knob matters (at least 8 trials are needed)\n`);
    return;
  }
  const rows = knobs.map((effect) => [
    standsOut(effect) ? paint.bold(effect.knob) : effect.knob,
    effect.share === undefined ? '' : bar(effect.share, 12),
    shareText(effect),
    intervalText(effect),
    effect.chance === undefined ? '' : percent(effect.chance),
    effect.alone === undefined ? '' : percent(effect.alone),
    trendText(effect),
    bestText(effect),
  ]);
  const heads = ['knob', '', 'importance', '90 % interval', 'by chance', 'alone', 'trend', 'best where'];
  const text = [
    `${paint.bold('what mattered')} in ${counted(told[0]!.trials, 'trial')}`,
    ...table(heads, rows, [2, 3, 4, 5, 6]),
  ];
  const notes = [...rangeTexts(knobs), ...interactions.slice(0, 5).map(interactionText)];
  if (notes.length > 0) text.push('', ...notes);
  text.push(
    '',
    paint.dim('A first look, not an experiment: knobs moved together, and the sampler went where results were good.'),
  );
  process.stdout.write(`${text.join('\n')}\n`);
}
