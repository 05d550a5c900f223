/** What a training script lets us set, read off its text without running it. */

import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Delivery } from '../../../study/config.ts';
import type { Value } from '../../../methods/space/space.ts';
import { formatVia } from '../../config/via.ts';
import { parseSource } from '../constants.ts';
import { absl } from './absl.ts';
import { argparse } from './argparse.ts';
import { click } from './click.ts';
import { commander } from './commander.ts';
import { configFiles } from './configfile.ts';
import { configurator } from './configurator.ts';
import { constants, fixedSeed } from './constant.ts';
import { dataclasses } from './dataclass.ts';
import { javascriptEnvironment, pythonEnvironment, shellEnvironment } from './environment.ts';
import { fire } from './fire.ts';
import { assertions, ignoresUnknownFlags, metricHints } from './hints.ts';
import { hydra } from './hydra.ts';
import { wordsOf } from './name.ts';
import { parseArgs } from './parseargs.ts';
import { judge, type FoundKnob } from './propose.ts';
import { readText, type Finds, type Raw } from './raw.ts';
import { findScript, type Language } from './script.ts';
import { scripts } from './scripts.ts';
import { parsePython } from './python.ts';
import { plainValue, type Literal, type Source } from './source.ts';
import { typer } from './typer.ts';

/** Something a script lets us set. */
export interface Setting {
  readonly name: string;
  readonly via: Delivery;
  /** The kind of value the script takes, as far as it says. */
  readonly kind: Literal['kind'] | undefined;
  /** What the script uses today, where that is a single value. */
  readonly default: Value | undefined;
  /** `train.py:12` */
  readonly where: string;
  readonly seed: boolean;
}

/** What a look at a script found. */
export interface Discovery {
  /** Relative to the folder. */
  readonly script: string;
  readonly command: readonly string[];
  readonly language: Language;
  /** The knob that usually matters most first. */
  readonly knobs: readonly FoundKnob[];
  readonly seed?: { readonly via: Delivery; readonly default: Value | undefined };
  /** Settings left alone, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  /** Everything that can be set, proposed or not, in the order in which one of two of the same name is believed. */
  readonly settable: readonly Setting[];
  /** Metrics the script seems to print, the likeliest objective first. */
  readonly metricHints: readonly string[];
  /** Conditions the script asserts over its knobs. */
  readonly constraints: readonly string[];
  /** Sentences a person should read. */
  readonly notes: readonly string[];
}

/**
 * Looks at a training script and the configuration files it names. Nothing is run or imported.
 * Without `script` the one plausible file of the folder is taken; a UserError lists the candidates when there are several.
 * `settings` replace the script's own defaults: what its user sets when starting it.
 */
export function discover(folder: string, script?: string, settings?: ReadonlyMap<string, Value>): Discovery {
  const { file, language, command } = findScript(folder, script);
  const text = readFileSync(join(folder, file), 'utf8');
  const source = parseSource(text, file);
  const finds =
    source !== undefined
      ? conventions(source, folder, command)
      : language === 'shell'
        ? [shellEnvironment(text, file)]
        : [scripts(text, file)];
  const notes = new Set(finds.flatMap((find) => find.notes ?? []));
  const knobs: FoundKnob[] = [];
  const skipped = new Map<string, string>();
  const settable: Setting[] = [];
  let seed: Discovery['seed'];
  for (const found of distinct(finds.flatMap((find) => find.knobs))) {
    const raw = withSetting(found, settings?.get(found.name));
    const judged = judge(raw, text);
    if (raw.why === undefined && raw.kind !== 'list' && raw.initial?.kind !== 'list') {
      const { name, via, kind } = raw;
      const where = `${raw.file}:${raw.line}`;
      settable.push({ name, via, kind, default: plainValue(raw.initial), where, seed: judged.as === 'seed' });
    }
    if (judged.as === 'knob') knobs.push(judged.knob);
    else if (judged.as === 'skipped') skipped.set(raw.name, judged.why);
    else if (judged.as === 'seed' && seed === undefined && raw.why === undefined && raw.kind !== 'list')
      seed = { via: raw.via, default: plainValue(raw.initial) };
  }
  const flagged = knobs.filter((knob) => knob.via.by !== 'constant').length;
  // A script with settings of its own means its constants to stay.
  const ranked = knobs.map((knob) =>
    flagged >= 3 && knob.via.by === 'constant' ? { ...knob, score: Math.round(knob.score * 4) / 10 } : knob,
  );
  ranked.sort((a, b) => b.score - a.score);
  const asserted =
    source?.language === 'python' ? assertions(source, namesInSource(ranked), literalsOf(folder, file)) : [];
  if (source?.language === 'python' && ignoresUnknownFlags(source)) {
    notes.add(`${file} ignores flags it does not know (parse_known_args): check that a value you set has an effect.`);
  }
  if (language === 'other' && settable.length === 0) {
    notes.add(
      `Knobs and seed of ${file} cannot be read off its text. Write them:  lr: { from: 1e-3, to: 1, scale: log, default: 0.1, via: --lr }  and  seed: --seed`,
    );
  } else if (seed === undefined)
    notes.add(`No seed was found in ${file}: repeats of a trial differ only by what the script leaves to chance.`);
  if (knobs.length === 0 && language !== 'other')
    notes.add(`No knobs were found in ${file}: add flags, environment variables or constants, or write them by hand.`);
  return {
    script: file,
    command,
    language,
    knobs: ranked,
    ...(seed === undefined ? {} : { seed }),
    skipped: [...skipped].map(([name, why]) => ({ name, why })),
    settable,
    metricHints: metricHints(text),
    constraints: asserted,
    notes: [...notes],
  };
}

