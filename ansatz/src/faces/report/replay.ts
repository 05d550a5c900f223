/** What was known at each moment of a study, in words: for a slider over its history. */

import type { Report } from './data.ts';
import { changed, num, seconds } from './numbers.ts';
import { line } from './escape.ts';

/** From `at` device-seconds on this was so. */
export interface Moment {
  readonly at: number;
  readonly text: string;
}

/** Moments beyond these are thinned: a slider has a thousand places. */
const MOST = 400;

/** One moment per trial, in the order in which their last runs ended. */
export function replayOf({ progress, trials, status }: Report): Moment[] {
  const { metric } = status.objective;
  const dots = progress.dots.toSorted((a, b) => a.deviceSeconds - b.deviceSeconds || a.trial - b.trial);
  let [kept, crashed] = [0, 0];
  const moments = dots.map((dot, i): Moment => {
    if (dot.state === 'keep' && dot.trial !== 1) kept++;
    if (dot.state === 'crash') crashed++;
    const step = progress.steps.findLast(({ deviceSeconds }) => deviceSeconds <= dot.deviceSeconds);
    const row = trials[dot.trial - 1];
    const best = step === undefined ? `no ${metric} yet` : `best ${metric} ${num(step.mean)} (trial ${step.trial})`;
    const what =
      dot.trial === 1
        ? 'the baseline'
        : `trial ${dot.trial} ${dot.state}${row === undefined || row.changes.length === 0 ? '' : `: ${changed(row.changes, 2)}`}`;
    const counts = `${i + 1} of ${dots.length} trials, ${kept} kept${crashed > 0 ? `, ${crashed} crashed` : ''}`;
    return { at: dot.deviceSeconds, text: line(`${seconds(dot.deviceSeconds)}: ${best}; ${counts}; ${what}`) };
  });
  const every = moments.length / MOST;
  return every <= 1 ? moments : moments.filter((_, i) => i % every < 1 || i === moments.length - 1);
}
