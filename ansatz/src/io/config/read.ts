/** `ansatz.yaml` read into a `StudyConfig`: defaults filled in, units made explicit, mistakes told by line. */

import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Budget, Delivery, Knob, MetricFile, Objective, Slot, StudyConfig } from '../../study/config.ts';
import { closest, UserError } from '../../study/error.ts';
import { ExpressionError, namesIn, parseConstraint } from '../../methods/space/expression.ts';
import { directionOf } from './direction.ts';
import { parseDeadline, parseDuration } from './duration.ts';
import { readEvaluation } from './evaluation.ts';
import { readFidelity } from './fidelity.ts';
import { priceOf, readFunds } from './funds.ts';
import { checkName, nameFor } from './name.ts';
import { readKnobs } from './knobs.ts';
import { readMemory } from './memory.ts';
import { resolveSlots, type Machine, type SlotWish } from './machine.ts';
import { fileSchema, fit, variableSchema, type ConfigFile } from './schema.ts';
import { blockAt, isObject, missing, Source } from './source.ts';
import { checkInside, checkVariable, formatVia, parseVia } from './via.ts';
import { refuseLeadingVariable, splitWords } from './words.ts';

/** Settings given on the command line; each replaces what the file says. */
export interface Overrides {
  readonly name?: string;
  readonly runs?: number | string;
  readonly wall?: number | string;
  readonly device?: number | string;
  readonly money?: number | string;
  readonly deadline?: string;
  readonly slots?: number | string;
  /** Seed of the lab's own randomness. */
  readonly seed?: number | string;
  readonly sampler?: string;
  readonly pruner?: string;
}

/** What the file cannot know. */
export interface Surroundings {
  /** Milliseconds since 1970; `+8h` deadlines count from here. */
  readonly now: number;
  readonly machine: Machine;
}

/** The study that a file on disk describes. Every mistake in it is a UserError with file and line. */
export function readConfig(file: string, around: Surroundings, overrides: Overrides = {}): StudyConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new UserError('no-config', `${file} cannot be read (${reason})`, {
      where: file,
      fix: 'run  ansatz init  in the folder of the training script to write one',
    });
  }
  return parseConfig(text, file, around, overrides);
}

/** The study that the text of a file describes; `file` names it in messages, and its folder is the script's. */
export function parseConfig(text: string, file: string, around: Surroundings, overrides: Overrides = {}): StudyConfig {
  const source = new Source(text, file);
  const raw = source.object();
  applyOverrides(raw, overrides, source);
  const checked = fit(fileSchema, raw);
  if ('misfits' in checked) throw source.mistake(checked.misfits);
  const given = checked.value;

  const folder = dirname(resolve(file));
  const all = readKnobs(given.knobs, source);
  const { fidelity, searched: knobs } = readFidelity(given, all, source);
  const seed = readSeed(given.seed, source);
  refuseSharedDelivery(knobs, seed, fidelity, source);
  const limit = given.run?.limit;
  const deadline = given.deadline;
  const pattern = given.capture?.pattern;
  checkPattern(pattern, source);
  const { baseline, most } = given.repeats ?? {};
  const repeats =
    baseline === undefined
      ? { baseline: 3, baselineMost: 8, most: most ?? 10 }
      : { baseline, baselineMost: baseline, most: most ?? 10 };

  // In the order of the file, so that the first mistake is told first.
  const name = given.name === undefined ? nameFor(folder) : checkName(given.name, source.at(['name']));
  const command = readCommand(given.command, source);
  const objective = readObjective(given, source);
  const budget = readBudget(given, source);

  return {
    name,
    command,
    folder,
    objective,
    ...readCurve(given, source),
    knobs,
    constraints: readConstraints(given.constraints ?? [], knobs, source),
    ...(seed === undefined ? {} : { seed }),
    budget,
    ...(deadline === undefined ? {} : { deadline: parseDeadline(deadline, around.now, source.at(['deadline'])) }),
    price: dearest(given.price),
    slots: readSlots(given, around.machine, source),
    run: {
      ...(limit === undefined ? {} : { limitSeconds: someTime(limit, source.at(['run', 'limit'])) }),
      graceSeconds: parseDuration(given.run?.grace ?? usualGrace(budget), source.at(['run', 'grace'])),
      env: readEnvironment(given.run?.env, source),
      workspace: given.run?.workspace ?? 'copy',
    },
    repeats,
    ...readFunds(given, knobs, around.now, source),
    ...(given.secrets === undefined ? {} : { secrets: given.secrets }),
    ...readEvaluation(given, source),
    ...(fidelity === undefined ? {} : { fidelity }),
    minEffect: (typeof given.metric === 'object' ? given.metric['min-effect'] : undefined) ?? 0,
    ...readMemory(given, source),
    ...(given.warmstart === 'off' ? { warmstart: 'off' } : {}),
    sampler: given.sampler ?? 'auto',
    pruner: given.pruner ?? 'auto',
    pause: given.pause ?? 'auto',
    capture: { files: readFiles(given, source), ...(pattern === undefined ? {} : { pattern }) },
    seedNumber: given['random-seed'] ?? 1,
  };
}

