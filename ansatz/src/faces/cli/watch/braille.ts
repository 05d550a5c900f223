/** Charts in braille: eight dots a character, so that a curve has a shape at 80 columns. */

/** A line or a cloud of dots. */
export interface Trace {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  /** `line` joins neighbours, `step` goes right and then up or down, `dots` does neither. */
  readonly look: 'line' | 'step' | 'dots';
}

export interface Chart {
  /** Rows from top to bottom, without colours, all of one width. */
  readonly rows: readonly string[];
  readonly low: number;
  readonly high: number;
}

/** Dots of a cell, by column and row, as bits of U+2800. */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/**
 * Draw traces into `width` × `height` characters over their common range, y within `range` where it is given (what lies outside is drawn at
 * the edge). Values that are no numbers leave a gap. Nothing to draw gives blank rows.
 */
export function braille(
  traces: readonly Trace[],
  width: number,
  height: number,
  range?: readonly [number, number],
): Chart {
  const points = traces.flatMap(({ xs, ys }) =>
    xs.map((x, i) => [x, ys[i]!] as const).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
  );
  const blank = Array.from({ length: height }, () => '\u2800'.repeat(width));
  if (points.length === 0) return { rows: blank, low: NaN, high: NaN };
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  if (range !== undefined) [low, high] = range;
  const [columns, lines] = [2 * width, 4 * height];
  const cells = new Uint8Array(width * height);
  const put = (column: number, line: number): void => {
    const [c, l] = [Math.min(columns - 1, Math.max(0, column)), Math.min(lines - 1, Math.max(0, line))];
    const index = (l >> 2) * width + (c >> 1);
    cells[index] = cells[index]! | BITS[c & 1]![l & 3]!;
  };
  const columnOf = (x: number): number =>
    right > left ? Math.round(((x - left) / (right - left)) * (columns - 1)) : 0;
  const lineOf = (y: number): number =>
    high > low ? Math.round(((high - Math.min(high, Math.max(low, y))) / (high - low)) * (lines - 1)) : lines >> 1;
  const join = (c0: number, l0: number, c1: number, l1: number): void => {
    const steps = Math.max(Math.abs(c1 - c0), Math.abs(l1 - l0), 1);
    for (let k = 0; k <= steps; k++)
      put(Math.round(c0 + ((c1 - c0) * k) / steps), Math.round(l0 + ((l1 - l0) * k) / steps));
  };
  for (const { xs, ys, look } of traces) {
    let before: readonly [number, number] | undefined;
    for (let i = 0; i < xs.length; i++) {
      if (!Number.isFinite(xs[i]!) || !Number.isFinite(ys[i]!)) {
        before = undefined;
        continue;
      }
      const here = [columnOf(xs[i]!), lineOf(ys[i]!)] as const;
      if (before === undefined || look === 'dots') put(...here);
      else if (look === 'line') join(...before, ...here);
      else {
        join(before[0], before[1], here[0], before[1]);
        join(here[0], before[1], here[0], here[1]);
      }
      before = here;
    }
  }
  const rows = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => String.fromCharCode(0x2800 + cells[row * width + column]!)).join(''),
  );
  return { rows, low, high };
}
