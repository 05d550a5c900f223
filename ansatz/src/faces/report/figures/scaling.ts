/** Scaling laws as pictures: the law and its forecast fan over the points, IsoFLOP bowls, residuals. */

import { html, line } from '../escape.ts';
import { num } from '../numbers.ts';
import { linear, log, type Scale } from '../scale.ts';
import { el, endLabels, label, marks, pathOf, picture, xAxis, yAxis } from '../svg.ts';
import { chartFrame, chartSize, PIXELS, type Width } from './size.ts';

/** A place in data. */
export interface At {
  readonly x: number;
  readonly y: number;
}

/** An interval at a place. */
export interface Between {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** Points, the law through them, and how far its forecasts may be off. */
export interface LawPicture {
  readonly kind: 'law';
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  /** What the curve is, at its end. */
  readonly name: string;
  readonly points: readonly At[];
  readonly curve: readonly At[];
  /** Widest last or first: each is drawn over the others. */
  readonly bands: readonly { readonly level: number; readonly ends: readonly Between[] }[];
  readonly forecast?: At & Between;
  /** y is a share: its axis is never logarithmic. */
  readonly share?: boolean;
}

/** Loss over size at each budget of FLOPs, with its minimum. */
export interface BowlsPicture {
  readonly kind: 'bowls';
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly budgets: readonly { readonly C: number; readonly points: readonly At[]; readonly optimum?: At }[];
}

/** Relative distance of each point from the law. */
export interface ResidualPicture {
  readonly kind: 'residuals';
  readonly title: string;
  readonly xName: string;
  readonly points: readonly At[];
}

export type ScalePicture = LawPicture | BowlsPicture | ResidualPicture;

/** Any of them as SVG text; nothing when there is nothing to draw. */
export function scalePicture(data: ScalePicture, width: Width): string {
  if (data.kind === 'law') return lawFigure(data, width);
  return data.kind === 'bowls' ? bowlsFigure(data, width) : residualFigure(data, width);
}

/** From this ratio on an axis of values is logarithmic. */
const WIDE = 4;

export function lawFigure(data: LawPicture, width: Width): string {
  const { points, curve, bands, forecast } = data;
  if (points.length === 0) return '';
  const shown = [
    ...points.map(({ y }) => y),
    ...curve.map(({ y }) => y),
    ...bands.flatMap(({ ends }) => [...ends.slice(0, 1), ...ends.slice(-1)].flatMap(({ low, high }) => [low, high])),
    ...(forecast === undefined ? [] : [forecast.low, forecast.high, forecast.y]),
  ];
  const { height, top, bottom } = chartSize(width);
  const y =
    data.share === true
      ? linear(Math.min(...shown), Math.max(...shown), height - bottom, top, 5)
      : axisOf(shown, height - bottom, top, 5);
  const frame = chartFrame(width, y);
  const end = frame.width - frame.right;
  const xs = [...points.map((at) => at.x), ...curve.map((at) => at.x)];
  const x = axisX(xs, frame.left, end, width);
  const clip = `law-${width}`;
  const places = points.map((at) => at.x);
  // Forecasts lie beyond the points: to the right over compute, to the left over a loss.
  const left = forecast !== undefined && forecast.x < Math.min(...places);
  const last = left ? Math.min(...places) : Math.max(...places);
  const drawn = [
    ...bands.map(({ ends }) =>
      el('path', {
        class: 'band',
        d: `${pathOf(
          ends
            .map(({ x: at, high }): [number, number] => [x.at(at), y.at(high)])
            .concat(
              ends.toReversed().map(({ x: at, low }): [number, number] => [x.at(at), y.at(Math.max(low, 1e-12))]),
            ),
        )}Z`,
      }),
    ),
    el('path', { class: 'best line', d: pathOf(curve.map((at) => [x.at(at.x), y.at(at.y)])) }),
  ];
  const parts = [
    clipPath(clip, frame, top),
    yAxis(frame, y, data.yName),
    xAxis(frame, x, data.xName),
    el('g', { 'clip-path': `url(#${clip})` }, ...drawn),
  ];
  if (forecast !== undefined || curve.some((at) => at.x > 1.02 * last))
    parts.push(el('line', { class: 'reference', x1: x.at(last), x2: x.at(last), y1: top, y2: height - bottom }));
  parts.push(
    marks(
      'dot',
      points.map((at) => [x.at(at.x), y.clipped(at.y)]),
      'single reference',
    ),
  );
  const names = [{ y: y.clipped(curve.at(-1)?.y ?? points.at(-1)!.y), text: data.name, look: 'best name' }];
  if (forecast !== undefined) {
    const at = x.at(forecast.x);
    parts.push(
      el('line', { class: 'interval best', x1: at, x2: at, y1: y.clipped(forecast.low), y2: y.clipped(forecast.high) }),
      el(
        'g',
        {},
        el('title', {}, html(line(`${data.xName} ${num(forecast.x)}: ${num(forecast.y)}`))),
        marks('dot', [[at, y.clipped(forecast.y)]], 'keep'),
      ),
    );
    const wide = Math.max(...bands.map(({ level }) => level), 0);
    for (const { level, ends } of bands) {
      const high = ends.at(-1)?.high;
      if (high !== undefined && level === wide && !left)
        names.push({ y: y.clipped(high), text: `${num(100 * level)} of 100`, look: 'name' });
    }
  }
  if (width === 'wide') parts.push(endLabels(names, end + 12, top, height - bottom));
  return picture(frame, `figure ${width}`, data.title, ...parts);
}

export function bowlsFigure(data: BowlsPicture, width: Width): string {
  const all = data.budgets.flatMap(({ points }) => points);
  if (all.length === 0) return '';
  const { height, top, bottom } = chartSize(width);
  // The far ends of the bowls are of no interest, and steep: what lies above the highest minimum by as much as all minima span is cut.
  const lows = data.budgets.map(({ points }) => Math.min(...points.map(({ y }) => y)));
  const [least, most] = [Math.min(...lows), Math.max(...lows)];
  const ceiling = Math.min(Math.max(...all.map(({ y }) => y)), most * (most / least) ** 0.35);
  const y = axisOf([least, ceiling], height - bottom, top, 5);
  const frame = chartFrame(width, y);
  const end = frame.width - frame.right;
  const x = axisX(
    all.map((at) => at.x),
    frame.left,
    end,
    width,
  );
  const clip = `bowls-${width}`;
  const inside = (at: At): boolean => at.y <= y.high;
  const parts = [clipPath(clip, frame, top), yAxis(frame, y, data.yName), xAxis(frame, x, data.xName)];
  const lines = data.budgets.map(({ points }) =>
    el('path', { class: 'second line', d: pathOf(points.map((at) => [x.at(at.x), y.at(at.y)])) }),
  );
  parts.push(el('g', { 'clip-path': `url(#${clip})` }, ...lines));
  parts.push(
    marks(
      'dot',
      all.filter(inside).map((at) => [x.at(at.x), y.at(at.y)]),
      'single reference',
    ),
  );
  const optima = data.budgets.flatMap(({ optimum }) => (optimum === undefined ? [] : [optimum]));
  parts.push(el('path', { class: 'reference line', d: pathOf(optima.map((at) => [x.at(at.x), y.at(at.y)])) }));
  parts.push(
    marks(
      'dot',
      optima.filter(inside).map((at) => [x.at(at.x), y.at(at.y)]),
      'keep',
    ),
  );
  if (width === 'wide') {
    // A bowl that leaves at the top has no end to be named at; the first of them says what the lines are.
    const names = data.budgets.flatMap(({ C, points }) => {
      const last = points.at(-1)!;
      return inside(last) ? [{ y: y.at(last.y), text: `${num(C, 2)} FLOPs`, look: 'name' }] : [];
    });
    const first = data.budgets.find(({ optimum }) => optimum !== undefined && inside(optimum));
    if (first !== undefined && !inside(first.points.at(-1)!)) {
      const at = [x.at(first.optimum!.x), y.at(first.optimum!.y) - 12] as const;
      parts.push(label(...at, `${num(first.C, 2)} FLOPs`, { class: 'name', 'text-anchor': 'middle' }));
    }
    parts.push(endLabels(names, end + 10, top, height - bottom));
  }
  return picture(frame, `figure ${width}`, data.title, ...parts);
}

export function residualFigure(data: ResidualPicture, width: Width): string {
  const { points } = data;
  if (points.length === 0) return '';
  const most = Math.max(...points.map(({ y }) => Math.abs(y)), 1e-6);
  const size = { ...chartSize(width), height: 210 };
  const y = linear(-100 * most, 100 * most, size.height - size.bottom, size.top, 4);
  const frame = { ...chartFrame(width, y), ...size, width: PIXELS[width] };
  const end = frame.width - frame.right;
  const x = axisX(
    points.map((at) => at.x),
    frame.left,
    end,
    width,
  );
  const zero = y.at(0);
  return picture(
    frame,
    `figure ${width}`,
    data.title,
    yAxis(frame, y, 'distance from the law, %'),
    xAxis(frame, x, data.xName),
    el('line', { class: 'reference', x1: frame.left, x2: end, y1: zero, y2: zero }),
    marks(
      'dot',
      points.map((at) => [x.at(at.x), y.at(100 * at.y)]),
      'single reference',
    ),
  );
}

/** Rows for a spreadsheet: which picture, which series in it, x, y, low, high. */
export function tidyRows(pictures: readonly ScalePicture[]): string[] {
  const cell = (value: number | undefined): string =>
    value === undefined ? '' : String(Number(value.toPrecision(10)));
  const row = (figure: string, series: string, x: number, y?: number, low?: number, high?: number): string =>
    [figure, series, cell(x), cell(y), cell(low), cell(high)].join(',');
  return pictures.flatMap((one) => {
    if (one.kind === 'residuals') return one.points.map((at) => row('residuals', 'relative', at.x, at.y));
    if (one.kind === 'bowls')
      return one.budgets.flatMap(({ C, points, optimum }) => [
        ...points.map((at) => row('bowls', `C=${cell(C)}`, at.x, at.y)),
        ...(optimum === undefined ? [] : [row('bowls', `optimum C=${cell(C)}`, optimum.x, optimum.y)]),
      ]);
    return [
      ...one.points.map((at) => row('law', 'points', at.x, at.y)),
      ...one.curve.map((at) => row('law', 'curve', at.x, at.y)),
      ...one.bands.flatMap(({ level, ends }) =>
        ends.map(({ x, low, high }) => row('law', `interval ${cell(level)}`, x, undefined, low, high)),
      ),
      ...(one.forecast === undefined
        ? []
        : [row('law', 'forecast', one.forecast.x, one.forecast.y, one.forecast.low, one.forecast.high)]),
    ];
  });
}

function axisOf(values: readonly number[], from: number, to: number, most: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low > WIDE) return log(low * 0.95, high * 1.05, from, to, most);
  const room = 0.05 * (high - low);
  return linear(low - room, high + room, from, to, most);
}

function axisX(values: readonly number[], from: number, to: number, width: Width): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const most = width === 'wide' ? 8 : 4;
  const found =
    low > 0 && high / low > WIDE ? log(low * 0.9, high * 1.1, from, to, most) : linear(low, high, from, to, most);
  return {
    ...found,
    ticks: found.ticks.map(({ value }, i) => ({ value, label: amount(value, found.ticks[i]!.label) })),
  };
}

/** Amounts of compute, tokens and parameters: `5e6`, not `5000000`. */
function amount(value: number, otherwise: string): string {
  if (value < 1e4) return otherwise;
  return value.toExponential(3).replace(/\.?0*e\+/, 'e');
}

function clipPath(
  id: string,
  frame: { left: number; right: number; width: number; height: number; bottom: number },
  top: number,
): string {
  const size = {
    x: frame.left,
    y: top,
    width: frame.width - frame.left - frame.right,
    height: frame.height - top - frame.bottom,
  };
  return el('clipPath', { id }, el('rect', size));
}
