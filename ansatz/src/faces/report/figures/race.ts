/** Recipes over the scale: their runs, the law of each, and the fan of forecasts to the target. */

import { html, line } from '../escape.ts';
import { num } from '../numbers.ts';
import { linear, log, type Scale } from '../scale.ts';
import { el, endLabels, marks, pathOf, picture, xAxis, yAxis } from '../svg.ts';
import { chartFrame, chartSize, type Width } from './size.ts';

/** One recipe. */
export interface Racer {
  readonly name: string;
  readonly trial: number;
  readonly role: 'best' | 'reference' | 'second';
  readonly points: readonly { readonly run: number; readonly scale: number; readonly loss: number }[];
  readonly curve: readonly {
    readonly scale: number;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

export interface Race {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  /** The largest scale that was run. */
  readonly largest: number;
  /** Drawn in this order, the last on top. */
  readonly racers: readonly Racer[];
}

/** From this ratio on an axis of values is logarithmic. */
const WIDE = 3;

/** The figure; nothing without curves. */
export function raceFigure(race: Race, width: Width): string {
  const { racers, largest } = race;
  const curves = racers.filter(({ curve }) => curve.length > 1);
  if (curves.length === 0) return '';
  const values = [
    ...racers.flatMap(({ points }) => points.map(({ loss }) => loss)),
    ...curves.flatMap(({ curve }) => [curve[0]!.value, curve.at(-1)!.low, curve.at(-1)!.high]),
  ];
  const { height, top, bottom } = chartSize(width);
  const y = valueAxis(values, height - bottom, top);
  const frame = chartFrame(width, y);
  const end = frame.width - frame.right;
  const from = curves[0]!.curve[0]!.scale;
  const to = curves[0]!.curve.at(-1)!.scale;
  const x = log(from * 0.95, to * 1.05, frame.left, end, width === 'wide' ? 8 : 4);
  const clip = `race-${width}`;
  const inner = { x: frame.left, y: top, width: end - frame.left, height: height - top - bottom };
  const fans = curves
    // A fan over a fan is mud: that of the one on top is what is asked for.
    .slice(-1)
    .map(({ curve }) => {
      const ahead = curve.filter(({ scale }) => scale >= largest);
      const upper = ahead.map(({ scale, high }): [number, number] => [x.at(scale), y.at(high)]);
      const lower = ahead.toReversed().map(({ scale, low }): [number, number] => [x.at(scale), y.at(low)]);
      return el('path', { class: 'band', d: `${pathOf([...upper, ...lower])}Z` });
    });
  const lines = curves.map(({ curve, role }) =>
    el('path', {
      class: `${role} line${role === 'best' ? ' thin' : ''}`,
      d: pathOf(curve.map(({ scale, value }) => [x.at(scale), y.at(value)])),
    }),
  );
  const dots = racers.map(({ points, role, trial, name }) =>
    el(
      'g',
      { 'data-trial': trial },
      el('title', {}, html(line(`${name}: ${points.length} runs`))),
      marks(
        'dot',
        points.map(({ scale, loss }) => [x.at(scale), y.clipped(loss)]),
        role === 'best' ? 'single best' : 'single reference',
      ),
    ),
  );
  const ends = curves.map(({ curve, role, trial, name }) => {
    const last = curve.at(-1)!;
    const at = x.at(last.scale);
    const said = `${name}, ${race.xName} ${num(last.scale)}: ${num(last.value)} [${num(last.low)}, ${num(last.high)}]`;
    return el(
      'g',
      { 'data-trial': trial },
      el('title', {}, html(line(said))),
      ...(role === 'best'
        ? [el('line', { class: 'interval best', x1: at, x2: at, y1: y.clipped(last.low), y2: y.clipped(last.high) })]
        : []),
      marks('dot', [[at, y.clipped(last.value)]], role === 'best' ? 'keep' : 'discard'),
    );
  });
  const names = curves.map(({ curve, name, role }) => ({
    y: y.clipped(curve.at(-1)!.value),
    text: name,
    look: `${role} name`,
  }));
  return picture(
    frame,
    `figure ${width}`,
    race.title,
    el('clipPath', { id: clip }, el('rect', inner)),
    yAxis(frame, y, race.yName),
    xAxis(frame, x, race.xName),
    el('g', { 'clip-path': `url(#${clip})` }, ...fans, ...lines),
    el('line', { class: 'reference', x1: x.at(largest), x2: x.at(largest), y1: top, y2: height - bottom }),
    ...dots,
    ...ends,
    width === 'wide' ? endLabels(names, end + 8, top, height - bottom) : '',
  );
}

function valueAxis(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low > WIDE) return log(low * 0.95, high * 1.05, from, to, 5);
  const room = 0.05 * (high - low);
  return linear(low - room, high + room, from, to, 5);
}
