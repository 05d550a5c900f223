/** What was spent of what, and on what. */

import type { Report } from '../data.ts';
import { grouped, num, percent, seconds } from '../numbers.ts';
import { el, type Frame, label, picture } from '../svg.ts';
import { PIXELS, type Width } from './size.ts';

/** Bars of the budgeted amounts, and one bar of where the device time went. */
export function budgetFigure(report: Pick<Report, 'status'>, width: Width): string {
  const { spent, held, budget } = report.status;
  const rows = (
    [
      ['runs', spent.runs, held.runs, budget.runs, grouped],
      ['device time', spent.deviceSeconds, held.deviceSeconds, budget.deviceSeconds, seconds],
      ['money', spent.money, held.money, budget.money, (x: number) => num(x, 3)],
      ['clock', spent.wallSeconds, 0, budget.wallSeconds, seconds],
    ] as const
  ).filter(([, , , cap]) => cap !== undefined);
  const wide = width === 'wide';
  const left = 86;
  const end = PIXELS[width] - (wide ? 190 : 0);
  const rowHeight = wide ? 28 : 44;
  const height = Math.max(1, rows.length * rowHeight);
  const parts = rows.flatMap(([name, used, holding, cap, text], i) => {
    const y = i * rowHeight + (wide ? 8 : 20);
    const room = end - left;
    const share = cap! > 0 ? Math.min(1, used / cap!) : 1;
    const heldShare = cap! > 0 ? Math.min(1 - share, holding / cap!) : 0;
    const said = `${text(used)} of ${text(cap!)}${holding > 0 ? `, ${text(holding)} held` : ''} (${percent(cap! > 0 ? used / cap! : 1)})`;
    return [
      label(0, y + 10, name, { class: 'name' }),
      el('rect', { class: 'track', x: left, y, width: room, height: 12, rx: 2 }),
      el('rect', { class: 'used', x: left, y, width: room * share, height: 12, rx: 2 }),
      heldShare > 0
        ? el('rect', { class: 'held', x: left + room * share, y, width: room * heldShare, height: 12 })
        : '',
      wide ? label(end + 10, y + 10, said, { class: 'tick' }) : label(left, y - 6, said, { class: 'tick' }),
    ];
  });
  if (rows.length === 0) return '';
  const frame: Pick<Frame, 'width' | 'height'> = { width: PIXELS[width], height };
  return picture(frame, `figure ${width}`, 'Budget spent', ...parts);
}

const LOOKS = {
  baseline: 'fill-reference',
  keep: 'fill-keep',
  discard: 'fill-discard',
  inconclusive: 'fill-inconclusive',
  crash: 'fill-crash',
  open: 'fill-open',
  scale: 'held',
} as const;
const NAMES: Readonly<Record<string, string>> = { open: 'not judged yet', scale: 'at other levels' };

/** Names and shares of the parts in {@link shareFigure}, in its order. */
export function shareNames({ spending }: Pick<Report, 'spending'>): { readonly look: string; readonly text: string }[] {
  const total = spending.parts.reduce((sum, part) => sum + part.deviceSeconds, 0);
  return spending.parts.map((part) => ({
    look: part.what === 'scale' ? 'done' : part.what,
    text: `${NAMES[part.what] ?? part.what} ${seconds(part.deviceSeconds)}${total > 0 ? ` (${percent(part.deviceSeconds / total)})` : ''}`,
  }));
}

/** Where the device time went, by what came of it. */
export function shareFigure({ spending }: Pick<Report, 'spending'>, width: Width): string {
  const total = spending.parts.reduce((sum, part) => sum + part.deviceSeconds, 0);
  if (!(total > 0)) return '';
  const room = PIXELS[width];
  let x = 0;
  const bars: string[] = [];
  for (const part of spending.parts) {
    const size = (part.deviceSeconds / total) * room;
    bars.push(el('rect', { class: LOOKS[part.what], x, y: 0, width: Math.max(0, size - 1.5), height: 18 }));
    x += size;
  }
  return picture({ width: room, height: 18 }, `figure ${width}`, 'Device time by verdict', ...bars);
}
