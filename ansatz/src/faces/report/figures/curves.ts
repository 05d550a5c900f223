/** Learning curves of the best, the baseline and the next best, with the others faint behind them. */

import type { Curve, Report } from '../data.ts';
import { linear } from '../scale.ts';
import { el, endLabels, pathOf, picture, xAxis, yAxis } from '../svg.ts';
import { chartFrame, chartSize, rangeOf, type Width } from './size.ts';

const ORDER = ['other', 'runner-up', 'baseline', 'best'] as const;
const LOOKS: Readonly<Record<Curve['role'], string>> = {
  other: 'faint line',
  'runner-up': 'second line',
  baseline: 'reference line',
  best: 'best line thin',
};

/** The figure, or nothing when no run reported more than one value. */
export function curvesFigure({ curves, status, trials }: Report, width: Width): string {
  if (curves.length === 0) return '';
  const { metric, direction } = status.objective;
  const named = curves.filter((curve) => curve.role !== 'other');
  const focus = named.length > 0 ? named : curves;
  // The first values of a curve are often far off, and some spike; what is compared is where curves end.
  const late = focus.flatMap((curve) => curve.values.slice(Math.floor(curve.values.length / 4)));
  const range = rangeOf(
    focus.map((curve) => curve.values.at(-1)!),
    late,
    direction,
  )!;
  const { height, top, bottom } = chartSize(width);
  const y = linear(...range, height - bottom, top, 5);
  const frame = chartFrame(width, y);
  const end = frame.width - frame.right;
  const first = Math.min(...curves.map((curve) => curve.steps[0]!));
  const last = Math.max(...curves.map((curve) => curve.steps.at(-1)!));
  const x = linear(first, last, frame.left, end, width === 'wide' ? 8 : 4, false);
  const clip = `clip-${width}`;
  const parts = [
    el(
      'clipPath',
      { id: clip },
      el('rect', { x: frame.left, y: top, width: end - frame.left, height: height - top - bottom }),
    ),
    yAxis(frame, y, metric),
    xAxis(frame, x, 'step'),
  ];
  const lines = ORDER.flatMap((role) =>
    curves
      .filter((curve) => curve.role === role)
      .map((curve) => {
        const points = curve.steps.map((step, i): [number, number] => [
          x.at(step),
          bounded(y.at(curve.values[i]!), height),
        ]);
        return el('path', { class: LOOKS[role], d: pathOf(points) });
      }),
  );
  parts.push(el('g', { 'clip-path': `url(#${clip})` }, ...lines));
  if (width === 'wide') {
    const seen = new Set<number>();
    const names = named.flatMap((curve) => {
      if (seen.has(curve.trial)) return [];
      seen.add(curve.trial);
      const text =
        curve.role === 'baseline'
          ? 'baseline'
          : curve.role === 'best'
            ? `best: trial ${curve.trial}`
            : `${curve.trial}: ${trials[curve.trial - 1]!.state}`;
      const look = curve.role === 'baseline' ? 'reference name' : curve.role === 'best' ? 'best name' : 'second name';
      return [{ y: y.clipped(curve.values.at(-1)!), text, look }];
    });
    parts.push(endLabels(names, end + 8, top, height - bottom));
  }
  return picture(frame, `figure ${width}`, `${metric} over steps`, ...parts);
}

/** Far outside is far enough: viewers stumble over coordinates of many digits. */
function bounded(place: number, height: number): number {
  return Math.min(2 * height, Math.max(-height, place));
}
