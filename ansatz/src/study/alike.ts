/** How far two trials are alike: what is known of one says something of the other. */

import { encodeParam } from '../methods/space/encode.ts';
import { valueAt } from '../methods/space/point.ts';
import type { State, Trial } from './state.ts';

/** Share of the range that a knob may be moved by until what is known of one trial says little of the other. */
const FAR = 0.3;

/**
 * Likeness of two trials in [0, 1], a valid correlation: e^(−d / 0.3), with d the sum over the knobs of how far apart they are,
 * as a share of the range on its scale; another choice, another code or a knob that does not apply is the whole of it. The
 * knob `without` does not count.
 */
export function likeness(state: State, without?: string): (one: Trial, other: Trial) => number {
  const knobs = state.config.knobs.filter(({ name }) => name !== without);
  const places = new Map<Trial, readonly (number | string | undefined)[]>();
  const placeOf = (trial: Trial): readonly (number | string | undefined)[] => {
    const known = places.get(trial);
    if (known !== undefined) return known;
    const place = knobs.map((knob): number | string | undefined => {
      const value = valueAt(trial.point, knob.name);
      if (value === undefined) return undefined;
      return knob.kind === 'choice' ? String(value) : encodeParam(knob, value);
    });
    const whole = [...place, trial.code?.tree];
    places.set(trial, whole);
    return whole;
  };
  return (one, other) => {
    const [a, b] = [placeOf(one), placeOf(other)];
    return Math.exp(-a.reduce<number>((sum, value, i) => sum + apart(value, b[i]), 0) / FAR);
  };
}

function apart(a: number | string | undefined, b: number | string | undefined): number {
  return typeof a === 'number' && typeof b === 'number' ? Math.min(1, Math.abs(a - b)) : a === b ? 0 : 1;
}
