/** Ranges from elsewhere laid over what a script lets us set: same names, the script's own ways and defaults. */

import { nearest } from '../../../methods/math/nearest.ts';
import { parseConstraint } from '../../../methods/space/expression.ts';
import type { Domain, Value } from '../../../methods/space/space.ts';
import type { DraftKnob } from '../../config/write.ts';
import type { Discovery, Setting } from '../discover/index.ts';
import { type ImportedParam, type ImportedSpace, sound } from './imported.ts';
import { renamed } from './rewrite.ts';

/** What becomes of an imported space. */
export interface Overlay {
  readonly knobs: readonly DraftKnob[];
  /** Parameters that the script cannot be told, as lines to be switched on once it can. */
  readonly spare: readonly DraftKnob[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  /** Sentences a person should read. */
  readonly warnings: readonly string[];
}

/** Lays a space over a script. Names are the same when they differ in case, dashes, underscores and dots only. */
export function overlay(space: ImportedSpace, found: Discovery): Overlay {
  const warnings = [...space.warnings];
  const skipped = space.skipped.map(({ name, why, line }) => ({ name, why: `${space.file}:${line}: ${why}` }));
  for (const { name, why } of skipped) warnings.push(`${name} was left out: ${why}`);
  const knobs: (DraftKnob & ImportedParam)[] = [];
  const spare: DraftKnob[] = [];
  const names = new Map<string, string>();
  for (const param of space.params) {
    const setting = settingFor(param.name, found);
    const from = `${space.file}:${param.line}`;
    if (setting === undefined) {
      if (param.aside === true) continue;
      warnings.push(`${from}: ${missing(param.name, found)}`);
      const via = { by: 'flag', flag: `--${param.name}`, style: 'space' } as const;
      spare.push({ ...bare(param), via, comment: `${from}; ${found.script} must take it first` });
      continue;
    }
    if (setting.seed) {
      warnings.push(`${from}: ${param.name} is the seed; the lab sets it, so that repeats differ`);
      continue;
    }
    const fitted = fit(param, setting, from, warnings);
    if (fitted === undefined) continue;
    names.set(param.name, setting.name);
    knobs.push({
      ...fitted,
      name: setting.name,
      via: setting.via,
      comment: from,
      line: param.line,
      ...(param.when === undefined ? {} : { when: param.when }),
    });
  }
  const conditioned = knobs.map((knob) => {
    if (knob.when === undefined) return knob;
    const { when, ...rest } = knob;
    const condition = parseConstraint(when);
    const strange = condition.names.filter((name) => !names.has(name));
    if (strange.length === 0) return { ...rest, when: renamed(condition, names) };
    warnings.push(
      `${knob.comment}: ${knob.name} matters only when ${when}, and ${found.script} has no ${strange.join(', ')}; it is taken to apply always`,
    );
    return rest;
  });
  const kept = sound(conditioned, space.file, warnings) as (DraftKnob & ImportedParam)[];
  return { knobs: kept, spare, skipped, warnings };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, '');
}

/** Why the script cannot be told a parameter. */
function missing(name: string, found: Discovery): string {
  const left = found.skipped.find((one) => plain(one.name) === plain(name));
  if (left !== undefined) return `"${name}" cannot be set: ${left.why}`;
  const meant = nearest(
    name,
    found.settable.map((one) => one.name),
  );
  return `${found.script} has no setting called "${name}"${meant === undefined ? '' : `; closest: "${meant}"`}`;
}

function settingFor(name: string, found: Discovery): Setting | undefined {
  return (
    found.settable.find((setting) => setting.name === name) ??
    found.settable.find((setting) => plain(setting.name) === plain(name))
  );
}

/** The domain as the script can take it, with the script's own value as default; undefined when it cannot. */
function fit(param: ImportedParam, setting: Setting, from: string, warnings: string[]): Domain | undefined {
  const { name } = param;
  const initial = setting.default;
  if (param.kind === 'choice') {
    const isSwitch = setting.via.by === 'flag' && setting.via.style === 'switch';
    const choices = isSwitch ? truths(param.choices) : asNumbers(param.choices, setting);
    if (choices === undefined) {
      warnings.push(
        `${from}: ${name} is on or off in the script, not ${param.choices.map(String).join(' or ')}; it is left out`,
      );
      return undefined;
    }
    const base = {
      name,
      kind: 'choice',
      choices,
      ...(param.ordered === undefined ? {} : { ordered: param.ordered }),
    } as const;
    if (choices.length === 1) return { ...base, default: choices[0]! };
    if (initial !== undefined && choices.includes(initial)) return { ...base, default: initial };
    if (initial !== undefined)
      warnings.push(
        `${from}: the script's own ${name}, ${String(initial)}, is not among the choices; the study begins elsewhere`,
      );
    return base;
  }
  if (setting.via.by === 'flag' && setting.via.style === 'switch') {
    warnings.push(`${from}: ${name} is on or off in the script and takes no number; it is left out`);
    return undefined;
  }
  if (setting.kind === 'int' && param.kind === 'float')
    warnings.push(`${from}: ${name} varies as a float, but the script seems to take whole numbers`);
  const usable =
    typeof initial === 'number' && Number.isFinite(initial) && (param.kind === 'float' || Number.isInteger(initial));
  if (typeof initial === 'number' && (initial < param.low || initial > param.high))
    warnings.push(
      `${from}: the script's own ${name}, ${initial}, lies outside ${param.low} to ${param.high}; the study begins elsewhere`,
    );
  return usable ? { ...bare(param), default: initial } : bare(param);
}

/** The range or the list alone. */
function bare(param: ImportedParam): Domain {
  const { name } = param;
  if (param.kind === 'choice')
    return {
      name,
      kind: 'choice',
      choices: param.choices,
      ...(param.choices.length === 1 && { default: param.choices[0] }),
    };
  const { kind, low, high, scale, step } = param;
  return { name, kind, low, high, scale, ...(step === undefined ? {} : { step }) };
}

/** Truths as 1 and 0 where the script counts with numbers: `--use-bn true` is no int for argparse. */
function asNumbers(choices: readonly Value[], { default: initial }: Setting): readonly Value[] {
  if (typeof initial !== 'number' || !choices.every((choice) => typeof choice === 'boolean')) return choices;
  return choices.map(Number);
}

function truths(choices: readonly Value[]): Value[] | undefined {
  const read = new Map<Value, boolean>([
    [0, false],
    [1, true],
    [false, false],
    [true, true],
  ]);
  const values = choices.map((choice) => read.get(choice));
  return values.every((value) => value !== undefined) ? [...new Set(values)] : undefined;
}
