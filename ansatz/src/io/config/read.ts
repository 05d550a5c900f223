/** `ansatz.yaml` read into a `StudyConfig`: defaults filled in, units made explicit, mistakes told by line. */

import { readFileSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { Budget, Delivery, Knob, MetricFile, Objective, StudyConfig } from '../../study/config.ts';
import { closest, UserError } from '../../study/error.ts';
import { nearest } from '../../methods/math/nearest.ts';
import { ExpressionError, namesIn, parseConstraint } from '../../methods/space/expression.ts';
import type { Value } from '../../methods/space/space.ts';
import { directionOf } from './direction.ts';
import { parseDeadline, parseDuration } from './duration.ts';
import { checkName, nameFor } from './name.ts';
import { resolveSlots, type Machine, type SlotWish } from './machine.ts';
import { fileSchema, fit, knobSchema, variableSchema, type ConfigFile, type KnobFile, type Misfit } from './schema.ts';
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
  const knobs = readKnobs(given.knobs, source);
  const seed = readSeed(given.seed, source);
  refuseSharedDelivery(knobs, seed, source);
  const limit = given.run?.limit;
  const deadline = given.deadline;
  const pattern = given.capture?.pattern;
  checkPattern(pattern, source);
  const repeats = { baseline: given.repeats?.baseline ?? 3, most: given.repeats?.most ?? 6 };

  return {
    name: given.name === undefined ? nameFor(folder) : checkName(given.name, source.at(['name'])),
    command: readCommand(given.command, source),
    folder,
    objective: readObjective(given, source),
    knobs,
    constraints: readConstraints(given.constraints ?? [], knobs, source),
    ...(seed === undefined ? {} : { seed }),
    budget: readBudget(given, source),
    ...(deadline === undefined ? {} : { deadline: parseDeadline(deadline, around.now, source.at(['deadline'])) }),
    price: given.price ?? 0,
    slots: resolveSlots(wishOf(given.slots, around.machine), around.machine, source.at(['slots'])),
    run: {
      ...(limit === undefined ? {} : { limitSeconds: someTime(limit, source.at(['run', 'limit'])) }),
      graceSeconds: parseDuration(given.run?.grace ?? 10, source.at(['run', 'grace'])),
      env: readEnvironment(given.run?.env, source),
      workspace: given.run?.workspace ?? 'copy',
    },
    repeats,
    minEffect: (typeof given.metric === 'object' ? given.metric['min-effect'] : undefined) ?? 0,
    sampler: given.sampler ?? 'auto',
    pruner: given.pruner ?? 'auto',
    capture: { files: readFiles(given, source), ...(pattern === undefined ? {} : { pattern }) },
    seedNumber: given['random-seed'] ?? 1,
  };
}

type Path = readonly (string | number)[];

/** The YAML document, and where in it things stand. */
class Source {
  readonly file: string;
  private readonly lines = new LineCounter();
  private readonly document: Document.Parsed;
  /** Keys that came from the command line: path joined by `.` to flag. */
  private readonly flags = new Map<string, string>();

  constructor(text: string, file: string) {
    this.file = shown(file);
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false, stringKeys: true });
    const error = this.document.errors[0];
    if (error === undefined) return;
    const { line } = this.lines.linePos(error.pos[0]);
    const duplicate = error.code === 'DUPLICATE_KEY';
    const key = /^\s*-?\s*["']?([^:"']+)/.exec(text.split('\n')[line - 1] ?? '')?.[1]?.trim();
    throw new UserError(
      duplicate ? 'duplicate-key' : 'bad-yaml',
      duplicate ? `the key "${key}" is written twice` : `not valid YAML: ${error.message}`,
      {
        where: `${this.file}:${line}`,
        fix: duplicate
          ? 'keep one of the two'
          : error.code === 'TAB_AS_INDENT'
            ? 'indent with spaces'
            : 'look at the indentation and quotes of this line and the one before it',
      },
    );
  }

  /** The plain data of the file, a fresh copy. */
  object(): Record<string, unknown> {
    let data: unknown;
    try {
      data = this.document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      throw new UserError('bad-yaml', `not usable YAML: ${error instanceof Error ? error.message : String(error)}`, {
        where: this.file,
      });
    }
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
    throw new UserError('empty-config', data === null ? 'the file is empty' : 'the file is not a block of keys', {
      where: `${this.file}:1`,
      fix: 'write at least command, metric and budget, or run  ansatz init',
    });
  }

  overrode(path: Path, flag: string): void {
    this.flags.set(path.join('.'), flag);
  }

  /** `file:line` of a value, of the nearest block around it when it is absent, or the flag it came from. */
  at(path: Path): string {
    for (let length = path.length; length > 0; length--) {
      const flag = this.flags.get(path.slice(0, length).join('.'));
      if (flag !== undefined) return flag;
      const node = this.node(path.slice(0, length));
      if (node?.range) return this.lineOf(node.range[0]);
    }
    return this.file;
  }

  /** `file:line` of a key itself. */
  atKey(path: Path, key: string): string {
    const map = this.node(path);
    if (!isMap(map)) return this.at(path);
    const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
    const range = isNode(pair?.key) ? pair.key.range : undefined;
    return range ? this.lineOf(range[0]) : this.at(path);
  }

  /** The mistake that stands first in the file. */
  mistake(misfits: readonly Misfit[], below: Path = []): UserError {
    const placed = misfits.map((misfit) => {
      const path = [...below, ...misfit.path];
      return { misfit, path, where: misfit.kind === 'unknown-key' ? this.atKey(path, misfit.key!) : this.at(path) };
    });
    const lineNumber = (where: string) => Number(/:(\d+)$/.exec(where)?.[1] ?? Infinity);
    // An unknown key explains a missing one: `comand` is both.
    const rank = { 'unknown-key': 0, 'wrong-type': 1, 'missing-key': 2 };
    placed.sort((a, b) => rank[a.misfit.kind] - rank[b.misfit.kind] || lineNumber(a.where) - lineNumber(b.where));
    const { misfit, path, where } = placed[0]!;
    const place = path.join('.');
    if (misfit.kind === 'unknown-key') {
      const meant = nearest(misfit.key!, misfit.known);
      return new UserError(
        'unknown-key',
        `${misfit.message}${place === '' ? '' : ` in ${place}`}${closest(misfit.key!, misfit.known)}`,
        {
          where,
          why: `known here: ${misfit.known.join(', ')}`,
          fix: meant === undefined ? `remove the line "${misfit.key}"` : `write "${meant}" instead of "${misfit.key}"`,
        },
      );
    }
    if (misfit.kind === 'missing-key') return missing(place, where);
    const given = this.shownValue(path);
    const near = misfit.known.length > 0 ? closest(given, misfit.known) : '';
    const meant = nearest(given, misfit.known);
    return new UserError('wrong-type', `${place}: ${misfit.message}, not ${given}${near}`, {
      where,
      fix: meant === undefined ? `correct ${place}: ${misfit.message}` : `write ${path.at(-1)}: ${meant}`,
    });
  }

  private shownValue(path: Path): string {
    const node = this.node(path);
    if (node === undefined || this.flags.has(path.join('.'))) return 'what was given';
    if (isMap(node)) return 'a block of keys';
    if (isSeq(node)) return 'a list';
    if (!isScalar(node) || node.value === null) return 'nothing';
    return node.source ?? JSON.stringify(node.value);
  }

  private node(path: Path): Node | undefined {
    if (path.length === 0) return this.document.contents ?? undefined;
    const found = this.document.getIn(path, true);
    return isNode(found) ? found : undefined;
  }

  private lineOf(offset: number): string {
    return `${this.file}:${this.lines.linePos(offset).line}`;
  }
}

