/** The two pictures of an audited log: its claims against the noise, and its rows in their order. */

import type { Logbook } from '../../study/logbook.ts';
import { html, line } from './escape.ts';
import { chartFrame, chartSize, PIXELS, rangeOf, type Width } from './figures/size.ts';
import { num } from './numbers.ts';
import { linear, log as logarithmic } from './scale.ts';
import { el, label, marks, pathOf, picture, xAxis, yAxis } from './svg.ts';

/** With more marks than this they lose their tooltips, and beyond the next number some are left out. */
const TOOLTIPS = 300;
const MOST_MARKS = 1000;
const MOST_CORNERS = 800;

/** Every claimed gain on a logarithmic axis, with what a gain must exceed to stand clear of noise. */
export function claimsFigure(book: Logbook, width: Width): string {
  const { claims, threshold } = book;
  if (claims.length === 0 || threshold === undefined || !(threshold > 0)) return '';
  const [left, right, top] = [8, 16, 26];
  const pixels = PIXELS[width];
  const gains = claims.map((claim) => claim.gain);
  const low = Math.max(Math.min(...gains, threshold / 3), Math.max(...gains) / 1e6);
  const x = logarithmic(
    low * 0.8,
    Math.max(...gains, threshold * 2) * 1.25,
    left,
    pixels - right,
    width === 'wide' ? 8 : 4,
  );
  // Dots that would lie on each other are stacked.
  const columns = new Map<number, number>();
  const places = claims.slice(0, MOST_MARKS).map((claim) => {
    const at = x.clipped(claim.gain);
    const column = Math.round(at / 9);
    const height = columns.get(column) ?? 0;
    columns.set(column, height + 1);
    return { claim, at: column * 9, height };
  });
  const tallest = Math.max(...columns.values());
  const step = Math.min(10, 90 / tallest);
  const height = top + Math.max(24, tallest * step) + 44;
  const frame = { width: pixels, height, left, right, top, bottom: 40 };
  const floor = height - frame.bottom;
  const edge = x.at(threshold);
  const parts = [
    xAxis(frame, x, `gain in ${line(book.log.metric)}`),
    el('rect', { class: 'band', x: left, width: Math.max(0, edge - left), y: top - 8, height: floor - top + 8 }),
    el('line', { class: 'reference guide', x1: edge, x2: edge, y1: top - 8, y2: floor }),
    label(edge - 6, 12, 'within noise', { class: 'note', 'text-anchor': 'end' }),
    label(edge + 6, 12, 'stands clear', { class: 'note' }),
  ];
  const placed = places.map(({ claim, at, height: stacked }) => ({ claim, at, y: floor - 8 - stacked * step }));
  if (placed.length > TOOLTIPS) {
    for (const look of [false, true]) {
      const own = placed.filter(({ claim }) => (claim.stands === true) === look);
      parts.push(
        marks(
          'dot',
          own.map(({ at, y }) => [at, y]),
          look ? 'keep many' : 'inconclusive many',
        ),
      );
    }
    return picture(frame, `figure ${width}`, 'Claimed gains against what noise alone can do', ...parts);
  }
  for (const { claim, at, y } of placed) {
    const mark = marks(
      claim.stands === true ? 'dot' : 'ring',
      [[at, y]],
      claim.stands === true ? 'keep' : 'inconclusive',
    );
    const title = `row ${claim.row}: gain ${num(claim.gain, 3)}; ${claim.text}`.slice(0, 160);
    parts.push(el('g', {}, el('title', {}, html(line(title))), mark));
  }
  return picture(frame, `figure ${width}`, 'Claimed gains against what noise alone can do', ...parts);
}

