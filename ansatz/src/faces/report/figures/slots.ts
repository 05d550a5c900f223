/** Who was where when: a row per slot, a bar per run. Gaps are idle time. */

import type { Report } from '../data.ts';
import { duration } from '../scale.ts';
import { el, type Frame, label, picture, round, xAxis } from '../svg.ts';
import { PIXELS, type Width } from './size.ts';

/** Slots beyond these are left out. */
export const MOST_SLOTS = 32;

/** The figure, or nothing when nothing ran. */
export function slotsFigure(report: Pick<Report, 'spans' | 'createdAt'>, width: Width): string {
  const { spans, createdAt } = report;
  const used = [...new Set(spans.map((span) => span.slot))].sort((a, b) => a - b).slice(0, MOST_SLOTS);
  if (used.length === 0) return '';
  const rowHeight = used.length > 12 ? 14 : 22;
  const frame: Frame = {
    width: PIXELS[width],
    height: used.length * rowHeight + 46,
    left: 50,
    right: 12,
    top: 4,
    bottom: 42,
  };
  const start = Math.min(createdAt, ...spans.slice(0, 1).map((span) => span.from));
  const total = spans.reduce((latest, span) => Math.max(latest, span.to), start) - start;
  const { scale: x, unit } = duration(total / 1000, frame.left, frame.width - frame.right, width === 'wide' ? 8 : 4);
  const parts = [xAxis(frame, x, `time since the start, ${unit}`)];
  used.forEach((slot, row) => {
    const y = frame.top + rowHeight * (row + 0.5);
    parts.push(label(0, y + 4, `slot ${slot}`, { class: 'tick' }));
    for (const [look, d] of bars(
      spans.filter((span) => span.slot === slot),
      (ms) => x.at((ms - start) / 1000),
      y,
    )) {
      parts.push(el('path', { class: `span ${look}`, 'stroke-width': rowHeight - 6, d }));
    }
  });
  return picture(frame, `figure ${width}`, 'Runs in their slots over time', ...parts);
}

/** The looks that occur, with what they mean. */
export function slotNames({ spans }: Pick<Report, 'spans'>): { readonly look: string; readonly text: string }[] {
  const seen = new Set(spans.map(lookOf));
  const words = {
    baseline: 'baseline',
    done: 'finished',
    stopped: 'stopped early',
    failed: 'failed',
    lost: 'lost',
    paused: 'paused after it',
    running: 'under way',
  };
  return Object.entries(words)
    .filter(([look]) => seen.has(look as keyof typeof words))
    .map(([look, text]) => ({ look, text }));
}

function lookOf(span: Report['spans'][number]): Report['spans'][number]['status'] | 'baseline' {
  return span.trial === 1 && span.status === 'done' ? 'baseline' : span.status;
}

/** One path per look; bars that touch within half a pixel become one. */
function bars(spans: Report['spans'], at: (ms: number) => number, y: number): Map<string, string> {
  const paths = new Map<string, string>();
  const last = new Map<string, { from: number; to: number }>();
  const put = (look: string, bar: { from: number; to: number }): void => {
    paths.set(look, `${paths.get(look) ?? ''}M${round(bar.from)} ${round(y)}H${round(bar.to)}`);
  };
  for (const span of spans) {
    const look = lookOf(span);
    // A hairline between neighbours shows where one run ends, while it is wide enough to be seen.
    const [from, end] = [at(span.from), at(span.to)];
    const to = end - from > 3 ? end - 1 : Math.max(end, from + 0.5);
    const before = last.get(look);
    if (before !== undefined && from - before.to < 0.5) {
      before.to = Math.max(before.to, to);
      continue;
    }
    if (before !== undefined) put(look, before);
    last.set(look, { from, to });
  }
  for (const [look, bar] of last) put(look, bar);
  return paths;
}
