/** Many candidates, few false alarms: error rates for a family of tests. */

/**
 * Adjusted p-values of a family by Holm (1979, Scand. J. Stat. 6, 65-70): reject those at most alpha, and the chance
 * of even one false rejection is at most alpha, however the tests depend on each other. In the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = pValues.map(() => 1);
  let highest = 0;
  order.forEach((index, rank) => {
    highest = Math.max(highest, Math.min(1, pValues[index]! * (pValues.length - rank)));
    adjusted[index] = highest;
  });
  return adjusted;
}

/** Share of the error rate that the planned members of a family divide among them; the others get the rest. */
const PLANNED_SHARE = 0.8;

/**
 * The error rate of the `index`-th member (from 1) of a family that is tested one after another and whose size is not
 * known: `planned` members get equal parts of four fifths, the k-th beyond them 1/(k (k + 1)) of the rest. The sum
 * over all is `alpha`, so the chance of even one false alarm is at most that (alpha spending). A member that is
 * rejected hands its part to the next one (online fallback, Tian & Ramdas 2021, Stat. Methods Med. Res. 30).
 */
export function spend(index: number, planned: number, alpha: number): number {
  if (index <= planned) return (alpha * PLANNED_SHARE) / planned;
  const beyond = index - planned;
  return (alpha * (1 - PLANNED_SHARE)) / (beyond * (beyond + 1));
}
