/** Curves for people to look at: smoothed before they are thinned, and drawn as a mean with its spread over all runs of a group. */

export interface Line {
  readonly xs: readonly number[] | Float64Array;
  readonly ys: readonly number[] | Float64Array;
}

/** Mean and spread of a group of curves on a common grid; arrays are of one length. */
export interface Band {
  readonly xs: readonly number[];
  readonly mean: readonly number[];
  /** Sample standard deviation between members; 0 where there is one. */
  readonly sd: readonly number[];
  /** Members that reach this x: a mean over fewer than all is not comparable with its neighbour. */
  readonly n: readonly number[];
}

/**
 * Exponential smoothing in x, not in samples: a point's weight halves every `halfLife` of x, so that the picture does not
 * depend on how often a script prints, and the weights are normalised, so that it does not start at zero. Values that are
 * no numbers stay as they are and are left out of the average. `halfLife` 0 gives the values back.
 */
export function smooth({ xs, ys }: Line, halfLife: number): Float64Array {
  const out = Float64Array.from(ys);
  if (!(halfLife > 0)) return out;
  let sum = 0;
  let weight = 0;
  let last = NaN;
  for (let i = 0; i < out.length; i++) {
    const y = out[i]!;
    if (!Number.isFinite(y)) continue;
    const x = xs[i]!;
    const keep = Number.isNaN(last) ? 0 : 0.5 ** (Math.max(0, x - last) / halfLife);
    sum = keep * sum + y;
    weight = keep * weight + 1;
    last = x;
    out[i] = sum / weight;
  }
  return out;
}

/** At most about `most` points: of each stretch its lowest and its highest, in their order, and both ends. */
export function thin({ xs, ys }: Line, most: number): { xs: number[]; ys: number[] } {
  const n = xs.length;
  if (n <= most) return { xs: [...xs], ys: [...ys] };
  const [keptX, keptY]: [number[], number[]] = [[], []];
  const keep = (i: number): void => {
    keptX.push(xs[i]!);
    keptY.push(ys[i]!);
  };
  const buckets = Math.max(1, Math.floor(most / 2));
  keep(0);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.max(1, Math.floor((bucket * n) / buckets));
    const to = Math.min(n - 1, Math.floor(((bucket + 1) * n) / buckets));
    if (from >= to) continue;
    let [low, high] = [from, from];
    for (let i = from + 1; i < to; i++) {
      if (ys[i]! < ys[low]!) low = i;
      if (ys[i]! > ys[high]!) high = i;
    }
    keep(Math.min(low, high));
    if (low !== high) keep(Math.max(low, high));
  }
  keep(n - 1);
  return { xs: keptX, ys: keptY };
}

/**
 * The lowest and the highest of each of `buckets` stretches of [low, high], in their order, at the same two places of every stretch: lines that are
 * thinned like this have their x in common, so that a page lines them up without work. No place is off by more than half a stretch.
 */
export function bucketed({ xs, ys }: Line, low: number, high: number, buckets: number): { xs: number[]; ys: number[] } {
  const [keptX, keptY]: [number[], number[]] = [[], []];
  const width = (high - low) / buckets || 1;
  let i = 0;
  for (let bucket = 0; bucket < buckets && i < xs.length; bucket++) {
    const end = bucket === buckets - 1 ? Infinity : low + (bucket + 1) * width;
    let [least, most] = [-1, -1];
    for (; i < xs.length && xs[i]! < end; i++) {
      if (!Number.isFinite(ys[i]!)) continue;
      if (least < 0 || ys[i]! < ys[least]!) least = i;
      if (most < 0 || ys[i]! > ys[most]!) most = i;
    }
    if (least < 0) continue;
    const [first, second] = least <= most ? [least, most] : [most, least];
    keptX.push(low + (bucket + 0.25) * width);
    keptY.push(ys[first]!);
    if (first === second) continue;
    keptX.push(low + (bucket + 0.75) * width);
    keptY.push(ys[second]!);
  }
  return { xs: keptX, ys: keptY };
}