const overridePlaces: Readonly<Record<keyof Overrides, readonly string[]>> = {
  name: ['name'],
  runs: ['budget', 'runs'],
  wall: ['budget', 'wall'],
  device: ['budget', 'device'],
  money: ['budget', 'money'],
  deadline: ['deadline'],
  slots: ['slots'],
  seed: ['random-seed'],
  sampler: ['sampler'],
  pruner: ['pruner'],
};

function applyOverrides(raw: Record<string, unknown>, overrides: Overrides, source: Source): void {
  for (const [name, path] of Object.entries(overridePlaces) as [keyof Overrides, readonly string[]][]) {
    const given = overrides[name];
    if (given === undefined) continue;
    const [outer, inner] = path;
    const numeric = name === 'runs' || name === 'money' || name === 'slots' || name === 'seed';
    let value: unknown = numeric && String(given).trim() !== '' ? Number(given) : given;
    if (Number.isNaN(value)) value = given;
    if (name === 'slots' && isObject(raw['slots'])) raw['slots']['count'] = value;
    else if (inner === undefined) raw[outer!] = value;
    else if (isObject(raw[outer!])) (raw[outer!] as Record<string, unknown>)[inner] = value;
    else if (raw[outer!] === undefined || raw[outer!] === null) raw[outer!] = { [inner]: value };
    source.overrode(path, `--${name}`);
  }
}

function readCommand(given: ConfigFile['command'], source: Source): string[] {
  const where = source.at(['command']);
  const words = typeof given === 'string' ? splitWords(given, where) : given;
  if (words.length === 0 || words[0] === '') throw missing('command', where);
  refuseLeadingVariable(words, where);
  return words;
}

function readObjective(given: ConfigFile, source: Source): Objective {
  const metric = typeof given.metric === 'string' ? { name: given.metric } : given.metric;
  const inside = 'direction' in metric ? metric.direction : undefined;
  if (inside !== undefined && given.direction !== undefined && inside !== given.direction) {
    throw new UserError('two-directions', `direction is ${given.direction} and metric.direction is ${inside}`, {
      where: source.at(['direction']),
      fix: 'keep one of the two',
    });
  }
  const direction = inside ?? given.direction ?? directionOf(metric.name);
  if (direction === undefined) {
    throw new UserError('no-direction', `is a lower or a higher "${metric.name}" better?`, {
      where: source.at(['metric']),
      why: 'the name does not tell',
      fix: 'add the line  direction: minimize  or  direction: maximize',
    });
  }
  const examples = 'examples' in metric ? metric.examples : undefined;
  const value = ('value' in metric ? metric.value : undefined) ?? 'last';
  return { metric: metric.name, direction, value, ...(examples === undefined ? {} : { examples }) };
}

/** The metric that stands in for the result while a run trains. */
function readCurve({ curve }: ConfigFile, source: Source): Pick<StudyConfig, 'curve'> {
  if (curve === undefined) return {};
  const { name, direction = directionOf(name) } = typeof curve === 'string' ? { name: curve } : curve;
  if (direction === undefined) {
    throw new UserError('no-direction', `is a lower or a higher "${name}" better?`, {
      where: source.at(['curve']),
      why: 'the name does not tell',
      fix: `write  curve: { name: ${name}, direction: minimize }  or  maximize`,
    });
  }
  return { curve: { metric: name, direction } };
}

