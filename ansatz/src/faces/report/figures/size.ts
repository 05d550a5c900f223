/** Each figure is drawn twice, for a desk and for a phone, so that its words are never scaled down. */

import type { Scale } from '../scale.ts';
import { type Frame, leftRoom } from '../svg.ts';

/** Width in CSS pixels. */
export type Width = 'wide' | 'narrow';

export const PIXELS: Readonly<Record<Width, number>> = { wide: 860, narrow: 350 };

/** Height of a chart with two axes, and the room above and below what it plots. */
export function chartSize(width: Width): Pick<Frame, 'height' | 'top' | 'bottom'> {
  return { height: width === 'wide' ? 340 : 300, top: 30, bottom: 46 };
}

/** The frame of such a chart: room for the labels of `y` on its left, and for names of lines on its right. */
export function chartFrame(width: Width, y: Scale): Frame {
  return { ...chartSize(width), width: PIXELS[width], left: leftRoom(y), right: width === 'wide' ? 165 : 12 };
}

/** Both drawings of a figure; the style sheet shows the one that fits. */
export function bothWidths(draw: (width: Width) => string): string {
  return draw('wide') + draw('narrow');
}

/** The range that shows what matters: everything in `musts`, and of `rest` what lies inside its quantiles 0.05 to 0.85 by goodness. */
export function rangeOf(
  musts: readonly number[],
  rest: readonly number[],
  direction: 'minimize' | 'maximize',
): [number, number] | undefined {
  const sorted = rest.filter(Number.isFinite).toSorted((a, b) => a - b);
  const at = (q: number): number[] => (sorted.length === 0 ? [] : [sorted[Math.round(q * (sorted.length - 1))]!]);
  const shown = [
    ...musts.filter(Number.isFinite),
    ...at(direction === 'minimize' ? 0 : 0.15),
    ...at(direction === 'minimize' ? 0.85 : 1),
  ];
  if (shown.length === 0) return undefined;
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  const room = (high - low) * 0.06;
  return [low - room, high + room];
}
