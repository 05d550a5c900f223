/** Best so far over compute: what a person asks first, with the noise it must be read against. */

import { html, line } from '../escape.ts';
import type { Report } from '../data.ts';
import { num, plusMinus, result, seconds } from '../numbers.ts';
import { duration, linear } from '../scale.ts';
import { el, endLabels, label, pathOf, picture, xAxis, yAxis } from '../svg.ts';
import { chartFrame, chartSize, rangeOf, type Width } from './size.ts';
import { type Dot, verdictDots } from './verdicts.ts';

/** The figure, or nothing when there is no result to draw. */
export function progressFigure(report: Pick<Report, 'progress' | 'status'>, width: Width): string {
  const { progress, status } = report;
  const { direction, metric } = status.objective;
  const intervals = progress.steps.flatMap((step) => [step.mean - (step.margin ?? 0), step.mean + (step.margin ?? 0)]);
  const values = progress.dots.flatMap((dot) => (dot.value === undefined ? [] : [dot.value]));
  const range = rangeOf([...progress.steps.map((step) => step.mean), ...bounded(intervals, values)], values, direction);
  if (range === undefined) return '';

  const { height, top, bottom } = chartSize(width);
  const y = linear(...range, height - bottom - 14, top, 5);
  const frame = chartFrame(width, y);
  const end = frame.width - frame.right;
  const spent = Math.max(progress.spent, ...progress.dots.map((dot) => dot.deviceSeconds));
  const { scale: x, unit } = duration(spent, frame.left, end, width === 'wide' ? 8 : 4);
  const floor = height - bottom;

  const better = direction === 'minimize' ? '↓ lower is better' : '↑ higher is better';
  const parts = [yAxis(frame, y, `${line(metric)}   ${better}`), xAxis(frame, x, `device time spent, ${unit}`)];

  // What happened, in the order of the axis: a page may uncover it from the left.
  const history: string[] = [];
  const corners = progress.steps.map((step, i) => ({
    from: x.at(step.deviceSeconds),
    to: i + 1 < progress.steps.length ? x.at(progress.steps[i + 1]!.deviceSeconds) : end,
    step,
  }));
  for (const { from, to, step } of corners) {
    if (!(step.margin! > 0)) continue;
    const upper = y.clipped(step.mean + step.margin!);
    const lower = y.clipped(step.mean - step.margin!);
    history.push(
      el('rect', { class: 'band', x: from, width: Math.max(0, to - from), y: upper, height: lower - upper }),
    );
  }
  const baseline = progress.steps[0];
  if (baseline !== undefined && progress.steps.length > 1) {
    const at = y.clipped(baseline.mean);
    parts.push(el('line', { class: 'reference', x1: x.at(baseline.deviceSeconds), x2: end, y1: at, y2: at }));
  }

  let outside = 0;
  const dots = progress.dots.map((dot): Dot => {
    const place = dot.value === undefined ? floor - 6 : y.clipped(dot.value);
    if (dot.value !== undefined && (dot.value > y.high || dot.value < y.low)) outside++;
    const said = dot.value === undefined ? 'no result' : `${metric} ${num(dot.value)}`;
    return {
      trial: dot.trial,
      state: dot.state,
      x: x.at(dot.deviceSeconds),
      y: place,
      title: html(line(`trial ${dot.trial}: ${dot.state}, ${said}, after ${seconds(dot.deviceSeconds)}`)),
    };
  });
  if (corners.length > 0) {
    const points = corners.flatMap(({ from, to, step }): [number, number][] => {
      const level = y.clipped(step.mean);
      return [
        [from, level],
        [to, level],
      ];
    });
    history.push(el('path', { class: 'best line', d: pathOf(points) }));
  }
  history.push(verdictDots(dots));
  const cover = { x: 0, y: 0, width: frame.width, height: frame.height };
  parts.push(
    el('clipPath', { id: `replay-${width}`, 'data-from': x.at(0), 'data-to': x.at(spent) }, el('rect', cover)),
  );
  parts.push(el('g', { 'clip-path': `url(#replay-${width})` }, ...history));
  if (outside > 0) {
    const at = direction === 'minimize' ? top - 6 : floor - 18;
    parts.push(label(end, at, `${outside} worse, at the edge`, { class: 'note', 'text-anchor': 'end' }));
  }

  const last = progress.steps.at(-1);
  if (width === 'wide' && last !== undefined && baseline !== undefined) {
    const names = [
      {
        y: y.clipped(last.mean),
        text: progress.steps.length > 1 ? `best ${plusMinus(last.mean, last.margin)}` : `baseline ${result(last)}`,
        look: 'best name',
      },
    ];
    if (progress.steps.length > 1)
      names.push({ y: y.clipped(baseline.mean), text: `baseline ${num(baseline.mean)}`, look: 'reference name' });
    parts.push(endLabels(names, end + 8, top, floor));
  }
  return picture(frame, `figure ${width}`, `Best ${metric} so far over device time`, ...parts);
}

/** Interval ends, but no further out than three times the spread of the results: the band may be clipped, the dots may not be crushed. */
function bounded(ends: readonly number[], values: readonly number[]): number[] {
  if (values.length < 2) return [...ends];
  const low = Math.min(...values);
  const sorted = values.toSorted((a, b) => a - b);
  const high = sorted[Math.round(0.85 * (sorted.length - 1))]!;
  const room = Math.max(high - low, Number.EPSILON);
  return ends.map((end) => Math.min(high + room, Math.max(low - room, end)));
}
