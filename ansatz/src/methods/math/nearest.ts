/** The allowed name that a mistyped one most likely meant. */

/**
 * The nearest of `allowed` by edit distance (insert, delete, replace, swap of neighbours; case and `-`/`_` do not
 * count), or undefined when all are further away than half of the longer name.
 */
export function nearest(given: string, allowed: Iterable<string>): string | undefined {
  const wanted = plain(given);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const name of allowed) {
    const candidate = plain(name);
    const contained =
      candidate.length > 2 && wanted.length > 2 && (candidate.includes(wanted) || wanted.includes(candidate));
    const distance = contained ? Math.min(1, editDistance(wanted, candidate)) : editDistance(wanted, candidate);
    if (distance > Math.max(wanted.length, candidate.length) / 2) continue;
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Optimal string alignment distance (Damerau 1964 with each pair swapped at most once). */
export function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        distance = Math.min(distance, older[j - 2]! + 1);
      row.push(distance);
    }
    older = previous;
    previous = row;
  }
  return previous[b.length]!;
}
