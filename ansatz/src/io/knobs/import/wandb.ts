/** Search spaces of W&B sweeps: a YAML or JSON file with `parameters`. */

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { UserError } from '../../../study/error.ts';
import {
  choiceDomain,
  type ImportedParam,
  type ImportedSpace,
  multiples,
  rangeDomain,
  type Read,
  type Skipped,
} from './imported.ts';
import type { Value } from '../../../methods/space/space.ts';

/** The space of a sweep. Throws UserError `bad-space` for text that is no YAML, or has no parameters. */
export function importSweep(text: string, file: string): ImportedSpace {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const error = document.errors[0];
  if (error !== undefined) {
    throw new UserError('bad-space', `not valid YAML: ${error.message}`, {
      where: `${file}:${lines.linePos(error.pos[0]).line}`,
      fix: 'look at the indentation and quotes of this line and the one before it',
    });
  }
  const reader = new Sweep(file, (node) => (node.range ? lines.linePos(node.range[0]).line : 1));
  spelledOut(document, document.contents);
  reader.parameters(document.get('parameters', true), '');
  const goal = document.getIn(['metric', 'goal']);
  const name = document.getIn(['metric', 'name']);
  const metric = {
    ...(typeof name === 'string' ? { name } : {}),
    // W&B minimizes where the sweep does not say.
    ...(goal === 'maximize'
      ? { direction: 'maximize' as const }
      : typeof name === 'string'
        ? { direction: 'minimize' as const }
        : {}),
  };
  const program = document.get('program');
  const command = commandOf(document.get('command', true), typeof program === 'string' ? program : undefined);
  return {
    source: 'W&B',
    file,
    params: reader.params,
    skipped: reader.skipped,
    warnings: reader.warnings,
    ...(Object.keys(metric).length === 0 ? {} : { metric }),
    ...(typeof program === 'string' ? { program } : {}),
    ...(command === undefined ? {} : { command }),
  };
}