/** A find whose default is what its user sets, in the kind of number the script declares. */
function withSetting(raw: Raw, set: Value | undefined): Raw {
  if (set === undefined) return raw;
  const read = typeof set === 'string' ? readText(set) : undefined;
  const value = read?.kind === 'int' || read?.kind === 'float' || read?.kind === 'bool' ? read.value : set;
  if (typeof value === 'boolean') return { ...raw, initial: { kind: 'bool', value } };
  if (typeof value === 'string') return { ...raw, initial: { kind: 'text', value } };
  const kind = raw.kind === 'int' || raw.kind === 'float' ? raw.kind : Number.isInteger(value) ? 'int' : 'float';
  return { ...raw, initial: { kind, value } };
}

/** Literals of a module beside the script, read when an assertion needs them. */
function literalsOf(folder: string, script: string): (module: string, name: string) => Literal | undefined {
  const modules = new Map<string, ReadonlyMap<string, Literal>>();
  return (module, name) => {
    const file = posix.join(posix.dirname(script), `${module.replace(/^\./, '').replaceAll('.', '/')}.py`);
    let names = modules.get(file);
    if (names === undefined) {
      const path = join(folder, file);
      names = existsSync(path) ? parsePython(readFileSync(path, 'utf8'), file).names : new Map();
      modules.set(file, names);
    }
    return names.get(name);
  };
}

/** Conventions in the order in which one of two finds of the same name is believed. */
function conventions(source: Source, folder: string, command: readonly string[]): Finds[] {
  if (source.language === 'javascript') {
    return [
      parseArgs(source),
      commander(source),
      javascriptEnvironment(source),
      configFiles(source, folder, command),
      constants(source),
    ];
  }
  const written = configurator(source);
  const flags = [
    argparse(source),
    click(source),
    typer(source),
    absl(source),
    fire(source),
    dataclasses(source),
    hydra(source, folder),
  ];
  const silent = flags.every((find) => find.knobs.length === 0);
  const beside = importedModules(source, folder);
  // A module that is also a script parses its own command line, not ours.
  const parsers = beside.filter((other) => !/^if\s+__name__\s*==/m.test(other.text));
  return [
    ...flags,
    ...(silent ? parsers.flatMap((other) => [argparse(other), absl(other)]) : []),
    written,
    ...[source, ...parsers].map(pythonEnvironment),
    configFiles(source, folder, command),
    // Where a configurator takes flags, its constants are those flags, and what follows is computed from them.
    ...(written.knobs.length > 0 ? [] : [constants(source)]),
    ...beside.filter((other) => settingsFile.test(posix.basename(other.file))).map(constants),
    fixedSeed(source),
  ];
}

/** Modules whose constants are settings of the script that imports them. */
const settingsFile =
  /^(.*_)?(config|configs|configuration|conf|cfg|settings|hparams|hyperparameters|hyperparams|params|args|arguments|options|opts|constants)\.py$/;

/** Modules beside the script that it imports: its command line or its settings may stand there. */
function importedModules(source: Source, folder: string): Source[] {
  const found = new Map<string, Source>();
  for (const match of source.text.matchAll(
    /^[ \t]*(?:from[ \t]+(\.?[\w.]+)[ \t]+import[ \t]+([\w, \t]+|\()|import[ \t]+([\w., \t]+))/gm,
  )) {
    const modules =
      match[1] === undefined
        ? match[3]!.split(',').map((name) => name.trim().split(/\s/)[0]!)
        : [match[1], ...(match[2] ?? '').split(',').map((name) => `${match[1]}.${name.trim().split(/\s/)[0]}`)];
    for (const module of modules) {
      const path = `${module.replace(/^\.+/, '').replaceAll('.', '/')}.py`;
      const file = [posix.join(posix.dirname(source.file), path), path].find((place) =>
        existsSync(join(folder, place)),
      );
      if (file !== undefined && file !== source.file && !found.has(file))
        found.set(file, parsePython(readFileSync(join(folder, file), 'utf8'), file));
    }
  }
  return [...found.values()];
}

/** One find per thing that is set, under a name of its own. */
function distinct(raws: readonly Raw[]): Raw[] {
  const plain = (name: string) => wordsOf(name).join('_');
  const taken = new Set<string>();
  const places = new Set<string>();
  const kept: Raw[] = [];
  for (const raw of raws) {
    const place = formatVia(raw.via);
    if (places.has(place)) continue;
    // A constant of the same name as a flag is that flag's default, and one on the same line is the flag itself.
    const shadowed = (other: Raw) =>
      other.via.by !== 'constant' &&
      (plain(other.name) === plain(raw.name) || (other.file === raw.file && other.line === raw.line));
    if (raw.via.by === 'constant' && kept.some(shadowed)) continue;
    const name = taken.has(raw.name) ? fullName(raw, taken) : raw.name;
    taken.add(name);
    places.add(place);
    kept.push({ ...raw, name });
  }
  return kept;
}

function fullName(raw: Raw, taken: ReadonlySet<string>): string {
  const { via } = raw;
  const full =
    via.by === 'constant'
      ? via.name.replace(/^(\w+)\((\w+)\)$/, '$1_$2')
      : via.by === 'file'
        ? via.path.join('.')
        : raw.name;
  let name = full;
  for (let i = 2; taken.has(name); i++) name = `${full}_${i}`;
  return name;
}

/** Names that expressions of the script use for its knobs: module-level constants. */
function namesInSource(knobs: readonly FoundKnob[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const knob of knobs) {
    if (knob.via.by === 'constant' && !knob.via.name.includes('.')) names.set(knob.via.name, knob.name);
    if (knob.via.by === 'flag' && knob.via.style === 'equals') names.set(knob.name, knob.name);
  }
  return names;
}
