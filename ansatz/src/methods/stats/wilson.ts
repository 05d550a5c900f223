/** An interval for a share seen in few cases (Wilson 1927, JASA 22, 209-212, score interval). */

import { normalQuantile } from '../math/quantile.ts';

/**
 * Interval of the share behind `hits` of `cases` at level 1 − alpha, inside [0, 1]. Without any case it is all of
 * [0, 1]: nothing is known.
 */
export function wilson(hits: number, cases: number, alpha = 0.05): readonly [low: number, high: number] {
  if (!(cases > 0)) return [0, 1];
  const z = normalQuantile(1 - alpha / 2);
  const share = hits / cases;
  const centre = share + z ** 2 / (2 * cases);
  const half = z * Math.sqrt((share * (1 - share)) / cases + z ** 2 / (4 * cases ** 2));
  const scale = 1 + z ** 2 / cases;
  // At the ends the terms cancel but for rounding.
  return [
    hits === 0 ? 0 : Math.max(0, (centre - half) / scale),
    hits === cases ? 1 : Math.min(1, (centre + half) / scale),
  ];
}
