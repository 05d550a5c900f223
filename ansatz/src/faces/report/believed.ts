/** What is believed and was not proven, in words: the same in the terminal, on the page and in the report. */

import type { Believed } from '../../study/views.ts';
import { count, num, percent } from './numbers.ts';

/** `trial 16 is believed to be better by 0.12 (chance 90 %), which 1 run does not prove`. */
export function believedText({ trial, gain, chance, runs }: Believed): string {
  return `trial ${trial} is believed to be better by ${num(gain, 2)} (chance ${percent(chance)}), which ${count(runs, 'run')} ${runs === 1 ? 'does' : 'do'} not prove`;
}
