/** A point on its way to the script: arguments, environment variables and patches of the run's private copy. */

import type { Delivery, Knob, StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import type { Text } from './private.ts';
import { settingsAt } from '../../study/fidelity.ts';
import type { Point, Value } from '../../methods/space/space.ts';
import { floatText, wholeText, type Edit } from './edit.ts';

export type { Edit } from './edit.ts';

export interface Patch {
  /** Relative to the folder, with `/`. */
  readonly file: string;
  readonly edits: readonly Edit[];
}

export interface Delivered {
  readonly argv: readonly string[];
  /** Variables of this point only; the study's own `run.env` is not among them. */
  readonly env: Readonly<Record<string, string>>;
  readonly patches: readonly Patch[];
  /** Names under which the script may echo each knob, for `arrived`. */
  readonly spelled: ReadonlyMap<string, readonly string[]>;
}

/**
 * What starts a run at `point`. Knobs that the point does not name keep the script's own value.
 * A flag or override already in the command is replaced; new ones go after the command's own arguments.
 */
export function deliver(config: StudyConfig, point: Point, seed: number | undefined): Delivered {
  const python = config.command.some((word) => /\.pyw?$|^python|\/python[\d.]*$/.test(word));
  const argv = [...config.command];
  const own = scriptAt(argv) + 1;
  const env: Record<string, string> = Object.create(null);
  const patches = new Map<string, Edit[]>();
  const spelled = new Map<string, string[]>();
  const added: string[] = [];

  const send = (via: Delivery, value: Value, as: Knob['kind']) => {
    switch (via.by) {
      case 'flag':
        dropFlag(argv, own, via);
        added.push(...flagWords(via, value, as, python));
        return;
      case 'override':
        dropOverride(argv, own, via.key);
        added.push(`${via.key}=${overrideText(value, as)}`);
        return;
      case 'env':
        env[via.variable] = valueText(value, as, false);
        return;
      case 'file':
      case 'constant': {
        const edits = patches.get(via.file) ?? [];
        patches.set(via.file, edits);
        edits.push(
          via.by === 'file' ? { by: 'file', path: via.path, value, as } : { by: 'constant', name: via.name, value, as },
        );
      }
    }
  };

  for (const knob of config.knobs) {
    if (!Object.hasOwn(point, knob.name)) continue;
    send(knob.via, point[knob.name]!, knob.kind);
    spelled.set(knob.name, spellings(knob.name, knob.via));
  }
  const { fidelity } = config;
  if (fidelity !== undefined) {
    const settings = { ...settingsAt(fidelity, fidelity.base), ...point };
    const scale = { name: fidelity.knob, via: fidelity.via, values: fidelity.levels };
    for (const { name, via, values } of [scale, ...fidelity.along]) {
      send(via, settings[name]!, kindOf(values));
      spelled.set(name, spellings(name, via));
    }
  }
  if (config.seed !== undefined && seed !== undefined) send(config.seed, seed, 'int');
  return { argv: [...argv, ...added], env, patches: [...patches].map(([file, edits]) => ({ file, edits })), spelled };
}

/**
 * Shortest text that reads back as the same value. A float always shows that it is one (`20.0`, `1e-7`): nanoGPT's
 * configurator, among others, refuses an int where a float was.
 */
export function valueText(value: Value, as: Knob['kind'], python: boolean): string {
  if (typeof value === 'boolean') return python ? (value ? 'True' : 'False') : String(value);
  if (typeof value === 'string') return value;
  if (as === 'float') return floatText(value);
  return wholeText(value);
}

function kindOf(values: readonly Value[]): Knob['kind'] {
  if (values.some((value) => typeof value !== 'number')) return 'choice';
  return values.every(Number.isInteger) ? 'int' : 'float';
}

function scriptAt(argv: readonly string[]): number {
  return Math.max(
    0,
    argv.findIndex((word) => /\.(pyw?|[cm]?[jt]s|sh)$/.test(word)),
  );
}

type Flag = Extract<Delivery, { by: 'flag' }>;

function flagWords(via: Flag, value: Value, as: Knob['kind'], python: boolean): string[] {
  if (via.style === 'switch') return value === true ? [via.flag] : via.off === undefined ? [] : [via.off];
  const text = valueText(value, as, python);
  // `--lr -1e-3` would be read as two flags by argparse.
  const joined = via.style === 'equals' || (text.startsWith('-') && via.flag.startsWith('--'));
  return joined ? [`${via.flag}=${text}`] : [via.flag, text];
}

/** Removes what the command already says about a flag, its value included. */
function dropFlag(argv: string[], from: number, via: Flag): void {
  for (let i = argv.length - 1; i >= from; i--) {
    const word = argv[i]!;
    if (word === via.off || word.startsWith(`${via.flag}=`)) argv.splice(i, 1);
    else if (word === via.flag) argv.splice(i, via.style !== 'switch' && isValue(argv[i + 1]) ? 2 : 1);
  }
}

function isValue(word: string | undefined): boolean {
  return word !== undefined && (!word.startsWith('-') || /^-[\d.]/.test(word));
}

function dropOverride(argv: string[], from: number, key: string): void {
  for (let i = argv.length - 1; i >= from; i--) {
    if (argv[i]!.replace(/^\+{1,2}/, '').startsWith(`${key}=`)) argv.splice(i, 1);
  }
}

/** Hydra's grammar reads `a,b` as a sweep and `{…}` as a structure: text beyond plain words is quoted. */
function overrideText(value: Value, as: Knob['kind']): string {
  const text = valueText(value, as, false);
  if (typeof value !== 'string' || /^[\w./:-]+$/.test(text)) return text;
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}

function spellings(name: string, via: Delivery): string[] {
  const sent =
    via.by === 'flag'
      ? via.flag.replace(/^-+/, '')
      : via.by === 'override'
        ? via.key
        : via.by === 'env'
          ? via.variable
          : via.by === 'file'
            ? via.path.join('.')
            : via.name;
  return [...new Set([name, sent, sent.replaceAll('-', '_'), sent.split('.').at(-1)!])];
}

/**
 * Writes patches into `folder`, a private copy: each file is replaced by a new one, so that a link to the user's
 * original is cut and never written through. A constant or key that is missing or written twice is a UserError.
 */
export async function applyPatches(folder: string, patches: readonly Patch[], signal?: AbortSignal): Promise<void> {
  if (patches.length === 0) return;
  const texts = await patched(folder, patches);
  const { replacePrivate } = await import('./private.ts');
  signal?.throwIfAborted();
  for (const [file, text] of texts) replacePrivate(folder, file, text);
}

/** What patches make of the files in `folder`, which stay as they are. A constant, key or file that is missing is a UserError. */
export async function patched(folder: string, patches: readonly Patch[]): Promise<ReadonlyMap<string, Text>> {
  if (patches.length === 0) return new Map();
  const { patchText } = await import('./patch.ts');
  const { readPrivate } = await import('./private.ts');
  return new Map(
    patches.map(({ file, edits }) => {
      const before = readPrivate(folder, file);
      if (before === undefined) {
        throw new UserError('no-file', `${file} is not there`, {
          where: file,
          fix: 'correct the via of the knobs that name it',
        });
      }
      return [file, patchText(before, file, edits)];
    }),
  );
}