/** Words that W&B, whose reader is of YAML 1.1, hears as truths. */
const TRUTHS = new Map([
  ...['yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

/** What has been spelled out, and what is just being. */
interface Spelling {
  readonly done: Set<unknown>;
  readonly open: Set<unknown>;
}

/**
 * The node with `*aliases` and `<<` put in place, everywhere below it; one that names no anchor, or leads into itself,
 * becomes nothing.
 */
function spelledOut(
  document: Document,
  node: unknown,
  spelling: Spelling = { done: new Set(), open: new Set() },
): unknown {
  const { done, open } = spelling;
  if (isAlias(node)) return spelledOut(document, node.resolve(document), spelling);
  if (open.has(node)) return undefined;
  if (done.has(node)) return node;
  done.add(node);
  if (isScalar(node) && node.type === 'PLAIN') node.value = TRUTHS.get(node.source ?? '') ?? node.value;
  open.add(node);
  if (isSeq(node)) node.items = node.items.map((item) => spelledOut(document, item, spelling));
  if (isMap(node)) {
    for (const pair of node.items) pair.value = spelledOut(document, pair.value, spelling);
    const isMerge = ({ key }: Pair): boolean => isScalar(key) && key.value === '<<';
    const merged = node.items
      .filter(isMerge)
      .flatMap(({ value }) => (isSeq(value) ? value.items : [value]))
      .flatMap((value) => (isMap(value) ? value.items : []));
    node.items = node.items.filter((pair) => !isMerge(pair));
    for (const pair of merged) if (!node.has(pair.key)) node.items.push(pair);
  }
  open.delete(node);
  return node;
}

/** The words of `command` that do not depend on the parameters, or undefined without one. */
function commandOf(node: unknown, program: string | undefined): string[] | undefined {
  if (!isSeq(node)) return undefined;
  const words = node.items.flatMap((item) =>
    isScalar(item) && item.value !== null ? `${item.value as string | number | boolean}` : [],
  );
  const stand: Readonly<Record<string, readonly string[]>> = {
    '${env}': [],
    '/usr/bin/env': [],
    '${interpreter}': ['python3'],
    '${program}': program === undefined ? [] : [program],
  };
  const command = words.flatMap((word) => stand[word] ?? (word.startsWith('${') ? [] : [word]));
  return command.length > 1 ? command : undefined;
}

class Sweep {
  readonly params: ImportedParam[] = [];
  readonly skipped: Skipped[] = [];
  readonly warnings: string[] = [];
  private readonly file: string;
  private readonly lineOf: (node: Node) => number;

  constructor(file: string, lineOf: (node: Node) => number) {
    this.file = file;
    this.lineOf = lineOf;
  }

  parameters(node: unknown, prefix: string): void {
    if (!isMap(node)) {
      throw new UserError('bad-space', `"${prefix}parameters" is not a block of names`, {
        where: this.file,
        fix: 'write  parameters: { lr: { min: 0.001, max: 0.1 } }',
      });
    }
    for (const { key, value } of node.items) {
      const name = `${prefix}${isScalar(key) ? String(key.value) : ''}`;
      const line = this.lineOf(key as Node);
      if (isMap(value) && value.has('parameters')) {
        this.parameters(value.get('parameters', true), `${name}.`);
        continue;
      }
      const found = isMap(value)
        ? this.domain(name, line, value.toJSON() as Record<string, unknown>, isWhole(value))
        : plain(name, isScalar(value) ? value.value : undefined);
      if ('why' in found) this.skipped.push({ name, why: found.why, line });
      else this.params.push({ ...found.domain, line });
    }
  }

  private domain(name: string, line: number, given: Record<string, unknown>, whole: boolean): Read {
    const { distribution, value, values, min, max, q } = given;
    if (value !== undefined && (distribution === undefined || distribution === 'constant')) return plain(name, value);
    if (values !== undefined) {
      if (!Array.isArray(values)) return { why: 'its values are no list' };
      const usable = values.filter((one): one is Value => isValue(one));
      if (values.some((one) => typeof one === 'object' && one !== null))
        return { why: 'has values that are not single values' };
      if (usable.length < values.length)
        this.warnings.push(
          `${this.file}:${line}: ${name} may be null, which cannot be given to a script; that value is left out`,
        );
      if (given['probabilities'] !== undefined)
        this.warnings.push(`${this.file}:${line}: the probabilities of ${name} are not used`);
      return choiceDomain(name, usable);
    }
    if (typeof min !== 'number' || typeof max !== 'number') {
      return typeof distribution === 'string' && /normal|beta/.test(distribution)
        ? { why: `the distribution ${distribution} has no range` }
        : { why: 'has neither values nor min and max' };
    }
    const step = typeof q === 'number' ? q : 1;
    switch (distribution ?? (whole ? 'int_uniform' : 'uniform')) {
      case 'int_uniform':
        return rangeDomain(name, 'int', min, max);
      case 'uniform':
        return rangeDomain(name, 'float', min, max);
      case 'q_uniform':
        return multiples(name, min, max, step);
      case 'log_uniform_values':
      case 'inv_log_uniform_values':
        return rangeDomain(name, 'float', min, max, { log: true });
      case 'q_log_uniform_values':
        return multiples(name, min, max, step, { log: true });
      case 'log_uniform':
        return rangeDomain(name, 'float', digits(Math.exp(min)), digits(Math.exp(max)), { log: true });
      // 1 ÷ x between e^min and e^max.
      case 'inv_log_uniform':
        return rangeDomain(name, 'float', digits(Math.exp(-max)), digits(Math.exp(-min)), { log: true });
      case 'q_log_uniform':
        return multiples(name, Math.exp(min), Math.exp(max), step, { log: true });
      default:
        return { why: `the distribution ${String(distribution)} is not known here` };
    }
  }
}

/** Both bounds are written as whole numbers: 1 and not 1.0. */
function isWhole(map: { get(key: string, keep: true): unknown }): boolean {
  return ['min', 'max'].every((key) => {
    const node = map.get(key, true);
    return isScalar(node) && /^[+-]?\d+$/.test(node.source ?? '');
  });
}

function plain(name: string, value: unknown): Read {
  if (isValue(value)) return choiceDomain(name, [value]);
  return { why: value === null || value === undefined ? 'has no value' : 'its value is not a single one' };
}

function isValue(value: unknown): value is Value {
  return (
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  );
}

function digits(x: number): number {
  return Number(x.toPrecision(6));
}