/** Rows in their order; the incumbent as a line with its noise as a band. */
export function logFigure(book: Logbook, width: Width): string {
  const { steps, log, noise, claims } = book;
  const largest = largestGroup(book);
  const inGroup = steps
    .map((step, i) => ({ step, at: i + 1 }))
    .filter(({ step }) => (step.row.group ?? '') === largest);
  const valued = inGroup.filter(({ step }) => step.row.value !== undefined);
  if (valued.length < 2) return '';
  const course = inGroup
    .filter(({ step }) => step.after !== undefined)
    .map(({ step, at }) => ({ at, value: step.after! }));
  const values = valued.map(({ step }) => step.row.value!);
  const late = course.slice(Math.floor(course.length / 20)).map(({ value }) => value);
  const range = rangeOf(late, values, log.direction);
  if (range === undefined) return '';
  const { height, top, bottom } = chartSize(width);
  const y = linear(...range, height - bottom - 14, top, 5);
  const frame = { ...chartFrame(width, y), right: 16 };
  const x = linear(
    inGroup[0]!.at,
    inGroup.at(-1)!.at,
    frame.left,
    frame.width - frame.right,
    width === 'wide' ? 8 : 4,
    false,
  );
  const floor = height - bottom;
  const better = log.direction === 'minimize' ? '↓ lower is better' : '↑ higher is better';
  const parts = [yAxis(frame, y, `${line(log.metric)}   ${better}`), xAxis(frame, x, 'row')];

  const all = course.flatMap(({ at, value }, i): [number, number][] => {
    const next = course[i + 1];
    if (next !== undefined && next.value === value && i > 0 && course[i - 1]!.value === value) return [];
    return [[x.at(at), value], ...(next === undefined ? [] : ([[x.at(next.at), value]] as [number, number][]))];
  });
  // Steps finer than a pixel cannot be seen.
  const step = Math.max(1, Math.ceil(all.length / MOST_CORNERS));
  const corners = all.filter((_, i) => i % step === 0 || i === all.length - 1);
  if (noise.sd !== undefined && noise.sd > 0 && corners.length > 1) {
    const half = 2 * Math.SQRT2 * noise.sd;
    const upper = corners.map(([at, value]): [number, number] => [at, y.clipped(value + half)]);
    const lower = corners.map(([at, value]): [number, number] => [at, y.clipped(value - half)]).toReversed();
    parts.push(el('path', { class: 'band', d: `${pathOf([...upper, ...lower])}Z` }));
  }
  const stands = new Map(claims.map((claim) => [claim.row, claim.stands]));
  const every = Math.max(1, Math.ceil(valued.length / MOST_MARKS));
  const others: [number, number][] = [];
  valued.forEach(({ step, at }, i) => {
    if (!step.claim && i % every === 0) others.push([x.at(at), y.clipped(step.row.value!)]);
  });
  parts.push(marks('dot', others, `discard${others.length > TOOLTIPS ? ' many' : ''}`));
  parts.push(el('path', { class: 'best line thin', d: pathOf(corners.map(([at, value]) => [at, y.clipped(value)])) }));
  for (const look of [false, true] as const) {
    const own = valued.filter(({ step }) => step.claim && (stands.get(step.row.row) === true) === look);
    const shape = look ? 'dot' : 'ring';
    const looks = look ? 'keep' : 'inconclusive';
    if (own.length > TOOLTIPS) {
      const part = own.filter((_, i) => i % Math.ceil(own.length / MOST_MARKS) === 0);
      parts.push(
        marks(
          shape,
          part.map(({ step, at }) => [x.at(at), y.clipped(step.row.value!)]),
          looks,
        ),
      );
      continue;
    }
    for (const { step, at } of own) {
      const title = `row ${step.row.row}: ${log.metric} ${num(step.row.value!, 6)}; ${step.row.text ?? ''}`.slice(
        0,
        160,
      );
      const mark = marks(shape, [[x.at(at), y.clipped(step.row.value!)]], looks);
      parts.push(el('g', {}, el('title', {}, html(line(title))), mark));
    }
  }
  const missing = inGroup.filter(({ step }) => step.row.value === undefined).slice(0, MOST_MARKS);
  parts.push(
    marks(
      'cross',
      missing.map(({ at }) => [x.at(at), floor - 6]),
      `crash${missing.length > TOOLTIPS ? ' many' : ''}`,
    ),
  );
  const outside = values.filter((value) => value > y.high || value < y.low).length;
  if (outside > 0)
    parts.push(
      label(
        frame.width - frame.right,
        log.direction === 'minimize' ? top - 6 : floor - 18,
        `${outside} outside, at the edge`,
        { class: 'note', 'text-anchor': 'end' },
      ),
    );
  return picture(frame, `figure ${width}`, `${log.metric} of every row`, ...parts);
}

function largestGroup({ steps }: Logbook): string {
  const sizes = new Map<string, number>();
  for (const { row } of steps) sizes.set(row.group ?? '', (sizes.get(row.group ?? '') ?? 0) + 1);
  return [...sizes].reduce((best, one) => (one[1] > best[1] ? one : best), ['', 0])[0];
}