function shown(file: string): string {
  const near = relative(process.cwd(), resolve(file));
  return near.startsWith('..') ? file : near;
}

function missing(key: string, where: string): UserError {
  const fixes: Readonly<Record<string, string>> = {
    command: 'add the line  command: python train.py',
    metric: 'add the line  metric: val_loss  with the name your script prints',
  };
  return new UserError('missing-key', `"${key}" is missing`, {
    where,
    fix: fixes[key] ?? `add "${key.split('.').at(-1)}"`,
  });
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
  return { metric: metric.name, direction, value: ('value' in metric ? metric.value : undefined) ?? 'last' };
}

function readBudget(given: ConfigFile, source: Source): Budget {
  const { runs, wall, device, money } = given.budget ?? {};
  const budget = {
    ...(runs === undefined ? {} : { runs }),
    ...(wall === undefined ? {} : { wallSeconds: someTime(wall, source.at(['budget', 'wall'])) }),
    ...(device === undefined ? {} : { deviceSeconds: someTime(device, source.at(['budget', 'device'])) }),
    ...(money === undefined ? {} : { money }),
  };
  if (money !== undefined && !given.price) {
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

/** Without a word about slots there is one per GPU, or one in all. */
function wishOf(given: ConfigFile['slots'], machine: Machine): SlotWish {
  if (typeof given === 'number') return { count: given };
  const { count, ...rest } = given ?? {};
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

function blockAt(given: unknown, path: Path, source: Source): [string, unknown][] {
  if (given === undefined || given === null) return [];
  if (isObject(given)) return Object.entries(given);
  throw new UserError('wrong-type', `${path.join('.')}: expected a block of keys`, { where: source.at(path) });
}

function readKnobs(given: unknown, source: Source): Knob[] {
  return blockAt(given, ['knobs'], source).map(([name, raw]) => {
    const checked = fit(knobSchema, raw);
    if ('misfits' in checked) throw source.mistake(checked.misfits, ['knobs', name]);
    return readKnob(name, checked.value, source);
  });
}

function readKnob(name: string, given: KnobFile, source: Source): Knob {
  const bad = (key: string, message: string, fix: string) =>
    new UserError('bad-knob', `knob "${name}": ${message}`, { where: source.at(['knobs', name, key]), fix });
  const via = parseVia(given.via ?? `--${name}`, source.at(['knobs', name, 'via']));
  const { choices } = given;
  if (choices !== undefined || given.type === 'choice') {
    const extra = (['from', 'to', 'scale', 'step', 'int'] as const).find((key) => given[key] !== undefined);
    if (extra !== undefined)
      throw bad(extra, `"${extra}" does not go with choices`, 'keep a range or choices, not both');
    if (given.type !== undefined && given.type !== 'choice') {
      throw bad('type', `type ${given.type} does not go with choices`, 'remove type');
    }
    if (choices === undefined || choices.length < 2) {
      throw bad('choices', 'needs at least two choices', 'write for example choices: [relu, tanh]');
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

function refuseSharedDelivery(knobs: readonly Knob[], seed: Delivery | undefined, source: Source): void {
  const taken = new Map<string, string>();
  if (seed !== undefined) taken.set(target(seed), 'seed');
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
  '.json': 'jsonl',
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
