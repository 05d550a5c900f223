/** The `knobs` of `ansatz.yaml`: ranges, choices, conditions and guesses, checked. */

import { defineSpace, SpaceError, type Value } from '../../methods/space/index.ts';
import type { Delivery, Knob } from '../../study/config.ts';
import { closest, UserError } from '../../study/error.ts';
import { fit, knobSchema, type KnobFile } from './schema.ts';
import { blockAt, type Source } from './source.ts';
import { parseVia } from './via.ts';

/** All knobs of a file, in its order. */
export function readKnobs(given: unknown, source: Source): Knob[] {
  const knobs = blockAt(given, ['knobs'], source).map(([name, raw]) => {
    const checked = fit(knobSchema, raw);
    if ('misfits' in checked) throw source.mistake(checked.misfits, ['knobs', name]);
    return { ...readKnob(name, checked.value, source), ...conditionAndGuess(name, checked.value, source) };
  });
  try {
    defineSpace(knobs);
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    const name = error.param ?? '';
    const field = error.where.slice(name.length + 1).split('.')[0]!;
    // `guess` is the short form of `prior`; the line is that of whichever was written.
    const places = field === 'prior' ? ['guess', 'prior'] : [field];
    const key = places.find((place) => source.has(['knobs', name, place])) ?? field;
    throw new UserError('bad-knob', `knob "${name}": ${error.message.replaceAll('parameter', 'knob')}`, {
      where: source.at(['knobs', name, key]),
      fix: error.fix,
    });
  }
  return knobs;
}

function conditionAndGuess(name: string, given: KnobFile, source: Source): Pick<Knob, 'when' | 'prior'> {
  const bad = complaints(name, source);
  if (given.guess !== undefined && given.prior !== undefined)
    throw bad('guess', 'both guess and prior', 'keep prior: { value, width, strength }, or guess alone');
  const prior = given.prior ?? (given.guess === undefined ? undefined : { value: given.guess });
  const { from, to } = given;
  const guess = Number(prior?.value);
  if (from !== undefined && to !== undefined && (guess < from || guess > to))
    throw bad(
      given.prior === undefined ? 'guess' : 'prior',
      `the guess ${guess} is outside ${from} to ${to}`,
      'correct it, or widen the range',
    );
  return {
    ...(given.when === undefined ? {} : { when: given.when }),
    ...(prior === undefined ? {} : { prior: { ...prior } }),
  };
}

function complaints(name: string, source: Source): Complaint {
  return (key, message, fix) =>
    new UserError('bad-knob', `knob "${name}": ${message}`, { where: source.at(['knobs', name, key]), fix });
}

function readKnob(name: string, given: KnobFile, source: Source): Knob {
  const bad = complaints(name, source);
  const via = parseVia(given.via ?? `--${name}`, source.at(['knobs', name, 'via']));
  if (given.fixed !== undefined) {
    const extra = (['from', 'to', 'scale', 'step', 'int', 'type', 'choices', 'ordered', 'default'] as const).find(
      (key) => given[key] !== undefined,
    );
    if (extra !== undefined) throw bad(extra, `"${extra}" does not go with fixed`, 'keep the value or the range');
    checkSwitch(via, [given.fixed], bad);
    return { name, kind: 'choice', choices: [given.fixed], default: given.fixed, via };
  }
  const { choices } = given;
  if (choices !== undefined || given.type === 'choice') {
    const extra = (['from', 'to', 'scale', 'step', 'int'] as const).find((key) => given[key] !== undefined);
    if (extra !== undefined)
      throw bad(extra, `"${extra}" does not go with choices`, 'keep a range or choices, not both');
    if (given.type !== undefined && given.type !== 'choice') {
      throw bad('type', `type ${given.type} does not go with choices`, 'remove type');
    }
    if (choices === undefined || choices.length < 2) {
      throw bad('choices', 'needs at least two choices', 'write for example choices: [relu, tanh], or fixed: relu');
    }
    const twice = choices.find((choice, i) => choices.indexOf(choice) < i);
    if (twice !== undefined) throw bad('choices', `the choice ${twice} is listed twice`, 'remove one');
    const initial = given.default;
    if (initial !== undefined && !choices.includes(initial)) {
      throw bad(
        'default',
        `the default ${initial} is not a choice${closest(String(initial), choices.map(String))}`,
        'add it to choices, or correct it',
      );
    }
    checkSwitch(via, choices, bad);
    return {
      name,
      kind: 'choice',
      choices,
      ...(given.ordered === undefined ? {} : { ordered: given.ordered }),
      ...(initial === undefined ? {} : { default: initial }),
      via,
    };
  }
  const { from: low, to: high, step } = given;
  if (low === undefined || high === undefined) {
    const lacking = low === undefined ? 'from' : 'to';
    throw bad(lacking, `"${lacking}" is missing`, 'write a range, from: 1e-4, to: 0.1, or choices: [a, b]');
  }
  if (given.ordered !== undefined) throw bad('ordered', '"ordered" goes with choices only', 'remove it');
  if (given.int === true && given.type === 'float') throw bad('int', 'both int: true and type: float', 'keep one');
  if (via.by === 'flag' && via.style === 'switch') {
    throw bad('via', 'a switch carries no number', `write via: ${via.flag}, or choices: [false, true]`);
  }
  const kind = given.int === true || given.type === 'int' ? 'int' : 'float';
  const scale = given.scale ?? 'linear';
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw bad('from', 'a range must be finite', 'write plain numbers');
  if (low >= high) throw bad('from', `from (${low}) is not below to (${high})`, 'swap them, or widen the range');
  if (scale === 'log' && low <= 0) {
    throw bad(
      'from',
      `a log scale cannot begin at ${low}`,
      'write a small positive number such as 1e-6, or scale: linear',
    );
  }
  if (kind === 'int') {
    const broken = (
      [
        ['from', low],
        ['to', high],
        ['step', step ?? 1],
      ] as const
    ).find(([, n]) => !Number.isInteger(n));
    if (broken !== undefined)
      throw bad(broken[0], `an int cannot have ${broken[0]}: ${broken[1]}`, 'write a whole number');
  }
  if (step !== undefined && step > high - low) throw bad('step', 'the step is wider than the range', 'lower it');
  const initial = numberDefault(given.default, kind, bad);
  return {
    name,
    kind,
    low,
    high,
    scale,
    ...(step === undefined ? {} : { step }),
    ...(initial === undefined ? {} : { default: initial }),
    via,
  };
}

type Complaint = (key: string, message: string, fix: string) => UserError;

function numberDefault(given: Value | undefined, kind: 'float' | 'int', bad: Complaint): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'number' || !Number.isFinite(given)) {
    throw bad('default', `the default ${given} is not a number`, 'write a number, or choices');
  }
  if (kind === 'int' && !Number.isInteger(given)) {
    throw bad('default', `the default ${given} is not whole`, 'write type: float, or a whole default');
  }
  return given;
}

function checkSwitch(via: Delivery, choices: readonly Value[], bad: Complaint): void {
  if (via.by !== 'flag' || via.style !== 'switch') return;
  if (choices.every((choice) => typeof choice === 'boolean')) return;
  throw bad('choices', `a switch is on or off, not ${choices.join(' or ')}`, 'write choices: [false, true]');
}
