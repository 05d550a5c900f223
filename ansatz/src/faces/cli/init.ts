/** `ansatz init`: look at a script, run it once to hear what it prints, write ansatz.yaml. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { candidates, type Candidate, createParser, isTwin, type Metric, openCapture } from '../../io/capture/index.ts';
import { directionOf, joinWords, renderConfig, thisMachine, type Draft } from '../../io/config/index.ts';
import { localExecutor } from '../../io/executor/local.ts';
import type { Exit } from '../../io/executor/executor.ts';
import type { Value } from '../../methods/space/space.ts';
import {
  discover,
  draft,
  type ImportedSpace,
  importSpace,
  overlay,
  settingsIn,
  type Discovery,
} from '../../io/knobs/index.ts';
import { STUDIES } from '../../lab/studies.ts';
import type { Direction, MetricFile, StandIn, StudyConfig } from '../../study/config.ts';
import { closest, UserError } from '../../study/error.ts';
import { num, paintFor, seconds, table, valueText } from './text.ts';

export interface InitOptions {
  metric?: string;
  maximize?: boolean;
  minimize?: boolean;
  probe?: boolean;
  probeSeconds?: string;
  log?: string;
  space?: string;
  force?: boolean;
  json?: boolean;
}

/** Write ansatz.yaml for a script (or a folder with one) and say what was found. */
export async function init(given: readonly string[], options: InitOptions): Promise<void> {
  const space = options.space === undefined ? undefined : importSpace(resolve(options.space), options.space);
  const words = given.length > 0 || space === undefined ? given : started(space);
  const { folder, script } = place(words.length > 1 ? scriptIn(words) : words[0]);
  const file = join(folder, 'ansatz.yaml');
  if (existsSync(file) && options.force !== true) {
    throw new UserError('config-exists', 'there is an ansatz.yaml already', {
      where: file,
      fix: 'ansatz run            # uses it\n       ansatz init --force   # writes it anew',
    });
  }
  const found =
    words.length > 1
      ? { ...discover(folder, script, settingsOf(words, script!)), command: words }
      : discover(folder, script);
  const say = (text: string): void => {
    if (options.json !== true) process.stdout.write(`${text}\n`);
  };
  const laid = space === undefined ? undefined : overlay(space, found);
  const heard = await listen(folder, found, options, say);
  const ranked = heard === undefined ? [] : candidates(heard.metrics);
  const whole = heard?.exit === undefined || (heard.exit.code === 0 && heard.exit.cut === undefined);
  const goal = goalOf(space, ranked, options);
  const objective = chooseObjective(ranked, found, goal.options, whole);
  const others = ranked.filter((candidate) => candidate.key !== objective?.name);
  const curve = whole ? standInFor(objective?.points ?? 0, others) : undefined;
  const drafted = draft(
    folder,
    script,
    {
      metrics: [
        ...(objective === undefined ? [] : [objective]),
        ...others.map(({ key, direction, n, last }) => ({ name: key, direction, points: n, last })),
      ],
    },
    found,
    laid,
  );
  const final: Draft = {
    ...drafted,
    ...(objective?.direction === undefined
      ? {}
      : { objective: { ...drafted.objective, direction: objective.direction } }),
    ...(curve === undefined ? {} : { curve }),
    ...(heard?.files?.length ? { capture: { files: heard.files } } : {}),
    ...slotsFor(heard),
  };
  madeFor(folder, () => writeFileSync(file, renderConfig(final)));
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ file, command: found.command, metric: final.objective, metrics: ranked, knobs: final.knobs, skipped: final.skipped, seed: found.seed, ...(curve && { curve }), ...(laid && { warnings: [...laid.warnings, ...goal.warnings] }) })}\n`,
    );
    return;
  }
  const unsure = [
    ...(ranked.some((candidate) => candidate.key === final.objective.metric) ? [] : ['not seen in its output']),
    ...(objective?.direction === undefined && directionOf(final.objective.metric) === undefined
      ? ['its name does not say whether lower is better, see --maximize']
      : []),
  ];
  const told = { ...found, notes: [...found.notes, ...(laid?.warnings ?? []), ...goal.warnings] };
  for (const line of findings(file, told, final, ranked, heard, unsure)) say(line);
}

/** What a sweep starts: its command, else its program, where that is a file here or beside it. */
function started(space: ImportedSpace): readonly string[] {
  const { command, program, file } = space;
  if (command?.some((word) => isFile(word)) === true) return command;
  if (program === undefined) return [];
  const script = [program, join(dirname(file), program)].find(isFile);
  return script === undefined ? [] : [script];
}

/** The metric and direction that the space's file names, unless the user or the script say otherwise. */
function goalOf(
  space: ImportedSpace | undefined,
  ranked: readonly Candidate[],
  options: InitOptions,
): { options: InitOptions; warnings: readonly string[] } {
  const { name, direction } = space?.metric ?? {};
  const told = options.maximize === true || options.minimize === true;
  const flags = told || direction === undefined ? {} : { [direction]: true };
  if (options.metric !== undefined)
    return { options: name === options.metric ? { ...options, ...flags } : options, warnings: [] };
  if (name !== undefined) {
    if (ranked.length === 0 || ranked.some((candidate) => candidate.key === name))
      return { options: { ...options, ...flags, metric: name }, warnings: [] };
    const words = `${space!.file} names the metric "${name}", which the script did not print`;
    return {
      options,
      warnings: [
        `${words}${closest(
          name,
          ranked.map((candidate) => candidate.key),
        )}`,
      ],
    };
  }
  // A study of Optuna has a direction and no name: it settles only what the metric's own name leaves open.
  const best = ranked[0]?.key;
  const known = best === undefined ? undefined : directionOf(best);
  if (direction === undefined || told || best === undefined || known === direction) return { options, warnings: [] };
  if (known === undefined) return { options: { ...options, ...flags }, warnings: [] };
  return {
    options,
    warnings: [
      `the study in ${space!.file} is to ${direction}, which does not fit ${best}: check metric and direction`,
    ],
  };
}

/**
 * As many slots as the script leaves CPUs idle: one that used a single CPU can run beside itself. Where there are GPUs
 * the configuration's own default, one slot for each, is the better guess.
 */
function slotsFor(heard: Heard | undefined): Pick<Draft, 'slots'> {
  const { cpus, gpus } = thisMachine();
  const exit = heard?.exit;
  if (gpus.length > 0 || exit?.cpuSeconds === undefined || exit.seconds < 0.1) return {};
  const used = Math.max(1, Math.round(exit.cpuSeconds / exit.seconds));
  const count = Math.min(4, Math.floor(cpus / used));
  return count > 1 ? { slots: { count } } : {};
}

/** The folder to work in and the script in it, if one was named. */
function place(given: string | undefined): { folder: string; script: string | undefined } {
  if (given === undefined) return { folder: process.cwd(), script: undefined };
  const path = resolve(given);
  if (!existsSync(path)) {
    throw new UserError('no-script', `there is no file "${given}"`, {
      where: path,
      fix: 'ansatz init   # without a name looks for the training script',
    });
  }
  const here = process.cwd();
  const inside = !relative(here, path).startsWith('..');
  // A script in a subfolder is run from here, as its user does; one elsewhere from its own folder.
  return inside ? { folder: here, script: relative(here, path) } : { folder: dirname(path), script: basename(path) };
}

/** The script among the words of a command: a module of this folder, else the first file, the program itself last of all. */
function scriptIn(words: readonly string[]): string {
  const module = moduleFile(words[words.indexOf('-m') + 1]!);
  if (words.includes('-m') && module !== undefined) return module;
  const script = [...words.slice(1), words[0]!].find((word) => !word.startsWith('-') && isFile(word));
  if (script !== undefined) return script;
  throw new UserError('no-script', 'no word of the command is a file here', {
    where: joinWords(words),
    fix: 'ansatz init -- python3 train.py --device=cpu   # from the folder the command is run in',
  });
}

/** The file of what `python -m` runs, if it is below this folder. */
function moduleFile(module: string): string | undefined {
  const path = module.replaceAll('.', '/');
  return ['', 'src/']
    .flatMap((root) => [`${root}${path}.py`, `${root}${path}/__main__.py`])
    .find((file) => isFile(file));
}

function isFile(path: string): boolean {
  return statSync(resolve(path), { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * What the words of a command set: flags, and the settings of Python files among them, as nanoGPT's configurator has
 * it. These are the defaults of the user's own run, whatever the text of the script says.
 */
function settingsOf(words: readonly string[], script: string): Map<string, Value> {
  const files = words.filter((word) => word !== script && word.endsWith('.py') && isFile(word));
  const settings = new Map(files.flatMap((file) => [...settingsIn(readFileSync(file, 'utf8'), file)]));
  words.forEach((word, index) => {
    const [, name, joined] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const value = joined ?? words[index + 1];
    if (name === undefined || value === undefined || (joined === undefined && value.startsWith('--'))) return;
    settings.set(name.replaceAll('-', '_'), value);
  });
  return settings;
}

interface Heard {
  readonly metrics: readonly Metric[];
  /** Files it wrote that hold metrics it did not print. */
  readonly files?: readonly MetricFile[];
  readonly exit?: Exit;
}

/** What the script prints: from a log when one is given, else from a short run in a private copy. */
async function listen(
  folder: string,
  found: Discovery,
  options: InitOptions,
  say: (text: string) => void,
): Promise<Heard | undefined> {
  if (options.log !== undefined) {
    if (!existsSync(options.log)) throw new UserError('no-log', `there is no file "${options.log}"`);
    const parser = createParser('stdout');
    return { metrics: [...parser.push(readFileSync(options.log)), ...parser.end()] };
  }
  if (options.probe === false) return undefined;
  const limit = Number(options.probeSeconds);
  if (!(limit > 0)) throw new UserError('bad-option', `--probe-seconds takes seconds, not "${options.probeSeconds}"`);
  say(
    `running ${joinWords(found.command)} for at most ${seconds(limit)} in a private copy, to hear what it prints (--no-probe: not)`,
  );
  return probe(folder, found, limit);
}

/** What is written into the folder, or why it cannot be. */
function madeFor<T>(folder: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    // A folder that cannot be made on a read-only file system is reported as missing by some versions of Node.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new UserError('disk-full', 'the disk is full', { where: folder, fix: 'make room, then: ansatz init' });
    throw new UserError('read-only', 'nothing can be written here', {
      where: folder,
      why: (error as Error).message,
      fix: `make ${folder} writable, or run in a copy of the project`,
    });
  }
}

async function probe(folder: string, found: Discovery, limitSeconds: number): Promise<Heard> {
  // Where runs live, so that what lies above the folder (node_modules, a git repository) is there as it will be then.
  const studies = join(folder, STUDIES);
  const runs = madeFor(folder, () => {
    mkdirSync(studies, { recursive: true });
    return mkdtempSync(join(studies, 'probe-'));
  });
  const config: StudyConfig = {
    name: 'probe',
    command: found.command,
    folder,
    objective: { metric: '', direction: 'minimize', value: 'last' },
    knobs: [],
    constraints: [],
    budget: {},
    price: 0,
    slots: [{ cpus: [], gpus: [], threads: 0 }],
    run: { graceSeconds: 2, env: {}, workspace: 'copy' },
    repeats: { baseline: 1, most: 1 },
    minEffect: 0,
    sampler: 'auto',
    pruner: 'none',
    pause: 'never',
    capture: { files: [] },
    seedNumber: 1,
  };
  const executor = localExecutor({ config, runs });
  const metrics: Metric[] = [];
  const stop = (): void => executor.stop(1);
  process.once('SIGINT', stop);
  try {
    const exit = await new Promise<Exit>((done) => {
      executor.submit({ run: 1, trial: 1, point: {}, seed: 1, slot: 0, limitSeconds }, (message) => {
        if (message.type === 'run.heard') for (const metric of message.metrics) metrics.push(metric);
        if (message.type === 'run.exited') done(message.exit);
      });
    });
    const tree = join(runs, '1', 'tree');
    const files = written(tree, folder, statSync(join(runs, '1', 'call'), { throwIfNoEntry: false })?.mtimeMs).filter(
      (file) => {
        const capture = openCapture({ dir: join(runs, 'none'), folder: tree, files: [file] });
        const heard = capture.finish();
        capture.close();
        const known = candidates(metrics);
        const fresh = candidates(heard).some(
          (one) => one.direction !== undefined && !known.some((k) => isTwin(one, k)),
        );
        if (fresh) for (const metric of heard) metrics.push(metric);
        return fresh;
      },
    );
    return { metrics, exit, files };
  } finally {
    process.off('SIGINT', stop);
    executor.close();
    rmSync(runs, { recursive: true, force: true });
    if (readdirSync(studies).length === 0) rmSync(studies, { recursive: true });
  }
}

const metricFiles: Readonly<Record<string, MetricFile['format']>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

/**
 * Files below `tree` that the script has written and that may hold metrics: the original folder lacks them or has them
 * otherwise, or they are younger than its start, since a script that is run again often writes the same again.
 */
function written(tree: string, folder: string, startedMs = Infinity): MetricFile[] {
  if (!existsSync(tree)) return [];
  const isNew = (path: string): boolean =>
    statSync(join(tree, path)).mtimeMs > startedMs || changed(join(tree, path), join(folder, path));
  return readdirSync(tree, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|__pycache__)\//.test(path) && isNew(path))
    .flatMap((path): MetricFile[] => {
      // The next run would write to a folder or file of another name.
      if (/\d{4}/.test(path) && !path.includes('tfevents')) return [];
      const format = metricFiles[extname(path).toLowerCase()] ?? (isResults(join(tree, path)) ? 'json' : undefined);
      if (format !== undefined) return [{ path, format }];
      return basename(path).includes('tfevents') ? [{ path: dirname(path), format: 'tensorboard' }] : [];
    })
    .filter((file, i, all) => all.findIndex((other) => other.path === file.path) === i && !/\d{4}/.test(file.path))
    .slice(0, 8);
}

/** Whether a file is a JSON document of results by its name; settings and vocabularies are full of names of metrics too. */
function isResults(path: string): boolean {
  const name = basename(path).toLowerCase();
  if (!name.endsWith('.json') || statSync(path).size > 1 << 20) return false;
  return (
    /result|metric|score|eval|log|histor|summary|state|stats|report|perf|bench|loss|acc|test/.test(name) &&
    !/config|args|param|token|vocab|package|tsconfig/.test(name)
  );
}

function changed(path: string, original: string): boolean {
  return !existsSync(original) || !readFileSync(path).equals(readFileSync(original));
}

function chooseObjective(
  ranked: readonly Candidate[],
  found: Discovery,
  options: InitOptions,
  whole: boolean,
): { name: string; direction?: Direction; points?: number; last?: number } | undefined {
  const told: Direction | undefined =
    options.maximize === true ? 'maximize' : options.minimize === true ? 'minimize' : undefined;
  if (options.metric !== undefined) {
    const match = ranked.find((candidate) => candidate.key === options.metric);
    if (match === undefined && ranked.length > 0 && whole) {
      const names = ranked.map((candidate) => candidate.key);
      throw new UserError(
        'no-metric',
        `the script printed no metric "${options.metric}"${closest(options.metric, names)}`,
        {
          where: `metrics heard: ${names.slice(0, 12).join(', ')}`,
          fix: `ansatz init --metric ${names[0]}   # or --no-probe to take the name on trust`,
        },
      );
    }
    return {
      name: options.metric,
      direction: told ?? match?.direction ?? directionOf(options.metric),
      points: match?.n ?? 0,
      last: match?.last,
    };
  }
  const best = ranked[0];
  const hint = found.metricHints[0];
  // A script that did not get to its end may not have printed what it is about; what it did print may be no metric.
  const trusted = whole || best?.direction !== undefined || hint === undefined;
  if (best !== undefined && trusted)
    return { name: best.key, direction: told ?? best.direction, points: best.n, last: best.last };
  return hint === undefined ? undefined : { name: hint, direction: told ?? directionOf(hint), points: 0 };
}