const GRACE = { most: 10, least: 0.5, share: 0.05 } as const;

/**
 * Seconds between the signals where nothing is said: ten, less where that is much of the time a study may take, since each
 * run holds them besides its limit.
 */
export function usualGrace({ wallSeconds = Infinity, deviceSeconds = Infinity }: Budget): number {
  return Math.max(GRACE.least, Math.min(GRACE.most, GRACE.share * Math.min(wallSeconds, deviceSeconds)));
}

function readBudget(given: ConfigFile, source: Source): Budget {
  const { runs, wall, device, money } = given.budget ?? {};
  const budget = {
    ...(runs === undefined ? {} : { runs }),
    ...(wall === undefined ? {} : { wallSeconds: someTime(wall, source.at(['budget', 'wall'])) }),
    ...(device === undefined ? {} : { deviceSeconds: someTime(device, source.at(['budget', 'device'])) }),
    ...(money === undefined ? {} : { money }),
  };
  if (money !== undefined && dearest(given.price) === 0) {
    throw new UserError('no-price', 'a budget of money needs a price', {
      where: source.at(['budget', 'money']),
      fix: 'add the line  price: 2.5  (money per device-hour)',
    });
  }
  if (Object.keys(budget).length === 0 && given.deadline === undefined) {
    throw new UserError('no-budget', 'nothing says how much may be spent', {
      where: source.at(['budget']),
      why: 'a study without a limit would never end',
      fix: 'add the line  budget: { runs: 40, wall: 2h }  (any of runs, wall, device, money)',
    });
  }
  return budget;
}

function someTime(given: string | number, where: string): number {
  const seconds = parseDuration(given, where);
  if (seconds > 0) return seconds;
  throw new UserError('bad-duration', `"${given}" leaves no time at all`, { where, fix: 'write for example 10m' });
}

/** The price that plans are made with: the highest of all. */
function dearest(price: ConfigFile['price']): number {
  return typeof price === 'object' ? Math.max(0, ...Object.values(price)) : (price ?? 0);
}

/** Slots with the device they are on and its price. Several blocks share the machine one after another. */
function readSlots(given: ConfigFile, machine: Machine, source: Source): Slot[] {
  const where = source.at(['slots']);
  type Block = Exclude<ConfigFile['slots'], readonly unknown[]>;
  const blocks: readonly Block[] = Array.isArray(given.slots) ? given.slots : [given.slots];
  const total = blocks.reduce<number>((sum, block) => sum + wishOf(block, machine).count, 0);
  let rest = machine;
  return blocks.flatMap((block, i) => {
    const wish = wishOf(block, blocks.length > 1 ? { ...rest, gpus: [] } : rest);
    const device = typeof block === 'object' ? block.device : undefined;
    const cpus = blocks.length > 1 ? Math.max(1, Math.floor((machine.cpus * wish.count) / total)) : rest.cpus;
    const own = {
      ...rest,
      cpus,
      ...(rest.cpuNumbers === undefined ? {} : { cpuNumbers: rest.cpuNumbers.slice(0, Math.max(cpus, 1)) }),
    };
    const slots = resolveSlots(wish, own, where);
    const used = slots.flatMap((slot) => slot.gpus);
    rest = {
      cpus: rest.cpus,
      gpus: rest.gpus.filter((gpu) => !used.includes(gpu)),
      ...(rest.cpuNumbers === undefined ? {} : { cpuNumbers: rest.cpuNumbers.slice(cpus) }),
    };
    const price = priceOf(given.price, device, source, Array.isArray(given.slots) ? ['slots', i] : ['slots']);
    return slots.map((slot) => ({
      ...slot,
      ...(device === undefined ? {} : { device }),
      ...(price === undefined ? {} : { price }),
    }));
  });
}

/** Without a word about slots there is one per GPU, or one in all. */
function wishOf(given: Exclude<ConfigFile['slots'], readonly unknown[]>, machine: Machine): SlotWish {
  if (typeof given === 'number') return { count: given };
  const { count, device: _, ...rest } = given ?? {};
  const listed = rest.gpus;
  const usual = rest.gpus === undefined ? Math.max(1, machine.gpus.length) : 1;
  return { ...rest, count: count ?? (Array.isArray(listed) && listed.length > 0 ? listed.length : usual) };
}

