/** The budget as it burns: what was spent over the clock, the pace so far drawn on to where it ends, and the deadline. */

import type { Burn } from '../../../study/burn.ts';
import { date, grouped, num, seconds } from '../numbers.ts';
import { duration, linear } from '../scale.ts';
import { el, label, pathOf, picture, xAxis, yAxis } from '../svg.ts';
import { chartFrame, chartSize, type Width } from './size.ts';

const NAMES: Readonly<Record<Burn['resource'], string>> = {
  runs: 'runs',
  deviceSeconds: 'device time',
  money: 'money',
};

/** The amount of a resource in its own unit. */
export function amountText(resource: Burn['resource'], amount: number): string {
  return resource === 'deviceSeconds'
    ? seconds(amount)
    : resource === 'runs'
      ? grouped(Math.round(amount))
      : num(amount, 3);
}

/** One resource that is limited; nothing before anything happened. `deadline` in milliseconds since 1970. */
export function burnFigure(burn: Burn, deadline: number | undefined, width: Width): string {
  const { at, spent, cap, held, gone, resource } = burn;
  const start = at[0]!;
  const now = at.at(-1)!;
  if (now <= start) return '';
  const { height, top, bottom } = chartSize(width);
  const timed = resource === 'deviceSeconds' ? duration(cap, height - bottom, top + 10, 4) : undefined;
  const y = timed?.scale ?? linear(0, cap, height - bottom, top + 10, 4);
  const frame = { ...chartFrame(width, y), right: width === 'wide' ? 24 : 12 };
  const right = frame.width - frame.right;
  // As far as the pace or the deadline asks for, but no further than twice what has passed: now must be readable.
  const ends = [gone, deadline].filter((moment) => moment !== undefined && moment > now) as number[];
  const end = Math.min(Math.max(now, ...ends), now + 1.2 * (now - start));
  const { scale: x, unit } = duration((end - start) / 1000, frame.left, right, width === 'wide' ? 8 : 4);
  const place = (moment: number): number => x.at((moment - start) / 1000);
  const parts = [
    yAxis(frame, y, `${NAMES[resource]} spent${timed === undefined ? '' : `, ${timed.unit}`}`),
    xAxis(frame, x, `time since the start, ${unit}`),
  ];
  parts.push(el('line', { class: 'guide reference', x1: frame.left, x2: right, y1: y.at(cap), y2: y.at(cap) }));
  parts.push(
    label(right, y.at(cap) - 6, `budget ${amountText(resource, cap)}`, { class: 'note', 'text-anchor': 'end' }),
  );
  const points = at.map((moment, i): [number, number] => [place(moment), y.clipped(spent[i]!)]);
  const floor = y.at(0);
  parts.push(
    el('path', { class: 'band', d: `${pathOf([[points[0]![0], floor], ...points, [points.at(-1)![0], floor]])}Z` }),
  );
  parts.push(el('path', { class: 'best line', d: pathOf(points) }));
  const last = spent.at(-1)!;
  if (held > 0) {
    const from = y.clipped(last);
    const to = y.clipped(Math.min(cap, last + held));
    parts.push(el('line', { class: 'line second', x1: place(now), x2: place(now), y1: from, y2: to }));
  }
  if (gone !== undefined && gone > now && last < cap) {
    const share = Math.min(1, (end - now) / (gone - now));
    const to: [number, number] = [place(now + share * (gone - now)), y.clipped(last + share * (cap - last))];
    parts.push(el('line', { class: 'reference', x1: place(now), y1: y.clipped(last), x2: to[0], y2: to[1] }));
  }
  if (deadline !== undefined && deadline > start && deadline <= end) {
    const here = place(deadline);
    parts.push(el('line', { class: 'guide reference', x1: here, x2: here, y1: top, y2: floor }));
    parts.push(label(here - 4, floor - 6, `deadline ${date(deadline)}`, { class: 'note', 'text-anchor': 'end' }));
  }
  return picture(frame, `figure ${width}`, `${NAMES[resource]} spent over time`, ...parts);
}
