/** SVG as text: elements, axes, and marks that stay small when there are thousands of them. */

import { html, line } from './escape.ts';
import type { Scale } from './scale.ts';

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One element. Attribute values and text made with {@link label} are escaped; children are markup. */
export function el(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : html(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${list}/>` : `<${name}${list}>${children.join('')}</${name}>`;
}

/** Text at a place; `class` says how it looks. */
export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return el('text', { x, y, ...attributes }, html(line(text)));
}

/** A tenth of a pixel is finer than any eye. */
export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A path through points. */
export function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

export type Shape = 'dot' | 'ring' | 'cross' | 'tick';

/** Many marks of one look in one path: dots are strokes of no length with round ends. */
export function marks(shape: Shape, places: readonly (readonly [number, number])[], look: string): string {
  if (places.length === 0) return '';
  const d = places
    .map(([x, y]) => {
      if (shape === 'dot' || shape === 'ring') return `M${round(x)} ${round(y)}h0`;
      if (shape === 'tick') return `M${round(x)} ${round(y - 4)}v8`;
      return `M${round(x - 3)} ${round(y - 3)}l6 6m-6 0l6-6`;
    })
    .join('');
  const path = el('path', { class: `mark ${look}`, d });
  return shape === 'ring' ? path + el('path', { class: 'mark hole', d }) : path;
}

/** Where the plot is inside its picture. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A picture with a title for readers who cannot see it. */
export function picture(
  frame: Pick<Frame, 'width' | 'height'>,
  look: string,
  title: string,
  ...children: readonly string[]
): string {
  const size = { viewBox: `0 0 ${frame.width} ${frame.height}`, width: frame.width, height: frame.height };
  return el('svg', { ...size, class: look, role: 'img', 'aria-label': line(title) }, ...children);
}

/** A horizontal axis under the frame, its name at the right end. */
export function xAxis(frame: Frame, scale: Scale, name: string): string {
  const y = frame.height - frame.bottom;
  const end = frame.width - frame.right;
  const parts = [el('line', { class: 'axis', x1: frame.left, x2: end, y1: y, y2: y })];
  for (const tick of scale.ticks) {
    const x = scale.at(tick.value);
    if (x < frame.left - 1 || x > end + 1) continue;
    parts.push(el('line', { class: 'axis', x1: x, x2: x, y1: y, y2: y + 4 }));
    parts.push(label(x, y + 17, tick.label, { class: 'tick', 'text-anchor': 'middle' }));
  }
  if (name !== '') parts.push(label(end, y + 34, name, { class: 'name', 'text-anchor': 'end' }));
  return parts.join('');
}

/** Horizontal grid lines with their values at the left. The axis is named above it. */
export function yAxis(frame: Frame, scale: Scale, name: string): string {
  const parts: string[] = [];
  for (const tick of scale.ticks) {
    const y = scale.at(tick.value);
    if (y < frame.top - 1 || y > frame.height - frame.bottom + 1) continue;
    parts.push(el('line', { class: 'grid', x1: frame.left, x2: frame.width - frame.right, y1: y, y2: y }));
    parts.push(label(frame.left - 8, y + 4, tick.label, { class: 'tick', 'text-anchor': 'end' }));
  }
  if (name !== '') parts.push(label(0, 12, name, { class: 'name' }));
  return parts.join('');
}

/** Room that tick labels need at the left. */
export function leftRoom(scale: Scale): number {
  return 14 + 7 * Math.max(...scale.ticks.map((tick) => tick.label.length), 1);
}

/** Names beside the ends of lines, pushed apart so that none lies on another. */
export function endLabels(
  names: readonly { readonly y: number; readonly text: string; readonly look: string }[],
  x: number,
  top: number,
  bottom: number,
  gap = 15,
): string {
  const sorted = names.toSorted((a, b) => a.y - b.y).map((name) => ({ ...name }));
  for (let i = 1; i < sorted.length; i++) sorted[i]!.y = Math.max(sorted[i]!.y, sorted[i - 1]!.y + gap);
  const over = (sorted.at(-1)?.y ?? 0) - bottom;
  if (over > 0) {
    sorted.at(-1)!.y -= over;
    for (let i = sorted.length - 2; i >= 0; i--) sorted[i]!.y = Math.min(sorted[i]!.y, sorted[i + 1]!.y - gap);
  }
  return sorted.map(({ y, text, look }) => label(x, Math.max(top, y) + 4, text, { class: look })).join('');
}
