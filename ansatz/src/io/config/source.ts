/** `ansatz.yaml` as a document: what stands where, so that a mistake is told with its line. */

import { relative, resolve } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { nearest } from '../../methods/math/nearest.ts';
import { closest, UserError } from '../../study/error.ts';
import type { Misfit } from './schema.ts';

/** Keys from the top of the file to a value. */
export type Path = readonly (string | number)[];

/** The YAML document, and where in it things stand. */
export class Source {
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

  /** Whether the file says anything there. */
  has(path: Path): boolean {
    return this.node(path) !== undefined;
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

/** The complaint about a key that must be there. */
export function missing(key: string, where: string): UserError {
  const fixes: Readonly<Record<string, string>> = {
    command: 'add the line  command: python train.py',
    metric: 'add the line  metric: val_loss  with the name your script prints',
  };
  return new UserError('missing-key', `"${key}" is missing`, {
    where,
    fix: fixes[key] ?? `add "${key.split('.').at(-1)}"`,
  });
}

/** Names and values of a block whose names the user chooses; none when it is absent. */
export function blockAt(given: unknown, path: Path, source: Source): [string, unknown][] {
  if (given === undefined || given === null) return [];
  if (isObject(given)) return Object.entries(given);
  throw new UserError('wrong-type', `${path.join('.')}: expected a block of keys`, { where: source.at(path) });
}

/** Whether YAML gave a block of keys. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