/**
 * Mean ± sd of all members on at most `most` grid points between the smallest and the largest x of any. A member counts
 * where the grid is within its own x, interpolated in a straight line between its points; its values that are no numbers are skipped.
 */
export function band(members: readonly Line[], most: number): Band {
  const clean = members.map(finite).filter(({ xs }) => xs.length > 0);
  if (clean.length === 0) return { xs: [], mean: [], sd: [], n: [] };
  const low = Math.min(...clean.map(({ xs }) => xs[0]!));
  const high = Math.max(...clean.map(({ xs }) => xs[xs.length - 1]!));
  const sum = openBand(grid(clean, low, high, most));
  for (const line of clean) sum.add(line);
  return sum.band();
}

/** A band that takes its members one after the other, so that none has to be kept: places where no member is are left out at the end. */
export function openBand(xs: readonly number[]): { add(member: Line): void; band(): Band } {
  const mean = new Float64Array(xs.length);
  const squares = new Float64Array(xs.length);
  const count = new Uint32Array(xs.length);
  return {
    add(member) {
      const line = finite(member);
      const last = line.xs.length - 1;
      let i = 0;
      if (last < 0) return;
      for (let at = 0; at < xs.length; at++) {
        const x = xs[at]!;
        if (x < line.xs[0]! || x > line.xs[last]!) continue;
        while (i < last && line.xs[i + 1]! <= x) i++;
        const y = between(line, i, x);
        // Welford's update: values may be large and differ little.
        count[at]!++;
        const delta = y - mean[at]!;
        mean[at]! += delta / count[at]!;
        squares[at]! += delta * (y - mean[at]!);
      }
    },
    band() {
      const kept = [...xs.keys()].filter((i) => count[i]! > 0);
      return {
        xs: kept.map((i) => xs[i]!),
        mean: kept.map((i) => mean[i]!),
        sd: kept.map((i) => (count[i]! < 2 ? 0 : Math.sqrt(squares[i]! / (count[i]! - 1)))),
        n: kept.map((i) => count[i]!),
      };
    },
  };
}

/** `most` places evenly over a range. */
export function evenly(low: number, high: number, most: number): number[] {
  return low === high ? [low] : Array.from({ length: most }, (_, i) => low + ((high - low) * i) / (most - 1));
}

/** The members' own x while there are few, so that nothing is invented; an even grid beyond. */
function grid(members: readonly Line[], low: number, high: number, most: number): number[] {
  const own = new Set<number>();
  for (const { xs } of members) {
    if (xs.length > most) {
      own.clear();
      break;
    }
    for (const x of xs) own.add(x);
  }
  if (own.size > 0 && own.size <= most) return [...own].sort((a, b) => a - b);
  return evenly(low, high, most);
}

function between({ xs, ys }: Line, i: number, x: number): number {
  if (i === xs.length - 1 || xs[i] === x) return ys[i]!;
  const share = (x - xs[i]!) / (xs[i + 1]! - xs[i]!);
  return ys[i]! + share * (ys[i + 1]! - ys[i]!);
}

/** Points with finite x and y, of rising x: a step heard twice counts as heard first. A line that has no others is given back as it is. */
function finite(line: Line): Line {
  const { xs, ys } = line;
  let last = -Infinity;
  let i = 0;
  while (i < xs.length && Number.isFinite(ys[i]!) && xs[i]! > last && xs[i]! < Infinity) last = xs[i++]!;
  if (i === xs.length) return line;
  const [keptX, keptY] = [Array.from(xs.slice(0, i)), Array.from(ys.slice(0, i))];
  for (; i < xs.length; i++) {
    const [x, y] = [xs[i]!, ys[i]!];
    if (!Number.isFinite(x) || !Number.isFinite(y) || x <= last) continue;
    keptX.push(x);
    keptY.push(y);
    last = x;
  }
  return { xs: keptX, ys: keptY };
}
