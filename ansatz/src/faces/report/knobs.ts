/** What mattered, in words that the page, the Markdown and `ansatz show knobs` share. */

import type { KnobEffect, KnobGroup, KnobInteraction } from '../../study/effects.ts';
import { brief, count, num, percent, signed } from './numbers.ts';

/** Whether a knob stands out from chance, and still counts for something when trials are resampled. */
export function standsOut({ share, chance, interval }: KnobEffect): boolean {
  return share !== undefined && share > chance! && interval![0] > 0.01;
}

/** `94 %`, or nothing while there are too few trials. */
export function shareText({ share }: KnobEffect): string {
  return share === undefined ? 'too few' : percent(share);
}

/** `61 to 100 %`: the interval of the share. */
export function intervalText({ interval }: KnobEffect): string {
  if (interval === undefined) return '';
  return `${percent(interval[0]).replace(/\s*%/, '')} to ${percent(interval[1])}`;
}

/** Where a knob did best: `0.1 to 0.6 (median 1.2, 8 trials)`. */
export function bestText({ best, groups }: KnobEffect): string {
  const group = best === undefined ? undefined : groups[best];
  if (group === undefined) return '';
  const found = group.median === undefined ? 'all stopped early' : `median ${num(group.median)}`;
  return `${groupText(group)} (${found}, ${count(group.trials, 'trial')})`;
}

/** `0.1 to 0.6`, `relu`. */
export function groupText({ low, high }: Pick<KnobGroup, 'low' | 'high'>): string {
  return low === high ? brief(low) : `${brief(low)} to ${brief(high)}`;
}

/** `+0.46`; nothing for choices. */
export function trendText({ trend }: KnobEffect): string {
  return trend === undefined ? '' : signed(Number(trend.toFixed(2)));
}

/** A sentence on two knobs that act together. */
export function interactionText({ knobs: [a, b], share, chance }: KnobInteraction): string {
  return `${a} and ${b} act together: ${percent(share)} of the variation beyond what each does alone (chance: up to ${percent(chance)}).`;
}

/** A sentence for each knob whose range is used up: the best lie at its edge, or nothing in it makes a difference. */
export function rangeTexts(effects: readonly KnobEffect[]): string[] {
  const edges = effects.flatMap(({ knob, pressed }) => {
    if (pressed === undefined) return [];
    const [side, try_] = pressed.edge === 'low' ? ['lower', 'down'] : ['upper', 'up'];
    return `${knob}: ${pressed.there} of the best ${pressed.best} results lie at the ${side} edge, ${brief(pressed.at)}; try ${try_} to ${brief(pressed.wider)}.`;
  });
  const flat = effects.flatMap(({ knob, flat: is }) => (is === true ? [knob] : []));
  if (flat.length === 0) return edges;
  const who = flat.length > 4 ? `${flat.slice(0, 4).join(', ')} and ${flat.length - 4} more` : flat.join(', ');
  return [...edges, `${who}: the whole range makes no difference beyond noise.`];
}
