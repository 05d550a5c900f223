/** The `fidelity` of `ansatz.yaml`: what makes runs bigger, the levels that can be paid for, and the one the answer is wanted at. */

import type { Value } from '../../methods/space/index.ts';
import { LEAST_SCALES } from '../../methods/scaling/index.ts';
import { SCALE_BET } from '../../study/state.ts';
import type { Delivery, Fidelity, Knob } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import { rangeOf } from './funds.ts';
import { alongSchema, fit, type ConfigFile } from './schema.ts';
import { blockAt, type Source } from './source.ts';
import { parseVia } from './via.ts';

/** Shares of all spending for runs at other levels when nothing is said. */
const SHARE = { floor: 0.05, cap: 0.25 } as const;

/**
 * The fidelity, and the knobs that are left to be searched: one that sets the scale lends its `via` and is turned by no
 * sampler.
 */
export function readFidelity(
  given: ConfigFile,
  knobs: readonly Knob[],
  source: Source,
): { readonly fidelity?: Fidelity; readonly searched: readonly Knob[] } {
  const wish = given.fidelity;
  if (wish === undefined) return { searched: knobs };
  const bad = (key: string, message: string, fix: string): UserError =>
    new UserError('bad-fidelity', `fidelity: ${message}`, { where: source.at(['fidelity', key]), fix });
  const levels = wish.levels.toSorted((a, b) => a - b);
  const twice = levels.find((level, i) => level === levels[i + 1]);
  if (twice !== undefined) throw bad('levels', `the level ${twice} is listed twice`, 'remove one');
  if (levels.length < LEAST_SCALES) {
    throw bad(
      'levels',
      `${levels.length} levels say nothing of a floor: ${LEAST_SCALES} are the least`,
      `write for example  levels: [${[1, 2, 4].map((times) => times * levels[0]!).join(', ')}]`,
    );
  }
  if (!(wish.target > levels.at(-1)!)) {
    throw bad(
      'target',
      `the target ${wish.target} is not beyond the largest level, ${levels.at(-1)!}`,
      'a scale that can be run needs no forecast: raise the target, or lower the levels',
    );
  }
  const base = wish.base ?? levels[Math.floor((levels.length - 1) / 2)]!;
  if (!levels.includes(base))
    throw bad('base', `${base} is not one of the levels`, `write one of ${levels.join(', ')}`);
  const viaOf = (name: string, text: string | undefined, key: string): Delivery => {
    const via =
      text === undefined
        ? (knobs.find((knob) => knob.name === name)?.via ?? parseVia(`--${name}`, source.at(['fidelity', key])))
        : parseVia(text, source.at(['fidelity', key]));
    return via;
  };
  const via = viaOf(wish.knob, wish.via, 'via');
  if (via.by === 'flag' && via.style === 'switch')
    throw bad('via', 'a switch carries no number', `write via: ${via.flag}`);
  const along = blockAt(wish.along, ['fidelity', 'along'], source).map(([name, raw]) => {
    const checked = fit(alongSchema, raw);
    if ('misfits' in checked) throw source.mistake(checked.misfits, ['fidelity', 'along', name]);
    const { values, via: text } = Array.isArray(checked.value)
      ? { values: checked.value, via: undefined }
      : checked.value;
    if (name === wish.knob) throw bad('along', `"${name}" sets the scale itself`, 'remove it');
    if (values.length !== levels.length) {
      throw bad(
        'along',
        `"${name}" has ${values.length} values for ${levels.length} levels`,
        'give one value for each level, in their order',
      );
    }
    // Values are given in the order in which the levels are.
    const ordered = levels.map((level): Value => values[wish.levels.indexOf(level)]!);
    return { name, via: viaOf(name, text, 'along'), values: ordered };
  });
  if (given.bets !== null && typeof given.bets === 'object' && Object.hasOwn(given.bets, SCALE_BET)) {
    throw new UserError('bad-bet', `the bet "${SCALE_BET}" is that of the fidelity's own runs`, {
      where: source.at(['bets', SCALE_BET]),
      fix: `give it another name; what the runs at other levels may spend is  fidelity: { share: 5%..25% }`,
    });
  }
  const share = wish.share === undefined ? SHARE : rangeOf(wish.share, source.at(['fidelity', 'share']));
  const names = [wish.knob, ...along.map(({ name }) => name)];
  return {
    fidelity: {
      knob: wish.knob,
      via,
      levels,
      base,
      target: wish.target,
      along,
      floor: share.floor ?? 0,
      cap: share.cap ?? 1,
    },
    searched: knobs.filter(({ name }) => !names.includes(name)),
  };
}
