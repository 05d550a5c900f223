/** Baseline and best, every single run and the interval of the mean: the whole evidence for the claim. */

import type { Report } from '../data.ts';
import { num, plusMinus } from '../numbers.ts';
import { linear } from '../scale.ts';
import { el, type Frame, label, marks, picture, xAxis } from '../svg.ts';
import { PIXELS, type Width } from './size.ts';

/** The figure, or nothing without a result. */
export function evidenceFigure({ status, results }: Report, width: Width): string {
  const rows = [{ name: 'baseline', result: status.baseline, values: results.baseline, look: 'reference' }];
  if (status.best !== undefined && status.best.trial !== 1) {
    rows.push({ name: `trial ${status.best.trial}`, result: status.best, values: results.best, look: 'best' });
  }
  const known = rows.flatMap(({ result, values }) =>
    result === undefined ? [] : [...values, result.mean - (result.margin ?? 0), result.mean + (result.margin ?? 0)],
  );
  if (known.length === 0) return '';
  const rowHeight = 40;
  const height = rowHeight * rows.length + 46;
  const frame: Frame = {
    width: PIXELS[width],
    height,
    left: 74,
    right: width === 'wide' ? 170 : 16,
    top: 4,
    bottom: 42,
  };
  const low = Math.min(...known);
  const high = Math.max(...known);
  const room = (high - low) * 0.04;
  const x = linear(low - room, high + room, frame.left, frame.width - frame.right, width === 'wide' ? 7 : 4, false);
  const parts = [xAxis(frame, x, status.objective.metric)];
  rows.forEach(({ name, result, values, look }, i) => {
    if (result === undefined) return;
    const y = frame.top + rowHeight * (i + 0.5);
    parts.push(label(0, y + 4, name, { class: `name ${look}` }));
    if (result.margin !== undefined && result.margin > 0) {
      const [from, to] = [x.at(result.mean - result.margin), x.at(result.mean + result.margin)];
      parts.push(el('line', { class: `interval ${look}`, x1: from, x2: to, y1: y, y2: y }));
    }
    parts.push(marks('tick', [[x.at(result.mean), y]], `mean ${look}`));
    parts.push(
      marks(
        'dot',
        values.map((value) => [x.at(value), y + 11]),
        `single ${look}`,
      ),
    );
    if (width === 'wide') {
      const text = `${plusMinus(result.mean, result.margin)}  (n = ${num(result.runs)})`;
      parts.push(label(frame.width, y + 4, text, { class: 'tick', 'text-anchor': 'end' }));
    }
  });
  return picture(frame, `figure ${width}`, `Results of the baseline and the best trial`, ...parts);
}
