/**
 * Several objectives at once, all lower-is-better: who dominates whom, fronts, crowding, and dominated volume.
 *
 * Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II" (domination,
 * fronts, crowding, constrained domination); While, Bradstreet & Barone 2012, "A fast way of calculating exact
 * hypervolumes" (WFG).
 */

/** What one point came to. `violations` above 0 count, by how much. */
export interface Outcome {
  /** One per objective, the same number for all outcomes compared; NaN counts as Infinity. */
  readonly losses: readonly number[];
  readonly violations?: readonly number[];
}

/** Sum of what is violated; 0 when every constraint holds. NaN counts as Infinity. */
export function violationOf({ violations }: Outcome): number {
  return (violations ?? []).reduce((sum, v) => sum + (v > 0 ? v : Number.isNaN(v) ? Infinity : 0), 0);
}

/** Whether `a` is nowhere worse than `b` and somewhere better. Constraints are not looked at. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false;
  for (let m = 0; m < a.length; m++) {
    const [x, y] = [a[m]!, b[m]!];
    if (x < y || (Number.isNaN(y) && x < Infinity)) better = true;
    else if (x > y || (Number.isNaN(x) && y < Infinity)) return false;
  }
  return better;
}

/** Constrained domination: what holds all constraints first, then the smaller violation, then {@link dominates}. */
export function beats(a: Outcome, b: Outcome): boolean {
  const [va, vb] = [violationOf(a), violationOf(b)];
  if (va !== vb) return va < vb;
  return va === 0 && dominates(a.losses, b.losses);
}

/** Indices by front: the first holds those that nobody beats, the next those beaten by the first alone, and so on. O(M n²). */
export function fronts(outcomes: readonly Outcome[]): number[][] {
  const beaten = outcomes.map((): number[] => []);
  const beatenBy = new Int32Array(outcomes.length);
  for (let i = 0; i < outcomes.length; i++)
    for (let j = i + 1; j < outcomes.length; j++) {
      const [winner, loser] = beats(outcomes[i]!, outcomes[j]!)
        ? [i, j]
        : beats(outcomes[j]!, outcomes[i]!)
          ? [j, i]
          : [-1, -1];
      if (winner < 0) continue;
      beaten[winner]!.push(loser);
      beatenBy[loser] = beatenBy[loser]! + 1;
    }
  const result: number[][] = [];
  let front = [...outcomes.keys()].filter((i) => beatenBy[i] === 0);
  while (front.length > 0) {
    result.push(front);
    const next: number[] = [];
    for (const i of front)
      for (const j of beaten[i]!) {
        beatenBy[j] = beatenBy[j]! - 1;
        if (beatenBy[j] === 0) next.push(j);
      }
    front = next.sort((a, b) => a - b);
  }
  return result;
}

/** The first of {@link fronts}, in the order of the indices: O(n log n) beside the size of the front. */
export function firstFront(outcomes: readonly Outcome[]): number[] {
  const broken = outcomes.map(violationOf);
  const least = broken.reduce((a, b) => Math.min(a, b), Infinity);
  const places = [...outcomes.keys()].filter((i) => broken[i] === least);
  if (least > 0) return places;
  const losses = outcomes.map((outcome) => outcome.losses.map((x) => (Number.isNaN(x) ? Infinity : x)));
  const kept: number[] = [];
  // In lexicographic order nobody is dominated by one that comes later.
  for (const i of places.sort((a, b) => compare(losses[a]!, losses[b]!) || a - b))
    if (!kept.some((j) => dominates(losses[j]!, losses[i]!))) kept.push(i);
  return kept.sort((a, b) => a - b);
}

/** Crowding distance of each member of one front: Infinity at its ends, else the normalised span of its neighbours. */
export function crowding(front: readonly (readonly number[])[]): number[] {
  const distance = front.map(() => 0);
  for (let m = 0; m < (front[0]?.length ?? 0); m++) {
    const order = [...front.keys()].sort((a, b) => front[a]![m]! - front[b]![m]!);
    const [first, last] = [order[0]!, order.at(-1)!];
    const span = front[last]![m]! - front[first]![m]!;
    distance[first] = Infinity;
    distance[last] = Infinity;
    if (!(span > 0 && span < Infinity)) continue;
    for (let k = 1; k < order.length - 1; k++)
      distance[order[k]!]! += (front[order[k + 1]!]![m]! - front[order[k - 1]!]![m]!) / span;
  }
  return distance;
}

/** Indices of the losses that no other dominates; of equal ones the first alone. */
export function nondominated(points: readonly (readonly number[])[]): number[] {
  const kept: number[] = [];
  const order = [...points.keys()].sort((a, b) => compare(points[a]!, points[b]!) || a - b);
  // In lexicographic order nobody is dominated by one that comes later.
  for (const i of order) if (!kept.some((j) => points[j]!.every((x, m) => x <= points[i]![m]!))) kept.push(i);
  return kept.sort((a, b) => a - b);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let m = 0; m < a.length; m++) if (a[m] !== b[m]) return a[m]! < b[m]! ? -1 : 1;
  return 0;
}

/**
 * Volume that the points dominate below `reference`, exact; any number of objectives, 0 for no points. Points that are
 * not better than the reference everywhere add nothing, nor do those with NaN. Two objectives: O(n log n), else WFG.
 */
export function hypervolume(points: readonly (readonly number[])[], reference: readonly number[]): number {
  const inside = points.filter((point) => reference.every((r, m) => point[m]! < r));
  const front = nondominated(inside).map((i) => inside[i]!);
  // Sorted by the first objective, worst first: the limited sets stay small.
  return volume(
    front.toSorted((a, b) => compare(b, a)),
    reference,
  );
}

/**
 * How much of {@link hypervolume} `point` adds to `front`: its box, without what others dominate of it. What few of them
 * are left at the corner of that box is counted, not the whole front.
 */
export function addedVolume(
  point: readonly number[],
  front: readonly (readonly number[])[],
  reference: readonly number[],
): number {
  if (!reference.every((r, m) => point[m]! < r)) return 0;
  if (front.some((other) => other.every((x, m) => x <= point[m]!))) return 0;
  const box = point.reduce((product, x, m) => product * (reference[m]! - x), 1);
  return (
    box -
    hypervolume(
      front.map((other) => other.map((x, m) => Math.max(x, point[m]!))),
      reference,
    )
  );
}

function volume(front: readonly (readonly number[])[], reference: readonly number[]): number {
  if (front.length === 0) return 0;
  if (reference.length === 1) return reference[0]! - Math.min(...front.map(([x]) => x!));
  if (reference.length === 2) return area(front, reference);
  let sum = 0;
  front.forEach((point, k) => {
    const box = point.reduce((product, x, m) => product * (reference[m]! - x), 1);
    // What of the box the others dominate: they are moved to its corner where they are better than it.
    const limited = front.slice(k + 1).map((other) => other.map((x, m) => Math.max(x, point[m]!)));
    const kept = nondominated(limited).map((i) => limited[i]!);
    sum +=
      box -
      volume(
        kept.toSorted((a, b) => compare(b, a)),
        reference,
      );
  });
  return sum;
}

function area(front: readonly (readonly number[])[], reference: readonly number[]): number {
  let sum = 0;
  let lowest = reference[1]!;
  for (const [x, y] of front.toSorted(compare)) {
    if (!(y! < lowest)) continue;
    sum += (reference[0]! - x!) * (lowest - y!);
    lowest = y!;
  }
  return sum;
}
