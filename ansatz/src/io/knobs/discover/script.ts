/** Which file is the training script, and the command that starts it. */

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join, posix } from 'node:path';
import { closest, UserError } from '../../../study/error.ts';
import { splitWords } from '../../config/words.ts';

export type Language = 'python' | 'javascript' | 'shell' | 'other';

export interface Script {
  /** Relative to the folder, with `/`. */
  readonly file: string;
  readonly language: Language;
  readonly command: readonly string[];
}

const extensions: Readonly<Record<string, Language>> = {
  py: 'python',
  mjs: 'javascript',
  js: 'javascript',
  cjs: 'javascript',
  ts: 'javascript',
  mts: 'javascript',
  sh: 'shell',
  bash: 'shell',
};
/** Programs that run scripts of other languages (see scripts.ts). */
const interpreters: Readonly<Record<string, string>> = {
  R: 'Rscript',
  r: 'Rscript',
  jl: 'julia',
  pl: 'perl',
  rb: 'ruby',
  lua: 'lua',
};
/** Stems of training scripts, the most usual first; files of one rank are rivals. */
const ranks: readonly RegExp[] = [
  /^train$/,
  /^(train_model|run_train|main_train|train_main)$/,
  /^main$/,
  /^(train|pretrain|finetune|fine_tune|run)([_-].*)?$|[_-]train$/,
  // Often modules that the real script imports.
  /^(training|trainer)$/,
];

/** The script that was named, or the one plausible in the folder. A UserError lists the candidates when there are several. */
export function findScript(folder: string, given?: string): Script {
  if (given !== undefined) return named(folder, given);
  const fromPackage = packageScript(folder);
  const found = plausible(folder, Object.keys(extensions), fromPackage) ?? plausible(folder, Object.keys(interpreters));
  if (found !== undefined) return found;
  throw new UserError('no-script', 'no training script was found', {
    where: folder,
    why: 'a script is looked for by names such as train.py, main.py, run.py, train.mjs, and in package.json',
    fix: 'name it:  ansatz init path/to/script.py',
  });
}

/** The plausible script among the files with these extensions; what a package names goes before where it is as good. */
function plausible(folder: string, kinds: readonly string[], fromPackage?: Script): Script | undefined {
  const files = [
    ...listed(folder, '', kinds),
    ...['src', 'scripts', 'bin'].flatMap((sub) => listed(folder, sub, kinds)),
  ];
  for (const rank of ranks) {
    for (const places of [files.filter((file) => !file.includes('/')), files.filter((file) => file.includes('/'))]) {
      const rivals = preferred(places.filter((file) => rank.test(stem(file))));
      if (rivals.length === 1) return fromPackage ?? describe(folder, rivals[0]!);
      if (rivals.length > 1) throw ambiguous(folder, rivals);
    }
  }
  if (fromPackage !== undefined) return fromPackage;
  const top = files.filter(
    (file) =>
      !file.includes('/') &&
      !/^(setup|conftest|__init__|prepare|model|utils?|test_.*|.*\.(test|spec|config))\.\w+$/.test(file) &&
      !/\.(test|spec|config)\.\w+$/.test(file),
  );
  const telling = top.filter((file) =>
    /\b(loss|optimizer|lr|learning_rate|fit)\b/.test(readFileSync(join(folder, file), 'utf8')),
  );
  const last = telling.length > 0 ? telling : top;
  if (last.length === 1) return describe(folder, last[0]!);
  if (last.length > 1) throw ambiguous(folder, last);
  return undefined;
}

function named(folder: string, given: string): Script {
  const file = posix.normalize(given.replaceAll('\\', '/'));
  if (existsSync(join(folder, file)) && statSync(join(folder, file)).isFile()) return describe(folder, file);
  const kinds = [...Object.keys(extensions), ...Object.keys(interpreters)];
  const names = [...listed(folder, '', kinds), ...listed(folder, posix.dirname(file), kinds)];
  throw new UserError('no-script', `${given} is not there${closest(given, names)}`, {
    where: folder,
    fix: 'give the path of the script relative to this folder',
  });
}

function ambiguous(folder: string, files: readonly string[]): UserError {
  return new UserError('many-scripts', `which is the training script: ${files.slice(0, 8).join(', ')}?`, {
    where: folder,
    fix: `name it:  ansatz init ${files[0]}`,
  });
}

function listed(folder: string, sub: string, kinds: readonly string[]): string[] {
  const at = join(folder, sub);
  if (!existsSync(at) || !statSync(at).isDirectory()) return [];
  return readdirSync(at, { withFileTypes: true })
    .filter((entry) => entry.isFile() && kinds.includes(extensionOf(entry.name)))
    .map((entry) => posix.join(sub, entry.name))
    .toSorted();
}

/** Of scripts with one stem, the program before the shell wrapper around it. */
function preferred(files: readonly string[]): string[] {
  return files.filter((file) => !(file.endsWith('.sh') && files.some((other) => !other.endsWith('.sh'))));
}

function stem(file: string): string {
  return posix
    .basename(file)
    .replace(/\.\w+$/, '')
    .toLowerCase();
}

function extensionOf(file: string): string {
  return /\.(\w+)$/.exec(file)?.[1] ?? '';
}

function describe(folder: string, file: string): Script {
  const language = extensions[extensionOf(file)];
  const first = firstLine(join(folder, file));
  const wanted = /^#!\s*(?:\S*\/env\s+(?:-S\s+)?)?(\S+)/.exec(first)?.[1];
  if (language === undefined) {
    const program = interpreters[extensionOf(file)] ?? wanted;
    if (program !== undefined) return { file, language: 'other', command: [program, file] };
    throw new UserError('no-script', `it is not known how ${file} is started`, {
      where: folder,
      why: 'known are Python, JavaScript, TypeScript, shell, R, Julia, Perl, Ruby, Lua, and a first line such as #!/usr/bin/env python3',
      fix: 'write ansatz.yaml by hand: any program works with flags, environment variables or a config file',
    });
  }
  if (language === 'python') return { file, language, command: [...python(folder), file] };
  if (language === 'javascript') return { file, language, command: ['node', file] };
  // A script for bash does not run in every sh.
  const shell = posix.basename(wanted ?? '');
  return { file, language, command: [/^(ba|z|k|fi|da)?sh$/.test(shell) ? shell : extensionOf(file), file] };
}

function firstLine(path: string): string {
  return /^.*/.exec(readFileSync(path, 'latin1'))![0];
}

function python(folder: string): string[] {
  const venv = ['.venv/bin/python', 'venv/bin/python'].find((path) => existsSync(join(folder, path)));
  if (venv !== undefined) return [venv];
  if (existsSync(join(folder, 'uv.lock')) && onPath('uv')) return ['uv', 'run'];
  return ['python3'];
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((place) => {
    try {
      accessSync(join(place, program), constants.X_OK);
      return place !== '';
    } catch {
      return false;
    }
  });
}

/** What `npm run train` starts, when that is a script of a known language. */
function packageScript(folder: string): Script | undefined {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    const data = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: Record<string, unknown> };
    const line = data.scripts?.['train'];
    if (typeof line !== 'string') return undefined;
    const command = splitWords(line);
    const file = command.find((word) => extensionOf(word) in extensions && existsSync(join(folder, word)));
    return file === undefined
      ? undefined
      : { file: posix.normalize(file), language: extensions[extensionOf(file)]!, command };
  } catch {
    // A package.json that cannot be read, or a script that needs a shell, says nothing; the files still may.
    return undefined;
  }
}
