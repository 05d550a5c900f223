/** What is believed and was not proven, in words: the same in the terminal, on the page and in the report. */

import type { Believed } from '../../study/views.ts';
import { count, num, percent } from './numbers.ts';

/** `trial 16 is believed to be better still by 0.12 (chance 93 %), which 1 run does not prove`. */
export function believedText({ trial, gain, chance, runs }: Believed): string {
  const sure = percent(Math.min(chance, 0.99));
  return `trial ${trial} is believed to be better still by ${num(gain, 2)} (chance ${sure}), which ${count(runs, 'run')} ${runs === 1 ? 'does' : 'do'} not prove`;
}