function readEnvironment(given: unknown, source: Source): Record<string, string> {
  // Without a prototype, a variable may have any name.
  const env: Record<string, string> = Object.create(null);
  for (const [name, raw] of blockAt(given, ['run', 'env'], source)) {
    checkVariable(name, source.atKey(['run', 'env'], name));
    const checked = fit(variableSchema, raw);
    if ('misfits' in checked) throw source.mistake(checked.misfits, ['run', 'env', name]);
    env[name] = checked.value;
  }
  return env;
}

function readSeed(given: ConfigFile['seed'], source: Source): Delivery | undefined {
  if (given === undefined) return undefined;
  const where = source.at(['seed']);
  const via = parseVia(typeof given === 'string' ? given : given.via, where);
  if (via.by !== 'flag' || via.style !== 'switch') return via;
  throw new UserError('bad-via', 'a switch carries no number, so it cannot carry the seed', {
    where,
    fix: `write seed: ${via.flag}`,
  });
}

function refuseSharedDelivery(
  knobs: readonly Knob[],
  seed: Delivery | undefined,
  fidelity: StudyConfig['fidelity'],
  source: Source,
): void {
  const taken = new Map<string, string>();
  if (seed !== undefined) taken.set(target(seed), 'seed');
  for (const one of fidelity === undefined ? [] : [{ name: fidelity.knob, via: fidelity.via }, ...fidelity.along])
    taken.set(target(one.via), one.name);
  for (const knob of knobs) {
    const other = taken.get(target(knob.via));
    if (other !== undefined) {
      throw new UserError('via-twice', `"${knob.name}" and "${other}" both set ${formatVia(knob.via)}`, {
        where: source.at(['knobs', knob.name]),
        fix: 'give each its own way, or remove one',
      });
    }
    taken.set(target(knob.via), knob.name);
  }
}

function target(via: Delivery): string {
  return via.by === 'flag' ? via.flag : formatVia(via);
}

const formats: Readonly<Record<string, MetricFile['format']>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
  '.csv': 'csv',
  '.tsv': 'csv',
};

function readConstraints(texts: readonly string[], knobs: readonly Knob[], source: Source): readonly string[] {
  const names = knobs.map((knob) => knob.name);
  for (const [i, text] of texts.entries()) {
    const where = source.at(['constraints', i]);
    try {
      const unknown = namesIn(parseConstraint(text)).find((name) => !names.includes(name));
      if (unknown === undefined) continue;
      throw new UserError('bad-constraint', `${text}: "${unknown}" is not a knob${closest(unknown, names)}`, {
        where,
        fix: 'use names of knobs and numbers',
      });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new UserError('bad-constraint', `${text}: ${error.message}`, {
        where,
        fix: 'write for example  a % (b * 4) == 0',
      });
    }
  }
  return texts;
}

function readFiles(given: ConfigFile, source: Source): MetricFile[] {
  return (given.capture?.files ?? []).map((entry, i) => {
    const file = typeof entry === 'string' ? { path: entry } : entry;
    checkInside(file.path, source.at(['capture', 'files', i]));
    const guessed = formats[extname(file.path).toLowerCase()] ?? 'tensorboard';
    return { path: file.path, format: ('format' in file ? file.format : undefined) ?? guessed };
  });
}

function checkPattern(pattern: string | undefined, source: Source): void {
  if (pattern === undefined) return;
  const where = source.at(['capture', 'pattern']);
  const fix = String.raw`write for example  pattern: '(?<key>\w+) is (?<value>\S+)'`;
  try {
    ''.search(new RegExp(pattern));
  } catch (error) {
    throw new UserError('bad-pattern', error instanceof Error ? error.message : String(error), { where, fix });
  }
  const lacking = ['key', 'value'].find((group) => !pattern.includes(`(?<${group}>`));
  if (lacking === undefined) return;
  throw new UserError('bad-pattern', `the pattern has no group "${lacking}"`, { where, fix });
}