/** Reports from which on a metric is a curve that runs can be stopped by. */
const CURVE = 5;

/** What stands in, while a run trains, for a result that is said at its end alone: the likeliest metric that has a curve. */
function standInFor(points: number, others: readonly Candidate[]): StandIn | undefined {
  if (points < 1 || points > 2) return undefined;
  const found = others.find(({ n, direction }) => n >= CURVE && direction !== undefined);
  return found === undefined ? undefined : { metric: found.key, direction: found.direction! };
}

function findings(
  file: string,
  found: Discovery,
  final: Draft,
  ranked: readonly Candidate[],
  heard: Heard | undefined,
  unsure: readonly string[],
): string[] {
  const paint = paintFor(process.stdout);
  const lines = [
    '',
    `${paint.bold('script')}   ${found.script}${found.language === 'other' ? '' : ` (${found.language})`}, run as: ${joinWords(found.command)}`,
    `${paint.bold('metric')}   ${final.objective.direction} ${final.objective.metric}${unsure.length > 0 ? ` (a guess: ${unsure.join('; ')})` : ''}`,
  ];
  if (ranked.length > 0) {
    const rows = ranked.slice(0, 6).map((c) => ['', c.key, String(c.n), num(c.first), num(c.last), c.direction ?? '?']);
    lines.push(
      ...table(['        ', 'heard', 'points', 'first', 'last', 'better'], rows, [2, 3, 4]).map((line) =>
        paint.dim(line),
      ),
    );
  }
  if (final.curve !== undefined)
    lines.push(`${paint.bold('curve')}    ${final.curve.metric} stands in for it while a run trains`);
  const failed = heard?.exit !== undefined && heard.exit.code !== 0 && heard.exit.cut === undefined;
  if (failed) {
    lines.push(
      paint.yellow(`the script failed (exit ${heard.exit.code}):`),
      ...lastWords(heard.exit.tail).map((line) => `  | ${line}`),
    );
  } else if (heard !== undefined && ranked.length === 0) {
    lines.push(
      paint.yellow(
        'no number was recognised in its output: write the metric into ansatz.yaml, or see capture.pattern there',
      ),
    );
  }
  for (const file of heard?.files ?? [])
    lines.push(`         heard in the file ${file.path}, see capture in ansatz.yaml`);
  if (heard?.exit?.cut === 'time-limit') {
    lines.push(
      paint.yellow(
        `it was stopped after ${seconds(heard.exit.seconds)}: what it prints later was not heard (--probe-seconds gives it longer)`,
      ),
    );
    const later = found.metricHints.filter((name) => !ranked.some((c) => sameName(c.key, name)));
    if (later.length > 0) lines.push(`  its text mentions too: ${later.slice(0, 5).join(', ')}`);
  }
  const knobs = final.knobs.map((knob) => [
    '        ',
    knob.name,
    knob.default === undefined ? '-' : valueText(knob.default),
    knob.kind === 'choice'
      ? knob.choices.map(String).join(' | ')
      : `${num(knob.low)} … ${num(knob.high)}${knob.scale === 'log' ? ' log' : ''}`,
    knob.when === undefined ? '' : `when ${knob.when}`,
  ]);
  if (knobs.length > 0)
    lines.push(
      `${paint.bold('knobs')}    ${knobs.length} found`,
      ...table(['        ', 'name', 'now', 'range', ''], knobs, [2]).map((line) => line),
    );
  else lines.push(paint.yellow('no knobs were found: write them under "knobs:" in ansatz.yaml'));
  lines.push(
    `${paint.bold('seed')}     ${found.seed === undefined ? 'none found' : 'found; the lab sets it for repeats'}`,
  );
  for (const note of found.notes) lines.push(paint.yellow(`note     ${note}`));
  if (leadsOut(found, dirname(file))) {
    lines.push(
      paint.yellow(
        `note     ${found.script} names a path above its folder (../). Runs happen in a private copy of the`,
      ),
      paint.yellow(
        '         folder, below .ansatz, where such a path leads elsewhere: give it as an absolute path, or,',
      ),
      paint.yellow('         where no constant or file is to vary, write  run: { workspace: inplace }'),
    );
  }
  lines.push('', `wrote ${file}`);
  if (failed) {
    lines.push(
      `  ${joinWords(found.command)}   must work first: a study begins with the script as it is`,
      `  ansatz init --force   then looks at it again`,
    );
  } else if (knobs.length === 0) {
    lines.push('  write what may vary under "knobs:" in it, then  ansatz run --dry-run');
  } else lines.push('  ansatz run --dry-run   what it would do and cost', '  ansatz run             does it');
  return lines;
}

/** Whether a name read off the text is that of a metric that was heard, but for spaces. */
function sameName(key: string, hint: string): boolean {
  return key.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_') === hint.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
}

/** The end of a failed script's output, without the stack below a message of Node. */
function lastWords(tail: readonly string[]): string[] {
  return tail.filter((line) => !/^\s+at .+|^Node\.js v\d|^\s*$/.test(line)).slice(-6);
}

/** Whether the script names a path above its folder. */
function leadsOut(found: Discovery, folder: string): boolean {
  return /["'`]\.\.\/|["']\.\.["']/.test(readFileSync(join(folder, found.script), 'utf8'));
}
