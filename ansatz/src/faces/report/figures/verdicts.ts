/** Verdicts have a colour and a shape, so that neither print nor colour blindness hides one. */

import type { TrialRow } from '../../../study/views.ts';
import { el, marks, type Shape } from '../svg.ts';

type Standing = TrialRow['state'];

const SHAPES: Readonly<Record<Standing, { readonly shape: Shape; readonly look: string }>> = {
  discard: { shape: 'dot', look: 'discard' },
  inconclusive: { shape: 'ring', look: 'inconclusive' },
  running: { shape: 'ring', look: 'open' },
  paused: { shape: 'ring', look: 'open' },
  queued: { shape: 'ring', look: 'open' },
  crash: { shape: 'cross', look: 'crash' },
  keep: { shape: 'dot', look: 'keep' },
};

/** More than this many, and marks lose their tooltips to stay small. */
const TOOLTIPS = 400;
/** More than this many dots cannot be told apart anyway. */
const MOST = 4000;

export interface Dot {
  readonly trial: number;
  readonly state: Standing;
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** Dots in the order in which they may cover each other: keeps on top. */
export function verdictDots(dots: readonly Dot[]): string {
  const titled = dots.length <= TOOLTIPS;
  const shown = dots.length <= MOST ? dots : spread(dots);
  return Object.entries(SHAPES)
    .map(([state, { shape, look }]) => {
      const own = shown.filter((dot) => dot.state === state);
      if (!titled)
        return marks(
          shape === 'ring' ? 'dot' : shape,
          own.map((dot) => [dot.x, dot.y]),
          `${look} many`,
        );
      return own
        .map((dot) =>
          el('g', { 'data-trial': dot.trial }, el('title', {}, dot.title), marks(shape, [[dot.x, dot.y]], look)),
        )
        .join('');
    })
    .join('');
}

/** All keeps, and of the others a share chosen by multiples of the golden ratio: even, and in step with no pattern. */
function spread(dots: readonly Dot[]): Dot[] {
  const share = 1 / thinning(dots.length);
  return dots.filter((dot) => dot.state === 'keep' || (dot.trial * 0.618_033_988_75) % 1 < share);
}

/** Of how many dots a figure of this many shows one; 1 when it shows all. */
export function thinning(dots: number): number {
  return dots <= MOST ? 1 : Math.ceil(dots / MOST);
}
